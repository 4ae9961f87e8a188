# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small network in which a ping passes or not for the reasons for which it does in a real one."""

from __future__ import annotations

import dataclasses

from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.network import judge, probes, thresholds
from ansible_collections.ascend.fleet.plugins.plugin_utils.network.model import Key, Port, Result, inside

LIMITS = thresholds.read(catalog.load()[thresholds.TABLE])
GOOD_OPTICS = {
    "present": True,
    "tx_power_mw": [1.4, 1.3, 1.4, 1.3],
    "rx_power_mw": [1.0, 1.1, 1.0, 1.1],
    "tx_bias_ma": [7.9, 7.9, 7.9, 7.9],
    "media_snr_db": [23.1, 23.0, 22.9, 23.2],
}


class Fabric:
    """Hosts with chips, each at a leaf switch; leaves are joined by a spine."""

    def __init__(self, hosts=8, chips=8, rails=True, networks=1):
        self.ports = {}
        self.vlans, self.dead_switches, self.cut, self.walled, self.lossy = {}, set(), set(), set(), set()
        self.silent_routers, self.broken_tool = set(), set()
        for host in range(hosts):
            net = host * networks // hosts
            for chip in range(chips):
                key = Key(f"npu-{host + 1:02}", chip)
                self.ports[key] = Port(
                    key,
                    family="910b",
                    address=f"10.{net}.{chip}.{host + 1}",
                    netmask="255.255.0.0",
                    gateway=f"10.{net}.255.254",
                    link="UP",
                    health="Success",
                    speed=200000,
                    tls=False,
                    mac=f"06:00:00:00:{host:02x}:{chip:02x}",
                    optics=GOOD_OPTICS,
                    counters={"roce_rx_err_pkt_num": 3, "nic_rx_all_pkg_num": 100},
                    later={"roce_rx_err_pkt_num": 3, "nic_rx_all_pkg_num": 900},
                    flaps=1,
                    flaps_later=1,
                    file={"address": f"10.{net}.{chip}.{host + 1}", "netmask": "255.255.0.0"},
                    switch=f"leaf-{chip if rails else host // 4}",
                    switch_port=f"200GE1/0/{host + 1}" if rails else f"200GE1/0/{host * 8 + chip}",
                )

    def key(self, host, chip):
        return Key(f"npu-{host:02}", chip)

    def change(self, host, chip, **values):
        key = self.key(host, chip)
        self.ports[key] = dataclasses.replace(self.ports[key], **values)

    def _routed(self, one, other):
        """Whether a packet finds its way from one port to another by addresses and gateways."""
        if inside(other.address, one.network):
            return other.address.split(".")[1] == one.address.split(".")[1]
        net = one.address.split(".")[1]
        return one.gateway == f"10.{net}.255.254" and net not in self.silent_routers

    def _passes(self, one, other):
        if one.link != "UP" or other.link != "UP" or {one.switch, other.switch} & self.dead_switches:
            return False
        if self.vlans.get(one.key) != self.vlans.get(other.key):
            return False
        if one.key.host != other.key.host and {one.key.host, other.key.host} & self.walled:
            return False
        pair = {frozenset((one.switch, other.switch)), frozenset((one.key, other.key))}
        pair.add(frozenset((one.key.host, other.key.host)))
        return not pair & self.cut and self._routed(one, other) and self._routed(other, one)

    def ping(self, probe):
        if probe.source.host in self.broken_tool:
            return Result(probe, "unknown", message="hccn_tool gave no answer")
        owners = [port for port in self.ports.values() if port.address == probe.address]
        one = self.ports[probe.source]
        if not one.address or not any(self._passes(one, other) for other in owners):
            return Result(probe, "fail", 100.0, message="recv time out")
        if {probe.source, probe.target} & self.lossy:
            return Result(probe, "loss", 33.3)
        return Result(probe, "ok", 0.0, 0.1)

    def hosts(self):
        names = sorted({key.host for key in self.ports})
        return [
            {
                "name": name,
                "ports": [port for key, port in self.ports.items() if key.host == name],
                "tool": "/hccn_tool",
                "reason": None,
                "missing": False,
            }
            for name in names
        ]

    def verdict(self, at_most=probes.AT_MOST, more=(), limits=LIMITS, lldp=True):
        hosts = [*self.hosts(), *more]
        course = probes.plan(hosts, at_most)
        results = [self.ping(probe) for found in course.probes.values() for probe in found]
        if not lldp:
            for host in hosts:
                host["ports"] = [dataclasses.replace(port, switch=None, switch_port=None) for port in host["ports"]]
        return judge.verdict(hosts, course.shape, results, limits)

    def told(self, at_most=probes.AT_MOST, **options):
        """(rule, where) of everything that is wrong."""
        return [(row["rule"], row["where"]) for row in self.verdict(at_most, **options)["troubles"]]
