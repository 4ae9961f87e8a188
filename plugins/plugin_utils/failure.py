# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a failed result says to a person: message, cause and fix, once each. Data in, text out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_PREFIXES = ("Task failed: ", "Module failed: ", "Action failed: ")
_AGAIN = "Run again: the next run reads from the host's journal what was begun, and finishes or repairs it."
# What Ansible says of a long task that gave no answer: (its words, message, cause, fix). ansible-core's async_status,
# async_wrapper and task_executor, 2.16 to 2.21; the last one is said by plugin_utils/long_action.py.
_NO_ANSWER = (
    (re.compile(r"could not find job"), "The host restarted, or was reset, while work was running on it.",
     "The record of the work is gone with the boot it belonged to.", _AGAIN),
    (re.compile(r"async_wrapper.*No start of json char found", re.DOTALL),
     "What was running on the host ended without an answer.", "It was killed.",
     _AGAIN + " If it happens again, look for 'Out of memory' in dmesg."),
    (re.compile(r"async task did not complete within the requested time - (\d+)s"),
     "What was running on the host did not end within {0} s.", "It hung or was slow.",
     _AGAIN + " If it was still working, raise the timeout of the role."),
    (re.compile(r"no answer for (\d+) s while work was running on the host"),
     "The host has not answered for {0} s while work was running on it.", "It is down, or its network is.",
     "Look at its console. " + _AGAIN),
)


def read(result: Mapping[str, Any]) -> dict[str, str]:
    """The message of a failed result without Ansible's own prefixes, its cause and its fix ("" where none is told).

    A message that repeats cause and fix, for those whose output plugin shows nothing else, is cut before them.
    """
    if result.get("censored"):
        return {"message": str(result["censored"]), "cause": "", "fix": ""}
    said = result.get("msg") or result.get("module_stderr") or result.get("reason") or "no message"
    message = " ".join(str(item) for item in said) if isinstance(said, (list, tuple)) else str(said)
    message = message.strip()
    for prefix in _PREFIXES:
        message = message.removeprefix(prefix)
    for pattern, words, cause, fix in _NO_ANSWER:
        found = pattern.search(message)
        if found:
            return {"message": words.format(*found.groups()), "cause": cause, "fix": fix}
    cause, fix = (str(result.get(key) or "") for key in ("cause", "fix"))
    if cause and fix:
        message = message.replace(f" Cause: {cause}. Fix: {fix}.", "")
    return {"message": message, "cause": cause, "fix": fix}
