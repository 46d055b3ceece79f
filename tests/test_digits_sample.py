"""Pictures of a data set by number: which data set, its range, and noise that a seed repeats."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from pipelines import digits
from pipelines.errors import InvalidInput


@pytest.fixture(autouse=True)
def nothing_at_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MODU_MNIST_DIR", raising=False)
    monkeypatch.setattr("pipelines.digits.samples._cached_file", lambda: None)


@pytest.fixture(params=["plain", "gz"])
def idx_folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Three pictures in the form of MNIST's files."""
    pictures = np.random.default_rng(1).integers(0, 256, (3, 28, 28), dtype=np.uint8)
    images = b"\x00\x00\x08\x03" + b"".join(n.to_bytes(4, "big") for n in (3, 28, 28)) + pictures.tobytes()
    labels = b"\x00\x00\x08\x01" + (3).to_bytes(4, "big") + bytes([7, 0, 4])
    for name, raw in (("train-images-idx3-ubyte", images), ("train-labels-idx1-ubyte", labels)):
        packed = request.param == "gz"
        (tmp_path / (name + ".gz" if packed else name)).write_bytes(gzip.compress(raw) if packed else raw)
    return tmp_path


def test_without_mnist_the_digits_of_scikit_learn_are_shown() -> None:
    sample = digits.sample(100)
    assert (sample.dataset, sample.size, sample.index, sample.label) == ("scikit-learn digits", 1797, 100, 4)
    assert sample.picture.size == (28, 28)
    assert sample.picture.mode == "L"
    assert np.asarray(sample.picture).max() == 255


def test_samples_are_read_by_the_built_in_engine() -> None:
    samples = [digits.sample(index) for index in range(0, 1797, 20)]
    right = [digits.recognize(s.picture, explain=False).label == str(s.label) for s in samples]
    assert np.mean(right) >= 0.95


def test_mnist_files_are_used_where_the_owner_has_them(idx_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODU_MNIST_DIR", str(idx_folder))
    sample = digits.sample(2)
    assert (sample.dataset, sample.size, sample.label) == ("MNIST (train)", 3, 4)
    expected = np.random.default_rng(1).integers(0, 256, (3, 28, 28), dtype=np.uint8)[2]
    assert np.array_equal(np.asarray(sample.picture), expected)


def test_damaged_mnist_files_leave_the_other_digits(idx_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in idx_folder.glob("train-images*"):
        path.write_bytes(b"not an idx file")
    monkeypatch.setenv("MODU_MNIST_DIR", str(idx_folder))
    assert digits.sample(0).dataset == "scikit-learn digits"


def test_noise_has_sigma_15_and_the_seed_repeats_it() -> None:
    plain, one, again, other = (
        np.asarray(digits.sample(5, noise, seed).picture, dtype=float)
        for noise, seed in ((False, 0), (True, 3), (True, 3), (True, 4))
    )
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    middle = (plain > 60) & (plain < 195)  # away from black and white nothing is clipped
    noisy = [np.asarray(digits.sample(5, True, seed).picture, dtype=float) for seed in range(20)]
    differences = np.concatenate([(picture - plain)[middle] for picture in noisy])
    assert differences.std() == pytest.approx(15, rel=0.1)
    assert differences.mean() == pytest.approx(0, abs=1.5)


def test_a_noisy_sample_is_still_read() -> None:
    assert digits.recognize(digits.sample(0, noise=True).picture, explain=False).label == "0"


@pytest.mark.parametrize("index", [-1, 1797, 10**9])
def test_an_index_out_of_range_names_the_range(index: int) -> None:
    with pytest.raises(InvalidInput, match="0 and 1796"):
        digits.sample(index)


@pytest.mark.parametrize(
    ("index", "noise", "seed"),
    [("abc", False, 0), (1.5, False, 0), (None, False, 0), (True, False, 0), (1, 1, 0), (1, False, -1), (1, True, "x")],
)
def test_wrong_types_are_errors(index: object, noise: object, seed: object) -> None:
    with pytest.raises(InvalidInput):
        digits.sample(index, noise, seed)  # type: ignore[arg-type]
