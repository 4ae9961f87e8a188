# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One rule of the doctor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# For rules that are the affair of the host a container runs on: nobody inside can do anything about them.
HIDDEN = ""


def rule(
    identifier: str,
    severity: str,
    when: Callable[[dict[str, Any]], str | None],
    problem: str,
    fix: str | Callable[[dict[str, Any]], str],
    source: str,
    container: str | None = None,
) -> dict[str, Any]:
    """A row of a table of rules.

    Args:
        identifier: as docs/doctor.md lists it.
        severity: error, warning or info.
        when: takes the facts, returns the evidence; None or an empty text when the problem is not there.
        problem: what is wrong, as a sentence.
        fix: what to do, or a function of the facts that says so.
        source: who says so.
        container: what to do in a container, where it is something else; HIDDEN where the rule does not apply there.
    """
    return {
        "id": identifier,
        "severity": severity,
        "when": when,
        "problem": problem,
        "fix": fix,
        "source": source,
        "container": container,
    }
