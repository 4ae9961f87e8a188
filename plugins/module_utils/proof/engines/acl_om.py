# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engine acl: runs an OM model by pyACL, as a program of its own: C(acl_om.py REQUEST RESULT).

REQUEST and RESULT are JSON files. It needs nothing but pyACL, which every CANN has; addresses are plain numbers there,
so numpy is not needed. What was taken from the chip is given back, whatever happens.
"""

import ctypes
import json
import math
import os
import struct
import sys
import time

# ACL's data types: name and letter of struct. Source: hiascend.com, pyACL, aclDataType.
KINDS = {
    0: ("float32", "f"),
    1: ("float16", "e"),
    2: ("int8", "b"),
    3: ("int32", "i"),
    4: ("uint8", "B"),
    6: ("int16", "h"),
    9: ("int64", "q"),
    11: ("float64", "d"),
    12: ("bool", "?"),
}
_HUGE_FIRST = 0
_TO_DEVICE, _TO_HOST = 1, 2
_CHOSEN = "ascend_mbatch_shape_data"  # the further input of a model with dynamic_batch_size and the like
_SHOWN = 1 << 20  # numbers of all outputs together that are handed on


class Refused(Exception):
    """A call of ACL that did not return 0.

    Attributes:
        call: its name.
        code: what it returned.
    """

    def __init__(self, call, code, said):
        super(Refused, self).__init__("%s returned %s. %s" % (call, code, said))
        self.call, self.code = call, code


class Chip(object):
    """A chip with one model on it."""

    def __init__(self, acl, device):
        self.acl, self.device, self.undo = acl, device, []

    def call(self, name, *arguments):
        """A function of ACL; its answer without the return code. Raises Refused."""
        function = self.acl
        for part in name.split("."):
            function = getattr(function, part)
        answer = function(*arguments)
        values = answer if isinstance(answer, tuple) else (answer,)
        if values[-1] != 0:
            raise Refused(name, values[-1], self._said())
        return values[0] if len(values) == 2 else values[:-1]

    def _said(self):
        """ACL's own words on what went wrong last, where it has that function."""
        try:
            text = self.acl.get_recent_err_msg()
            return " ".join(str(text).split())[:400]
        except Exception:
            return ""

    def open(self):
        """Take the chip."""
        self.call("init")
        self.undo.append(self.acl.finalize)
        self.call("rt.set_device", self.device)
        self.undo.append(lambda: self.acl.rt.reset_device(self.device))
        context = self.call("rt.create_context", self.device)
        self.undo.append(lambda: self.acl.rt.destroy_context(context))

    def load(self, path):
        """Load a model; what it says of itself."""
        mdl = self.acl.mdl
        self.model = self.call("mdl.load_from_file", path)
        self.undo.append(lambda: mdl.unload(self.model))
        self.desc = mdl.create_desc()
        self.undo.append(lambda: mdl.destroy_desc(self.desc))
        self.call("mdl.get_desc", self.desc, self.model)
        self.inputs = [self._tensor("input", number) for number in range(mdl.get_num_inputs(self.desc))]
        self.outputs = [self._tensor("output", number) for number in range(mdl.get_num_outputs(self.desc))]

    def _tensor(self, part, number):
        mdl = self.acl.mdl
        shape = self.call("mdl.get_%s_dims" % part, self.desc, number)
        kind = getattr(mdl, "get_%s_data_type" % part)(self.desc, number)
        return {
            "name": getattr(mdl, "get_%s_name_by_index" % part)(self.desc, number),
            "shape": list(shape["dims"]),
            "size": getattr(mdl, "get_%s_size_by_index" % part)(self.desc, number),
            "dtype": KINDS.get(kind, (str(kind), None))[0],
            "letter": KINDS.get(kind, (None, None))[1],
        }

    def prepare(self):
        """Memory on the chip for what goes in and comes out."""
        self.sets, self.places = [], []
        for tensors in (self.inputs, self.outputs):
            dataset = self.acl.mdl.create_dataset()
            self.undo.append(lambda dataset=dataset: self.acl.mdl.destroy_dataset(dataset))
            places = []
            for tensor in tensors:
                place = self.call("rt.malloc", tensor["size"], _HUGE_FIRST)
                self.undo.append(lambda place=place: self.acl.rt.free(place))
                buffer = self.acl.create_data_buffer(place, tensor["size"])
                self.undo.append(lambda buffer=buffer: self.acl.destroy_data_buffer(buffer))
                self.call("mdl.add_dataset_buffer", dataset, buffer)
                places.append(place)
            self.sets.append(dataset)
            self.places.append(places)

    def put(self, number, data):
        """The bytes of an input, to the chip."""
        host = ctypes.create_string_buffer(data, len(data))
        self.call("rt.memcpy", self.places[0][number], len(data), ctypes.addressof(host), len(data), _TO_DEVICE)

    def get(self, number):
        """The bytes of an output, from the chip."""
        size = self.outputs[number]["size"]
        host = ctypes.create_string_buffer(size)
        self.call("rt.memcpy", ctypes.addressof(host), size, self.places[1][number], size, _TO_HOST)
        return host.raw

    def execute(self):
        """Compute once; seconds."""
        begun = time.perf_counter()
        self.call("mdl.execute", self.model, self.sets[0], self.sets[1])
        return time.perf_counter() - begun

    def close(self):
        """Give everything back, the last that was taken first."""
        while self.undo:
            self.undo.pop()()


