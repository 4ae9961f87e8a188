# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network's part of a site run, as its playbooks call it: course, verdict, and what a second run does."""

import importlib
import json
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest

NETWORK = {"device_network": {"chips": {"0": {}, "1": {}}}}


class Hostvars(dict):
    def raw_get(self, host):
        return self[host]


def chip(host, number):
    address = f"198.51.100.{8 * host + number}"
    return {
        "chip": number,
        "address": address,
        "netmask": "255.255.255.0",
        "link": "UP",
        "net_health": "Success",
        "counters": {"roce_rx_err_pkt_num": 0},
        "optics": {"present": True},
    }


def observation(host, count=2):
    chips = [chip(host, number) for number in range(count)]
    network = {"tool": "/hccn_tool", "port": "roce", "conf": {"chips": {}}, "chips": chips}
    cann = [{"product": "toolkit", "version": "8.3.RC1", "path": "/usr/local/Ascend", "latest": True}]
    facts = {"accelerators": {"family": "910b", "count": count}, "driver": {"loaded": "25.3.rc1"}, "cann": cann}
    return {"ansible_facts": {"ascend": {**facts, "device_network": network, "busy": []}}}


class Site:
    """A fleet as the plays have left it."""

    def __init__(self, folder, hosts=3, stack=NETWORK):
        plans = {f"npu-{n}": {"status": "converged", "stack": stack} for n in range(1, hosts + 1)}
        self.kept, self.history = str(folder / "network.json"), str(folder / "bandwidth.jsonl")
        self.plan = {"plans": plans}
        self.vars = Hostvars(
            {
                f"npu-{n}": {"ascend_observation": observation(n), "ascend_fleet_plan": self.plan}
                for n in range(1, hosts + 1)
            }
        )

    def act(self, name, check_mode=False, **args):
        module = importlib.import_module(f"ansible_collections.ascend.fleet.plugins.action.{name}")
        task = SimpleNamespace(
            module_defaults=[],
            args=args,
            check_mode=check_mode,
            async_val=0,
            action=f"ascend.fleet.{name}",
            no_log=False,
        )
        action = module.ActionModule(task, *[mock.Mock() for _ in range(5)])
        defaults = {key: option.get("default") for key, option in module.ActionModule.ARGUMENTS.items()}
        with (
            mock.patch("ansible.plugins.action.ActionBase.run", return_value={}),
            mock.patch.object(module.ActionModule, "validate_argument_spec", return_value=(None, {**defaults, **args})),
        ):
            names = list(self.vars)
            return action.run(
                task_vars={"hostvars": self.vars, "ansible_play_hosts_all": names, "inventory_hostname": names[0]}
            )

    def verify(self, fails=(), **more):
        """(course, verdict) of a run; every ping passes but those to an address of `fails`."""
        options = {"kept": self.kept, "again": False, **more}
        course = self.act("network_course", configured=True, **options)
        for variables in self.vars.values():
            variables.pop("ascend_network_seen", None)
        for name, work in course["work"].items():
            rows = [
                {**row, "state": "fail" if row["address"] in fails else "ok", "loss": None, "ms": 0.1, "message": None}
                for row in work["probes"]
            ]
            self.vars[name]["ascend_network_seen"] = {"probed": rows, "later": {}}
        return course, self.act("network_verdict", hosts=course["hosts"], **options)["network"]

    def measure(self, speeds, across=False, **more):
        options = {"history": self.history, "again": False, "across": across, **more}
        course = self.act("bandwidth_course", configured=True, **options)
        for name, variables in self.vars.items():
            variables.pop("ascend_bandwidth_seen", None)
            variables.pop("ascend_bandwidth_across_seen", None)
            if name in course["work"]:
                variables["ascend_bandwidth_seen"] = {
                    "available": True,
                    "gb_s": speeds.get(name, 50.0),
                    "bytes": 1 << 30,
                }
        if across and course["work"]:
            first = next(iter(course["work"]))
            self.vars[first]["ascend_bandwidth_across_seen"] = {
                "available": True, "gb_s": 24.0, "bytes": 1 << 30, "hosts": len(course["work"]),
            }  # fmt: skip
        found = self.act("bandwidth_verdict", hosts=course["hosts"], marks=course["marks"], history=self.history)
        return course, found["bandwidth"]


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


@pytest.mark.parametrize("stack", [{"device_network": None}, {}, None])
def test_hosts_without_a_network_of_their_own_are_left_alone(tmp_path, stack):
    site = Site(tmp_path, stack=stack)
    for name, options in (("network_course", {"kept": site.kept}), ("bandwidth_course", {"history": site.history})):
        course = site.act(name, configured=True, again=False, **options)
        assert course["hosts"] == [] and course["work"] == {}
    assert list(tmp_path.iterdir()) == []


def test_hosts_that_did_not_get_there_are_none_of_it(site):
    site.plan["plans"]["npu-1"]["status"] = "pending"
    site.plan["plans"]["npu-2"]["status"] = "refused"
    assert site.act("network_course", configured=True)["hosts"] == ["npu-3"]
    site.vars["npu-1"]["rollout_outcome"] = {"status": "failed"}
    assert site.act("network_course", configured=True)["hosts"] == ["npu-3"]
    site.vars["npu-1"]["rollout_outcome"] = {"status": "changed"}
    assert site.act("network_course", configured=True)["hosts"] == ["npu-1", "npu-3"]


