# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which boot of a machine or container this is. Pure: it is told how to read."""


def identity(read):
    """Identity of this boot, "<kernel boot id>:<start of pid 1 in clock ticks>".

    The second half differs for every boot of a container, where the first does not. What cannot be read is "unknown" in
    the first half and "None" in the second.

    Args:
        read: path below /proc -> its text; None or "" where there is none.
    """
    kernel = (read("/proc/sys/kernel/random/boot_id") or "").strip()
    # The name of the process is in brackets and may hold anything, so count from the last bracket (proc(5)).
    fields = (read("/proc/1/stat") or "").rpartition(")")[2].split()
    return "%s:%s" % (kernel or "unknown", fields[19] if len(fields) > 19 else None)
