"""A job that is started and waited for by one execution: what is told of it, whatever becomes of the asking."""

from types import SimpleNamespace
from unittest import mock

import pytest
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible_collections.ascend.fleet.plugins.action import async_wait, stretch

LOST = AnsibleConnectionFailure("Connection reset by peer")
RUNS = {"started": 1, "finished": False, "changed": True, "results_file": "/run/x"}
LOOKED = {"changed": False, "finished": False}
DONE = {"finished": True, "changed": True, "steps_done": ["driver-install"], "steps": []}
GONE = {"failed": True, "msg": async_wait.NO_JOB, "finished": True}
KILLED = {"failed": True, "msg": "MODULE FAILURE", "module_stdout": "", "module_stderr": "Killed"}


class Asked:
    """The action over a host with these answers: a result, or an error. Asked for the name of the job in each."""

    def __init__(self, answers, check_mode=False, variables=None, **args):
        self.answers, self.calls, self.pauses = list(answers), [], []
        task = SimpleNamespace(
            args={"entries": [], "steps": ["driver-install"], "detach": True, **args},
            module_defaults=[],
            check_mode=check_mode,
            diff=False,
            async_val=0,
            action="ascend.fleet.stretch",
        )
        connection = SimpleNamespace(transport="ssh", has_native_async=False, _shell=SimpleNamespace(tmpdir=None))
        templar = SimpleNamespace(template=lambda value: value)
        self.action = stretch.ActionModule(task, connection, mock.Mock(), mock.Mock(), templar, mock.Mock())
        self.variables = {"inventory_hostname": "npu-01", "ansible_facts": {}, **(variables or {})}

    def answer(self, module_name, module_args, task_vars, **_more):
        name = module_args.get("job_name") or module_args.get("jid")
        self.calls.append((module_name.rpartition(".")[2], name, module_args))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        named = "started" in answer or answer.get("finished")  # a look at a job that runs names none
        return {**answer, "ansible_job_id": name} if named else dict(answer)

    def run(self):
        with (
            mock.patch.object(self.action, "_execute_module", self.answer),
            mock.patch.object(self.action, "_remove_tmp_path"),
            mock.patch.object(async_wait.time, "sleep", self.pauses.append),
        ):
            return self.action.act(self.variables)

    @property
    def modules(self):
        return [module for module, _name, _args in self.calls]


def test_one_execution_is_enough_where_the_job_ends_meanwhile():
    asked = Asked([DONE], wait=True)
    result = asked.run()
    assert asked.modules == ["stretch"] and result["steps_done"] == ["driver-install"]
    assert result["asked"] == ["driver-install"] and result["finished"] is True
    [(_module, name, args)] = asked.calls
    assert args["look_seconds"] == 60 and stretch.detached.NAME.match(name)


def test_a_longer_job_is_asked_for_until_it_ends():
    asked = Asked([RUNS, LOOKED, DONE], wait=True, variables={"ascend_poll_seconds": "10"})
    result = asked.run()
    assert asked.modules == ["stretch", "async_wait", "async_wait"] and result["steps_done"] == ["driver-install"]
    assert [args["look_seconds"] for _module, _name, args in asked.calls] == [10, 10, 10]
    assert len({name for _module, name, _args in asked.calls}) == 1


@pytest.mark.parametrize("trouble", [LOST, KILLED])
def test_who_loses_the_answer_asks_for_the_job(trouble):
    asked = Asked([trouble, DONE], wait=True)
    result = asked.run()
    assert asked.modules == ["stretch", "async_wait"] and result["steps_done"] == ["driver-install"]
    assert not result.get("failed") and asked.calls[0][1] == asked.calls[1][1]


def test_a_job_that_never_began_is_no_lost_one():
    with pytest.raises(AnsibleConnectionFailure, match="reset by peer"):
        Asked([LOST, GONE], wait=True).run()


def test_a_refusal_is_told_as_it_was_said():
    asked = Asked([{"failed": True, "msg": "an entry is wrong"}, GONE], wait=True)
    result = asked.run()
    assert result["failed"] and result["msg"] == "an entry is wrong"


def test_a_job_that_is_lost_with_its_host_is_told_in_words():
    result = Asked([RUNS, GONE], wait=True).run()
    assert result["failed"] and "restarted, or was reset" in result["msg"] and result["asked"] == ["driver-install"]


def test_one_that_was_started_before_is_waited_for():
    asked = Asked([DONE], wait=True, wait_for="j1.2", timeout=90)
    result = asked.run()
    assert asked.modules == ["async_wait"] and result["steps_done"] == ["driver-install"]
    assert asked.calls[0][1] == "j1.2" and asked.calls[0][2]["timeout"] == 90


def test_without_waiting_it_only_starts():
    asked = Asked([{"started": 1, "finished": False}])
    result = asked.run()
    assert asked.modules == ["stretch"] and result["job_seconds"] >= 0 and "job_name" not in asked.calls[0][2]


def test_in_check_mode_no_job_is_started():
    asked = Asked([{"changed": False, "steps": []}], check_mode=True, wait=True)
    assert "job_name" not in asked.run() and asked.calls[0][2].get("look_seconds") is None


def test_a_wrong_variable_is_named():
    with pytest.raises(AnsibleActionFail, match="look_seconds"):
        Asked([], wait=True, variables={"ascend_poll_seconds": "soon"}).run()
