"""Requests as curl would send them, without the Gradio client's help or checks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx

API = "/gradio_api"
http = httpx.Client(verify=False, timeout=60)  # one for all: making one costs more than a request


def upload(url: str, content: bytes | Path, name: str = "picture.png") -> str:
    """Upload one file; the path on the server."""
    data = content.read_bytes() if isinstance(content, Path) else content
    answer = http.post(f"{url}{API}/upload", files={"files": (name, data)}, timeout=60)
    answer.raise_for_status()
    return str(answer.json()[0])


def file_value(path: str, name: str = "picture.png") -> dict[str, Any]:
    return {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}


def start(url: str, api_name: str, data: list[Any], headers: dict[str, str] | None = None) -> str:
    """Begin a call; the id under which its events are read."""
    body = json.dumps({"data": data})  # NaN and Infinity pass, as from a careless program
    answer = http.post(
        f"{url}{API}/call/{api_name.strip('/')}",
        content=body,
        headers={"Content-Type": "application/json", **(headers or {})},
        timeout=60,
    )
    answer.raise_for_status()
    return str(answer.json()["event_id"])


def call(
    url: str, api_name: str, data: list[Any], headers: dict[str, str] | None = None, timeout: float = 90
) -> tuple[str, Any]:
    """One whole call: ("complete", results) or ("error", what is wrong)."""
    event_id = start(url, api_name, data, headers)
    address = f"{url}{API}/call/{api_name.strip('/')}/{event_id}"
    event = ""
    with http.stream("GET", address, headers=headers or {}, timeout=timeout) as stream:
        for line in stream.iter_lines():
            if line.startswith("event:"):
                event = line[6:].strip()
            elif line.startswith("data:") and event in ("complete", "error"):
                return event, json.loads(line[5:])
    return "closed", None


def press(url: str, fn_index: int, data: list[Any], headers: dict[str, str] | None = None) -> tuple[bool, Any]:
    """Fire an event of the page by its number, as the browser does: (worked, output)."""
    session = "raw-session"
    body = json.dumps({"data": data, "fn_index": fn_index, "session_hash": session, "trigger_id": None})
    answer = http.post(
        f"{url}{API}/queue/join",
        content=body,
        headers={"Content-Type": "application/json", **(headers or {})},
        timeout=60,
    )
    if answer.status_code != 200:
        return False, answer.text
    with http.stream("GET", f"{url}{API}/queue/data?session_hash={session}", timeout=90) as stream:
        for line in stream.iter_lines():
            message = json.loads(line[5:]) if line.startswith("data:") else {}
            if message.get("msg") == "process_completed":
                return bool(message["success"]), message["output"]
    return False, "closed"
