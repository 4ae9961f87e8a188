# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ATC says, in the forms of several releases, and what it means."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.convert import atc

INPUTS = [{"name": "images", "shape": [1, 3, 640, 640]}]
FAILED = "ATC run failed, Please check the detail log, Try 'atc --help' for more information\n"


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        (
            "E10016: Opname [image] specified in [--input_shape] is not found in the model",
            "The model has no input image, it has images [1, 3, 640, 640]",
        ),
        (
            "E10016: [PID: 7] 2025-06-16-13:02:36.801.136 Opname image specified in --input_shape is not found in the "
            "model. Confirm whether this node name exists",
            "The model has no input image",
        ),
        (
            "E10001: Value [-1] for parameter [input_2] is invalid. Reason: maybe you should set input_shape to "
            "specify its shape.",
            "input_2 has a size that is chosen later",
        ),
        ("E10001: Value -1 for parameter input_2 is invalid. Reason: ...", "input_2 has a size that is chosen later"),
        ("E10001: Value [linux] for parameter [--host_env_os] is invalid", "ATC does not take linux as host_env_os"),
        ("E10001: Value Ascend310Z for parameter --soc_version is invalid.", "CANN 8.1.RC1 knows no chip Ascend310Z"),
        (
            "E16005: The model has [2] [--domain_version] fields, but only one is allowed.\n"
            "        TraceBack (most recent call last):\n        Model parse to graph failed",
            "operators of two domains",
        ),
        (
            "E19010: No parser is registered for Op [/model.0/conv/Conv, optype [ai.onnx::22::Conv]].",
            "has no parser for Conv of opset 22. Export the model again with opset 11",
        ),
        ("EZ9010: No parser is registered for Op [a, optype [ai.onnx::20::Gelu]].", "no parser for Gelu of opset 20"),
        (
            "EC0010: [PID: 129520] 2025-07-08-10:25:28.680.962 Failed to import Python module [ModuleNotFoundError: No "
            "module named 'decorator'.].",
            "The Python of ATC has no decorator",
        ),
        (
            "EC0010: Failed to import Python module [AttributeError: `np.float_` was removed in the NumPy 2.0 "
            "release.].",
            "CANN 8.1.RC1 compiles with numpy below 2",
        ),
        ("TypeError: cannot pickle 'FrameLocalsProxy' object", "too new for CANN 8.1.RC1"),
        (
            "E20001: [PID: 200452] 2025-06-16-13:02:36.801.136 Failed to compile Op [Slice_1]. (optype: "
            "[StridedSliceD])",
            "The compiler failed on an operator",
        ),
        ("E10007: [--framework] is required. The value must be [0(Caffe) or 5(Onnx)].", None),
        (
            "atc.bin: error while loading shared libraries: libascend_hal.so: cannot open shared object file",
            "neither the driver's libraries nor the toolkit's devlib",
        ),
    ],
)
def test_what_it_means(line, meaning):
    found = atc.explain(FAILED + line + "\n", "8.1.RC1", INPUTS)
    assert (meaning is None and found is None) or meaning in found


def test_its_own_words_without_the_time():
    line = "E10007: [PID: 10490] 2025-03-18-09:02:18.501.341 [--framework] is required. The value must be [5(Onnx)]."
    assert atc.said(FAILED + line) == "E10007: [--framework] is required. The value must be [5(Onnx)]."
    assert atc.said("all is well") is None


def test_what_it_remarks():
    line = "W11001: Op [Slice_29] does not hit the high-priority operator information library"
    text = f"ATC start working now, please wait for a moment.\n...\nATC run success, welcome to the next use.\n{line}\n"
    text += f"{line}\n"
    assert atc.warnings(text) == [line]


def test_the_words_of_a_conversion():
    given = atc.words("/m.onnx", "onnx", "/out", "Ascend310P3", {"precision_mode_v2": "fp16", "input_shape": "x:1,4"})
    assert given == [
        "atc",
        "--model=/m.onnx",
        "--framework=5",
        "--output=/out",
        "--soc_version=Ascend310P3",
        "--input_shape=x:1,4",
        "--precision_mode_v2=fp16",
    ]


@pytest.mark.parametrize("options", [{"soc_version": "x"}, {"--log": "x"}, {"log": ""}, {"log": "a\nb"}])
def test_options_that_are_not_the_users(options):
    with pytest.raises(atc.OptionError, match="model_convert_options"):
        atc.check_options(options)
