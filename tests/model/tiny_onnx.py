"""The tiny model that proves an inference card: roles/om_check/files/tiny, as model_export would have left it.

    PYTHONPATH=.cache/collections .venv/bin/python -m tests.model.tiny_onnx

A convolution, a pooling and two layers, of operators that every Ascend inference chip has. Its weights are fixed, its
file is written without onnx, and what it has to answer is computed here in plain Python, by nothing that could share a
mistake with what runs it.
"""

from __future__ import annotations

import json
import math
import shutil
import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from ansible_collections.ascend.fleet.plugins.module_utils.convert import exported

from tests.support.paths import ROOT

FOLDER = ROOT / "roles" / "om_check" / "files" / "tiny"
SIDE, CHANNELS, HIDDEN, CLASSES, OPSET = 8, 4, 16, 5, 11
_FLOAT, _INT, _INTS = 1, 2, 7  # TensorProto.FLOAT; AttributeProto.INT and INTS
Numbers = list[float]


def weights(seed: int, count: int, scale: float) -> Numbers:
    """Numbers that look random and are the same everywhere, exact in 16 bits."""
    seed, found = seed * 1640531527 % (1 << 31), []
    for _number in range(count):
        seed = (seed * 1103515245 + 12345) % (1 << 31)
        found.append(((seed >> 16) % 65 - 32) / 64 * scale)
    return found


WEIGHTS = {
    "conv.weight": ([CHANNELS, 1, 3, 3], weights(1, CHANNELS * 9, 1.0)),
    "conv.bias": ([CHANNELS], weights(2, CHANNELS, 0.5)),
    "hidden.weight": ([HIDDEN, CHANNELS * SIDE * SIDE // 4], weights(3, HIDDEN * CHANNELS * SIDE * SIDE // 4, 0.5)),
    "hidden.bias": ([HIDDEN], weights(4, HIDDEN, 0.5)),
    "last.weight": ([CLASSES, HIDDEN], weights(5, CLASSES * HIDDEN, 1.0)),
    "last.bias": ([CLASSES], weights(6, CLASSES, 0.5)),
}


def answer(image: Numbers) -> Numbers:
    """What the model makes of an image."""
    kernel, bias = WEIGHTS["conv.weight"][1], WEIGHTS["conv.bias"][1]

    def pixel(row: int, column: int) -> float:
        inside = 0 <= row < SIDE and 0 <= column < SIDE
        return image[row * SIDE + column] if inside else 0.0

    def convolved(channel: int, row: int, column: int) -> float:
        return bias[channel] + sum(
            kernel[channel * 9 + down * 3 + along] * pixel(row + down - 1, column + along - 1)
            for down in range(3)
            for along in range(3)
        )

    pooled = [
        max(max(0.0, convolved(channel, row + down, column + along)) for down in (0, 1) for along in (0, 1))
        for channel in range(CHANNELS)
        for row in range(0, SIDE, 2)
        for column in range(0, SIDE, 2)
    ]
    hidden = [max(0.0, number) for number in _dense(pooled, "hidden")]
    scores = _dense(hidden, "last")
    largest = max(scores)
    powers = [math.exp(score - largest) for score in scores]
    return [power / sum(powers) for power in powers]


def _dense(values: Numbers, name: str) -> Numbers:
    weight, bias = WEIGHTS[f"{name}.weight"][1], WEIGHTS[f"{name}.bias"][1]
    width = len(values)
    return [
        start + sum(weight[place * width + number] * value for number, value in enumerate(values))
        for place, start in enumerate(bias)
    ]


# -- ONNX: protobuf messages, written as they are defined in onnx.proto ------------------------------------------------


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number: int, value: int | bytes | str) -> bytes:
    """One field of a message."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def attribute(name: str, value: int | list[int]) -> bytes:
    """A whole number or several, as an attribute of a node."""
    if isinstance(value, int):
        return field(5, field(1, name) + field(3, value) + field(20, _INT))
    return field(5, field(1, name) + b"".join(field(8, number) for number in value) + field(20, _INTS))


def node(kind: str, inputs: Iterable[str], output: str, **attributes: int | list[int]) -> bytes:
    """One node of the graph."""
    body = b"".join(field(1, name) for name in inputs) + field(2, output) + field(3, output) + field(4, kind)
    return field(1, body + b"".join(attribute(name, value) for name, value in attributes.items()))


def tensor(name: str, sizes: list[int], numbers: Numbers) -> bytes:
    """Weights."""
    body = b"".join(field(1, size) for size in sizes) + field(2, _FLOAT) + field(8, name)
    return field(5, body + field(9, struct.pack(f"<{len(numbers)}f", *numbers)))


def value(number: int, name: str, sizes: list[int]) -> bytes:
    """What goes in or comes out."""
    shape = b"".join(field(1, field(1, size)) for size in sizes)
    return field(number, field(1, name) + field(2, field(1, field(1, _FLOAT) + field(2, shape))))


def onnx(opsets: Iterable[tuple[str, int]] = (("", OPSET),)) -> bytes:
    """The model's file.

    Args:
        opsets: domain and version; anything but the default is for tests of what refuses it.
    """
    nodes = [
        node("Conv", ["image", "conv.weight", "conv.bias"], "convolved", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        node("Relu", ["convolved"], "positive"),
        node("MaxPool", ["positive"], "pooled", kernel_shape=[2, 2], strides=[2, 2]),
        node("Flatten", ["pooled"], "flat", axis=1),
        node("Gemm", ["flat", "hidden.weight", "hidden.bias"], "hidden", transB=1),
        node("Relu", ["hidden"], "hidden_positive"),
        node("Gemm", ["hidden_positive", "last.weight", "last.bias"], "scores", transB=1),
        node("Softmax", ["scores"], "probabilities", axis=1),
    ]
    graph = b"".join(nodes) + field(2, "tiny")
    graph += b"".join(tensor(name, sizes, numbers) for name, (sizes, numbers) in WEIGHTS.items())
    graph += value(11, "image", [1, 1, SIDE, SIDE]) + value(12, "probabilities", [1, CLASSES])
    imports = b"".join(field(8, (field(1, name) if name else b"") + field(2, version)) for name, version in opsets)
    return field(1, 6) + field(2, "ascend.fleet") + field(7, graph) + imports


def image() -> Numbers:
    """The fixed input."""
    return weights(7, SIDE * SIDE, 2.0)


def description() -> dict:
    """All of model.json but the hashes."""
    return {
        "name": "tiny",
        "source": {"framework": None, "version": None, "checkpoint_sha256": None},
        "inputs": [{"name": "image", "shape": [1, 1, SIDE, SIDE], "dtype": "float32"}],
        "outputs": [{"name": "probabilities", "shape": [1, CLASSES], "dtype": "float32"}],
        "reference": {
            "input": {"image": image()},
            "output": {"probabilities": [round(number, 6) for number in answer(image())]},
            "tolerance": {"rtol": 0.02, "atol": 0.002},
        },
        "opset": OPSET,
    }


def write(folder: Path) -> dict:
    """Write the exported model into a folder; its description."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(onnx())
    return exported.write(str(folder), description())


def _said(folder: Path) -> Iterator[str]:
    for path in sorted(folder.iterdir()):
        yield f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes"
    yield json.dumps(description()["reference"]["output"])


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    write(FOLDER)
    sys.stdout.write("\n".join(_said(FOLDER)) + "\n")
