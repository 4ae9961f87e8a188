"""Damaged and hostile input: a value or NpuSmiError, in linear time."""

from __future__ import annotations

import gc
import time
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import npu_smi, npu_smi_details
from hypothesis import given, settings
from hypothesis import strategies as st

FIXTURES = Path(__file__).parent / "fixtures" / "npu_smi"
TEXTS = [path.read_text() for path in sorted(FIXTURES.glob("l*.txt"))]
DETAILS = [path.read_text() for path in sorted(FIXTURES.glob("d_*.txt"))]
READERS = [
    npu_smi.parse_info,
    npu_smi_details.parse_list,
    npu_smi_details.parse_mapping,
    npu_smi_details.parse_board,
    npu_smi_details.parse_health,
    npu_smi_details.parse_usages,
    npu_smi_details.parse_common,
    npu_smi_details.parse_proc_mem,
    npu_smi_details.parse_topo,
    npu_smi_details.parse_version,
    npu_smi_details.reader(("info", "-t", "ecc")),
]
PIECES = [
    "|",
    "+",
    "/",
    "=",
    "-",
    " ",
    "\n",
    "\r",
    "\t",
    "\x1b[31m",
    "\x1b]",
    "\0",
    "NA",
    "0",
    "9" * 30,
    "-1",
    "1e9",
    "OK",
    "Health",
    "Bus-Id",
    "NPU",
    "NPU ID",
    "Chip",
    "Process id",
    "npu-smi",
    "Version:",
    "0000:C1:00.0",
    "...",
    "1_0",
    "\u0663",
    "\uff5c",
    "\ud800",
    "[WARNING]",
    "ret is -8005",
    "| 0 ",
    "NPU ID : 0\n",
    "Chip ID : 0\n",
    ": x\n",
]
edits = st.lists(
    st.tuples(st.integers(0, 4000), st.integers(0, 200), st.sampled_from(PIECES) | st.text(max_size=6)), max_size=6
)


def value_or_error(read, text) -> None:
    try:
        found = read(text)
    except npu_smi.NpuSmiError as error:
        assert error.kind in (
            "not_found",
            "driver_not_loaded",
            "device_busy",
            "permission_denied",
            "no_device",
            "missing_library",
            "not_supported",
            "unrecognised",
        )
        assert error.code is None or isinstance(error.code, int)
        assert isinstance(error.message, str)
        assert error.message
        return
    assert isinstance(found, dict)
    if read is not npu_smi.parse_info:
        return
    for chip in found["chips"]:
        for field, value in chip.items():
            if value is not None and field not in ("name", "health", "bus_id", "extra"):
                assert type(value) in (int, float), (field, value)
        assert any(value is not None for value in chip.values())
    for entry in found["processes"]:
        assert entry["pid"] is not None or entry["npu_id"] is not None


@settings(max_examples=200, deadline=10000)
@given(text=st.sampled_from(TEXTS), edits=edits, start=st.integers(0, 300), length=st.integers(0, 5000))
def test_any_mutation_of_a_fixture(text, edits, start, length):
    for position, size, piece in edits:
        text = text[:position] + piece + text[position + size :]
    value_or_error(npu_smi.parse_info, text)
    value_or_error(npu_smi.parse_info, text[start : start + length])


@settings(max_examples=100, deadline=10000)
@given(text=st.sampled_from(DETAILS), edits=edits, start=st.integers(0, 300), length=st.integers(0, 2000))
def test_any_mutation_of_a_sub_command(text, edits, start, length):
    for position, size, piece in edits:
        position %= len(text) + 1
        text = text[:position] + piece + text[position + size :]
    for read in READERS:
        value_or_error(read, text)
        value_or_error(read, text[start : start + length])


