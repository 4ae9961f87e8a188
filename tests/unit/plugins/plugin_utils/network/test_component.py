"""The component: what plans make of ascend_device_network, alone, with others, and under --limit."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import desired, together
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import text as plan_text
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.planner import Planner
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.wishes import Wishes

NAME = "device_network"
WISH = {"ranges": [{"addresses": "198.51.100.0/24", "netmask": "255.255.255.0"}], "tls": False}
SET = {"ascend_components": [NAME], "ascend_device_network": WISH}


def network(place=8, in_file=True, on_chip=True, chips=8):
    """What host_facts says of the chips of a host that has a place."""
    addresses = [f"198.51.100.{place + chip}" for chip in range(chips)]
    mask = "255.255.255.0"
    lines = {str(n): {"address": a, "netmask": mask, "tls_enable": "0"} for n, a in enumerate(addresses)}
    rows = [
        {
            "chip": number,
            "address": address if on_chip else None,
            "netmask": mask if on_chip else None,
            "gateway": None,
            "netdetect": None,
            "tls": {"enabled": False} if in_file else None,
        }
        for number, address in enumerate(addresses)
    ]
    said = {"path": "/etc/hccn.conf", "present": in_file, "chips": lines if in_file else {}}
    return {"asked": True, "available": True, "reason": None, "conf": said, "chips": rows}


class Fleet:
    """An inventory, as the plan's action sees it."""

    def __init__(self, tables, facts, **hosts):
        self.tables = tables
        self.variables = {}
        for name, seen in hosts.items():
            name = name.replace("_", "-")
            mine = copy.deepcopy(facts)
            mine["accelerators"] = {**mine["accelerators"], "family": "910b", "count": 8}
            mine[NAME] = seen
            self.variables[name] = {**SET, "ascend_observation": {"ansible_facts": {"ascend": mine}}}

    def plan(self, *names, target="desired"):
        asked = {name: self.variables[name] for name in names or self.variables}
        wished = {}
        for name, variables in asked.items():
            given = {key: variables[key] for key in variables if key in desired.VARIABLES}
            values, problems = desired.read(given)
            wished[name] = Wishes(values, self.tables, problems)
        hostvars = SimpleNamespace(raw_get=self.variables.__getitem__)
        task_vars = {"hostvars": hostvars, "groups": {"all": list(self.variables)}}
        env = SimpleNamespace(template=lambda value: value)
        templar = SimpleNamespace(copy_with_new_env=lambda available_variables: env)
        together.settle(templar, task_vars, asked, wished)
        planner = Planner()
        return {
            name: planner.plan(name, asked[name]["ascend_observation"], wish, target) for name, wish in wished.items()
        }


@pytest.fixture
def fleet(tables, facts):
    return Fleet(tables, facts, node_1=network(8), node_2=network(16))


def only(plan):
    (step,) = plan["steps"]
    return step


def test_a_fleet_that_is_as_it_should_be_has_no_step(fleet):
    plans = fleet.plan()
    assert {plan["status"] for plan in plans.values()} == {"converged"}, plans
    assert plans["node-2"]["stack"][NAME]["chips"]["3"]["address"] == "198.51.100.19"


def test_without_the_variable_there_is_no_entry_and_no_step(fleet):
    for variables in fleet.variables.values():
        del variables["ascend_device_network"]
    plans = fleet.plan()
    assert all(plan["stack"].get(NAME) is None and plan["steps"] == [] for plan in plans.values())


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (network(8, in_file=False), "file nothing, wanted 198.51.100.8"),
        (network(8, on_chip=False), "device nothing, wanted 198.51.100.8"),
    ],
    ids=["file", "chips"],
)
def test_file_and_chips_are_compared_each_for_itself(fleet, seen, said):
    fleet.variables["node-1"]["ascend_observation"]["ansible_facts"]["ascend"][NAME] = seen
    plans = fleet.plan()
    step = only(plans["node-1"])
    assert said in step["why"] and step["disturbs"] and step["component"] == NAME
    assert plans["node-2"]["status"] == "converged"
    (diff,) = plan_text.diff("node-1", plans["node-1"])
    assert "198.51.100.8" in diff["after"]


