"""The training of the digits network: what it writes is what the pipeline runs, and it can be taken up again."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pipelines.digits import net  # noqa: E402
from training import digits, digits_pictures, digits_strokes  # noqa: E402
from training.digits_augment import Augment  # noqa: E402
from training.digits_net import DigitsNet, folded  # noqa: E402


@pytest.fixture
def settled() -> DigitsNet:
    """A network whose norms have seen data, so that folding them in has something to do."""
    torch.manual_seed(0)
    network = DigitsNet().train()
    for _ in range(3):
        network(torch.rand(16, 1, 28, 28))
    return network.eval()


def test_the_pipeline_computes_what_was_trained(settled: DigitsNet) -> None:
    x = torch.rand(4, 1, 28, 28)
    member = net.split_members({f"0.{name}": tensor for name, tensor in folded(settled).items()})[0]
    with torch.inference_mode():
        expected, (got, stages) = settled(x), net.forward(member, x)
    assert torch.allclose(got, expected, atol=0.02)  # half precision weights
    assert [tuple(stage.shape[1:]) for stage in stages] == [(32, 28, 28), (64, 14, 14), (128, 5, 5)]


def test_members_of_one_file_are_told_apart(settled: DigitsNet, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    save_file(folded(settled), tmp_path / "a")
    save_file(folded(DigitsNet().eval()), tmp_path / "b")
    digits.join([tmp_path / "a", tmp_path / "b"], tmp_path / "both")
    members = net.split_members(load_file(tmp_path / "both"))
    assert len(members) == 2
    assert not torch.equal(members[0]["head.weight"], members[1]["head.weight"])


def test_changed_pictures_repeat_with_their_seed_and_stay_pictures() -> None:
    plain = digits_pictures.stroke_digits(20, np.random.default_rng(1))[0]
    x = torch.from_numpy(plain).float()[:, None] / 255
    one, again, other = (Augment(seed)(x.clone()) for seed in (5, 5, 6))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert one.shape == (20, 1, 28, 28)
    assert float(one.min()) >= 0 and float(one.max()) <= 1
    assert float((one.amax((1, 2, 3)) > 0.3).float().mean()) > 0.95  # no digit is lost


def test_strokes_are_written_in_percent() -> None:
    assert digits_strokes.shape_of("- 0,50 100,50 | ~ 10,0 20,100") == [
        ("-", [(0, 0.5), (1, 0.5)]),
        ("~", [(0.1, 0), (0.2, 1)]),
    ]


def test_a_run_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digits, "SHARES", dict.fromkeys(digits.SHARES, 4))
    args = argparse.Namespace(seed=3, rate=digits.HIGHEST_RATE, plain=4)
    rng = np.random.default_rng(2)
    pictures, labels = digits_pictures.stroke_digits(30, rng)
    bank = digits.as_bank(pictures, labels)
    bank.small = torch.from_numpy(np.ascontiguousarray(pictures[:, ::2, ::2]))
    data = digits.Data(dict.fromkeys(("mnist", "fonts", "strokes", "nothing"), bank), {})
    first = digits.Run(args)
    first.learn(data, 10)
    first.store(tmp_path / "last.pt")
    onward = first.learn(data, 10)
    taken_up = digits.Run(argparse.Namespace(seed=99, rate=digits.HIGHEST_RATE, plain=4))
    taken_up.take_up(tmp_path / "last.pt")
    assert taken_up.step == 1
    assert taken_up.learn(data, 10) == pytest.approx(onward, rel=1e-4)


def test_the_rate_rises_and_falls_to_nothing() -> None:
    rates = [digits.rate(step, 1000, 3e-3) for step in range(1000)]
    assert max(rates) == pytest.approx(3e-3, rel=0.01)
    assert rates[0] < 0.05 * max(rates)
    assert rates[-1] < 0.001 * max(rates)
