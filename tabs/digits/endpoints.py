"""What programs call: read one digit, read a number, get a sample of the training set."""

from __future__ import annotations

from typing import Any

from gradio.data_classes import FileData

from pipelines import digits, media
from pipelines.job import Job
from pipelines.words import Text
from tabs._calls import tell, work
from tabs._files import picture_file, uploaded
from tabs._words import visitor_language

NO_PICTURE = Text(en="Draw a digit or choose a picture first.", ko="먼저 숫자를 그리거나 사진을 골라 주세요.")


async def read_digit(image: FileData, engine: str = "auto") -> tuple[dict, FileData, dict]:
    """Read one handwritten digit (0 to 9) in a picture.

    Args:
        image: a picture of one digit: any colours, any size.
        engine: which engine reads; "auto" takes the best one that is here.
    """
    path = uploaded(image, NO_PICTURE)
    language = visitor_language()

    def read(job: Job) -> Any:
        picture = media.open_picture(path)
        return picture.notice, digits.recognize(picture.image, engine=engine, job=job, explain=True)

    notice, reading = await work(read)
    tell(notice)
    answer = {
        "label": reading.label,
        "confidences": [{"label": label, "confidence": value} for label, value in reading.confidences],
        "rejected": reading.rejected,
        "reason": reading.reason.to(language),
        "engine": reading.engine,
    }
    maps = [picture_file(picture, f"layer-{number}.png") for number, picture in enumerate(reading.feature_maps, 1)]
    why = {"feature_maps": maps, "saliency": picture_file(reading.saliency, "saliency.png")}
    return answer, picture_file(reading.seen, "seen.png"), why


async def read_number(image: FileData, engine: str = "auto") -> tuple[dict, FileData]:
    """Read all handwritten digits of a picture, left to right and line by line.

    Args:
        image: a picture with one or more digits, for example a zip code on an envelope.
        engine: which engine reads; "auto" takes the best one that is here.
    """
    path = uploaded(image, NO_PICTURE)

    def read(job: Job) -> Any:
        picture = media.open_picture(path)
        return picture.notice, digits.recognize_number(picture.image, engine=engine, job=job)

    notice, number = await work(read)
    tell(notice)
    found = [{"digit": one.digit, "confidence": one.confidence, "box": list(one.box)} for one in number.digits]
    answer = {"text": number.text, "digits": found, "engine": number.engine}
    return answer, picture_file(number.annotated, "number.png")


async def sample_digit(index: int = 100, noise: bool = False, seed: int = 0) -> tuple[FileData, dict]:
    """One picture of the training set, with its label; with noise if asked.

    Args:
        index: which picture, from 0.
        noise: add Gaussian noise (sigma 15).
        seed: makes the noise repeatable.
    """
    sample = await work(lambda _job: digits.sample(index, noise, seed))
    facts = {"label": sample.label, "index": sample.index, "dataset": sample.dataset, "size": sample.size}
    return picture_file(sample.picture, f"digit-{sample.index}.png"), facts