def numbers(tensor, data):
    """A tensor's bytes as numbers; those that are none as text, which JSON takes."""
    size = struct.calcsize(tensor["letter"])
    found = struct.unpack("<%d%s" % (len(data) // size, tensor["letter"]), data[: len(data) // size * size])
    return [value if math.isfinite(value) else str(value) for value in found]


def feed(tensor, given):
    """The bytes for an input: the given numbers, or nothing but zeros. Raises ValueError where they do not fit."""
    if given is None:
        return bytes(tensor["size"])
    data = struct.pack("<%d%s" % (len(given), tensor["letter"]), *_whole(tensor, given))
    if len(data) != tensor["size"]:
        raise ValueError(
            "input %s has %d bytes, and the reference has %d for it" % (tensor["name"], tensor["size"], len(data))
        )
    return data


def _whole(tensor, given):
    return given if tensor["letter"] in "efd" else [int(number) for number in given]


def of_name(given, tensor, number):
    """What a reference has for a tensor: by its name, or by the end of the longer one that ATC gives; else by place."""
    if not given:
        return None
    for name in sorted(given, key=len, reverse=True):
        if tensor["name"] == name or tensor["name"].endswith(":" + name) or tensor["name"].startswith(name + ":"):
            return given[name]
    return given[sorted(given)[0]] if len(given) == 1 and number == 0 else None


def run(acl, request, result):
    """Load, compute, read; the result gets what was seen."""
    chip = Chip(acl, request["device_id"])
    try:
        result["stage"] = "open"
        chip.open()
        result["soc"] = acl.get_soc_name()
        result["stage"] = "load"
        begun = time.perf_counter()
        chip.load(request["model"])
        result["load_seconds"] = time.perf_counter() - begun
        for tensor in chip.inputs + chip.outputs:
            if tensor["letter"] is None:
                raise ValueError("%s has numbers of kind %s, which are not known" % (tensor["name"], tensor["dtype"]))
        if any(-1 in tensor["shape"] or _CHOSEN in tensor["name"] for tensor in chip.inputs):
            raise ValueError(
                "the model has sizes that are chosen at each run, which this proof does not do; convert it with fixed "
                "sizes (input_shape) to have it proven"
            )
        result["stage"] = "run"
        chip.prepare()
        for number, tensor in enumerate(chip.inputs):
            chip.put(number, feed(tensor, of_name(request["input"], tensor, number)))
        for _number in range(request["warmup"]):
            chip.execute()
        result["times_ms"] = [round(chip.execute() * 1000, 4) for _number in range(request["loops"])]
        outputs = [numbers(tensor, chip.get(number)) for number, tensor in enumerate(chip.outputs)]
        chip.execute()
        if outputs != [numbers(tensor, chip.get(number)) for number, tensor in enumerate(chip.outputs)]:
            raise ValueError("the same input gave first one answer, then another")
        if sum(map(len, outputs)) > _SHOWN:
            raise ValueError("the outputs have more than %d numbers together" % _SHOWN)
        shown = ("name", "shape", "dtype")
        result["inputs"] = [{name: tensor[name] for name in shown} for tensor in chip.inputs]
        result["outputs"] = [
            dict({name: tensor[name] for name in shown}, values=values) for tensor, values in zip(chip.outputs, outputs)
        ]
    finally:
        chip.close()


def main(request_path, result_path):
    """Do what the request says; an exception becomes part of the result."""
    with open(request_path, encoding="utf-8") as handle:
        request = json.load(handle)
    result = {"ok": False, "stage": "import"}
    try:
        import acl

        run(acl, request, result)
        result["ok"] = True
    except Refused as exc:
        result.update(error=str(exc), call=exc.call, code=exc.code)
    except Exception as exc:
        result["error"] = "%s: %s" % (type(exc).__name__, exc)
    with open(result_path + ".new", "w", encoding="utf-8") as handle:
        json.dump(result, handle)
    os.rename(result_path + ".new", result_path)
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:3]))
