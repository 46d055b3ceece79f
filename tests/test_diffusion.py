"""The core of painting: real pipelines of diffusers on tiny checkpoints, every choice, cancels and refusals."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pictures
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from pipelines.diffusion import checkpoints, decoding, loras, opening, painter, placing, safety, schedulers  # noqa: E402
from pipelines.diffusion.contract import Defaults, Order, Step  # noqa: E402
from pipelines.diffusion.opening import STABLE_DIFFUSION, STABLE_DIFFUSION_XL, open_pipeline  # noqa: E402
from pipelines.diffusion.painting import Canvas, walked  # noqa: E402
from pipelines.errors import Cancelled, EngineFailed, EngineUnavailable, InvalidInput, NotEnoughMemory  # noqa: E402
from pipelines.job import Job  # noqa: E402

ABLE = Defaults(3, 5.0, 64, 64, schedulers.OF_STABLE_DIFFUSION)
ABLE_XL = replace(ABLE, schedulers=schedulers.OF_XL)
ORDER = Order("a red star", "", 3, 5.0, 64, 64, 7)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Nets so small are slower on several."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def opened(kind: str = "sd", able: Defaults = ABLE, **more: Any) -> Canvas:
    family = STABLE_DIFFUSION_XL if kind.startswith("xl") else STABLE_DIFFUSION
    name = family.repaints if "inpaint" in kind else family.paints
    return Canvas(open_pipeline(pictures.made(kind), name), family, able, threads=1, **more)


@pytest.fixture(scope="module")
def canvas() -> Canvas:
    return opened()


@pytest.fixture(scope="module")
def little() -> painter.Painter:
    return painter.open_painter(pictures.made("painter"))


def steps(canvas: Canvas, order: Order = ORDER, job: Job | None = None) -> list[Step]:
    return list(canvas.paint(order, job or Job()))


def image(canvas: Canvas, order: Order = ORDER, **changed: Any) -> Image.Image:
    made = steps(canvas, replace(order, **changed))[-1].image
    assert made is not None
    return made


# --- a picture, step by step ---------------------------------------------------------------------------------------


def test_every_step_is_told_and_the_last_one_carries_the_picture(canvas: Canvas) -> None:
    told = steps(canvas)
    assert [(one.number, one.total) for one in told] == [(1, 3), (2, 3), (3, 3), (3, 3)]
    assert [one.image is None for one in told] == [True, True, True, False]
    previews = [one.preview for one in told]
    assert all(one is not None and one.size == (64, 64) and one.mode == "RGB" for one in previews[:2])
    assert previews[0] != previews[1]
    assert told[-1].image is not None and told[-1].image.size == (64, 64) and told[-1].image.mode == "RGB"


def test_the_picture_is_that_of_the_plain_library(canvas: Canvas) -> None:
    """Ours decodes itself, watches and previews: none of it may change a pixel."""
    from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline

    pipe = StableDiffusionPipeline.from_pretrained(pictures.made("sd"), safety_checker=None)
    pipe.scheduler = DPMSolverMultistepScheduler.from_config(pipe.scheduler.config)
    made = pipe(
        ORDER.prompt,
        num_inference_steps=3,
        guidance_scale=5.0,
        width=64,
        height=64,
        generator=torch.Generator("cpu").manual_seed(7),
    )
    assert np.array_equal(np.asarray(made.images[0]), np.asarray(image(canvas)))


def test_the_same_seed_gives_the_same_picture_and_another_one_another(canvas: Canvas) -> None:
    first = image(canvas)
    assert image(canvas) == first
    assert image(canvas, seed=8) != first


@pytest.mark.parametrize(
    "changed",
    [
        {"prompt": "a blue ring"},
        {"negative_prompt": "blue"},
        {"steps": 4},
        {"guidance_scale": 9.0},
        {"width": 96},
        {"height": 96},
        *({"scheduler": name} for name in schedulers.OF_STABLE_DIFFUSION[1:]),
    ],
    ids=str,
)
def test_every_choice_changes_the_picture(canvas: Canvas, changed: dict[str, Any]) -> None:
    made = image(canvas, **changed)
    assert made.size == (changed.get("width", 64), changed.get("height", 64))
    assert made != image(canvas)


def test_schedulers_leave_nothing_behind(canvas: Canvas) -> None:
    first = image(canvas)
    for name in schedulers.OF_STABLE_DIFFUSION:
        image(canvas, scheduler=name)
    assert image(canvas) == first


# --- from a picture ------------------------------------------------------------------------------------------------


def test_a_picture_to_start_from_is_kept_the_more_the_less_is_given_up(canvas: Canvas) -> None:
    start = pictures.picture()
    order = replace(ORDER, image=start, steps=10)
    told = steps(canvas, replace(order, strength=0.5))
    assert told[-1].number == told[-1].total == 5
    kept = image(canvas, order, strength=0.0)
    assert kept == start, "nothing was given up"
    assert len({image(canvas, order, strength=value).tobytes() for value in (0.2, 0.6, 1.0)}) == 3
    assert image(canvas, order, image=pictures.picture(seed=1)) != image(canvas, order)


@pytest.mark.parametrize("strength", [0.01, 0.07, 1 / 3, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("count", [1, 2, 25])
def test_at_least_one_step_is_walked_from_a_picture(strength: float, count: int) -> None:
    asked = walked(replace(ORDER, image=pictures.picture(), steps=count, strength=strength))
    assert int(asked * strength) >= 1 and asked >= count


@pytest.mark.parametrize("kind", ["sd", "sd inpaint", "xl", "xl inpaint"])
def test_a_part_is_repainted_by_models_of_four_and_nine_channels(kind: str) -> None:
    able = ABLE_XL if kind.startswith("xl") else ABLE
    repaints = opened(kind, able)
    order = replace(ORDER, image=pictures.picture((80, 50)), mask=pictures.mask((80, 50)))
    first = image(repaints, order)
    assert first.size == (64, 64)
    assert image(repaints, order, prompt="a blue ring") != first
    assert image(repaints, order, strength=0.5, steps=6) != image(repaints, order, steps=6)


# --- SDXL ----------------------------------------------------------------------------------------------------------


def test_the_refiner_goes_on_where_the_base_stops() -> None:
    base = opened("xl", ABLE_XL)
    shared = {name: base.pipe.components[name] for name in ("text_encoder_2", "tokenizer_2", "vae")}
    refining = open_pipeline(pictures.made("refiner"), STABLE_DIFFUSION_XL.from_image, **shared)
    both = Canvas(base.pipe, STABLE_DIFFUSION_XL, ABLE_XL, refiner=refining, threads=1)
    order = replace(ORDER, steps=5)
    told = steps(both, order)
    assert [(one.number, one.total) for one in told] == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5), (5, 5)]
    assert told[-1].image != image(base, order)
    assert image(both, replace(order, steps=3)) == image(base, replace(order, steps=3)), "too few to share"
    from_picture = replace(order, steps=10, image=pictures.picture(), strength=0.5)
    assert [one.number for one in steps(both, from_picture)] == [1, 2, 3, 4, 5, 5]


# --- our own painter -----------------------------------------------------------------------------------------------


def test_our_painter_is_opened_by_the_same_code(little: painter.Painter) -> None:
    order = Order("빨간 별, 파란 배경", "", 4, 4.0, 128, 128, 1)
    told = steps(little, order)
    assert len(told) == 5 and told[-1].image is not None and told[-1].image.size == (128, 128)
    assert all(one.preview is not None and one.preview.size == (128, 128) for one in told[:3])
    assert little.defaults.steps == painter.facts(pictures.made("painter"))["steps"]
    for name in little.defaults.schedulers:
        assert len(steps(little, replace(order, scheduler=name))) == 5, name
    with pytest.raises(InvalidInput, match="LoRA"):
        steps(little, replace(order, lora="org/style"))


@pytest.mark.parametrize(
    ("prompt", "unknown"),
    [
        ("빨간 별 왼쪽의 파란 원, 노란 배경", ()),
        ("노란 배경에 파란 원과 빨간 별을 그려줘", ()),
        ("육각형과 하트가 있는 초록색 배경", ("육각형과",)),
        ("마름모와 십자가, 하늘색 배경", ()),
        ("A red STAR, to the left of a blue circle on a white background!", ()),
        ("빨간 공룡과 파란 별", ("공룡과",)),
        ("a red dragon, a red dragon and a blue star", ("dragon",)),
    ],
)
def test_words_that_were_never_taught_are_named(little: painter.Painter, prompt: str, unknown: tuple[str, ...]) -> None:
    assert little.unknown_words(prompt) == unknown


# --- cancel --------------------------------------------------------------------------------------------------------


def test_a_cancel_ends_within_a_block_and_the_pipeline_goes_on_afterwards(canvas: Canvas) -> None:
    first = image(canvas)
    seen: list[int] = []
    for at in (0, 3, 40):  # blocks that still begin
        job, begun = Job(), [0]

        def count(*_: Any, begun: list[int] = begun, at: int = at, job: Job = job) -> None:
            begun[0] += 1
            if begun[0] > at:
                job.cancel()

        hooks = [block.register_forward_pre_hook(count) for block in canvas._blocks]
        with pytest.raises(Cancelled):
            steps(canvas, replace(ORDER, steps=20), job)
        for hook in hooks:
            hook.remove()
        seen.append(begun[0])
    assert seen == [1, 4, 41], "the block that was cancelled in is the last one"
    assert image(canvas) == first
    assert not any(block._forward_pre_hooks for block in canvas._blocks)


def test_whoever_stops_looking_ends_the_work(canvas: Canvas) -> None:
    told = canvas.paint(replace(ORDER, steps=50), Job())
    next(told)
    told.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name == "flow"]
    assert not any(block._forward_pre_hooks for block in canvas._blocks)


# --- what an order may hold ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"scheduler": "LMSDiscreteScheduler"}, "scheduler"),
        ({"scheduler": "__class__"}, "scheduler"),
        ({"steps": 0}, "steps"),
        ({"steps": 101}, "steps"),
        ({"width": 65}, "width"),
        ({"height": 2048}, "height"),
        ({"strength": 1.5}, "strength"),
    ],
    ids=str,
)
def test_what_it_cannot_do_is_refused(canvas: Canvas, changed: dict[str, Any], word: str) -> None:
    with pytest.raises(InvalidInput, match=word):
        steps(canvas, replace(ORDER, **changed))


def test_no_memory_is_told_as_that(canvas: Canvas, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate")

    monkeypatch.setattr(canvas.pipe.unet, "forward", full)
    with pytest.raises(NotEnoughMemory):
        steps(canvas)


def test_numbers_that_are_no_picture_are_an_error(canvas: Canvas, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = canvas.pipe.vae.decoder.conv_out.bias.data
    kept = broken.clone()
    broken.fill_(float("nan"))
    with pytest.raises(EngineFailed, match="no picture"):
        steps(canvas, replace(ORDER, steps=1))
    broken.copy_(kept)


# --- safety checker, small decoder, previews -----------------------------------------------------------------------


def test_a_picture_that_was_held_back_is_said_to_be(caplog: pytest.LogCaptureFixture) -> None:
    told = steps(opened("sd checked"))
    assert told[-1].filtered
    assert told[-1].image is not None and told[-1].image.getcolors() == [(64 * 64, safety.BLANK)]
    assert not any(one.filtered for one in told[:-1])


def test_a_checker_that_is_not_on_this_machine_is_done_without(tmp_path: Path) -> None:
    shutil.copytree(pictures.made("sd checked"), tmp_path / "sd")
    shutil.rmtree(tmp_path / "sd" / "safety_checker")
    pipe = open_pipeline(tmp_path / "sd", STABLE_DIFFUSION.paints)
    assert pipe.safety_checker is None


def test_the_small_decoder_decodes_where_there_is_no_graphics_card(canvas: Canvas) -> None:
    from diffusers import AutoencoderTiny

    small = AutoencoderTiny.from_pretrained(pictures.made("small")).eval()
    quick = Canvas(canvas.pipe, STABLE_DIFFUSION, ABLE, small=small, threads=1)
    assert quick._decoder is small
    made = image(quick)
    assert made != image(canvas) and made.size == (64, 64)


def test_rough_previews_show_the_colours(canvas: Canvas) -> None:
    """An encoder that is itself linear is turned round exactly: every colour comes back."""

    class Colours(torch.nn.Module):
        dtype, device = torch.float32, torch.device("cpu")
        config = {"scaling_factor": 0.5}

        def encode(self, picture: Any) -> Any:
            red, green, blue = torch.nn.functional.avg_pool2d(picture, 8)[0]
            mixed = torch.stack([red + green, green - blue, blue + 0.3, red - 0.1])[None]
            return type("Seen", (), {"latents": mixed})()

    vae = Colours()
    vae.config = type("Config", (dict,), {"scaling_factor": 0.5})(scaling_factor=0.5)
    pipe = type("Pipe", (), {"vae": vae, "_execution_device": torch.device("cpu")})()
    picture = pictures.picture((64, 64)).resize((8, 8)).resize((64, 64), Image.Resampling.NEAREST)
    values = torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1)[None] / 127.5 - 1
    seen = decoding.Previews(pipe).of(vae.encode(values).latents * 0.5, canvas.pipe.scheduler, (8, 8))
    wanted = np.asarray(picture.resize((8, 8), Image.Resampling.NEAREST), int)
    assert np.abs(np.asarray(seen, int) - wanted).max() <= 1


# --- opening -------------------------------------------------------------------------------------------------------


def test_repositories_with_only_half_precision_are_opened(tmp_path: Path) -> None:
    halves = pictures.made("sd half")
    assert not [path for path in halves.rglob("*.safetensors") if ".fp16." not in path.name]
    assert open_pipeline(halves, STABLE_DIFFUSION.paints).unet.dtype == torch.float32
    mixed = tmp_path / "mixed"  # only the UNet has files of 16 bits alone; the decoder only plain ones
    shutil.copytree(halves, mixed)
    shutil.rmtree(mixed / "vae")
    shutil.copytree(pictures.made("sd") / "vae", mixed / "vae")
    assert open_pipeline(mixed, STABLE_DIFFUSION.paints).vae.dtype == torch.float32


@pytest.mark.parametrize(("whole", "found"), [(True, None), (False, "fp16")])
def test_of_two_kinds_of_files_the_fitting_ones_are_read(tmp_path: Path, whole: bool, found: str | None) -> None:
    for part in ("unet", "vae"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "diffusion_pytorch_model.safetensors").touch()
        (tmp_path / part / "diffusion_pytorch_model.fp16.safetensors").touch()
    facts = {"unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]}
    assert opening.variant(tmp_path, facts, whole) == found
    (tmp_path / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    assert opening.variant(tmp_path, facts, whole) == "fp16", "the decoder has nothing else"


def test_code_of_a_repository_is_never_run(tmp_path: Path) -> None:
    shutil.copytree(pictures.made("sd"), tmp_path / "sd")
    index = tmp_path / "sd" / "model_index.json"
    facts = json.loads(index.read_text())
    facts["unet"] = ["evil", "Net"]
    index.write_text(json.dumps(facts))
    (tmp_path / "sd" / "unet" / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(EngineFailed, match="evil"):
        open_pipeline(tmp_path / "sd", STABLE_DIFFUSION.paints)
    assert not (tmp_path / "ran").exists()


def test_pickled_weights_are_never_read(tmp_path: Path) -> None:
    shutil.copytree(pictures.made("sd"), tmp_path / "sd")
    weights = tmp_path / "sd" / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(OSError):
        open_pipeline(tmp_path / "sd", STABLE_DIFFUSION.paints)


def test_a_model_for_another_use_is_refused() -> None:
    with pytest.raises(EngineFailed, match="9 channels"):
        checkpoints.open_canvas(pictures.made("sd inpaint"), STABLE_DIFFUSION, ABLE)


def test_what_does_not_fit_a_graphics_card_is_moved_there_part_by_part(
    canvas: Canvas, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [sum(value.nbytes for value in part.state_dict().values()) for part in placing.parts(canvas.pipe)]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for free, place in ((sum(parts) + 1, "whole"), (max(parts) + 1, "parts"), (max(parts) - 1, "layers")):
        room = free + placing.WORKING_MB * 1024 * 1024
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda room=room: (room, room))
        assert placing.choose([canvas.pipe]) == place
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert placing.choose([canvas.pipe]) == "here"


# --- style plug-ins ------------------------------------------------------------------------------------------------


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MODU_MODELS_DIR", str(tmp_path))
    shutil.copytree(pictures.made("lora"), tmp_path / "org" / "style")
    shutil.copy(pictures.made("lora") / "pytorch_lora_weights.safetensors", tmp_path / "mine.safetensors")
    return tmp_path


@pytest.mark.parametrize("name", ["org/style", "mine.safetensors", "org/style/pytorch_lora_weights.safetensors"])
def test_a_style_changes_the_picture_and_is_taken_off_again(canvas: Canvas, models: Path, name: str) -> None:
    pytest.importorskip("peft")
    bare = image(canvas)
    made = {scale: image(canvas, lora=name, lora_scale=scale) for scale in (0.0, 0.5, 1.0)}
    assert made[0.0] == bare
    assert len({one.tobytes() for one in made.values()}) == 3
    assert image(canvas) == bare
    assert not canvas.pipe.get_active_adapters()


def test_a_style_is_taken_off_after_a_cancel_too(canvas: Canvas, models: Path) -> None:
    pytest.importorskip("peft")
    bare, job = image(canvas), Job()
    with pytest.raises(Cancelled):
        for _ in canvas.paint(replace(ORDER, steps=50, lora="org/style"), job):
            job.cancel()
    assert image(canvas) == bare


def test_a_style_for_another_model_is_refused_and_leaves_the_pipeline_bare(canvas: Canvas, models: Path) -> None:
    pytest.importorskip("peft")
    from safetensors.torch import load_file, save_file

    bare = image(canvas)
    weights = load_file(models / "mine.safetensors")
    save_file({name: torch.cat([value, value], -1) for name, value in weights.items()}, models / "wide.safetensors")
    save_file({"something.else": torch.zeros(2, 2)}, models / "other.safetensors")
    (models / "broken.safetensors").write_bytes(b"no weights")
    for name in ("wide.safetensors", "other.safetensors", "broken.safetensors"):
        with pytest.raises(InvalidInput, match="another model"):
            steps(canvas, replace(ORDER, lora=name))
    assert image(canvas) == bare


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../b", "org/style/..", "~/x", "", "a b"])
def test_a_style_is_never_a_path(models: Path, name: str) -> None:
    with pytest.raises(InvalidInput):
        loras.find(name, Job())


def test_a_style_of_the_hub_needs_the_owners_leave(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")
    with pytest.raises(EngineUnavailable, match="not listed"):
        loras.find("org/other", Job())
    assert loras.find("org/style", Job()).is_file(), "what the owner put there is"
    with pytest.raises(InvalidInput, match="no style"):
        loras.find("nothing", Job())


def test_of_several_styles_one_must_be_named(models: Path) -> None:
    shutil.copy(models / "mine.safetensors", models / "org" / "style" / "a.safetensors")
    assert loras.find("org/style", Job()).name == "pytorch_lora_weights.safetensors"
    (models / "org" / "style" / "pytorch_lora_weights.safetensors").rename(models / "org" / "style" / "b.safetensors")
    with pytest.raises(InvalidInput, match=r"a\.safetensors, b\.safetensors"):
        loras.find("org/style", Job())
    assert loras.find("org/style/b.safetensors", Job()).name == "b.safetensors"
