# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run probes when earlier ones have probed: what is new, from the host that is new, and nothing twice."""

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils.network import earlier, judge, probes
from ansible_collections.ascend.fleet.plugins.plugin_utils.network.model import Result
from small_fabric import LIMITS, Fabric

FACTS = {"driver": {"loaded": "25.3.rc1"}}


class Runs:
    """Runs over a fabric, one after the other, with what each keeps for the next."""

    def __init__(self, fabric):
        self.fabric, self.text = fabric, ""

    def run(self, limit=None, facts=None, at_most=probes.AT_MOST, super_pods=False):
        """(pings by host, verdict) of a run."""
        facts = facts or {}
        fleet = [host for host in self.fabric.hosts() if limit is None or host["name"] in limit]
        course = probes.plan(fleet, at_most)
        if super_pods:
            course = probes.with_super_pods(course, fleet)
        marks = {host["name"]: earlier.mark(host, facts.get(host["name"], FACTS)) for host in fleet}
        kept = earlier.read(self.text)
        now, done = earlier.split(course, kept, marks, at_most)
        results = [self.fabric.ping(probe) for mine in now.probes.values() for probe in mine]
        results += [Result(probe, "ok", earlier=True) for probe in done]
        found = judge.verdict(fleet, course.shape, results, LIMITS)
        troubled = {port["host"] for row in found["troubles"] if row["level"] == "alarm" for port in row["ports"]}
        self.text = earlier.write(earlier.kept_now(kept, course, marks, results, troubled))
        return {name: len(mine) for name, mine in now.probes.items() if mine}, found


@pytest.fixture
def runs():
    return Runs(Fabric(hosts=4, chips=2))


def test_a_second_run_probes_nothing_and_still_says_all(runs):
    first, found = runs.run()
    assert set(first) == {"npu-01", "npu-02", "npu-03", "npu-04"} and found["troubles"] == []
    again, told = runs.run()
    assert again == {} and told["probes"] == {**found["probes"], "earlier": found["probes"]["total"]}
    assert told["matrix"] == found["matrix"]


def test_a_host_that_was_set_anew_probes_the_others_and_they_do_not(runs):
    runs.run()
    runs.fabric.change(3, 1, netdetect="10.0.255.253")
    now, found = runs.run()
    assert set(now) == {"npu-03"} and now["npu-03"] == 3 * 4 + 1, "its pairs with three hosts, and its own ring"
    assert found["probes"]["earlier"] == found["probes"]["total"] - now["npu-03"]
    assert runs.run()[0] == {}


def test_a_new_host_is_probed_with_all_and_a_new_driver_counts(runs):
    runs.run(limit={"npu-01", "npu-02", "npu-03"})
    now, _found = runs.run()
    assert set(now) == {"npu-04"}
    now, _found = runs.run(facts={"npu-02": {"driver": {"loaded": "25.5.2"}}})
    assert set(now) == {"npu-02"}


def test_a_run_for_some_neither_verifies_nor_forgets_the_others(runs):
    runs.run(limit={"npu-01"})
    runs.run(limit={"npu-02"})
    now, _found = runs.run(limit={"npu-01", "npu-02"})
    assert sum(now.values()) == 4, "each is known by itself, and the pair is not"
    runs.run()
    runs.run(limit={"npu-03"})
    assert runs.run()[0] == {}


def test_what_failed_is_probed_again_until_it_passes(runs):
    runs.fabric.vlans[runs.fabric.key(2, 0)] = 7
    _now, found = runs.run()
    assert [row["rule"] for row in found["troubles"]] == ["switch-port-unreached"]
    now, found = runs.run()
    assert "npu-02" in now and [row["where"] for row in found["troubles"]] == ["npu-02 chip 0 (at leaf-0 200GE1/0/2)"]
    runs.fabric.vlans.clear()
    now, found = runs.run()
    assert now and found["troubles"] == []
    assert runs.run()[0] == {}


def test_an_alarm_without_a_failed_probe_is_looked_at_again(runs):
    runs.fabric.change(1, 0, later={"roce_rx_err_pkt_num": 5000})
    assert runs.run()[1]["levels"]["alarm"] == 1
    assert "npu-01" in runs.run()[0]


def test_links_are_judged_though_nothing_is_probed(runs):
    runs.run()
    runs.fabric.change(1, 0, link="DOWN")
    now, found = runs.run()
    assert now == {} and [row["rule"] for row in found["troubles"]] == ["link-down"]


def test_a_mesh_stands_for_rails_and_rails_for_no_mesh():
    runs = Runs(Fabric(hosts=4, chips=4))
    runs.run(at_most=0)
    assert runs.run(at_most=0)[0] == {}
    assert runs.run()[0], "a fleet that got smaller is probed more closely"
    assert runs.run()[0] == {} and runs.run(at_most=0)[0] == {}


def test_a_host_does_not_get_more_than_its_share():
    runs = Runs(Fabric(hosts=8, chips=8))
    runs.run()
    runs.fabric.change(5, 0, netdetect="10.0.255.253")
    now, _found = runs.run()
    assert set(now) > {"npu-05"} and max(now.values()) <= probes.AT_MOST


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"hosts": 3, "pairs": {"mesh": [[0, 1]]}}', '{"hosts": {"a": "x"}, "pairs": {"mesh": [7, [0]]}}'],
)
def test_what_is_no_record_of_ours_keeps_nothing(text):
    assert not any(earlier.read(text).pairs.values())


def test_super_pods_are_kept_apart(runs):
    for host in range(1, 5):
        for chip in range(2):
            runs.fabric.change(host, chip, vnic=f"172.16.{chip}.{host}", pod=1)
    runs.fabric.ping = lambda probe: Result(probe, "ok")
    runs.run()
    inside, _found = runs.run(super_pods=True)
    assert inside and runs.run(super_pods=True)[0] == {}
