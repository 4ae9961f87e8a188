"""Waiting for a job: its end is seen, a host that is gone is given up, and one that comes back is not."""

from types import SimpleNamespace
from unittest import mock

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.ascend.fleet.plugins.action import async_wait
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen import told as told_progress

KILLED = """Traceback (most recent call last):
  File "/tmp/ansible_ansible.legacy.async_wrapper_payload.zip/ansible/modules/async_wrapper.py", line 94, in _filter
ValueError: No start of json char found
"""
END = {"ansible_job_id": "j1.2", "finished": True, "changed": True, "rc": 0}
RUNNING = {"changed": False, "finished": False, "ascend_progress": {"component": "driver", "percent": 40}}
LIMITS = {"timeout": 1000, "silence_timeout": 100, "look_seconds": 10}


class Waiting:
    """A host with answers: a result, or an error that SSH takes 20 s to find."""

    def __init__(self, answers, **limits):
        self.seconds, self.answers, self.told, self.resets = 0.0, list(answers), [], 0
        self.limits = {**LIMITS, **limits}

    def look(self):
        answer = self.answers.pop(0)
        self.seconds += 20 if isinstance(answer, Exception) else 10
        if isinstance(answer, Exception):
            raise answer
        return answer

    def reset(self):
        self.resets += 1

    def sleep(self, seconds):
        self.seconds += seconds

    def run(self):
        return async_wait.wait(self.look, self.limits, self.told.append, self.reset, lambda: self.seconds, self.sleep)


LOST = AnsibleConnectionFailure("timed out")


def test_the_result_is_the_jobs():
    waiting = Waiting([RUNNING, RUNNING, END])
    assert waiting.run() == END
    assert waiting.told == [RUNNING["ascend_progress"]] * 2


def test_a_host_that_is_gone_is_given_up_by_the_clock():
    waiting = Waiting([RUNNING] + [LOST] * 100)
    result = async_wait.in_words(waiting.run())
    assert result["failed"] and "has not answered for 120 s" in result["msg"] and "console" in result["fix"]
    assert "timed out" in result["msg"] and waiting.resets == 4


@pytest.mark.parametrize(
    "trouble",
    [
        LOST,
        AnsibleError("Timeout (12s) waiting for privilege escalation prompt"),
        {"failed": True, "msg": "MODULE FAILURE", "module_stderr": "No space left on device"},
    ],
)
def test_a_host_that_answers_now_and_then_is_waited_for(trouble):
    waiting = Waiting([trouble, trouble, trouble, RUNNING] * 5 + [END])
    assert waiting.run() == END


def test_a_job_that_does_not_end():
    result = async_wait.in_words(Waiting([RUNNING] * 200).run())
    assert result["failed"] and "did not end in time" in result["msg"] and "raise the timeout" in result["fix"]


@pytest.mark.parametrize(
    ("said", "words", "fix"),
    [
        ("could not find job", "The host restarted", "Run again"),
        (KILLED, "ended without an answer", "Out of memory"),
        ("Timeout exceeded", "did not end in time", "raise the timeout"),
    ],
)
def test_a_job_that_gave_no_result(said, words, fix):
    told = async_wait.in_words({"failed": True, "msg": said, "ansible_job_id": "j1.2"})
    assert words in told["msg"] and fix in told["fix"] and told["cause"]
    assert told["msg"].endswith(f"Cause: {told['cause']}. Fix: {told['fix']}")
    assert "Traceback" not in told["msg"]


def test_the_words_of_the_task_itself_stay():
    failed = {"failed": True, "msg": "the vendor said no", "cause": "x", "fix": "y"}
    assert async_wait.in_words(failed) == failed
    assert async_wait.in_words({"msg": "could not find job", "changed": True})["msg"] == "could not find job"


def test_the_task_takes_the_hosts_variables_and_forgets_the_progress(tmp_path, monkeypatch):
    """Over a connection that cannot be dropped. What the job told is not shown with the host's next task."""
    monkeypatch.setattr(told_progress.C, "DEFAULT_LOCAL_TMP", str(tmp_path))
    asked, seen = [], []

    def execute(self, module_name, module_args, task_vars):
        asked.append(module_args)
        seen.append(told_progress.percents(["h"]))
        return dict(END if len(asked) == 2 else RUNNING)

    monkeypatch.setattr(async_wait.ActionModule, "_execute_module", execute)
    monkeypatch.setattr(async_wait.ActionModule, "get_shell_option", lambda *_args, **_more: "/run/jobs")
    monkeypatch.setattr("ansible.plugins.action.ActionBase.run", lambda *_args: {})
    monkeypatch.setattr(
        async_wait.ActionModule,
        "validate_argument_spec",
        lambda self, argument_spec: (
            None,
            {**{key: option.get("default") for key, option in argument_spec.items()}, **self._task.args},
        ),
    )
    task = SimpleNamespace(module_defaults=[], args={"jid": "j1.2", "look_seconds": 3}, async_val=0)
    templar = SimpleNamespace(template=lambda value: value)
    action = async_wait.ActionModule(task, SimpleNamespace(), mock.Mock(), mock.Mock(), templar, mock.Mock())
    variables = {"inventory_hostname": "h", "ascend_poll_seconds": 7, "ascend_silence_timeout": 42}
    assert action.run(task_vars=variables) == END
    assert asked[0] == {
        "jid": "j1.2",
        "look_seconds": 3,
        "silence_timeout": 42,
        "timeout": 3600,
        "async_dir": "/run/jobs",
    }
    assert seen == [{}, {"h": 40}] and told_progress.percents(["h"]) == {}
