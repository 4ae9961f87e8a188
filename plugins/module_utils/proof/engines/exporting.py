# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What exports have in common: the user's definition, the fixed input, the reference, and pictures to learn from.

Standard library only, so that the same numbers come out with every framework and every release of it.
"""

import importlib.util
import json
import os
import random
import struct
import sys

from . import onnx_graph

OUT = "out"
DESCRIPTION = "export.json"
# The letter that module struct has for a number.
LETTERS = {
    "float32": "f",
    "float16": "e",
    "float64": "d",
    "int8": "b",
    "uint8": "B",
    "int16": "h",
    "int32": "i",
    "int64": "q",
    "bool": "?",
}
# Numbers of a tensor that stand in the description; a larger one has a file.
_INLINE = 4096
# The small classifier: pictures of one bar each, upright, lying, rising or falling.
SIZE, CLASSES, CHANNELS = 16, 4, (8, 16)
TINY_INPUT = {"name": "picture", "shape": [CLASSES, 1, SIZE, SIZE], "dtype": "float32"}
TINY_OUTPUT = "scores"
PICTURES = 256


def build(request):
    """The model that a user's definition builds, before its weights.

    Raises:
        ValueError: the definition has no such function.
    """
    spec = importlib.util.spec_from_file_location("model_definition", os.path.abspath(request["definition"]))
    module = importlib.util.module_from_spec(spec)
    # MindSpore looks a network's module up by its name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    factory = getattr(module, request["factory"], None)
    if not callable(factory):
        raise ValueError("the definition has no function %s()" % request["factory"])
    return factory()


def shape(tensor):
    """The shape of a tensor in the reference: 1 for what is open."""
    return [1 if size == -1 else size for size in tensor["shape"]]


def numbers(tensor, seed):
    """The fixed input: as many numbers as the tensor has, from -1 up to 1 in steps that 16 bits hold, or whole ones."""
    chance, count = random.Random(seed), 1
    for size in shape(tensor):
        count *= size
    if tensor["dtype"].startswith("float"):
        return [(int(chance.random() * 512) - 256) / 256.0 for _number in range(count)]
    drawn = [int(chance.random() * tensor["below"]) for _number in range(count)]
    return [bool(number) for number in drawn] if tensor["dtype"] == "bool" else drawn


def pictures(count, seed):
    """([numbers of one picture after the other], [their classes]), the classes in turn."""
    chance, pixels, classes = random.Random(seed), [], []
    for number in range(count):
        kind, at = number % CLASSES, 2 + int(chance.random() * (SIZE - 4))
        classes.append(kind)
        for row in range(SIZE):
            for column in range(SIZE):
                apart = (column - at, row - at, (row + column) % SIZE - at, (row - column) % SIZE - at)[kind]
                light = 0.75 if abs(apart) < 2 else 0.0
                pixels.append(light + int(chance.random() * 64) / 256.0)
    return pixels, classes


def as_seen(scores):
    """Which class each picture is taken for."""
    rows = [scores[at : at + CLASSES] for at in range(0, len(scores), CLASSES)]
    return [row.index(max(row)) for row in rows]


def given(request):
    """([rows of the inputs], [the numbers of each]): those of the request, or a picture of each class."""
    if not request["definition"]:
        return [TINY_INPUT], [pictures(CLASSES, request["seed"] + 1)[0]]
    rows = request["inputs"]
    return rows, [numbers(row, request["seed"] + number) for number, row in enumerate(rows)]


def answered(request, found):
    """The rows of the outputs with their numbers.

    Args:
        found: [(shape, dtype, numbers)] in the model's order.

    Raises:
        ValueError: the request names another number of outputs.
        RuntimeError: the small classifier takes pictures for something else.
    """
    asked = request["outputs"]
    if not request["definition"]:
        asked, seen = [TINY_OUTPUT], as_seen(found[0][2])
        if seen != list(range(CLASSES)):
            raise RuntimeError("the classifier takes pictures of the classes 0 to %d for %s" % (CLASSES - 1, seen))
    if asked and len(asked) != len(found):
        raise ValueError("outputs has %d names, and the model has %d outputs" % (len(asked), len(found)))
    names = asked or ["output_%d" % number for number in range(len(found))]
    return [
        ({"name": name, "shape": list(size), "dtype": dtype}, values)
        for name, (size, dtype, values) in zip(names, found)
    ]


def flat(value):
    """The tensors in what a model returns, in their order; None stands for no output."""
    if value is None:
        return []
    if hasattr(value, "items") and not hasattr(value, "shape"):
        value = [item for _name, item in value.items()]
    if isinstance(value, (list, tuple)):
        return [tensor for item in value for tensor in flat(item)]
    return [value]


def describe(inputs, outputs, path):
    """Write the description of what was exported: tensors as they are named in the file, and the reference.

    Args:
        inputs: [(row of name, shape and dtype, its numbers)] in the model's order.
        outputs: the same, with the shapes that came out.
        path: of the model's file; of an ONNX model the names, open sizes and operator set are read from it.

    Returns:
        Names of the files in OUT that belong to the model.

    Raises:
        ValueError: the file has other inputs or outputs than the model.
    """
    opset = None
    if path.endswith(".onnx"):
        model = onnx_graph.read(path)
        opset = onnx_graph.opset(model)
        for part, rows in (("inputs", inputs), ("outputs", outputs)):
            if len(model[part]) != len(rows):
                raise ValueError(
                    "the exported graph has the %s %s, the model %s: one that the result does not depend on is left out"
                    % (part, [row["name"] for row in model[part]], [row["name"] for row, _numbers in rows])
                )
        inputs = [(dict(row, name=said["name"]), numbers) for said, (row, numbers) in zip(model["inputs"], inputs)]
        outputs = [
            (dict(row, name=said["name"], open=said["shape"] if -1 in said["shape"] else None), numbers)
            for said, (row, numbers) in zip(model["outputs"], outputs)
        ]
    files, reference, shapes = [os.path.basename(path)], {}, {}
    for part, rows in (("input", inputs), ("output", outputs)):
        reference[part] = {}
        for number, (row, values) in enumerate(rows):
            if -1 in row["shape"] or row.get("open"):
                shapes[row["name"]] = shape(row)
                row["shape"] = row.get("open") or row["shape"]
            if len(values) > _INLINE:
                name = "%s_%d.bin" % (part, number)
                with open(os.path.join(OUT, name), "wb") as handle:
                    handle.write(struct.pack("<%d%s" % (len(values), LETTERS[row["dtype"]]), *values))
                files.append(name)
                values = name
            reference[part][row["name"]] = values
    if shapes:
        reference["shapes"] = shapes
    said = {"reference": reference, "opset": opset}
    for part, rows in (("inputs", inputs), ("outputs", outputs)):
        said[part] = [{key: row[key] for key in ("name", "shape", "dtype")} for row, _numbers in rows]
    with open(DESCRIPTION, "w") as handle:
        json.dump(said, handle)
    return files
