# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a package change may touch what is there: only what is ours is replaced or removed (ownership.py).

Looks at the host through a view, and changes nothing.
"""

import os

from ansible_collections.ascend.fleet.plugins.module_utils import ownership, versions
from ansible_collections.ascend.fleet.plugins.module_utils.change.checks import Refused
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import installed
from ansible_collections.ascend.fleet.plugins.module_utils.vendor.files import BASES, HDK


class Whose(object):
    """What of somebody else's a change meets.

    Args:
        view: installed.py's view of the host.
        change: C(component), C(chip), C(install_path), C(removal), C(args), C(entries), C(state) and C(current), as
            package_change.PackageChange has them after its look.

    Attributes:
        took_over: the version of somebody else's that the change takes the place of; None when it does not.
        beside: whether releases of somebody else's stay beside the one that is installed.
        current_is_theirs: whether the release in use is one of those.
    """

    def __init__(self, view, change):
        self.view, self.change = view, change
        self.held = ownership.holdings(change.entries)
        self.took_over, self.beside, self.current_is_theirs = None, False, False
        if change.component in HDK:
            self._hdk()
        else:
            self._cann()

    def _hdk(self):
        state = self.change.state
        if not state["version"] and not state["damaged"]:
            return
        path = self.change.place()
        if ownership.find(self.held, self.change.component, path, state["version"], state["damaged"]) is None:
            self._theirs(state["version"], path, state.get("uninstall"))

    def _cann(self):
        change, wanted = self.change, self.change.args["version"]
        every = installed.cann(self.view, change.install_path)
        rows = [
            row
            for row in every
            if ownership.same_product(row["product"], change.component)
            and (change.chip is None or row["chip"] in (None, change.chip))
        ]
        # Where latest leads to nothing, or is no release, there is nothing of anybody's.
        rows = [
            row
            for row in rows
            if row["version"] or (os.path.basename(row["path"]) != "latest" and self.view.exists(row["path"]))
        ]
        theirs = [row for row in rows if ownership.find_cann(self.held, row) is None]
        for row in theirs:
            path, version = ownership.place(row)
            if versions.same(version, wanted) or (change.removal and not wanted):
                self._theirs(version, row["path"] or path, row.get("uninstall"))
        if change.removal:
            for row in rows:
                if row["product"] in BASES and (not wanted or versions.same(row["version"], wanted)):
                    self._lodges(row, ownership.tenants(self.held, every, row))
            return
        others = [row["version"] for row in theirs if row["version"] and not versions.same(row["version"], wanted)]
        self.current_is_theirs = any(versions.same(change.current["version"], version) for version in others)
        if change.args["take_over"]:
            if self.current_is_theirs:
                self.took_over = change.current["version"]
            return
        self.beside = bool(others)

    def _theirs(self, version, where, script):
        component, args = self.change.component, self.change.args
        if args["take_over"] and not self.change.removal:
            self.took_over = version or "an unknown version"
            return
        ways = ["uninstall it with %s" % (script or "its own uninstall script")]
        if not self.change.removal:
            ways.append(
                "let it be taken over with take_over: true (ascend_take_over: [%s] in the roles)"
                % ownership.component_of(component)
            )
        there = "%s %s in %s" % (component, version or "of an unknown version", where)
        raise Refused(
            "%s is not ours and is not touched" % there,
            "it was not installed by ascend.fleet: the journal in %s does not know it" % args["state_dir"],
            ", or ".join(ways),
        )

    def _lodges(self, row, tenants):
        if tenants:
            names = ", ".join("%s %s" % (other["product"], other["version"] or "") for other in tenants)
            raise Refused(
                "%s %s is not removed" % (row["product"], row["version"]),
                "somebody installed %s into %s, which would go with it" % (names.strip(), row["path"]),
                "uninstall that first, if nobody needs it",
            )
