# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wire format of protocol buffers, as checkpoints and ONNX models are written in it; standard library only."""

_NUMBER, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_SIZES = {_EIGHT: 8, _FOUR: 4}


def fields(data, path):
    """(field's number, its int or bytes) of a message; bytes are not copied.

    Args:
        data: of the message.
        path: of the file it comes from, for the message of an error.

    Raises:
        ValueError: it is damaged.
    """
    if isinstance(data, int):
        raise ValueError("%s is damaged: a number where a message should be" % path)
    data, at = memoryview(data), 0
    while at < len(data):
        tag, at = _varint(data, at, path)
        kind = tag & 7
        if kind == _NUMBER:
            value, at = _varint(data, at, path)
        elif kind == _BYTES or kind in _SIZES:
            size, at = _varint(data, at, path) if kind == _BYTES else (_SIZES[kind], at)
            end = at + size
            if end > len(data):
                raise ValueError("%s is damaged: it ends %d bytes early" % (path, end - len(data)))
            value, at = data[at:end], end
        else:
            raise ValueError("%s is damaged: no field has wire type %d (byte %d)" % (path, kind, at))
        yield tag >> 3, value


def numbers(data, path):
    """The numbers of a packed field. Raises ValueError."""
    values, at = [], 0
    while at < len(data):
        value, at = _varint(data, at, path)
        values.append(value)
    return values


def text(value):
    """A field's bytes as text."""
    return bytes(value).decode("utf-8", "replace")


def _varint(data, at, path):
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise ValueError("%s is damaged: a number without end at byte %d" % (path, at))
