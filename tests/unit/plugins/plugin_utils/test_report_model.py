# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One record per host, whatever is missing; and the model that is made of them."""

import json
from pathlib import Path

import jsonschema
import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.versions import matches as same
from ansible_collections.ascend.fleet.plugins.plugin_utils.report import page, prom, text
from ansible_collections.ascend.fleet.plugins.plugin_utils.report.collect import collect, health_level
from ansible_collections.ascend.fleet.plugins.plugin_utils.report.model import failures
from ansible_collections.ascend.fleet.plugins.plugin_utils.values import plain
from ansible_collections.ascend.fleet.tests.unit.sample_reports import FACTS, STACK, STEPS, facts, model, one
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SCHEMA = json.loads((Path(__file__).resolve().parents[4] / "docs" / "report.schema.json").read_text())


def test_a_converged_host():
    host = one(ascend_facts=FACTS, ascend_plan={"status": "converged", "stack": STACK})
    assert host["status"] == "converged"
    assert host["versions"] == {
        "driver": "25.3.rc1",
        "firmware": "7.8.0.2.212",
        "cann": "nnae 8.3.RC1",
        "kernels": "8.3.RC1",
        "python": "3.11.2",
        "mindspore": "2.7.1",
        "mindformers": "1.0.2",
        **dict.fromkeys(
            (
                "container_runtime",
                "nnal",
                "npu_exporter",
                "torch_npu",
                "torch",
                "tfplugin",
                "tensorflow",
                "vllm_ascend",
                "extra",
                "python_extra",
            )
        ),
    }
    assert host["desired"]["cann"] == "nnae 8.3.RC1"
    assert host["drift"] == []
    assert host["inference"]["tokens_per_second"] == 7.25
    assert [chip["id"] for chip in host["chips"]] == ["0/0", "1/0"]


@pytest.mark.parametrize(
    ("variables", "status"),
    [
        ({}, "not_started"),
        ({"ascend_facts": FACTS}, "not_started"),
        ({"ascend_plan": {"status": "pending", "steps": STEPS}}, "pending"),
        ({"ascend_plan": {"status": "refused"}}, "refused"),
        ({"ascend_plan": {"status": "failed"}}, "failed"),
        ({"ascend_plan": {"status": "unreachable"}}, "unreachable"),
        ({"ascend_plan": {"status": "pending"}, "rollout_outcome": {"status": "failed"}}, "failed"),
        ({"ascend_plan": {"status": "pending"}, "rollout_outcome": {"status": "not_started"}}, "not_started"),
        ({"ascend_plan": {"status": "pending"}, "rollout_outcome": {"status": "started"}}, "failed"),
        ({"ascend_plan": {"status": "converged"}, "ascend_error": {"unreachable": True}}, "unreachable"),
        ({"ascend_plan": {"status": "converged"}, "ascend_error": {"message": "boom"}}, "failed"),
        (
            {"ascend_plan": {"status": "converged"}, "inference_check_result": {"status": "failed", "reason": "x"}},
            "failed",
        ),
        (
            {"ascend_facts": FACTS, "ascend_plan": {"stack": STACK}, "rollout_outcome": {"status": "changed"}},
            "converged",
        ),
        (
            {
                "ascend_facts": facts(reboot_required=True),
                "ascend_plan": {"stack": STACK},
                "rollout_outcome": {"status": "changed"},
            },
            "changed",
        ),
        (
            {
                "ascend_facts": facts(driver={"installed": "24.1.0"}),
                "ascend_plan": {"stack": STACK},
                "rollout_outcome": {"status": "changed"},
            },
            "changed",
        ),
    ],
)
def test_status(variables, status):
    host = one(**variables)
    assert host["status"] == status
    assert (host["error"] is not None) == (status in ("failed", "refused", "unreachable"))


def test_check_mode_leaves_a_started_host_pending():
    host = one(True, ascend_plan={"status": "pending", "steps": STEPS}, rollout_outcome={"status": "started"})
    assert host["status"] == "pending"
    assert {step["state"] for step in host["plan"]} == {"planned"}


def test_why_a_host_was_not_observed_is_its_error():
    findings = [{"rule": "unreachable", "severity": "error", "message": "Task failed: ssh: timed out"}]
    host = one(ascend_plan={"status": "unreachable", "findings": findings})
    assert host["error"]["message"] == "ssh: timed out"
    assert host["error"]["unreachable"] is True
    assert host["findings"] == []


def test_a_refused_host_says_what_blocks_it_and_not_what_was_accepted():
    findings = [
        {"rule": "a", "severity": "error", "message": "accepted one", "accepted": True},
        {"rule": "b", "severity": "error", "message": "the reason"},
    ]
    assert one(ascend_plan={"status": "refused", "findings": findings})["error"]["message"] == "the reason"


