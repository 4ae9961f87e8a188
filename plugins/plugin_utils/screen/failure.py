# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a failed result says to a person: message, cause and fix, once each. Data in, text out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import printable

AT_MOST = 20_000  # characters
_PREFIXES = ("Task failed: ", "Module failed: ", "Action failed: ")


def read(result: Mapping[str, Any]) -> dict[str, str]:
    """The message of a failed result without Ansible's own prefixes, its cause and its fix ("" where none is told).

    Other output plugins print it as it is, so what acts on a terminal is left out, and what is endless is cut.

    A message that repeats cause and fix, for those whose output plugin shows nothing else, is cut before them.
    """
    if result.get("censored"):
        return {"message": printable(result["censored"]), "cause": "", "fix": ""}
    said = result.get("msg") or result.get("module_stderr") or result.get("reason") or "no message"
    message = " ".join(str(item) for item in said) if isinstance(said, (list, tuple)) else str(said)
    message = printable(message)[:AT_MOST].strip()
    for prefix in _PREFIXES:
        message = message.removeprefix(prefix)
    cause, fix = (printable(result.get(key) or "")[:AT_MOST] for key in ("cause", "fix"))
    if cause and fix:
        message = message.replace(f" Cause: {cause}. Fix: {fix}.", "")
    return {"message": message, "cause": cause, "fix": fix}
