"""The plan of one host, from resolved stacks and observed facts."""

import copy
import json

from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import steps as planning

STACK = {
    "driver": {"version": "25.3.rc1", "package": "driver.run"},
    "firmware": {"version": "7.8.0.2.212", "package": "firmware.run"},
    "cann": {"flavor": "nnae", "version": "8.3.RC1", "package": "nnae.run"},
    "kernels": {"version": "8.3.RC1", "package": "kernels.run"},
    "python": {"version": "3.11"},
    "mindspore": {"version": "2.7.1", "package": "mindspore", "wheels": ["te", "hccl"]},
    "mindformers": {"version": "1.0.2"},
    "inference": {"engine": "mindformers-pipeline", "model": "gpt2"},
}
OPTIONS = {
    "components": list(components.NAMES),
    "env_name": "mindspore",
    "allow_downgrade": False,
    "busy_policy": "refuse",
}
BARE = {
    "accelerators": {"family": "910b", "count": 8},
    "driver": {"installed": None, "loaded": None, "damaged": None},
    "firmware": {"installed": None, "loaded": None, "damaged": None},
    "cann": [],
    "environments": [],
    "tools": {"gcc": None, "cmake": None},
    "busy": [],
    "proofs": {"inference": None},
    "journal": {"unfinished": None, "entries": [], "previous": {}},
    "reboot_required": False,
    "reboot_reasons": [],
}


def converged():
    facts = copy.deepcopy(BARE)
    facts["driver"].update(installed="25.3.rc1", loaded="25.3.rc1")
    facts["firmware"].update(installed="7.8.0.2.212", loaded="7.8.0.2.212")
    facts["cann"] = [
        {"product": "nnae", "version": "8.3.RC1", "latest": True, "chip": None, "damaged": None},
        {"product": "kernels", "version": "8.3.RC1", "latest": True, "chip": "910b", "damaged": None},
    ]
    facts["tools"] = {"gcc": "12.2.0", "cmake": "3.25.1"}
    facts["environments"] = [
        {
            "name": "mindspore",
            "python": "3.11.2",
            "cann_wheels_from": "nnae 8.3.RC1",
            "packages": {"mindspore": "2.7.1", "mindformers": "1.0.2"},
        }
    ]
    facts["proofs"] = {"inference": {"status": "passed", "stack": planning.fingerprint(STACK)}}
    return facts


def held(component, version, replaced=None, path="/usr/local/Ascend"):
    """What host_facts says of a vendor package that the journal knows as ours."""
    return {"component": component, "install_path": path, "version": version, "replaced": replaced, "open": False}


def plan(facts, stack=STACK, findings=(), **options):
    resolution = {"ok": stack is not None, "stack": stack, "why": [], "conflict": None}
    return planning.plan_host("h1", facts, resolution, findings, planning.Options(**{**OPTIONS, **options}))


def ids(result):
    return [step["id"] for step in result["steps"]]


def test_bare_host_gets_everything_in_order():
    result = plan(BARE)
    assert result["status"] == "pending"
    assert ids(result) == [
        "driver-install",
        "firmware-install",
        "reboot-reboot",
        "cann-install",
        "kernels-install",
        "python-install",
        "mindspore-install",
        "mindformers-install",
        "inference-verify",
    ]
    assert result["steps"][0]["package"] == "driver.run"


def test_converged_host_gets_nothing():
    result = plan(converged())
    assert result["status"] == "converged"
    assert result["steps"] == []
    assert result["minutes"] == 0


def test_firmware_goes_first_over_an_installed_driver():
    facts = converged()
    facts["driver"].update(installed="24.1.rc3", loaded="24.1.rc3")
    facts["firmware"].update(installed="7.5.0.1.129", loaded="7.5.0.1.129")
    assert ids(plan(facts)) == ["firmware-upgrade", "driver-upgrade", "reboot-reboot"]
    facts["driver"]["recorded"] = False
    assert ids(plan(facts)) == ["driver-upgrade", "firmware-upgrade", "reboot-reboot"], "the installers know no driver"


def test_pending_reboot_alone_is_a_step_with_its_reason():
    facts = converged()
    facts.update(reboot_required=True, reboot_reasons=["driver 25.3.rc1 is installed, 24.1.rc3 is loaded"])
    result = plan(facts)
    assert ids(result) == ["reboot-reboot"]
    assert "24.1.rc3 is loaded" in result["steps"][0]["why"]


def test_interrupted_change_is_repaired_though_versions_look_right():
    facts = converged()
    facts["journal"]["unfinished_components"] = ["driver", "nnae"]
    assert ids(plan(facts)) == ["driver-repair", "reboot-reboot", "cann-repair"]


