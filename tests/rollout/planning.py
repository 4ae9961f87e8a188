"""What is said before anything changes: wrong variables, check mode, plan, plan file, a run without work."""

from __future__ import annotations

import json
import sys

from hosts import ROOT, Hosts
from plays import HERE, NEW, OLD, OUT, play

sys.path.insert(0, str(ROOT / "tests" / "support"))
import ssh_count

HOOKS = {"ascend_drain_tasks": str(HERE / "drain.yml"), "ascend_undrain_tasks": str(HERE / "undrain.yml")}


def wrong_variables(hosts: Hosts) -> None:
    """A wrong variable is one error before any host is contacted; wrong on one host, it refuses that host only."""
    run = play(hosts, "site", {"ascend_drivr_version": "24.1.rc3"})
    assert run.code != 0 and "Did you mean ascend_driver_version?" in run.text
    assert "Observe" not in run.text and not run.report, "a host was contacted"
    extra = OUT / "one-host.yml"
    extra.write_text("npu: {hosts: {npu-02: {ascend_busy_policy: perhaps}}}\n", encoding="utf-8")
    run = play(hosts, "plan", OLD, "--limit", "npu-01,npu-02", "-i", str(extra))
    assert run.code != 0 and "ascend_busy_policy is 'perhaps'" in run.text
    plans = json.loads((OUT / "report" / "plan.json").read_text(encoding="utf-8"))["plans"]
    assert plans["npu-02"]["status"] == "refused" and plans["npu-01"]["status"] in ("pending", "converged")


def check_on_fresh_hosts(hosts: Hosts) -> None:
    """--check --diff on bare hosts shows the plan and leaves no trace."""
    run = play(hosts, "site", OLD, "--check", "--diff", "--limit", "npu-01,npu-02")
    assert run.code == 0, run.text
    assert "+driver: 24.1.rc3" in run.text and set(run.statuses().values()) == {"pending"}
    for name in ("npu-01", "npu-02"):
        assert hosts.calls(name) == []
        assert hosts.run(name, "sh", "-c", "ls -d /var/lib/ascend-fleet /usr/local/Ascend 2>/dev/null") == ""


def plan_file(hosts: Hosts) -> None:
    """plan ends with 0, or not when asked; site applies exactly the saved plan, drains, undrains; then refuses it."""
    saved = OUT / "saved.json"
    run = play(hosts, "plan", {**OLD, "ascend_plan_fail_on_change": True}, "--limit", "npu-01,npu-02")
    assert run.code != 0 and "pending" in run.text
    run = play(hosts, "plan", OLD)
    assert run.code == 0 and "8 hosts to change" in run.text, run.text
    saved.write_bytes((OUT / "report" / "plan.json").read_bytes())
    run = play(hosts, "site", {**NEW, "ascend_plan_file": str(saved)}, "--limit", "npu-01")
    assert run.code != 0 and "plan-moved" in run.text and hosts.calls("npu-01") == [], "another plan was applied"
    run = play(hosts, "site", {**OLD, **HOOKS, "ascend_plan_file": str(saved)})
    assert run.code == 0 and set(run.statuses().values()) == {"converged"}, run.text
    for name in hosts.names:
        assert hosts.installs(name) == ["driver 24.1.rc3", "firmware 7.5.0.1.129"], hosts.installs(name)
        assert hosts.run(name, "cut", "-d", " ", "-f", "1", "/var/tmp/hooks").split() == ["drained", "undrained"]
        assert hosts.run(name, "stat", "-c", "%U", "/var/lib/ascend-fleet").strip() == "root"
    run = play(hosts, "site", {**OLD, "ascend_plan_file": str(saved)}, "--limit", "npu-01")
    assert run.code != 0 and "has moved on since the plan was saved" in run.text


def nothing_to_do(hosts: Hosts) -> None:
    """A converged fleet costs one execution per host, sends nothing, runs no hook; check mode shows no difference."""
    run = play(hosts, "site", {**OLD, **HOOKS}, "-vvv", ANSIBLE_STDOUT_CALLBACK="default")
    assert run.code == 0
    addresses = [f"10.213.98.{10 + number}" for number in range(1, 9)]
    assert ssh_count.check_noop(run.text, addresses) == []
    run = play(hosts, "site", {**OLD, **HOOKS}, "--check", "--diff", "--limit", "npu-01,npu-02", ANSIBLE_FORKS="1")
    assert run.code == 0 and "+++" not in run.text and "would change" not in run.text
    for name in hosts.names:
        assert hosts.calls(name) == []
        assert len(hosts.run(name, "cat", "/var/tmp/hooks").splitlines()) == 2, "a hook ran"


SCENARIOS = [wrong_variables, check_on_fresh_hosts, plan_file, nothing_to_do]
