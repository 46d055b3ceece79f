"""The engines that paint: fetched from a stand-in Hub by their SPECs, kept by the registry, asked over HTTP."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pictures
import pytest
from conftest import free_port
from PIL import Image
from stand_in_hub import StandInHub, wait_until
from test_hub import connect

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from pipelines import engines, inpainting, plan, text_to_image, weights  # noqa: E402
from pipelines.diffusion import painter  # noqa: E402
from pipelines.diffusion.contract import Order, Step  # noqa: E402
from pipelines.engines import EngineSpec, state  # noqa: E402
from pipelines.errors import Cancelled, EngineFailed, EngineUnavailable, InvalidInput, NotEnoughMemory  # noqa: E402
from pipelines.job import Job  # noqa: E402
from pipelines.text_to_image import hf_inference  # noqa: E402

ORDER = Order("a red star", "", 2, 5.0, 64, 64, 7)
KEY = "sk-very-secret"
PAINTS, REPAINTS = text_to_image.TASK, inpainting.TASK


@pytest.fixture(autouse=True)
def fresh(fake_engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is loaded, and every engine fits: the tiny checkpoints take a hundredth of what their SPECs say."""
    monkeypatch.setenv("MODU_MEMORY_GB", "1000")
    state.tables.loaded.clear()
    torch.set_num_threads(1)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StandInHub]:
    server = StandInHub({})
    connect(monkeypatch, server.url, tmp_path / "cache")
    yield server
    server.close()


def serve(stand_in: StandInHub, repo: str | None, folder: Path) -> None:
    """Put a checkpoint into the Hub, with things beside it that must not be fetched."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    unwanted = {"README.md": b"# A card", "unet/diffusion_pytorch_model.bin": b"pickled", "run.py": b"x"}
    stand_in.files[str(repo)] = {**files, **unwanted}


def done(told: Any) -> Image.Image:
    *_, last = told
    assert isinstance(last, Step) and last.image is not None
    return last.image


def fetched(task: str, name: str) -> Any:
    """Plan, fetch and load, as a visitor's first call does."""
    spec = engines.find(task, name)
    assert engines.status(spec) == "not_downloaded"
    planned = plan.asked(spec)
    with engines.use(task, name, Job()) as (_, engine):
        assert engines.status(spec) == "loaded"
    held = weights.held_mb(spec)
    assert held is not None and held == pytest.approx(sum(entry.size or 0 for entry in planned.files) / 1e6)
    return engine


def assert_nothing_else_came(stand_in: StandInHub) -> None:
    got = [one for one in stand_in.asked if one.startswith("GET") and "/resolve/" in one]
    assert got and not [one for one in got if one.endswith((".md", ".py", ".bin"))]


PAINTERS = [
    ("sd-turbo", "sd half", "small", 1),
    ("bk-sdm-tiny", "sd", "small", 2),
    ("sd15", "sd checked", "small", 2),
    ("sdxl", "xl half", "small", 2),
    ("sdxl-turbo", "xl", "small", 1),
]


@pytest.mark.parametrize(("name", "kind", "small", "steps"), PAINTERS)
def test_a_painter_comes_from_the_hub(stand_in: StandInHub, name: str, kind: str, small: str, steps: int) -> None:
    spec = engines.find(PAINTS, name)
    serve(stand_in, spec.repo, pictures.made(kind))
    serve(stand_in, spec.beside[-1].repo, pictures.made(small))
    canvas = fetched(PAINTS, name)
    assert_nothing_else_came(stand_in)
    assert canvas.small is not None and canvas.defaults.schedulers
    guidance = canvas.defaults.guidance_scale
    told = list(canvas.paint(replace(ORDER, steps=steps, guidance_scale=guidance), Job()))
    assert told[-1].filtered == (kind == "sd checked") and len(told) == steps + 1


def test_it_also_comes_without_its_small_decoder(stand_in: StandInHub) -> None:
    spec = engines.find(PAINTS, "sd-turbo")
    serve(stand_in, spec.repo, pictures.made("sd half"))
    with engines.use(PAINTS, "sd-turbo", Job()) as (_, canvas):
        assert canvas.small is None
        assert done(canvas.paint(replace(ORDER, steps=1, guidance_scale=0.0), Job())).size == (64, 64)


