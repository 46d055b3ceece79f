"""What a text may do to the page: nothing but look like text, lists, links and code."""

from __future__ import annotations

import re

import pytest

from tabs.chat.safe_markdown import GAP, original, plain, safe


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "a <svg onload=alert(1)> b",
        "</div><script>alert(1)</script>",
        "<!-- x --><?php ?>",
        "- <iframe src=x>",
        "> <b>",
        "    <img src=x>",
        "`<img src=x>`",
        "http://a.b`<img src=x>`",
        "$$<img src=x>$$",
        "- ```\n  a\n  ```\n<img src=x>",
        "> ```\n> a\n<img src=x>\n> ```\n<img src=x>",
        "```js\nx\n```\n<img src=x>",
    ],
)
def test_no_tag_is_left_outside_of_code(text: str) -> None:
    outside = re.sub(r"(?ms)^(`{3,})\w*\n.*?^\1$", "", safe(text))
    assert not re.search(r"<[A-Za-z/!?]", outside), outside


@pytest.mark.parametrize("text", ["![a](http://x/1.png)", "![a][r]\n\n[r]: http://x/1.png", "- ![a]", "![![a](b)](c)"])
def test_no_picture_is_left(text: str) -> None:
    assert "![" not in safe(text)
    assert "http://x" in safe(text) or "http" not in text


@pytest.mark.parametrize("opening", ["```mermaid", "```mermaid  ", "~~~mermaid", "   ```Mermaid", "````mermaid x"])
def test_no_diagram_is_drawn(opening: str) -> None:
    fence = opening.strip()[: len(opening.strip()) - len(opening.strip().lstrip("`~"))]
    assert "mermaid" not in safe(f"{opening}\ngraph TD\n{fence}").lower()


def test_code_stays_as_it_was_written() -> None:
    code = 'if (a < b && <T>x) { print("![x](y)") }'
    assert code in safe(f"```js\n{code}\n```")
    assert f"{code}\n```" in safe(f"1. one\n   ```js\n   {code}\n   ```\n2. two")
    assert "```js" in safe(f"1. one\n   ```js\n   {code}\n   ```")


def test_code_that_is_still_being_written_is_closed() -> None:
    assert safe("so:\n```python\nprint(1)").rstrip().endswith("```")
    assert safe("so:\n```python\nprint(1)").count("```") == 2


def test_a_fence_inside_a_longer_fence_does_not_end_it() -> None:
    shown = safe("````md\n```\n<img src=x>\n```\n````\n<img src=y>")
    assert f"<{GAP}img src=y>" in shown and "\n<img src=x>" in shown
    assert shown.count("````") == 2


def test_ordinary_markdown_is_not_touched() -> None:
    text = "# Title\n\n**bold** *it* `x < y` [a](https://a.b)\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- a\n- b! [c]"
    assert safe(text) == text


def test_an_edited_message_gets_its_text_back() -> None:
    text = "is <b>this</b> ![bold]?"
    assert original(safe(text)) == text


def test_plain_text_keeps_no_markdown() -> None:
    shown = plain("**a** [b](c) <i> ![d](e) `f` $$g$$ http://h\n# i")
    assert not re.search(r"(?<!\\)[*\[\]<>`$#!(]", shown)
