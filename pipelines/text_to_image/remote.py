"""Another server's pictures: any service with OpenAI's `/images/generations` route. Its owner names it, no visitor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pipelines import remote
from pipelines.diffusion.contract import Order, Step
from pipelines.diffusion.served import SERVED, ImageServer, image_server
from pipelines.job import Job
from pipelines.text_to_image.contract import TASK
from pipelines.words import Text

DEFAULTS = replace(SERVED, takes_image=False)

SPEC = remote.server_spec(
    TASK,
    Text(
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
    return RemotePainter(image_server(TASK))
