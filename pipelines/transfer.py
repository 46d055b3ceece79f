"""Files from a web server to a folder: resumed, timed, checked, cancellable. Knows no Hub and no engine.

A file is written as `<name>.incomplete` and gets its name only when size and checksum are right, so that whatever
ends the process in between (a cancel, a power cut, `kill -9`) leaves nothing that could be taken for whole.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.bridge import Flow
from pipelines.job import Job
from pipelines.words import Text

log = logging.getLogger(__name__)

CONNECT_S = 5.0
SILENCE_S = 6.0  # how long the server may pause before the connection counts as broken
PATIENCE_S = 11.0  # broken connections are taken up again until nothing came for this long
PIECE_BYTES = 1 << 18
PIECES_AHEAD = 16  # of a connection that is faster than the disk
SPARE_BYTES = 200_000_000  # left free on the disk
WINDOW_S = 5.0  # speed is measured over the last seconds

_FETCHING = Text(
    en="Downloading {label}: {done:.0f} of {total:.0f} MB", ko="{label} 내려받는 중: {done:.0f} / {total:.0f} MB"
)
_PACE = Text(en="{speed:.1f} MB/s, {left} left", ko="초당 {speed:.1f} MB, {left} 남음")
_CHECKING = Text(en="Checking what arrived...", ko="받은 파일을 확인하는 중...")
_DAMAGED = Text(
    en="arrived damaged twice: its checksum is wrong. Try again later.",
    ko="두 번 모두 손상된 채로 도착했습니다(체크섬이 다릅니다). 잠시 뒤에 다시 시도하세요.",
)
_PORTAL = Text(
    en="could not be downloaded: a web page came instead of the file. Sign in to the network first.",
    ko="파일 대신 웹 페이지가 와서 내려받지 못했습니다. 먼저 네트워크(와이파이 등)에 로그인하세요.",
)
_SILENT = Text(
    en="could not be downloaded: the server stopped sending. Try again later.",
    ko="서버에서 더 이상 보내지 않아 내려받지 못했습니다. 잠시 뒤에 다시 시도하세요.",
)
_CUT = Text(
    en="could not be downloaded: the connection keeps breaking. Try again; what arrived is kept.",
    ko="연결이 자꾸 끊겨 내려받지 못했습니다. 받은 만큼은 남아 있으니 다시 시도하세요.",
)
_GONE = Text(
    en="could not be downloaded: the server cannot be reached. Check the network.",
    ko="서버에 연결할 수 없어 내려받지 못했습니다. 네트워크를 확인하세요.",
)
_FULL = Text(en="could not be stored: the disk is full.", ko="디스크가 가득 차서 저장하지 못했습니다.")
_READ_ONLY = Text(
    en="could not be stored: the folder for downloads cannot be written to.",
    ko="내려받을 폴더에 쓸 수 없어 저장하지 못했습니다.",
)
_GATED = Text(
    en="asks you to accept its terms on huggingface.co and to set HF_TOKEN.",
    ko="huggingface.co에서 이용 조건에 동의하고 HF_TOKEN을 설정해야 합니다.",
)
_NEEDS_TOKEN = Text(
    en="was not found, or it is private: check its name, and set HF_TOKEN to a token that may read it.",
    ko="찾을 수 없거나 비공개입니다. 이름을 확인하고, 읽을 수 있는 토큰을 HF_TOKEN에 설정하세요.",
)
_REFUSED = Text(
    en="could not be downloaded: the server refused it (403). A token in HF_TOKEN may lack the right to read it.",
    ko="서버가 거절하여(403) 내려받지 못했습니다. HF_TOKEN의 토큰에 읽기 권한이 없을 수 있습니다.",
)
_NOT_THERE = Text(en="was not found: the server has no such file.", ko="서버에 그런 파일이 없습니다.")


class NotFetched(Exception):
    """Why a transfer ended, as a sentence that continues the engine's name."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.en)
        self.why = why


class _Passing(Exception):
    """Something that may be over in a moment: worth another try after `wait_s`."""

    def __init__(self, why: Text, wait_s: float = 0.0) -> None:
        super().__init__(why.en)
        self.why = why
        self.wait_s = wait_s


@dataclass(frozen=True)
class Remote:
    """One file elsewhere. `check` is "sha256:<hex>", "git:<hex>" (a git blob's name) or "" where none is known."""

    url: str
    size: int | None = None
    check: str = ""


