# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One job for all that a host does between two reboots: steps in order, each as its own module would do it.

Each step has its own lock, journal entry and checks, so that a job that dies anywhere leaves what a module that died
would leave: the next run waits for it, adopts or repairs it. It can end with a look at what the host shows then.
"""

import importlib
import traceback

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.ascend.fleet.plugins.module_utils.change import percentage
from ansible_collections.ascend.fleet.plugins.module_utils.host import proven
from ansible_collections.ascend.fleet.plugins.module_utils.secure import host_locale

_STEPS = "ansible_collections.ascend.fleet.plugins.module_utils.steps."
# What is at work while the host is looked at; the control node calls it so too.
VERIFY = "verify"
# A step that has to show itself before the first entry.
PROVEN = {
    "id": {"type": "str", "required": True},
    "component": {"type": "str", "required": True},
    "to": {"type": "str"},
}


class _Kinds(dict):
    """What an entry may name -> its code, which is read when it is asked for: a job needs two or three of them.

    To read Python is most of what the start of a job costs a host.
    """

    def __getitem__(self, name):
        return importlib.import_module(_STEPS + super(_Kinds, self).__getitem__(name))

    @staticmethod
    def all():
        """The code of all of them. Ansible sends along with the module what it finds imported in its text, here too."""
        from ansible_collections.ascend.fleet.plugins.module_utils.steps import (
            container_engine,
            environment,
            framework,
            generation,
            network,
            npu_exporter,
            package,
            program,
            tuning,
        )

        return container_engine, environment, framework, generation, network, npu_exporter, package, program, tuning


KINDS = _Kinds(
    container_engine="container_engine",
    device_network="network",
    framework_check="framework",
    host_tuning="tuning",
    npu_exporter="npu_exporter",
    program="program",
    python_environment="environment",
    run_package="package",
    text_generation="generation",
)
# Of a step's result what is told of it.
_TOLD = (
    "action",
    "after",
    "before",
    "component",
    "reboot_required",
    "actions",
    "seconds",
    "took_over",
    "notes",
    "check",
)
# Of the result of the step that failed what is told of the whole job.
_FAILURE = ("cause", "fix", "log_tail", "log", "rc", "busy", "holder", "undone", "containers")


class Wrong(Exception):
    """An entry that cannot be understood. The text says why."""


def judged(entries, kinds=None):
    """The entries with their arguments in their types and with their defaults.

    Args:
        entries: C(step), C(module), C(args), C(words) each.
        kinds: KINDS, or another list of what there is.

    Returns:
        ([entry], {text that nothing may show}).

    Raises:
        Wrong: one of them cannot be understood. Nothing was begun.
    """
    kinds = KINDS if kinds is None else kinds
    found, secrets = [], set()
    for entry in entries:
        spec = kinds[entry["module"]].SPEC
        checked = ArgumentSpecValidator(spec).validate(entry["args"] or {})
        if checked.error_messages:
            said = "; ".join(checked.error_messages)
            raise Wrong("%s, %s: %s" % (entry["step"], entry["module"], said))
        args = checked.validated_parameters
        said = host_locale.complaint(host_locale.paths(spec, args))
        if said:
            raise Wrong("%s, %s" % (entry["step"], said))
        if entry["module"] == "python_environment":
            secrets.update(kinds[entry["module"]].secrets(args))
        found.append(dict(entry, args=args))
    return found, secrets


def _observation():
    # A job that ends without a look does not read it.
    from ansible_collections.ascend.fleet.plugins.module_utils.host import observation

    return observation


def judged_look(given):
    """The options of a look in their types and with their defaults; None where none is wanted.

    Raises:
        Wrong: they cannot be understood.
    """
    if given is None:
        return None
    spec = _observation().SPEC
    checked = ArgumentSpecValidator(spec).validate(given)
    args = checked.validated_parameters
    said = "; ".join(checked.error_messages) or host_locale.complaint(host_locale.paths(spec, args))
    if said:
        raise Wrong("look: %s" % said)
    return args


def carry_out(entries, told, take_up=percentage.take_up, kinds=None, look=None, proves=()):
    """Do one after the other, and end with the first that fails.

    Args:
        entries: of judged().
        told: answer.Told.
        take_up: called with the id of each step before it begins.
        kinds: KINDS, or another list of what there is.
        look: of judged_look(); what the host shows in the end is told where no step failed.
        proves: steps as of PROVEN that a first look has to prove. Nothing is begun where it does not.

    Returns:
        The documented values of the module stretch; with C(failed), C(msg) and C(failed_step) where one failed.
    """
    kinds = KINDS if kinds is None else kinds
    result = {"changed": False, "steps": [], "steps_done": [], "texts": {}, "ascend_change": ""}
    diffs, words = [], []
    if proves and look is not None and not told.check_mode:
        result.update(_first_look(look, proves))
    for number, entry in enumerate([] if result.get("failed") else entries):
        take_up(entry["step"])
        said = _said(kinds[entry["module"]], entry["args"], told)
        row = {name: said[name] for name in _TOLD if name in said}
        row.update(step=entry["step"], module=entry["module"], changed=bool(said.get("changed")))
        result["steps"].append(row)
        if said.get("diff") and row["changed"]:
            diffs.append(said["diff"])
        if row["changed"]:
            result["changed"] = True
            words.append(_words(entry, said))
        if said.get("inference"):
            result["texts"][entry["step"]] = said["inference"]
        if said.get("failed"):
            result.update({name: said[name] for name in _FAILURE if said.get(name) is not None})
            result.update(failed=True, msg=said.get("msg") or "no reason given", failed_step=entry["step"])
            if said.get("exception"):
                result["exception"] = said["exception"]
            break
        if entry["step"] not in [later["step"] for later in entries[number + 1 :]]:
            result["steps_done"].append(entry["step"])
    if look is not None and not told.check_mode and not result.get("failed"):
        take_up(VERIFY)
        result.update(_seen(look))
    result["ascend_change"] = ", ".join(words)
    if told.diff:
        result["diff"] = diffs
    return result


def _said(kind, args, told):
    try:
        return kind.run(args, told)
    except Exception as exc:  # whatever it is, what was done before it has to be told
        return _broken(exc)


def _seen(look):
    try:
        return {"observed": _observation().look(look)}
    except Exception as exc:  # as above
        return dict(_broken(exc), failed_step=VERIFY)


def _first_look(look, proves):
    """Nothing where the host shows what was done before; a failure with what it shows instead."""
    seen = _seen(look)
    lacking = [] if seen.get("failed") else proven.lacking(seen["observed"], proves)
    if lacking:
        seen.update(failed=True, msg=". ".join(said for _step, said in lacking), failed_step=lacking[0][0])
    return seen if seen.get("failed") else {}


def _broken(exc):
    """What is told of an exception that nobody foresaw, while it is handled."""
    return {"failed": True, "msg": "%s: %s" % (type(exc).__name__, exc), "exception": traceback.format_exc()}


def _words(entry, said):
    """A change in few words."""
    before, after = said.get("before"), said.get("after")
    if said.get("component"):
        move = "%s -> %s" % (before, after) if before and after and before != after else after or "removed"
        return "%s %s" % (said["component"], move)
    return entry.get("words") or entry["step"]
