# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of ours that use the NPUs, stopped while these have to be at rest, and started afterwards. Touches the host.

Only what our record names is stopped, and only what ran is started. Where a reboot is due it starts with that: it is
enabled, and before it would meet half of a driver.
"""

import os

from ansible_collections.ascend.fleet.plugins.module_utils import boot, host_view, journal, whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.change import checks
from ansible_collections.ascend.fleet.plugins.module_utils.exporter import observe, unit
from ansible_collections.ascend.fleet.plugins.module_utils.secure import bounded

_RUNNING = ("active", "activating")
_SECONDS = 120


def systemctl(argv):
    """(exit code, output) of a command that has two minutes. Raises OSError."""
    done = bounded.run(argv, _SECONDS, stderr="together")
    return (1 if done.rc is None else done.rc), done.stdout.decode("utf-8", "replace")


class Paused(object):
    """A context in which our services leave the NPUs alone.

    Args:
        component: what is changed; only those of checks.AT_REST need it.
        state_dir: of the collection.
        notes: list that gets a sentence for each that was stopped.
        removal: whether the component is removed; then nothing is started, as there is nothing to use.
        run, view: the outside world, replaceable in tests.
    """

    def __init__(self, component, state_dir, notes, removal=False, run=systemctl, view=None):
        self._needed, self._state_dir, self._notes = component in checks.AT_REST, state_dir, notes
        self._removal, self._run, self._view = removal, run, view or host_view.HostView()
        self._stopped = False

    def __enter__(self):
        if self._needed:
            seen = observe.observed(self._view, self._state_dir)
            if seen["ours"] and seen["state"] in _RUNNING:
                self._stopped = self._run(["systemctl", "stop", unit.NAME])[0] == 0
        return self

    def __exit__(self, *_exc):
        if not self._stopped:
            return
        if self._removal or self._reboot_waits():
            self._notes.append("%s was stopped, and starts with the next boot" % unit.NAME)
            return
        good = self._run(["systemctl", "start", unit.NAME])[0] == 0
        self._notes.append("%s was stopped, and %s" % (unit.NAME, "started again" if good else "could not be started"))

    def _reboot_waits(self):
        entries = journal.parse(whole_file.read(os.path.join(self._state_dir, journal.FILE_NAME)))
        return journal.reboot_pending(entries, boot.identity(self._view.read))
