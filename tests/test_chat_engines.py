"""Chat by transformers on tiny checkpoints of the real classes: both file layouts, every control, adapters, memory."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import chats
import chatting
import pytest
from conftest import ROOT

from pipelines import chat, engines, memory
from pipelines.chat import Message, Reply, ReplyOptions, embedded
from pipelines.chat.local import LocalChat, open_checkpoint
from pipelines.chat.sampling import Sampler
from pipelines.errors import Cancelled, EngineFailed, EngineUnavailable, InvalidInput
from pipelines.job import Job

ASKED = [Message("user", "안녕 hello")]
SHORT = ReplyOptions(max_new_tokens=16, seed=1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return chats.checkpoint(tmp_path_factory.mktemp("tiny") / "v5")


@pytest.fixture(scope="module")
def opened(made: Path) -> LocalChat:
    return open_checkpoint(made, tiny=True)


@pytest.fixture
def builtin(made: Path, monkeypatch: pytest.MonkeyPatch, fake_engine: Any) -> Iterator[None]:
    """The built-in engine with random weights."""
    monkeypatch.setattr(embedded, "FOLDER", made)
    engines.state.tables.loaded.pop(("chat", "embedded"), None)
    yield


def text(engine: LocalChat, options: ReplyOptions = SHORT, messages: list[Message] = ASKED) -> str:
    return "".join(piece.text for piece in engine.write(messages, options, Job()))


def whole(options: ReplyOptions = SHORT, engine: str = "embedded", job: Job | None = None) -> Reply:
    *_, last = chat.reply(ASKED, options, engine=engine, job=job)
    return last


# --- loading ------------------------------------------------------------------------------------------------------


def test_both_file_layouts_of_the_hub_write_the_same(made: Path, opened: LocalChat, tmp_path: Path) -> None:
    old = chats.checkpoint(tmp_path / "v4", layout="v4")
    assert "torch_dtype" in json.loads((old / "config.json").read_text())
    assert not (old / "chat_template.jinja").exists() and (made / "chat_template.jinja").exists()
    assert text(open_checkpoint(old, tiny=True)) == text(opened)


def test_weights_are_32_bits_on_a_cpu_whatever_the_file_says(opened: LocalChat) -> None:
    import torch

    assert {one.dtype for one in opened._model.parameters()} == {torch.float32}


def test_half_precision_where_nothing_else_fits(made: Path) -> None:
    import torch

    halved = open_checkpoint(made, half=True)
    assert {one.dtype for one in halved._model.parameters()} == {torch.bfloat16}
    assert text(halved)


def test_the_context_is_the_models_own_or_less(made: Path, opened: LocalChat) -> None:
    assert opened.context_tokens == 512
    assert open_checkpoint(made, context=100, tiny=True).context_tokens == 100


def test_pickled_weights_are_never_read(made: Path, tmp_path: Path) -> None:
    import torch

    shutil.copytree(made, tmp_path / "pickled")
    (tmp_path / "pickled/model.safetensors").unlink()
    torch.save({}, tmp_path / "pickled/pytorch_model.bin")
    with pytest.raises(OSError, match="safetensors"):
        open_checkpoint(tmp_path / "pickled", tiny=True)


def test_a_checkpoint_with_a_hole_is_refused(made: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    shutil.copytree(made, tmp_path / "holed")
    weights = load_file(made / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, tmp_path / "holed/model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EngineFailed, match=r"up_proj"):
        open_checkpoint(tmp_path / "holed", tiny=True)


def test_code_of_a_repository_never_runs(made: Path, tmp_path: Path) -> None:
    """Not even where its config asks for it: the model's class then has to be one that transformers knows."""
    folder = tmp_path / "coded"
    shutil.copytree(made, folder)
    mark = tmp_path / "ran"
    (folder / "own.py").write_text(f"open({str(mark)!r}, 'w').close()\n")
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Config", "AutoModelForCausalLM": "own.Model"}}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError):
        open_checkpoint(folder, tiny=True)
    assert not mark.exists()


# --- writing ------------------------------------------------------------------------------------------------------


def test_greedy_is_what_generate_itself_writes(opened: LocalChat) -> None:
    import torch

    ids = torch.tensor([opened._prompter.prompt(ASKED, False).ids])
    written = opened._model.generate(ids, max_new_tokens=16, do_sample=False, attention_mask=torch.ones_like(ids))
    expected = opened._tokenizer.decode(written[0, ids.shape[1] :], skip_special_tokens=True)
    assert text(opened, replace(SHORT, temperature=0.0)) == expected