@settings(max_examples=150, deadline=10000)
@given(
    lines=st.lists(st.sampled_from([line for text in TEXTS for line in text.splitlines()]), max_size=60),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_any_order_of_lines(lines, newline):
    value_or_error(npu_smi.parse_info, newline.join(lines))


@settings(max_examples=200, deadline=10000)
@given(
    anything=st.text()
    | st.binary()
    | st.none()
    | st.integers()
    | st.floats()
    | st.lists(st.text(), max_size=3)
    | st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
)
def test_anything_at_all(anything):
    for read in READERS:
        value_or_error(read, anything)


@settings(max_examples=60, deadline=10000)
@given(text=st.sampled_from(TEXTS), drop=st.sets(st.integers(6, 30), max_size=8))
def test_lines_left_out_add_no_chip_and_change_no_value(text, drop):
    full = npu_smi.parse_info(text)
    lines = text.splitlines()
    try:
        found = npu_smi.parse_info("\n".join(line for index, line in enumerate(lines) if index not in drop))
    except npu_smi.NpuSmiError:
        return
    known = {chip["bus_id"]: chip for chip in full["chips"]}
    for chip in found["chips"]:
        if chip["bus_id"] and chip["name"] and list(known) and len(known) == len(full["chips"]):
            assert chip["hbm_used_mb"] == known[chip["bus_id"]]["hbm_used_mb"]
            assert chip["memory_used_mb"] == known[chip["bus_id"]]["memory_used_mb"]
    assert {entry["pid"] for entry in found["processes"]} <= {entry["pid"] for entry in full["processes"]}


def table(chips: int) -> str:
    """A made table of that many chips with a process each."""
    lines = (FIXTURES / "l2_910b3_processes.txt").read_text().splitlines()
    head, rule = lines[:6], lines[5]
    for number in range(chips):
        head += [
            f"| {number:<5} 910B3  | OK            | 91.5        33                0    / 0      |",
            f"| 0            | 0000:{number % 256:02X}:00.0  | 0           0    / 0          62632/ 65536 |",
            rule,
        ]
    head += [lines[15], lines[16], rule]
    for number in range(chips):
        head += [f"| {number:<7} 0        | {1000 + number:<13} | python              | 59100          |", rule]
    return "\n".join(head) + "\n"


def seconds(text: str, read=npu_smi.parse_info) -> float:
    """The processor's time for one reading, without the garbage of the tests before."""
    gc.disable()
    try:
        start = time.process_time()
        value_or_error(read, text)
        return time.process_time() - start
    finally:
        gc.enable()


def grows_less(read, short: str, long: str, factor: int) -> bool:
    """Whether the longer text costs less than so many times the shorter; a busy machine gets five tries."""
    return any(seconds(long, read) < factor * max(seconds(short, read), 0.002) for _attempt in range(5))


def test_a_thousand_chips_cost_four_times_a_quarter_of_them():
    found = npu_smi.parse_info(table(1024))
    assert (len(found["chips"]), len(found["processes"])) == (1024, 1024)
    assert grows_less(npu_smi.parse_info, table(256), table(1024), 8)


@pytest.mark.parametrize(
    "piece",
    [
        " ",
        "|",
        "||",
        "| ",
        "-",
        "=",
        "/",
        "/ ",
        "0 ",
        "0/",
        "x",
        "\x1b",
        "\x1b[",
        "\x1b[0;",
        "\x1b]",
        "\x1b]0;a\n",
        "\r",
        "\n",
        "npu-smi ",
        "npu-smi Version:",
        "+-",
        "+---+\n",
        "| 0 |\n",
        "| NPU Name | Health |\n",
        "| Process id | NPU |\n",
        "NPU Name ",
        "Process id: 1 ",
        "-8005",
        "-8005 ",
        "NPU ID : 0\n",
        "Chip Name : mcu\n",
        "a",
        "a (b) ",
        ":",
        ": \n",
        "\t",
        "NPU0 ",
        "NPU0 NPU1\n",
        "[WARNING]\n",
        "\u2026\n",
        "99",
        ".",
        "0000:",
    ],
)
@pytest.mark.parametrize("before", ["", "| NPU   Name | Health | Power(W) |\n| 0 "])
def test_no_repeated_piece_costs_more_than_linear_time(piece, before):
    short = before + piece * (3000 // len(piece))
    long = before + piece * (24000 // len(piece))
    # Eight times the input; quadratic would be sixty-four times the time.
    assert grows_less(npu_smi.parse_info, short, long, 24)
    if not before:
        for read in READERS[1:]:
            assert grows_less(read, long[:1000], long[:8000], 24), read