@dataclass
class Meter:
    """Tells a job how many bytes came, how fast, and how long the rest will take."""

    job: Job
    label: Text
    total: float = 0.0  # bytes
    done: float = 0.0
    _seen: list[tuple[float, float]] = field(default_factory=list)  # moments of the last seconds, and bytes then

    def moved(self, count: float) -> None:
        """`count` more bytes are on the disk (less than 0: they were thrown away). Raises `Cancelled`."""
        self.done = max(0.0, self.done + count)
        now = time.monotonic()
        self._seen = [one for one in self._seen if now - one[0] < WINDOW_S] + [(now, self.done)]
        self.job.progress(self.done / self.total if self.total else None, self.text())

    def bytes_per_s(self) -> float | None:
        """Over the last seconds; None until there is something to go by."""
        (first, before), (last, after) = self._seen[0], self._seen[-1]
        return (after - before) / (last - first) if last - first > 0.5 and after > before else None

    def text(self) -> Text:
        said = _FETCHING.format(label=self.label, done=self.done / 1e6, total=max(self.total, self.done) / 1e6)
        speed = self.bytes_per_s()
        if speed is None or not self.total:
            return said
        pace = _PACE.format(speed=speed / 1e6, left=clock(max(0.0, self.total - self.done) / speed))
        return Text(en=f"{said.en}, {pace.en}", ko=f"{said.ko}, {pace.ko}")


def clock(seconds: float) -> str:
    """65 seconds are 1:05, two hours 2:00:00."""
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


class Line:
    """A connection pool with short patience. Proxies and certificates as the environment says.

    A cancel leaves a thread in it that may wait for a server until the patience ends: who goes last closes the pool.
    """

    def __init__(self) -> None:
        import httpx

        self._client = httpx.Client(timeout=httpx.Timeout(SILENCE_S, connect=CONNECT_S), follow_redirects=True)
        self._users = 0
        self._table = threading.Lock()

    @contextmanager
    def held(self) -> Iterator[Any]:
        """The client, for as long as it is held."""
        with self._table:
            self._users += 1
        try:
            yield self._client
        finally:
            with self._table:
                self._users -= 1
                last = not self._users
            if last:
                self._client.close()


@dataclass(frozen=True)
class _Head:
    """The beginning of an answer; its pieces follow."""

    status: int
    headers: Mapping[str, str]


