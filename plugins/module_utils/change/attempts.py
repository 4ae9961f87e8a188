# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The installer's runs of one package change: from the journal's start line to its end line.

Touches the host; package_change.py decides whether it comes to that.
"""

import os
import shutil
import time
import uuid

from ansible_collections.ascend.fleet.plugins.module_utils import journal
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    checks as package_checks,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    files as package_io,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    percentage as async_progress,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    process as process_io,
)
from ansible_collections.ascend.fleet.plugins.module_utils.secure import safe_folder
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import (
    complaints as vendor_errors,
)
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import (
    installer as vendor_run,
)

_KEPT_RUNS = 20
# Complaints (vendor_errors) that removing what is there may cure.
_WORTH_A_CLEAN_START = ("retry-clean", "0x0002", "0x0004", "0x0080", "0x0090", "other-code")


class Failed(Exception):
    """A change that went wrong; ``facts`` are what the module returns beside msg."""

    def __init__(self, msg, facts):
        super(Failed, self).__init__(msg)
        self.facts = facts


class Attempts(object):
    """The installer's runs of one change, between its start line and its end line."""

    def __init__(self, change, sha256, environ):
        self.change, self.args, self.environ, self.sha256 = change, change.args, environ, sha256
        self.repair = change.result["action"] == "repair"
        now = time.time()
        self.started = journal.start(
            journal.new_id(now, uuid.uuid4().hex[:6]),
            now,
            change.boot_id,
            change.component,
            change.result["action"],
            change.before(),
            change.wanted,
            os.path.basename(self.args["path"] or "") or None,
            sha256,
            self.args["controller"],
            change.place(),
            change.whose.took_over,
        )
        self.folder = os.path.join(change.state_dir, "runs", self.started["id"])
        self.log = os.path.join(self.folder, process_io.LOG)
        self.begun = time.monotonic()
        self.without = []  # options that the package turned out not to know

    def make(self):
        """Run what is needed; returns the module's result or raises Failed."""
        change = self.change
        safe_folder.ensure(self.folder)
        self._forget_old_runs()
        if change.removal:
            change.victim = change.current["version"]
        situation = change.situation()
        argv = change.argv(situation, change.removal)
        if argv is None:
            raise package_checks.Refused(
                "%s cannot be removed" % change.component,
                "its uninstall script is not there and no package is given",
                "set path to the package of the installed version; its --uninstall is used then",
            )
        leaves = change.make_room()
        if argv[1] == self.args["path"] and (leaves or not self._looks_first()):
            package_checks.archive(
                self.args["path"],
                os.path.join(self.folder, "check"),
                self.environ,
                self.args["timeout"],
                change.prefix(),
            )
        package_io.append_line(change.journal_path, journal.line(self.started))
        leave = change.argv(situation, True) if leaves else None
        change.begin(self.sha256)
        if not change.removal:
            # makeself works with umask 077: an install path that a package makes itself may shut out its users.
            package_io.ensure_folder(change.install_path)
        if change.removal:
            verdict = self._step(argv, "uninstall", change.wanted)
        else:
            left = self._step(leave, "remove-first", None) if leave else None
            verdict = left if left and not left["ok"] else self._again(self._install(situation), situation)
        rc = change.result["rc"]
        change.close(self.started, rc, verdict, change.in_use()["version"], time.monotonic() - self.begun)
        change.look()  # the end line decides what still waits for a reboot
        return self._conclude(verdict)

    def _looks_first(self):
        """Whether the package may be started without being asked to check itself, for which it unpacks all of itself.

        It is known to be whole, and its installer looks at architecture and chip before it touches anything; where
        nothing of the component is there, nothing could be lost. Source: the scripts of driver packages (hicann/driver)
        and of CANN, as they were seen to refuse. Those of firmware packages are not public, and may look at more.
        """
        known = self.args["verified"] and self.change.component != "firmware"
        # Somebody else's version beside ours is something, too.
        return known and self.change.result["action"] == "install" and not self.change.current["version"]

    def _install(self, situation):
        """One way to the wanted version, without the dispensable options that the package says it does not know."""
        argv = self.change.argv(dict(situation, without=self.without), False)
        verdict = self._step(argv, "install", self.change.wanted)
        refused = [] if verdict["ok"] else vendor_run.refused_options(self.text, argv)
        if not refused or not vendor_run.dispensable(refused):
            return verdict
        self.without += refused
        self.change.result["notes"].append("the package does not know %s: left out" % " and ".join(refused))
        return self._step(self.change.argv(dict(situation, without=self.without), False), "install", self.change.wanted)

    def _again(self, verdict, situation):
        """Other ways to the same end, when the first one did not lead there."""
        change = self.change
        if not verdict["ok"] and "0x0080" in self.errors and "--upgrade" in change.result["argv"]:
            # The version file is there, but the vendor's own record is not.
            verdict = self._install(dict(situation, fresh=True))
        if (
            not verdict["ok"]
            and self.args["busy_policy"] == "ignore"
            and "occupied" in self.errors
            and change.component == "driver"
        ):
            verdict = self._install(dict(situation, force=True))
        # Removing what is there is only right when nothing of value is lost: it is broken, or is the wanted
        # version in doubt. A sound older driver stays when a newer one cannot be installed.
        suspect = self.repair and (change.in_use()["damaged"] or vendor_run.matches(change.wanted, change.in_use()))
        # Nor would it help against what the host lacks, a compiler or a user or space.
        helps = not self.errors or self.errors[0] in _WORTH_A_CLEAN_START
        if verdict["ok"] or not suspect or not helps:
            return verdict
        change.result["notes"].append("%s; removed and installed anew" % verdict["summary"])
        self._step(change.argv(change.situation(), True), "remove-first", None)
        return self._install(dict(situation, fresh=True))

    def _step(self, argv, step, wanted):
        """One run of a vendor program, judged by the files it leaves."""
        change = self.change
        safe_folder.ensure(self.folder)  # an earlier step may have lost it
        files = self._version_files()
        before, prints = change.in_use(), package_io.fingerprint(files)
        argv = change.prefix() + argv
        run = process_io.run(
            argv,
            self.folder,
            self.environ,
            self.args["timeout"],
            step,
            vendor_run.waits_for_answer,
            async_progress.Reporter(change.component).heard,
            vendor_run.asks_without_end,
            change.stdin(),
        )
        text = run["text"]
        change.look()
        rewritten = package_io.fingerprint(files) != prints or self._version_files() != files
        verdict = vendor_run.judge(
            change.component,
            dict(run, argv=argv),
            text,
            wanted,
            before,
            change.in_use(),
            rewritten,
            self.repair and step == "install",
        )
        self.errors = [row["name"] for row in vendor_errors.explain(text)]
        change.result.update(argv=argv, rc=run["rc"], log=self.log)
        change.result["notes"] += verdict["notes"]
        self.text = text
        return verdict

    def _version_files(self):
        state = self.change.in_use()
        files = [state.get("info_file"), "%s/version.info" % state["path"] if state.get("path") else None]
        return [path for path in files if path]

    def _conclude(self, verdict):
        change = self.change
        result = dict(
            change.result,
            after=change.in_use()["version"],
            seconds=round(time.monotonic() - self.begun, 1),
            reboot_required=change._reboot_waits(),
        )
        if verdict["ok"]:
            return dict(result, changed=True)
        goal = "was not removed" if change.removal else "%s was not installed" % change.wanted
        found = change.in_use()["damaged"] or change.in_use()["version"] or "not installed"
        msg = "%s %s: %s. Cause: %s. Fix: %s. The version files now say: %s." % (
            change.component,
            goal,
            verdict["summary"],
            verdict["cause"],
            verdict["fix"],
            found,
        )
        raise Failed(
            msg,
            dict(
                result,
                changed=not verdict["untouched"],
                cause=verdict["cause"],
                fix=verdict["fix"],
                log_tail=process_io.tail(self.text),
            ),
        )

    def _forget_old_runs(self):
        parent = os.path.dirname(self.folder)
        open_ids = [entry["id"] for entry in journal.without_end(self.change.entries)] + [self.started["id"]]
        names = sorted(name for name in os.listdir(parent) if name not in open_ids)
        for name in names[:-_KEPT_RUNS]:
            shutil.rmtree(os.path.join(parent, name), ignore_errors=True)
