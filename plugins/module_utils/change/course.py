# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The course of one package change: look, lock, settle what died before, check, run, look again, write down.

Kill points, and what the next run makes of each:
before the start line      nothing happened; an ordinary run.
start line, no process     the installer never began (same boot); an ordinary run.
module dead, installer on  the next run waits for it, reads the exit code it left, and judges it as its own.
installer dead             no exit code: repaired, whatever the version files say.
both dead, or power cut    repaired; an exit code from before a reboot proves nothing about what reached the disk.
after the installer        as "module dead": the exit code is there, the change is judged and closed.
after the end line         done.
"""

import os
import posixpath
import time

from ansible_collections.ascend.fleet.plugins.module_utils import journal, ownership, versions, whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    checks as package_checks,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    files as package_io,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    identity as run_identity,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    ownership as package_ownership,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    paused,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    percentage as async_progress,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    private_copy as package_copy,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    process as process_io,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change.attempts import Attempts, Failed
from ansible_collections.ascend.fleet.plugins.module_utils.secure import safe_folder
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import files as vendor_files
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import installed
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import installer as vendor_run

__all__ = ("Failed", "PackageChange")

_ABSENT = {"version": None, "damaged": None, "path": None, "uninstall": None}


class PackageChange(object):
    """One component of one host, brought to a version or removed.

    Args:
        args: the module's arguments.
        view: installed.py's view of the host.
        warn: called with one sentence at a time.
        users: who uses the NPUs, replaceable in tests.
    """

    def __init__(self, args, view, warn=lambda message: None, users=package_checks.find_users):
        self.args, self.view, self.warn, self.users = args, view, warn, users
        self.component, self.chip = args["component"], args["chip"]
        self.removal = args["state"] == "absent"
        self.wanted = None if self.removal else args["version"]
        self.install_path = args["install_path"].rstrip("/") or "/"
        self.state_dir = args["state_dir"]
        # Which of several CANN releases a removal without a version is at.
        self.victim = None
        self.journal_path = os.path.join(self.state_dir, journal.FILE_NAME)
        self.boot_id = process_io.boot_id()
        self.result = {
            "component": self.component,
            "changed": False,
            "action": None,
            "argv": None,
            "rc": None,
            "seconds": 0.0,
            "notes": [],
            "reboot_required": False,
            "log": None,
            "busy": [],
            "took_over": None,
        }
        # What of somebody else's the change meets; known once it is decided that there is something to do.
        self.whose = None

    # -- looking ------------------------------------------------------------------------------------------------

    def look(self):
        """Read the component's state: the release that counts here, and the one in use."""
        release = self.args["version"] or self.victim
        if self.component in vendor_files.HDK:
            release = None
        self._read_states(release)
        if self.removal and release and not versions.same(ownership.place(self.state)[1], release):
            # Another release of a CANN package stays, in whatever state; a broken one is known by its folder.
            self.state = dict(_ABSENT)
        self.entries = journal.parse(whole_file.read(self.journal_path))
        self.open_entry = journal.unfinished(self.entries, self.component)

    def _read_states(self, release):
        self.state = installed.component(self.view, self.component, self.install_path, self.chip, release)
        self.current = installed.component(self.view, self.component, self.install_path, self.chip)

    def done(self):
        """Whether the host already is as it should be, with nothing in doubt."""
        if self.open_entry:
            return False
        if self.removal:
            return self.state["version"] is None and not self.state["damaged"]
        state = self.in_use()
        return vendor_run.matches(self.wanted, state) and not state["damaged"]

    def in_use(self):
        """The state that counts: of CANN releases side by side the one latest leads to, of a removal the victim."""
        if self.removal or versions.same(self.state["version"], self.current["version"]):
            return self.state
        return self.current

    def action(self):
        """The word for the change: install, upgrade, downgrade, repair or uninstall."""
        if self.removal:
            return "uninstall"
        if self.open_entry or self.in_use()["damaged"] or vendor_run.matches(self.wanted, self.in_use()):
            return "repair"
        if not self.current["version"] or (self.whose and self.whose.beside and self.whose.current_is_theirs):
            return "install"
        return "upgrade" if versions.compare(self.wanted, self.current["version"]) > 0 else "downgrade"

    def situation(self, **more):
        """What vendor_run needs to know to build a command."""
        args = self.args
        record = self.state.get("install_info") or self._hdk_record()
        path = record.get("%s_Install_Path_Param" % self.component.capitalize())
        if self.component not in vendor_files.HDK and not self.removal:
            path = package_checks.cann_path(self.view, self.component, self.install_path, self._any_cann())
        return dict(
            {
                "component": self.component,
                "package": args["path"],
                "file_name": os.path.basename(args["path"] or ""),
                "chip": self.chip,
                "install_path": self.install_path,
                "install_for_all": args["install_for_all"],
                "username": args["username"],
                "usergroup": args["usergroup"],
                "extra_args": args["extra_args"],
                # What left no version is installed anew, with all its options: --upgrade would take them from a record
                # that may be as broken.
                "installed": bool(self.current["version"]),
                "recorded_path": path,
                "recorded_user": record.get("UserName"),
                "recorded_group": record.get("UserGroup"),
                "recorded_for_all": record.get("Driver_Install_For_All") == "yes",
                # Nor is a release of somebody else's upgraded: that would remove it.
                "downgrade": self.action() == "downgrade" or bool(self.whose and self.whose.beside),
                "uninstall": self.state.get("uninstall"),
            },
            **more,
        )

    def argv(self, situation, removal):
        """The vendor's command for a situation; None when there is no way to remove it."""
        return (vendor_run.uninstall_argv if removal else vendor_run.install_argv)(situation)

    def place(self):
        """The install path of what is there, else the one it is going to have."""
        state = self.in_use()
        if self.component not in vendor_files.HDK:
            return state.get("install_path") or self.install_path
        if state.get("path"):
            return posixpath.dirname(state["path"])
        return self._hdk_record().get("%s_Install_Path_Param" % self.component.capitalize()) or self.install_path

    def before(self):
        """The version that the change takes the place of, for the journal; a release that stays beside it is none."""
        if self.whose.beside and self.whose.current_is_theirs and not self.removal:
            return None
        return self.in_use()["version"] or (self.args["version"] if self.removal else None)

    def _hdk_record(self):
        if self.component not in vendor_files.HDK:
            return {}
        return installed.driver(self.view, self.install_path)["install_info"]

    def _any_cann(self):
        return any(row["version"] for row in installed.cann(self.view, self.install_path))

    def partial(self):
        """The result as far as it goes, for a change that was not begun."""
        version = self.current["version"] if hasattr(self, "current") else None
        return dict(self.result, before=self.result.get("before", version), after=version)

    # -- the course ---------------------------------------------------------------------------------------------

    def preview(self):
        """What would happen, without a lock and without touching anything."""
        self.look()
        self.result["before"] = self.in_use()["version"]
        self.result["after"] = self.result["before"]
        if self.done():
            self.result["reboot_required"] = self._reboot_waits()
            return self.result
        safe_folder.check(self.state_dir)
        self._judge_owner()
        if not self.removal:
            self._check_wish()
            if self.args["path"] and os.path.exists(self.args["path"]):
                package_checks.package_file(self.args["path"], self.args["checksum"])
        argv = self.argv(self.situation(), self.removal)
        return dict(self.result, changed=True, action=self.action(), argv=argv, after=self.wanted)

    def apply(self):
        """Make the change. Returns the module's result; raises package_checks.Refused, LockHeld or Failed."""
        self.look()
        if self.done():
            return self.preview()
        what = "%s %s" % (self.args["state"], " ".join(filter(None, (self.component, self.args["version"]))))
        lock = package_io.take_host_lock(
            self.state_dir,
            {
                "pid": os.getpid(),
                "since": journal.timestamp(time.time()),
                "controller": self.args["controller"],
                "run": self.args["run_identity"],
                "what": what,
            },
            self.args["timeout"],
            self._orphaned,
        )
        try:
            return self._locked()
        finally:
            package_copy.forget(self.args["path"], self.state_dir)
            package_io.release_host_lock(lock)

    def _orphaned(self, holder):
        """Whether the lock's holder works for a playbook that is gone: nobody else will wait for its result."""
        return run_identity.is_dead(holder.get("run"), self.args["run_identity"], self.args["living_runs"])

    def _locked(self):
        self.look()
        self.result["before"] = self.in_use()["version"]
        earlier = self.open_entry
        adopted = self._settle()
        if adopted:
            self.result["before"] = earlier.get("from")
        if self.done():
            return dict(
                self.result,
                changed=adopted,
                after=self.in_use()["version"],
                reboot_required=self._reboot_waits(),
                action="adopt" if adopted else None,
            )
        self._judge_owner()
        if not self.removal:
            self._check_wish()
        self.result["action"] = self.action()
        sha256, tmpdir = None, None
        if self.args["path"] and (not self.removal or os.path.isfile(self.args["path"])):
            self.args = package_checks.secured(self.args, self.state_dir)
            sha256 = package_checks.package_file(self.args["path"], self.args["checksum"])
            tmpdir = package_checks.space(self.component, self.args["path"], self.install_path, self.state_dir)
        environ = self.prepare(process_io.clean_environment(os.environ, tmpdir))
        if not self.removal:
            for message in package_checks.prerequisites(self.component, self.args["username"], environ["PATH"]):
                self.warn(message)
        with paused.Paused(self.component, self.state_dir, self.result["notes"], self.removal):
            return self._attempt(sha256, environ)

    def _attempt(self, sha256, environ):
        self.result["busy"] = package_checks.idle(
            self.component, self.args["busy_policy"], self.args["busy_wait"], self.users
        )
        result = Attempts(self, sha256, environ).make()
        while self.removal and not self.args["version"]:
            self.victim = None
            self.look()
            if self.done():
                break
            result = dict(Attempts(self, sha256, environ).make(), before=result["before"])
        return result

    def prepare(self, environ):
        """The environment of the vendor's programs, from a clean one; what they need is made ready."""
        return environ

    def prefix(self):
        """Words before every command of the vendor's."""
        return []

    def stdin(self):
        """What the vendor's programs are given to read; nothing, so that none waits for an answer."""
        return ""

    def make_room(self):
        """Whether what is installed has to be removed before the package may come."""
        return False

    def begin(self, sha256):
        """Called when the journal knows of the change, and before anything of the vendor's runs."""

    def _judge_owner(self):
        """Refuse to touch what is not ours, before anything else is looked at."""
        self.whose = package_ownership.Whose(self.view, self)
        self.result["took_over"] = self.whose.took_over
        if self.whose.took_over:
            self.result["notes"].append(
                "%s %s of somebody else's is taken over" % (self.component, self.whose.took_over)
            )

    def _check_wish(self):
        undoing = bool(self.open_entry) and versions.same(self.open_entry.get("from"), self.wanted)
        package_checks.downgrade(self.component, self.wanted, self.current, self.args["allow_downgrade"], undoing)
        package_checks.base_package(self.view, self.component, self.wanted, self.install_path)

    def _reboot_waits(self):
        return journal.reboot_pending(self.entries, self.boot_id, self.component)

    # -- what died before ---------------------------------------------------------------------------------------

    def _settle(self):
        """Close the journal's open entry of this component. Returns True when its installer had come to a good end."""
        self._wait_for_orphans()
        entry = self.open_entry
        if not entry or any(row["event"] == "end" and row["id"] == entry["id"] for row in self.entries):
            return False
        folder = self._run_folder(entry)
        record = process_io.read_record(folder)
        same_boot = entry.get("boot_id") == self.boot_id
        # The folder is made before the start line, the record by the installer's own process before it begins.
        verdict = {
            "ok": False,
            "untouched": same_boot and os.path.isdir(folder) and record is None,
            "reboot_required": False,
        }
        after = self.state
        if same_boot and record and process_io.ended(folder) and record.get("step") in ("install", "uninstall"):
            wanted = entry.get("to") if record["step"] == "install" else None
            after = self._state_of(wanted or entry.get("from"))
            text = process_io.read_output(os.path.join(folder, process_io.LOG), record.get("offset", 0))
            run = {"rc": process_io.read_rc(folder), "timed_out": False, "flooded": False, "seconds": 0}
            verdict = vendor_run.judge(
                self.component,
                run,
                text,
                wanted,
                {"version": entry.get("from")},
                after,
                rewritten=False,
                repair=entry.get("action") == "repair",
            )
        self.close(entry, process_io.read_rc(folder), verdict, after["version"], 0)
        self.look()
        if verdict["ok"]:
            self.result["notes"].append("the installer that an earlier run started had come to its end")
        return verdict["ok"]

    def _wait_for_orphans(self):
        """Let an installer end whose module died, whatever its component: two at once would break each other."""
        for entry in journal.without_end(self.entries):
            folder = self._run_folder(entry)
            record = process_io.read_record(folder)
            if process_io.ended(folder) or not process_io.still_running(record):
                continue
            self.result["notes"].append(
                "waited for the installer of an earlier run (%s, pid %s)" % (entry.get("component"), record["pid"])
            )
            heard = async_progress.Reporter(entry.get("component")).heard
            process_io.wait_for(record, self.args["timeout"], folder, heard)
            self.look()

    def _run_folder(self, entry):
        return os.path.join(self.state_dir, "runs", os.path.basename(entry["id"]))

    def _state_of(self, version):
        release = version if self.component not in vendor_files.HDK else None
        return installed.component(self.view, self.component, self.install_path, self.chip, release)

    def close(self, started, rc, verdict, version, seconds):
        """Write the end line; a good end only once everything is on the disk."""
        kind = "ok" if verdict["ok"] else "refused" if verdict["untouched"] else "failed"
        if not self.removal and self.in_use().get("path"):
            started = dict(started, install_path=self.place())
        if kind == "ok":
            package_io.sync_installation(self.install_path)
        safe_folder.ensure(self.state_dir)  # somebody may have removed it meanwhile
        package_io.append_line(
            self.journal_path,
            journal.line(
                journal.end(started, time.time(), self.boot_id, rc, kind, verdict["reboot_required"], seconds, version)
            ),
        )
