"""What an answer of npu-smi that is no table is called."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import npu_smi

TABLE = Path(__file__).parent / "fixtures" / "npu_smi" / "l2_910b3_processes.txt"


def error_of(text) -> npu_smi.NpuSmiError:
    with pytest.raises(npu_smi.NpuSmiError) as caught:
        npu_smi.parse_info(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("dcmi module initialize failed. ret is -8005", "driver_not_loaded", -8005),
        (
            "DrvMngGetConsoleLogLevel failed. (ret=4)\ndcmi module initialize failed. ret is -8005\n",
            "driver_not_loaded",
            -8005,
        ),
        (
            "dcmi model initialized failed, because the device is used. ret is -8020\n"
            "npu get board type failed. ret is -9005",
            "device_busy",
            -8020,
        ),
        ("dcmi module initialize failed. ret is -8002", "permission_denied", -8002),
        ("dcmi module initialize failed. ret is -8008", "no_device", -8008),
        ("dcmi module initialize failed. ret is -8255", "not_supported", -8255),
        ("dcmi module initialize failed. ret is -8006", "unrecognised", -8006),
        ("npu get board type failed. ret is -9005", "driver_not_loaded", -9005),
        ("There is no NPU card on this server.", "no_device", None),
        ("bash: npu-smi: command not found", "not_found", None),
        ("sh: 1: npu-smi: not found", "not_found", None),
        ("bash: /usr/local/sbin/npu-smi: No such file or directory", "not_found", None),
        (
            "npu-smi: error while loading shared libraries: libx.so: cannot open shared object file: No such file",
            "missing_library",
            None,
        ),
        ("bash: /usr/local/sbin/npu-smi: Permission denied", "permission_denied", None),
        ("This device does not support querying proc-mem.", "not_supported", None),
        ("something else entirely", "unrecognised", None),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "unrecognised", None),
        ("", "unrecognised", None),
        (" \r\n\t", "unrecognised", None),
        (b"\xff\xfe\x00", "unrecognised", None),
        (None, "unrecognised", None),
        (5, "unrecognised", None),
        ([], "unrecognised", None),
        ({}, "unrecognised", None),
        ("\ud800\udfff", "unrecognised", None),
        ("|", "unrecognised", None),
    ],
)
def test_errors_have_a_kind_and_a_code(text, kind, code):
    error = error_of(text)
    assert (error.kind, error.code) == (kind, code)
    assert isinstance(error.message, str)
    assert str(error) == error.message != ""


def test_an_error_below_a_heading_without_chips_is_the_error():
    text = (
        "\n".join(TABLE.read_text(encoding="utf-8").splitlines()[:6])
        + "\ndcmi module initialize failed. ret is -8020\n"
    )
    assert error_of(text).kind == "device_busy"
