"""A small Hub on loopback: the routes that downloads use, real bytes, and switches for what can go wrong."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlparse

SHA = "0123456789abcdef0123456789abcdef01234567"
PIECE = 64 * 1024


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""


class StandInHub:
    """`files` maps "org/name" to {path: bytes}. `fault` is what goes wrong, `asked` every request seen.

    Faults: "" (none), "404", "401", "gated", "forbidden", "429", "503", "portal" (a web page with status 200),
    "silent" (accepts and never answers), each also with " files" behind it (only the files fail);
    "cut" (half of each file, then the line drops), "wrong bytes" (right length).
    `bytes_per_s` slows the files down; after `cut_after` bytes of files the line drops once;
    `commit` is what `main` means; `tokens` are those that came with requests.
    """

    def __init__(self, files: dict[str, dict[str, bytes]]) -> None:
        self.files = files
        self.fault = ""
        self.bytes_per_s = 0.0
        self.cut_after = 0
        self.commit = SHA
        self.history: dict[str, dict[str, dict[str, bytes]]] = {}
        self.tokens: set[str] = set()
        self.asked: list[str] = []
        self.sent_bytes = 0
        self.closing = threading.Event()
        self.server = _QuietServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def publish(self, repo: str, commit: str, **changed: bytes) -> None:
        """A new commit of `main`: the old files stay reachable under the old commit, as on the Hub."""
        self.history[self.commit] = {repo: dict(self.files[repo])}
        self.commit = commit
        self.files[repo].update({name.replace("_", "."): data for name, data in changed.items()})

    def at(self, repo: str, revision: str) -> dict[str, bytes] | None:
        """The files of a repository at a revision."""
        return self.history.get(revision, self.files).get(repo)

    def close(self) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()


def _handler(hub: StandInHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Requests are kept in `asked`; nothing is written to the terminal."""

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, with_body: bool) -> None:
            path = unquote(urlparse(self.path).path)
            hub.asked.append(f"{self.command} {path}")
            hub.tokens.add(self.headers.get("Authorization", ""))
            fault, _, only_files = hub.fault.partition(" ")
            concerned = only_files != "files" or "/resolve/" in path
            if fault == "silent" and concerned:
                hub.closing.wait(120)
                self.close_connection = True
                return
            if concerned and self._failed(fault):
                return
            parts = path.strip("/").split("/")
            if parts[:2] == ["api", "models"]:
                self._describe("/".join(parts[2:4]), parts[4:])
            elif len(parts) > 4 and parts[2] == "resolve":
                self._file("/".join(parts[:2]), parts[3], "/".join(parts[4:]), with_body)
            else:
                self._send(404, b"", {"X-Error-Code": "EntryNotFound"})

        def _failed(self, fault: str) -> bool:
            no = "X-Error-Code"
            answers: dict[str, tuple[int, bytes, dict[str, str]]] = {
                "404": (404, b"{}", {no: "RepoNotFound"}),
                "401": (401, b"{}", {no: "RepoNotFound"}),
                "gated": (403, b"{}", {no: "GatedRepo"}),
                "forbidden": (403, b"{}", {}),
                "429": (429, b"slow down", {"Retry-After": "60"}),
                "503": (503, b"down", {}),
                "portal": (200, b"<html>Sign in to the cafe</html>", {"Content-Type": "text/html"}),
            }
            if fault in answers:
                self._send(*answers[fault])
            return fault in answers

        def _describe(self, repo: str, rest: list[str]) -> None:
            revision = rest[1] if rest[:1] == ["revision"] else "main"
            files = hub.at(repo, revision)
            if files is None:
                self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
            elif rest[:1] == ["tree"]:
                listed = [
                    {"type": "file", "path": name, "size": len(data), "oid": _etag(data)}
                    for name, data in files.items()
                ]
                self._json([] if rest[2:] else listed)
            else:
                facts = {"private": False, "gated": False, "tags": [], "downloads": 0, "likes": 0}
                facts["cardData"] = {"license": "apache-2.0"}
                commit = revision if len(revision) == 40 else hub.commit
                siblings = [_sibling(name, data) for name, data in files.items()]
                self._json({"id": repo, "modelId": repo, "sha": commit, "siblings": siblings, **facts})

        def _file(self, repo: str, revision: str, name: str, with_body: bool) -> None:
            data = (hub.at(repo, revision) or {}).get(name)
            if data is None:
                self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
                return
            start, status = 0, 200
            wanted = self.headers.get("Range", "")
            if wanted.startswith("bytes="):
                start, status = int(wanted[6:].split("-")[0]), 206
            self.send_response(status)
            self.send_header("ETag", f'"{_etag(data)}"')
            self.send_header("X-Repo-Commit", hub.commit)
            self.send_header("Accept-Ranges", "bytes")
            if status == 206:
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            if with_body:
                data = bytes(len(data)) if hub.fault == "wrong bytes" else data
                self._body(data[start : len(data) // 2] if hub.fault == "cut" else data[start:])

        def _body(self, data: bytes) -> None:
            for at in range(0, len(data), PIECE):
                piece = data[at : at + PIECE]
                if hub.bytes_per_s and hub.closing.wait(len(piece) / hub.bytes_per_s):
                    break
                try:
                    self.wfile.write(piece)
                except OSError:  # the client hung up, as it should after a cancel
                    break
                hub.sent_bytes += len(piece)
                if hub.cut_after and hub.sent_bytes >= hub.cut_after:
                    hub.cut_after, self.close_connection = 0, True
                    return
            self.close_connection = hub.fault == "cut" or self.close_connection

        def _json(self, value: object) -> None:
            self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    return Handler


def _etag(data: bytes) -> str:
    """The name that git gives a file."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def _sibling(name: str, data: bytes) -> dict[str, Any]:
    """A file as the Hub describes it; weights lie in its large file storage, which gives their checksum."""
    facts: dict[str, Any] = {"rfilename": name, "size": len(data), "blobId": _etag(data)}
    if name.endswith((".safetensors", ".bin", ".pt", ".pth", ".onnx")):
        facts["lfs"] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "pointerSize": 130}
    return facts


def wait_until(true: Any, seconds: float) -> bool:
    """Poll `true()` until it holds or the time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return bool(true())
