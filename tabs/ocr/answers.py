"""What happens in the tab: files are read, pages turned, lines corrected, results handed out."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr

from pipelines import checks, engines
from pipelines.errors import InvalidInput, PipelineError
from pipelines.ocr import LANGUAGES, TASK
from pipelines.words import EMPTY, Language, Text
from tabs._calls import work
from tabs._files import original_name, stem_of, uploaded
from tabs._parts import localized_picker
from tabs._words import visitor_language
from tabs.ocr import documents, view
from tabs.ocr.documents import FORMATS, Desk, Document
from tabs.ocr.endpoints import NO_DOCUMENT, read_file

NAMES: dict[str, Text] = {
    "auto": Text(en="Automatic, line by line", ko="자동 (줄마다 판단)"),
    "ko+en": Text(en="Korean and English", ko="한국어와 영어"),
    "ko": Text(en="Korean", ko="한국어"),
    "en": Text(en="English", ko="영어"),
    "zh": Text(en="Chinese", ko="중국어"),
}
_NO_TEXT = Text(
    en="No text was found. Faint, tiny or handwritten text is often missed: try a sharper or closer picture.",
    ko="글자를 찾지 못했습니다. 흐리거나 아주 작은 글자, 손글씨는 놓치기 쉬우니 더 선명하게 가까이 찍어 보세요.",
)
_CHECK = Text(
    en="Marked with '?' because it is not sure: {count}. Compare with the picture.",
    ko="'?' 표시가 있는 {count}줄은 그림과 비교해 확인하세요.",
)
_PAGES = Text(en="{pages} pages", ko="{pages}쪽")
_LINES = Text(en="{lines} lines", ko="{lines}줄")
_LINE = Text(en="1 line", ko="1줄")
_NO_LINE = Text(en="Click the line of digits first.", ko="먼저 숫자가 있는 줄을 눌러 주세요.")
_BATCH = Text(en="{done} files read, {failed} failed.", ko="파일 {done}개를 읽었고 {failed}개는 읽지 못했습니다.")


async def on_picture(picture: Any, language: str, engine: str) -> AsyncIterator[tuple]:
    """Read the picture that was uploaded, pasted or taken."""
    async for step in on_files(None if picture is None else [picture], "", language, engine):
        yield step


async def on_files(files: list[Any] | None, pages: str, language: str, engine: str) -> AsyncIterator[tuple]:
    """Read the chosen files one after the other; one that cannot be read does not stop the others.

    What was read before stays until the first new document is there.
    """
    chosen = files or [None]
    done: list[Document] = []
    failed: list[tuple[str, Text]] = []
    for file in chosen:
        path = uploaded(file, NO_DOCUMENT)
        try:
            found = await read_file(path, language, pages if _has_pages(path) else "", engine)
        except PipelineError as error:
            if len(chosen) == 1 or error.code == "cancelled":
                raise
            failed.append((original_name(file), error.message))
            continue
        done.append(Document.of(original_name(file), stem_of(file), path, found))
        yield await _shown(Desk(list(done), list(failed), which=len(done) - 1))
    if not done:
        raise _all_failed(failed)
    yield await _shown(Desk(done, failed))


async def on_which(desk: Desk, which: int) -> tuple:
    """Another one of the documents is looked at."""
    if desk.documents:
        desk.which, desk.line = checks.whole(which, "file", 0, len(desk.documents) - 1), None
    return await _shown(desk)


async def on_page(desk: Desk, page: int) -> tuple:
    """Another page of the document is looked at."""
    document = desk.current
    if document is not None:
        document.page, desk.line = checks.whole(page, "page", 0, len(document.pages) - 1), None
    return await _shown(desk)


async def on_previous(desk: Desk) -> tuple:
    """One page back; the first one stays."""
    return await on_page(desk, max(0, desk.current.page - 1) if desk.current else 0)


async def on_next(desk: Desk) -> tuple:
    """One page on; the last one stays."""
    return await on_page(desk, min(len(desk.current.pages) - 1, desk.current.page + 1) if desk.current else 0)


async def on_edit(desk: Desk, event: gr.EventData) -> tuple:
    """The visitor corrected lines: text and files follow. The PDF is made anew when it is asked for."""
    said = event._data or {}
    texts = [str(text) for text in said.get("texts", [])]
    if not desk.correct(said.get("document"), said.get("page"), texts):
        return (gr.skip(),) * (5 + len(FORMATS))
    return desk, *_files(desk)


async def on_line(desk: Desk, event: gr.EventData) -> Desk:
    """A line was touched: it is the one that can be sent to the digits tab."""
    line = (event._data or {}).get("line")
    lines = desk.current.pages[desk.current.page].lines if desk.current else ()
    desk.line = line if isinstance(line, int) and 0 <= line < len(lines) else None
    return desk


async def on_pdf(desk: Desk) -> tuple:
    """Write the searchable PDF with the corrections."""
    document = desk.current
    if document is not None:
        texts = [list(page) for page in document.texts]
        path = await work(lambda job: documents.corrected_pdf(document, job))
        document.pdf, document.stale = path, document.texts != texts
    return _pdf(desk)


async def on_engine(engine: str) -> Any:
    """The languages of another engine."""
    return gr.update(choices=language_choices(engine, visitor_language()), value="auto")


async def on_open() -> tuple:
    """Everything on the page that depends on the visitor's language."""
    language = visitor_language()
    languages = gr.update(choices=language_choices("auto", language))
    return *localized_picker(TASK, language), languages, view.empty(language)


