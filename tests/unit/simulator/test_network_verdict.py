"""From the simulated hccn_tool to the verdict: a fault of the fabric is named as what it is."""

from __future__ import annotations

import contextlib
import io
import json
import runpy
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.network import conf, observe, probe
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.network import judge, ports, probes, thresholds

TOOL = Path(__file__).resolve().parents[2] / "simulator" / "vendor" / "hccn_tool"
LIMITS = thresholds.read(catalog.load()[thresholds.TABLE])
HOSTS, CHIPS = ("a", "b", "c", "d"), range(2)


class Fleet:
    """Hosts as folders, and the tool as it answers on each; it is run in this process, since it is asked a lot."""

    def __init__(self, base: Path, monkeypatch):
        self.base, self._patch = base, monkeypatch
        (base / "fabric" / "hosts").mkdir(parents=True)
        self.fabric()
        for number, host in enumerate(HOSTS):
            place = base / host
            (place / "run").mkdir(parents=True)
            (place / "run" / "driver.loaded").write_text("25.3.rc1\n")
            (place / "run" / "driver.since").write_text("1\n")
            (place / "chips.tsv").write_text("".join(f"{n}\t0\t{n}\tbus\t910B3\n" for n in CHIPS))
            for chip in CHIPS:
                address = f"198.51.100.{10 * (number + 1) + chip}"
                self.ask(host, chip, "-ip", "-s", "address", address, "netmask", "255.255.255.0")
                self.ask(host, chip, "-gateway", "-s", "gateway", "198.51.100.1")
                self.ask(host, chip, "-tls", "-s", "enable", "0")

    def fabric(self, *faults):
        plan = {"hosts": list(HOSTS), "faults": list(faults)}
        (self.base / "fabric" / "fabric.json").write_text(json.dumps(plan))

    def ask(self, host, chip, *words):
        place = self.base / host
        for name, value in (
            ("NPU_SIM_FABRIC", self.base / "fabric"),
            ("NPU_SIM_STATE", place),
            ("NPU_SIM_RUNTIME", place / "run"),
            ("NPU_SIM_CONF", place / "hccn.conf"),
            ("NPU_SIM_HOST", host),
        ):
            self._patch.setenv(name, str(value))
        said = io.StringIO()
        self._patch.setattr("sys.argv", [str(TOOL), "-i", str(chip), *map(str, words)])
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), contextlib.suppress(SystemExit):
            runpy.run_path(str(TOOL), run_name="__main__")
        return said.getvalue()

    def _observed(self, host):
        file = conf.parse((self.base / host / "hccn.conf").read_text())

        class Asked:
            ask = staticmethod(lambda chip, *words: self.ask(host, chip, *words))

        chips = [observe.chip(Asked, chip, file.get(str(chip), {})) for chip in CHIPS]
        network = {"tool": str(TOOL), "port": "roce", "conf": {"chips": file}, "chips": chips}
        facts = {"accelerators": {"family": "910b", "count": len(chips)}, "device_network": network}
        return {"ansible_facts": {"ascend": facts}}

    def troubles(self):
        observations = {host: self._observed(host) for host in HOSTS}
        fleet = [ports.of_host(host, seen) for host, seen in observations.items()]
        course = probes.plan(fleet)
        seen = {}
        for host, mine in course.probes.items():
            asked = [{"chip": one.source.chip, "address": one.address, "via": one.via} for one in mine]
            rows, later = probe.run(asked, list(CHIPS), lambda *words, on=host: self.ask(on, *words), 600, 1)
            seen[host] = {"probed": rows, "later": later}
        fleet = [ports.of_host(host, observations[host], seen.get(host)) for host in HOSTS]
        results = [one for host, mine in course.probes.items() for one in ports.results(mine, seen[host])]
        return judge.verdict(fleet, course.shape, results, LIMITS)["troubles"]


@pytest.fixture
def fleet(tmp_path, monkeypatch):
    return Fleet(tmp_path, monkeypatch)


def test_a_sound_fabric(fleet):
    assert fleet.troubles() == []


@pytest.mark.parametrize(
    ("rule", "chips", "fault"),
    [
        ("link-down", [1], {"fault": "link-down", "chip": 1}),
        ("optic-absent", [1], {"fault": "optic-dead", "chip": 1}),
        ("snr-low", [0], {"fault": "low-snr", "chip": 0}),
        ("light-weak", [0], {"fault": "low-power", "chip": 0}),
        ("link-flaps", [0], {"fault": "flaps", "chip": 0, "value": 30}),
        ("switch-port-unreached", [1], {"fault": "wrong-vlan", "chip": 1, "value": 7}),
        ("tls-mixed", [0, 1], {"fault": "tls-on"}),
        ("netmask-wrong", [1], {"fault": "wrong-netmask", "chip": 1, "value": "255.255.255.240"}),
        ("file-differs", [1], {"fault": "stale-address", "chip": 1, "value": "198.51.100.99"}),
        ("address-not-on-chip", [1], {"fault": "no-address", "chip": 1}),
        ("gateway-missing", [1], {"fault": "gateway-missing", "chip": 1}),
        ("errors-grow", [1], {"fault": "errors-grow", "chip": 1}),
        ("speed-differs", [1], {"fault": "speed", "chip": 1, "value": 100000}),
        ("host-dark", [0, 1], {"fault": "host-down"}),
        ("optic-dead", [1], {"fault": "control-link", "chip": 1}),
    ],
)
def test_a_fault_is_named_once_and_where_it_is(fleet, rule, chips, fault):
    fleet.fabric({"host": "b", **fault})
    troubles = fleet.troubles()
    assert [row["rule"] for row in troubles] == [rule]
    assert [(port["host"], port["chip"]) for port in troubles[0]["ports"]] == [("b", chip) for chip in chips]


def test_a_cable_in_another_chips_place(fleet):
    fleet.fabric({"host": "b", "chip": 0, "fault": "cabled-as", "value": 1})
    assert "leaf-02" in fleet.ask("b", 0, "-lldp", "-g") and "leaf-01" in fleet.ask("a", 0, "-lldp", "-g")


def test_a_switch_that_is_off(fleet):
    fleet.fabric({"switch": "leaf-02", "fault": "down"})
    assert [(row["rule"], row["where"]) for row in fleet.troubles()] in (
        [("rail-dark", "chip 1 of every host")],
        [("switch-dark", "switch leaf-02")],
        [("switch-unreached", "switch leaf-02")],
    )


def test_two_chips_that_do_not_meet(fleet):
    fleet.fabric({"host": "b", "chip": 0, "fault": "peer-unreachable", "value": {"host": "d", "chip": 1}})
    assert [(row["rule"], row["where"]) for row in fleet.troubles()] == [("path-unreached", "b chip 0 and d chip 1")]