def test_base_and_refiner_come_from_two_repositories_and_go_one_by_one(stand_in: StandInHub) -> None:
    base, both = (engines.find(PAINTS, name) for name in ("sdxl", "sdxl-refined"))
    refining, small = both.beside
    serve(stand_in, both.repo, pictures.made("xl half"))
    serve(stand_in, small.repo, pictures.made("small"))
    with pytest.raises(EngineUnavailable), engines.use(PAINTS, both.name, Job()):
        raise AssertionError("its refiner is not there")
    serve(stand_in, refining.repo, pictures.made("refiner"))
    canvas = fetched(PAINTS, "sdxl-refined")
    assert canvas.refiner.vae is canvas.pipe.vae
    assert not [one for one in stand_in.asked if refining.repo in one and "text_encoder_2/model" in one]
    assert len(list(canvas.paint(replace(ORDER, steps=5), Job()))) == 6
    assert engines.status(base) == "ready", "the same files"
    with pytest.raises(InvalidInput, match="Remove"):
        engines.remove(base)
    assert engines.remove(both) > 0
    assert engines.status(both) == "not_downloaded" and engines.status(base) == "ready"
    assert engines.remove(base) > 0 and engines.status(base) == "not_downloaded"


@pytest.mark.parametrize(("name", "kind"), [("sd15-inpaint", "sd inpaint half"), ("sdxl-inpaint", "xl inpaint")])
def test_a_repainter_comes_from_the_hub(stand_in: StandInHub, name: str, kind: str) -> None:
    spec = engines.find(REPAINTS, name)
    serve(stand_in, spec.repo, pictures.made(kind))
    serve(stand_in, spec.beside[0].repo, pictures.made("small"))
    repainter = fetched(REPAINTS, name)
    assert_nothing_else_came(stand_in)
    assert repainter.takes_prompt and repainter.side == spec_defaults(spec).width
    order = replace(ORDER, image=pictures.picture(), mask=pictures.mask())
    assert done(repainter.repaint(order, Job())) != done(repainter.repaint(replace(order, seed=8), Job()))


def spec_defaults(spec: EngineSpec) -> Any:
    return next(module for module in engines.modules(spec.task) if module.SPEC is spec).DEFAULTS  # type: ignore[attr-defined]


def test_qwen_image_comes_with_its_control_net(stand_in: StandInHub) -> None:
    spec = engines.find(REPAINTS, "qwen-image-controlnet-inpaint")
    made = pictures.made("qwen")
    serve(stand_in, spec.repo, made / "base")
    serve(stand_in, spec.beside[0].repo, made / "control")
    repainter = fetched(REPAINTS, spec.name)
    order = replace(ORDER, image=pictures.picture(), mask=pictures.mask(), guidance_scale=4.0)
    told = list(repainter.repaint(order, Job()))
    assert [one.number for one in told] == [1, 2, 2]
    first = done(told)
    assert first.size == (64, 64) and done(repainter.repaint(order, Job())) == first
    changes: list[dict[str, Any]] = [
        {"seed": 8},
        {"prompt": "a blue ring"},
        {"guidance_scale": 1.0},
        {"negative_prompt": "blue"},
        {"steps": 3},
        {"mask": pictures.mask().point(lambda value: 255 - value)},
    ]
    for changed in changes:
        assert done(repainter.repaint(replace(order, **changed), Job())) != first, changed
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        list(repainter.repaint(order, job))


def test_lama_fills_from_around(stand_in: StandInHub) -> None:
    spec = engines.find(REPAINTS, "lama")
    serve(stand_in, spec.repo, pictures.made("lama"))
    stand_in.commit = str(spec.revision)
    repainter = fetched(REPAINTS, "lama")
    grey = Image.new("RGB", (128, 96), (200, 100, 50))
    grey.paste((0, 0, 0), (32, 24, 96, 72))
    order = replace(ORDER, width=128, height=96, image=grey, mask=pictures.mask((128, 96)))
    filled = done(repainter.repaint(order, Job()))
    assert filled.size == (128, 96) and not repainter.takes_prompt
    assert np.abs(np.asarray(filled, int)[48, 64] - (200, 100, 50)).max() <= 6


