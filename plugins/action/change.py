# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes a host through the stretches of its plan: the job of each, the reboot that its state asks for, and the looks.

One process on the control node for all of it, so that no host waits for another one on the way. What is done on the
host is done by the actions stretch, reboot and host_facts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.ascend.fleet.plugins.action import host_facts, plan, reboot, stretch
from ansible_collections.ascend.fleet.plugins.module_utils.host import proven
from ansible_collections.ascend.fleet.plugins.module_utils.steps.stretch import PROVEN, VERIFY
from ansible_collections.ascend.fleet.plugins.plugin_utils import host_variables
from ansible_collections.ascend.fleet.plugins.plugin_utils.control_action import ControlAction
from ansible_collections.ascend.fleet.plugins.plugin_utils.host_action import HostAction
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import progress as how_far
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.shares import Stretch
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import clean

Said = dict[str, Any]
# Of a job's result what belongs to the job alone.
_OF_THE_JOB = ("asked", "ansible_job_id", "finished", "started", "results_file", "observed", "ansible_facts")
_UNPROVEN = (
    "After the change of {host}: {said}. Look at /var/log/ascend_seclog/ascend_install.log and run ansible-playbook"
    " ascend.fleet.doctor."
)


class ActionModule(HostAction):
    """Its documentation is in plugins/modules/change.py."""

    _supports_async = False
    _supports_check_mode = False
    ARGUMENTS: Any = {
        "roles": {"type": "list", "elements": "str", "required": True},
        "plan": {"type": "dict"},
        "stretches": {"type": "list", "elements": "dict", "required": True},
        "progress": {"type": "dict", "default": {}},
        "job": {"type": "dict", "default": {}},
        "look": {"type": "bool", "default": False},
        "again": {"type": "str", "choices": ["desired", "previous", "undo", "absent"]},
    }
    _VALID_ARGS = frozenset(ARGUMENTS)

    def act(self, task_vars: dict[str, Any]) -> Said:
        _checked, args = self.validate_argument_spec(argument_spec=self.ARGUMENTS)
        progress = how_far.Progress(**{"step": "", "done": [], **args["progress"]})
        return _Change(self, args, task_vars, progress).carry_out()

    def part(self, action: type[HostAction | ControlAction], args: dict[str, Any], task_vars: dict[str, Any]) -> Said:
        """The result of another action for this host, a failure in words where it has none."""
        takes = getattr(action, "FROM_VARIABLES", {})
        places = host_variables.group_defaults(takes, self._task.module_defaults or (), self._templar)
        own, self._task.args = self._task.args, {**places, **args}
        given = (self._task, self._connection, self._play_context, self._loader, self._templar, self._shared_loader_obj)
        try:
            return action(*given).run(task_vars=task_vars)
        except AnsibleConnectionFailure as error:
            # Not unreachable: what was begun on the host has to be told as what has failed.
            return {"failed": True, "msg": host_facts.silent(task_vars, error)}
        except AnsibleError as error:
            return {**getattr(error, "result", {}), "failed": True, "msg": error.message}
        finally:
            self._task.args = own


