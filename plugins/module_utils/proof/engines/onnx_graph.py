# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an ONNX model says of itself, without onnx (onnx.proto3): its inputs, outputs, operators and their sets."""

from . import protobuf

# TensorProto.DataType
_DTYPES = {
    1: "float32",
    2: "uint8",
    3: "int8",
    5: "int16",
    6: "int32",
    7: "int64",
    9: "bool",
    10: "float16",
    11: "float64",
}
_STANDARD = ("", "ai.onnx")


def read(path):
    """What a file says of its model.

    Returns:
        C(inputs) and C(outputs) as rows of C(name), C(shape) (-1 for an open size) and C(dtype) (None where it is
        no tensor of numbers), C(opsets) ({domain: version}) and C(operators), their names, sorted.

    Raises:
        OSError: it cannot be read.
        ValueError: it is damaged, or no ONNX model.
    """
    with open(path, "rb") as handle:
        data = handle.read()
    graph, opsets = None, {}
    for number, value in protobuf.fields(data, path):
        if number == 7:
            graph = value
        elif number == 8:
            row = dict(protobuf.fields(value, path))
            opsets[protobuf.text(row.get(1, b""))] = row.get(2, 0)
    if graph is None or not opsets:
        raise ValueError("%s is no ONNX model: it has no graph" % path)
    found = {5: [], 11: [], 12: [], 1: set()}
    for number, value in protobuf.fields(graph, path):
        if number == 1:
            found[1].add(_one(value, 4, path))
        elif number == 5:
            # An initializer: of a tensor its name is field 8.
            found[5].append(_one(value, 8, path))
        elif number in (11, 12):
            found[number].append(_tensor(value, path))
    # Old exporters list weights among the inputs as well.
    inputs = [row for row in found[11] if row["name"] not in found[5]]
    return {"inputs": inputs, "outputs": found[12], "opsets": opsets, "operators": sorted(found[1])}


def opset(model):
    """The version of ONNX's own operators in what read() gives, or None."""
    return next((model["opsets"][domain] for domain in _STANDARD if domain in model["opsets"]), None)


def foreign(model):
    """The domains of operators that are not ONNX's own; ATC takes one domain only (E16005)."""
    return sorted(domain for domain in model["opsets"] if domain not in _STANDARD)


def _one(message, wanted, path):
    return next((protobuf.text(value) for number, value in protobuf.fields(message, path) if number == wanted), "")


def _tensor(message, path):
    """A ValueInfoProto."""
    name, dtype, shape = "", None, []
    for number, value in protobuf.fields(message, path):
        if number == 1:
            name = protobuf.text(value)
        elif number == 2:
            tensor = dict(protobuf.fields(value, path)).get(1, b"")
            for part, item in protobuf.fields(tensor, path):
                if part == 1:
                    dtype = _DTYPES.get(item)
                elif part == 2:
                    shape = [_size(size, path) for one, size in protobuf.fields(item, path) if one == 1]
    return {"name": name, "shape": shape, "dtype": dtype}


def _size(dimension, path):
    size = dict(protobuf.fields(dimension, path)).get(1, 0)
    return size if isinstance(size, int) and 0 < size < 1 << 31 else -1
