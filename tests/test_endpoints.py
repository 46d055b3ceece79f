"""Every endpoint called as a program does, on the shipped examples; the shapes that the contract promises."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import example
from gradio_client import Client, handle_file
from PIL import Image

from pipelines import engines
from tabs import TABS

TASKS = [tab.TASK for tab in TABS]


def given(task: str, pattern: str) -> Any:
    return handle_file(str(example(task, pattern)))


def whole_numbers(values: list[Any], count: int) -> bool:
    return len(values) == count and all(isinstance(value, int) for value in values)


# --- digits -------------------------------------------------------------------------------------------------------


def test_digits(client: Client) -> None:
    prediction, seen, why = client.predict(image=given("digits", "seven*"), api_name="/digits")
    assert set(prediction) == {"label", "confidences", "rejected", "reason", "engine"}
    assert prediction["label"] == "7" and prediction["rejected"] is False and prediction["reason"] == ""
    values = [one["confidence"] for one in prediction["confidences"]]
    assert sorted(one["label"] for one in prediction["confidences"]) == list("0123456789")
    assert values == sorted(values, reverse=True) and all(0 <= value <= 1 for value in values)
    assert prediction["confidences"][0]["label"] == "7" and prediction["engine"] == "embedded"
    assert Image.open(seen).size == (28, 28) and Image.open(seen).format == "PNG"
    assert set(why) == {"feature_maps", "saliency"} and len(why["feature_maps"]) >= 2


def test_what_is_no_digit_is_rejected_with_a_reason(client: Client) -> None:
    prediction, seen, _ = client.predict(image=given("digits", "scribble*"), api_name="/digits")
    assert prediction["label"] is None and prediction["rejected"] is True and len(prediction["reason"]) > 20
    assert len(prediction["confidences"]) == 10 and Path(seen).is_file()


def test_a_centred_28_pixel_picture_goes_through_unchanged(client: Client) -> None:
    path = example("digits", "*28x28*")
    prediction, seen, _ = client.predict(image=handle_file(str(path)), engine="embedded", api_name="/digits")
    shown, sent = (np.asarray(Image.open(one).convert("L")) for one in (seen, path))
    assert np.array_equal(shown, sent) or np.array_equal(shown, 255 - sent)
    assert prediction["label"] == "2"


def test_digits_number(client: Client) -> None:
    answer, annotated = client.predict(image=given("digits", "zip-code*"), api_name="/digits_number")
    assert set(answer) == {"text", "digits", "engine"}
    assert answer["text"] == "06236" and answer["engine"] == "embedded"
    assert [one["digit"] for one in answer["digits"]] == [0, 6, 2, 3, 6]
    assert all(set(one) == {"digit", "confidence", "box"} and whole_numbers(one["box"], 4) for one in answer["digits"])
    assert [one["box"][0] for one in answer["digits"]] == sorted(one["box"][0] for one in answer["digits"])
    assert Image.open(annotated).format == "PNG"


def test_lines_are_parted_by_a_line_break(client: Client) -> None:
    answer, _ = client.predict(image=given("digits", "two-lines*"), api_name="/digits_number")
    assert answer["text"].split("\n") == ["1785", "30924"]


def test_digits_sample(client: Client) -> None:
    picture, facts = client.predict(api_name="/digits_sample")
    assert set(facts) == {"label", "index", "dataset", "size"} and facts["index"] == 100
    assert facts["label"] in range(10) and isinstance(facts["dataset"], str) and facts["size"] > 1000
    plain = np.asarray(Image.open(picture).convert("L"))
    noisy, again = (
        np.asarray(Image.open(client.predict(index=100, noise=True, seed=3, api_name="/digits_sample")[0]).convert("L"))
        for _ in range(2)
    )
    assert np.array_equal(noisy, again) and not np.array_equal(noisy, plain)
    with pytest.raises(Exception, match=rf"0.*{facts['size'] - 1}.*\[invalid_input\]"):
        client.predict(index=facts["size"], api_name="/digits_sample")


# --- face mosaic --------------------------------------------------------------------------------------------------


def test_face_mosaic(client: Client) -> None:
    path = example("face_mosaic", "portrait*")
    result, report = client.predict(image=handle_file(str(path)), api_name="/face_mosaic")
    assert set(report) == {"faces", "still_found", "engine"} and report["faces"]
    assert Path(result).name == "portrait-mosaic.png" and Image.open(result).format == "PNG"
    for number, face in enumerate(report["faces"]):
        assert set(face) == {"index", "box", "area", "score", "hidden"}
        assert face["index"] == number and whole_numbers(face["box"], 4) and whole_numbers(face["area"], 4)
        assert 0 <= face["score"] <= 1 and face["hidden"] is True
    before, after = (np.asarray(Image.open(one).convert("RGB")) for one in (path, result))
    outside = np.ones(before.shape[:2], bool)
    for face in report["faces"]:
        x, y, w, h = face["area"]
        outside[y : y + h, x : x + w] = False
    assert np.array_equal(before[outside], after[outside]) and not np.array_equal(before, after)


def test_faces_can_be_kept_and_areas_added(client: Client) -> None:
    image = given("face_mosaic", "group*")
    _, report = client.predict(image=image, api_name="/face_mosaic")
    count = len(report["faces"])
    assert count >= 2
    _, changed = client.predict(image=image, keep=[0], boxes=[[1, 2, 30, 40]], api_name="/face_mosaic")
    assert [face["hidden"] for face in changed["faces"]][:2] == [False, True]
    assert len(changed["faces"]) == count + 1 and changed["faces"][-1]["box"] == [1, 2, 30, 40]
    with pytest.raises(Exception, match=r"\[invalid_input\]"):
        client.predict(image=image, keep=[99], api_name="/face_mosaic")


@pytest.mark.parametrize("engine", [spec.name for spec in engines.specs("face_mosaic") if spec.kind == "embedded"])
def test_every_embedded_face_engine_answers(client: Client, engine: str) -> None:
    _, report = client.predict(image=given("face_mosaic", "portrait*"), engine=engine, api_name="/face_mosaic")
    assert report["engine"] == engine


def test_face_mosaic_batch(client: Client, tmp_path: Path) -> None:
    bad = tmp_path / "나쁜 파일.jpg"
    bad.write_text("no picture")
    files = [given("face_mosaic", "portrait*"), handle_file(str(bad))]
    pictures, archive, report = client.predict(files=files, style="blur", api_name="/face_mosaic_batch")
    assert [Path(path).name for path in pictures] == ["portrait-mosaic.png"]
    assert zipfile.ZipFile(archive).namelist() == ["portrait-mosaic.png"]
    assert set(report) == {"processed", "failed", "engine"}
    assert [one["file"] for one in report["processed"]] == ["portrait.jpg"] and report["processed"][0]["faces"] >= 1
    assert [set(one) for one in report["failed"]] == [{"file", "reason"}]
    assert report["failed"][0]["file"] == "나쁜 파일.jpg" and "not a picture" in report["failed"][0]["reason"]


def test_face_mosaic_video(client: Client) -> None:
    av = pytest.importorskip("av")
    path = example("face_mosaic", "*.mp4")
    result, report = client.predict(video=handle_file(str(path)), engine="centerface", api_name="/face_mosaic_video")
    assert set(report) == {"frames", "fps", "faces_tracked", "engine"} and report["engine"] == "centerface"
    with av.open(str(path)) as before, av.open(result) as after:
        frames = [sum(1 for _ in film.decode(video=0)) for film in (before, after)]
    assert frames[0] == frames[1] == report["frames"] and report["fps"] > 0 and report["faces_tracked"] >= 1


# --- engines ------------------------------------------------------------------------------------------------------


def test_engines(client: Client) -> None:
    rows = client.predict(api_name="/engines")
    assert {row["task"] for row in rows} >= set(TASKS)
    for row in rows:
        assert set(row) == {
            "task", "name", "label", "kind", "status", "size_mb", "memory_mb", "licence", "repo", "revision",
            "verified", "languages", "auto",
        }  # fmt: skip
        assert row["status"] in ("loaded", "ready", "not_downloaded", "missing_package", "too_big")
        assert isinstance(row["label"], str) and isinstance(row["auto"], bool)
    for task in TASKS:
        assert [row["auto"] for row in rows if row["task"] == task].count(True) == 1
    assert client.predict(task="digits", api_name="/engines") == [row for row in rows if row["task"] == "digits"]
    with pytest.raises(Exception, match=r"digits.*\[invalid_input\]"):
        client.predict(task="cooking", api_name="/engines")


def test_an_engine_is_unloaded_and_loaded_again(client: Client) -> None:
    client.predict(image=given("digits", "seven*"), engine="embedded", api_name="/digits")
    row = client.predict(task="digits", engine="embedded", api_name="/engine_unload")
    assert row["status"] == "ready" and row["freed_mb"] >= 0
    prediction, _, _ = client.predict(image=given("digits", "seven*"), engine="embedded", api_name="/digits")
    assert prediction["label"] == "7"


def test_fetching_what_is_here_is_no_error_and_offline_is_said(client: Client) -> None:
    row = client.predict(task="digits", engine="embedded", api_name="/engine_fetch")
    assert row["status"] in ("ready", "loaded") and "freed_mb" not in row
    for spec in engines.specs("face_mosaic"):
        if spec.kind == "hub":
            with pytest.raises(Exception, match=r"offline.*\[engine_unavailable\]"):
                client.predict(task="face_mosaic", engine=spec.name, api_name="/engine_fetch")


def test_visitors_of_a_managed_server_neither_fetch_nor_unload(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACE_ID", "me/modu")
    for door in ("/engine_fetch", "/engine_unload"):
        with pytest.raises(Exception, match=r"owner.*\[engine_unavailable\]"):
            client.predict(task="digits", engine="embedded", api_name=door)
    monkeypatch.setenv("MODU_ADMIN", "1")
    assert client.predict(task="digits", engine="embedded", api_name="/engine_unload")["name"] == "embedded"


def test_a_mac_or_windows_program_gets_the_files_it_needs(client: Client) -> None:
    """Results are files that the client has downloaded to its own folder, not paths of the server."""
    _, seen, why = client.predict(image=given("digits", "seven*"), api_name="/digits")
    for path in (seen, why["saliency"], *why["feature_maps"]):
        assert Path(path if isinstance(path, str) else path["path"]).is_file()


def test_the_values_of_programs_are_nothing_that_the_page_lays_out_or_waits_for(served_page: Any) -> None:
    def laid_out(node: dict[str, Any]) -> set[int]:
        return {node["id"]}.union(*(laid_out(child) for child in node.get("children", [])))

    placed = laid_out(served_page.config["layout"])
    elsewhere = [one for one in served_page.config["components"] if one["id"] not in placed]
    assert len(elsewhere) > 100, "the parameters and results of the endpoints"
    assert {one["type"] for one in elsewhere} == {"api"}
    assert not any(one["props"].get("visible", True) for one in elsewhere), "the page waits for what is visible"


def test_an_event_without_a_progress_display_has_one_place_for_it(served_page: Any) -> None:
    """The browser looks up all places of all events so far at every event."""
    quiet = [one for one in served_page.config["dependencies"] if one["show_progress"] == "hidden" and one["targets"]]
    assert len(quiet) > 50
    assert all(len(one["show_progress_on"]) <= 1 for one in quiet)
