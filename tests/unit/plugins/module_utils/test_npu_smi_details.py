"""What the sub-commands print, as data."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import npu_smi, npu_smi_details

FIXTURES = Path(__file__).parent / "fixtures" / "npu_smi"


def read(reader, name: str):
    return reader((FIXTURES / f"{name}.txt").read_text())


def test_list_keeps_serial_numbers_as_text():
    assert read(npu_smi_details.parse_list, "d_list") == {
        "count": 2,
        "npus": [
            {"npu_id": 0, "product_name": "IT99XYZ01", "serial_number": "0012345678", "chip_count": 2},
            {"npu_id": 96, "product_name": None, "serial_number": None, "chip_count": 1},
        ],
    }


def test_mapping_marks_the_management_controller():
    chips = read(npu_smi_details.parse_mapping, "d_mapping")["chips"]
    assert [(chip["npu_id"], chip["chip_id"], chip["logic_id"], chip["phy_id"]) for chip in chips] == [
        (0, 0, 0, 0),
        (0, 1, 1, 1),
        (0, 2, None, None),
    ]
    assert [(chip["name"], chip["mcu"]) for chip in chips] == [
        ("Ascend 910B9", False),
        ("Ascend 910B9", False),
        ("Mcu", True),
    ]


def test_mapping_of_other_columns():
    text = "NPU ID   Slot ID   Chip ID   Chip Phy-ID  Chip Name  Rack\n0        5         0         9   A950  r 1\n"
    assert npu_smi_details.parse_mapping(text)["chips"] == [
        {
            "npu_id": 0,
            "chip_id": 0,
            "logic_id": None,
            "phy_id": 9,
            "slot_id": 5,
            "name": "A950",
            "mcu": False,
            "extra": {"Rack": "r 1"},
        }
    ]
    collapsed = "NPU ID Chip ID Chip Logic ID Chip Name\n4 0 - Ascend 310P3\n"
    assert npu_smi_details.parse_mapping(collapsed)["chips"][0]["name"] == "Ascend 310P3"


def test_board():
    board = read(npu_smi_details.parse_board, "d_board")
    assert (board["npu_id"], board["chip_id"], board["slot_id"], board["chip_count"]) == (4, None, 3, 1)
    assert (board["software_version"], board["compatibility"], board["model"]) == ("25.3.rc9", "NOK", None)
    assert (board["pcie_bus_info"], board["board_id"]) == ("0000:C2:00.0", "0x60")


def test_health_of_all_chips():
    found = read(npu_smi_details.parse_health, "d_health")
    assert [(chip["npu_id"], chip["chip_id"], chip["health"]) for chip in found["chips"]] == [
        (0, 0, "OK"),
        (0, 1, "Alarm"),
    ]
    assert [mcu["health"] for mcu in found["mcus"]] == ["OK"]


def test_health_of_one_chip_with_two_errors():
    chip = read(npu_smi_details.parse_health, "d_health_chip")["chips"][0]
    assert chip["error_codes"] == ["A1B2C3D4", "80E1F2A3"]
    assert chip["error_information"] == ["first thing went wrong", "second thing, sensor type=Voltage"]


def test_usages_print_the_chip_after_its_values():
    assert read(npu_smi_details.parse_usages, "d_usages")["chips"] == [
        {
            "npu_id": 7,
            "chip_id": 0,
            "ddr_capacity_mb": 44280,
            "hbm_usage_rate_pct": None,
            "aicore_usage_rate_pct": 61,
            "future_usage_rate_pct": 5,
        },
        {
            "npu_id": 7,
            "chip_id": 1,
            "ddr_capacity_mb": 43693,
            "hbm_usage_rate_pct": 4,
            "aicore_usage_rate_pct": 0,
            "future_usage_rate_pct": 6,
        },
    ]


def test_memory_without_a_chip_id():
    assert read(npu_smi_details.parse_memory, "d_memory_950")["chips"] == [
        {
            "npu_id": 3,
            "chip_id": None,
            "ddr_capacity_mb": 0,
            "hbm_capacity_mb": 131072,
            "hbm_clock_speed_mhz": 3200,
            "hbm_temperature_c": 63,
            "hbm_manufacturer_id": "0x5A",
        }
    ]


def test_common_prints_the_chip_before_its_values():
    found = read(npu_smi_details.parse_common, "d_common")
    assert [(chip["chip_id"], chip["temperature_c"], chip["aicore_count"]) for chip in found["chips"]] == [
        (0, 60, 24),
        (1, 59, 24),
    ]
    assert [(mcu["temperature_c"], mcu["npu_real_time_power_w"]) for mcu in found["mcus"]] == [(48, 45.2)]


def test_two_cards_in_one_text():
    text = (FIXTURES / "d_usages.txt").read_text()
    found = npu_smi_details.parse_usages(text + text.replace(": 7", ": 8"))
    assert [(chip["npu_id"], chip["chip_id"]) for chip in found["chips"]] == [(7, 0), (7, 1), (8, 0), (8, 1)]


def test_process_memory():
    assert [tuple(entry.values())[:5] for entry in read(npu_smi_details.parse_proc_mem, "d_proc_mem")["processes"]] == [
        (2, 1, 3229, "my app: one", 177),
        (2, 1, 3230, None, 18),
    ]
    assert npu_smi_details.parse_proc_mem("\tNo process in device.\n") == {"processes": []}


def test_topology():
    found = read(npu_smi_details.parse_topo, "d_topo")
    assert found["nodes"] == ["NPU1", "NPU3", "NIC0"]
    assert found["links"]["NPU1"] == {"NPU1": "X", "NPU3": "HCCS", "NIC0": None}
    assert found["cpu_affinity"] == {"NPU1": "0-23,96-119", "NPU3": "24-47"}
    assert found["legend"] == {"X": "Self", "HCCS": "Connection traversing HCCS."}


def test_version():
    assert npu_smi_details.parse_version("npu-smi version: 23.0.rc2\n") == {"npu_smi_version": "23.0.rc2"}


@pytest.mark.parametrize(
    "reader",
    [
        npu_smi_details.parse_list,
        npu_smi_details.parse_mapping,
        npu_smi_details.parse_board,
        npu_smi_details.parse_health,
        npu_smi_details.parse_usages,
        npu_smi_details.parse_memory,
        npu_smi_details.parse_common,
        npu_smi_details.parse_proc_mem,
        npu_smi_details.parse_topo,
        npu_smi_details.parse_version,
    ],
)
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("This device does not support querying usages.", "not_supported"),
        (
            "npu-smi: error while loading shared libraries: libc_sec.so: cannot open shared object file",
            "missing_library",
        ),
        ("Invalid card id.\nError parameter of -i\nUsage: npu-smi info <watch|proc|-t type> [Options...]", "no_device"),
        ("dcmi model initialized failed, because the device is used. ret is -8020", "device_busy"),
        ("", "unrecognised"),
        (None, "unrecognised"),
        ("key: value", "unrecognised"),
    ],
)
def test_errors_are_those_of_the_table(reader, text, kind):
    with pytest.raises(npu_smi.NpuSmiError) as caught:
        reader(text)
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("args", "reader"),
    [
        (["-v"], npu_smi_details.parse_version),
        (["info", "-l"], npu_smi_details.parse_list),
        (["info", "-m"], npu_smi_details.parse_mapping),
        (["info", "-t", "proc-mem", "-i", "0"], npu_smi_details.parse_proc_mem),
        (["info", "-i", "0", "-c", "0", "-t", "health"], npu_smi_details.parse_health),
    ],
)
def test_reader_of_a_command(args, reader):
    assert npu_smi_details.reader(args) is reader


def test_a_command_without_a_reader_gives_its_text():
    reader = npu_smi_details.reader(("info", "-t", "ecc", "-i", "0"))
    assert reader("\x1b[1mNPU ID : 0\x1b[0m") == {"text": "NPU ID : 0"}
    with pytest.raises(npu_smi.NpuSmiError):
        reader("This device does not support querying ecc.")
    assert npu_smi_details.reader(["info", "-t"]) is npu_smi_details.reader([])
