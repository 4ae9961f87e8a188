"""The simulated hccn_tool: settings of each chip, what the fabric connects, and the recorded formats and exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.network import conf, parse, ping, tables

from tests.simulator.sim import description, fabric
from tests.simulator.sim.base import SimulatorError

ROOT = Path(__file__).resolve().parents[3]
VENDOR = ROOT / "tests" / "simulator" / "vendor"


class Fleet:
    """Hosts of two chips each, as folders."""

    def __init__(self, base: Path, *names: str, **plan):
        self.base, self.names = base, names
        (base / "fabric" / "hosts").mkdir(parents=True)
        for name in names:
            place = base / name
            (place / "run").mkdir(parents=True)
            (place / "run" / "driver.loaded").write_text("25.3.rc1\n")
            (place / "run" / "driver.since").write_text("1\n")
            (place / "chips.tsv").write_text("".join(f"{n}\t0\t{n}\tbus\t910ProB\n" for n in range(2)))
        self.plan(**plan)

    def plan(self, **plan):
        (self.base / "fabric" / "fabric.json").write_text(json.dumps({**plan, "hosts": list(self.names)}))

    def fault(self, fault, host="a", chip=0, **more):
        self.plan(faults=[{"host": host, "chip": chip, "fault": fault, **more}])

    def call(self, host, *words):
        place = self.base / host
        environment = {
            **os.environ,
            "NPU_SIM_FABRIC": str(self.base / "fabric"),
            "NPU_SIM_STATE": str(place),
            "NPU_SIM_RUNTIME": str(place / "run"),
            "NPU_SIM_CONF": str(place / "hccn.conf"),
            "NPU_SIM_HOST": host,
        }
        argv = [sys.executable, str(VENDOR / "hccn_tool"), *map(str, words)]
        return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)

    def get(self, host, chip, *words):
        done = self.call(host, "-i", chip, *words)
        return done.stdout + done.stderr

    def set(self, host, chip, address):
        done = self.call(host, "-i", chip, "-ip", "-s", "address", address, "netmask", "255.255.255.0")
        assert done.returncode == 0, done.stderr

    def pings(self, host, chip, target):
        return ping.parse_ping(self.get(host, chip, "-ping", "-g", "address", target))["received"]


@pytest.fixture
def fleet(tmp_path):
    made = Fleet(tmp_path, "a", "b")
    for number, host in enumerate("ab"):
        for chip in range(2):
            made.set(host, chip, f"198.51.100.{10 * (number + 1) + chip}")
    return made


def test_a_chip_without_an_address_says_so_with_the_recorded_code(tmp_path):
    made = Fleet(tmp_path, "a")
    assert made.call("a", "-i", 0, "-ip", "-g").returncode == 13
    assert made.call("a", "-i", 0, "-gateway", "-g").returncode == 2
    assert made.call("a", "-i", 7, "-link", "-g").returncode == 4
    with pytest.raises(parse.HccnError) as caught:
        parse.parse_ip(made.get("a", 0, "-ip", "-g"))
    assert caught.value.kind == "no_address"


def test_what_is_set_is_shown_and_stands_in_the_file(fleet):
    assert parse.parse_ip(fleet.get("a", 1, "-ip", "-g"))["address"] == "198.51.100.11"
    assert conf.parse((fleet.base / "a" / "hccn.conf").read_text())["1"]["address"] == "198.51.100.11"


def test_the_query_of_tls_writes_the_switch_into_the_file(fleet):
    assert parse.parse_tls(fleet.get("a", 0, "-tls", "-g"))["enabled"] is False
    assert conf.parse((fleet.base / "a" / "hccn.conf").read_text())["0"]["tls_enable"] == "0"


def test_a_driver_that_was_loaded_anew_has_what_the_file_says(fleet):
    (fleet.base / "a" / "hccn.conf").write_text("address_0=198.51.100.99\nnetmask_0=255.255.255.0\n")
    assert parse.parse_ip(fleet.get("a", 0, "-ip", "-g"))["address"] == "198.51.100.10"
    (fleet.base / "a" / "run" / "driver.since").write_text("2\n")
    assert parse.parse_ip(fleet.get("a", 0, "-ip", "-g"))["address"] == "198.51.100.99"
    assert fleet.call("a", "-i", 1, "-ip", "-g").returncode == 13


def test_a_ping_reaches_what_the_fabric_connects(fleet):
    assert fleet.pings("a", 0, "198.51.100.20") == fleet.pings("b", 1, "198.51.100.10") == 3
    assert fleet.pings("a", 0, "198.51.100.77") == 0


CUTS = [
    ("link-down", {}),
    ("optic-dead", {}),
    ("wrong-vlan", {"value": 7}),
    ("wrong-netmask", {"value": "255.255.255.255"}),
    ("stale-address", {"value": "203.0.113.5"}),
    ("host-down", {"chip": None}),
    ("peer-unreachable", {"value": {"host": "b", "chip": 0}}),
]


@pytest.mark.parametrize(("fault", "more"), CUTS)
def test_a_fault_cuts_both_ways_and_nobody_else(fleet, fault, more):
    fleet.fault(fault, **more)
    assert fleet.pings("a", 0, "198.51.100.20") == fleet.pings("b", 0, "198.51.100.10") == 0
    assert fleet.pings("b", 0, "198.51.100.21") == 3


def test_a_switch_that_is_down_takes_its_chips_along(fleet):
    fleet.plan(faults=[{"switch": "leaf-01", "fault": "down"}])
    assert parse.parse_link(fleet.get("b", 0, "-link", "-g"))["link"] == "DOWN"
    assert parse.parse_link(fleet.get("b", 1, "-link", "-g"))["link"] == "UP"


SHOWN = [
    ("optic-dead", {}, "-optical", tables.parse_optical, lambda found: found["present"] is False),
    ("low-snr", {}, "-optical", tables.parse_optical, lambda found: max(found["media_snr_db"]) < 18),
    ("low-power", {}, "-optical", tables.parse_optical, lambda found: max(found["rx_power"]) < 0.1445),
    ("flaps", {"value": 4}, "-link_stat", tables.parse_link_stat, lambda found: found["down_count"] == 4),
    ("tls-on", {}, "-tls", parse.parse_tls, lambda found: found["enabled"]),
    ("speed", {"value": 100000}, "-speed", parse.parse_speed, lambda found: found["speed_mbps"] == 100000),
]


@pytest.mark.parametrize(("fault", "more", "words", "read", "said"), SHOWN)
def test_a_fault_is_shown(fleet, fault, more, words, read, said):
    assert not said(read(fleet.get("a", 0, words, "-g")))
    fleet.fault(fault, **more)
    assert said(read(fleet.get("a", 0, words, "-g")))
    assert not said(read(fleet.get("a", 1, words, "-g")))


def test_counters_of_a_bad_cable_grow_from_look_to_look(fleet):
    fleet.fault("errors-grow")
    first, second = (
        tables.parse_stat(fleet.get("a", 0, "-stat", "-g"))["counters"]["roce_rx_err_pkt_num"] for _ in range(2)
    )
    assert 0 < first < second


def test_a_dead_control_link_has_the_recorded_code(fleet):
    fleet.fault("control-link")
    assert fleet.call("a", "-i", 0, "-optical", "-g").returncode == 15


def test_a_recovery_that_fails_says_which_chip(fleet):
    fleet.fault("recovery-fails")
    done = fleet.call("a", "-a", "-cfg", "recovery")
    assert done.returncode == 1
    assert parse.parse_recovery(done.stdout + done.stderr) == {"recovered": [1], "failed": [0]}


def test_the_neighbour_is_named(fleet):
    found = tables.parse_lldp(fleet.get("b", 1, "-lldp", "-g"))
    assert (found["system"], found["port"]) == ("leaf-02", "400GE1/0/2")


def test_health_is_what_the_detection_target_answers(fleet):
    assert parse.parse_net_health(fleet.get("a", 0, "-net_health", "-g"))["net_health"] == "Init"
    fleet.call("a", "-i", 0, "-netdetect", "-s", "address", "198.51.100.20")
    assert parse.parse_net_health(fleet.get("a", 0, "-net_health", "-g"))["net_health"] == "Success"
    fleet.fault("wrong-vlan", host="b", value=3)
    assert parse.parse_net_health(fleet.get("a", 0, "-net_health", "-g"))["net_health"] == "Receive timeout"


def test_without_a_driver_nothing_answers(fleet):
    (fleet.base / "a" / "run" / "driver.loaded").unlink()
    with pytest.raises(parse.HccnError) as caught:
        parse.parse_link(fleet.get("a", 0, "-link", "-g"))
    assert caught.value.kind == "driver_not_loaded"


def bandwidth(fleet, host, ranks, rank=0):
    environment = {
        **os.environ, "NPU_SIM_FABRIC": str(fleet.base / "fabric"), "NPU_SIM_HOST": host, "PMI_SIZE": str(ranks),
        "PMI_RANK": str(rank),
    }  # fmt: skip
    argv = [sys.executable, str(VENDOR / "all_reduce_test"), "-p", "2", "-b", "64M", "-e", "64M"]
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)


def test_the_bandwidth_follows_the_fabric(fleet):
    def speed(host, ranks):
        return float(bandwidth(fleet, host, ranks).stdout.splitlines()[-1].split("|")[2])

    fast = speed("a", 2)
    fleet.fault("slow", value=0.25)
    assert speed("a", 2) < 0.3 * fast and speed("b", 2) == fast
    assert bandwidth(fleet, "a", 2, rank=1).stdout == ""
    fleet.fault("link-down")
    assert bandwidth(fleet, "b", 4).returncode == 1 and bandwidth(fleet, "b", 2).returncode == 0


BAD = [
    ({"wirings": "rails"}, "unknown keys"),
    ({"wiring": "ring"}, "wiring is none of"),
    ({"faults": [{"host": "one", "fault": "gremlin"}]}, "is none of"),
    ({"faults": [{"host": "two", "fault": "link-down"}]}, "which is not there"),
    ({"faults": [{"host": "one", "fault": "speed"}]}, "needs a value"),
    ({"faults": [{"switch": "leaf-01", "fault": "link-down"}]}, "is none of"),
]


@pytest.mark.parametrize(("plan", "said"), BAD)
def test_a_fabric_that_means_nothing_is_refused(plan, said):
    with pytest.raises(SimulatorError, match=said):
        description.parse({"hosts": [{"name": "one"}], "fabric": plan}, "test")


def test_the_fabric_of_a_fleet_is_one_folder(tmp_path):
    found = description.parse({"hosts": [{"name": "one"}], "fabric": {"speed": 100000}}, "test")
    fabric.write(found, tmp_path / "fabric")
    assert json.loads((tmp_path / "fabric" / "fabric.json").read_text()) == {"speed": 100000, "hosts": ["one"]}
    assert (tmp_path / "fabric" / "hosts").is_dir()


def test_every_documented_fault_is_one_the_tools_know():
    text = (VENDOR / "hccn_tool").read_text() + (VENDOR / "all_reduce_test").read_text()
    assert [fault for fault in fabric.FAULTS if f'"{fault}"' not in text] == []
    readme = (ROOT / "tests" / "simulator" / "README.md").read_text()
    assert [fault for fault in fabric.FAULTS if f"`{fault}`" not in readme] == []
