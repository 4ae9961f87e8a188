"""Which plays of a run hosts go into, told from their plans."""

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import courses

TRAINING = {"accelerators": {"role": "training"}}


def plan(status, **stack):
    return {"status": status, "stack": stack}


def test_a_fleet_that_is_as_it_should_be_goes_nowhere():
    plans = {"a": plan("converged"), "b": plan("converged")}
    assert courses.memberships(plans, {"a": TRAINING, "b": TRAINING}) == []


def test_every_other_host_goes_by_its_status():
    plans = {"a": plan("pending"), "b": plan("converged"), "c": plan("refused")}
    rows = courses.memberships(plans, dict.fromkeys(plans, TRAINING))
    assert rows == [{"name": "a", "groups": ["pending"]}, {"name": "c", "groups": ["refused"]}]


def test_one_host_stands_for_all_whose_network_is_set():
    plans = {"a": plan("refused", device_network={}), "b": plan("converged", device_network={"x": 1})}
    plans["c"] = plan("pending", device_network={"x": 1})
    rows = {row["name"]: row["groups"] for row in courses.memberships(plans, dict.fromkeys(plans, TRAINING))}
    assert rows == {"a": ["refused"], "b": ["networked"], "c": ["pending"]}


@pytest.mark.parametrize("role", ["inference", None])
def test_a_host_that_may_turn_out_to_infer_counts(role):
    plans = {"a": plan("unreachable"), "b": plan("pending")}
    rows = courses.memberships(plans, {"a": {}, "b": {"accelerators": {"role": role}}})
    assert rows == [{"name": "a", "groups": ["unreachable"]}, {"name": "b", "groups": ["pending", "inferring"]}]
