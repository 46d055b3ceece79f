"""How the line recogniser is trained: its texts, its drawn lines, its loss, its network and the shipped file."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

from pipelines.ocr.characters import CHARACTERS, NUMBER, SYLLABLES
from pipelines.ocr.lines import HEIGHT
from training.ocr_score import distance, error_rate
from training.ocr_text import Phrases, cut, kept

torch = pytest.importorskip("torch")
FILE = ROOT / "assets" / "ocr" / "korean.onnx"


@pytest.fixture(scope="module")
def phrases() -> Phrases:
    torch.set_num_threads(1)
    return Phrases([])


# --- texts --------------------------------------------------------------------------------------------------------


def test_lines_hold_only_known_characters_and_are_the_same_each_time(phrases: Phrases) -> None:
    lines = [phrases.line(np.random.default_rng(seed), 20) for seed in range(300)]
    assert lines == [phrases.line(np.random.default_rng(seed), 20) for seed in range(300)]
    assert all(1 <= len(line) <= 20 and set(line) <= set(NUMBER) and line == line.strip() for line in lines)
    assert sum(any(c in SYLLABLES for c in line) for line in lines) > 150
    assert sum(line.isascii() for line in lines) > 40


def test_all_syllables_come_up(phrases: Phrases) -> None:
    rng = np.random.default_rng(1)
    seen = set("".join(phrases.syllables(rng) for _ in range(6000)))
    assert len(seen & set(SYLLABLES)) > 2340


def test_letters_in_parts_are_composed_and_strange_ones_left_out() -> None:
    assert kept("한글  α漢 ok\u00a0!") == "한글 ok !"


def test_a_piece_is_never_too_long() -> None:
    rng = np.random.default_rng(2)
    for _ in range(200):
        piece = cut("나는 오늘 아침에 빵과 우유를 먹었다", 7, rng)
        assert len(piece) <= 7 and piece == piece.strip()


# --- pictures -----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("fc-list") is None, reason="no list of fonts on this system")
def test_drawn_lines_are_ready_for_the_network(phrases: Phrases) -> None:
    from training.ocr_data import CHUNK, Batch, Course, Drawer, batches_of
    from training.ocr_fonts import Face, listed

    faces = [Face(file, index, name, frozenset(CHARACTERS[:95]), 1.0) for file, index, name in listed()][:3]
    if not faces:
        pytest.skip("none of the known fonts is installed")

    class Latin(Phrases):
        def __init__(self) -> None:
            self.foreign = ["apple", "Bus", "cart"]

        def line(self, rng: np.random.Generator, longest: int) -> str:
            return self.english_words(rng)[:longest].strip() or "a"

    drawer = Drawer([*faces, Face(faces[0].file, faces[0].index, "x", frozenset(CHARACTERS), 1.0)], Latin())
    rng = np.random.default_rng(3)
    lines = [drawer.line(rng, Course(12, 0.0, 1.0)) for _ in range(40)]
    assert all(picture.shape[0] == HEIGHT and picture.dtype == np.uint8 for picture, _ in lines)
    assert np.mean([picture.std() > 20 for picture, _ in lines]) > 0.9
    batches: list[Batch] = batches_of(list(lines), 0, rng)
    assert sum(len(batch.codes) for batch in batches) == 40 and CHUNK > 0
    for batch in batches:
        assert batch.pictures.shape[0] == len(batch.codes) and batch.pictures.shape[2] % 8 == 0
        assert all(1 <= code <= len(CHARACTERS) for line in batch.codes for code in line)


# --- the network ----------------------------------------------------------------------------------------------------


def test_the_loss_and_its_slope_are_those_of_ctc() -> None:
    from training.ocr_net import line_loss

    torch.manual_seed(0)
    codes = [[5, 7, 7, 9], [1, 2], [8, 8, 8]]
    scores = torch.randn(3, 12, 30, requires_grad=True)
    loss = line_loss(scores, codes)
    (2 * loss).backward()
    mine, scores.grad = scores.grad.clone(), None
    targets = torch.zeros(3, 4, dtype=torch.long)
    for at, line in enumerate(codes):
        targets[at, : len(line)] = torch.tensor(line)
    plain = torch.nn.functional.ctc_loss(
        scores.log_softmax(-1).transpose(0, 1), targets, torch.full((3,), 12), torch.tensor([4, 2, 3])
    )
    (2 * plain).backward()
    assert float(loss) == pytest.approx(float(plain), rel=1e-5)
    assert torch.allclose(mine, scores.grad, atol=1e-5)


def test_a_syllable_is_scored_by_its_letters() -> None:
    from training.ocr_net import FINALS, VOWELS, Head

    head = Head(8)
    made = head.matrix() - head.own
    at = NUMBER["한"]  # ㅎ + ㅏ + ㄴ
    expected = head.letters[18] + head.letters[19 + 0] + head.letters[19 + VOWELS + 4]
    assert torch.allclose(made[at], expected, atol=1e-6)
    assert not made[0].any() and not made[NUMBER["A"]].any()
    assert len(head.letters) == 19 + VOWELS + FINALS and len(head.syllables) == len(SYLLABLES)


def test_one_guess_every_four_columns() -> None:
    from training.ocr_net import LineNet

    with torch.no_grad():
        assert LineNet().eval()(torch.zeros(2, 1, HEIGHT, 160)).shape == (2, 40, len(CHARACTERS) + 1)


def test_the_exported_file_says_what_the_network_says(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    from training.ocr_export import compare, export
    from training.ocr_net import LineNet

    torch.manual_seed(1)
    net = LineNet().eval()
    export(copy.deepcopy(net), tmp_path / "net.onnx")
    assert compare(net, tmp_path / "net.onnx") > 0.99


# --- scores -------------------------------------------------------------------------------------------------------


def test_errors_are_counted_by_letters_without_blanks() -> None:
    assert distance("고양이", "고얌이야") == 2 and distance("", "abc") == 3 and distance("abc", "abc") == 0
    assert error_rate(["가 나", "다"], ["가나", "라"]) == pytest.approx(1 / 3)
    assert error_rate(["Total"], ["TOTAL"]) == 0


# --- what is shipped --------------------------------------------------------------------------------------------------


def test_the_shipped_file_is_small_and_has_a_card() -> None:
    assert FILE.stat().st_size < 12_000_000
    card = (FILE.parent / "README.md").read_text(encoding="utf-8")
    for word in ("Licence", "training.ocr_korean", "seed", "Tesseract", "character error rate"):
        assert word in card


def test_the_shipped_file_reads_lines_of_the_examples() -> None:
    from PIL import Image

    from pipelines.ocr.recognisers import KoreanLines

    page = np.asarray(Image.open(ROOT / "examples" / "ocr" / "notice-korean.png").convert("RGB"))
    cuts = [page[60 + 51 * at - 8 : 60 + 51 * at + 42, 55:1100] for at in range(8)]
    reads = KoreanLines().read(cuts)
    truth = json.loads((ROOT / "examples" / "ocr" / "truth.json").read_text(encoding="utf-8"))["notice-korean.png"]
    assert error_rate([read.text for read in reads], truth) < 0.06
    assert min(read.score for read in reads) > 0.7
