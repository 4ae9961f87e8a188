# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell a run that is alive from one whose control node died, by the identity each leaves in the host's lock.

A module may outlive its playbook: Ctrl-C, a lost connection or a crash of the control node ends the playbook, not the
installer. The next run from the same control node should then wait for it; two living runs must not wait for each
other. Only the control node knows which of its processes are alive, so it says so with every call.
"""

import os
import platform

from ansible_collections.ascend.fleet.plugins.module_utils import boot, whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.change import process as process_io

_SEPARATOR = "|"


def _machine(read):
    return (read("/etc/machine-id") or "").strip() or platform.node() or "unknown"


def _boot(read):
    """(kernel's boot, start of pid 1): the second tells the containers of one machine apart."""
    kernel, _colon, first = boot.identity(read).rpartition(":")
    return kernel, first


def make(pid, read=whole_file.read):
    """The identity of a control process: machine|boot|pid 1|pid|start time."""
    return _SEPARATOR.join((_machine(read),) + _boot(read) + (str(pid), str(process_io.start_time(pid))))


def living(proc_root="/proc"):
    """["pid|start time"] of the processes here that could be a control process."""
    result = []
    for name in os.listdir(proc_root):
        command = whole_file.read("%s/%s/cmdline" % (proc_root, name)) if name.isdigit() else ""
        if "ansible" in command or "python" in command:
            result.append("%s%s%s" % (name, _SEPARATOR, process_io.start_time(int(name), proc_root)))
    return result


def is_dead(holder, own, alive):
    """Whether the control process that holds a lock certainly is gone. In doubt it is not.

    Args:
        holder, own: identities by make().
        alive: living() on the control node of ``own``.
    """
    theirs, ours = (holder or "").split(_SEPARATOR), (own or "").split(_SEPARATOR)
    if len(theirs) != 5 or len(ours) != 5 or theirs[0] != ours[0]:
        return False
    if theirs[1] != ours[1]:
        return True  # the control node was started anew since
    return theirs[2] == ours[2] and _SEPARATOR.join(theirs[3:]) not in alive
