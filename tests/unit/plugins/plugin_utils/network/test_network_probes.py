# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every pair of hosts is connected by probes, and no host has more to do than it may."""

import math
from collections import Counter

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils.network import judge, probes
from ansible_collections.ascend.fleet.plugins.plugin_utils.network.model import Result
from small_fabric import LIMITS, Fabric

UNUSED = {"address": None, "netmask": None, "gateway": None, "file": {}, "link": "DOWN"}


def _pairs(course):
    return [frozenset((one.source, one.target)) for found in course.probes.values() for one in found]


@pytest.mark.parametrize("hosts", [1, 2, 3, 4, 5, 7, 8])
def test_a_small_fleet_is_a_mesh(hosts):
    course = probes.plan(Fabric(hosts=hosts).hosts())
    across = [pair for pair in _pairs(course) if len({key.host for key in pair}) == 2]
    assert course.shape == "mesh" and len(set(across)) == len(across) == 64 * hosts * (hosts - 1) // 2
    counts = [len(found) for found in course.probes.values()]
    assert max(counts) <= probes.AT_MOST and max(counts) - min(counts) <= 1


@pytest.mark.parametrize(("hosts", "shape"), [(9, "rails"), (63, "rails"), (64, "rings"), (257, "rings")])
def test_a_larger_fleet_costs_a_host_no_more(hosts, shape):
    course = probes.plan(Fabric(hosts=hosts, chips=8).hosts())
    assert course.shape == shape and probes.reaches_all(course)
    assert max(map(len, course.probes.values())) <= probes.AT_MOST
    assert max(Counter(_pairs(course)).values()) == 1
    if shape == "rails":
        met = {frozenset(key.host for key in pair) for pair in _pairs(course)}
        assert sum(len(pair) == 2 for pair in met) == hosts * (hosts - 1) // 2
    else:
        assert max(map(len, course.probes.values())) <= 8 * (math.ceil(math.log2(hosts)) + 1)


def test_the_order_of_the_inventory_is_no_matter():
    hosts = Fabric(hosts=5).hosts()
    assert probes.plan(hosts) == probes.plan(hosts[::-1])


def test_who_has_no_address_takes_no_part():
    fabric = Fabric(hosts=3)
    fabric.change(2, 4, address=None)
    for chip in range(8):
        fabric.change(3, chip, address=None)
    course = probes.plan(fabric.hosts())
    taking = {key for pair in _pairs(course) for key in pair}
    assert {key.host for key in taking} == {"npu-01", "npu-02"} and fabric.key(2, 4) not in taking
    assert probes.plan([]).probes == {} and probes.reaches_all(probes.plan([]))


def test_inside_a_super_pod_every_host_is_reached_and_a_broken_chip_is_named():
    fabric = Fabric(hosts=5)
    for key in list(fabric.ports):
        number = int(key.host[-2:])
        pod = 1 if number < 5 else 2
        fabric.change(number, key.chip, vnic=f"172.16.{number}.{key.chip}", pod=pod, family="a3", **UNUSED)
    course = probes.with_super_pods(probes.plan(fabric.hosts()), fabric.hosts())
    assert {one.via for found in course.probes.values() for one in found} == {"hccs"}
    met = {frozenset((one.source.host, one.target.host)) for found in course.probes.values() for one in found}
    assert not any(len(pair) == 2 and "npu-05" in pair for pair in met) and len(met) == 5 + 4 + 2
    bad = fabric.key(2, 3)
    results = [
        Result(one, "fail" if bad in (one.source, one.target) else "ok")
        for found in course.probes.values()
        for one in found
    ]
    rows = judge.verdict(fabric.hosts(), course.shape, results, LIMITS)["troubles"]
    assert [(row["rule"], row["where"]) for row in rows] == [("hccs-chip-unreached", "npu-02 chip 3")]


def test_rails_without_a_gateway_are_probed_along_the_rails():
    fabric = Fabric(hosts=4)
    for host in range(1, 5):
        for chip in range(8):
            fabric.change(host, chip, netmask="255.255.255.0", gateway=None, file={})
    pairs = _pairs(probes.plan(fabric.hosts()))
    assert len(pairs) == 8 * 6 and all(len({key.chip for key in pair}) == 1 for pair in pairs)
    assert fabric.verdict()["troubles"] == []