def test_one_seed_gives_one_text_and_another_seed_another(opened: LocalChat) -> None:
    assert text(opened) == text(opened)
    assert len({text(opened, replace(SHORT, seed=seed)) for seed in range(4)}) == 4


def test_a_seed_gives_its_text_also_while_others_draw(opened: LocalChat) -> None:
    """torch has one generator for the whole process; voices draw from it while a chat writes."""
    import torch

    expected = text(opened)
    stop = threading.Event()

    def draw() -> None:
        while not stop.is_set():
            torch.manual_seed(0)
            torch.rand(10)

    threading.Thread(target=draw, daemon=True).start()
    before = torch.get_rng_state()
    try:
        assert [text(opened) for _ in range(3)] == [expected] * 3
    finally:
        stop.set()
    assert before is not None


CONTROLS: dict[str, Any] = {
    "temperature": {"temperature": 2.0},
    "no temperature": {"temperature": 0.0},
    "top_p": {"top_p": 0.05},
    "length": {"max_new_tokens": 5},
    "thinking": {"thinking": True},
    "seed": {"seed": 2},
}


@pytest.mark.parametrize("changed", CONTROLS.values(), ids=CONTROLS)
def test_every_control_changes_what_is_written(builtin: None, changed: dict[str, Any]) -> None:
    first, second = whole(), whole(replace(SHORT, **changed))
    assert (first.text, first.thinking) != (second.text, second.thinking)


def test_instructions_change_what_is_written(made: Path) -> None:
    engine = open_checkpoint(made)
    assert engine.obeys
    assert text(engine) != text(engine, messages=[Message("system", "Answer in verse."), *ASKED])


def test_the_built_in_model_is_spared_instructions_and_says_so(builtin: None) -> None:
    told = whole(replace(SHORT, system_prompt="Answer in verse."))
    assert told.text == whole().text and "instructions" in told.notice.en


def test_the_length_is_kept_to_the_token(opened: LocalChat) -> None:
    for most in (1, 2, 7):
        pieces = list(opened.write(ASKED, replace(SHORT, max_new_tokens=most, temperature=0.0), Job()))
        assert sum(piece.tokens for piece in pieces) == most
        assert pieces[-1].finish_reason == "length"


def test_the_token_that_ends_a_reply_ends_it(made: Path) -> None:
    engine = open_checkpoint(made, tiny=True)
    pieces = list(engine.write(ASKED, replace(SHORT, temperature=0.0), Job()))
    likeliest = engine._tokenizer(pieces[0].text, add_special_tokens=False)["input_ids"]
    engine._ends = set(likeliest)
    (only,) = engine.write(ASKED, replace(SHORT, temperature=0.0), Job())
    assert (only.text, only.tokens, only.finish_reason) == ("", 1, "stop")


def test_a_reply_never_outgrows_the_context(made: Path) -> None:
    engine = open_checkpoint(made, context=60, tiny=True)
    prompt = engine.count(ASKED, False)
    pieces = list(engine.write(ASKED, replace(SHORT, temperature=0.0, max_new_tokens=4096), Job()))
    assert sum(piece.tokens for piece in pieces) + prompt == 60


@pytest.mark.parametrize(
    ("top_p", "top_k", "expected"), [(1.0, 0, 5), (0.0, 0, 1), (0.6, 0, 2), (1.0, 3, 3), (0.8, 3, 2)]
)
def test_what_may_be_drawn(top_p: float, top_k: int, expected: int) -> None:
    import torch

    scores = torch.log(torch.tensor([[0.05, 0.4, 0.1, 0.3, 0.15]]))
    sampler = Sampler(1.0, top_p, 0, "cpu", top_k)
    drawn = Counter(int(sampler(None, scores).argmax()) for _ in range(400))
    likeliest = [1, 3, 4, 2, 0][:expected]
    assert set(drawn) == set(likeliest)
    if expected == 5:
        assert abs(drawn[1] / 400 - 0.4) < 0.1 and abs(drawn[0] / 400 - 0.05) < 0.05


def test_rare_tokens_are_drawn_too_where_many_are_likely() -> None:
    """Only the likeliest few hundred are sorted, unless they do not make up what is asked for."""
    import torch

    sampler = Sampler(1.0, 1.0, 0, "cpu")
    drawn = {int(sampler(None, torch.zeros(1, 1000)).argmax()) for _ in range(300)}
    assert max(drawn) > 600 and len(drawn) > 200


