"""What is said before anything changes: wrong variables, check mode, plan, plan file, a run without work."""

from __future__ import annotations

import json

from tests.rollout.pool import HERE, NEW, OLD, OUT, Pool, limit
from tests.support import ssh_count

HOOKS = {"ascend_drain_tasks": str(HERE / "drain.yml"), "ascend_undrain_tasks": str(HERE / "undrain.yml")}


def test_wrong_variables(hosts: Pool) -> None:
    """A wrong variable is one error before any host is contacted; wrong on one host, it refuses that host only."""
    right, wrong = pair = hosts.take(2, "bare")
    run = hosts.play("site", {"ascend_drivr_version": "24.1.rc3"})
    assert not run.ok and "Did you mean ascend_driver_version?" in run.text
    assert "Observe" not in run.text and not run.report, "a host was contacted"
    extra = OUT / "one-host.yml"
    extra.write_text(f"npu: {{hosts: {{{wrong}: {{ascend_busy_policy: perhaps}}}}}}\n", encoding="utf-8")
    run = hosts.play("plan", OLD, *limit(pair), "-i", str(extra))
    assert not run.ok and "ascend_busy_policy is 'perhaps'" in run.text
    plans = json.loads((OUT / "report" / "plan.json").read_text(encoding="utf-8"))["plans"]
    assert plans[wrong]["status"] == "refused" and plans[right]["status"] in ("pending", "converged")
    hosts.leave(pair, "bare")


def test_check_on_fresh_hosts(hosts: Pool) -> None:
    """--check --diff on bare hosts shows the plan and leaves no trace."""
    pair = hosts.take(2, "bare")
    run = hosts.play("site", OLD, "--check", "--diff", *limit(pair))
    assert run.ok, run.text
    assert "+driver: 24.1.rc3" in run.text and set(run.statuses().values()) == {"pending"}
    for name in pair:
        assert hosts.calls(name) == []
        assert hosts.run(name, "sh", "-c", "ls -d /var/lib/ascend-fleet /usr/local/Ascend 2>/dev/null") == ""
    hosts.leave(pair, "bare")


def test_plan_file(hosts: Pool) -> None:
    """plan ends with 0, or not when asked; site applies exactly the saved plan, drains, undrains; then refuses it."""
    names = hosts.take(len(hosts.names), "bare")
    saved = OUT / "saved.json"
    run = hosts.play("plan", {**OLD, "ascend_plan_fail_on_change": True}, *limit(names[:2]))
    assert not run.ok and "pending" in run.text
    run = hosts.play("plan", OLD)
    assert run.ok and f"{len(names)} hosts to change" in run.text, run.text
    saved.write_bytes((OUT / "report" / "plan.json").read_bytes())
    run = hosts.play("site", {**NEW, "ascend_plan_file": str(saved)}, *limit(names[:1]))
    assert not run.ok and "plan-moved" in run.text and hosts.calls(names[0]) == [], "another plan was applied"
    run = hosts.play("site", {**OLD, **HOOKS, "ascend_plan_file": str(saved)})
    assert run.ok and set(run.statuses().values()) == {"converged"}, run.text
    for name in names:
        assert hosts.installs(name) == ["driver 24.1.rc3", "firmware 7.5.0.1.129"], hosts.installs(name)
        assert hosts.run(name, "cut", "-d", " ", "-f", "1", "/var/tmp/hooks").split() == ["drained", "undrained"]
        assert hosts.run(name, "stat", "-c", "%U", "/var/lib/ascend-fleet").strip() == "root"
    run = hosts.play("site", {**OLD, "ascend_plan_file": str(saved)}, *limit(names[:1]))
    assert not run.ok and "has moved on since the plan was saved" in run.text
    hosts.leave(names, "old")


def test_nothing_to_do(hosts: Pool) -> None:
    """A converged fleet costs one execution per host, sends nothing, runs no hook; check mode shows no difference."""
    names = hosts.take(len(hosts.names), "old")
    run = hosts.play("site", {**OLD, **HOOKS}, "-vvv", ANSIBLE_STDOUT_CALLBACK="default")
    assert run.ok, run.text
    assert ssh_count.check_noop(run.text, hosts.addresses.values()) == []
    run = hosts.play("site", {**OLD, **HOOKS}, "--check", "--diff", *limit(names[:2]), ANSIBLE_FORKS="1")
    assert run.ok and "+++" not in run.text and "would change" not in run.text
    for name in names:
        assert hosts.calls(name) == []
        assert "No such file" in hosts.run(name, "cat", "/var/tmp/hooks"), "a hook ran"
    hosts.leave(names, "old")