def language_choices(engine: str, language: Language) -> list[tuple[str, str]]:
    known = engines.choose(TASK, engine).languages
    codes = [code for code in LANGUAGES if code == "auto" or all(part in known for part in code.split("+"))]
    return [(NAMES[code].to(language), code) for code in codes]


def text_of(desk: Desk) -> str:
    """The text of the document looked at, as the visitor left it."""
    return desk.current.text if desk.current else ""


def line_of(desk: Desk) -> str:
    """A picture of the line touched last; of the only line where there is one."""
    document = desk.current
    if document is None:
        return ""
    alone = len(document.pages[document.page].lines) == 1
    line = 0 if alone else desk.line
    if line is None:
        raise InvalidInput(_NO_LINE)
    return documents.line_picture(document, line)


def _has_pages(path: Any) -> bool:
    with path.open("rb") as file:
        return b"%PDF-" in file.read(1024)


def _all_failed(failed: list[tuple[str, Text]]) -> InvalidInput:
    said = Text(en="None of the files could be read.", ko="읽을 수 있는 파일이 없었습니다.")
    for name, reason in failed[:3]:
        said = said + Text(en=f"{name}: {reason.en}", ko=f"{name}: {reason.ko}")
    return InvalidInput(said)


async def _shown(desk: Desk) -> tuple:
    """Values of all components of the result side, in the order of `results.build`."""
    document = desk.current
    if document is None:
        return (gr.skip(),) * (10 + len(FORMATS))
    language = visitor_language()
    shown = await work(lambda _job: view.of_page(document, desk.which, language))
    names = [(f"{number + 1}. {one.name}", number) for number, one in enumerate(desk.documents)]
    numbers = [(f"{page.number}", at) for at, page in enumerate(document.pages)]
    last = len(numbers) - 1
    return (
        desk,
        *_files(desk),
        shown,
        _report(desk, document),
        gr.update(choices=names, value=desk.which, visible=len(names) > 1),
        gr.update(visible=last > 0, interactive=document.page > 0),
        gr.update(visible=last > 0, choices=numbers, value=document.page),
        gr.update(visible=last > 0, interactive=document.page < last),
    )


def _files(desk: Desk) -> tuple:
    """The text to copy and the files to download, corrections in them."""
    document = desk.current
    if document is None:
        return (gr.skip(),) * (4 + len(FORMATS))
    kinds = [gr.update(value=document.file(kind), interactive=True) for kind in FORMATS]
    several = len(desk.documents) > 1
    archive = gr.update(value=documents.zipped(desk.documents) if several else None, visible=several)
    return document.text, *kinds, *_pdf(desk), archive


def _pdf(desk: Desk) -> tuple:
    """The button that downloads the PDF, and in its place, after a correction, the one that makes it anew."""
    document = desk.current
    if document is None:
        return gr.skip(), gr.skip()
    download = gr.update(value=document.pdf, visible=not document.stale, interactive=True)
    return download, gr.update(visible=document.stale)


def _report(desk: Desk, document: Document) -> str:
    """What was read by whom, what to look at, and which files failed. Names are escaped."""
    language = visitor_language()
    lines = [part.to(language) for part in _facts(document)]
    if desk.failed:
        lines.append(_BATCH.format(done=len(desk.documents), failed=len(desk.failed)).to(language))
    said = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
    items = "".join(f"<li>{html.escape(name)}: {html.escape(reason.to(language))}</li>" for name, reason in desk.failed)
    failures = f"<ul>{items}</ul>" if items else ""
    return f'<div class="modu-report" role="status">{said}{failures}</div>'


def _facts(document: Document) -> list[Text]:
    engine = engines.find(TASK, document.found.engine).label
    count = sum(len(page.lines) for page in document.pages)
    if not count:
        return [_NO_TEXT]
    names = [NAMES[code] for code in document.found.language.split("+") if code in NAMES]
    spoken = Text(en=", ".join(name.en for name in names), ko=", ".join(name.ko for name in names))
    pages = len(document.pages)
    facts = [_PAGES.format(pages=pages)] if pages > 1 else []
    facts += [(_LINES if count != 1 else _LINE).format(lines=count), spoken, engine]
    parts = [fact for fact in facts if fact != EMPTY]
    said = Text(en=" · ".join(fact.en for fact in parts), ko=" · ".join(fact.ko for fact in parts))
    return [said, _CHECK.format(count=document.doubtful)] if document.doubtful else [said]
