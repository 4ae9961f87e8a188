"""A host on its way through the stretches of its plan: what is done to it in which order, and what is told of it."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from unittest import mock

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible_collections.ascend.fleet.plugins.action import change, host_facts, plan, reboot, stretch
from ansible_collections.ascend.fleet.plugins.module_utils.steps.stretch import VERIFY
from ansible_collections.ascend.fleet.tests.unit import sample_hosts

LOST = AnsibleConnectionFailure("ssh: no route to host")
DRIVER = {"id": "driver-install", "component": "driver", "action": "install", "to": "25.3.rc1"}
GONE = {"id": "driver-remove", "component": "driver", "action": "remove", "to": None}
CANN = {"id": "cann-install", "component": "cann", "action": "install", "to": "8.3.RC1"}
FIRST = {"steps": [DRIVER], "reboots": True, "reboot_step": "reboot-reboot", "proves": [DRIVER]}
SECOND = {"steps": [CANN], "reboots": False, "reboot_step": "", "proves": []}
REASONS = ["driver 25.3.rc1 is installed, but not loaded"]
REBOOTED = {"changed": True, "rebooted": True, "diff": {"before": "boot: 1\n", "after": "boot: 2\n"}}


def healthy(**changes):
    facts = sample_hosts.healthy()
    facts["driver"].update(installed="25.3.rc1", loaded="25.3.rc1")
    return {**facts, **changes}


def job(*ids, **more):
    rows = [{"step": one, "changed": True} for one in ids]
    told = {"ascend_change": ", ".join(ids), "diff": [{"before": "", "after": one} for one in ids], "texts": {}}
    return {
        "changed": True,
        "finished": True,
        "ansible_job_id": "j1.1",
        "steps": rows,
        "steps_done": list(ids),
        **told,
        **more,
    }


def looked(facts):
    return {"changed": False, "ansible_facts": {"ascend": facts}}


class Way:
    """A host that gives these answers: (what it is asked, a result or an error) in turn."""

    def __init__(self, *answers, stretches=(FIRST, SECOND), diff=True, defaults=(), **args):
        self.asked = []
        left = list(answers)
        given = {"roles": ["npu_driver", "cann"], "plan": {"steps": []}, "stretches": copy.deepcopy(list(stretches))}
        self.args = {**given, "progress": {"step": "driver-install", "done": []}, "look": True, **args}
        task = SimpleNamespace(args=dict(self.args), diff=diff, check_mode=False, action="change")
        task.module_defaults = list(defaults)

        def part(kind, name):
            def run(action, tmp=None, task_vars=None):
                wanted, answer = left.pop(0)
                assert wanted == name, f"asked for {name}, not {wanted}"
                self.asked.append((name, dict(action._task.args), task_vars))
                action._task.args = {}  # as an action does that completes its arguments
                if isinstance(answer, Exception):
                    raise answer
                return answer

            return mock.patch.object(kind.ActionModule, "run", run)

        templar = SimpleNamespace(template=lambda value: value)
        action = change.ActionModule(task, mock.Mock(), mock.Mock(), mock.Mock(), templar, mock.Mock())
        variables = {"inventory_hostname": "npu-01", "ascend_facts": {"reboot_reasons": []}}
        variables["ascend_state_dir"] = "/data/state"
        with part(stretch, "job"), part(reboot, "reboot"), part(host_facts, "look"), part(plan, "plan"):
            self.result = action.act(variables)
        assert not left and task.args == self.args

    def of(self, number):
        """What was asked for in that turn."""
        return self.asked[number][1]


def test_a_job_a_reboot_and_a_job_that_looks_before_and_after():
    way = Way(
        ("job", job("driver-install", reboot_reasons=REASONS)),
        ("reboot", REBOOTED),
        ("job", job("cann-install", observed=healthy(), texts={"x": {"text": "t"}})),
    )
    assert way.of(0)["steps"] == ["driver-install"] and not {"look", "proves"} & set(way.of(0))
    assert way.of(0)["detach"] and way.of(0)["wait"] and way.of(1) == {"reasons": REASONS}
    assert way.of(2)["proves"] == [{"id": "driver-install", "component": "driver", "to": "25.3.rc1"}]
    assert way.of(2)["look"]["state_dir"] == "/data/state" and "driver" not in way.of(2)["look"]
    result = way.result
    assert result["changed"] and result["rebooted"] and not result.get("failed")
    assert result["progress"] == {"step": VERIFY, "done": ["driver-install", "reboot-reboot", "cann-install"]}
    assert result["ascend_change"] == "driver-install, rebooted, cann-install"
    assert result["ansible_facts"]["ascend"]["driver"]["loaded"] == "25.3.rc1"
    assert [row["step"] for row in result["steps"]] == ["driver-install", "cann-install"]
    assert result["texts"] == {"x": {"text": "t"}} and len(result["diff"]) == 3
    assert not {"ansible_job_id", "finished", "observed", "asked"} & set(result)


def test_without_a_diff_there_is_none():
    assert "diff" not in Way(("job", job("cann-install", observed=healthy())), stretches=[SECOND], diff=False).result


def test_whether_it_reboots_is_read_from_the_host_and_what_was_done_is_proven_all_the_same():
    way = Way(("job", job("driver-install", reboot_reasons=[])), ("job", job("cann-install", observed=healthy())))
    assert not way.result["rebooted"] and way.of(1)["proves"]
    assert "reboot-reboot" in way.result["progress"]["done"]


def test_a_host_that_does_not_show_what_was_planned_has_failed_before_the_next_step():
    facts = healthy(npu={"available": False, "message": "dead\x1b[2J", "chips": []})
    lacking = {"failed": True, "failed_step": "driver-install", "msg": "npu-smi does not answer", "observed": facts}
    way = Way(
        ("job", job("driver-install", reboot_reasons=REASONS)),
        ("reboot", REBOOTED),
        ("job", {**job(), **lacking, "changed": False, "ascend_change": ""}),
    )
    result = way.result
    assert result["failed"] and result["msg"].startswith("After the change of npu-01: npu-smi does not answer: dead")
    assert "\x1b" not in result["msg"] and "ansible-playbook ascend.fleet.doctor" in result["msg"]
    assert result["progress"] == {"step": "driver-install", "done": ["reboot-reboot"]}
    assert result["ansible_facts"]["ascend"]["npu"]["available"] is False
    assert result["ascend_change"] == "driver-install, rebooted"


def test_a_first_look_that_breaks_is_told_as_what_happened_at_the_reboot():
    broken = {**job(), "failed": True, "failed_step": VERIFY, "msg": "OSError: no room", "changed": False}
    result = Way(("job", job("driver-install", reboot_reasons=REASONS)), ("reboot", REBOOTED), ("job", broken)).result
    assert result["failed"] and result["msg"] == "OSError: no room" and "ansible_facts" not in result
    assert result["progress"] == {"step": "reboot-reboot", "done": ["driver-install"]}


def test_a_reboot_that_fails_ends_it():
    refused = AnsibleActionFail("npu-01 needs a reboot. Allow it with ascend_allow_reboot: true")
    result = Way(("job", job("driver-install", reboot_reasons=REASONS)), ("reboot", refused)).result
    assert result["failed"] and "ascend_allow_reboot" in result["msg"] and not result["rebooted"]
    assert result["progress"] == {"step": "reboot-reboot", "done": ["driver-install"]}


def test_where_the_reboot_is_the_last_the_look_is_taken_at_once():
    removal = {**FIRST, "steps": [GONE], "proves": [GONE]}
    bare = healthy(driver={**healthy()["driver"], "installed": None, "loaded": None})
    answers = (("job", job("driver-remove", reboot_reasons=REASONS)), ("reboot", REBOOTED), ("look", looked(bare)))
    way = Way(*answers, stretches=[removal])
    assert way.of(2) == {"must_answer": True} and not way.result.get("failed")
    assert way.result["progress"] == {"step": VERIFY, "done": ["driver-remove", "reboot-reboot"]}
    assert way.result["ansible_facts"]["ascend"]["driver"]["installed"] is None


def test_what_a_look_after_a_reboot_lacks_fails():
    answers = (("job", job("driver-install", reboot_reasons=REASONS)), ("reboot", REBOOTED))
    still = healthy(driver={**healthy()["driver"], "installed": "25.3.rc1", "loaded": "24.1"})
    result = Way(*answers, ("look", looked(still)), stretches=[FIRST]).result
    assert result["failed"] and "driver 24.1 is loaded, not 25.3.rc1" in result["msg"]
    assert result["progress"] == {"step": "driver-install", "done": ["reboot-reboot"]}


def test_a_host_that_only_has_to_reboot_has_no_job():
    only = {**FIRST, "steps": [], "proves": []}
    way = Way(("job", job("cann-install", observed=healthy())), stretches=[only, SECOND], look=True)
    assert not way.result["rebooted"] and way.of(0)["proves"] == []


def test_a_host_that_is_lost_in_its_job_has_failed_in_words():
    result = Way(("job", job("driver-install", reboot_reasons=REASONS)), ("reboot", REBOOTED), ("job", LOST)).result
    assert result["failed"] and "unreachable" not in result
    assert result["msg"].startswith("npu-01 does not answer") and "no route to host" in result["msg"]
    assert result["progress"] == {"step": "cann-install", "done": ["driver-install", "reboot-reboot"]}


def test_a_step_that_fails_is_told_with_all_that_was_done():
    failure = {"failed": True, "failed_step": "cann-install", "cause": "c", "fix": "f", "log_tail": ["l"], "msg": "m"}
    broken = {**job("cann-install"), **failure, "steps_done": []}
    result = Way(("job", job("driver-install", reboot_reasons=REASONS)), ("reboot", REBOOTED), ("job", broken)).result
    assert {name: result[name] for name in failure} == failure
    assert result["progress"] == {"step": "cann-install", "done": ["driver-install", "reboot-reboot"]}
    assert "ansible_facts" not in result, "the last look is older than the change"


def test_a_job_that_says_nothing_of_its_host_is_followed_by_a_look():
    way = Way(("job", job("cann-install")), ("look", looked(healthy())), stretches=[SECOND])
    assert way.result["ansible_facts"]["ascend"] and way.result["progress"]["step"] == VERIFY


def test_what_is_no_observation_is_not_used():
    result = Way(("job", job("cann-install", observed={"driver": "x"})), stretches=[SECOND]).result
    assert result["failed"] and "Nothing of it is used" in result["msg"] and "ansible_facts" not in result
    assert result["progress"] == {"step": VERIFY, "done": ["cann-install"]}, "the change itself came to its end"


LEFT = {"plans": {"npu-01": {"status": "converged", "steps": []}}, "ascend_lines": ["Plan for 1 host"], "groups": {}}


def test_it_is_planned_again_from_the_last_look():
    facts = healthy()
    answers = ("job", job("cann-install", observed=facts)), ("plan", LEFT)
    way = Way(*answers, stretches=[SECOND], again="previous")
    observation = {"ansible_facts": {"ascend": facts}}
    assert way.of(1) == {"hosts": ["npu-01"], "target": "previous", "observation": observation}
    assert way.result["again"] == {"plan": LEFT["plans"]["npu-01"], "ascend_lines": ["Plan for 1 host"]}
    assert way.result["changed"] and way.result["progress"]["step"] == VERIFY


def test_a_second_plan_that_cannot_be_made_fails_with_what_was_done():
    refused = AnsibleActionFail("ascend_mindspore is 9: no such release")
    result = Way(
        ("job", job("cann-install", observed=healthy())), ("plan", refused), stretches=[SECOND], again="desired"
    ).result
    assert result["failed"] and result["msg"] == "ascend_mindspore is 9: no such release" and "again" not in result
    assert result["progress"] == {"step": VERIFY, "done": ["cann-install"]} and result["ansible_facts"]


def test_what_was_not_seen_is_not_planned_again():
    silent = {"failed": True, "msg": "npu-01 does not answer"}
    result = Way(("job", job("cann-install")), ("look", silent), stretches=[SECOND], again="desired").result
    assert result["failed"] and "again" not in result
    broken = {**job("cann-install"), "failed": True, "failed_step": "cann-install", "steps_done": []}
    assert "again" not in Way(("job", broken), stretches=[SECOND], again="desired").result


def test_a_job_that_was_started_before_is_waited_for():
    way = Way(
        ("job", job("cann-install")), stretches=[SECOND], look=False, job={"ansible_job_id": "j1.1", "job_seconds": 90}
    )
    assert (way.of(0)["wait_for"], way.of(0)["timeout"]) == ("j1.1", 90) and "look" not in way.of(0)
    assert "ansible_facts" not in way.result and way.result["progress"]["step"] == "cann-install"


def test_what_each_of_them_warns_of_is_said_once():
    answers = (("job", job("driver-install", reboot_reasons=REASONS, warnings=["a"])), ("reboot", REBOOTED))
    broken = {**job("cann-install", warnings=["b"]), "failed": True, "failed_step": "cann-install", "steps_done": []}
    assert Way(*answers, ("job", broken)).result["warnings"] == ["a", "b"]
    done = job("cann-install", observed=healthy(), warnings=["c"])
    assert Way(("job", done), stretches=[SECOND]).result["warnings"] == ["c"]
    assert "warnings" not in Way(("job", job("cann-install", observed=healthy())), stretches=[SECOND]).result


def test_the_defaults_of_the_group_hold_for_what_it_is_made_of():
    """As in a play that gives all modules of the collection their folders (docs/variables.md)."""
    defaults = [{"group/ascend.fleet.fleet": {"state_dir": "/group/state", "source": "/srv"}}]
    job_done = ("job", job("cann-install", observed=healthy()))
    way = Way(job_done, stretches=[SECOND], defaults=defaults)
    assert way.of(0)["state_dir"] == way.of(0)["look"]["state_dir"] == "/group/state"
    assert "source" not in way.of(0) and way.of(0)["steps"] == ["cann-install"]


def test_no_stretch_is_no_change():
    result = Way(stretches=[], look=False).result
    assert not result["changed"] and result["steps"] == [] and result["ascend_change"] == ""
