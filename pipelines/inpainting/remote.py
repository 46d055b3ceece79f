"""Another server's edits: any service with OpenAI's `/images/edits` route. The owner names it; visitors cannot.

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
from pipelines.inpainting.contract import TASK
from pipelines.job import Job
from pipelines.remote import Caller
from pipelines.words import Text

CALLER = Caller("MODU_INPAINTING_URL", "MODU_INPAINTING_MODEL", "MODU_INPAINTING_KEY")
TAKES_PROMPT = True
DEFAULTS = Defaults(
    steps=1,
    guidance_scale=0.0,
    width=1024,
    height=1024,
    largest=1792,
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
        en="The picture, the mask and the prompt are sent to the server that the owner of this app named.",
        ko="그림과 마스크, 프롬프트가 이 앱의 소유자가 지정한 서버로 전송됩니다.",
    ),
)


class RemoteRepainter:
    """One server. Windows are sent as squares, which every such server takes."""

    defaults = DEFAULTS
    side = 1024
    takes_prompt = TAKES_PROMPT

    def __init__(self, server: ImageServer) -> None:
        self._server = server

    def repaint(self, order: Order, job: Job) -> Iterator[Step]:
        return self._server.edit(order, job)


def load(folder: Path | None) -> RemoteRepainter:
    chosen = settings.current()
    wait_s = chosen.waits.get(TASK, ANSWER_S)
    return RemoteRepainter(
        ImageServer(chosen.urls[TASK], chosen.models.get(TASK, ""), lambda: settings.secret(TASK), CALLER, wait_s)
    )
