"""Many picture files at once: one bad file does not stop the others. Knows how to name files safely."""

from __future__ import annotations

import logging
import unicodedata
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines import engines, media
from pipelines.errors import InvalidInput, PipelineError
from pipelines.face_mosaic.contract import MosaicOptions, checked
from pipelines.face_mosaic.pictures import hide_faces
from pipelines.job import Job
from pipelines.words import EMPTY, Text

log = logging.getLogger(__name__)

ZIP_NAME = "faces-mosaic.zip"
LONGEST_STEM = 80  # characters; a Korean one takes three of the 255 bytes that file systems allow
_FORBIDDEN = set('<>:"|?*\\/')  # on Windows, where the zip may be unpacked
_RESERVED = {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}

_WORKING = Text(en="Photo {number} of {count}: {name}", ko="사진 {number}/{count}: {name}")
_BUG = Text(
    en="Something went wrong with this file. The others were not affected.",
    ko="이 파일을 처리하다가 문제가 생겼습니다. 다른 파일에는 영향이 없습니다.",
)


@dataclass(frozen=True)
class Processed:
    """One file that worked: its name as given, how many faces were hidden, and where the result lies."""

    file: str
    faces: int
    path: Path


@dataclass(frozen=True)
class Failed:
    """One file that did not work, and why."""

    file: str
    reason: Text


@dataclass(frozen=True)
class Batch:
    processed: tuple[Processed, ...]
    failed: tuple[Failed, ...]
    zip_path: Path
    engine: str


class _Part(Job):
    """The share of one file in the whole job: its progress is mapped, a cancel of the whole reaches it."""

    def __init__(self, whole: Job, number: int, count: int, name: str) -> None:
        super().__init__()
        self._whole, self._number, self._count = whole, number, count
        self._text = _WORKING.format(number=number + 1, count=count, name=name)

    def progress(self, fraction: float | None, text: Text = EMPTY) -> None:
        self._whole.progress((self._number + (fraction or 0)) / self._count, self._text)

    def check(self) -> None:
        self._whole.check()


def hide_faces_in_files(
    files: Sequence[tuple[str, Path]],
    out: Path,
    options: MosaicOptions | None = None,
    engine: object = "auto",
    job: Job | None = None,
) -> Batch:
    """Hide the faces in each of `files` (name as given, path) and write PNG files and one zip into `out`.

    A name serves only as a name: whatever path it contains is dropped, and two of one name are told apart.
    """
    job = job or Job()
    options = checked(options or MosaicOptions())
    _check(files, options)
    spec = engines.choose("face_mosaic", engine)
    engines.require_usable(spec)
    processed: list[Processed] = []
    failed: list[Failed] = []
    taken: set[str] = set()
    for number, (given, path) in enumerate(files):
        name = last_part(given)
        part = _Part(job, number, len(files), name)
        part.progress(0)
        try:
            result = hide_faces(media.open_picture(path).image, options, spec.name, part)
            target = out / safe_name(name, taken)
            target.write_bytes(media.png_bytes(result.image))
        except InvalidInput as error:
            failed.append(Failed(name, error.message))
        except PipelineError:
            raise  # cancelled, or an engine that will not work for the other files either
        except Exception:
            log.exception("one file of a batch failed")
            failed.append(Failed(name, _BUG))
        else:
            processed.append(Processed(name, sum(face.hidden for face in result.faces), target))
    return Batch(tuple(processed), tuple(failed), _zip(out, processed), spec.name)


def last_part(name: str) -> str:
    """The name without any folder, in whatever way the sender wrote it, and without invisible characters."""
    tail = unicodedata.normalize("NFC", name).replace("\\", "/").rstrip("/").rpartition("/")[2]
    return "".join(letter for letter in tail if unicodedata.category(letter)[0] != "C") or "picture"


def safe_name(name: str, taken: set[str]) -> str:
    """`<name>-mosaic.png` as every file system can store it, and not used before in this batch."""
    stem = Path(last_part(name)).stem
    stem = "".join("_" if letter in _FORBIDDEN else letter for letter in stem).strip(" .")[:LONGEST_STEM]
    if not stem or stem.lower() in _RESERVED:
        stem = f"picture{stem}"
    safe, again = f"{stem}-mosaic.png", 1
    while safe.lower() in taken:
        again += 1
        safe = f"{stem}-mosaic-{again}.png"
    taken.add(safe.lower())
    return safe


def _check(files: Sequence[tuple[str, Path]], options: MosaicOptions) -> None:
    if not files:
        raise InvalidInput(Text(en="Choose one or more pictures first.", ko="먼저 사진을 한 장 이상 골라 주세요."))
    if options.keep or options.boxes:
        raise InvalidInput(
            Text(
                en="Faces to keep and boxes by hand belong to one picture. Use them with a single photo.",
                ko="남길 얼굴과 직접 그린 상자는 사진 한 장에만 쓸 수 있습니다. 한 장씩 처리해 주세요.",
            )
        )


def _zip(out: Path, processed: Sequence[Processed]) -> Path:
    """All results in one file. PNG is packed already, so the zip only stores."""
    path = out / ZIP_NAME
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for one in processed:
            archive.write(one.path, one.path.name)
    return path
