# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fault of the network is named as what it is, once, however many pairs suffer; in every shape of probes."""

import dataclasses

import pytest
from small_fabric import GOOD_OPTICS, Fabric

WHERE = "npu-03 chip 5 (at leaf-5 200GE1/0/3)"


def _dark_optic(**values):
    return {"link": "DOWN", "health": "Fault", "optics": {**GOOD_OPTICS, **values}}


PORT_FAULTS = {
    "no optic": ("optic-absent", {"link": "DOWN", "optics": {"present": False}}),
    "optic does not answer": ("optic-dead", {"link": "DOWN", "optics": {"unreachable": True}}),
    "optic sends nothing": ("optic-dead", _dark_optic(tx_power_mw=[0.0, 0.0, 0.0, 0.0])),
    "cable": ("no-light", _dark_optic(rx_power_mw=[0.0, 0.0, 0.0, 0.0])),
    "link set down": ("link-down", {"link": "DOWN"}),
    "noise": ("snr-low", {"optics": {**GOOD_OPTICS, "media_snr_db": [23.0, 17.2, 23.0, 23.0]}}),
    "weak laser": ("optic-weak", {"optics": {**GOOD_OPTICS, "tx_power_mw": [1.4, 0.1, 1.4, 1.4]}}),
    "dirty cable": ("light-weak", {"optics": {**GOOD_OPTICS, "rx_power_mw": [1.0, 0.5, 1.0, 1.0]}}),
    "TLS on one chip": ("tls-mixed", {"tls": True}),
    "file differs": ("file-differs", {"file": {"address": "10.0.5.77", "netmask": "255.255.0.0"}}),
    "file not applied": ("address-not-on-chip", {"address": None, "netmask": None, "link": "UP"}),
    "speed": ("speed-differs", {"speed": 100000}),
    "mtu": ("mtu-differs", {"mtu": 1500}),
    "errors": ("errors-grow", {"later": {"roce_rx_err_pkt_num": 5000, "nic_rx_all_pkg_num": 900}}),
    "flaps now": ("link-flaps", {"flaps_later": 2}),
    "flapped": ("link-flaps", {"flaps": 9, "flaps_later": 9}),
    "detection": ("detection-fails", {"health": "Receive timeout", "netdetect": "10.0.255.1"}),
    "gateway elsewhere": ("gateway-outside", {"gateway": "172.16.0.1"}),
}
SHAPES = {"mesh": 10**6, "rails": 100, "rings": 1}


