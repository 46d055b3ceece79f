"""Engines that compute nothing but keep the promises of the real ones, and helpers to make SPECs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.engines import EngineSpec
from pipelines.words import Text


def spec(task: str = "fake", name: str = "one", **facts: Any) -> EngineSpec:
    """A well-formed SPEC; `facts` replace its values."""
    values: dict[str, Any] = {
        "label": Text(en=f"Engine {name}", ko=f"엔진 {name}"),
        "kind": "embedded",
        "rank": 10,
        "licence": "MIT",
        "size_mb": 1.0,
        "memory_mb": 10.0,
    }
    return EngineSpec(task=task, name=name, **{**values, **facts})


class FakeModule:
    """What `engines.register` takes. `loads` counts; `make` builds the engine (default: a plain object)."""

    def __init__(self, facts: EngineSpec, make: Callable[[], Any] = object, load_s: float = 0.0) -> None:
        self.SPEC = facts
        self.make = make
        self.load_s = load_s
        self.loads = 0
        self.folders: list[Path | None] = []

    def load(self, folder: Path | None) -> Any:
        self.loads += 1
        self.folders.append(folder)
        time.sleep(self.load_s)
        return self.make()


class FakeDigits:
    """Reads every frame as `answer`; keeps what it was asked."""

    def __init__(self, answer: int = 7, sure: float = 0.9) -> None:
        self.answer, self.sure = answer, sure
        self.frames: list[np.ndarray] = []

    def predict(self, frames: np.ndarray) -> np.ndarray:
        self.frames.extend(frames)
        others = [label for label in range(10) if label != self.answer]
        table = np.zeros((len(frames), 11), np.float32)  # ten digits, then "not a digit"
        table[:, others] = (1 - self.sure) / len(others)
        table[:, self.answer] = self.sure
        return table

    def activity(self, frame: np.ndarray) -> list[Any]:
        from pipelines.digits.types import Activity

        return [Activity("fake", np.ones((4, 7, 7), np.float32))]

    def saliency(self, frame: np.ndarray, label: int) -> np.ndarray:
        return np.full((28, 28), 0.5, np.float32)


class FakeFaces:
    """Finds the same faces in every picture: rows of x, y, width, height, score."""

    default_threshold = 0.5
    sure = 0.0

    def __init__(self, faces: list[list[float]]) -> None:
        self.faces = np.array(faces, np.float32).reshape(-1, 5)
        self.thresholds: list[float] = []

    def find(self, image: np.ndarray, threshold: float) -> np.ndarray:
        self.thresholds.append(threshold)
        return self.faces[self.faces[:, 4] >= threshold]
