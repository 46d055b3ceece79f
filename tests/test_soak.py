"""The app under mixed use for a while: it stays up, answers right, and its memory does not grow.

The short form runs with the other tests; `pytest -m slow` runs the long one.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from conftest import example
from gradio_client import Client, handle_file

from pipelines import memory


def one_round(client: Client, broken: Path) -> None:
    """Good and bad calls as different visitors make them."""
    digit = handle_file(str(example("digits", "seven*")))
    group = handle_file(str(example("face_mosaic", "*group*")))
    assert client.predict(image=digit, api_name="/digits")[0]["label"] == "7"
    assert client.predict(image=handle_file(str(example("digits", "zip*"))), api_name="/digits_number")[0]["digits"]
    for style in ("mosaic", "emoji"):
        _, report = client.predict(image=group, style=style, api_name="/face_mosaic")
        assert report["faces"] and all(face["hidden"] for face in report["faces"])
    for name, given in (
        ("/digits", {"image": handle_file(str(broken))}),
        ("/face_mosaic", {"image": group, "strength": "much"}),
    ):
        with pytest.raises(Exception, match=r"\[invalid_input\]"):
            client.predict(**given, api_name=name)


@pytest.mark.parametrize("rounds", [3, pytest.param(60, marks=pytest.mark.slow)])
def test_many_visitors_leave_the_memory_as_it_was(client: Any, tmp_path: Path, rounds: int) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    one_round(client, broken)  # engines are loaded, pools are filled
    with ThreadPoolExecutor(4) as visitors:
        list(visitors.map(lambda _: one_round(client, broken), range(2)))
        memory.give_back()
        before = memory.resident_mb()
        list(visitors.map(lambda _: one_round(client, broken), range(rounds)))
    memory.give_back()
    assert memory.resident_mb() - before < 120