@pytest.mark.parametrize("at_most", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("fault", PORT_FAULTS)
def test_a_fault_of_a_port_is_named_at_the_port(fault, at_most):
    rule, values = PORT_FAULTS[fault]
    fabric = Fabric()
    if fault == "mtu":
        fabric.ports = {key: dataclasses.replace(port, mtu=4096) for key, port in fabric.ports.items()}
    fabric.change(3, 5, **values)
    told = [row for row in fabric.told(at_most) if not (fault == "gateway elsewhere" and row[0] == "gateway-differs")]
    where = "npu-03 chip 5" if rule in ("tls-mixed", "speed-differs", "mtu-differs") else WHERE
    assert told == [(rule, where)]


@pytest.mark.parametrize("at_most", SHAPES.values(), ids=SHAPES)
class TestWhatOnlyTheProbesShow:
    def test_nothing_is_wrong(self, at_most):
        verdict = Fabric().verdict(at_most)
        assert verdict["troubles"] == [] and verdict["probes"]["ok"] == verdict["probes"]["total"] > 0

    def test_a_wrong_vlan_is_the_switch_port(self, at_most):
        fabric = Fabric()
        fabric.vlans[fabric.key(3, 5)] = 7
        fabric.change(3, 5, health="Fault", netdetect="10.0.255.1")
        assert fabric.told(at_most) == [("switch-port-unreached", WHERE)]

    def test_a_host_behind_a_wall_is_the_host(self, at_most):
        fabric = Fabric()
        fabric.walled.add("npu-03")
        assert fabric.told(at_most) == [("host-unreached", "host npu-03")]

    def test_two_hosts_with_different_faults(self, at_most):
        fabric = Fabric()
        fabric.walled.add("npu-03")
        fabric.vlans[fabric.key(6, 1)] = 7
        assert fabric.told(at_most) == [
            ("host-unreached", "host npu-03"),
            ("switch-port-unreached", "npu-06 chip 1 (at leaf-1 200GE1/0/6)"),
        ]

    def test_two_hosts_that_do_not_meet(self, at_most):
        fabric = Fabric()
        fabric.cut.add(frozenset(("npu-03", "npu-04")))
        assert fabric.told(at_most) == [("between-hosts-unreached", "npu-03 and npu-04")]

    def test_packets_lost_at_a_port(self, at_most):
        fabric = Fabric()
        fabric.lossy.add(fabric.key(3, 5))
        assert fabric.told(at_most) == [("switch-port-loses", WHERE)]

    def test_a_switch_that_is_off_is_the_switch(self, at_most):
        fabric = Fabric()
        for host in range(1, 9):
            fabric.change(host, 2, link="DOWN", health="Fault", switch=None, switch_port=None)
        assert fabric.told(at_most) == [("rail-dark", "chip 2 of every host")]

    def test_a_switch_that_forwards_nothing_is_the_switch(self, at_most):
        fabric = Fabric()
        fabric.dead_switches.add("leaf-2")
        assert fabric.told(at_most) == [("switch-unreached", "switch leaf-2")]

    def test_the_same_without_lldp(self, at_most):
        fabric = Fabric()
        fabric.dead_switches.add("leaf-2")
        assert fabric.told(at_most, lldp=False) == [("rail-unreached", "chip 2")]

    def test_leaves_that_lost_each_other(self, at_most):
        fabric = Fabric(rails=False)
        fabric.cut.add(frozenset(("leaf-0", "leaf-1")))
        assert fabric.told(at_most) == [("between-switches-unreached", "leaf-0 and leaf-1")]

    def test_nobody_meets(self, at_most):
        fabric = Fabric()
        fabric.walled.update(key.host for key in fabric.ports)
        assert fabric.told(at_most) == [("fabric-unreached", "the network between the hosts")]

    def test_a_router_that_is_off(self, at_most):
        fabric = Fabric(networks=2)
        fabric.silent_routers.add("1")
        assert fabric.told(at_most) == [("between-networks-unreached", "10.0.0.0/16 and 10.1.0.0/16")]

    def test_a_missing_gateway(self, at_most):
        fabric = Fabric(networks=2)
        fabric.change(3, 5, gateway=None)
        assert fabric.told(at_most) == [("gateway-missing", WHERE)]

    def test_a_wrong_netmask(self, at_most):
        fabric = Fabric(networks=2)
        fabric.change(3, 5, netmask="255.0.0.0", file={})
        assert fabric.told(at_most) == [("netmask-wrong", WHERE)]

    def test_a_narrow_netmask(self, at_most):
        fabric = Fabric()
        fabric.change(3, 5, netmask="255.255.255.0", gateway=None, file={})
        assert ("netmask-wrong", WHERE) in fabric.told(at_most) and len(fabric.told(at_most)) == 1

    def test_an_address_given_twice(self, at_most):
        fabric = Fabric()
        fabric.change(3, 5, address="10.0.2.7", file={})
        assert fabric.told(at_most) == [
            ("address-twice", f"{WHERE} and npu-07 chip 2 (at leaf-2 200GE1/0/7)"),
        ]

    def test_tls_on_one_host_is_the_host(self, at_most):
        fabric = Fabric()
        for chip in range(8):
            fabric.change(4, chip, tls=True)
        assert fabric.told(at_most) == [("tls-mixed", "npu-04")]

    def test_every_cable_of_a_host(self, at_most):
        fabric = Fabric()
        for chip in range(8):
            fabric.change(4, chip, link="DOWN", switch=None, switch_port=None)
        assert fabric.told(at_most) == [("host-dark", "host npu-04")]

    def test_a_host_that_is_off(self, at_most):
        off = {"name": "npu-09", "ports": [], "tool": None, "reason": "unreachable: timed out", "missing": True}
        assert Fabric().told(at_most, more=[off]) == [("host-silent", "npu-09")]

    def test_a_tool_that_does_not_answer_blames_nobody(self, at_most):
        fabric = Fabric()
        fabric.broken_tool.add("npu-03")
        assert fabric.told(at_most) == [("probes-not-run", "host npu-03")]


def test_one_pair_of_chips():
    fabric = Fabric()
    fabric.cut.add(frozenset((fabric.key(3, 5), fabric.key(6, 1))))
    assert fabric.told() == [("path-unreached", "npu-03 chip 5 and npu-06 chip 1")]


def test_two_hosts_are_enough():
    fabric = Fabric(hosts=2)
    fabric.vlans[fabric.key(2, 1)] = 7
    assert fabric.told() == [("switch-port-unreached", "npu-02 chip 1 (at leaf-1 200GE1/0/2)")]
    fabric = Fabric(hosts=2)
    fabric.cut.add(frozenset(("npu-01", "npu-02")))
    assert fabric.told() == [("between-hosts-unreached", "npu-01 and npu-02")]


def test_an_unused_plane_is_no_fault():
    """On A3 the RoCE plane is often not set up at all, and its links are down."""
    fabric = Fabric(hosts=2)
    for key in list(fabric.ports):
        fabric.change(
            int(key.host[-2:]), key.chip, address=None, netmask=None, gateway=None, file={}, link="DOWN", health="Init"
        )
    assert fabric.told() == []


def test_a_chip_without_an_address_among_others():
    fabric = Fabric(hosts=2)
    fabric.change(2, 3, address=None, netmask=None, file={})
    assert [row[0] for row in fabric.told()] == ["address-missing"]
