"""Another server's edits: any service with OpenAI's `/images/edits` route. The owner names it; visitors cannot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipelines import remote
from pipelines.diffusion.contract import Order, Step
from pipelines.diffusion.served import SERVED, ImageServer, image_server
from pipelines.inpainting.contract import TASK
from pipelines.job import Job
from pipelines.words import Text

TAKES_PROMPT = True
DEFAULTS = SERVED

SPEC = remote.server_spec(
    TASK,
    Text(
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
    return RemoteRepainter(image_server(TASK))
