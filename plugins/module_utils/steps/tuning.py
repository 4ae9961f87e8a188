# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the operating system, as the module host_tuning and a job of several steps make them."""

import os
import time

from ansible_collections.ascend.fleet.plugins.module_utils import boot, defaults, host_view, journal
from ansible_collections.ascend.fleet.plugins.module_utils.change import checks, files, tuning
from ansible_collections.ascend.fleet.plugins.module_utils.secure import held_lock, safe_folder

SPEC = {
    "settings": {"type": "dict", "default": {}},
    "state": {"type": "str", "choices": [tuning.PRESENT, tuning.PREVIOUS, tuning.ABSENT], "default": "present"},
    "state_dir": {"type": "path", "default": defaults.STATE_DIR},
    "controller": {"type": "str"},
}
_PATIENCE = 60  # seconds for a run that ends just now


def _work(params, work):
    lock = files.take_host_lock(
        params["state_dir"],
        {
            "pid": os.getpid(),
            "since": journal.timestamp(time.time()),
            "controller": params["controller"],
            "what": "the settings of the operating system",
        },
        _PATIENCE,
        lambda holder: True,
    )
    try:
        work.look()
        if not work.due():
            return False
        work.make()
        return True
    finally:
        files.release_host_lock(lock)


def run(params, told):
    """Make the settings, or foresee it.

    Args:
        params: the arguments, judged by SPEC.
        told: answer.Told.

    Returns:
        The documented values of host_tuning; with C(failed) and C(msg) where it failed.
    """
    view = host_view.HostView()
    work = tuning.TuningChange(
        params["state"],
        params["settings"],
        view,
        params["state_dir"],
        params["controller"],
        boot.identity(view.read),
        files.append_line,
    )
    result = {"changed": False, "differences": []}
    try:
        result["differences"] = work.look()
        if work.due():
            if told.diff:
                result["diff"] = work.diff()
            result["changed"] = True if told.check_mode else _work(params, work)
    except held_lock.LockHeld as exc:
        said = (
            "Another run changes this host (%s). Cause: two runs at once. Fix: wait until it has ended, then run again."
        )
        return dict(result, failed=True, msg=said % (exc.holder.get("what") or "unknown"))
    except (checks.Refused, safe_folder.UnsafeFolder) as exc:
        return dict(result, **dict(exc.facts, failed=True, msg=str(exc)))
    except OSError as exc:
        said = (
            "The settings of this host were not changed. Cause: %s. Fix: free space in /etc and in %s, and run as root"
            " (become: true)."
        )
        return dict(result, failed=True, msg=said % (exc, params["state_dir"]))
    return result
