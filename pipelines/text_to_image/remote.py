"""Another server's pictures: any service with OpenAI's `/images/generations` route. Its owner names it, no visitor.

The route is documented at https://platform.openai.com/docs/api-reference/images: it takes neither steps, guidance, a
negative prompt nor a seed, so none of them is offered.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipelines import settings
from pipelines.diffusion.contract import Defaults, Order, Step
from pipelines.diffusion.served import ANSWER_S, ImageServer
from pipelines.engines import EngineSpec
from pipelines.job import Job
from pipelines.remote import Caller
from pipelines.text_to_image.contract import TASK
from pipelines.words import Text

CALLER = Caller("MODU_TEXT_TO_IMAGE_URL", "MODU_TEXT_TO_IMAGE_MODEL", "MODU_TEXT_TO_IMAGE_KEY")
DEFAULTS = Defaults(
    steps=1,
    guidance_scale=0.0,
    width=1024,
    height=1024,
    largest=1792,
    takes_image=False,
    takes_lora=False,
    takes_negative=False,
    takes_guidance=False,
    takes_seed=False,
    takes_strength=False,
    most_steps=1,
)

SPEC = EngineSpec(
    task=TASK,
    name="remote",
    label=Text(en="Another server (OpenAI-style)", ko="다른 서버 (OpenAI 방식)"),
    kind="remote",
    rank=0,
    licence="as the server says",
    size_mb=0,
    memory_mb=0,
    requires=("httpx",),
    shared=True,
    note=Text(
        en="The prompt is sent to the server that the owner of this app named.",
        ko="프롬프트가 이 앱의 소유자가 지정한 서버로 전송됩니다.",
    ),
)


class RemotePainter:
    """One server."""

    defaults = DEFAULTS

    def __init__(self, server: ImageServer) -> None:
        self._server = server

    def paint(self, order: Order, job: Job) -> Iterator[Step]:
        return self._server.generate(order, job)

    def unknown_words(self, prompt: str) -> tuple[str, ...]:
        return ()


def load(folder: Path | None) -> RemotePainter:
    chosen = settings.current()
    wait_s = chosen.waits.get(TASK, ANSWER_S)
    return RemotePainter(
        ImageServer(chosen.urls[TASK], chosen.models.get(TASK, ""), lambda: settings.secret(TASK), CALLER, wait_s)
    )
