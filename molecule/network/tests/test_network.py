"""Eight hosts, eight chips each: what the site run made of them, and which of many faults it names as what."""

import contextlib
import json
import os
from pathlib import Path

import pytest

from tests.support import ssh_count

TOOL = "/usr/local/Ascend/driver/tools/hccn_tool"
HOSTS = [f"node-{number:02}" for number in range(1, 9)]
REPORT = Path(os.environ.get("MOLECULE_EPHEMERAL_DIRECTORY", ".")) / "report"
FIRST = pytest.mark.hosts("node-01")  # what is about all hosts is done once


def address(host, chip):
    return f"198.51.100.{8 * int(host[-2:]) + chip}"


def report():
    return json.loads((REPORT / "report.json").read_text(encoding="utf-8"))


def told(part="network"):
    """{(rule, where)} of all that is wrong, and the words of each."""
    rows = report()[part]["troubles"]
    assert len({(row["rule"], row["where"]) for row in rows}) == len(rows), "each is named once"
    return {(row["rule"], row["where"].partition(" (")[0]): row for row in rows}


def words(row):
    return " ".join((row["where"], row["problem"], row["evidence"], row["fix"]))


@contextlib.contextmanager
def faults(fleet, *rows):
    """The fleet's fabric with faults, as long as the block lasts."""
    path = fleet.folder / "fabric" / "fabric.json"
    before = path.read_text(encoding="utf-8")
    path.write_text(json.dumps({**json.loads(before), "faults": list(rows)}), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(before, encoding="utf-8")


def fault(host, name, chip=None, value=None):
    return {"host": host, "fault": name, "chip": chip, **({} if value is None else {"value": value})}


def only(found, culprits):
    """Every culprit is named as what it is, and nobody else."""
    assert set(found) == set(culprits), json.dumps([words(row) for row in found.values()], indent=1)


def test_every_chip_has_its_address(host):
    name = host.check_output("hostname")
    for chip in range(8):
        said = host.check_output(f"sudo {TOOL} -i {chip} -ip -g")
        assert f"ipaddr:{address(name, chip)}\n" in said


@FIRST
def test_the_site_run_has_verified_the_network(host):
    network = report()["network"]
    assert (network["hosts"], network["ports"], network["shape"], network["troubles"]) == (8, 64, "rails", [])
    probes = network["probes"]
    assert probes["ok"] == probes["total"] == 8 * 8 * 7 // 2 + 8 * 8, "each chip with its like on each host, and a ring"
    assert network["matrix"]["hosts"] == HOSTS and len(network["matrix"]["cells"]) == 8 * 7 // 2 + 8
    page = (REPORT / "report.html").read_text(encoding="utf-8")
    assert 'id="network"' in page and "node-08" in page


@FIRST
def test_the_site_run_has_measured_the_bandwidth(host):
    runs = {row["name"]: row for row in report()["bandwidth"]["runs"]}
    assert list(runs) == HOSTS
    for row in runs.values():
        assert row["topology"] == "910b x 8" and 50 < row["gb_s"] < 60 and row["level"] == "ok"
    lines = (REPORT / "bandwidth.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 8, "measured once, though the playbook ran twice"


@FIRST
def test_a_run_that_changes_nothing_costs_one_execution_per_host(host, fleet):
    text = fleet.output("playbooks/site.yml", "-vvv")
    assert ssh_count.check_noop(text, fleet.addresses.values()) == []
    network = report()["network"]
    assert network["probes"]["earlier"] == network["probes"]["total"] > 0, "the report still has the whole of it"


@FIRST
def test_faults_of_ports_are_each_named_as_what_they_are(host, fleet):
    injected = (
        fault("node-01", "optic-dead", 0),
        fault("node-02", "low-power", 1),
        fault("node-03", "wrong-vlan", 2, 7),
        fault("node-04", "tls-on"),
        fault("node-05", "no-address", 4),
        fault("node-06", "errors-grow", 5),
        fault("node-07", "flaps", 6, 30),
        fault("node-08", "speed", 7, 100000),
        fault("node-02", "cabled-as", 3, 6),
        fault("node-02", "cabled-as", 6, 3),
        fault("node-07", "low-snr", 0),
        fault("node-08", "control-link", 3),
    )
    with faults(fleet, *injected):
        run = fleet.play("playbooks/network.yml")
    found = told()
    only(
        found,
        {
            ("optic-absent", "node-01 chip 0"),
            ("light-weak", "node-02 chip 1"),
            ("switch-port-unreached", "node-03 chip 2"),
            ("tls-mixed", "node-04"),
            ("address-not-on-chip", "node-05 chip 4"),
            ("errors-grow", "node-06 chip 5"),
            ("link-flaps", "node-07 chip 6"),
            ("speed-differs", "node-08 chip 7"),
            ("cables-swapped", "node-02 chip 3"),
            ("snr-low", "node-07 chip 0"),
            ("optic-dead", "node-08 chip 3"),
        },
    )
    assert "leaf-03 400GE1/0/3" in found["switch-port-unreached", "node-03 chip 2"]["where"]
    assert "node-02 chip 6" in found["cables-swapped", "node-02 chip 3"]["where"]
    assert "EI0016" in words(found["tls-mixed", "node-04"])
    assert address("node-05", 4) in words(found["address-not-on-chip", "node-05 chip 4"])
    assert not run.ok
    for name, words_ in (("node-01", "no optical module"), ("node-03", "Nobody reaches this chip"), ("node-04", "TLS")):
        assert f"network: {name}" in run.text and words_ in run.text
    assert not any(run.recap(name).get("changed") for name in HOSTS)


@FIRST
def test_faults_of_settings_and_hosts_are_each_named_as_what_they_are(host, fleet):
    on = fleet.must
    on("node-01", TOOL, "-i", "0", "-ip", "-s", "address", address("node-02", 0), "netmask", "255.255.255.0")
    on("node-03", TOOL, "-i", "2", "-gateway", "-s", "gateway", "198.51.100.253")
    on("node-04", TOOL, "-i", "3", "-netdetect", "-s", "address", "198.51.100.4")
    on("node-06", "sed", "-i", "s/^bitmap_5=.*/bitmap_5=0,0,0,1,0,0,0,0/", "/etc/hccn.conf")
    on("node-05", "sh", "-c", "echo mtu_1=1500 >>/etc/hccn.conf")
    for name in HOSTS:
        if name != "node-05":
            on(name, "sh", "-c", "echo mtu_1=4096 >>/etc/hccn.conf")
    fleet.stop("node-08")
    try:
        with faults(fleet, fault("node-05", "link-down", 4), fault("node-07", "host-down")):
            run = fleet.play("playbooks/network.yml")
        found = told()
    finally:
        fleet.start("node-08")
        for name in HOSTS:
            on(name, "sed", "-i", "/^mtu_1=/d", "/etc/hccn.conf")
    only(
        found,
        {
            ("address-twice", "node-01 chip 0"),
            ("gateway-differs", "node-03 chip 2"),
            ("netdetect-differs", "node-04 chip 3"),
            ("pfc-differs", "node-06 chip 5"),
            ("mtu-differs", "node-05 chip 1"),
            ("link-down", "node-05 chip 4"),
            ("host-dark", "host node-07"),
            ("host-silent", "node-08"),
        },
    )
    assert "node-02 chip 0" in found["address-twice", "node-01 chip 0"]["where"]
    assert "198.51.100.253 here, 198.51.100.254" in words(found["gateway-differs", "node-03 chip 2"])
    assert "198.51.100.4 here" in words(found["netdetect-differs", "node-04 chip 3"])
    assert found["netdetect-differs", "node-04 chip 3"]["level"] == "alarm"
    assert not run.ok and "network: host node-07: Every link of this host is down" in run.text


@FIRST
def test_a_switch_that_is_off_and_two_chips_that_do_not_meet(host, fleet):
    """The site run mends what was set by hand, probes only what it mended, and names what it cannot mend."""
    run = fleet.play("playbooks/site.yml")
    assert run.ok, run.text[-3000:]
    assert told() == {}
    fleet.must("node-03", TOOL, "-i", "2", "-netdetect", "-s", "address", "198.51.100.4")
    run = fleet.play("playbooks/site.yml")
    assert run.ok and run.recap("node-03").get("changed") and not run.recap("node-02").get("changed")
    probes = report()["network"]["probes"]
    assert told() == {} and probes["total"] - probes["earlier"] == 7 * 8 + 8, "node-03 with seven hosts, and its ring"
    cut = fault("node-04", "peer-unreachable", 0, {"host": "node-06", "chip": 0})
    with faults(fleet, {"switch": "leaf-03", "fault": "down"}, cut):
        run = fleet.play("playbooks/network.yml")
    assert not run.ok
    found = told()
    assert ("path-unreached", "node-04 chip 0 and node-06 chip 0") in found
    assert {rule for rule, _where in found} == {"rail-dark", "path-unreached"}
    assert [where for rule, where in found if rule == "rail-dark"] == ["chip 2 of every host"]


@FIRST
def test_the_slow_host_stands_out_in_the_bandwidth(host, fleet):
    with faults(fleet, fault("node-06", "slow", value=0.5)):
        run = fleet.play("playbooks/bandwidth.yml")
    assert not run.ok
    found = told("bandwidth")
    only(found, {("bandwidth-low", "node-06")})
    assert "of the median of alike hosts" in words(found["bandwidth-low", "node-06"])
    assert [row["name"] for row in report()["bandwidth"]["runs"] if row["level"] != "ok"] == ["node-06"]
    assert run.recap("node-05").get("failed") == 0