def test_damaged_package_is_repaired():
    facts = converged()
    facts["cann"][0]["damaged"] = "set_env.sh is missing"
    result = plan(facts)
    assert ids(result) == ["cann-repair"]
    assert "set_env.sh is missing" in result["steps"][0]["why"]


def test_inactive_cann_is_made_the_active_one():
    facts = converged()
    facts["cann"][0]["latest"] = False
    assert ids(plan(facts)) == ["cann-repair"]


def test_another_chips_kernels_do_not_count():
    facts = converged()
    facts["cann"][1]["chip"] = "910"
    assert ids(plan(facts)) == ["kernels-install"]


def test_downgrade_is_refused_until_allowed():
    facts = converged()
    facts["driver"].update(installed="25.5.0", loaded="25.5.0")
    facts["journal"]["held"] = [held("driver", "25.5.0")]
    refused = plan(facts)
    assert refused["status"] == "refused"
    assert [f["rule"] for f in refused["findings"]] == ["downgrade-refused"]
    assert "ascend_allow_downgrade" in refused["findings"][0]["message"]
    allowed = plan(facts, allow_downgrade=True)
    assert allowed["status"] == "pending"
    assert ids(allowed) == ["driver-downgrade", "reboot-reboot"]


def test_busy_npus_refuse_a_driver_change_and_name_who():
    facts = copy.deepcopy(BARE)
    facts["busy"] = [{"pid": 4711, "command": "python"}]
    refused = plan(facts)
    assert refused["status"] == "refused"
    assert "python (pid 4711)" in refused["findings"][0]["message"]
    assert plan(facts, busy_policy="ignore")["status"] == "pending"


def test_busy_npus_do_not_hinder_what_leaves_the_driver_alone():
    facts = converged()
    facts["busy"] = [{"pid": 4711, "command": "python"}]
    facts["environments"][0]["packages"]["mindformers"] = "0.8.0"
    assert plan(facts)["status"] == "pending"


def test_error_finding_refuses_unless_accepted():
    error = {"rule": "x", "severity": "error", "message": "no", "source": "s", "accepted": False}
    assert plan(converged(), findings=[error])["status"] == "refused"
    assert plan(converged(), findings=[dict(error, accepted=True)])["status"] == "converged"


def test_no_stack_is_one_finding_with_the_pins():
    resolution = {"ok": False, "conflict": {"pins": ["ascend_driver_version"], "message": "they contradict"}}
    result = planning.plan_host("h1", BARE, resolution, [], planning.Options(**OPTIONS))
    assert result["status"] == "refused"
    assert result["findings"][0]["message"] == "they contradict"
    assert result["findings"][0]["variable"] == "ascend_driver_version"


def test_operator_wheels_follow_cann():
    facts = converged()
    facts["environments"][0]["cann_wheels_from"] = "nnae 8.0.RC3"
    result = plan(facts)
    assert ids(result) == ["mindspore-configure"]
    assert "nnae 8.0.RC3" in result["steps"][0]["why"]


def test_proof_of_another_stack_is_no_proof():
    facts = converged()
    facts["proofs"]["inference"]["stack"] = dict(planning.fingerprint(STACK), driver="24.1.rc3")
    assert ids(plan(facts)) == ["inference-verify"]


def test_components_limit_the_plan():
    assert ids(plan(BARE, components=["driver"])) == ["driver-install", "reboot-reboot"]
    assert ids(plan(BARE, components=["cann"])) == ["cann-install"]


def test_earlier_duration_becomes_the_estimate():
    facts = copy.deepcopy(BARE)
    facts["journal"]["durations"] = {"driver": 700.0}
    assert plan(facts, components=["driver"])["steps"][0]["minutes"] == 12


def test_plan_is_deterministic_and_serialisable():
    assert json.dumps(plan(BARE), sort_keys=True) == json.dumps(plan(copy.deepcopy(BARE)), sort_keys=True)


def test_steps_in_words():
    words = [planning.describe(step) for step in plan(BARE)["steps"]]
    assert words[0] == "driver 25.3.rc1"
    assert words[2] == "reboot"
    assert words[-1] == "generate text: mindformers-pipeline, gpt2"
    facts = converged()
    facts["driver"].update(installed="24.1.rc3", loaded="24.1.rc3")
    assert planning.describe(plan(facts)["steps"][0]) == "driver 24.1.rc3 -> 25.3.rc1"


def test_why_nothing_is_generated_is_said():
    none = dict(STACK, mindspore=None, mindformers=None, inference=None)
    resolution = {"ok": True, "stack": none, "why": ["mindspore, inference: none, chip 310p only infers"]}
    assert "310p" in planning.plan_host("h", BARE, resolution, [], planning.Options(**OPTIONS))["inference_reason"]
    assert "ascend_components" in plan(BARE, stack=none, components=["driver"])["inference_reason"]
    assert plan(BARE)["inference_reason"] is None