@dataclass
class _Change:
    """One host on its way.

    Args:
        action: that of the task.
        args: its arguments.
        variables: of the host; what was observed on the way is in them.
        progress: how far the host has come.
    """

    action: ActionModule
    args: dict[str, Any]
    variables: dict[str, Any]
    progress: how_far.Progress
    # Of the last look; None where the host was changed after it.
    seen: Said | None = None
    changed: bool = False
    rebooted: bool = False
    words: list[str] = field(default_factory=list)
    rows: list[Said] = field(default_factory=list)
    diffs: list[Any] = field(default_factory=list)
    texts: dict[str, Any] = field(default_factory=dict)
    warnings: list[Any] = field(default_factory=list)

    def carry_out(self) -> Said:
        """The result of the task."""
        stretches: list[Stretch] = self.args["stretches"]
        unproven: Stretch | None = None  # whose reboot is behind the host, and what it was for not seen yet
        for number, one in enumerate(stretches):
            after = stretches[number + 1 :]
            look = self.args["look"] and not after and not one["reboots"]
            said = self._work(one, self.args["job"] if number == 0 else {}, look, unproven)
            unproven = None
            if one["reboots"] and not said.get("failed"):
                said = self._reboot(said)
                # The next job begins with the look. Where there is none, it is taken now.
                if after and after[0]["steps"]:
                    unproven = one
                elif not said.get("failed"):
                    said = self._look() or self._prove(one)
            if said.get("failed"):
                return self._told(said)
        if self.args["look"]:
            self.progress = {**self.progress, "step": VERIFY}
            return self._told((None if self.seen else self._look()) or self._again())
        return self._told({})

    def _again(self) -> Said:
        """The plan that is left to do, where it is asked for. A failure, or what is returned of it."""
        if not self.args["again"]:
            return {}
        host = self.variables["inventory_hostname"]
        given = {"hosts": [host], "target": self.args["again"], "observation": self.variables["ascend_observation"]}
        said = self._part(plan.ActionModule, given)
        if said.get("failed"):
            return said
        return {"again": {"plan": said["plans"][host], "ascend_lines": said["ascend_lines"]}}

    def _work(self, one: Stretch, begun: Said, look: bool, before: Stretch | None) -> Said:
        """What became of a stretch's job; nothing where it has no steps.

        Args:
            one: the stretch.
            begun: the job, where it was started before.
            look: whether the job is the last that is done to the host, and ends with a look at it.
            before: the stretch before it, where the job has to begin with a look that proves it.
        """
        ids = [step["id"] for step in one["steps"]]
        if not ids:
            return {}
        given = {"roles": self.args["roles"], "plan": self.args["plan"], "steps": ids, "detach": True, "wait": True}
        if begun.get("ansible_job_id"):
            given.update(wait_for=begun["ansible_job_id"], timeout=begun.get("job_seconds"))
        if look or before:
            given["look"] = self._look_options()
        if before:
            given["proves"] = [{name: step.get(name) for name in PROVEN} for step in before["proves"]]
        said = self._part(stretch.ActionModule, given)
        observed = said.get("observed")
        if before and said.get("failed") and "steps_done" in said and not said.get("steps"):  # nothing was begun
            return (observed and (self._seen_by_job(observed) or self._prove(before))) or said
        if before:
            self.progress = how_far.after_reboot(self.progress, before, None)
        self.seen = None
        self.progress = how_far.after_job(self.progress, one, said)
        self.changed = self.changed or bool(said.get("changed"))
        self.words += [said["ascend_change"]] if said.get("ascend_change") else []
        self.rows += said.get("steps") or []
        self.diffs += said.get("diff") or []
        self.texts.update(said.get("texts") or {})
        if not look or not observed or said.get("failed"):
            return said
        self.progress = {**self.progress, "step": VERIFY}
        return self._seen_by_job(observed) or said

    def _reboot(self, job: Said) -> Said:
        """Reboot where the host's state asks for it. A failure, or nothing.

        Whether a reboot is needed is read from the host (installed against loaded versions, and the journal), never
        from what was changed: a run that dies between installation and reboot still reboots next time.
        """
        reasons = job.get("reboot_reasons", (self.variables.get("ascend_facts") or {}).get("reboot_reasons"))
        if not reasons:
            return {}
        said = self._part(reboot.ActionModule, {"reasons": reasons})
        if said.get("failed"):
            return said
        self.changed = self.rebooted = True
        self.words.append("rebooted")
        self.diffs += [said["diff"]] if said.get("diff") else []
        return {}

    def _prove(self, one: Stretch) -> Said:
        """Whether the host shows what was done before its reboot. A failure, or nothing."""
        facts = self.variables["ascend_facts"]
        self.progress = how_far.after_reboot(self.progress, one, facts)
        lacking = ". ".join(clean(said) for _step, said in proven.lacking(facts, one["proves"]))
        host = self.variables["inventory_hostname"]
        return {"failed": True, "msg": _UNPROVEN.format(host=host, said=lacking)} if lacking else {}

    def _look(self) -> Said:
        """Look at the host. A failure, or nothing."""
        said = self._part(host_facts.ActionModule, {"must_answer": True})
        return said if said.get("failed") else self._keep(said)

    def _seen_by_job(self, observed: Any) -> Said:
        """Keep what a job has shown of the host. A failure where it is none, or nothing."""
        found = host_facts.with_facts({}, {"ansible_facts": {"ascend": observed}})
        return found if found.get("failed") else self._keep(found)

    def _keep(self, found: Said) -> Said:
        """Keep what a look has shown. Nothing: it is no failure."""
        self.seen = {"ascend": found["ansible_facts"]["ascend"]}
        observation = {"ansible_facts": self.seen}
        # What the roles say of the next steps follows from it.
        self.variables = {**self.variables, "ascend_facts": self.seen["ascend"], "ascend_observation": observation}
        return {}

    def _part(self, action: type[HostAction | ControlAction], args: dict[str, Any]) -> Said:
        """The result of another action for the host, and of its warnings a note."""
        said = self.action.part(action, args, self.variables)
        self.warnings += said.get("warnings") or []
        return said

    def _look_options(self) -> dict[str, Any]:
        """What a look is told, as the action host_facts would tell it."""
        templar, kind = self.action._templar, host_facts.ActionModule
        given = host_variables.group_defaults(kind.FROM_VARIABLES, self.action._task.module_defaults or (), templar)
        given = host_variables.with_defaults(given, kind.FROM_VARIABLES, templar, self.variables)
        return kind.completed(given, templar, self.variables)

    def _told(self, failed: Said) -> Said:
        told = {key: value for key, value in failed.items() if key not in _OF_THE_JOB}
        told.update(changed=self.changed, progress=self.progress, steps=self.rows, texts=self.texts)
        told.update(rebooted=self.rebooted, ascend_change=", ".join(self.words))
        if self.warnings:
            told["warnings"] = self.warnings
        if self.action._task.diff:
            told["diff"] = self.diffs
        return {**told, "ansible_facts": self.seen} if self.seen else told
