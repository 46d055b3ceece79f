"""A picture of a data set by its number, with the noise of the course if wanted.

MNIST's training set where it is at hand (`MODU_MNIST_DIR`, or the Hub cache), else the digits inside scikit-learn.
"""

from __future__ import annotations

import gzip
import io
import logging
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines import checks, settings
from pipelines.digits.fit import fitted
from pipelines.digits.types import DigitSample

NOISE_SIGMA = 15.0  # grey levels, as in the course
LARGEST_SEED = 2**32 - 1
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _DataSet:
    name: str
    pictures: NDArray[np.uint8]  # (n, 28, 28)
    labels: NDArray[np.int64]


def sample(index: int = 100, noise: bool = False, seed: int = 0) -> DigitSample:
    """Picture number `index`; `noise` adds Gaussian noise of 15 grey levels, the same for the same `seed`."""
    checks.flag(noise, "noise")
    seed = checks.whole(seed, "seed", 0, LARGEST_SEED)
    data = _at_hand()
    index = checks.whole(index, "index", 0, len(data.labels) - 1)
    pixels = data.pictures[index]
    if noise:
        grains = np.random.default_rng(seed).normal(0.0, NOISE_SIGMA, pixels.shape)
        pixels = np.clip(np.round(pixels + grains), 0, 255).astype(np.uint8)
    return DigitSample(Image.fromarray(pixels), int(data.labels[index]), index, data.name, len(data.labels))


def _at_hand() -> _DataSet:
    folder = settings.current().mnist_dir
    if folder is not None:
        try:
            return _from_idx(folder)
        except (OSError, ValueError, EOFError) as error:
            log.warning("MODU_MNIST_DIR cannot be used (%s); other digits are shown instead", error)
    cached = _cached_file()
    return _from_scikit_learn() if cached is None else _from_parquet(cached)


@lru_cache(maxsize=2)
def _from_idx(folder: Path) -> _DataSet:
    pictures, labels = (_read_idx(folder, part) for part in ("images-idx3", "labels-idx1"))
    if pictures.ndim != 3 or pictures.shape[1:] != (28, 28) or len(pictures) != len(labels):
        raise ValueError("the idx files do not belong together")
    return _DataSet("MNIST (train)", pictures, labels.astype(np.int64))


def _read_idx(folder: Path, part: str) -> NDArray[np.uint8]:
    """An idx file of bytes: two zeros, type 8, the number of dimensions, their sizes, the values."""
    names = [f"train-{part}-ubyte", f"train-{part}-ubyte.gz", f"train-{part.replace('-', '.')}-ubyte"]
    path = next((folder / name for name in names if (folder / name).is_file()), None)
    if path is None:
        raise FileNotFoundError(f"no {names[0]} or {names[1]} in the folder")
    raw = path.read_bytes()
    raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    if raw[:3] != b"\x00\x00\x08":
        raise ValueError(f"{path.name} is no idx file of bytes")
    shape = [int.from_bytes(raw[4 + 4 * axis : 8 + 4 * axis], "big") for axis in range(raw[3])]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def _cached_file() -> Path | None:
    """The Hub data set's file if an earlier download left it here and it can be read. Never asks the network."""
    if find_spec("huggingface_hub") is None or find_spec("pyarrow") is None:
        return None
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache("ylecun/mnist", "mnist/train-00000-of-00001.parquet", repo_type="dataset")
    return Path(found) if isinstance(found, str) else None


@lru_cache(maxsize=1)
def _from_parquet(path: Path) -> _DataSet:
    from pyarrow import parquet

    table = parquet.read_table(path)
    pictures = [np.asarray(Image.open(io.BytesIO(cell["bytes"]))) for cell in table["image"].to_pylist()]
    return _DataSet("MNIST (train)", np.stack(pictures), np.asarray(table["label"].to_pylist(), dtype=np.int64))


@lru_cache(maxsize=1)
def _from_scikit_learn() -> _DataSet:
    """1,797 digits of 8x8 pixels with 17 grey levels, laid out as MNIST lays out its own."""
    from sklearn.datasets import load_digits

    found = load_digits()
    frames = [np.round(fitted((picture / 16).astype(np.float32)) * 255).astype(np.uint8) for picture in found.images]
    return _DataSet("scikit-learn digits", np.stack(frames), found.target.astype(np.int64))