def test_what_is_too_big_is_refused_before_the_download(stand_in: StandInHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_MEMORY_GB", "3")
    for task, name in ((PAINTS, "sdxl-refined"), (REPAINTS, "qwen-image-controlnet-inpaint")):
        assert engines.status(engines.find(task, name)) == "too_big"
        with pytest.raises(NotEnoughMemory, match="MB of memory"), engines.use(task, name, Job()):
            raise AssertionError("it does not fit")
    assert not stand_in.asked


def test_calls_at_once_give_what_calls_one_by_one_give(stand_in: StandInHub) -> None:
    spec = engines.find(PAINTS, "bk-sdm-tiny")
    serve(stand_in, spec.repo, pictures.made("sd"))
    made: dict[int, bytes] = {}

    def paint(seed: int) -> None:
        scheduler = spec_defaults(spec).schedulers[seed % 3]
        order = replace(ORDER, seed=seed, steps=4, scheduler=scheduler)
        with engines.use(spec.task, spec.name, Job()) as (_, canvas):
            made[seed] = done(canvas.paint(order, Job())).tobytes()

    threads = [threading.Thread(target=paint, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    together = dict(made)
    for seed in range(6):
        paint(seed)
    assert together == made and len(set(made.values())) == 6


def test_both_tasks_open_the_built_in_painter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painter, "FOLDER", pictures.made("painter"))
    order = Order("빨간 별", "", 2, 4.0, 128, 128, 1)
    with engines.use(PAINTS, "embedded", Job()) as (spec, paints):
        assert done(paints.paint(order, Job())).size == (128, 128)
        assert spec_defaults(spec) == paints.defaults
    with engines.use(REPAINTS, "painter", Job()) as (spec, repaints):
        inside = replace(order, image=pictures.picture((128, 128)), mask=pictures.mask((128, 128)))
        assert done(repaints.repaint(inside, Job())) != done(repaints.repaint(replace(inside, prompt="파란 원"), Job()))
        assert repaints.side == 128 and spec_defaults(spec) == repaints.defaults


# --- other servers -------------------------------------------------------------------------------------------------

SERVER = """
import base64, io, json, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from PIL import Image

class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        seen = {"path": self.path, "key": self.headers.get("Authorization", ""), "type": self.headers["Content-Type"],
                "body": base64.b64encode(body).decode()}
        with open(sys.argv[2], "a") as log: log.write(json.dumps(seen) + "\\n")
        wanted = b"" if b"WANTED:" not in body else body.split(b"WANTED:")[1].split(b";")[0]
        if wanted == b"wait": time.sleep(30)
        picture = io.BytesIO()
        Image.new("RGB", (64, 64), (10, 200, 30)).save(picture, "PNG")
        data = picture.getvalue()
        if not self.path.startswith("/models"):
            data = json.dumps({"created": 1, "data": [{"b64_json": base64.b64encode(data).decode()}]}).encode()
        if wanted == b"nothing": data = b"<html>sign in</html>"
        self.send_response(int(wanted) if wanted.isdigit() else 200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        try: self.wfile.write(data)
        except OSError: self.close_connection = True

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture(scope="module")
def picture_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server as a process of its own: its address, and the file in which it writes down what it was asked."""
    log, port = tmp_path_factory.mktemp("server") / "log", free_port()
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(port), str(log)])
    try:
        assert wait_until(lambda: _listens(port), 60)
        yield f"http://127.0.0.1:{port}", log
    finally:
        process.terminate()
        process.wait(20)


