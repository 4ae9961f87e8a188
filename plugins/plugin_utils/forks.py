# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory of the process of a run and of those that Ansible forks from it, one for every task of every host.

Such a process is given all that the run has loaded, and ends with its task. Python's collector knows nothing of that:
it visits all of it again and again, looking for garbage that is never there (to put a module together makes more new
objects than a dozen of its rounds take), and writes to every page it visits, which is then copied.
"""

from __future__ import annotations

import gc
import multiprocessing

# New objects between two rounds of the collector in a forked process; Python's own figure is 700.
NEW_OBJECTS = 100_000


def share() -> None:
    """In the process of the run: what is loaded by now is never visited again, by those it forks either."""
    gc.freeze()


def begin() -> None:
    """In a forked process, before its work; where nothing was forked, or it has begun, nothing happens."""
    if multiprocessing.parent_process() is not None and gc.get_threshold()[0] != NEW_OBJECTS:
        gc.freeze()
        gc.set_threshold(NEW_OBJECTS)