def test_the_observation_is_newer_than_the_facts_that_were_set():
    observed = {"ansible_facts": {"ascend": facts(driver={"installed": "25.5.0"})}}
    assert one(ascend_facts=FACTS, ascend_observation=observed)["versions"]["driver"] == "25.5.0"
    lost = {"unreachable": True, "msg": "gone"}
    assert one(ascend_facts=FACTS, ascend_observation=lost)["versions"]["driver"] == "25.3.rc1"


def test_plans_of_the_fleet_serve_hosts_without_their_own():
    host = collect({"h": {}}, ["h"], plans={"h": {"status": "converged"}})[0]
    assert host["status"] == "converged"


def _failed(at, *done):
    return {"status": "failed", "failed_step": at, "steps_done": list(done)}


IDS = [step["id"] for step in STEPS]


@pytest.mark.parametrize(
    ("outcome", "states"),
    [
        ({}, ["planned"] * 3),
        ({"status": "changed"}, ["done"] * 3),
        ({"status": "not_started"}, ["planned"] * 3),
        ({"status": "failed", "failed_step": "cann-install"}, ["done", "failed", "skipped"]),
        ({"status": "failed", "failed_step": "something else"}, ["unknown"] * 3),
        ({"status": "failed", "failed_step": "cann"}, ["unknown"] * 3),
        ({"status": "failed", "failed_step": ["cann-install"]}, ["unknown"] * 3),
        (_failed("cann-install", "driver-upgrade"), ["done", "failed", "skipped"]),
        (_failed("cann-install"), ["skipped", "failed", "skipped"]),
        # A proof that fails after the next step was done.
        (_failed("driver-upgrade", "cann-install"), ["failed", "done", "skipped"]),
        (_failed("kernels-install", *IDS), ["done"] * 3),
        (_failed("kernels-install", "driver-upgrade"), ["done", "unknown", "unknown"]),
        (_failed("drain"), ["skipped"] * 3),
        (_failed("verify", "driver-upgrade"), ["done", "skipped", "skipped"]),
        (_failed("undrain", *IDS), ["done"] * 3),
        ({"status": "failed", "steps_done": [{"id": "driver-upgrade"}]}, ["done", "unknown", "unknown"]),
        # --tags: a part of the plan.
        ({"status": "changed", "steps_done": ["driver-upgrade"]}, ["done", "planned", "planned"]),
        (
            {**_failed("cann-install", "driver-upgrade"), "rolled_back": True, "undone": ["driver"]},
            ["planned", "failed", "skipped"],
        ),
        (
            {**_failed("cann-install", "driver-upgrade"), "rolled_back": False, "undone": ["driver"]},
            ["unknown", "failed", "skipped"],
        ),
        (
            {**_failed("cann-install", "driver-upgrade"), "rolled_back": False, "undone": []},
            ["done", "failed", "skipped"],
        ),
    ],
)
def test_what_became_of_the_steps(outcome, states):
    host = one(ascend_plan={"status": "pending", "steps": STEPS}, rollout_outcome=outcome)
    assert [step["state"] for step in host["plan"]] == states
    assert host["plan"][0]["words"] == "driver 24.1.0 -> 25.3.rc1"


def test_a_host_that_the_run_lost_tells_how_far_it_was():
    progress = {"step": "cann-install", "done": ["driver-upgrade"], "began": 1.0}
    plan = {"status": "pending", "steps": STEPS}
    host = one(ascend_plan=plan, rollout_outcome={"status": "started"}, __ascend_progress=progress)
    assert [step["state"] for step in host["plan"]] == ["done", "failed", "skipped"]
    assert host["error"]["step"] == "cann-install"
    host = one(ascend_plan=plan, rollout_outcome={"status": "started"})
    assert [step["state"] for step in host["plan"]] == ["unknown"] * 3


def test_no_inference_in_the_stack_is_skipped_with_its_reason():
    stack = {**STACK, "inference": None, "inference_reason": "inference card"}
    host = one(ascend_facts=FACTS, ascend_plan={"stack": stack})
    assert host["inference"]["status"] == "skipped"
    assert host["inference"]["reason"] == "inference card"


def test_a_proof_with_an_unknown_word_does_not_pass():
    assert one(inference_check_result={"status": "fine", "text": "x"})["inference"]["status"] == "failed"
    assert one(inference_check_result={"text": "x"})["inference"]["status"] == "passed"


