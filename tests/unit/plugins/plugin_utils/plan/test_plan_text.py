"""The plan of a fleet as text: alike hosts share a line, nothing is hidden."""

from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import text as plan_text
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
    assert sum("116 hosts unchanged" in line for line in text) == 1
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
