# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An exported model: a folder with the model's file and C(model.json), which says what it is and what it has to answer.

C(model.json)::

    {"format": 1, "name": "tiny", "opset": 11,
     "source": {"framework": "torch", "version": "2.7.1", "checkpoint_sha256": "..."},
     "files": {"model.onnx": "<sha256>", "input.bin": "<sha256>"},
     "inputs": [{"name": "x", "shape": [1, 4], "dtype": "float32"}],
     "outputs": [{"name": "y", "shape": [1, 2], "dtype": "float32"}],
     "reference": {"input": {"x": "input.bin"}, "output": {"y": [0.25, 0.75]},
                   "tolerance": {"rtol": 0.01, "atol": 0.001}}}

A tensor of the reference is a list of numbers, row by row, or the name of a file with its bytes, little endian. A size
of -1 in a shape is one that is chosen later; the reference has the tensors of one choice, whose shapes may stand beside
them as C(reference.shapes).
"""

import hashlib
import json
import os
import re
import struct

from ansible_collections.ascend.fleet.plugins.module_utils import whole_file

FORMAT = 1
DESCRIPTION = "model.json"
# The model's own file, by what is said of it. ATC takes all but MindIR, which is MindSpore Lite's.
KINDS = {"model.onnx": "onnx", "model.air": "air", "model.mindir": "mindir"}
# Bytes of one number, and the letter that module struct has for it.
DTYPES = {
    "float32": (4, "f"),
    "float16": (2, "e"),
    "float64": (8, "d"),
    "int8": (1, "b"),
    "uint8": (1, "B"),
    "int16": (2, "h"),
    "int32": (4, "i"),
    "int64": (8, "q"),
    "bool": (1, "B"),
}
_LIMIT = 8 * 1024 * 1024  # bytes of a description
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
# What a chip that computes with 16 bits may differ by, where the description does not say.
TOLERANCE = {"rtol": 0.01, "atol": 0.001}


class ExportedError(ValueError):
    """The folder is no exported model; the text says what is wrong with it, and what to do."""


def read(folder):
    """The description of a folder's model, judged; its files are not looked at. Raises ExportedError."""
    path = os.path.join(folder, DESCRIPTION)
    try:
        with open(path, "rb") as stream:
            text = stream.read(_LIMIT + 1)
    except OSError as exc:
        raise ExportedError(
            "%s: %s. An exported model is a folder with %s in it; model_export makes one."
            % (path, exc.strerror, DESCRIPTION)
        )
    if len(text) > _LIMIT:
        raise ExportedError("%s has more than %d bytes. Keep the reference's tensors in files." % (path, _LIMIT))
    try:
        value = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ExportedError("%s is not JSON. Export the model again." % path)
    return judged(value, path)


def judged(value, where=DESCRIPTION):
    """A description as it was read, once it is known to have everything. Raises ExportedError."""
    reason = _wrong(value)
    if reason:
        raise ExportedError("%s: %s. Export the model again." % (where, reason))
    return value


def model_file(description):
    """The name of the model's own file."""
    return next(name for name in sorted(description["files"]) if name in KINDS)


def kind(description):
    """C(onnx), C(air) or C(mindir)."""
    return KINDS[model_file(description)]


def content(description):
    """SHA-256 of the model's own file: what a conversion of it is a conversion of."""
    return description["files"][model_file(description)]


def tolerance(reference):
    """C(rtol) and C(atol) of a reference."""
    return dict(TOLERANCE, **(reference.get("tolerance") or {}))


def check_files(folder, description):
    """Hold every file against its hash. Raises ExportedError at the first that is not what was exported."""
    for name, wanted in sorted(description["files"].items()):
        path = os.path.join(folder, name)
        try:
            found = whole_file.sha256(path)
        except OSError as exc:
            raise ExportedError("%s: %s. Export the model again, or copy the whole folder." % (path, exc.strerror))
        if found != wanted:
            raise ExportedError(
                "%s is not what was exported: SHA-256 %s, and %s says %s. Copy the folder again, or export the model "
                "again." % (path, found, DESCRIPTION, wanted)
            )


def inline(folder, description):
    """The reference with its tensors as numbers, so that it can travel without the folder. Raises ExportedError."""
    reference = dict(description["reference"])
    for part, tensors in (("input", description["inputs"]), ("output", description["outputs"])):
        kinds = {tensor["name"]: tensor["dtype"] for tensor in tensors}
        reference[part] = {
            name: tensor if isinstance(tensor, list) else _numbers(os.path.join(folder, tensor), kinds[name])
            for name, tensor in description["reference"][part].items()
        }
    return reference