def test_chips_that_npu_smi_does_not_list():
    assert one(ascend_facts=facts(accelerators={"count": 8}))["chips_missing"] == 6
    silent = facts(accelerators={"count": 8}, npu={"available": False, "message": "-8005", "chips": []})
    assert one(ascend_facts=facts(driver={}, npu=silent["npu"]))["notes"] == []
    host = one(ascend_facts=silent)
    assert host["chips_missing"] == 0
    assert host["notes"] == ["npu-smi: -8005"]


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("OK", "ok"),
        ("Warning", "warning"),
        ("Alarm", "bad"),
        ("Critical", "bad"),
        ("odd", "bad"),
        (None, "unknown"),
        ("UNKNOWN", "unknown"),
        ("NA", "unknown"),
    ],
)
def test_health_level(word, level):
    assert health_level(word) == level


@pytest.mark.parametrize(
    ("installed", "wanted", "expected"),
    [
        ("3.11.2", "3.11", True),
        ("3.1.2", "3.11", False),
        ("8.3.rc1", "8.3.RC1", True),
        (None, "1", False),
        ("2.7.1", "2.7.1", True),
        ("3.112", "3.11", False),
    ],
)
def test_same(installed, wanted, expected):
    assert same(installed, wanted) is expected


def test_drift_from_alike_hosts_where_nothing_is_desired():
    hosts = {f"n{n}": {"ascend_facts": FACTS} for n in range(4)}
    hosts["n9"] = {"ascend_facts": facts(driver={"installed": "24.1.0"})}
    hosts["other"] = {"ascend_facts": facts(accelerators={"family": "310p"}, driver={"installed": "23.0.0"})}
    report = model(hosts)
    drift = {host["name"]: host["drift"] for host in report["hosts"] if host["drift"]}
    assert list(drift) == ["n9"]
    expected = {"component": "driver", "installed": "24.1.0", "expected": "25.3.rc1", "against": "majority"}
    assert drift["n9"] == [expected]


def test_components_count_versions_and_drift():
    hosts = {"a": {"ascend_facts": FACTS, "ascend_plan": {"stack": STACK}}, "b": {"ascend_plan": {"stack": STACK}}}
    hosts["b"]["ascend_facts"] = facts(driver={"installed": None})
    drivers = model(hosts)["components"]["driver"]
    assert drivers == [
        {"version": "25.3.rc1", "hosts": 1, "drifting": 0},
        {"version": None, "hosts": 1, "drifting": 1},
    ]


def test_failures_are_told_with_cause_and_fix():
    outcome = {"status": "failed", "message": "Broken.", "cause": "busy", "fix": "wait"}
    hosts = {
        "bad": {"rollout_outcome": outcome},
        "late": {"rollout_outcome": {"status": "not_started", "message": "stopped"}},
        "next": {"ascend_plan": {"status": "pending"}},
        "good": {"ascend_plan": {"status": "converged"}},
    }
    assert failures(model(hosts)) == {
        "bad": "failed: Broken. Cause: busy. Fix: wait.",
        "late": "not started: stopped",
    }


class Untemplatable(dict):
    """Variables that fail when they are looked at, as an undefined variable in a template does."""

    def get(self, key, default=None):
        raise ValueError("'nope' is undefined")


def test_variables_that_cannot_be_read_are_noted_and_the_host_stays():
    host = collect({"h": Untemplatable(a=1)}, ["h"])[0]
    assert host["status"] == "not_started"
    assert any("could not be read" in note for note in host["notes"])


def test_unknown_hosts_and_doubles():
    assert [host["name"] for host in collect({}, ["a", "b", "a"])] == ["a", "b"]


class Label(str):
    """A string type of somebody else, like Ansible's tagged strings."""


def test_plain_unwraps():
    value = plain({"a": (Label("x"), float("nan")), 1: b"y", "t": True})
    assert value == {"a": ["x", None], "1": "y", "t": True}
    assert type(value["a"][0]) is str


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "driver",
                    "cann",
                    "npu",
                    "chips",
                    "stack",
                    "steps",
                    "findings",
                    "status",
                    "installed",
                    "version",
                    "os",
                    "inference",
                    "proofs",
                    "accelerators",
                    "count",
                    "environments",
                    "packages",
                    "journal",
                    "unfinished",
                    "busy",
                    "available",
                    "reboot_reasons",
                    "steps_done",
                    "failed_step",
                    "accepted",
                    "severity",
                    "message",
                    "id",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=24,
)
variables = st.dictionaries(
    st.sampled_from(
        [
            "ascend_facts",
            "ascend_plan",
            "rollout_outcome",
            "inference_check_result",
            "ascend_error",
            "ascend_observation",
            "__ascend_progress",
        ]
    ),
    json_values,
    max_size=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.text(min_size=1, max_size=6), variables, max_size=3))
def test_any_variables_give_a_report_in_every_form(hosts):
    report = model(hosts)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(report, allow_nan=False)))
    assert [host["name"] for host in report["hosts"]] == list(hosts)
    lines = text.lines(report)
    assert page.render(report, lines).endswith("</html>\n")
    assert prom.render(report).endswith("\n")
