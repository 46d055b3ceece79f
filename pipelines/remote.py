"""Other servers that speak OpenAI's language: what every engine that asks one has in common. Knows no task.

Nothing that a server answers is shown or logged, since it may quote what was sent; neither is the key or the address.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pipelines.engines import EngineSpec
from pipelines.errors import EngineFailed, EngineUnavailable, PipelineError
from pipelines.words import Text

log = logging.getLogger(__name__)

CONNECT_S = 5.0


@dataclass(frozen=True)
class Caller:
    """Who asks: the sentences name the settings that its owner can change."""

    url_setting: str
    model_setting: str
    key_setting: str


def server_spec(task: str, note: Text, rank: int = 0, languages: tuple[str, ...] = ()) -> EngineSpec:
    """The engine of a task that asks the server which its owner named. `note` tells what is sent."""
    return EngineSpec(
        task=task,
        name="remote",
        label=Text(en="Another server (OpenAI-style)", ko="다른 서버 (OpenAI 방식)"),
        kind="remote",
        rank=rank,
        licence="as the server says",
        size_mb=0,
        memory_mb=0,
        languages=languages,
        requires=("httpx",),
        shared=True,
        note=note,
    )


def caller(task: str) -> Caller:
    """Who asks for a task: `MODU_<TASK>_URL`, `_MODEL` and `_KEY`."""
    return Caller(*(f"MODU_{task.upper()}_{what}" for what in ("URL", "MODEL", "KEY")))


def headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


@contextmanager
def asking(wait_s: float) -> Iterator[None]:
    """What goes wrong on the way to the server and back, as a sentence."""
    import httpx

    try:
        yield
    except httpx.ConnectTimeout:
        raise EngineUnavailable(_UNREACHABLE) from None
    except httpx.TimeoutException:
        raise EngineUnavailable(_SILENT.format(seconds=f"{wait_s:g}")) from None
    except (httpx.ReadError, httpx.RemoteProtocolError):
        raise EngineFailed(CUT) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        log.warning("the other server cannot be reached: %s", type(error).__name__)
        raise EngineUnavailable(_UNREACHABLE) from None


def refusal(status: int, caller: Caller) -> PipelineError:
    """The error behind an answer that is no success."""
    log.warning("the other server answered %s", status)
    if status in (401, 403):
        return EngineUnavailable(_KEY.format(setting=caller.key_setting))
    if status == 404:
        return EngineUnavailable(_UNKNOWN.format(model=caller.model_setting, url=caller.url_setting))
    if status == 429:
        return EngineUnavailable(_TOO_MANY)
    if status in (400, 413, 422):
        return EngineFailed(_REFUSED.format(status=status))
    if 300 <= status < 400:
        return EngineUnavailable(NO_API.format(url=caller.url_setting))
    return EngineFailed(_ITS_FAULT.format(status=status))


_UNREACHABLE = Text(
    en="The other server cannot be reached. Try again later or choose another engine.",
    ko="다른 서버에 연결할 수 없습니다. 나중에 다시 시도하거나 다른 엔진을 고르세요.",
)
_SILENT = Text(
    en="The other server did not answer within {seconds} seconds. Try again later or choose another engine.",
    ko="다른 서버가 {seconds}초 안에 응답하지 않았습니다. 나중에 다시 시도하거나 다른 엔진을 고르세요.",
)
CUT = Text(
    en="The other server broke off in the middle of its answer. Try again.",
    ko="다른 서버의 응답이 도중에 끊겼습니다. 다시 시도해 주세요.",
)
_KEY = Text(
    en="The other server refused the key. The owner of this app has to check {setting}.",
    ko="다른 서버가 키를 거부했습니다. 앱 소유자가 {setting}을(를) 확인해야 합니다.",
)
_UNKNOWN = Text(
    en="The other server does not know this model or address. The owner of this app has to check {model} and {url}.",
    ko="다른 서버에 이 모델이나 주소가 없습니다. 앱 소유자가 {model}과(와) {url}을(를) 확인해야 합니다.",
)
_TOO_MANY = Text(
    en="The other server has too many requests or no more credit. Wait a little, or choose another engine.",
    ko="다른 서버에 요청이 너무 많거나 사용량을 다 썼습니다. 잠시 기다리거나 다른 엔진을 골라 주세요.",
)
_REFUSED = Text(
    en="The other server refused the request (answer {status}); it may be too long for its model. Shorten it, or "
    "choose another engine.",
    ko="다른 서버가 요청을 거절했습니다(응답 {status}). 모델에 너무 긴 내용일 수 있으니 줄이거나 "
    "다른 엔진을 골라 주세요.",
)
_ITS_FAULT = Text(
    en="The other server had an error of its own (answer {status}). Try again later or choose another engine.",
    ko="다른 서버에서 오류가 났습니다(응답 {status}). 나중에 다시 시도하거나 다른 엔진을 골라 주세요.",
)
NO_API = Text(
    en="What answers at this address is no such server, perhaps a sign-in page. "
    "The owner of this app has to check {url}.",
    ko="이 주소에서 응답한 것은 해당 서버가 아닙니다. 로그인 페이지일 수 있습니다. "
    "앱 소유자가 {url}을(를) 확인해야 합니다.",
)
