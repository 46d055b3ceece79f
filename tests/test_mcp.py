"""The app as a set of MCP tools: one per public endpoint, with files that were uploaded here."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import raw
from conftest import example
from PIL import Image
from test_contract import HERE

mcp = pytest.importorskip("mcp", reason="the mcp package comes with gradio[mcp]")
Session = Callable[[Any], Coroutine[Any, Any, Any]]


def ask(url: str, do: Session, language: str = "en") -> Any:
    """Connect as an MCP client, do one thing, leave."""
    from mcp.client.streamable_http import streamablehttp_client

    async def go() -> Any:
        headers = {"Accept-Language": language}
        async with streamablehttp_client(f"{url}/gradio_api/mcp/", headers=headers) as (reading, writing, _):
            async with mcp.ClientSession(reading, writing) as session:
                await session.initialize()
                return await asyncio.wait_for(do(session), 90)

    return asyncio.run(go())


def use(url: str, tool: str, language: str = "en", **values: Any) -> Any:
    """Call a tool as most clients do: they ask for progress, and only then Gradio gives each result of its own."""

    async def heard(_progress: float, _total: float | None, _message: str | None) -> None:
        return None

    return ask(url, lambda session: session.call_tool(tool, values, progress_callback=heard), language)


def texts(answer: Any) -> str:
    return "\n".join(part.text for part in answer.content if part.type == "text")


@pytest.fixture(scope="module")
def address(app_url: str) -> str:
    """The address of a picture that was uploaded to this server."""
    path = example("digits", "*.png")
    return f"{app_url}/gradio_api/file={raw.upload(app_url, path, path.name)}"


def test_there_is_one_tool_per_public_endpoint(app_url: str) -> None:
    tools = ask(app_url, lambda session: session.list_tools()).tools
    assert sorted(tool.name for tool in tools) == sorted(name.strip("/") for name in HERE)
    assert all(tool.description for tool in tools)


def test_a_tool_without_files(app_url: str) -> None:
    answer = use(app_url, "engines", task="digits")
    assert not answer.isError and "embedded" in texts(answer)


def test_a_tool_reads_a_picture_that_was_uploaded_here(app_url: str, address: str) -> None:
    answer = use(app_url, "digits", image=address)
    assert not answer.isError, texts(answer)
    assert "'confidences'" in texts(answer) and "'engine': 'embedded'" in texts(answer)
    pictures = [part for part in answer.content if part.type == "image"]
    assert pictures and Image.open(io.BytesIO(base64.b64decode(pictures[0].data))).size == (28, 28)


def test_a_tool_reads_a_picture_inside_the_request(app_url: str) -> None:
    data = base64.b64encode(example("digits", "*.png").read_bytes()).decode()
    answer = use(app_url, "digits", image=f"data:image/png;base64,{data}")
    assert not answer.isError, texts(answer)
    assert "'engine': 'embedded'" in texts(answer)


def test_a_tool_takes_a_list_of_files(app_url: str) -> None:
    photo = example("face_mosaic", "*.jpg")
    address = f"{app_url}/gradio_api/file={raw.upload(app_url, photo, photo.name)}"
    answer = use(app_url, "face_mosaic_batch", files=[address], style="solid", threshold=0.99)
    assert not answer.isError, texts(answer)
    assert "-mosaic" in texts(answer) and ".zip" in texts(answer)


@pytest.mark.parametrize(
    ("outside", "language"),
    [
        ("https://example.com/picture.png", "en"),
        ("http://127.0.0.1:9/picture.png", "ko"),
        ("{app}/gradio_api/file=/etc/passwd", "ko"),
        ("{app}/config", "en"),
    ],
)
def test_no_other_address_is_fetched(app_url: str, outside: str, language: str) -> None:
    answer = use(app_url, "digits", language, image=outside.format(app=app_url))
    assert answer.isError and texts(answer).endswith("[invalid_input]")
    assert ("업로드" in texts(answer)) == (language == "ko") and "root:" not in texts(answer)


@pytest.mark.parametrize("value", ["/etc/passwd", "file:///etc/passwd", "", "data:image/png;base64,"])
def test_no_file_of_the_server_can_be_named(app_url: str, value: str) -> None:
    answer = use(app_url, "digits", image=value)
    assert answer.isError and "root:" not in texts(answer)


def test_errors_of_tools_are_sentences_with_a_code(app_url: str, address: str) -> None:
    assert texts(use(app_url, "digits", image=address, engine="nobody")).endswith("[unknown_engine]")
    assert texts(use(app_url, "digits_sample", index=-5)).endswith("[invalid_input]")
