# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a host has come with its plan: the step at work, and those that are done, by their ids. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from ansible_collections.ascend.fleet.plugins.module_utils.host import proven
from ansible_collections.ascend.fleet.plugins.module_utils.steps.stretch import VERIFY
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.shares import Stretch


class Progress(TypedDict, total=False):
    """Of one host. Beside the plan's ids, C(step) can be stage, drain, verify or undrain."""

    step: str
    done: list[str]
    began: float


def after_job(progress: Progress, stretch: Stretch, said: Mapping[str, Any]) -> Progress:
    """After the job of a stretch.

    Args:
        progress: before it.
        stretch: what the job was to do; it has steps.
        said: what became of the job; empty where it was not started or gave no result.
    """
    ids = [step["id"] for step in stretch["steps"]]
    good = bool(said) and (not said.get("failed") or said.get("failed_step") == VERIFY)
    # What the distribution alone has done has no entry in the job.
    done = [*progress["done"], *(said.get("steps_done") or []), *(ids if good else [])]
    heard = (said.get("ascend_progress") or {}).get("step")
    at = said.get("failed_step") or heard or (ids[-1] if "steps_done" in said else ids[0])
    # Whether the host needs its reboot is only seen then.
    return {**progress, "step": (stretch["reboot_step"] if good else "") or at, "done": list(dict.fromkeys(done))}


def after_reboot(progress: Progress, stretch: Stretch, facts: dict[str, Any] | None) -> Progress:
    """After the reboot that ends a stretch, or without it where the host needed none.

    Args:
        progress: before it.
        stretch: the one that it ends.
        facts: what the host shows now. A step that it does not prove is not done, and the first of them is at work.
            None where the host itself has found everything proven.
    """
    lacking = [] if facts is None else [step for step, _said in proven.lacking(facts, stretch["proves"])]
    done = dict.fromkeys([*progress["done"], *filter(None, [stretch["reboot_step"]])])
    at = lacking[0] if lacking else progress["step"]
    return {**progress, "step": at, "done": [step for step in done if step not in lacking]}