def _listens(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def remote(picture_server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    url, log = picture_server
    for task in ("TEXT_TO_IMAGE", "INPAINTING"):
        monkeypatch.setenv(f"MODU_{task}_URL", f"{url}/v1/")
        monkeypatch.setenv(f"MODU_{task}_MODEL", "painter-1")
        monkeypatch.setenv(f"MODU_{task}_KEY", KEY)
    log.write_text("")
    return log


def asked(log: Path) -> dict[str, Any]:
    """The last question, its body as bytes."""
    seen: dict[str, Any] = json.loads(log.read_text().splitlines()[-1])
    return {**seen, "body": base64.b64decode(seen["body"])}


def remote_picture(order: Order, task: str = PAINTS, name: str = "remote", job: Job | None = None) -> Image.Image:
    with engines.use(task, name, job or Job()) as (_, engine):
        return done((engine.repaint if task == REPAINTS else engine.paint)(order, job or Job()))


def test_a_remote_picture(remote: Path) -> None:
    made = remote_picture(replace(ORDER, width=96))
    assert made.size == (96, 64) and made.getpixel((5, 5)) == (10, 200, 30)
    question = asked(remote)
    assert question["path"] == "/v1/images/generations" and question["key"] == f"Bearer {KEY}"
    wanted = {"prompt": "a red star", "size": "96x64", "model": "painter-1", "n": 1, "response_format": "b64_json"}
    assert json.loads(question["body"]) == wanted


def test_some_models_refuse_to_hear_of_a_form_of_answer(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_TEXT_TO_IMAGE_MODEL", "gpt-image-1")
    remote_picture(ORDER)
    assert "response_format" not in json.loads(asked(remote)["body"])


def test_a_remote_edit_sends_the_mask_as_holes(remote: Path) -> None:
    import email

    image = pictures.picture()
    assert remote_picture(replace(ORDER, image=image, mask=pictures.mask()), REPAINTS).size == (64, 64)
    question = asked(remote)
    assert question["path"] == "/v1/images/edits"
    message = email.message_from_bytes(b"Content-Type: " + question["type"].encode() + b"\r\n\r\n" + question["body"])
    parts = {part.get_param("name", header="content-disposition"): part for part in message.get_payload()}  # type: ignore[union-attr]
    assert parts["prompt"].get_payload() == "a red star" and parts["size"].get_payload() == "64x64"
    sent = {name: Image.open(io.BytesIO(parts[name].get_payload(decode=True))) for name in ("image", "mask")}
    assert np.array_equal(np.asarray(sent["image"]), np.asarray(image))
    alpha = np.asarray(sent["mask"].getchannel("A"))
    assert np.array_equal(alpha == 0, np.asarray(pictures.mask()) == 255)


def test_hugging_face_takes_every_choice(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hf_inference, "URL", f"{remote_url()}/models")
    monkeypatch.setenv("HF_TOKEN", KEY)
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("MODU_TEXT_TO_IMAGE_HF_MODEL", "org/model")
    remote_picture(replace(ORDER, negative_prompt="blue"), name="hf-inference")
    question = asked(remote)
    assert question["path"] == "/models/org/model" and question["key"] == f"Bearer {KEY}"
    parameters = json.loads(question["body"])["parameters"]
    sizes = {"width": 64, "height": 64, "seed": 7}
    assert parameters == {"negative_prompt": "blue", "num_inference_steps": 2, "guidance_scale": 5.0, **sizes}


def remote_url() -> str:
    import os

    return os.environ["MODU_TEXT_TO_IMAGE_URL"].removesuffix("/v1/")


def test_hugging_face_is_not_asked_for_strangers(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hf_inference, "URL", f"{remote_url()}/models")
    monkeypatch.setenv("HF_TOKEN", KEY)
    with pytest.raises(EngineUnavailable, match="offline"):
        remote_picture(ORDER, name="hf-inference")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")
    with pytest.raises(EngineUnavailable, match="MODU_ALLOW"):
        remote_picture(ORDER, name="hf-inference")
    assert not remote.read_text()
    monkeypatch.setenv("MODU_ALLOW", "hf-inference")
    remote_picture(ORDER, name="hf-inference")


@pytest.mark.parametrize(
    ("wanted", "kind", "words"),
    [
        ("401", EngineUnavailable, "MODU_TEXT_TO_IMAGE_KEY"),
        ("404", EngineUnavailable, "MODU_TEXT_TO_IMAGE_MODEL"),
        ("429", EngineUnavailable, "too many"),
        ("400", EngineFailed, "400"),
        ("500", EngineFailed, "500"),
        ("nothing", EngineFailed, "no picture"),
    ],
)
def test_what_goes_wrong_there_is_told(
    remote: Path, wanted: str, kind: type[Exception], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(kind, match=words) as caught:
        remote_picture(replace(ORDER, prompt=f"WANTED:{wanted};"))
    assert KEY not in str(caught.value) + caplog.text


def test_a_cancel_leaves_a_slow_server_at_once(remote: Path) -> None:
    job, stamps = Job(), [0.0]

    def cancel() -> None:
        assert wait_until(lambda: "generations" in remote.read_text(), 30)
        stamps[0] = time.monotonic()
        job.cancel()

    threading.Thread(target=cancel).start()
    with pytest.raises(Cancelled):
        remote_picture(replace(ORDER, prompt="WANTED:wait;"), job=job)
    assert time.monotonic() - stamps[0] < 5


def test_a_server_that_is_not_there(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_TEXT_TO_IMAGE_URL", f"http://127.0.0.1:{free_port()}/v1")
    with pytest.raises(EngineUnavailable, match="cannot be reached"):
        remote_picture(ORDER)
