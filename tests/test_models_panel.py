"""The panel of models and the plan beside the picker: what they say, what they do, and who may do it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from fakes import FakeModule, spec
from stand_in_hub import StandInHub, wait_until
from test_hub import WEIGHTS, connect

from pipelines import engines, plan, weights
from pipelines.errors import Busy, EngineUnavailable, InvalidInput, NotEnoughMemory
from pipelines.job import Job, Progress
from pipelines.words import Text
from tabs import _fetching, _models_panel, _parts

HUB = {"kind": "hub", "repo": "org/far", "files": ("*.safetensors",), "size_mb": 2.1}


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StandInHub]:
    server = StandInHub({"org/far": {"model.safetensors": WEIGHTS}})
    connect(monkeypatch, server.url, tmp_path / "cache")
    yield server
    server.close()


@pytest.fixture
def far(fake_engine: Callable[..., Any], stand_in: StandInHub) -> FakeModule:
    return fake_engine(FakeModule(spec("digits", "far", **HUB)))


def run(coroutine: Any) -> Any:
    return asyncio.run(coroutine)


async def last(stream: Any) -> list[Any]:
    return [item async for item in stream]


# --- the plan ---------------------------------------------------------------------------------------------------


def test_a_plan_is_known_without_the_network_and_exact_after_asking(far: FakeModule, stand_in: StandInHub) -> None:
    before = plan.known(far.SPEC)
    assert stand_in.asked == [] and not before.here and not before.certain
    assert "not checked yet" in str(dict(before.facts())[Text(en="Download", ko="내려받을 양")])
    after = plan.asked(far.SPEC)
    assert after.certain and after.commit == stand_in.commit and after.download_mb == len(WEIGHTS) / 1e6
    assert [entry.path for entry in after.files] == ["model.safetensors"]
    weights.fetch(far.SPEC, Job())
    assert plan.known(far.SPEC).here and plan.asked(far.SPEC).download_mb == 0


def test_a_plan_says_what_is_in_the_way(far: FakeModule, monkeypatch: pytest.MonkeyPatch) -> None:
    assert plan.known(far.SPEC).problems() == []
    monkeypatch.setenv("MODU_OFFLINE", "1")
    monkeypatch.setenv("MODU_MEMORY_GB", "0.001")
    monkeypatch.setattr("pipelines.transfer.free_bytes", lambda _: 100_000_000)
    shown = plan.known(far.SPEC)
    assert not shown.fits_disk and not shown.fits_memory
    said = " ".join(problem.en for problem in shown.problems())
    assert "offline" in said and "disk" in said and "memory" in said
    assert all(problem.ko != problem.en for problem in shown.problems())


def test_what_the_hub_says_counts_where_nothing_was_checked_before(far: FakeModule, stand_in: StandInHub) -> None:
    assert plan.known(far.SPEC).licence == "MIT" and plan.asked(far.SPEC).licence == "apache-2.0"
    assert engines.row(far.SPEC)["revision"] is None
    weights.fetch(far.SPEC, Job())
    assert engines.row(far.SPEC)["revision"] == plan.known(far.SPEC).commit == stand_in.commit, "it stays on this one"
    source = dict(plan.known(far.SPEC).facts())[Text(en="Source", ko="출처")]
    assert source.en == f"org/far @ {stand_in.commit[:7]}"


def test_the_plan_of_a_model_that_somebody_names_is_known_once_the_hub_was_asked(stand_in: StandInHub) -> None:
    stand_in.files["somebody/talker"] = dict.fromkeys(("config.json", "tokenizer.json"), b"{}")
    stand_in.files["somebody/talker"] |= {"tokenizer_config.json": b"{}", "model.safetensors": WEIGHTS * 8}
    spec = engines.find("chat", "hub:somebody/talker")
    for name in ("Download", "Memory"):
        before = {fact.en: value for fact, value in plan.known(spec).facts()}[name]
        assert "not known" in before.en and "알 수 없음" in before.ko
    after = {fact.en: value.en for fact, value in plan.asked(spec).facts()}
    assert after["Download"].startswith("17 MB in 4 files") and after["Memory"].startswith("about 534 MB")
    assert "not known" in _fetching.plan_html(plan.known(spec), "en")
    weights.fetch(spec, Job())
    here = engines.find("chat", "hub:somebody/talker")
    assert (round(here.size_mb), round(here.memory_mb)) == (17, 534) and not here.unweighed
    assert _parts.engine_line("chat", "hub:somebody/talker", "en").count("17 MB") == 1


def test_a_model_that_could_never_be_loaded_is_refused_before_it_is_downloaded(
    stand_in: StandInHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in.files["somebody/giant"] = dict.fromkeys(("config.json", "tokenizer.json"), b"{}")
    stand_in.files["somebody/giant"] |= {"tokenizer_config.json": b"{}", "model.safetensors": WEIGHTS * 20}
    monkeypatch.setenv("MODU_MEMORY_GB", "0.53")
    with pytest.raises(NotEnoughMemory, match="Try the engine embedded"):
        with engines.use("chat", "hub:somebody/giant", Job()):
            pytest.fail("it was loaded")
    assert stand_in.sent_bytes == 0


def test_sizes_are_written_as_people_say_them() -> None:
    assert [plan.megabytes(one) for one in (0.23, 7.34, 148, 1618)] == ["0.23 MB", "7.3 MB", "148 MB", "1.6 GB"]


# --- the picker -------------------------------------------------------------------------------------------------


def test_the_picker_shows_the_plan_of_what_is_not_here(far: FakeModule, stand_in: StandInHub) -> None:
    line, box, facts, ask, get, stop = _parts._chosen("digits", "far")
    assert "not downloaded yet" in line and box["visible"] and "org/far" in facts
    assert (ask["visible"], get["visible"], stop["visible"]) == (True, True, False)
    assert not _parts._chosen("digits", "auto")[1]["visible"]
    assert not _parts._chosen("digits", "embedded")[1]["visible"]
    assert stand_in.asked == [], "nothing is asked before a button is pressed"


@pytest.mark.parametrize("env", [{"GRADIO_SERVER_NAME": "0.0.0.0"}, {"MODU_OFFLINE": "1"}])
def test_who_may_not_download_sees_no_button(
    far: FakeModule, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert not any(button["visible"] for button in _parts._chosen("digits", "far")[3:])
    facts = _parts._chosen("digits", "far")[2]
    assert ("Folder" in facts) == ("MODU_OFFLINE" in env), "a public server does not tell its folders"


def test_a_download_shows_a_bar_with_speed_and_ends_with_the_engine_here(far: FakeModule, stand_in: StandInHub) -> None:
    stand_in.bytes_per_s = 1_000_000
    told = run(last(_fetching.downloading(far.SPEC)))
    assert any("MB/s" in one and "<progress" in one for one in told)
    assert "is here" in told[-1] and engines.status(far.SPEC) == "ready"


def test_words_from_outside_are_escaped() -> None:
    said = Progress(0.5, Text(en="<b>&", ko="<b>&"))
    assert "<b>" not in _fetching.progress_html(said, "en") and 'value="0.500"' in _fetching.progress_html(said, "ko")


# --- the panel --------------------------------------------------------------------------------------------------


def test_the_table_lists_every_engine_in_both_languages() -> None:
    for language, state in (("en", "on this machine"), ("ko", "이 컴퓨터에 있음")):
        shown = _models_panel.table_html(language)  # type: ignore[arg-type]
        for one in (one for task in engines.tasks() for one in engines.specs(task)):
            assert f"{one.task}/{one.name}" in shown
        assert state in shown


def test_tasks_are_folded_up_in_the_order_of_the_tabs_and_the_chosen_one_is_open(far: FakeModule) -> None:
    from tabs import TABS

    shown = _models_panel.table_html("ko")
    at = [shown.index(f'data-task="{tab.TASK}"') for tab in TABS]
    assert at == sorted(at) and " open>" not in shown
    assert "<strong>숫자 인식</strong>" in shown and "__i18n__" not in shown
    assert "2개 중 1개 준비됨" in shown[shown.index('data-task="digits"') :].split("</summary>")[0]
    picked = run(_models_panel.on_pick("digits/far"))[0]
    assert picked.count(" open>") == 1 and 'data-task="digits" open>' in picked


def test_what_lies_here_is_shown_with_its_real_size(far: FakeModule) -> None:
    def row() -> str:
        return next(one for one in _models_panel.table_html("en").split("<tr>") if "digits/far" in one)

    assert "not checked yet" in row()
    weights.fetch(far.SPEC, Job())
    assert "not checked yet" not in row() and "2.1 MB" in row()


def test_load_unload_fetch_and_remove(far: FakeModule, stand_in: StandInHub) -> None:
    name = "digits/far"

    def able(shown: Any) -> list[bool]:
        return [button["interactive"] for button in shown[2:6]]

    assert able(run(_models_panel.on_pick(name))) == [False, False, True, False]
    fetched = run(last(_models_panel.on_fetch(name)))[-1]
    assert able(fetched) == [True, False, True, True] and "is here" in fetched[1]
    loaded = run(_models_panel.on_load(name))
    assert able(loaded) == [False, True, True, True] and far.loads == 1
    assert "far" in [held.spec.name for held in engines.ledger()]
    unloaded = run(_models_panel.on_unload(name))
    assert able(unloaded) == [True, False, True, True] and "came back" in unloaded[1]
    question, row = run(_models_panel.on_remove(name))
    assert "2.1 MB" in question and row["visible"] and engines.status(far.SPEC) == "ready"
    removed = run(_models_panel.on_sure(name))
    assert able(removed) == [False, False, True, False] and engines.status(far.SPEC) == "not_downloaded"


def test_repair_brings_a_damaged_file_again(far: FakeModule) -> None:
    folder = weights.fetch(far.SPEC, Job())
    (folder / "model.safetensors").resolve().write_bytes(bytes(len(WEIGHTS)))
    run(last(_models_panel.on_fetch("digits/far")))
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS


def test_an_engine_with_damaged_files_repairs_itself_when_it_is_loaded(far: FakeModule) -> None:
    folder = weights.fetch(far.SPEC, Job())
    (folder / "model.safetensors").resolve().write_bytes(bytes(len(WEIGHTS)))

    def picky() -> str:
        if (folder / "model.safetensors").read_bytes() != WEIGHTS:
            raise ValueError("these are no weights")
        return "engine"

    far.make = picky
    with engines.use("digits", "far", Job()) as (_, engine):
        assert engine == "engine" and far.loads == 2


def test_what_is_in_use_or_the_owners_is_not_removed(
    far: FakeModule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights.fetch(far.SPEC, Job())
    with engines.use("digits", "far", Job()), pytest.raises(Busy):
        engines.remove(far.SPEC)
    assert engines.status(far.SPEC) == "loaded"
    mine = tmp_path / "mine" / "org" / "far"
    mine.mkdir(parents=True)
    (mine / "model.safetensors").write_bytes(b"mine")
    monkeypatch.setenv("MODU_MODELS_DIR", str(tmp_path / "mine"))
    with pytest.raises(InvalidInput, match="MODU_MODELS_DIR"):
        engines.remove(far.SPEC)
    assert (mine / "model.safetensors").read_bytes() == b"mine"
    with pytest.raises(InvalidInput, match="nothing to remove"):
        engines.remove(engines.find("digits", "embedded"))


@pytest.mark.parametrize("handler", ["on_pick", "on_load", "on_unload", "on_remove", "on_sure"])
def test_on_a_managed_server_the_panel_changes_nothing(
    far: FakeModule, handler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPACE_ID", "me/modu")
    with pytest.raises(EngineUnavailable, match="only its owner"):
        run(getattr(_models_panel, handler)("digits/far"))
    with pytest.raises(EngineUnavailable, match="only its owner"):
        run(last(_models_panel.on_fetch("digits/far")))
    assert "only its owner" in _models_panel.table_html("en")
    with gr.Blocks() as page:
        _models_panel.build()
    assert not [one for one in page.blocks.values() if isinstance(one, gr.Button)]


def test_the_ledger_tells_what_would_go_next(fake_engine: Callable[..., Any]) -> None:
    for name in ("one", "two"):
        fake_engine(FakeModule(spec("digits", name)))
    for name in ("one", "two", "one"):
        with engines.use("digits", name, Job()):
            pass
    with engines.use("digits", "two", Job()):
        assert [(held.spec.name, held.in_use) for held in engines.ledger()][-2:] == [("one", False), ("two", True)]
        assert "working now" in _models_panel.table_html("en")


# --- in the browser ---------------------------------------------------------------------------------------------


def _pick(page: Any, box: str, name: str) -> None:
    page.locator(f"{box} input").click()
    page.get_by_role("option", name=name).first.click()


@pytest.mark.browser
@pytest.mark.parametrize(("locale", "words"), [("en-US", "left"), ("ko-KR", "남음")])
def test_progress_and_cancel_in_the_browser(page_of: Any, stand_in: StandInHub, locale: str, words: str) -> None:
    yunet = engines.find("face_mosaic", "yunet")
    stand_in.files[str(yunet.repo)] = {yunet.files[0]: WEIGHTS * 40}
    stand_in.bytes_per_s = 400_000  # minutes, so that a busy browser finds it under way
    page = page_of(locale, width=360)
    page.get_by_role("tab", name="Face mosaic" if locale == "en-US" else "얼굴 모자이크", exact=True).first.click()
    page.locator("#face-options > button").first.click()
    _pick(page, "#face_mosaic-engine", "YuNet")
    page.locator("#face_mosaic-download").wait_for(timeout=60_000)
    assert stand_in.asked == []
    page.locator("#face_mosaic-download").focus()
    page.keyboard.press("Enter")
    page.locator("#face_mosaic-plan progress[value]").wait_for(timeout=60_000)
    page.locator("#face_mosaic-plan").get_by_text(words).first.wait_for(timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator("#face_mosaic-stop-download").click()
    page.locator("#face_mosaic-download").wait_for(timeout=60_000)
    sent = stand_in.sent_bytes
    assert not wait_until(lambda: stand_in.sent_bytes - sent > 600_000, 2), "the transfer goes on after the cancel"
    assert engines.status(yunet) == "not_downloaded"


@pytest.mark.browser
def test_the_panel_loads_fetches_and_removes_in_the_browser(page_of: Any, stand_in: StandInHub) -> None:
    yunet = engines.find("face_mosaic", "yunet")
    stand_in.files[str(yunet.repo)] = {yunet.files[0]: WEIGHTS}
    page = page_of("ko-KR", width=1280)
    page.locator("#modu-models > button").click()
    page.locator("#modu-models-table summary").first.wait_for(timeout=60_000)
    assert page.locator("#modu-models-table table:visible").count() == 0, "folded up"
    page.locator("#modu-models-table summary").first.click()
    page.locator("#modu-models-table table:visible").first.wait_for()
    said = page.locator("#modu-models-said")

    _pick(page, "#modu-models-choice", "digits/embedded")
    page.locator("#modu-models-load:not([disabled]), #modu-models-unload:not([disabled])").first.wait_for()
    if page.locator("#modu-models-load").is_enabled():
        page.locator("#modu-models-load").click()
    page.locator("#modu-models-unload:not([disabled])").wait_for(timeout=60_000)
    page.locator("#modu-models-unload").click()
    said.get_by_text("내렸습니다").wait_for(timeout=60_000)
    assert engines.status(engines.find("digits", "embedded")) == "ready"

    _pick(page, "#modu-models-choice", "face_mosaic/yunet")
    said.get_by_text(str(yunet.repo)).first.wait_for(timeout=60_000)
    page.locator("#modu-models-fetch").click()
    page.locator("#modu-models-remove:not([disabled])").wait_for(timeout=60_000)
    assert engines.status(yunet) == "ready"
    page.locator("#modu-models-remove").click()
    page.locator("#modu-models-yes").click()
    said.get_by_text("지웠습니다").wait_for(timeout=60_000)
    assert engines.status(yunet) == "not_downloaded"


@pytest.mark.browser
def test_the_doctor_answers_in_the_browser(page_of: Any) -> None:
    page = page_of("ko-KR", width=360)
    page.locator("#modu-models > button").click()
    page.locator("#modu-doctor > button").click()
    page.locator("#modu-doctor-look").click()
    page.locator("#modu-doctor-found .modu-finding").first.wait_for(timeout=60_000)
    assert page.locator("#modu-doctor-found").get_by_text("Python").count() >= 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