def test_a_lower_temperature_draws_the_likelier() -> None:
    import torch

    scores = torch.tensor([[1.0, 0.0]])
    shares = []
    for temperature in (0.2, 1.0, 2.0):
        sampler = Sampler(temperature, 1.0, 0, "cpu")
        shares.append(sum(int(sampler(None, scores).argmax()) == 0 for _ in range(300)))
    assert shares[0] > shares[1] > shares[2]


# --- stopping and failing -----------------------------------------------------------------------------------------


@pytest.fixture
def busy_machine() -> Iterator[None]:
    """Every core works for somebody else too: other processes, for threads of this one would hold the interpreter."""
    command = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(command) for _ in range(os.cpu_count() or 1)]
    yield
    for one in others:
        one.kill()
        one.wait()


def seconds_to_cancel(engine: LocalChat) -> float:
    """From a cancel in the middle of a reply until its caller has the word and the model is free."""
    job, begun = Job(), 0.0
    with pytest.raises(Cancelled):
        for number, piece in enumerate(engine.write(ASKED, ReplyOptions(max_new_tokens=400, temperature=0.0), job), 1):
            assert piece.finish_reason is None
            if number == 10:
                begun = time.monotonic()
                job.cancel()
    return time.monotonic() - begun


def test_a_cancel_under_load_stops_within_half_a_second(opened: LocalChat, busy_machine: None) -> None:
    expected = text(opened)
    assert chatting.took(lambda: seconds_to_cancel(opened)) < 0.5
    assert text(opened) == expected


@pytest.mark.parametrize("passes", [1, 6], ids=["while the prompt is read", "in the middle of a token"])
def test_not_even_the_next_layer_is_computed_after_a_cancel(tmp_path: Path, passes: int) -> None:
    """One pass through a big model takes seconds on a slow machine. It is cancelled here during its second layer."""
    engine = open_checkpoint(chats.checkpoint(tmp_path / "deep", num_hidden_layers=4), tiny=True)
    job, computed = Job(), [0, 0, 0, 0]

    def count(at: int) -> None:
        computed[at] += 1
        if at == 1 and computed[1] == passes:
            job.cancel()

    for at, layer in enumerate(engine._model.model.layers):
        layer.register_forward_hook(lambda *_, at=at: count(at))
    with pytest.raises(Cancelled):
        list(engine.write(ASKED, ReplyOptions(max_new_tokens=400, temperature=0.0), job))
    assert computed == [passes, passes, passes - 1, passes - 1]
    assert text(engine)


def writers() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "flow"]


def test_nothing_works_on_after_who_asked_has_left(opened: LocalChat) -> None:
    writing = opened.write(ASKED, ReplyOptions(max_new_tokens=400, seed=3), Job())
    next(writing)
    assert len(writers()) == 1
    writing.close()  # type: ignore[attr-defined]
    assert not writers()


def test_a_model_that_breaks_in_its_thread_is_told_at_once(builtin: None, monkeypatch: pytest.MonkeyPatch) -> None:
    whole()
    model = engines.state.tables.loaded[("chat", "embedded")].engine._model
    forward, calls = model.forward, []

    def breaks(*args: Any, **more: Any) -> Any:
        calls.append(1)
        if len(calls) == 4:
            raise RuntimeError("out of ideas")
        return forward(*args, **more)

    monkeypatch.setattr(model, "forward", breaks)
    started, heard = time.monotonic(), []
    with pytest.raises(EngineFailed, match="RuntimeError"):
        for one in chat.reply(ASKED, SHORT, engine="embedded"):
            heard.append(one.text)
    assert len(heard) == 3 and time.monotonic() - started < 10  # a time-out would be longer
    monkeypatch.setattr(model, "forward", forward)
    assert whole().finish_reason


