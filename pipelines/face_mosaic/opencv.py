"""The one place that imports OpenCV for this task, so that a broken installation is explained once.

Two wheels (`opencv-python`, `opencv-python-headless`) write the same `cv2` folder. If the one with windows was
installed last and the system has no libGL, importing it fails; the other wheel needs no system package.
"""

from __future__ import annotations

import logging
from typing import Any

from pipelines.errors import EngineUnavailable
from pipelines.words import Text

log = logging.getLogger(__name__)

FIX = "pip install --force-reinstall --no-deps opencv-python-headless==4.14.0.94"


def load() -> Any:
    """The `cv2` module; raises `EngineUnavailable` with the command that repairs it."""
    try:
        import cv2
    except ImportError as error:
        log.warning("cv2 cannot be imported: %s", error)
        raise unusable() from None
    return cv2


def unusable() -> EngineUnavailable:
    return EngineUnavailable(
        Text(
            en=f"OpenCV cannot be loaded on this machine. This repairs it without a system package: {FIX}",
            ko=f"이 컴퓨터에서 OpenCV를 불러올 수 없습니다. 시스템 패키지 없이 다음으로 고칠 수 있습니다: {FIX}",
        )
    )
