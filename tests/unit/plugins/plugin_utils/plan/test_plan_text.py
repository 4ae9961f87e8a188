"""The plan of a fleet as text: alike hosts share a line, nothing is hidden."""

import time

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import text as plan_text
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.looks import Looks
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.steps import finding


def step(component, action, before, after, why="not installed"):
    return {
        "id": f"{component}-{action}",
        "component": component,
        "action": action,
        "from": before,
        "to": after,
        "why": why,
        "minutes": 3,
        "package": None,
    }


def plan(status, steps=(), findings=()):
    return {"status": status, "steps": list(steps), "findings": list(findings), "minutes": 3 * len(steps)}


def test_alike_hosts_share_an_entry():
    upgrade = [
        step("driver", "upgrade", "23.0.rc1", "25.2.0", "23.0.rc1 is installed"),
        step("reboot", "reboot", None, None),
    ]
    plans = {f"n{i}": plan("pending", upgrade) for i in range(12)}
    plans.update({f"c{i}": plan("converged") for i in range(116)})
    plans["b1"] = plan("refused", upgrade, [finding("npu-busy", "error", "NPUs are in use by python (pid 7)")])
    text = plan_text.lines(plans)
    assert text[0] == "Plan for 129 hosts: 12 to change, 1 refused, 116 unchanged"
    assert "  12 hosts to change: n[0-11]" in text
    assert "      1. driver 23.0.rc1 -> 25.2.0  (23.0.rc1 is installed)" in text
    assert not any("116 hosts unchanged" in line for line in text)  # the summary has counted them
    assert any("npu-busy" in line for line in text)


def test_accepted_findings_are_shown_as_accepted_while_something_changes():
    accepted = dict(finding("x", "error", "unofficial pair"), accepted=True)
    steps = [step("cann", "install", None, "8.3.RC1")]
    assert any(
        "accepted: unofficial pair [x]" in line for line in plan_text.lines({"h": plan("pending", steps, [accepted])})
    )
    assert not any("unofficial" in line for line in plan_text.lines({"h": plan("converged", (), [accepted])}))


def test_what_is_said_of_all_hosts_is_said_once_at_the_end():
    warning = finding("os-support", "warning", "not documented")
    text = plan_text.lines({"a": plan("converged", (), [warning]), "b": plan("failed", (), [warning])})
    assert sum("not documented" in line for line in text) == 1
    assert text[-1].startswith("  on all of them, warning: not documented")


def test_what_stops_a_host_comes_before_remarks():
    findings = [finding("a", "info", "remark"), finding("b", "error", "stop")]
    text = "\n".join(plan_text.lines({"h": plan("refused", (), findings)}))
    assert text.index("stop") < text.index("remark")


def test_diff_shows_before_and_after():
    steps = [step("driver", "upgrade", "24.1.rc3", "25.3.rc1"), step("reboot", "reboot", None, None)]
    (diff,) = plan_text.diff("h", plan("pending", steps))
    assert diff["before"] == "driver: 24.1.rc3\n"
    assert diff["after"] == "driver: 25.3.rc1\nreboot\n"
    assert plan_text.diff("h", plan("converged")) == []


def test_unreachable_hosts_are_named_with_the_reason():
    text = plan_text.lines({"h9": plan("unreachable", (), [finding("unreachable", "error", "No route to host")])})
    assert "  1 host unreachable: h9" in text
    assert any("No route to host" in line for line in text)


UPGRADE = [step("driver", "upgrade", "24.1.rc3", "25.3.rc1", "24.1.rc3 is installed")]


def fleet(count, differing):
    """So many hosts, of which the first ones differ."""
    return {f"n{i:04}": plan("pending", UPGRADE) if i < differing else plan("converged") for i in range(count)}


@pytest.mark.parametrize(
    ("count", "differing", "named"),
    [(1, 0, True), (1, 1, True), (8, 6, True), (30, 6, True), (31, 6, False), (1000, 6, False)],
)
def test_of_a_large_fleet_only_hosts_that_differ_are_named(count, differing, named):
    text = plan_text.lines(fleet(count, differing))
    assert any(" unchanged: n" in line for line in text) is (named and count > differing)
    assert any(" to change: n" in line for line in text) is (differing > 0)
    assert len(text) < 12
    if differing:
        assert "      1. driver 24.1.rc3 -> 25.3.rc1  (24.1.rc3 is installed)" in text
    if count == 1000:
        assert text[0] == "Plan for 1000 hosts: 6 to change, 994 unchanged"
        assert "  6 hosts to change: n[0000-0005]" in text


def test_an_unchanged_host_with_something_amiss_is_named_in_every_fleet():
    plans = fleet(1000, 0)
    plans["n0500"] = plan("converged", (), [finding("os-support", "warning", "not documented")])
    text = plan_text.lines(plans)
    assert "  1 host unchanged: n0500" in text and any("not documented" in line for line in text)
    assert not any("999" in line for line in text)


@pytest.mark.parametrize("count", [1, 8, 1000])
def test_a_second_look_is_one_summary(count):
    looks = Looks()
    for host, one in fleet(count, 0).items():
        assert looks.add("ascend.fleet.plan", host, {"plans": {host: one}})
    text = looks.take()
    assert text[0] == f"Plan for {count} host{'s' if count > 1 else ''}: {count} unchanged"
    assert text[1:] == ([] if count > 1 else ["", "  1 host unchanged: n0000"])
    assert looks.take() == []


def test_a_second_look_names_who_still_differs():
    looks = Looks()
    for host, one in fleet(8, 1).items():
        looks.add("ascend.fleet.plan", host, {"plans": {host: one}})
    text = looks.take()
    assert text[0] == "Plan for 8 hosts: 1 to change, 7 unchanged"
    assert "  1 host to change: n0000" in text and not any("unchanged:" in line for line in text)


@pytest.mark.parametrize(
    ("action", "result"),
    [
        ("ascend.fleet.plan", {"plans": {"a": plan("converged"), "b": plan("converged")}}),
        ("ascend.fleet.plan", {"plans": {"b": plan("converged")}}),
        ("ascend.fleet.plan", {"plans": "a"}),
        ("ascend.fleet.host_facts", {"plans": {"a": plan("converged")}}),
        ("ascend.fleet.plan", {}),
    ],
)
def test_only_the_plan_of_the_one_host_is_gathered(action, result):
    looks = Looks()
    assert not looks.add(action, "a", result) and looks.take() == []


def test_a_plan_of_many_hosts_takes_time_in_step_with_them():
    def seconds(count):
        plans = fleet(count, count // 3)
        return min(_timed(lambda: plan_text.lines(plans)) for _turn in range(3))

    assert seconds(8000) < 8 * 3 * max(seconds(1000), 0.001)


def _timed(function):
    began = time.process_time()
    function()
    return time.process_time() - began
