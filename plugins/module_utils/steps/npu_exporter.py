# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's exporter, as the module npu_exporter and a job of several steps bring it about."""

import os
import time

from ansible_collections.ascend.fleet.plugins.module_utils import boot, defaults, host_view, journal
from ansible_collections.ascend.fleet.plugins.module_utils.change import checks, exporter, files, paused
from ansible_collections.ascend.fleet.plugins.module_utils.exporter import unit
from ansible_collections.ascend.fleet.plugins.module_utils.secure import held_lock, safe_folder

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "path": {"type": "path"},
    "checksum": {"type": "str"},
    "version": {"type": "str"},
    "address": {"type": "str", "default": unit.ADDRESS},
    "port": {"type": "int", "default": unit.PORT},
    "take_over": {"type": "bool", "default": False},
    "timeout": {"type": "int", "default": 60},
    "state_dir": {"type": "path", "default": defaults.STATE_DIR},
    "controller": {"type": "str"},
}


def _work(work, params):
    lock = files.take_host_lock(
        params["state_dir"],
        {
            "pid": os.getpid(),
            "since": journal.timestamp(time.time()),
            "controller": params["controller"],
            "what": "the NPU exporter",
        },
        params["timeout"],
        lambda holder: True,
    )
    try:
        result = work.look()
        return result if work.done() else work.make()
    finally:
        files.release_host_lock(lock)


def run(params, told):
    """Bring it to what is wanted, or foresee it.

    Args:
        params: the arguments, judged by SPEC.
        told: answer.Told.

    Returns:
        The documented values of npu_exporter; with C(failed) and C(msg) where it failed.
    """
    if params["state"] == "present" and not params["version"]:
        return {"failed": True, "msg": "state is present but all of the following are missing: version"}
    view = host_view.HostView()
    work = exporter.ExporterChange(params, view, boot.identity(view.read), paused.systemctl)
    try:
        result = work.look()
        if not work.done():
            diff = {"diff": work.diff()} if told.diff else {}
            if told.check_mode:
                work.judge()
                after = None if work.removal else params["version"]
                result.update(diff, changed=True, action=work.action(), after=after)
            else:
                result = dict(_work(work, params), **diff)
    except held_lock.LockHeld as exc:
        said = "Another run changes this host (%s). Cause: two runs at once. Fix: wait until it has ended, then rerun."
        return {"failed": True, "msg": said % (exc.holder.get("what") or "unknown")}
    except (exporter.Failed, checks.Refused, safe_folder.UnsafeFolder) as exc:
        return dict(exc.facts, failed=True, msg=str(exc))
    except OSError as exc:
        said = "The NPU exporter was not set up. Cause: %s. Fix: free space in %s and run as root (become: true)."
        return {"failed": True, "msg": said % (exc, params["state_dir"])}
    for note in result["notes"]:
        told.warn(note)
    return result
