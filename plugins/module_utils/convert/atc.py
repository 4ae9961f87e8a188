# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ATC, the vendor's compiler of models: its words, and what it says in cause and fix. Pure.

Sources: hiascend.com, ATC; gitcode.com/cann, error codes of GE; awesome-ascend-skills, atc-model-converter (FAQ).
"""

import re

# What ATC calls the kinds of exported models.
FRAMEWORKS = {"onnx": "5", "air": "1"}
# What the compiler imports, in the Python that PATH finds first.
PYTHON_PACKAGES = "decorator attrs absl-py psutil protobuf sympy scipy cffi numpy"
_NAME = re.compile(r"[a-z][a-z0-9_]{1,40}\Z")
# Ours to say.
_OURS = ("model", "framework", "output", "soc_version", "mode", "om", "json", "weight")
_WARNING = re.compile(r"^(W\d{5}: .{1,400})", re.M)
_ERROR = re.compile(r"^(E[A-Z]?\d{4,5}): (?:\[PID: \d+\] \S+ )?(.{1,400})", re.M)
_PYTHON = (
    "Take an environment that has what ATC imports (" + PYTHON_PACKAGES + "): model_convert_environment names one; the "
    "environments of MindSpore and torch_npu that the collection makes have it."
)

# What ATC says -> cause and fix. Releases differ in whether values stand in brackets.
# First match wins; {0} is the first group, {inputs} the model's, {cann} the release.
CAUSES = (
    (
        r"libascend_hal\.so",
        "ATC found neither the driver's libraries nor the toolkit's devlib. Repair the toolkit: run the role cann.",
    ),
    (r"np\.float_|NumPy 2\.0 release", "CANN {cann} compiles with numpy below 2. " + _PYTHON),
    (
        r"FrameLocalsProxy",
        "The Python of ATC is too new for CANN {cann}. Take an environment with Python 3.10 or older.",
    ),
    (r"No module named '([\w.]+)'", "The Python of ATC has no {0}. " + _PYTHON),
    (r"EC0010|Failed to import Python module", "The Python of ATC lacks something. " + _PYTHON),
    (
        r"E10001.*Value \[?(-1[^\]\s]*)\]? for parameter \[?([^\]\s]+)",
        "{1} has a size that is chosen later. Give model_convert_options.input_shape all its sizes ({inputs}), or "
        "dynamic_batch_size and the like.",
    ),
    (
        r"E10001.*Value \[?([^\]\s]+)\]? for parameter \[?--soc_version",
        "CANN {cann} knows no chip {0}. It is written Ascend and the name that npu-smi info prints, as Ascend310P3; a "
        "chip newer than this CANN needs a newer toolkit.",
    ),
    (
        r"E10001.*Value \[?([^\]\s]+)\]? for parameter \[?(?:--)?([^\]\s]+)",
        "ATC does not take {0} as {1}: change it in model_convert_options.",
    ),
    (
        r"E10016.*Opname \[?([^\]\s]+)\]? specified",
        "The model has no input {0}, it has {inputs}: change input_shape in model_convert_options.",
    ),
    (
        r"E10009",
        "Only one of dynamic_batch_size, dynamic_image_size and dynamic_dims goes: change model_convert_options.",
    ),
    (
        r"E100(02|11|12|18|19|20|31)",
        "The shape is wrong: change input_shape in model_convert_options; the model's inputs are {inputs}.",
    ),
    (r"E10054", "ATC was not told the chip. Name it with soc_version."),
    (
        r"E16005",
        "The model has operators of two domains. Export it without custom operators, or remove the second opset_import "
        "from the ONNX file.",
    ),
    (
        r"E[1Z]9010.*ai\.onnx::(\d+)::(\w+)",
        "CANN {cann} has no parser for {1} of opset {0}. Export the model again with opset 11, which every CANN takes.",
    ),
    (r"E[1Z]9010", "CANN {cann} knows an operator of the model not. Export it with opset 11, or with other operators."),
    (r"E1(6004|9005)|ParseProto", "The model's file is damaged. Export it again."),
    (
        r"(?i)bad_alloc|cannot allocate memory|out of memory",
        "The compiler ran out of memory. Convert on a server, or with model_convert_jobs: 1.",
    ),
    (
        r"E(20001|40021|40000)|Failed to compile Op",
        "The compiler failed on an operator. Look at log_tail; another precision_mode_v2 or another opset may help.",
    ),
)


class OptionError(ValueError):
    """An option that cannot be given; the text says why."""


def check_options(options):
    """Refuse options of ATC that are ours to give, or none. Raises OptionError."""
    for name, value in sorted(options.items()):
        if name in _OURS:
            raise OptionError("model_convert_options: %s is given by the module itself. Leave it out." % name)
        if not _NAME.match(name):
            raise OptionError("model_convert_options: %r is no option of ATC; they are named without dashes." % name)
        if not str(value) or any(letter in str(value) for letter in "\0\n"):
            raise OptionError("model_convert_options: %s has no value that ATC could take." % name)


def words(model, kind, output, soc, options):
    """The words that convert a model.

    Args:
        model: path of its file.
        kind: C(onnx) or C(air).
        output: path of the OM, without C(.om).
        soc: as C(Ascend310P3).
        options: {further option without dashes: value}.
    """
    given = [("model", model), ("framework", FRAMEWORKS[kind]), ("output", output), ("soc_version", soc)]
    return ["atc"] + ["--%s=%s" % pair for pair in given + sorted(options.items())]


def warnings(text):
    """What ATC remarks on a model that it converted: lines that begin with W and a number, each once."""
    return list(dict.fromkeys(match.strip() for match in _WARNING.findall(text)))


def said(text):
    """The first error of its output in its own words; None where there is none."""
    match = _ERROR.search(text)
    return "%s: %s" % (match.group(1), match.group(2).strip()) if match else None


def explain(text, cann, inputs):
    """Cause and fix of what ATC says, or None.

    Args:
        text: its output.
        cann: the toolkit's release.
        inputs: of the exported model.
    """
    shown = ", ".join("%s %s" % (one["name"], one["shape"]) for one in inputs)
    for pattern, meaning in CAUSES:
        match = re.search(pattern, text)
        if match:
            return meaning.format(*match.groups(), cann=cann, inputs=shown)
    return None
