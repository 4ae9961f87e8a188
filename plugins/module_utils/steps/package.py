# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installing, upgrading or removing one of the vendor's packages, as the module run_package and a job of several do."""

import os
import subprocess

from ansible_collections.ascend.fleet.plugins.module_utils import defaults, host_view
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    checks as package_checks,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    course as package_change,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    declared as declared_change,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    files as package_io,
)
from ansible_collections.ascend.fleet.plugins.module_utils.secure import places, safe_folder
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import files as vendor_files

SPEC = {
    "path": {"type": "path"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "component": {"type": "str", "choices": list(vendor_files.HDK + vendor_files.PRODUCTS)},
    "version": {"type": "str"},
    "chip": {"type": "str"},
    "checksum": {"type": "str"},
    "verified": {"type": "bool", "default": False},
    "install_path": {"type": "path", "default": defaults.INSTALL_PATH},
    "install_for_all": {"type": "bool", "default": False},
    "username": {"type": "str"},
    "usergroup": {"type": "str"},
    "timeout": {"type": "int", "default": 3600},
    "allow_downgrade": {"type": "bool", "default": False},
    "take_over": {"type": "bool", "default": False},
    "busy_policy": {"type": "str", "choices": ["refuse", "wait", "ignore"], "default": "refuse"},
    "busy_wait": {"type": "int", "default": 1800},
    "extra_args": {"type": "list", "elements": "str", "default": []},
    "declared": {"type": "dict", "options": declared_change.OPTIONS},
    "state_dir": {"type": "path", "default": defaults.STATE_DIR},
    "controller": {"type": "str"},
    "run_identity": {"type": "str"},
    "living_runs": {"type": "list", "elements": "str", "default": []},
}


def check_arguments(params):
    """What is wrong with the arguments taken together, as one sentence, or None."""
    if params["declared"]:
        return declared_change.problem(params)
    if not params["component"]:
        return "component is not given and cannot be told from path. Fix: set component, or path to a vendor package."
    if params["state"] == "present" and not params["version"]:
        return "version is not given and cannot be told from path. Fix: set version, or path to a vendor package."
    if params["verified"] and not params["checksum"]:
        return "verified needs checksum: nothing else says which file was. Fix: set checksum, or leave verified out."
    if params["usergroup"] and not params["username"]:
        return "usergroup needs username: the installer takes both or none. Fix: set username."
    if params["username"] == "root" and not params["install_for_all"]:
        return "username root needs install_for_all: the installer refuses it else. Fix: set install_for_all: true."
    for option in ("install_path", "state_dir"):
        problem = places.path_problem(params[option])
        if problem:
            return "%s is %r: %s. Fix: set %s, or ascend_%s in the roles." % (
                option,
                params[option],
                problem,
                option,
                option,
            )
    return None


def diff_of(params, result):
    """Before and after as two short texts, with the command in the heading."""
    texts = [
        "%s %s\n" % (result["component"], result[key]) if result[key] else "%s is not installed\n" % result["component"]
        for key in ("before", "after")
    ]
    command = " ".join(result["argv"] or []) or "no installer is started"
    return {"before": texts[0], "after": texts[1], "before_header": params["install_path"], "after_header": command}


def who(params, environ):
    """Where the change comes from: what the action says, else the peer of the SSH connection."""
    peer = (environ.get("SSH_CONNECTION") or environ.get("SSH_CLIENT") or "").split(" ")[0]
    return params["controller"] or peer or "this host"


def held_message(holder):
    """The sentence that says who changes the host."""
    return (
        "Another run is changing this host: %s (pid %s, since %s, from %s). Cause: two runs at once. Fix: wait until it"
        " has ended, then run again."
        % (
            holder.get("what") or "unknown",
            holder.get("pid") or "unknown",
            holder.get("since") or "unknown",
            holder.get("controller") or "unknown",
        )
    )


def run(params, told):
    """Make the change, or foresee it.

    Args:
        params: the arguments, judged by SPEC.
        told: answer.Told.

    Returns:
        The documented values of run_package; with C(failed) and C(msg) where it failed.
    """
    problem = check_arguments(params)
    if problem:
        return {"failed": True, "msg": problem}
    params = dict(params, controller=who(params, os.environ))
    kind = declared_change.DeclaredChange if params["declared"] else package_change.PackageChange
    change = kind(params, host_view.HostView(), told.warn)
    try:
        result = change.preview() if told.check_mode else change.apply()
    except package_io.LockHeld as exc:
        return dict(change.partial(), failed=True, msg=held_message(exc.holder), holder=exc.holder)
    except (package_checks.Refused, safe_folder.UnsafeFolder) as exc:
        return dict(change.partial(), **dict(exc.facts, failed=True, msg=str(exc)))
    except package_change.Failed as exc:
        return dict(exc.facts, failed=True, msg=str(exc))
    except (OSError, subprocess.SubprocessError) as exc:
        said = "%s cannot be changed: %s. Fix: check %s and run as root (become: true)."
        return dict(change.partial(), failed=True, msg=said % (change.component, exc, params["state_dir"]))
    for note in result["notes"]:
        told.warn(note)
    if told.diff and result["changed"]:
        result["diff"] = diff_of(params, result)
    return result
