"""One inventory with hosts for MindSpore, for PyTorch, for both and for containers: one plan, one report."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import desired
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import text as plan_text
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.planner import Planner
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.wishes import Wishes
from ansible_collections.ascend.fleet.plugins.plugin_utils.report import collect, model, page, prom, text
from ansible_collections.ascend.fleet.tests.unit import sample_hosts

WANTS = {
    "mind-1": {"ascend_mindspore_version": "2.7.1"},
    "torch-1": {"ascend_torch_version": "2.7.1", "ascend_cann_version": "8.3.RC1"},
    "both-1": {"ascend_mindspore_version": "2.7.1", "ascend_torch_version": "2.7.1"},
    "pods-1": {"ascend_cann_version": "8.3.RC1"},
}
BARE = sample_hosts.observe(*[sample_hosts.pci(number) for number in range(8)])


@pytest.fixture
def plans(tables, tmp_path):
    planner, found = Planner(), {}
    for host, variables in WANTS.items():
        values, problems = desired.read(variables)
        wish = Wishes(values, tables, problems)
        found[host] = planner.plan(host, {"ansible_facts": {"ascend": copy.deepcopy(BARE)}}, wish)
    return found


def framework(name, python, **packages):
    packages = {key.replace("_", "-"): version for key, version in packages.items()}
    return {"name": name, "path": f"/opt/ascend/envs/{name}", "python": python, "packages": packages, "stack": {}}


def seen(*environments, nnal=False):
    """A host on which everything is: as after a run."""
    facts = sample_hosts.healthy()
    facts["environments"] = list(environments)
    if nnal:
        facts["cann"].append({**facts["cann"][0], "product": "nnal", "version": "8.3.RC1"})
    return facts


def report(plans):
    mindspore = framework("mindspore", "3.11.2", mindspore="2.7.1", mindformers="1.7.0")
    torch = framework("torch", "3.11.4", torch="2.7.1+cpu", torch_npu="2.7.1", numpy="1.26.2")
    facts = {
        "mind-1": seen(mindspore),
        "torch-1": seen(torch, nnal=True),
        "both-1": seen(mindspore, torch, nnal=True),
        "pods-1": seen(),
    }
    records = [
        collect.record(host, {"ascend_facts": facts[host], "ascend_plan": {**plan, "status": "converged", "steps": []}})
        for host, plan in plans.items()
    ]
    return model.build(records, "a fleet", "2026-11-22T16:30:00Z", "here")


def test_every_host_is_planned_by_what_it_is_for(plans):
    steps = {host: [step["component"] for step in plan["steps"]] for host, plan in plans.items()}
    assert not {"torch", "nnal"} & set(steps["mind-1"]) and not {"mindspore", "mindformers"} & set(steps["torch-1"])
    assert {"torch", "nnal", "mindspore", "mindformers"} < set(steps["both-1"])
    assert steps["pods-1"] == ["driver", "firmware", "reboot", "cann", "kernels"]
    assert {plan["stack"]["cann"]["version"] for plan in plans.values()} == {"8.3.RC1"}


def test_one_plan_in_words(plans):
    said = "\n".join(plan_text.lines(plans))
    assert said.startswith("Plan for 4 hosts: 4 refused"), "none of them has artifacts"
    for host, words in {
        "torch-1": ["nnal 8.3.RC1", "torch 2.7.1  (not installed)", "no environment named torch", "torch-plain, gpt2"],
        "mind-1": ["mindspore 2.7.1", "no environment named mindspore", "mindformers-pipeline, llama"],
    }.items():
        part = said[said.index(host) :]
        assert all(text in part for text in words)


def test_one_report_has_a_column_for_each_framework(plans):
    found = report(plans)
    heading, *rows = [line for line in text.lines(found) if line.startswith(("HOST", *WANTS))]
    assert "MINDSPORE" in heading and "PYTORCH" in heading
    row = {line.split()[0]: line for line in rows}
    assert row["torch-1"].split().count("2.7.1") == 1 and row["both-1"].split().count("2.7.1") == 2
    versions = {host["name"]: host["versions"] for host in found["hosts"]}
    assert versions["torch-1"]["torch_npu"] == "2.7.1" and versions["torch-1"]["nnal"] == "8.3.RC1"
    assert versions["torch-1"]["mindspore"] is None and versions["mind-1"]["torch"] is None
    assert versions["both-1"]["mindspore"] == "2.7.1" and versions["both-1"]["torch"] == "2.7.1"
    assert not [
        item for host in found["hosts"] for item in host["drift"] if item["component"] in ("torch", "mindspore")
    ]


def test_a_build_for_cuda_is_shown_as_what_it_is(plans):
    cuda = framework("torch", "3.11.4", torch="2.7.1+cu126", torch_npu="2.7.1")
    plan = {**plans["torch-1"], "status": "converged", "steps": []}
    record = collect.record("torch-1", {"ascend_facts": seen(cuda, nnal=True), "ascend_plan": plan})
    assert record["versions"]["torch"] == "2.7.1+cu126"
    assert [item["installed"] for item in record["drift"] if item["component"] == "torch"] == ["2.7.1+cu126"]


def test_the_column_of_a_framework_that_nobody_has_is_left_out(plans):
    alone = report({"mind-1": plans["mind-1"]})
    (heading,) = [line for line in text.lines(alone) if line.startswith("HOST")]
    assert "MINDSPORE" in heading and "PYTORCH" not in heading


def test_the_other_forms_of_the_report(plans):
    found = report(plans)
    assert "PyTorch" in page.render(found)
    metrics = prom.render(found)
    (line,) = [
        line for line in metrics.splitlines() if line.startswith("ascend_fleet_torch_info") and 'host="torch-1"' in line
    ]
    assert 'version="2.7.1"' in line and 'torch_npu="2.7.1"' in line
