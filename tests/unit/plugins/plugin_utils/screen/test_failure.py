"""Failures are told in words an operator can use, once each."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen import failure


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"msg": "Task failed: Module failed: no space"}, {"message": "no space", "cause": "", "fix": ""}),
        ({"msg": ["one", 2]}, {"message": "one 2", "cause": "", "fix": ""}),
        ({"module_stderr": "sh: python3: not found"}, {"message": "sh: python3: not found", "cause": "", "fix": ""}),
        ({}, {"message": "no message", "cause": "", "fix": ""}),
        (
            {"censored": "hidden by no_log", "msg": "secret", "cause": "secret"},
            {"message": "hidden by no_log", "cause": "", "fix": ""},
        ),
        (
            {
                "msg": "It broke. Cause: the disk. Fix: buy another. The rest.",
                "cause": "the disk",
                "fix": "buy another",
            },
            {"message": "It broke. The rest.", "cause": "the disk", "fix": "buy another"},
        ),
        (
            {"msg": "It broke.", "cause": "the disk", "fix": None},
            {"message": "It broke.", "cause": "the disk", "fix": ""},
        ),
    ],
)
def test_message_cause_and_fix(result, expected):
    assert failure.read(result) == expected
