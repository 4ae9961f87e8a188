"""What each layout says, and where tables lack something."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import npu_smi

FIXTURES = Path(__file__).parent / "fixtures" / "npu_smi"
SOURCE = Path(__file__).resolve().parents[4] / "plugins" / "module_utils" / "npu_smi.py"
LAYOUTS = sorted(path.stem for path in FIXTURES.glob("l*.txt"))

FIELDS = (
    "npu_id",
    "chip_id",
    "phy_id",
    "device_id",
    "name",
    "health",
    "power_w",
    "temperature_c",
    "hugepages_used",
    "hugepages_total",
    "bus_id",
    "utilization_pct",
    "memory_used_mb",
    "memory_total_mb",
    "hbm_used_mb",
    "hbm_total_mb",
)
N = None
EXPECTED = {
    "l0_910_two_cards": [
        (2, 0, N, N, "910A", "OK", 61.5, 33, N, N, "0000:A1:00.0", 7, 412, 15101, 17, 32768),
        (5, 0, N, N, "910A", "Warning", 64.0, 47, N, N, "0000:B2:00.0", 0, 1733, 15102, 3, 32768),
    ],
    "l0b_310_four_chips": [
        (2051, 0, N, 4, "310", "OK", 12.8, 51, N, N, "0000:5A:00.0", 0, 2611, 8192, N, N),
        (2051, 1, N, 5, "310", "OK", 12.8, 52, N, N, "0000:5C:00.0", 11, 2612, 8192, N, N),
        (2051, 2, N, 6, "310", "Alarm", 12.8, 53, N, N, "0000:5D:00.0", 0, 2613, 8192, N, N),
        (2051, 3, N, 7, "310", "OK", N, 54, N, N, N, 0, 2614, 8192, N, N),
    ],
    "l0c_310_hugepages": [
        (9, 0, N, 2, "310", "OK", 12.8, 61, 4, 970, "0000:7A:00.0", 3, 2705, 8192, N, N),
        (9, 1, N, 3, "310", "OK", 12.8, 62, 0, 970, "0000:7B:00.0", 0, 2706, 8192, N, N),
    ],
    "l1_910proB_ddr_and_hbm": [
        (0, 0, N, N, "910ProB", "OK", 77.1, 35, 15, 16, "0000:C1:00.0", 92, 1201, 15137, 30112, 32768),
        (1, 0, N, N, "910ProB", "Critical", 70.3, 36, 15, 16, "0000:81:00.0", 0, 1305, 15137, 0, 32768),
    ],
    "l1b_310p_narrow": [(1984, 0, N, 0, "310P3", "OK", N, 44, 12, 24, "0000:3B:00.0", 5, 1811, 21527, N, N)],
    "l2_910b3_processes": [
        (3, 0, N, N, "910B3", "OK", 251.5, 41, 0, 0, "0000:C1:00.0", 97, 0, 0, 62501, 65536),
        (12, 0, N, N, "910B3", "Alarm", 90.2, 38, 0, 0, "0000:42:00.0", 0, 0, 0, 3310, 65536),
        (15, 0, N, N, "910B3", "OK", 91.0, 39, 0, 0, "0000:02:00.0", 0, 0, 0, 9001, 65536),
    ],
    "l3_a3_two_dies": [
        (0, 0, 0, N, "Ascend910", "OK", 160.5, 37, 0, 0, "0000:9D:00.0", 0, 0, 0, 3131, 65536),
        (0, 1, 1, N, "Ascend910", "OK", N, 35, 0, 0, "0000:9F:00.0", 64, 0, 0, 58817, 65536),
        (1, 0, 2, N, "Ascend910", "OK", 163.7, 36, 0, 0, "0000:99:00.0", 0, 0, 0, 3085, 65536),
        (1, 1, 3, N, "Ascend910", "Warning", N, 36, 0, 0, "0000:9B:00.0", 0, 0, 0, 2822, 65536),
    ],
    "l4_310p_duo": [
        (96, 0, N, 0, "310P3", "OK", N, 81, 16885, 16886, "0000:03:00.0", 33, 35551, 44278, N, N),
        (96, 1, N, 1, "310P3", "OK", N, 82, 0, 0, "0000:03:00.0", 0, 1270, 43693, N, N),
        (32896, 0, N, 2, "310P3", "OK", N, 70, 0, 0, "0000:83:00.0", 0, 1705, 44278, N, N),
    ],
    "l5_910b2_container_pid": [
        (0, 0, N, N, "910B2", "OK", 423.5, 64, 0, 0, "0000:C1:00.0", 100, 0, 0, 38711, 65536),
        (1, 0, N, N, "910B2", "OK", 93.5, 44, 0, 0, "0000:01:00.0", 0, 0, 0, 3406, 65536),
    ],
    "l6_950_no_chip_column": [
        (0, N, N, N, "Ascend950PR", "Alarm", 205.5, 71, 0, 0, "0000:71:00.0", 99, 0, 0, 106650, 114688),
        (2, N, N, N, "Ascend950PR", "OK", 191.5, 57, 0, 0, N, 0, 0, 0, 5413, 131072),
    ],
}
PROCESSES = {
    "l1_910proB_ddr_and_hbm": [(0, 0, 55667, "python", 30101, N)],
    "l2_910b3_processes": [
        (3, 0, 70011, "mindie_llm_back", 59100, N),
        (3, 0, 70012, "ray: worker 1", 101, N),
        (15, 0, 4194301, N, 5820, N),
    ],
    "l3_a3_two_dies": [(0, 1, 881, "python3.11", 55900, N)],
    "l4_310p_duo": [(96, 0, 326511, N, 33801, N), (96, 1, 326511, "python", 107, N)],
    "l5_910b2_container_pid": [(0, 0, 1504884, N, 35358, 412), (1, 0, 1504999, "python3.1", 197, N)],
    "l6_950_no_chip_column": [(0, N, 1530711, "python", 4724, N), (0, N, 1655231, N, 4728, N)],
}


def text_of(layout: str) -> str:
    return (FIXTURES / f"{layout}.txt").read_text()


def edit(layout: str, old: str, new: str) -> str:
    text = text_of(layout)
    assert text.count(old) == 1, old
    return text.replace(old, new)


def without(layout: str, part: str) -> str:
    """The fixture without the one line that holds the part."""
    lines = text_of(layout).splitlines(True)
    kept = [line for line in lines if part not in line]
    assert len(kept) == len(lines) - 1
    return "".join(kept)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_gives_exactly_its_values(layout):
    found = npu_smi.parse_info(text_of(layout))
    assert [tuple(chip[field] for field in FIELDS) for chip in found["chips"]] == EXPECTED[layout]
    assert [tuple(entry.values()) for entry in found["processes"]] == PROCESSES.get(layout, [])
    assert set(found) == {"npu_smi_version", "driver_version", "chips", "processes"}
    assert all(set(chip) == set(FIELDS) for chip in found["chips"])


def test_tool_and_driver_version_may_differ():
    found = npu_smi.parse_info(text_of("l2_910b3_processes"))
    assert (found["npu_smi_version"], found["driver_version"]) == ("24.1.rc9", "24.1.rc8.2")


def test_the_file_works_alone(tmp_path):
    copy = tmp_path / "alone.py"
    copy.write_text(SOURCE.read_text())
    code = (
        "import importlib.util, sys\n"
        "spec = importlib.util.spec_from_file_location('alone', sys.argv[1])\n"
        "alone = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(alone)\n"
        "print(len(alone.parse_info(open(sys.argv[2]).read())['chips']))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, str(copy), str(FIXTURES / "l3_a3_two_dies.txt")],
        stdout=subprocess.PIPE,
        check=True,
        timeout=30,
    )
    assert done.stdout.strip() == b"4"
    assert importlib.util.find_spec("ansible") is not None  # so -I would have found it: the file did not ask


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r\r\n"),
        lambda text: "".join("# " + line for line in text.splitlines(True)),
        lambda text: "".join("    > " + line for line in text.splitlines(True)),
        lambda text: "".join("worker-0  | " + line for line in text.splitlines(True)),
        lambda text: text.replace("OK", "\x1b[32mOK\x1b[0m").replace("|", "\x1b[1m|\x1b(B\x1b[m"),
        lambda text: text.replace("\n", "   \n"),
        lambda text: "\ufeff[root@node ~]# npu-smi info\n" + text + "[root@node ~]# lspci | grep acc\n",
        lambda text: "DrvMngGetConsoleLogLevel failed. (g_conLogLevel=3)\nlocalhost | CHANGED | rc=0 >>\n" + text,
        lambda text: text.replace("+---", "+-|-").replace("|-----", "|--+--"),
        lambda text: "".join(line for line in text.splitlines(True) if not line.startswith("+-")),
        lambda text: text.replace("+\n", "|\n"),
        lambda text: "\n\n".join(text.splitlines()),
        lambda text: text.replace("/ ", "/").replace(" /", "/"),
        lambda text: text.encode(),
        lambda text: bytearray(text.encode()),
    ],
)
def test_packaging_of_the_text_changes_nothing(layout, change):
    plain = npu_smi.parse_info(text_of(layout))
    changed = npu_smi.parse_info(change(text_of(layout)))
    changed.pop("truncated", None)
    assert changed == plain


@pytest.mark.parametrize("layout", LAYOUTS)
def test_blanks_run_together_change_nothing(layout):
    collapsed = "\n".join(" ".join(line.split()) for line in text_of(layout).splitlines())
    assert npu_smi.parse_info(collapsed) == npu_smi.parse_info(text_of(layout))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_cut_table_gives_what_it_holds_and_no_half_value(layout):
    text = text_of(layout).rstrip("\n")
    full = npu_smi.parse_info(text)
    for end in range(1 + len(layout) % 3, len(text), 3):
        try:
            part = npu_smi.parse_info(text[:end])
        except npu_smi.NpuSmiError:
            assert end < 125  # nothing but the first border and a piece of the version row
            continue
        for key in ("chips", "processes"):
            assert len(part[key]) <= len(full[key])
            for entry, whole in zip(part[key], full[key], strict=False):
                assert all(value is None or value == whole[field] for field, value in entry.items())
        assert part["driver_version"] in (None, full["driver_version"])
        # Cut between two cards it looks whole; anywhere else it must say so.
        assert part.get("truncated") or text[:end].rstrip().endswith(("=+", "-+")), text[:end][-60:]


def test_without_its_first_row_a_chip_keeps_the_second():
    found = npu_smi.parse_info(without("l2_910b3_processes", "| 12    910B3 "))
    assert [chip["npu_id"] for chip in found["chips"]] == [3, None, 15]
    lost = found["chips"][1]
    assert (lost["name"], lost["health"], lost["power_w"]) == (None, None, None)
    assert (lost["chip_id"], lost["bus_id"], lost["hbm_used_mb"]) == (0, "0000:42:00.0", 3310)


def test_the_second_die_keeps_its_card_without_its_first_row():
    found = npu_smi.parse_info(without("l3_a3_two_dies", "| 1     Ascend910           | Warning"))
    assert [(chip["npu_id"], chip["chip_id"]) for chip in found["chips"]] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert found["chips"][3]["health"] is None


def test_without_its_second_row_a_chip_keeps_the_first():
    found = npu_smi.parse_info(without("l4_310p_duo", "| 0       2    "))
    assert len(found["chips"]) == 3
    lost = found["chips"][2]
    assert (lost["npu_id"], lost["temperature_c"], lost["chip_id"], lost["bus_id"]) == (32896, 70, None, None)


def test_a_950_without_its_first_row_has_no_id():
    found = npu_smi.parse_info(without("l6_950_no_chip_column", "| 2      | Ascend950PR"))
    assert [(chip["npu_id"], chip["hbm_total_mb"]) for chip in found["chips"]] == [(0, 114688), (None, 131072)]


def test_rows_without_borders_between_them_still_find_their_partner():
    lines = [line for line in text_of("l2_910b3_processes").splitlines() if not line.startswith("+=")]
    found = npu_smi.parse_info("\n".join(lines))
    assert [tuple(chip[field] for field in FIELDS) for chip in found["chips"]] == EXPECTED["l2_910b3_processes"]
    assert len(found["processes"]) == 3


@pytest.mark.parametrize(
    ("old", "new", "field", "value"),
    [
        ("12    910B3               | Alarm ", "12                        | OK    ", "name", None),
        ("| Alarm         |", "|               |", "health", None),
        ("| Alarm         |", "| UNKNOWN       |", "health", "UNKNOWN"),
        ("| 90.2        38  ", "|             38  ", "power_w", None),
        ("| 90.2        38  ", "| NA          NA  ", "temperature_c", None),
        ("| 90.2        38  ", "| 90.2        -5  ", "temperature_c", -5),
        ("0000:42:00.0  | 0 ", "0000:42:00.0  | NA", "utilization_pct", None),
        ("0000:42:00.0  |", "NA            |", "bus_id", None),
        ("0000:42:00.0  |", "              |", "bus_id", None),
        ("0    / 0          3310 / 65536 ", "NA   / 15137      NA   / NA    ", "memory_total_mb", 15137),
        ("0    / 0          3310 / 65536 ", "NA   / 15137      NA   / NA    ", "hbm_used_mb", None),
        ("3310 / 65536 ", "1234567/ 65536", "hbm_used_mb", 1234567),
        ("3310 / 65536 ", "ERR           ", "hbm_total_mb", None),
    ],
)
def test_what_a_cell_does_not_say_is_none(old, new, field, value):
    found = npu_smi.parse_info(edit("l2_910b3_processes", old, new))
    assert [chip["npu_id"] for chip in found["chips"]] == [3, 12, 15]
    expected = dict(zip(FIELDS, EXPECTED["l2_910b3_processes"][1], strict=True))
    assert found["chips"][1][field] == value
    untouched = {"temperature_c", "chip_id"} - {field}
    if field != "power_w":
        assert all(found["chips"][1][key] == expected[key] for key in untouched)


def test_a_name_may_have_blanks():
    found = npu_smi.parse_info(edit("l1b_310p_narrow", "310P3 ", "310P3 V2"))
    assert found["chips"][0]["name"] == "310P3 V2"


def test_unknown_columns_are_kept():
    text = text_of("l2_910b3_processes")
    text = text.replace("Hugepages-Usage(page)|", "Hugepages-Usage(page)  Fan Speed(%) |")
    text = text.replace("0    / 0             |", "0    / 0               55           |")
    text = text.replace("| Health        |", "| Health        | Serial |")
    text = text.replace("| OK            |", "| OK            | S1     |")
    text = text.replace("| Process memory(MB)      |", "| Process memory(MB) | Container |")
    text = text.replace("| 59100                   |", "| 59100              | pod-a     |")
    found = npu_smi.parse_info(text)
    assert found["chips"][0]["extra"] == {"Fan Speed(%)": "55", "Serial": "S1"}
    assert (found["chips"][0]["hugepages_total"], found["chips"][0]["power_w"]) == (0, 251.5)
    assert found["processes"][0]["extra"] == {"Container": "pod-a"}


def test_a_known_heading_in_another_unit_is_no_wrong_number():
    found = npu_smi.parse_info(text_of("l2_910b3_processes").replace("HBM-Usage(MB)", "HBM-Usage(GB)"))
    assert found["chips"][0]["hbm_used_mb"] is None
    assert found["chips"][0]["extra"] == {"HBM-Usage(GB)": "62501/65536"}


def test_process_section_of_three_columns_and_names_with_pipes():
    text = text_of("l2_910b3_processes").replace("| mindie_llm_back  ", "| a|b health Bus-Id")
    assert npu_smi.parse_info(text)["processes"][0]["name"] == "a|b health Bus-Id"
    lines = []
    for line in text_of("l2_910b3_processes").splitlines():
        cells = line.split("|")
        lines.append("|".join(cells[:3] + cells[4:]) if len(cells) == 6 else line)
    found = npu_smi.parse_info("\n".join(lines))["processes"]
    assert [(entry["pid"], entry["name"], entry["memory_mb"]) for entry in found] == [
        (70011, None, 59100),
        (70012, None, 101),
        (4194301, None, 5820),
    ]


def test_tables_without_their_beginning():
    for layout in (
        "l2_910b3_processes",
        "l3_a3_two_dies",
        "l5_910b2_container_pid",
        "l6_950_no_chip_column",
        "l4_310p_duo",
    ):
        text = "\n".join(text_of(layout).splitlines()[6:])
        found = npu_smi.parse_info(text)
        assert found.pop("truncated")
        assert [tuple(chip[field] for field in FIELDS) for chip in found["chips"]] == EXPECTED[layout]
        assert [tuple(entry.values()) for entry in found["processes"]] == PROCESSES[layout]


def test_a_table_without_borders_left_of_it():
    text = "\n".join(line[2:] if line.startswith("| ") else line for line in text_of("l2_910b3_processes").splitlines())
    assert npu_smi.parse_info(text) == npu_smi.parse_info(text_of("l2_910b3_processes"))


def test_remarks_behind_the_table_are_no_values():
    lines = [
        line + ("   <- note 7" if "910B3" in line or "0000:" in line else "")
        for line in text_of("l2_910b3_processes").splitlines()
    ]
    assert npu_smi.parse_info("\n".join(lines)) == npu_smi.parse_info(text_of("l2_910b3_processes"))


@pytest.mark.parametrize("width", range(46, 99, 4))
def test_a_table_cut_at_the_right_has_no_half_value(width):
    full = npu_smi.parse_info(text_of("l2_910b3_processes"))
    found = npu_smi.parse_info("\n".join(line[:width] for line in text_of("l2_910b3_processes").splitlines()))
    assert found.get("truncated") or width >= 98
    for key in ("chips", "processes"):
        for entry, whole in zip(found[key], full[key], strict=False):
            assert all(value is None or value == whole[field] for field, value in entry.items() if field != "extra")


def test_the_first_of_two_tables_is_read():
    text = text_of("l2_910b3_processes") + text_of("l3_a3_two_dies")
    assert npu_smi.parse_info(text)["chips"] == npu_smi.parse_info(text_of("l2_910b3_processes"))["chips"]


def test_rows_left_out_by_an_author_are_said():
    lines = text_of("l2_910b3_processes").splitlines()
    found = npu_smi.parse_info("\n".join([*lines[:9], "......", *lines[12:]]))
    assert found["truncated"] is True
    assert [chip["npu_id"] for chip in found["chips"]] == [3, 15]


def test_a_header_alone_is_a_cut_table():
    found = npu_smi.parse_info("\n".join(text_of("l2_910b3_processes").splitlines()[:6]))
    assert found["chips"] == []
    assert found["truncated"] is True


def test_warnings_are_kept():
    warning = "[WARNING]The driver package may not be completely installed. Please reinstall it."
    found = npu_smi.parse_info(text_of("l2_910b3_processes") + warning + "\n")
    assert found["warnings"] == [warning]
    assert "truncated" not in found


def test_a_str_subclass_is_text():
    class Unsafe(str):
        def replace(self, *args):
            raise AssertionError("a plain str is worked on")

    assert len(npu_smi.parse_info(Unsafe(text_of("l3_a3_two_dies")))["chips"]) == 4
