# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a MindSpore checkpoint without MindSpore; standard library only.

The file is a protocol buffer (mindspore/ccsrc/utils/checkpoint.proto): Checkpoint has Values in field 1; a Value its
tag, the parameter's name, in field 1 and a tensor in field 2; a tensor its dimensions in field 1, packed or not, its
type in field 2 and its content, little-endian, in field 3. A large parameter comes in several Values of one tag.
"""

from . import protobuf

# Bytes of one element.
SIZES = {"Float32": 4, "Float16": 2}


def read(path):
    """{parameter's name: (dimensions, type, content)} of a checkpoint; the type is one of SIZES.

    Raises:
        OSError: it cannot be read.
        ValueError: it is damaged, or holds what no weights are made of.
    """
    with open(path, "rb") as handle:
        data = handle.read()
    found = {}
    for number, value in protobuf.fields(data, path):
        if number != 1:
            continue
        parts = dict(protobuf.fields(value, path))
        if 1 not in parts or 2 not in parts:
            raise ValueError("%s is damaged: a parameter without name or content" % path)
        dimensions, kind, content = _tensor(parts[2], path)
        tag = bytes(parts[1]).decode("utf-8")
        if tag in found:
            # The pieces of a parameter follow each other, each with its own count of elements.
            content = found[tag][2] + content
            dimensions = found[tag][0]
        found[tag] = (dimensions, kind, content)
    for tag, (dimensions, kind, content) in found.items():
        size = SIZES[kind]
        for dimension in dimensions:
            size *= dimension
        if size != len(content):
            raise ValueError("%s is damaged: %s has %d bytes instead of %d" % (path, tag, len(content), size))
    if not found:
        raise ValueError("%s is damaged: there is no parameter in it" % path)
    return found


def _tensor(data, path):
    dimensions, kind, content = [], "", b""
    for number, value in protobuf.fields(data, path):
        if number == 1:
            dimensions += [value] if isinstance(value, int) else protobuf.numbers(value, path)
        elif number == 2:
            kind = bytes(value).decode("utf-8", "replace")
        elif number == 3:
            content = bytes(value)
    if kind not in SIZES:
        raise ValueError("%s holds a parameter of type %r; known are %s" % (path, kind, ", ".join(sorted(SIZES))))
    return dimensions, kind, content
