# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the steps share that change something else of a host than a package: its lock, and failures in words."""

import contextlib
import os
import time

from ansible_collections.ascend.fleet.plugins.module_utils import journal
from ansible_collections.ascend.fleet.plugins.module_utils.change import checks, files
from ansible_collections.ascend.fleet.plugins.module_utils.secure import held_lock, safe_folder


@contextlib.contextmanager
def alone(params, what, patience):
    """Hold the host's lock.

    Args:
        params: state_dir, and controller, who asks for it.
        what: what is changed, for those who find the lock taken.
        patience: seconds to wait for another run.

    Raises:
        LockHeld: another run changes the host.
        UnsafeFolder, OSError: the lock cannot be made.
    """
    holder = {"pid": os.getpid(), "since": journal.timestamp(time.time()), "what": what}
    holder["controller"] = params["controller"]
    lock = files.take_host_lock(params["state_dir"], holder, patience, lambda other: True)
    try:
        yield
    finally:
        files.release_host_lock(lock)


@contextlib.contextmanager
def in_words(result, undone, places, known=()):
    """What is in the way of a step ends it, and is a failure in the words of its result.

    Args:
        result: of the step; C(failed), C(msg) and what else is known of the failure are added to it.
        undone: what was not done, as a sentence without its full stop.
        places: the folders that it needs space in.
        known: classes of exceptions with C(facts) that the step itself raises.
    """
    known = (checks.Refused, safe_folder.UnsafeFolder) + tuple(known)
    try:
        yield
    except held_lock.LockHeld as exc:
        said = (
            "Another run changes this host (%s). Cause: two runs at once. Fix: wait until it has ended, then run again."
        )
        result.update(failed=True, msg=said % (exc.holder.get("what") or "unknown"))
    except known as exc:
        result.update(dict(exc.facts, failed=True, msg=str(exc)))
    except OSError as exc:
        said = "%s. Cause: %s. Fix: free space in %s, and run as root (become: true)."
        result.update(failed=True, msg=said % (undone, exc, " and in ".join(places)))
