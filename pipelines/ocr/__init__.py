"""Text in pictures and PDF files: `read` gives text, places, a marked picture and a searchable PDF."""

from __future__ import annotations

from pipelines import engines
from pipelines.ocr import embedded, got_ocr, ppocr_korean, tesseract, trocr
from pipelines.ocr.contract import LANGUAGES, TASK, Line, Page, Reading, ReadOptions
from pipelines.ocr.reading import read

ENGINES = engines.register(TASK, (embedded, ppocr_korean, tesseract, *trocr.SIZES, got_ocr))

__all__ = ["ENGINES", "LANGUAGES", "TASK", "Line", "Page", "ReadOptions", "Reading", "read"]
