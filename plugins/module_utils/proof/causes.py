# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What frameworks say when they fail, and what that means: pure functions, no IO."""

import re

# What a framework says -> what it means and what to do. First match wins.
CAUSES = (
    (
        r"No module named '(te|topi|hccl)\b",
        "CANN's wheel {0} is not in the environment. Run the role mindspore, which takes it from the installed CANN.",
    ),
    (
        r"No module named '(mindspore|mindformers|torch|torch_npu)\b",
        "{0} is not installed in the environment. Run its role.",
    ),
    (
        r"No module named '(?:onnx|onnxscript)'|Module onnx is not installed",
        "This PyTorch needs the Python package onnx to export, missing here: add it to ascend_python_extra.",
    ),
    (
        r"Exporting the operator '?([\w:]+?)'? to ONNX opset version (\d+) is not supported",
        "ONNX has no {0} in opset {1}. Set model_export_opset higher, if the CANN that converts the model knows such a "
        "one (rule onnx-opset), or write the model with another operator.",
    ),
    (
        r"Unsupported onnx_opset_version: (\d+)",
        "This PyTorch writes no ONNX of opset {0}: set model_export_opset to one that PyTorch and the CANN that "
        "converts the model both know (rule onnx-opset).",
    ),
    (
        r"Only support export file in 'AIR' format with Ascend",
        "Only an NPU exports AIR: set model_export_device_target to Ascend, or model_export_format to onnx.",
    ),
    (
        r"Exporting (\w+) operator is not yet supported",
        "MindSpore writes no {0} into ONNX. Set model_export_format to air, on an NPU, which ATC reads as well, or "
        "write the model with another operator.",
    ),
    (
        r"No module named '([\w.]+)'",
        "The Python package {0} is missing in the environment. Add it to mindformers_extra_packages.",
    ),
    (
        r"json\.exception\.parse_error",
        "te and hccl in the environment are from another CANN. Run the role mindspore, which takes "
        "them from the installed one.",
    ),
    (
        r"Two accelerators cannot be used at the same time",
        "The torch in the environment is the CUDA build, and torch_npu loads beside the CPU build only. Remove it and "
        "run the role torch, which brings the CPU build.",
    ),
    (
        r"libatb\w*\.so",
        "NNAL is missing, or its set_env.sh was not applied. Run the role nnal, then python_toolchain.",
    ),
    (
        r"all_reduce of \d+ (failed|did not)",
        "The NPUs of this host do not work together: look at npu-smi info for one that is in use or ill, and at the "
        "log of HCCL; with inference_check_processes 1 each NPU is on its own.",
    ),
    (
        r"Failed to load the backend extension: torch_npu",
        "torch_npu cannot be loaded: look at the message above it; mostly CANN is missing or its set_env.sh was not "
        "applied. Run the role cann, then python_toolchain.",
    ),
    (
        r"lib(ascend_hal|drvdsmi_host|drvhdc)[\w]*\.so",
        "The driver's libraries are not found. Install the driver, or run through bin/ascend-run of the environment.",
    ),
    (
        r"lib(\w+)\.so[\w.]*: cannot open shared object file",
        "lib{0}.so is not found: CANN is missing or its set_env.sh was not "
        "applied. Run the role cann, then python_toolchain.",
    ),
    (
        r"version [\w.]+ and Ascend AI software package .* does not match",
        "MindSpore and CANN do not go together; see ascend.fleet.compat_check.",
    ),
    (
        r"(?i)out of memory|memory isn't enough|malloc device memory failed",
        "The NPU has no memory left. Another process holds "
        "the chip: look at npu-smi info, one chip runs one large model at a time.",
    ),
    (
        r"(?i)unsupport\w* device_?target|device_target.*(Ascend|CPU)",
        "MindSpore cannot use this device. Is the driver loaded, and is this the build of MindSpore for it?",
    ),
    (
        r"127\.0\.0\.1.*9|ProxyError|download failed",
        "A model file is missing and the run may not download. Name it in "
        "inference_check_model_files, so that it is staged by checksum.",
    ),
    (
        r"(?i)\.ckpt is damaged",
        "Bring the file again: remove it on the host and run the role inference_check.",
    ),
    (
        r"(?i)load_param_into_net|checkpoint.*(not exist|format|not fit)|(shape|size) .*not (the same|match)",
        "The checkpoint does not fit the model. Compare it with the model's yaml.",
    ),
)


def explain(text):
    """Cause and fix of a known failure in what a framework printed, or None."""
    for pattern, meaning in CAUSES:
        match = re.search(pattern, text or "")
        if match:
            return meaning.format(*match.groups())
    return None