def test_a_host_alone_gets_what_it_gets_with_the_others(fleet):
    bare = {"asked": True, "available": False, "reason": "no tool", "conf": {"chips": {}}, "chips": []}
    for name in fleet.variables:
        fleet.variables[name]["ascend_observation"]["ansible_facts"]["ascend"][NAME] = bare
    both, alone = fleet.plan(), fleet.plan("node-2")
    assert both["node-2"]["stack"][NAME] == alone["node-2"]["stack"][NAME]
    assert only(alone["node-2"])["to"].startswith("8 chips: 198.51.100.16,")


def test_what_this_run_has_planned_holds_when_a_host_is_looked_at_again(fleet):
    entry = {"chips": {"0": {"address": "198.51.100.77", "netmask": "255.255.255.0"}}}
    fleet.variables["node-1"].update(ascend_plan_is_own=False, ascend_plan={"stack": {NAME: entry}})
    assert fleet.plan("node-1")["node-1"]["stack"][NAME] == entry


def test_a_wrong_wish_refuses_the_host_and_names_the_variable(fleet):
    fleet.variables["node-1"]["ascend_device_network"] = {**WISH, "gateway": "203.0.113.1"}
    plans = fleet.plan()
    assert plans["node-1"]["status"] == "refused"
    found = next(row for row in plans["node-1"]["findings"] if row["severity"] == "error")
    assert found["variable"] == "ascend_device_network" and "outside the net" in found["message"]


@pytest.mark.parametrize("wish", ["198.51.100.0/24", {"range": []}, {"ranges": [{"netmask": "24"}]}, {"tls": "maybe"}])
def test_a_wish_of_another_shape_is_told(tables, wish):
    _values, problems = desired.read({**SET, "ascend_device_network": wish})
    assert [problem.variable for problem in problems] == ["ascend_device_network"]


def test_npus_in_use_stop_a_change_of_their_network(fleet):
    facts = fleet.variables["node-1"]["ascend_observation"]["ansible_facts"]["ascend"]
    facts[NAME] = network(8, on_chip=False)
    facts["busy"] = [{"command": "python train.py", "pid": 7}]
    plan = fleet.plan()["node-1"]
    assert plan["status"] == "refused"
    assert any(row["rule"] == "npu-busy" and NAME in row["message"] for row in plan["findings"])


def test_what_is_ours_is_removed_and_what_is_not_is_left(fleet):
    facts = fleet.variables["node-1"]["ascend_observation"]["ansible_facts"]["ascend"]
    row = {"component": NAME, "install_path": "/usr/local/Ascend", "version": "set", "replaced": None, "open": False}
    facts["journal"]["held"] = [*facts["journal"]["held"], row]
    plans = fleet.plan(target="absent")
    assert only(plans["node-1"])["action"] == "remove" and plans["node-2"]["steps"] == []
    assert "back to what it was" in components.get(NAME).label(only(plans["node-1"]))


def test_an_interrupted_change_is_made_again(fleet):
    facts = fleet.variables["node-1"]["ascend_observation"]["ansible_facts"]["ascend"]
    facts["journal"]["unfinished_components"] = [NAME]
    assert "interrupted" in only(fleet.plan()["node-1"])["why"]


@pytest.mark.parametrize("said", [{"x": {"address": 1}}, {"1": 3}, {"0": {"address": "no address"}}])
def test_a_host_that_talks_nonsense_does_not_end_the_plan_of_the_others(fleet, said):
    facts = fleet.variables["node-1"]["ascend_observation"]["ansible_facts"]["ascend"]
    facts[NAME]["conf"]["chips"] = said
    assert fleet.plan("node-2")["node-2"]["status"] == "converged"
