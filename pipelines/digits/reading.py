"""One digit: see it, read it, or say why not. Two thresholds, chosen on data by `benchmarks/digits.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines import engines
from pipelines.digits import assemble, display, prepare
from pipelines.digits.fit import FRAME
from pipelines.digits.prepare import Candidate
from pipelines.digits.types import DigitReading, DigitsEngine, Frames
from pipelines.errors import InvalidInput
from pipelines.job import Job
from pipelines.words import EMPTY, Text

NOT_A_DIGIT = 10
# A reading stands when the network gives "not a digit" at most the first and the digit at least the second.
# Measured on MNIST validation pictures (none may be lost) and on letters, scribbles and photos (few may pass).
MOST_DOUBT = 0.5
LEAST_CONFIDENCE = 0.4
# Whoever lays a picture out as data sets of digits do means a digit: there these two suffice.
MOST_DOUBT_MNIST, LEAST_CONFIDENCE_MNIST = 0.9, 0.15
# Where shadows were taken off, more things can look like a digit by chance.
LEAST_IN_SHADOW = 0.8
# Pen on paper photographed badly stays below 0.3, three of four photo patches that could pass lie above 0.35.
MOST_UNREST = 0.42
CALM = 0.3
ONE_OF_SEVERAL = 0.8  # the parts of a picture that count as digits when we say that there are several

_BLANK = Text(
    en="Nothing is drawn here. Draw one digit, or choose a picture with more contrast.",
    ko="아무것도 그려져 있지 않습니다. 숫자 하나를 그리거나 더 또렷한 사진을 골라 주세요.",
)
_SEVERAL = Text(
    en="There are several digits in this picture. Read them together as a number instead.",
    ko="이 그림에는 숫자가 여러 개 있습니다. 여러 자리 숫자 읽기를 이용해 주세요.",
)
_NO_DIGIT = Text(
    en="This does not look like a digit. Write one digit from 0 to 9 so that it fills most of the picture.",
    ko="숫자로 보이지 않습니다. 0부터 9까지 숫자 하나를 그림에 가득 차게 써 주세요.",
)
_PHOTO = Text(
    en="This looks like a photo of something else. Use a picture of one digit on plain paper.",
    ko="숫자가 아닌 다른 것을 찍은 사진으로 보입니다. 무늬 없는 종이에 쓴 숫자 하나를 찍어 주세요.",
)
_UNSURE = Text(
    en="This could be a {first} or a {second}; it is too close to call. Write it more clearly.",
    ko="{first}일 수도 있고 {second}일 수도 있어 판단하기 어렵습니다. 더 또렷하게 써 주세요.",
)


def recognize(image: Image.Image, engine: str = "auto", job: Job | None = None, explain: bool = True) -> DigitReading:
    """Read the one digit of a picture. `explain=False` leaves out feature maps and saliency, for live drawing.

    A picture that holds no single digit is no error: the reading is `rejected` and says why.
    """
    require_picture(image)
    job = job or Job()
    with engines.use("digits", engine, job) as (spec, network):
        look = _best_look(image, network, job)
        if look is None:
            return _blank(spec.name, network, explain)
        reason = EMPTY if look.is_digit else _why_not(image, look, network)
        return _reading(spec.name, network, look, reason, explain)


def require_picture(image: object) -> None:
    if not isinstance(image, Image.Image):
        raise InvalidInput(
            Text(en="A picture is needed. Draw or choose one.", ko="그림이 필요합니다. 그리거나 골라 주세요.")
        )


@dataclass(frozen=True)
class _Look:
    """The best way to see a picture, and the network's answer to it."""

    seen: Candidate
    answer: NDArray[np.float32]  # (11,)

    @property
    def is_photo(self) -> bool:
        return self.seen.unrest > MOST_UNREST

    @property
    def is_digit(self) -> bool:
        most, least = MOST_DOUBT, LEAST_CONFIDENCE if self.seen.even_light else LEAST_IN_SHADOW
        if self.seen.laid_out:
            most, least = MOST_DOUBT_MNIST, LEAST_CONFIDENCE_MNIST
        sure = self.answer[NOT_A_DIGIT] <= most and self.answer[:NOT_A_DIGIT].max() >= least
        return bool(sure) and not self.is_photo

    @property
    def is_settled(self) -> bool:
        """Whether this is pen on paper, seen well: then no other way of looking makes a digit of it.

        A box that is more than half ink may be a sheet on a table with the digit on it.
        """
        frame = self.seen.frame > 128
        rows, columns = frame.any(axis=1), frame.any(axis=0)
        return self.seen.unrest <= CALM and bool(frame.sum() <= 0.5 * rows.sum() * columns.sum())


def _best_look(image: Image.Image, network: DigitsEngine, job: Job) -> _Look | None:
    """The first way to see a digit, else the first of all; None when nothing is drawn."""
    first = None
    for seen in prepare.looks(image):
        job.check()
        look = _look(seen, network)
        if look is not None and (look.is_digit or look.is_settled):
            return look
        first = first or look
    return first


def _look(seen: list[Candidate], network: DigitsEngine) -> _Look | None:
    """The way in which the network is surest of a digit; a photo's texture only if there is nothing else."""
    if not seen:
        return None
    answers = network.predict(np.stack([candidate.frame for candidate in seen]))
    calm = np.array([candidate.unrest <= MOST_UNREST for candidate in seen])
    best = int((answers[:, :NOT_A_DIGIT].max(axis=1) + calm).argmax())
    return _Look(seen[best], answers[best])


def _why_not(image: Image.Image, look: _Look, network: DigitsEngine) -> Text:
    """The reason to refuse."""
    parts = assemble.parts_of(image, network)
    if len(parts) > 1 and all(part.confidence > ONE_OF_SEVERAL for part in parts):
        return _SEVERAL
    if look.is_photo:
        return _PHOTO
    if look.answer[NOT_A_DIGIT] > MOST_DOUBT:
        return _NO_DIGIT
    second, first = np.argsort(look.answer[:NOT_A_DIGIT])[-2:]
    return _UNSURE.format(first=int(first), second=int(second))


def _reading(name: str, network: DigitsEngine, look: _Look, reason: Text, explain: bool) -> DigitReading:
    frame = look.seen.frame
    digits = look.answer[:NOT_A_DIGIT] / max(float(look.answer[:NOT_A_DIGIT].sum()), 1e-9)
    order = [int(digit) for digit in np.argsort(-digits, kind="stable")]
    rejected = reason != EMPTY
    return DigitReading(
        label=None if rejected else str(order[0]),
        confidences=[(str(digit), float(digits[digit])) for digit in order],
        rejected=rejected,
        reason=reason,
        engine=name,
        seen=Image.fromarray(frame),
        **(_explained(network, frame, order[0]) if explain else {}),
    )


def _blank(name: str, network: DigitsEngine, explain: bool) -> DigitReading:
    frame = np.zeros((FRAME, FRAME), np.uint8)
    return DigitReading(
        label=None,
        confidences=[(str(digit), 0.1) for digit in range(10)],
        rejected=True,
        reason=_BLANK,
        engine=name,
        seen=Image.fromarray(frame),
        **(_explained(network, frame, 0) if explain else {}),
    )


def _explained(network: DigitsEngine, frame: Frames, label: int) -> dict[str, Any]:
    """What the layers made of a frame, and where the network looked for `label`."""
    return {
        "feature_maps": [display.mosaic(layer.maps) for layer in network.activity(frame)],
        "saliency": display.heat(frame, network.saliency(frame, label)),
    }
