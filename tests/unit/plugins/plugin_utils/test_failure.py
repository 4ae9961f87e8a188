"""Failures are told in words an operator can use, once each."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import failure

KILLED = """Traceback (most recent call last):
  File "/tmp/ansible_ansible.legacy.async_wrapper_payload.zip/ansible/modules/async_wrapper.py", line 94, in _filter
ValueError: No start of json char found
"""


@pytest.mark.parametrize(("result", "expected"), [
    ({"msg": "Task failed: Module failed: no space"}, {"message": "no space", "cause": "", "fix": ""}),
    ({"msg": ["one", 2]}, {"message": "one 2", "cause": "", "fix": ""}),
    ({"module_stderr": "sh: python3: not found"}, {"message": "sh: python3: not found", "cause": "", "fix": ""}),
    ({}, {"message": "no message", "cause": "", "fix": ""}),
    ({"censored": "hidden by no_log", "msg": "secret", "cause": "secret"},
     {"message": "hidden by no_log", "cause": "", "fix": ""}),
    ({"msg": "It broke. Cause: the disk. Fix: buy another. The rest.", "cause": "the disk", "fix": "buy another"},
     {"message": "It broke. The rest.", "cause": "the disk", "fix": "buy another"}),
    ({"msg": "It broke.", "cause": "the disk", "fix": None}, {"message": "It broke.", "cause": "the disk", "fix": ""}),
])
def test_message_cause_and_fix(result, expected):
    assert failure.read(result) == expected


@pytest.mark.parametrize(("said", "words", "fix"), [
    ("could not find job", "The host restarted", "Run again"),
    (KILLED, "ended without an answer", "Out of memory"),
    ("async task did not complete within the requested time - 360s", "within 360 s", "raise the timeout"),
])
def test_a_long_task_that_gave_no_answer(said, words, fix):
    told = failure.read({"msg": f"Task failed: {said}"})
    assert words in told["message"] and fix in told["fix"] and told["cause"]
    assert "Traceback" not in str(told)
