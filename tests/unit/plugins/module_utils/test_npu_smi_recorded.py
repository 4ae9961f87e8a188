"""Recorded outputs, where the folder is beside the repository, against a count made without the parser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import npu_smi, npu_smi_details

RECORDED = Path(__file__).resolve().parents[5] / "shared" / "npu_smi"
TABLES = sorted(RECORDED.glob("info/*.txt"))
MANGLED = sorted(RECORDED.glob("mangled/info/*.txt"))
FIRST_ROW = re.compile(r"\| +(\d+) +\|? *([^| ]+) +\| (OK|Warning|Alarm|Critical|UNKNOWN) +\| +(\S+) +(\S+) ")
SECOND_ROW = re.compile(r"\| (?: *(\d+) +(?:(\d+) +)?| +\| +)\| ([0-9A-Fx]{4}:\S+|NA) +\| (\d+) +(.+?) *\|")
PROCESS_ROW = re.compile(r"\| (\d+) +(?:(\d+) +)?\| (\d+) +\| (.*?) *\| (\d+) +\|(?: (\w+) +\|)?")
READERS = {
    "board": npu_smi_details.parse_board,
    "health": npu_smi_details.parse_health,
    "list": npu_smi_details.parse_list,
    "mapping": npu_smi_details.parse_mapping,
    "memory": npu_smi_details.parse_memory,
    "topo": npu_smi_details.parse_topo,
    "usages": npu_smi_details.parse_usages,
    "common": npu_smi_details.parse_common,
    "proc": npu_smi_details.parse_proc_mem,
    "temp": npu_smi_details.parse_common,
    "power": npu_smi_details.parse_common,
}
# Other commands that are filed beside them.
NOT_HEALTH = ("current-fault-event", "ecc")


def details():
    """The sub-commands' recordings with their reader."""
    for path in sorted(RECORDED.glob("**/*.txt")):
        words = [path.parent.name, *re.split(r"[_.]", path.stem)]
        if path.parent.name == "other":
            words = words[1:]
        if any(word in path.stem for word in NOT_HEALTH) or path.parent.name in ("info", "errors"):
            continue
        kind = (
            "proc"
            if "proc" in path.stem and path.parent.name == "memory"
            else next((word for word in words if word in READERS), None)
        )
        if kind:
            yield pytest.param(path, READERS[kind], id=f"{path.parent.name}-{path.stem}")


def naive(text: str) -> dict[str, list]:
    """What simple patterns that only fit these very files find in them."""
    lines = text.splitlines()
    return {
        kind: [match.groups() for match in map(pattern.match, lines) if match]
        for kind, pattern in (("first", FIRST_ROW), ("second", SECOND_ROW), ("process", PROCESS_ROW))
    }


def printed(value) -> str | None:
    return None if value in ("NA", "-", "", None) else value


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_a_recorded_table_is_read_whole(path):
    text = path.read_text(encoding="utf-8")
    found = npu_smi.parse_info(text)
    chips, rows = found["chips"], naive(text)
    assert len(chips) == len(rows["first"]) == len(rows["second"])
    for chip, (npu, name, health, power, temperature) in zip(chips, rows["first"], strict=True):
        assert (chip["npu_id"], chip["name"], chip["health"]) == (int(npu), name, health)
        assert chip["power_w"] == (float(power) if printed(power) else None)
        assert chip["temperature_c"] == int(temperature)
    for chip, (chip_id, second_id, bus, load, memory) in zip(chips, rows["second"], strict=True):
        assert chip["chip_id"] == (int(chip_id) if chip_id else None)
        assert {chip["device_id"], chip["phy_id"]} == {int(second_id) if second_id else None, None}
        assert (chip["bus_id"], chip["utilization_pct"]) == (printed(bus), int(load))
        numbers = [int(number) for number in re.findall(r"\d+", memory)]
        read = [chip["memory_used_mb"], chip["memory_total_mb"], chip["hbm_used_mb"], chip["hbm_total_mb"]]
        assert [number for number in read if number is not None] == numbers
    assert [
        (entry["npu_id"], entry["chip_id"], entry["pid"], entry["name"], entry["memory_mb"], entry["container_pid"])
        for entry in found["processes"]
    ] == [
        (
            int(npu),
            int(chip) if chip else None,
            int(pid),
            printed(name),
            int(memory),
            int(inner) if printed(inner) else None,
        )
        for npu, chip, pid, name, memory, inner in rows["process"]
    ]
    assert all("extra" not in entry for entry in chips + found["processes"])
    title = re.search(r"npu-smi (\S+) +Version: (\S+)", text)
    assert (found["npu_smi_version"], found["driver_version"]) == (title.groups() if title else (None, None))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_layout_columns_are_there_or_none(path):
    text = path.read_text(encoding="utf-8")
    for chip in npu_smi.parse_info(text)["chips"]:
        if "Health" in text:
            assert (chip["phy_id"] is not None) == ("Phy-ID" in text)
            assert (chip["device_id"] is not None) == ("Device" in text)
            assert (chip["hbm_total_mb"] is not None) == ("HBM-Usage" in text)
            assert (chip["hugepages_total"] is not None) == ("Hugepages" in text)


