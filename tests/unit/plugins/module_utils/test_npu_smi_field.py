"""Outputs as people really have them: converted, prefixed by loggers, broken by terminals, failed in part."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import npu_smi, npu_smi_details
from hypothesis import example, given, settings
from hypothesis import strategies as st

FIXTURES = Path(__file__).parent / "fixtures" / "npu_smi"
TABLES = {path.stem: path.read_text() for path in sorted(FIXTURES.glob("l*.txt"))}
CASES = Path(__file__).resolve().parents[5] / "shared" / "reference" / "field"
RECORDED = [path for path in sorted(CASES.glob("*.json")) if json.loads(path.read_text())["reader"]]
PUNCTUATION = "\\`*_{}[]()#+-.!|<>~"


def value_of(read, text):
    try:
        return read(text)
    except npu_smi.NpuSmiError as error:
        return {"error": {"kind": error.kind, "code": error.code}}


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_case_is_read_right(path):
    case = json.loads(path.read_text())
    read = getattr(npu_smi_details, case["reader"], None) or getattr(npu_smi, case["reader"])
    assert value_of(read, path.with_suffix(".txt").read_text()) == case["right"]


def prefixed(text: str, prefix) -> str:
    return "".join(prefix(number) + line for number, line in enumerate(text.splitlines(True)))


@pytest.mark.parametrize("layout", TABLES)
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("|", "\\|"),
        lambda text: "".join("\\" + char if char in PUNCTUATION else char for char in text),
        lambda text: "".join("\\\\" + char if char in "|+-=" else char for char in text),
        lambda text: text.replace("|", "&#124;"),
        lambda text: prefixed(
            text, lambda number: f"2026-01-02 03:04:05.{number:03} | INFO     | probe:run:{number} - "
        ),
        lambda text: prefixed(text, lambda number: f"node-7 | worker | {number} | stdout | "),
        lambda text: prefixed(text, lambda number: f"|{number}|"),
        lambda text: prefixed(text, lambda number: f"a | b |\tINFO {'x' * (number % 7)}: "),
        lambda text: "".join(
            f"12:00 | INFO | c:d:{number} - {line}"
            for number, line in enumerate(text.splitlines(True))
            if "--" not in line
        ),
    ],
    ids=["pipes", "markdown", "twice", "html", "loguru", "four", "bare", "ragged", "no-rules"],
)
def test_what_a_tool_put_around_it_changes_nothing(layout, change):
    plain = npu_smi.parse_info(TABLES[layout])
    assert npu_smi.parse_info(change(TABLES[layout])) == plain


words = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="|+\\&"), max_size=12)


@settings(max_examples=200, deadline=10000)
@given(table=st.sampled_from(sorted(TABLES)), parts=st.lists(words, min_size=1, max_size=6), end=words)
@example(table="l0_910_two_cards", parts=[""], end="[ERROR]")
def test_no_prefix_makes_a_chip(table, parts, end):
    text = prefixed(TABLES[table], lambda number: " | ".join([*parts, f"{end}{number} - "]))
    plain = npu_smi.parse_info(TABLES[table])
    found = npu_smi.parse_info(text)
    assert found["chips"] == plain["chips"]
    assert found["processes"] == plain["processes"]


@settings(max_examples=300, deadline=10000)
@given(table=st.sampled_from(sorted(TABLES)), row=st.integers(0, 60), border=st.integers(0, 6))
def test_a_row_that_lost_a_border_is_read_right_or_said(table, row, border):
    lines = TABLES[table].splitlines()
    row %= len(lines)
    parts = lines[row].split("|")
    if len(parts) < 4:
        return
    at = 1 + border % (len(parts) - 2)
    lines[row] = "|".join(parts[:at]) + " " + "|".join(parts[at:])
    plain, found = npu_smi.parse_info(TABLES[table]), value_of(npu_smi.parse_info, "\n".join(lines))
    said = found.get("truncated") or "error" in found or found["chips"] == plain["chips"]
    # A heading that lost a border makes columns that are not known, and no wrong value.
    assert said or all(chip.get("extra") for chip in found["chips"])
    assert len(found.get("chips", [])) <= len(plain["chips"])


def test_words_that_a_narrow_terminal_broke_are_found():
    text = TABLES["l4_310p_duo"]
    plain = npu_smi.parse_info(text)
    for whole, broken in (
        ("Hugepages-Usage(page)", "Hugep ages-Usage(page)"),
        ("Hugepages-Usage(page)", "Hugep ages-Us age(page)"),
        ("Memory-Usage(MB)", "Memory- Usage(MB)"),
        ("Temp(C)", "Te mp(C)"),
        ("Power(W)", "Power (W)"),
        ("Bus-Id", "Bus -Id"),
        ("Health", "Heal th"),
        ("Process id ", "Proce ss id"),
        ("Process memory(MB)", "Process m emory(MB)"),
    ):
        assert whole in text
        assert npu_smi.parse_info(text.replace(whole, broken)) == plain, broken


def test_shortened_headings_are_taken_with_their_unit_only():
    text = TABLES["l2_910b3_processes"]
    plain = npu_smi.parse_info(text)
    assert npu_smi.parse_info(text.replace("Memory-Usage(MB)", "Mem(MB)").replace("HBM-Usage(MB)", "HBM(MB)")) == plain
    found = npu_smi.parse_info(text.replace("HBM-Usage(MB)", "HBM(GB)"))
    assert {chip["hbm_used_mb"] for chip in found["chips"]} == {None}


def test_lines_without_their_right_border_end_where_the_longer_heading_does():
    lines = TABLES["l1b_310p_narrow"].splitlines()
    bare = "\n".join(line.rstrip("| ") if line.startswith("|") else line for line in lines)
    assert npu_smi.parse_info(bare) == npu_smi.parse_info(TABLES["l1b_310p_narrow"])


@pytest.mark.parametrize(
    "row",
    [
        "| ?       ?                 | ?               | ?                                   |",
        "| error reading the card                                                        |",
    ],
)
def test_a_row_that_says_nothing_is_said(row):
    lines = TABLES["l2_910b3_processes"].splitlines()
    plain = npu_smi.parse_info("\n".join(lines))
    found = npu_smi.parse_info("\n".join([*lines[:9], row, *lines[9:]]))
    assert found.pop("truncated") is True
    assert found["chips"] == plain["chips"]


def test_another_table_behind_is_none_of_ours():
    text = TABLES["l2_910b3_processes"]
    plain = npu_smi.parse_info(text)
    other = "| Rank | Loss | Step | Host |\n|------|------|------|------|\n| 0 | 7 | 3 | 4 |\n| 1 | 8 | 3 | 4 |\n"
    for between in ("", "\n", "\nThe loss was:\n\n"):
        found = npu_smi.parse_info(text + between + other)
        assert found["chips"] == plain["chips"]
        assert found["processes"] == plain["processes"]


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("Query failed. ret is -8005.", "driver_not_loaded", -8005),
        ("The call ended with -8020, try again.", "device_busy", -8020),
        ("rc=-8008)", "no_device", -8008),
        ("version -8005.1 of the tool", "unrecognised", None),
        ("dcmi call failed. ret is -8013.", "not_supported", -8013),
        ("This command cannot be executed in a container.", "not_supported", None),
        ("Error parameter of -t", "not_supported", None),
        ("Invalid chip id.", "no_device", None),
        ("Invalid npu id.", "no_device", None),
        ("npu-smi: symbol lookup error: /x/libdcmi.so: undefined symbol: y", "missing_library", None),
        ("npu-smi: /lib64/libc.so.6: version `GLIBC_2.34' not found (required by npu-smi)", "missing_library", None),
        ("open /dev/davinci_manager failed: No such file or directory", "driver_not_loaded", None),
    ],
)
def test_more_words_for_what_is_wrong(text, kind, code):
    for read in (npu_smi.parse_info, npu_smi_details.parse_usages, npu_smi_details.parse_board):
        assert value_of(read, text) == {"error": {"kind": kind, "code": code}}


TOPOLOGY = "        Phy-ID4  Phy-ID5   CPU Affinity\nPhy-ID4 X        SIO       0-23\nPhy-ID5 SIO      X         NA\n"


def test_the_nodes_of_an_a3_have_a_hyphen():
    found = npu_smi_details.parse_topo(TOPOLOGY + "\nLegend:\n  X = Self\n  HCCS_SW = Through a switch\n")
    assert found == {
        "nodes": ["Phy-ID4", "Phy-ID5"],
        "links": {"Phy-ID4": {"Phy-ID4": "X", "Phy-ID5": "SIO"}, "Phy-ID5": {"Phy-ID4": "SIO", "Phy-ID5": "X"}},
        "cpu_affinity": {"Phy-ID4": "0-23", "Phy-ID5": None},
        "legend": {"X": "Self", "HCCS_SW": "Through a switch"},
    }


def test_a_topology_of_one_node():
    found = npu_smi_details.parse_topo("         Phy-ID14   CPU Affinity\nPhy-ID14 X          0-39\n")
    assert (found["nodes"], found["cpu_affinity"]) == (["Phy-ID14"], {"Phy-ID14": "0-39"})


FAILED = 'Failed to query npu chip: 1 info.\nFailed to query "usages" info.\n'


def test_a_failure_line_is_no_chip():
    answer = "\tNPU ID : 0\n\tChip Count : 2\n\n\tHBM Usage Rate(%) : 5\n\tAicore Usage Rate(%) : 0\n\tChip ID : 0\n\n"
    whole = npu_smi_details.parse_usages(answer)
    assert len(whole["chips"]) == 1
    for text in (answer + FAILED, FAILED + answer, answer.replace("\n\n", "\n" + FAILED, 1)):
        assert npu_smi_details.parse_usages(text) == whole


@pytest.mark.parametrize(
    "read",
    [
        npu_smi_details.parse_usages,
        npu_smi_details.parse_memory,
        npu_smi_details.parse_common,
        npu_smi_details.parse_health,
        npu_smi_details.parse_board,
    ],
)
@pytest.mark.parametrize("ids", ["\tNPU ID : 4\n", "\tNPU ID : 4\n\tChip ID : 0\n", "\tNPU ID : 4\n\tChip Count : 1\n"])
def test_names_alone_are_no_answer(read, ids):
    assert value_of(read, ids + FAILED) == {"error": {"kind": "unrecognised", "code": None}}
    assert value_of(read, ids + "ret is -8008.\n") == {"error": {"kind": "no_device", "code": -8008}}


def test_a_list_of_names_is_an_answer():
    assert npu_smi_details.parse_list("\tTotal Count : 1\n\n\tNPU ID : 4\n")["npus"][0]["npu_id"] == 4