def test_the_second_run_has_nothing_to_do_and_the_same_verdict(site):
    course, first = site.verify()
    assert set(course["work"]) == {"npu-1", "npu-2", "npu-3"} and first["troubles"] == []
    course, second = site.verify()
    assert course["work"] == {} and second["probes"]["earlier"] == first["probes"]["total"]
    assert set(site.verify(again=True)[0]["work"]) == {"npu-1", "npu-2", "npu-3"}


def test_what_this_run_has_set_is_looked_at_though_it_is_as_it_was(site):
    site.verify()
    site.vars["npu-2"]["rollout_outcome"] = {"status": "changed", "steps_done": ["device_network-configure"]}
    assert set(site.verify()[0]["work"]) == {"npu-2"}
    site.vars["npu-2"]["rollout_outcome"] = {"status": "changed", "steps_done": ["cann-install"]}
    assert site.verify()[0]["work"] == {}


def test_check_mode_keeps_nothing(site, tmp_path):
    course = site.act("network_course", configured=True, kept=site.kept, again=False)
    site.act("network_verdict", check_mode=True, hosts=course["hosts"], kept=site.kept, again=False)
    assert list(tmp_path.iterdir()) == []


def test_probes_that_did_not_run_are_no_verification(site):
    course = site.act("network_course", configured=True, kept=site.kept, again=False)
    found = site.act("network_verdict", hosts=course["hosts"], kept=site.kept, again=False)["network"]
    assert found["probes"]["unknown"] == found["probes"]["total"]
    assert set(site.verify()[0]["work"]) == {"npu-1", "npu-2", "npu-3"}


def test_a_chip_that_nobody_reaches_is_asked_for_again(site):
    _course, found = site.verify(fails=["198.51.100.16", "198.51.100.17"])
    assert [row["level"] for row in found["troubles"]][:1] == ["alarm"]
    course, found = site.verify()
    assert course["work"] and found["troubles"] == []
    assert site.verify()[0]["work"] == {}


def test_a_host_is_measured_once_and_again_when_it_changes(site):
    course, found = site.measure({"npu-2": 20.0})
    assert len(course["work"]) == 3
    assert [(row["rule"], row["where"]) for row in found["troubles"]] == [("bandwidth-low", "npu-2")]
    course, found = site.measure({})
    assert set(course["work"]) == {"npu-2"} and found["troubles"] == [], "the slow one has to show that it is mended"
    course, found = site.measure({})
    assert course["work"] == {} and [row["earlier"] for row in found["runs"]] == [True] * 3
    facts = site.vars["npu-3"]["ascend_observation"]["ansible_facts"]["ascend"]
    facts["cann"][0]["version"] = "8.5.0"
    assert set(site.measure({})[0]["work"]) == {"npu-3"}


def test_pytorch_of_a_host_is_known_and_a_topology_of_its_own(site):
    for variables in site.vars.values():
        facts = variables["ascend_observation"]["ansible_facts"]["ascend"]
        facts["environments"] = [
            {"path": "/e/ms", "packages": {}},
            {"path": "/e/pt", "packages": {"torch_npu": "2.7.1"}},
        ]
    course, _found = site.measure({})
    assert {row["environment"] for row in course["work"].values()} == {"/e/pt"}
    facts["environments"][1]["packages"]["torch_npu"] = "2.8.0"
    assert list(site.measure({})[0]["work"]) == ["npu-3"]


def test_hosts_in_use_are_not_measured(site):
    site.vars["npu-1"]["ascend_observation"]["ansible_facts"]["ascend"]["busy"] = [{"pid": 1}]
    course, found = site.measure({})
    assert set(course["work"]) == {"npu-2", "npu-3"}
    assert found["runs"][0]["reason"] == "1 processes use the NPUs."


def test_across_the_hosts_all_are_measured_when_one_is_new(site):
    _course, found = site.measure({}, across=True)
    assert found["runs"][-1]["topology"] == "910b x 2 x 3 hosts"
    course, found = site.measure({}, across=True)
    assert course["work"] == {} and found["runs"][-1]["name"] == "across the hosts" and found["runs"][-1]["earlier"]
    site.vars["npu-3"]["ascend_observation"]["ansible_facts"]["ascend"]["driver"]["loaded"] = "25.5.2"
    assert len(site.measure({}, across=True)[0]["work"]) == 3


def test_a_record_that_is_broken_is_no_record(site):
    site.verify()
    with open(site.kept, "w", encoding="utf-8") as stream:
        json.dump([1], stream)
    assert len(site.verify()[0]["work"]) == 3


def test_a_record_may_know_hosts_that_are_in_the_inventory_no_more(site):
    site.verify()
    site.measure({}, across=True)
    gone = site.vars.pop("npu-3")
    course, found = site.verify()
    assert course["work"] == {} and course["hosts"] == ["npu-1", "npu-2"]
    assert "npu-3" not in json.dumps(found)
    assert "npu-3" not in json.dumps(site.measure({}, across=True))
    site.vars["npu-3"] = gone
    assert site.verify()[0]["work"] == {}, "of the hosts of another inventory nothing is forgotten"


def test_a_host_that_was_changed_and_has_no_ports_now_is_in_the_record_no_more(site):
    site.verify()
    site.vars["npu-3"]["rollout_outcome"] = {"steps_done": ["device_network-configure", "driver-install"]}
    facts = site.vars["npu-3"]["ascend_observation"]["ansible_facts"]["ascend"]
    facts["device_network"] = None
    assert site.verify()[0]["work"] == {}
    assert "npu-3" not in Path(site.kept).read_text()
