"""Other servers that paint: OpenAI's `/images/generations` and `/images/edits`, and Hugging Face's way to ask a model.

Nothing is known there of single steps: one order gives one step, and it carries the picture. OpenAI's routes are
documented at https://platform.openai.com/docs/api-reference/images: they take neither steps, guidance, a negative
prompt nor a seed, so none of them is offered.
"""

from __future__ import annotations

import base64
import binascii
import io
import logging
from collections.abc import Callable, Iterator
from typing import Any

from PIL import Image

from pipelines import remote, settings
from pipelines.bridge import aside
from pipelines.diffusion.contract import Order, Step, without_choices
from pipelines.errors import EngineFailed
from pipelines.job import Job
from pipelines.remote import Caller
from pipelines.words import Text

log = logging.getLogger(__name__)

ANSWER_S = 180.0
LARGEST_ANSWER = 64 * 1024 * 1024  # bytes of one picture, as it is sent

SERVED = without_choices(1024, largest=1792)


def image_server(task: str) -> ImageServer:
    """The server that the owner named for this task."""
    chosen = settings.current()
    wait_s = chosen.waits.get(task, ANSWER_S)
    caller = remote.caller(task)
    return ImageServer(chosen.urls[task], chosen.models.get(task, ""), lambda: settings.secret(task), caller, wait_s)


class ImageServer:
    """One OpenAI-style server. `key` is asked for at each request and kept nowhere."""

    def __init__(self, url: str, model: str, key: Callable[[], str], caller: Caller, wait_s: float = ANSWER_S) -> None:
        self._url = url.rstrip("/")
        self._model = model
        self._key = key
        self._caller = caller
        self._wait_s = wait_s

    def generate(self, order: Order, job: Job) -> Iterator[Step]:
        """A picture from words alone."""
        question = {**self._choices(order), "n": 1}
        return in_one_step(lambda: self._picture("images/generations", json=question), order, job)

    def edit(self, order: Order, job: Job) -> Iterator[Step]:
        """A picture changed inside a mask, which these servers want to see as holes in its transparency."""
        assert order.image is not None and order.mask is not None
        image = order.image.convert("RGB")
        holes = image.convert("RGBA")
        holes.putalpha(order.mask.convert("L").point(lambda value: 0 if value else 255))
        files = {
            "image": ("image.png", _png(image), "image/png"),
            "mask": ("mask.png", _png(holes), "image/png"),
        }
        fields = {name: str(value) for name, value in {**self._choices(order), "n": 1}.items()}
        return in_one_step(lambda: self._picture("images/edits", data=fields, files=files), order, job)

    def _choices(self, order: Order) -> dict[str, Any]:
        """What is asked for. Only some models take a form of answer; the others refuse the word."""
        asked: dict[str, Any] = {"prompt": order.prompt, "size": f"{order.width}x{order.height}"}
        if self._model:
            asked["model"] = self._model
        if not self._model.startswith("gpt-image"):
            asked["response_format"] = "b64_json"
        return asked

    def _picture(self, route: str, **body: Any) -> bytes:
        answer = ask(f"{self._url}/{route}", self._key(), self._caller, self._wait_s, **body)
        try:
            return base64.b64decode(answer.json()["data"][0]["b64_json"], validate=True)
        except (ValueError, KeyError, IndexError, TypeError, binascii.Error):
            log.warning("the picture server sent no picture")
            raise EngineFailed(NO_PICTURE) from None


class HuggingFaceModel:
    """One model that Hugging Face runs: it takes every choice of ours, and answers with the picture itself."""

    def __init__(self, url: str, key: Callable[[], str], caller: Caller) -> None:
        self._url = url
        self._key = key
        self._caller = caller

    def generate(self, order: Order, job: Job) -> Iterator[Step]:
        parameters = {
            "negative_prompt": order.negative_prompt or None,
            "num_inference_steps": order.steps,
            "guidance_scale": order.guidance_scale,
            "width": order.width,
            "height": order.height,
            "seed": order.seed,
        }
        said = {name: value for name, value in parameters.items() if value is not None}
        question = {"inputs": order.prompt, "parameters": said}
        return in_one_step(lambda: self._asked(question), order, job)

    def _asked(self, question: dict[str, Any]) -> bytes:
        return bytes(ask(self._url, self._key(), self._caller, ANSWER_S, json=question).content)


def ask(url: str, key: str, caller: Caller, wait_s: float, **body: Any) -> Any:
    """The answer, if it is a success."""
    import httpx

    with remote.asking(wait_s):
        answer = httpx.post(
            url, headers=remote.headers(key), timeout=httpx.Timeout(wait_s, connect=remote.CONNECT_S), **body
        )
    if answer.status_code != 200:
        raise remote.refusal(answer.status_code, caller)
    if len(answer.content) > LARGEST_ANSWER:
        raise EngineFailed(NO_PICTURE)
    return answer


def in_one_step(fetched: Callable[[], bytes], order: Order, job: Job) -> Iterator[Step]:
    """Ask in a thread of its own: a cancel leaves it alone with the answer, which nobody looks at."""
    yield Step(1, 1, image=_opened(aside(fetched, job), (order.width, order.height)))


def _opened(data: bytes, size: tuple[int, int]) -> Image.Image:
    """The picture in an answer, at the size that was asked for."""
    try:
        with Image.open(io.BytesIO(data)) as found:
            if found.width * found.height > 4096 * 4096:
                raise ValueError("too large")
            image = found.convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError):
        raise EngineFailed(NO_PICTURE) from None
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)


def _png(image: Image.Image) -> bytes:
    kept = io.BytesIO()
    image.save(kept, "PNG")
    return kept.getvalue()


NO_PICTURE = Text(
    en="The picture server sent something that is no picture. Try again or choose another engine.",
    ko="그림 서버가 그림이 아닌 것을 보냈습니다. 다시 시도하거나 다른 엔진을 골라 주세요.",
)