def receive(line: Line, remote: Remote, target: Path, meter: Meter, headers: Mapping[str, str]) -> None:
    """Bring `remote` to `target`, going on from what an earlier try left. Raises `NotFetched` or `Cancelled`."""
    part = part_of(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        meter.moved(_usable(part, remote))
        for _ in range(2):
            _receive_all(line, remote, part, meter, headers)
            if sound(part, remote.size, remote.check, meter.job):
                part.replace(target)
                return
            log.warning("%s arrived damaged", remote.url)
            meter.moved(-part.stat().st_size)
            part.unlink()
    except OSError as error:
        log.warning("writing %s failed: %s", target, error)
        raise NotFetched(storage(error)) from None
    raise NotFetched(_DAMAGED)


def part_of(target: Path) -> Path:
    """Where a file lies until it is whole."""
    return target.with_name(target.name + ".incomplete")


def sound(path: Path, size: int | None, check: str, job: Job) -> bool:
    """Whether the file has this size and checksum (as far as they are known)."""
    if not path.is_file() or (size is not None and path.stat().st_size != size):
        return False
    kind, _, wanted = check.partition(":")
    if not wanted:
        return True
    digest = hashlib.sha256() if kind == "sha256" else hashlib.sha1(b"blob %d\0" % path.stat().st_size)
    with path.open("rb") as opened:
        while piece := opened.read(1 << 22):
            job.progress(None, _CHECKING)
            digest.update(piece)
    return digest.hexdigest() == wanted


def require_space(folder: Path, wanted: float) -> None:
    """Raise `NotFetched` when `wanted` bytes do not fit on the disk of `folder`."""
    free = free_bytes(folder)
    if wanted and wanted + SPARE_BYTES > free:
        raise NotFetched(
            Text(
                en=f"needs {wanted / 1e6:.0f} MB on the disk, and {free / 1e6:.0f} MB are free.",
                ko=f"디스크 공간이 {wanted / 1e6:.0f} MB 필요한데 {free / 1e6:.0f} MB만 남아 있습니다.",
            )
        )


def free_bytes(folder: Path) -> int:
    """Free space on the disk where `folder` is or will be."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def refusal(status: int, headers: Mapping[str, str]) -> Text:
    """What a server's refusal means, for people."""
    if headers.get("x-error-code") == "GatedRepo":
        return _GATED
    if status == 401:
        return _NEEDS_TOKEN
    if status == 403:
        return _REFUSED
    if status == 404:
        return _NOT_THERE
    if status == 429:
        wait = f"{_retry_after(headers):.0f}"
        return Text(
            en=f"could not be downloaded: too many requests (429). Try again in {wait} s, or set HF_TOKEN.",
            ko=f"요청이 너무 많아(429) 내려받지 못했습니다. {wait}초 뒤에 다시 시도하거나 HF_TOKEN을 설정하세요.",
        )
    return Text(
        en=f"could not be downloaded: the server answered {status}. Try again later.",
        ko=f"내려받지 못했습니다. 서버의 응답: {status}. 잠시 뒤에 다시 시도하세요.",
    )


def storage(error: OSError) -> Text:
    """Why nothing can be written, for people."""
    return _FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else _READ_ONLY


def trouble(error: Exception) -> Text:
    """What a failed connection means, for people. By name: the Hub's tools use another generation of httpx."""
    names = {one.__name__ for one in type(error).__mro__}
    if names & {"ReadTimeout", "WriteTimeout"}:
        return _SILENT
    if names & {"ReadError", "RemoteProtocolError"}:
        return _CUT
    if "JSONDecodeError" in names:
        return _PORTAL
    return _GONE


def _usable(part: Path, remote: Remote) -> int:
    """Bytes of `part` that a new try can go on from. A part that is too long is thrown away."""
    if not part.is_file():
        return 0
    length = part.stat().st_size
    if remote.size is not None and length > remote.size:
        part.unlink()
        return 0
    return length


def _receive_all(line: Line, remote: Remote, part: Path, meter: Meter, headers: Mapping[str, str]) -> None:
    """Ask again and again for what `part` does not hold yet, as long as something comes."""
    import httpx

    moved_at, pause = time.monotonic(), 0.25
    while remote.size is None or not part.is_file() or part.stat().st_size < remote.size:
        before = part.stat().st_size if part.is_file() else -1
        try:
            _receive_rest(line, remote, part, meter, headers)
            return
        except _Passing as error:
            why, wait = error.why, error.wait_s
        except httpx.RequestError as error:
            why, wait = trouble(error), 0.0
        log.info("%s: %s", remote.url, why.en)
        now = time.monotonic()
        if part.is_file() and part.stat().st_size > before:
            moved_at, pause = now, 0.25
        wait = max(wait, pause)
        if now + wait - moved_at > PATIENCE_S:
            raise NotFetched(why)
        _sleep(wait, meter.job)
        pause *= 2


def _receive_rest(line: Line, remote: Remote, part: Path, meter: Meter, headers: Mapping[str, str]) -> None:
    """One request for what is missing, appended to `part`. A cancel ends it at once, wherever the connection hangs."""
    meter.job.check()
    done = part.stat().st_size if part.is_file() else 0
    asked = {**headers, "Accept-Encoding": "identity", **({"Range": f"bytes={done}-"} if done else {})}
    flow = Flow[_Head | bytes](lambda give: _ask(line, remote.url, asked, give), meter.job, True, PIECES_AHEAD)
    with closing(iter(flow)) as answer:
        head = next(answer)
        assert isinstance(head, _Head)
        if head.status == 416 and done:  # nothing is left to ask for; the checksum decides
            return
        _require_file(head, remote)
        if head.status != 206 and done:  # the server does not resume: from the beginning
            meter.moved(-done)
            done = 0
        if not remote.size:
            length = int(head.headers.get("content-length") or 0)
            meter.total = max(meter.total, meter.done + length)
            require_space(part.parent, length)
        with part.open("ab" if done else "wb") as out:
            for piece in answer:
                assert isinstance(piece, bytes)
                out.write(piece)
                done += len(piece)
                meter.moved(len(piece))
    if remote.size is not None and done < remote.size:
        raise _Passing(_CUT)


def _ask(line: Line, url: str, headers: Mapping[str, str], give: Callable[[_Head | bytes], bool]) -> None:
    """Give the beginning of an answer and then its pieces, as long as they are wanted. Runs in a thread of its own."""
    with line.held() as client, client.stream("GET", url, headers=headers) as answer:
        wanted = give(_Head(answer.status_code, answer.headers))
        pieces = answer.iter_raw(PIECE_BYTES)
        while wanted and (piece := next(pieces, None)) is not None:
            wanted = give(piece)


def _require_file(answer: _Head, remote: Remote) -> None:
    """Raise unless the answer is the file itself."""
    status = answer.status
    if status in (408, 425, 429) or status >= 500:
        wait = _retry_after(answer.headers) if "retry-after" in answer.headers else 0.0
        raise _Passing(refusal(status, answer.headers), wait)
    if status >= 400:
        raise NotFetched(refusal(status, answer.headers))
    kind = answer.headers.get("content-type", "")
    if kind.startswith("text/html") and not remote.url.endswith((".html", ".htm")):
        raise NotFetched(_PORTAL)


def _retry_after(headers: Mapping[str, str]) -> float:
    said = headers.get("retry-after", "")
    return float(said) if said.isdigit() else 30.0


def _sleep(seconds: float, job: Job) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        job.check()
        time.sleep(min(0.1, left))