@pytest.mark.parametrize("path", MANGLED, ids=lambda path: path.stem)
def test_a_damaged_table_keeps_its_chips(path):
    text = path.read_text(encoding="utf-8")
    found = npu_smi.parse_info(text)
    buses = re.findall(r"0000:[0-9A-F]{2}:[0-9A-F]{2}\.[0-9A-F]", text)
    assert [chip["bus_id"] for chip in found["chips"] if chip["bus_id"]] == buses
    assert len(found["chips"]) >= 1
    assert all(chip["name"] and chip["health"] and chip["npu_id"] is not None for chip in found["chips"])


@pytest.mark.parametrize("path", sorted(RECORDED.glob("errors/*.txt")), ids=lambda path: path.stem)
def test_a_recorded_error_has_its_kind(path):
    with pytest.raises(npu_smi.NpuSmiError) as caught:
        npu_smi.parse_info(path.read_text(encoding="utf-8"))
    wanted = {
        "command": "not_found",
        "dcmi_-8005": "driver_not_loaded",
        "dcmi_-8020": "device_busy",
        "lib": "missing_library",
        "not_supported": "not_supported",
        "950doc": "not_supported",
        "board_type": "driver_not_loaded",
        "invalid_card": "no_device",
    }
    assert caught.value.kind == next(kind for start, kind in wanted.items() if path.stem.startswith(start))
    code = re.search(r"_(-[89]\d{3})", path.stem)
    assert caught.value.code == (int(code.group(1)) if code else None)


@pytest.mark.parametrize(("path", "read"), list(details()))
def test_a_recorded_sub_command_is_read(path, read):
    text = path.read_text(encoding="utf-8")
    found = read(text)
    if read is npu_smi_details.parse_mapping:
        rows = [line for line in text.splitlines() if re.match(r"\s*\d+\s+\d", line)]
        assert len(found["chips"]) == len(rows)
        assert [chip["mcu"] for chip in found["chips"]] == ["mcu" in row.lower() for row in rows]
        assert all(chip["name"] for chip in found["chips"])
    elif read is npu_smi_details.parse_list:
        assert [npu["npu_id"] for npu in found["npus"]] == [int(n) for n in re.findall(r"NPU ID\s*: (\d+)", text)]
        assert found["count"] >= len(found["npus"]) >= 1
    elif read is npu_smi_details.parse_topo:
        assert found["links"]
        assert all(set(row) == set(found["nodes"]) for row in found["links"].values())
        assert all(row.get(node) == "X" for node, row in found["links"].items())
    elif read is npu_smi_details.parse_board:
        assert found["npu_id"] is not None
        assert sum(value is not None for value in found.values()) >= 4
    elif read is npu_smi_details.parse_health:
        assert all(chip["health"] in ("OK", "Alarm") for chip in found["chips"])
        assert sum(len(chip["error_codes"]) for chip in found["chips"]) == len(re.findall(r"\b[0-9A-F]{8}\b", text))
    elif read is npu_smi_details.parse_proc_mem:
        assert [entry["pid"] for entry in found["processes"]] == [int(n) for n in re.findall(r"id:(\d+)", text)]
    else:
        assert len(found["chips"]) == max(1, len(re.findall(r"Chip ID\s*:", text)))
        assert len(found["mcus"]) == len(re.findall(r"Chip Name\s*: (?:mcu|MCU)", text))
        ids = [int(number) for number in re.findall(r"Chip ID\s*: (\d+)", text)]
        assert [chip["chip_id"] for chip in found["chips"]] == (ids or [None])
        values = [
            value
            for chip in found["chips"] + found["mcus"]
            for key, value in chip.items()
            if key.endswith(("_mb", "_pct", "_mhz", "_c", "_w"))
        ]
        assert values
        assert all(isinstance(value, (int, float)) for value in values)
