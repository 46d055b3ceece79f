"""Writes a checkpoint of the line recogniser as ONNX, half precision inside, and compares the two.

    python -m training.ocr_export FOLDER/last.pt assets/ocr/korean.onnx      (needs the package onnx besides)

In: `lines` (n, 1, 40, w) float32 in -1..1. Out: the best character number and its probability at every 4th column.
Weights are stored as 16 bit and turned to 32 bit when the file is loaded: half the size, the same answers.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from training.ocr_net import LineNet

SMALLEST = 256  # numbers in a tensor, below which halving saves nothing


class Shipped(nn.Module):
    """The network with batch norms folded in, the head made one matrix, and the answer reduced to what is used."""

    def __init__(self, net: LineNet) -> None:
        super().__init__()
        self.net = fused(net.eval())
        self.register_buffer("matrix", net.head.matrix().detach())
        self.register_buffer("bias", net.head.bias.detach())

    def forward(self, lines: Tensor) -> tuple[Tensor, Tensor]:
        seen = self.net.mixes(self.net.column(self.net.eye(lines)))
        scores = nn.functional.linear(self.net.norm(seen.squeeze(2).transpose(1, 2)), self.matrix, self.bias)
        best, number = scores.max(-1)
        return number.to(torch.int32), 1 / (scores - best[..., None]).exp().sum(-1)


def fused(net: LineNet) -> LineNet:
    for module in list(net.modules()):
        if isinstance(module, nn.Sequential):
            for at in range(len(module) - 1):
                if isinstance(module[at], nn.Conv2d) and isinstance(module[at + 1], nn.BatchNorm2d):
                    module[at] = nn.utils.fusion.fuse_conv_bn_eval(module[at], module[at + 1])
                    module[at + 1] = nn.Identity()
    return net


def load(checkpoint: Path) -> LineNet:
    """The averaged weights of a run."""
    net = LineNet()
    net.load_state_dict(torch.load(checkpoint)["average"])
    return net.eval()


def export(net: LineNet, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    names = {"input_names": ["lines"], "output_names": ["numbers", "chances"]}
    free = {"lines": {0: "n", 3: "w"}, "numbers": {0: "n", 1: "t"}, "chances": {0: "n", 1: "t"}}
    example = torch.rand(2, 1, 40, 320)
    torch.onnx.export(Shipped(net), (example,), str(path), dynamic_axes=free, opset_version=17, dynamo=False, **names)
    halve(path)


def halve(path: Path) -> None:
    """Store the large tensors as 16 bit, each followed by a cast that is done once, at loading."""
    model = onnx.load(str(path))
    graph, casts = model.graph, []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type == TensorProto.FLOAT and values.size >= SMALLEST:
            name = tensor.name
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name + "_16"))
            casts.append(helper.make_node("Cast", [name + "_16"], [name], to=TensorProto.FLOAT))
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend([*casts, *nodes])
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def compare(net: LineNet, path: Path) -> float:
    """The share of places at which file and network name the same character, on noise of several widths."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    same = []
    for wide in (64, 200, 640):
        lines = torch.rand(3, 1, 40, wide, generator=torch.Generator().manual_seed(wide)) * 2 - 1
        with torch.no_grad():
            expected = net(lines).argmax(-1).numpy()
        same.append((session.run(None, {"lines": lines.numpy()})[0] == expected).mean())
    return float(np.mean(same))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    export(load(args.checkpoint), args.out)
    share = compare(load(args.checkpoint), args.out)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB, {100 * share:.2f} % of the places agree")


if __name__ == "__main__":
    main()
