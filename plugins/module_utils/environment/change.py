# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings one environment to the wanted state: what root decides and does around it, and what its owner does inside.

Touches the host. Root looks without following or starting anything, refuses what is not ours, makes the folder, and
hands the rest to a process that has become the owner.
"""

import contextlib
import os

from ansible_collections.ascend.fleet.plugins.module_utils.environment import (
    commands,
    history,
    ownership,
    place,
    sources,
)
from ansible_collections.ascend.fleet.plugins.module_utils.environment import real as host
from ansible_collections.ascend.fleet.plugins.module_utils.environment.providers import ProviderError


def carry_out(wanted, check_mode=False, warn=lambda text: None):
    """Bring an environment to the wanted state.

    Args:
        wanted: the options of the module python_environment.
        check_mode: only say what would be done.
        warn: called with each warning.

    Returns:
        {"error": text or None, "result": {...}, "diff": {...}}: the module's documented values.

    Raises:
        ProviderError, ValueError, OSError: nothing was done; the text says why.
    """
    path = ownership.check_path(wanted["path"])
    wanted = dict(wanted, path=path)
    host.check_wishes(wanted)
    os.umask(0o022)  # a hardened host's umask would make the environment unreadable for its users
    with contextlib.ExitStack() as stack:
        if check_mode:
            # In check mode nobody is in the way, and not even a lock file may be left behind.
            place.check_parents(path)
        elif wanted["state"] == "absent" and not os.path.isdir(os.path.dirname(path)):
            place.check_parents(path)
        else:
            place.make_parents(path)
            stack.enter_context(commands.only_one(path, wanted["timeout"]))
        if check_mode:
            return _change(wanted, True, warn)
        return _kept(wanted, warn)


def _change(wanted, check_mode, warn):
    found = ownership.look(wanted["path"])
    return (_remove if wanted["state"] == "absent" else _bring_about)(wanted, found, check_mode, warn)


def _kept(wanted, warn):
    """The change, in the journal before it begins and after it ended; nothing where nothing is to be done."""
    said = []
    record, foreseen = history.Journal(wanted), _change(wanted, True, said.append)
    if foreseen["error"] or not (foreseen["result"]["actions"] or record.interrupted()):
        for text in said:
            warn(text)
        return foreseen
    before = foreseen["before"]
    action = "configure" if before["python"] else "install"
    record.begin("uninstall" if wanted["state"] == "absent" else action, before, wanted["python_version"])
    well, python, packages = False, before["python"], before["packages"]
    try:
        answer = _change(_with_cache(wanted), False, warn)
        well, python, packages = not answer["error"], answer["result"]["python"], answer["result"]["packages"]
        return answer
    finally:
        record.end(well, python, packages)


def _with_cache(wanted):
    """The wishes; where there is no index, exact requirements are found in the host's cache of artifacts as well."""
    if wanted.get("index_url") or not wanted.get("state_dir") or wanted["state"] == "absent":
        return wanted
    folders = history.cached(wanted["state_dir"], wanted["packages"])
    return dict(wanted, find_links=wanted["find_links"] + folders)


def _remove(wanted, found, check_mode, warn):
    path = wanted["path"]
    if found.kind in (ownership.ABSENT, ownership.EMPTY):
        return _answer(path, [])
    if found.kind == ownership.THEIRS:
        raise ProviderError(ownership.refusal(path, found, found.owner))
    answer = _work(place.user(found.owner), wanted, check_mode, warn)
    if not answer["error"] and not check_mode and not found.adopted:
        place.remove_empty(path)
    return answer


def _bring_about(wanted, found, check_mode, warn):
    path, owner, first = wanted["path"], place.user(wanted["owner"]), []
    if found.kind == ownership.THEIRS and not (wanted["take_over"] and found.uid == owner.uid):
        raise ProviderError(ownership.refusal(path, found, owner.name))
    if found.kind == ownership.EMPTY and found.uid not in (os.geteuid(), owner.uid):
        place.make(path, owner)  # says what is wrong
    if found.kind == ownership.OURS and found.uid != owner.uid:
        if found.adopted:
            raise ProviderError(
                "%s belongs to %s and was taken over; it does not get another owner. Set the owner "
                "(mindspore_env_owner and the like) to %s." % (path, found.owner, found.owner)
            )
        first = ["remove %s of %s, to make it anew for %s" % (path, found.owner, owner.name)]
        if not check_mode:
            place.run_as(place.user(found.owner), lambda: place.clear(path))
            place.remove_empty(path)
        found = ownership.Place(ownership.ABSENT)
    if not check_mode and found.kind in (ownership.ABSENT, ownership.EMPTY):
        place.make(path, owner)
    elif first:
        wanted = dict(wanted, anew=True)
    answer = _work(owner, wanted, check_mode, warn)
    answer["result"]["actions"] = first + answer["result"]["actions"]
    answer["result"]["changed"] = bool(answer["result"]["actions"])
    return answer


def _work(owner, wanted, check_mode, warn):
    """What the owner's process answers; its words are data of the owner's, so only their documented shape is kept."""
    answer = place.run_as(owner, lambda: _inside(wanted, check_mode))
    if not isinstance(answer, dict) or not isinstance(answer.get("result"), dict):
        raise ProviderError("The process that worked as %s gave no usable answer." % owner.name)
    for text in _texts(answer.get("warnings")):
        warn(text)
    result, packages = answer["result"], answer["result"].get("packages")
    kept = _answer(wanted["path"], _texts(result.get("actions")))
    kept["error"] = str(answer["error"]) if answer.get("error") else None
    kept["result"]["python"] = result["python"] if isinstance(result.get("python"), str) else None
    kept["result"]["packages"] = _versions(packages)
    before = answer.get("before") if isinstance(answer.get("before"), dict) else {}
    python = before.get("python")
    kept["before"] = {
        "python": python if isinstance(python, str) else None,
        "packages": _versions(before.get("packages")),
    }
    if isinstance(answer.get("diff"), dict):
        kept["diff"] = {str(name): str(text) for name, text in answer["diff"].items()}
    return kept


def _inside(wanted, check_mode):
    """Runs as the owner."""
    warnings, error = [], None
    os.umask(0o022)
    environment = host.Environment(wanted, check_mode, warn=warnings.append)
    try:
        if wanted["state"] == "absent":
            environment.remove()
        else:
            environment.bring_about()
    except (ProviderError, ValueError) as exc:
        error = str(exc)
    except OSError as exc:
        error = place.os_error(exc)
    return {
        "error": sources.hide(error, environment.secrets) if error else None,
        "result": environment.result(),
        "diff": environment.diff(),
        "before": {"python": environment.version_before, "packages": environment.before},
        "warnings": [sources.hide(text, environment.secrets) for text in warnings],
    }


def _versions(value):
    return {str(name): str(value[name]) for name in value} if isinstance(value, dict) else {}


def _texts(value):
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _answer(path, actions):
    result = {"changed": bool(actions), "path": path, "python": None, "actions": actions, "packages": {}}
    diff = {"before_header": path, "after_header": path, "before": "", "after": "", "prepared": ""}
    return {"error": None, "result": result, "diff": diff, "before": {"python": None, "packages": {}}}