def _numbers(path, dtype):
    size, letter = DTYPES[dtype]
    try:
        with open(path, "rb") as stream:
            data = stream.read(_LIMIT + 1)
    except OSError as exc:
        raise ExportedError("%s: %s. Export the model again, or copy the whole folder." % (path, exc.strerror))
    if len(data) > _LIMIT or len(data) % size:
        raise ExportedError(
            "%s has %d bytes or more, which are no %s for a reference of at most %d bytes. Export the model with a "
            "smaller fixed input." % (path, len(data), dtype, _LIMIT)
        )
    return list(struct.unpack("<%d%s" % (len(data) // size, letter), data))


def write(folder, description):
    """Write C(model.json) with the hashes of the files that are there; last, so that a folder with it is whole.

    Args:
        folder: has all files of the model, and nothing else that counts.
        description: all but C(format) and C(files).

    Returns:
        The description as it was written.

    Raises:
        ExportedError: it lacks something.
        OSError: it cannot be written.
    """
    named = [name for name in sorted(os.listdir(folder)) if name in KINDS]
    reference = description.get("reference") or {}
    for part in ("input", "output"):
        named += [value for value in (reference.get(part) or {}).values() if not isinstance(value, list)]
    files = {name: whole_file.sha256(os.path.join(folder, name)) for name in named}
    whole = judged(dict(description, format=FORMAT, files=files))
    whole_file.put(os.path.join(folder, DESCRIPTION), json.dumps(whole, indent=1, sort_keys=True) + "\n")
    return whole


def identity(description):
    """SHA-256 of all that a description says: two exports with the same one are the same."""
    return hashlib.sha256(json.dumps(description, sort_keys=True).encode("utf-8")).hexdigest()


def _wrong(value):
    """What a description lacks, in words, or None."""
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        return "it is not of format %d" % FORMAT
    if not isinstance(value.get("name"), str) or not _NAME.match(value["name"]):
        return "name has to be letters, digits, ., _ and -"
    source = value.get("source")
    if not isinstance(source, dict) or not all(isinstance(item, (str, type(None))) for item in source.values()):
        return "source has to say framework, version and checkpoint_sha256"
    files = value.get("files")
    if not isinstance(files, dict):
        return "files is missing"
    for name, digest in files.items():
        if not _NAME.match(str(name)) or not _SHA256.match(str(digest)):
            return "files has to be names with their SHA-256, and %r is not" % (name,)
    if sum(name in KINDS for name in files) != 1:
        return "files has to name one of %s" % ", ".join(sorted(KINDS))
    opset = value.get("opset")
    if not (opset is None or (isinstance(opset, int) and not isinstance(opset, bool))):
        return "opset has to be a number"
    return _wrong_tensors(value) or _wrong_reference(value)


def _wrong_tensors(value):
    for part in ("inputs", "outputs"):
        tensors = value.get(part)
        if not isinstance(tensors, list) or not tensors:
            return "%s is missing" % part
        for tensor in tensors:
            if not isinstance(tensor, dict) or not isinstance(tensor.get("name"), str) or not tensor["name"]:
                return "every one of %s needs a name" % part
            if tensor.get("dtype") not in DTYPES:
                return "dtype of %s has to be one of %s" % (tensor["name"], ", ".join(sorted(DTYPES)))
            if not is_shape(tensor.get("shape"), -1):
                return "shape of %s has to be a list of whole numbers" % tensor["name"]
    return None


def is_shape(value, least=1):
    """Whether a value is a list of whole numbers from C(least) on."""
    return isinstance(value, list) and all(
        isinstance(size, int) and not isinstance(size, bool) and size >= least and size != 0 for size in value
    )


def _wrong_reference(value):
    reference = value.get("reference")
    if not isinstance(reference, dict):
        return "reference is missing"
    for part, tensors in (("input", value["inputs"]), ("output", value["outputs"])):
        given = reference.get(part)
        names = [tensor["name"] for tensor in tensors]
        if not isinstance(given, dict) or sorted(given) != sorted(names):
            return "reference.%s has to have %s" % (part, ", ".join(names))
        for name, tensor in given.items():
            if isinstance(tensor, list):
                if not all(isinstance(number, (int, float)) for number in tensor):
                    return "reference.%s of %s has to be numbers" % (part, name)
            elif not isinstance(tensor, str) or tensor not in value["files"]:
                return "reference.%s of %s names a file that files does not have" % (part, name)
    shapes = reference.get("shapes", {})
    if not isinstance(shapes, dict) or not all(is_shape(shape) for shape in shapes.values()):
        return "reference.shapes has to be shapes by the tensors' names"
    limits = reference.get("tolerance", {})
    if not isinstance(limits, dict) or not all(
        name in TOLERANCE and isinstance(limit, (int, float)) and limit >= 0 for name, limit in limits.items()
    ):
        return "reference.tolerance has to be rtol and atol"
    return None
