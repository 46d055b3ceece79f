"""What programs call: read the text of a picture or a PDF."""

from __future__ import annotations

from pathlib import Path

from gradio.data_classes import FileData

from pipelines import ocr
from pipelines.ocr import Reading, ReadOptions, exports
from pipelines.words import Text
from tabs._calls import tell, work
from tabs._files import bytes_file, picture_file, stem_of, uploaded

NO_DOCUMENT = Text(en="Choose a picture or a PDF file first.", ko="먼저 사진이나 PDF 파일을 골라 주세요.")


async def read_text(
    document: FileData, language: str = "auto", pages: str = "", engine: str = "auto"
) -> tuple[str, FileData, dict, FileData]:
    """Read the text in a picture or a PDF file, in the order in which a person reads it.

    Args:
        document: the picture or PDF.
        language: auto, ko+en, ko, en or zh; "auto" looks at each line.
        pages: which pages of a PDF, such as "1-3,7"; nothing means all of them.
        engine: which reader; "auto" takes the best one that is here.
    """
    found = await read_file(uploaded(document, NO_DOCUMENT), language, pages, engine)
    stem = stem_of(document)
    return (  # type: ignore[return-value]
        found.text,
        picture_file(found.picture, f"{stem}-lines.png"),
        exports.as_data(found),
        bytes_file(found.pdf, f"{stem}-searchable.pdf"),
    )


async def read_file(path: Path, language: str, pages: str, engine: str) -> Reading:
    """Read one file; the tab and programs share this."""
    options = ReadOptions(language=language, pages=pages)
    found = await work(lambda job: ocr.read(path, options, engine=engine, job=job))
    tell(found.notice)
    return found
