"""Qwen3 as a graph of OpenVINO, written layer by layer from the weights of a transformers model.

The engines use repositories that were converted by others. This makes the same kind of file from any weights, random
ones too: for measuring at the real shape, and for tests at a tiny one. `python benchmarks/qwen3_ir.py FROM TO [int8]`.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np

_KEPT = ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")


def convert(source: Path, target: Path, bits: str = "fp32") -> Path:
    """Write the OpenVINO form of a Qwen3 checkpoint. `bits`: "fp32", "int8" or "int4" (these need nncf)."""
    import openvino
    from openvino_tokenizers import convert_tokenizer
    from transformers import AutoModelForCausalLM, AutoTokenizer

    target.mkdir(parents=True, exist_ok=True)
    model = graph(AutoModelForCausalLM.from_pretrained(source, dtype="float32").eval())
    openvino.save_model(compressed(model, bits), target / "openvino_model.xml", compress_to_fp16=False)
    tokenizers = convert_tokenizer(AutoTokenizer.from_pretrained(source), with_detokenizer=True)
    for part, name in zip(tokenizers, ("openvino_tokenizer", "openvino_detokenizer"), strict=True):
        openvino.save_model(part, target / f"{name}.xml")
    for name in _KEPT:
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)
    return target


def compressed(model: Any, bits: str) -> Any:
    """The weights in 8 bits a channel, or 4 bits a group of 128 with the rest in 8, as ready-made repositories are."""
    if bits == "fp32":
        return model
    import nncf  # type: ignore[import-not-found]

    if bits == "int8":
        return nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_ASYM)
    return nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT4_ASYM, ratio=0.8, group_size=128)


def graph(model: Any) -> Any:
    """The model with its cache inside: ids, mask, positions and the choice of rows in, logits out."""
    return _Graph(model.config, {name: one.detach().numpy() for name, one in model.named_parameters()}).build()


class _Graph:
    def __init__(self, config: Any, weights: dict[str, Any]) -> None:
        from openvino import opset13

        self.config = config
        self.weights = weights
        self.op = opset13
        self.sinks: list[Any] = []
        self.ids = self._input("input_ids", [-1, -1], np.int64)
        self.mask = self._input("attention_mask", [-1, -1], np.int64)
        self.positions = self._input("position_ids", [-1, -1], np.int64)
        self.rows = self._input("beam_idx", [-1], np.int32)
        self.cos, self.sin = self._rotations()
        self.seen = self._visible()

    def build(self) -> Any:
        import openvino

        embedding = self._weight("model.embed_tokens.weight")
        state = self.op.gather(embedding, self.ids, self._whole(0))
        for number in range(self.config.num_hidden_layers):
            state = self._layer(state, f"model.layers.{number}", number)
        head = embedding if self.config.tie_word_embeddings else self._weight("lm_head.weight")
        logits = self.op.matmul(self._norm(state, "model.norm.weight"), head, False, True)
        logits.output(0).get_tensor().set_names({"logits"})
        inputs = [self.ids, self.mask, self.positions, self.rows]
        return openvino.Model([self.op.result(logits)], self.sinks, inputs, "qwen3")

    def _layer(self, state: Any, name: str, number: int) -> Any:
        heard = self._attention(self._norm(state, f"{name}.input_layernorm.weight"), f"{name}.self_attn", number)
        state = self.op.add(state, heard)
        inner = self._norm(state, f"{name}.post_attention_layernorm.weight")
        gate = self.op.swish(self._linear(inner, f"{name}.mlp.gate_proj"))
        opened = self.op.multiply(gate, self._linear(inner, f"{name}.mlp.up_proj"))
        return self.op.add(state, self._linear(opened, f"{name}.mlp.down_proj"))

    def _attention(self, state: Any, name: str, number: int) -> Any:
        config = self.config
        queries = self._heads(state, f"{name}.q_proj", config.num_attention_heads, f"{name}.q_norm.weight")
        keys = self._heads(state, f"{name}.k_proj", config.num_key_value_heads, f"{name}.k_norm.weight")
        values = self._heads(state, f"{name}.v_proj", config.num_key_value_heads)
        keys = self._remembered(self._rotated(keys), f"past_key_values.{number}.keypresent.{number}.key")
        values = self._remembered(values, f"past_key_values.{number}.valuepresent.{number}.value")
        mixed = self.op.scaled_dot_product_attention(
            self._rotated(queries), self._shared(keys), self._shared(values), self.seen
        )
        mixed = self.op.transpose(mixed, self._whole([0, 2, 1, 3]))
        width = config.num_attention_heads * config.head_dim
        return self._linear(self.op.reshape(mixed, self._whole([0, 0, width]), True), f"{name}.o_proj")

    def _heads(self, state: Any, name: str, heads: int, norm: str = "") -> Any:
        parted = self.op.reshape(self._linear(state, name), self._whole([0, 0, heads, self.config.head_dim]), True)
        if norm:
            parted = self._norm(parted, norm)
        return self.op.transpose(parted, self._whole([0, 2, 1, 3]))

    def _remembered(self, fresh: Any, name: str) -> Any:
        """The cache of one layer, with what is new behind it."""
        from openvino import PartialShape, Type
        from openvino.op.util import Variable, VariableInfo

        heads, size = self.config.num_key_value_heads, self.config.head_dim
        info = VariableInfo()
        info.data_shape, info.data_type, info.variable_id = PartialShape([-1, heads, -1, size]), Type.f32, name
        variable = Variable(info)
        count = self.op.gather(self.op.shape_of(self.ids, "i64"), self._whole([0]), self._whole(0))
        empty = self.op.broadcast(
            self.op.constant(np.float32(0)), self.op.concat([count, self._whole([heads, 0, size])], 0)
        )
        past = self._read(empty, variable)
        both = self.op.concat([self.op.gather(past, self.rows, self._whole(0)), fresh], 2)
        self.sinks.append(self._assign(both, variable))
        return both

    def _read(self, start: Any, variable: Any) -> Any:
        from openvino import opset6

        return opset6.read_value(start, variable)

    def _assign(self, value: Any, variable: Any) -> Any:
        from openvino import opset6

        return opset6.assign(value, variable)

    def _shared(self, cache: Any) -> Any:
        """Each head of the cache for the several heads of the queries that use it."""
        config = self.config
        times = config.num_attention_heads // config.num_key_value_heads
        if times == 1:
            return cache
        shape = self.op.shape_of(cache, "i64")
        rows = self.op.gather(shape, self._whole([0]), self._whole(0))
        length = self.op.gather(shape, self._whole([2]), self._whole(0))
        heads, size = config.num_key_value_heads, config.head_dim
        wide = self.op.concat([rows, self._whole([heads, times]), length, self._whole([size])], 0)
        copied = self.op.broadcast(self.op.unsqueeze(cache, self._whole(2)), wide, "bidirectional")
        return self.op.reshape(copied, self._whole([0, heads * times, -1, size]), True)

    def _rotated(self, state: Any) -> Any:
        half = self.config.head_dim // 2
        first = self.op.slice(state, self._whole([0]), self._whole([half]), self._whole([1]), self._whole([3]))
        last = self.op.slice(state, self._whole([half]), self._whole([2**63 - 1]), self._whole([1]), self._whole([3]))
        turned = self.op.concat([self.op.multiply(last, self.op.constant(np.float32(-1))), first], -1)
        return self.op.add(self.op.multiply(state, self.cos), self.op.multiply(turned, self.sin))

    def _rotations(self) -> tuple[Any, Any]:
        size, base = self.config.head_dim, self.config.rope_parameters["rope_theta"]
        speeds = (1.0 / base ** (np.arange(0, size, 2, dtype=np.float32) / size)).astype(np.float32)
        places = self.op.convert(self.op.unsqueeze(self.positions, self._whole(2)), "f32")
        angles = self.op.matmul(places, self.op.constant(speeds[None, None]), False, False)
        both = self.op.unsqueeze(self.op.concat([angles, angles], -1), self._whole(1))
        return self.op.cos(both), self.op.sin(both)

    def _visible(self) -> Any:
        """What each token may look at: itself and what came before, but for what the mask hides."""
        new = self._length(self.ids)
        known = self._length(self.mask)
        columns = self.op.range(self._whole(0), known, self._whole(1), "i64")
        rows = self.op.range(self.op.subtract(known, new), known, self._whole(1), "i64")
        before = self.op.less_equal(self.op.unsqueeze(columns, self._whole(0)), self.op.unsqueeze(rows, self._whole(1)))
        shown = self.op.unsqueeze(self.op.convert(self.mask, "boolean"), self._whole([1, 2]))
        both = self.op.logical_and(self.op.unsqueeze(before, self._whole([0, 1])), shown)
        return self.op.select(
            both, self.op.constant(np.float32(0)), self.op.constant(np.float32(np.finfo(np.float32).min))
        )

    def _norm(self, state: Any, weight: str) -> Any:
        square = self.op.power(state, self.op.constant(np.float32(2)))
        mean = self.op.reduce_mean(square, self._whole([-1]), True)
        root = self.op.sqrt(self.op.add(mean, self.op.constant(np.float32(self.config.rms_norm_eps))))
        scaled = self.op.multiply(state, self.op.divide(self.op.constant(np.float32(1)), root))
        return self.op.multiply(self._weight(weight), scaled)

    def _linear(self, state: Any, name: str) -> Any:
        return self.op.matmul(state, self._weight(f"{name}.weight"), False, True)

    def _weight(self, name: str) -> Any:
        constant = self.op.constant(self.weights[name])
        constant.set_friendly_name(name)
        return constant

    def _whole(self, numbers: Any) -> Any:
        return self.op.constant(np.asarray(numbers, np.int64))

    def _length(self, value: Any) -> Any:
        return self.op.gather(self.op.shape_of(value, "i64"), self._whole(1), self._whole(0))

    def _input(self, name: str, shape: list[int], kind: Any) -> Any:
        node = self.op.parameter(shape, kind, name)
        node.set_friendly_name(name)  # by which the change to paged attention finds it
        node.output(0).get_tensor().set_names({name})
        return node


if __name__ == "__main__":
    print(json.dumps(str(convert(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]))))