def test_ten_conversations_at_once_get_what_each_gets_alone(builtin: None) -> None:
    def talk(number: int) -> str:
        messages = [Message("user", f"number {number}: 안녕")]
        *_, last = chat.reply(messages, ReplyOptions(max_new_tokens=12, seed=number), engine="embedded")
        return last.text

    alone = [talk(number) for number in range(10)]
    together: dict[int, str] = {}
    threads = [
        threading.Thread(target=lambda number=number: together.update({number: talk(number)})) for number in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [together.get(number) for number in range(10)] == alone
    assert len(set(alone)) == 10


_LOAD_AND_UNLOAD = """
import gc, sys, weakref
from pathlib import Path
import chats
from pipelines import chat, engines, memory
from pipelines.chat import embedded
from pipelines.engines import state

embedded.FOLDER = chats.checkpoint(Path(sys.argv[1]), hidden_size=512, intermediate_size=4096, num_hidden_layers=6)

def cycle():
    list(chat.reply([{"role": "user", "content": "hi"}], chat.ReplyOptions(max_new_tokens=4), engine="embedded"))
    model = weakref.ref(state.tables.loaded[("chat", "embedded")].engine._model)
    size_mb = sum(one.numel() * 4 for one in model().parameters()) / 1e6
    engines.unload("chat", "embedded")
    return model, size_mb

model, size_mb = cycle()
bare = memory.resident_mb()
for _ in range(3):
    cycle()
gc.collect()
print(model() is None, size_mb, memory.resident_mb() - bare)
"""


def test_memory_returns_after_unload(tmp_path: Path) -> None:
    """In a process of its own, where nothing else takes and gives memory meanwhile."""
    command = [sys.executable, "-c", _LOAD_AND_UNLOAD, str(tmp_path / "wide")]
    paths = {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **paths}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    gone, size_mb, grown_mb = done.stdout.split()
    assert gone == "True" and float(size_mb) > 150
    assert float(grown_mb) < float(size_mb) / 3


# --- adapters -----------------------------------------------------------------------------------------------------


def adapter(base: Path, folder: Path, rank: int = 4, seed: int = 5) -> Path:
    """A LoRA adapter with random weights for a checkpoint."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    config = LoraConfig(r=rank, lora_alpha=64, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    get_peft_model(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), config).save_pretrained(folder)
    return folder


@pytest.fixture
def models(tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The owner's folder, with two adapters for the tiny model and one for a wider."""
    folder = tmp_path / "models"
    adapter(made, folder / "org/poet")
    adapter(made, folder / "flat", seed=6)
    wider = chats.checkpoint(tmp_path / "wider", hidden_size=64)
    adapter(wider, folder / "org/misfit")
    monkeypatch.setenv("MODU_MODELS_DIR", str(folder))
    return folder


def test_an_adapter_changes_the_text_and_leaves_no_trace(builtin: None, models: Path) -> None:
    bare = whole().text
    poet = whole(replace(SHORT, adapter="org/poet")).text
    flat = whole(replace(SHORT, adapter="flat")).text
    assert len({bare, poet, flat}) == 3
    assert whole(replace(SHORT, adapter="org/poet")).text == poet
    assert whole().text == bare


def test_the_worn_adapter_computes_what_peft_computes(made: Path, models: Path, opened: LocalChat) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    ids = torch.tensor([opened._prompter.prompt(ASKED, False).ids])
    bare = AutoModelForCausalLM.from_pretrained(made, dtype=torch.float32)
    with torch.inference_mode():
        expected = PeftModel.from_pretrained(bare, models / "org/poet").eval()(ids).logits
        opened.wear(models / "org/poet")
        try:
            assert torch.allclose(opened._model(ids).logits, expected, atol=1e-5)
        finally:
            opened.wear(None)
        assert not torch.allclose(opened._model(ids).logits, expected, atol=1e-3)


def test_the_owners_adapter_is_worn_by_itself(builtin: None, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare, poet = whole().text, whole(replace(SHORT, adapter="org/poet")).text
    monkeypatch.setenv("MODU_CHAT_ADAPTER", "org/poet")
    assert whole().text == poet != bare


def test_the_owners_adapter_that_does_not_fit_is_told_and_left_off(
    builtin: None, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = whole().text
    monkeypatch.setenv("MODU_CHAT_ADAPTER", "org/misfit")
    answered = whole()
    assert answered.text == bare and "another model" in answered.notice.en


def test_an_adapter_of_another_shape_is_refused_and_harms_nothing(builtin: None, models: Path) -> None:
    bare = whole().text
    with pytest.raises(InvalidInput, match="another model"):
        whole(replace(SHORT, adapter="org/misfit"))
    assert whole().text == bare


@pytest.mark.parametrize(
    "name", ["../org/poet", "/etc/passwd", "org/../org/poet", "a/b/c", "org\\poet", ".", "..", "~/x"]
)
def test_a_path_is_no_name_of_an_adapter(builtin: None, models: Path, name: str) -> None:
    with pytest.raises(InvalidInput):
        whole(replace(SHORT, adapter=name))


def test_an_unknown_adapter_is_told(builtin: None, models: Path) -> None:
    with pytest.raises(InvalidInput, match="'nobody'"):
        whole(replace(SHORT, adapter="nobody"))
    with pytest.raises(EngineUnavailable, match="offline"):
        whole(replace(SHORT, adapter="org/nobody"))


def test_a_pickled_adapter_is_not_read(builtin: None, models: Path) -> None:
    import torch

    (models / "org/poet/adapter_model.safetensors").unlink()
    torch.save({}, models / "org/poet/adapter_model.bin")
    with pytest.raises(EngineUnavailable):
        whole(replace(SHORT, adapter="org/poet"))


def test_other_kinds_of_adapters_are_refused(builtin: None, models: Path) -> None:
    config = models / "org/poet/adapter_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "peft_type": "PROMPT_TUNING"}))
    with pytest.raises(InvalidInput, match="PROMPT_TUNING"):
        whole(replace(SHORT, adapter="org/poet"))


def test_on_a_managed_server_only_listed_adapters(builtin: None, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACE_ID", "org/space")
    with pytest.raises(EngineUnavailable, match="listed"):
        whole(replace(SHORT, adapter="somebody/else"))
    assert whole(replace(SHORT, adapter="org/poet")).text
    monkeypatch.setenv("MODU_ALLOW", "somebody/else")
    with pytest.raises(EngineUnavailable, match="offline"):
        whole(replace(SHORT, adapter="somebody/else"))


# --- which engine -------------------------------------------------------------------------------------------------


def test_eight_bits_come_before_all_else_on_a_cpu_and_four_bits_after() -> None:
    ranks = {one.name: one.rank for one in engines.specs("chat")}
    if not memory.has_gpu():
        assert max(ranks, key=lambda name: ranks[name]) == "qwen3-0.6b-int8"
    assert ranks["qwen3-0.6b-int4"] < ranks["qwen3-0.6b-int8"]
    assert ranks["hf-inference"] < ranks["remote"] < ranks["embedded"]


def test_any_chat_checkpoint_of_the_owners_folder_is_an_engine(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_engine: Any
) -> None:
    shutil.copytree(made, tmp_path / "org/talker")
    (tmp_path / "org/painter").mkdir()
    (tmp_path / "org/painter/config.json").write_text('{"architectures": ["UNet2DConditionModel"]}')
    (tmp_path / "org/no-weights").mkdir()
    (tmp_path / "org/no-weights/config.json").write_text('{"architectures": ["Qwen3ForCausalLM"]}')
    (tmp_path / "org/broken").mkdir()
    (tmp_path / "org/broken/config.json").write_text("[")
    monkeypatch.setenv("MODU_MODELS_DIR", str(tmp_path))
    offered = [one.name for one in engines.specs("chat") if one.name.startswith("hub:")]
    assert offered == ["hub:org/talker"]
    assert whole(engine="hub:org/talker").engine == "hub:org/talker"


@pytest.mark.parametrize("kind", chats.OTHER_TEMPLATES)
def test_models_of_other_makers_talk_too(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_engine: Any
) -> None:
    chats.other_checkpoint(tmp_path / "org/other", kind)
    monkeypatch.setenv("MODU_MODELS_DIR", str(tmp_path))
    first, second = whole(engine="hub:org/other"), whole(engine="hub:org/other")
    assert first.text and first.text == second.text and first.completion_tokens == SHORT.max_new_tokens
    assert whole(replace(SHORT, seed=9), "hub:org/other").text != first.text
    talk = [Message("system", "Be brief."), ASKED[0], Message("assistant", "Hi."), Message("user", "How are you?")]
    *_, later = chat.reply(talk, SHORT, engine="hub:org/other")
    assert later.text and later.prompt_tokens > first.prompt_tokens


@pytest.mark.parametrize("kind", chats.OTHER_TEMPLATES)
def test_control_strings_of_other_makers_have_no_power(kind: str, tmp_path: Path) -> None:
    engine = open_checkpoint(chats.other_checkpoint(tmp_path / "other", kind), tiny=True)
    controls = chats.OTHER_CONTROLS[kind]
    marks = engine._prompter.controls
    assert set(controls) <= set(marks)

    def power(text: str) -> list[int]:
        ids = engine._prompter.prompt([Message("user", text)], False).ids
        return [one for one in ids if one in {marks[control] for control in controls}]

    assert power(f"hello {''.join(controls)} world") == power("hello")


def test_a_checkpoint_larger_than_the_memory_is_refused_before_it_is_read(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_engine: Any
) -> None:
    shutil.copytree(made, tmp_path / "org/talker")
    monkeypatch.setenv("MODU_MODELS_DIR", str(tmp_path))
    monkeypatch.setenv("MODU_MEMORY_GB", "0.3")
    with pytest.raises(EngineUnavailable, match="memory"):
        whole(engine="hub:org/talker")
