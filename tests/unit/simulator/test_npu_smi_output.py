# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated npu-smi prints the recorded layouts, and the collection's parser reads them."""

import os
import shutil
import subprocess

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import npu_smi

from tests.simulator.sim import description, hardware
from tests.simulator.sim.packages import VENDOR

pytestmark = pytest.mark.skipif(shutil.which("awk") is None, reason="npu-smi is written in sh and awk")


class Host:
    """A host's state in a folder, and its npu-smi."""

    def __init__(self, folder, chip, cards, driver="25.3.rc1", **rest):
        self.state = folder / "state"
        self.runtime = folder / "runtime"
        self.runtime.mkdir()
        host = description.parse({"hosts": [{"name": "a", "chip": chip, "cards": cards, **rest}]}, "test").hosts[0]
        hardware.write_state(host, self.state)
        if driver:
            (self.runtime / "driver.loaded").write_text(driver + "\n")
        (folder / "manager").touch()
        text = (VENDOR / "npu-smi").read_text()
        for old, new in (
            ("@TOOL_VERSION@", "25.3.rc1"),
            ("/var/lib/npu-sim", str(self.state)),
            ("/run/npu-sim", str(self.runtime)),
            ("/dev/davinci_manager", str(folder / "manager")),
        ):
            text = text.replace(old, new)
        self.tool = folder / "npu-smi"
        self.tool.write_text(text)

    def run(self, *arguments):
        return subprocess.run(
            ["sh", str(self.tool), *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": os.environ["PATH"]},
            timeout=20,
        )

    def info(self):
        done = self.run("info")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.mark.parametrize(
    ("chip", "cards", "driver", "chips", "width"),
    [
        ("910B3", 8, "25.3.rc1", 8, 98),
        ("910ProB", 8, "24.1.0", 8, 98),
        ("910ProB", 8, "23.0.rc1", 8, 93),
        ("310P3", 4, "25.3.rc1", 4, 106),
        ("310P3-Duo", 2, "25.3.rc1", 4, 106),
        ("A3", 8, "25.3.rc1", 16, 98),
    ],
)
def test_every_layout_is_as_wide_as_recorded_and_is_read_back(tmp_path, chip, cards, driver, chips, width):
    host = Host(tmp_path, chip, cards, driver)
    text = host.info()
    assert {len(line) for line in text.splitlines()} == {width}
    parsed = npu_smi.parse_info(text)
    assert parsed["npu_smi_version"] == "25.3.rc1"
    assert parsed["driver_version"] == driver
    assert len(parsed["chips"]) == chips
    assert {chip["health"] for chip in parsed["chips"]} == {"OK"}
    assert parsed["processes"] == []


def test_values_come_from_the_hosts_state(tmp_path):
    host = Host(
        tmp_path,
        "910B3",
        2,
        health=[{"npu": 1, "health": "Alarm"}],
        processes=[{"npu": 0, "pid": 55115, "name": "python", "memory": 30000}],
    )
    parsed = npu_smi.parse_info(host.info())
    assert [chip["health"] for chip in parsed["chips"]] == ["OK", "Alarm"]
    assert parsed["processes"] == [
        {"npu_id": 0, "chip_id": 0, "pid": 55115, "name": "python", "memory_mb": 30000, "container_pid": None}
    ]
    assert parsed["chips"][0]["hbm_used_mb"] == 33389
    assert parsed["chips"][0]["bus_id"] == "0000:C1:00.0"


def test_before_the_driver_is_loaded(tmp_path):
    done = Host(tmp_path, "910B3", 1, driver=None).run("info")
    assert done.returncode != 0
    with pytest.raises(npu_smi.NpuSmiError) as caught:
        npu_smi.parse_info(done.stdout)
    assert caught.value.kind == "driver_not_loaded"
    assert caught.value.code == -8005


def test_a_fault_speaks_for_the_tool(tmp_path):
    host = Host(tmp_path, "910B3", 1)
    (host.state / "faults" / "npu-smi.error").write_text(
        "dcmi model initialized failed, because the device is used. ret is -8020\n"
    )
    done = host.run("info")
    assert done.returncode == 1
    with pytest.raises(npu_smi.NpuSmiError) as caught:
        npu_smi.parse_info(done.stdout)
    assert caught.value.kind == "device_busy"


def test_other_queries(tmp_path):
    host = Host(tmp_path, "A3", 2)
    assert "\tTotal Count                    : 2" in host.run("info", "-l").stdout
    mapping = host.run("info", "-m").stdout.splitlines()
    assert mapping[0].split("  ")[0].strip() == "NPU ID"
    assert len(mapping) == 1 + 2 * 3
    board = host.run("info", "-t", "board", "-i", "1").stdout
    assert "\tSoftware Version               : 25.3.rc1" in board
    assert "\tFirmware Version               : 7.5.0.1.129" in board
    assert "Health Status                  : OK" in host.run("info", "-t", "health", "-i", "0", "-c", "1").stdout
    wrong = host.run("info", "-t", "board", "-i", "77")
    assert wrong.returncode == 1
    assert "Invalid card id." in wrong.stdout
    assert host.run("-v").stdout == "npu-smi version: 25.3.rc1\n"


@pytest.mark.parametrize(("chip", "left"), [("910B3", 0), ("310P3", 1)])
def test_a_reset_heals_all_chips_of_modules_and_those_of_one_card(tmp_path, chip, left):
    host = Host(tmp_path, chip, 2)
    numbers = [row["npu_id"] for row in npu_smi.parse_info(host.info())["chips"]]
    (host.state / "health").write_text("".join(f"{number} 0 Alarm\n" for number in numbers))
    assert {row["health"] for row in npu_smi.parse_info(host.info())["chips"]} == {"Alarm"}
    done = host.run("set", "-t", "reset", "-i", str(numbers[0]), "-c", "0", "-m", "1")
    assert done.returncode == 0, done.stdout
    found = [row["health"] for row in npu_smi.parse_info(host.info())["chips"]]
    assert found.count("Alarm") == left and found[0] == "OK"


def test_a_reset_that_the_product_does_not_have(tmp_path):
    guest = Host(tmp_path, "910B3", 1, kind="vm")
    done = guest.run("set", "-t", "reset", "-i", "0", "-c", "0")
    assert (done.returncode, done.stdout) == (1, "This device does not support setting reset.\n")
    assert guest.run("set", "-t", "reset", "-i", "7", "-c", "0").returncode == 1
