"""What Gradio answers before our handlers see a call, said in sentences: the wrong values, a file that is gone, a bug.

Gradio itself says "null" to the caller, or "Internal Server Error" where values are given by name.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
from collections.abc import Sequence
from typing import Any

import gradio as gr
from gradio.exceptions import ComponentProcessingError, InvalidPathError
from starlette.types import ASGIApp, Receive, Scope, Send

from pipelines import settings
from pipelines.errors import InvalidInput, PipelineError
from pipelines.words import Text
from tabs._calls import bug
from tabs._files import GONE, NOT_UPLOADED
from tabs._http import read_body, refuse, replay
from tabs._words import visitor_language

log = logging.getLogger(__name__)

_BY_NAME, _BY_PLACE = "/gradio_api/call/v2/", "/gradio_api/call/"
_NO_OBJECT = Text(
    en="The request must be a JSON object with the values by name, such as {{{example}}}.",
    ko="요청은 이름별 값을 담은 JSON 객체여야 합니다. 예: {{{example}}}.",
)
_CODED = re.compile(r"\[[a-z_]+\]$")  # our own sentences end so
_BEYOND = re.compile(r"Value (\S+) is (?:less than minimum|greater than maximum) value (\S+)\.")
_TOO_LOW = Text(
    en="{value} is too low: at least {limit} works here.", ko="{value}은(는) 너무 작습니다. {limit} 이상으로 정하세요."
)
_TOO_HIGH = Text(
    en="{value} is too high: at most {limit} works here.", ko="{value}은(는) 너무 큽니다. {limit} 이하로 정하세요."
)
_WRONG_KIND = Text(
    en="A file of this kind is not taken here. Choose another one.",
    ko="여기서는 받지 않는 종류의 파일입니다. 다른 파일을 골라 주세요.",
)
_UNREADABLE = Text(
    en="One of the values on the page cannot be read. Give it again, or load the page anew.",
    ko="페이지의 값 가운데 읽을 수 없는 것이 있습니다. 다시 넣거나 페이지를 새로 고쳐 주세요.",
)
_NO_CHOICE = Text(
    en="One of the choices is not known here any more. Choose again, or load the page anew.",
    ko="고른 값 가운데 여기 없는 것이 있습니다. 다시 고르거나 페이지를 새로 고쳐 주세요.",
)


class Page(gr.Blocks):
    """The page, whose every event fails with a sentence in the visitor's language."""

    def __exit__(self, *raised: Any) -> None:
        """Ready to be served. An event without a progress display needs but one place for it.

        The browser looks up all such places of all events so far, each from the root of the page, at every event.
        """
        for fn in self.fns.values():
            if fn.show_progress == "hidden" and fn.show_progress_on is None:
                fn.show_progress_on = fn.outputs[:1]
        super().__exit__(*raised)

    def get_config_file(self) -> Any:
        """As Gradio's; the page need not wait for the values of endpoints, which it does not lay out."""
        config = super().get_config_file()
        for one in config["components"]:
            if one["type"] == "api":
                one["props"]["visible"] = False
        return config

    async def process_api(self, block_fn: Any, inputs: list[Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
        """As Gradio's; what goes wrong before or after the handler is told as the handler's own errors are."""
        language = visitor_language(kwargs.get("request"))
        try:
            self._counted(block_fn, inputs)
            return dict(await super().process_api(block_fn, inputs, *args, **kwargs))
        except gr.Error as error:
            if _CODED.search(error.message):
                raise
            raise gr.Error(_of_gradio(error.message).to(language), print_exception=False) from None
        except PipelineError as error:
            raise gr.Error(error.to(language), print_exception=False) from None
        except InvalidPathError:
            raise gr.Error(InvalidInput(NOT_UPLOADED).to(language), print_exception=False) from None
        except (FileNotFoundError, ComponentProcessingError) as error:
            gone = isinstance(error.__cause__ or error, FileNotFoundError)
            raise gr.Error(InvalidInput(GONE if gone else _UNREADABLE).to(language), print_exception=False) from None
        except Exception:
            number = secrets.token_hex(4)
            log.exception("bug %s around an event", number)
            raise gr.Error(bug(number).to(language), print_exception=False) from None

    def _counted(self, block_fn: Any, inputs: Sequence[Any]) -> None:
        """Refuse a call with too few values, or too many; the page's own events pass what Gradio lets pass."""
        fn = self.fns[block_fn] if isinstance(block_fn, int) else block_fn
        wanted = len(fn.inputs)
        if len(inputs) == wanted or fn.api_visibility != "public":
            return
        names = ", ".join(one["parameter_name"] for one in parameters(self, fn.api_name))
        raise InvalidInput(
            Text(
                en=f"{len(inputs)} values came, {wanted} are needed: {names}.",
                ko=f"값이 {len(inputs)}개 왔는데 {wanted}개가 필요합니다: {names}.",
            )
        )


class NamedValues:
    """Check the names in a call before Gradio does: the endpoint's own, and those of the values by name."""

    def __init__(self, app: ASGIApp, page: Any) -> None:
        self.app = app
        self.page = page  # gives the page, which is not known yet when the server is made

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        by_name, name = _called(scope)
        if not name:
            await self.app(scope, receive, send)
            return
        page = self.page()
        if not any(fn.api_name == name for fn in page.fns.values()):
            await refuse(scope, send, 404, InvalidInput(_no_endpoint(name, page)))
            return
        if by_name:
            messages = await read_body(receive, settings.current().limits.body_bytes) or []
            wrong = _wrong_values(messages, parameters(page, name))
            if wrong is not None:
                await refuse(scope, send, 400, InvalidInput(wrong))
                return
            receive = replay(messages, receive)
        await self.app(scope, receive, send)


def _of_gradio(message: str) -> InvalidInput:
    """What a component of Gradio refuses, in our words: it speaks English only, and without a code."""
    beyond = _BEYOND.search(message)
    if beyond is not None:
        said = _TOO_LOW if "less than" in message else _TOO_HIGH
        return InvalidInput(said.format(value=beyond[1], limit=beyond[2]))
    return InvalidInput(_WRONG_KIND if message.startswith("Invalid file type") else _NO_CHOICE)


def parameters(page: gr.Blocks, api_name: str) -> list[dict[str, Any]]:
    """The parameters of an endpoint as the API page lists them; none where it is not public."""
    known = page.get_api_info()["named_endpoints"].get(f"/{api_name}")
    return [] if known is None else [dict(one) for one in known["parameters"]]


def _called(scope: Scope) -> tuple[bool, str]:
    """Whether values come by name, and the endpoint's name; no name where this is no call."""
    path = str(scope.get("path", "")).rstrip("/")
    if scope["type"] != "http" or scope["method"] != "POST":
        return False, ""
    for by_name, start in ((True, _BY_NAME), (False, _BY_PLACE)):
        _, found, name = path.partition(start)
        if found and "/" not in name:
            return by_name, name
    return False, ""


def _wrong_values(messages: list[Any], known: list[dict[str, Any]]) -> Text | None:
    """What is wrong with the body's names; None where all is well."""
    names = [one["parameter_name"] for one in known]
    try:
        given = json.loads(b"".join(message.get("body", b"") for message in messages))
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        example = f'"{names[0]}": ...' if names else ""
        return _NO_OBJECT.format(example=example)
    listed = ", ".join(names)
    unknown = [name for name in given if name not in names]
    if unknown:
        return Text(
            en=f"There is no parameter {unknown[0][:60]!r} here. The parameters are: {listed}.",
            ko=f"{unknown[0][:60]!r}(이)라는 매개변수는 없습니다. 쓸 수 있는 매개변수: {listed}.",
        )
    missing = [one["parameter_name"] for one in known if not one.get("parameter_has_default")]
    missing = [name for name in missing if name not in given]
    if missing:
        return Text(
            en=f"{', '.join(missing)} is missing. The parameters are: {listed}.",
            ko=f"{', '.join(missing)} 값이 없습니다. 매개변수: {listed}.",
        )
    return None


def _no_endpoint(name: str, page: gr.Blocks) -> Text:
    listed = ", ".join(one for one in page.get_api_info()["named_endpoints"])
    return Text(
        en=f"There is no endpoint {name[:60]!r} here. The endpoints are: {listed}.",
        ko=f"{name[:60]!r}(이)라는 엔드포인트는 없습니다. 쓸 수 있는 엔드포인트: {listed}.",
    )
