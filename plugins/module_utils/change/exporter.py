# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One change of a host's NPU exporter: program, unit and log folder, started and scraped; or all of it gone.

Touches the host. What is there is looked at first, so that a second run does nothing; the journal knows of the change
before it begins.
"""

import json
import os
import time
import uuid
import zipfile

from ansible_collections.ascend.fleet.plugins.module_utils import journal, versions, whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.change import checks
from ansible_collections.ascend.fleet.plugins.module_utils.exporter import immutable, metrics, observe, unit
from ansible_collections.ascend.fleet.plugins.module_utils.secure import run_as, safe_folder

COMPONENT = "npu_exporter"
# Bytes; the vendor's program has about 16 MB.
_LARGEST = 512 * 1024 * 1024
_LINES = 5  # of its log, in a failure


class Failed(Exception):
    """A change that was begun and is not good. facts: C(cause), C(fix)."""

    def __init__(self, what, cause, fix):
        super(Failed, self).__init__("%s. Cause: %s. Fix: %s." % (what, cause, fix))
        self.facts = {"cause": cause, "fix": fix}


class ExporterChange(object):
    """The exporter of one host, brought to a version and an address, or removed.

    Args:
        args: the module's arguments.
        view: a HostView.
        boot_id: of the host.
        run: runs a list of words, and returns (exit code, output).
        scrape: metrics.scrape, or its like.
        root: before every path; for tests.
    """

    def __init__(self, args, view, boot_id, run, scrape=metrics.scrape, root=""):
        self.args, self.view, self.boot_id, self._run, self._scrape = args, view, boot_id, run, scrape
        self.root, self.state_dir = root, root + args["state_dir"]
        self.removal = args["state"] == "absent"
        self.text = unit.text(args["address"], args["port"])
        self._journal = os.path.join(self.state_dir, journal.FILE_NAME)
        self.result = {"changed": False, "action": None, "before": None, "after": None, "notes": [], "metrics": None}

    # -- looking ------------------------------------------------------------------------------------------------

    def look(self):
        """Read what is there. Returns the module's result as far as it is known."""
        self.seen = observe.observed(self.view, self.args["state_dir"])
        self.record = observe.parse_record(whole_file.read(self._record_path()))
        entries = journal.parse(whole_file.read(self._journal))
        self.open = journal.unfinished(entries, COMPONENT) is not None
        self.result["before"] = self.result["after"] = self.seen["installed"]
        return self.result

    def done(self):
        """Whether the host is as it should be."""
        seen = self.seen
        if self.removal:
            return not seen["path"] and not self.open
        if self.open or not versions.same(seen["installed"] or "0", self.args["version"]):
            return False
        if not seen["ours"]:
            return True  # one of somebody else's in the wanted version is used as it is
        there = self.view.read(unit.UNIT) == self.text and not seen["damaged"]
        return there and seen["enabled"] and seen["state"] not in ("inactive", "failed")

    def action(self):
        """The word for the change."""
        now = self.seen["installed"]
        if self.removal:
            return "uninstall"
        if self.open or self.seen["damaged"]:
            return "repair"
        if not now or not self.seen["ours"]:
            return "install"
        if versions.same(now, self.args["version"]):
            return "configure" if self.view.read(unit.UNIT) != self.text else "repair"
        return "upgrade" if versions.compare(now, self.args["version"]) < 0 else "downgrade"

    def diff(self):
        """The unit before and after."""
        before, after = self.view.read(unit.UNIT) or "", "" if self.removal else self.text
        return {"before_header": unit.UNIT, "after_header": unit.UNIT, "before": before, "after": after}

    def judge(self):
        """Refuse what must not be done, before anything is touched. Raises checks.Refused."""
        seen, version = self.seen, self.seen["installed"] or "of an unknown version"
        if seen["path"] and not seen["ours"] and not self.open and (self.removal or not self.args["take_over"]):
            raise checks.Refused(
                "The NPU exporter %s (%s) is not touched" % (version, seen["path"]),
                "it was not installed by ascend.fleet",
                "remove it by hand, keep it with ascend_npu_exporter_version, or set ascend_take_over: [npu_exporter]",
            )
        if self.removal:
            return
        wrong = unit.problem(self.args["address"], self.args["port"])
        if wrong:
            raise checks.Refused("The NPU exporter cannot be set up", *wrong.split(". Fix: "))
        if self._account() is None:
            raise checks.Refused(
                "The NPU exporter cannot be set up",
                "there is no user %s" % unit.USER,
                "make the user (role ascend.fleet.npu_exporter does)",
            )
        if self._needs_program() and not self.args["path"]:
            raise checks.Refused(
                "The NPU exporter cannot be installed",
                "path is not given",
                "stage its package and set path to where it is on the managed host",
            )

    def _needs_program(self):
        """Whether the program has to come from the package: it is not the one of our record in the wanted version."""
        same = self.seen["ours"] and self.record and not self.record["open"] and self.seen["damaged"] is None
        return not (same and versions.same(self.seen["installed"] or "0", self.args["version"]))

    # -- the change ---------------------------------------------------------------------------------------------

    def make(self):
        """Make the change; the caller holds the host's lock and has looked.

        Raises:
            checks.Refused: nothing was touched.
            Failed: it was begun; the next run takes it up.
        """
        self.judge()
        action = self.action()
        program = None
        if not self.removal and self._needs_program():
            sha256 = _promised(self.args["path"], self.args["checksum"])
            program = _member(self.args["path"])
        else:
            sha256 = None
        theirs = self.seen["path"] and not self.seen["ours"] and not self.open
        begun, now = time.monotonic(), time.time()
        started = journal.start(
            journal.new_id(now, uuid.uuid4().hex[:6]),
            now,
            self.boot_id,
            COMPONENT,
            action,
            self.seen["installed"],
            None if self.removal else self.args["version"],
            package=os.path.basename(self.args["path"] or "") or None,
            sha256=sha256,
            controller=self.args["controller"],
            install_path=unit.FOLDER,
            took_over=(self.seen["installed"] or "unknown") if theirs else None,
        )
        safe_folder.ensure(self.state_dir)
        self._append(started)
        try:
            if self.removal:
                self._remove()
            else:
                self._install(program)
        except (Failed, OSError) as exc:
            self._end(started, begun, 1, "failed", self.seen["installed"])
            if isinstance(exc, Failed):
                raise
            raise Failed("The NPU exporter was not set up", str(exc), "free space, run as root and run again")
        after = None if self.removal else self.args["version"]
        self._end(started, begun, 0, "ok", after)
        return dict(self.result, changed=True, action=action, after=after)

    def _append(self, entry):
        whole_file.append_line(self._journal, journal.line(entry))

    def _end(self, started, begun, rc, result, to):
        seconds = time.monotonic() - begun
        self._append(journal.end(started, time.time(), self.boot_id, rc, result, False, seconds, to))

    def _install(self, program):
        account = self._account()
        self._unlock()
        made = list(self.record["made"]) if self.record else []
        made += self._folders(account)
        sha256 = self.record["sha256"] if self.record else None
        self._write_record(sha256, made, True)
        if program is not None:
            self._call("systemctl", "stop", unit.NAME, failing=False)
            sha256 = self._put_program(program, account)
            said = observe.version(self.view)
            if said is None or not versions.same(said, self.args["version"]):
                raise Failed(
                    "The NPU exporter is not the one that was wanted",
                    "its program says %s, wanted is %s" % (said or "nothing", self.args["version"]),
                    "stage the package of the wanted release again",
                )
        if self.view.read(unit.UNIT) != self.text:
            whole_file.put(self.root + unit.UNIT, self.text, 0o644, durable=True)
            self._call("systemctl", "daemon-reload")
        self._call("systemctl", "enable", unit.NAME)
        self._call("systemctl", "restart", unit.NAME)
        self._prove()
        self._write_record(sha256, made, False)

    def _unlock(self):
        """Undo what the vendor's guide tells people to do to a hand-made installation."""
        for path in (unit.PROGRAM, unit.UNIT):
            if immutable.is_set(self.root + path):
                immutable.clear(self.root + path)
                self.result["notes"].append("%s was immutable (chattr +i) and is not any more" % path)

    def _account(self):
        return run_as.by_name(unit.USER)

    def _folders(self, account):
        """Make the folders of the log; those that were there keep theirs. Returns what was made."""
        made = []
        for path, mode, owner in ((unit.LOGS, 0o755, None), (unit.LOG_FOLDER, 0o750, account)):
            if not os.path.isdir(self.root + path):
                os.makedirs(self.root + path, mode)
                os.chmod(self.root + path, mode)
                made.append(path)
            if owner is not None:
                os.chown(self.root + path, owner.uid, owner.gid)
        return made

    def _put_program(self, program, account):
        """Put it in place whole, for its user only. Returns its SHA-256."""
        path, draft = self.root + unit.PROGRAM, self.root + unit.PROGRAM + ".new"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o500)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(program)
                os.fchmod(stream.fileno(), 0o500)
                os.fchown(stream.fileno(), account.uid, account.gid)
                stream.flush()
                os.fsync(stream.fileno())
            os.rename(draft, path)
        except OSError:
            os.unlink(draft)
            raise
        return whole_file.sha256(path)

    def _prove(self):
        address, port = unit.asked_at(self.args["address"]), self.args["port"]
        try:
            found = metrics.wait(lambda: self._scrape(address, port), self.args["timeout"])
        except metrics.MetricsError as exc:
            log = (whole_file.read(self.root + unit.LOG) or "").splitlines()[-_LINES:]
            said = "; its log ends with: %s" % " | ".join(log) if log else ""
            raise Failed(
                "The NPU exporter does not serve its metrics",
                "%s%s" % (exc, said),
                "look at systemctl status %s and at %s, see that npu-smi info works and the port is free, and run again"
                % (unit.NAME, unit.LOG),
            )
        if found["version"] and not versions.same(found["version"], self.args["version"]):
            raise Failed(
                "Another NPU exporter answers",
                "port %d serves version %s" % (port, found["version"]),
                "end it, or set ascend_npu_exporter_port to a free port",
            )
        self.result["metrics"] = found

    def _remove(self):
        made = self.record["made"] if self.record else []
        self._unlock()
        if self.view.read(unit.UNIT) is not None:
            self._call("systemctl", "disable", "--now", unit.NAME)
        for path in (unit.UNIT, unit.PROGRAM):
            if os.path.lexists(self.root + path):
                os.unlink(self.root + path)
        self._call("systemctl", "daemon-reload")
        self._call("systemctl", "reset-failed", unit.NAME, failing=False)
        if unit.LOG_FOLDER in made:
            _empty(self.root + unit.LOG_FOLDER)
        for path in (unit.LOG_FOLDER, unit.LOGS):
            if path in made and os.path.isdir(self.root + path) and not os.listdir(self.root + path):
                os.rmdir(self.root + path)
        if os.path.exists(self._record_path()):
            os.unlink(self._record_path())

    def _call(self, *argv, failing=True):
        rc, said = self._run(list(argv))
        if rc != 0 and failing:
            raise Failed(
                "The NPU exporter was not set up",
                "%s ended with %s: %s" % (" ".join(argv), rc, said.strip()[-300:]),
                "look at journalctl --unit %s and run again" % unit.NAME,
            )

    def _record_path(self):
        return os.path.join(self.state_dir, unit.RECORD)

    def _write_record(self, sha256, made, is_open):
        record = {
            "version": self.seen["installed"] if is_open else self.args["version"],
            "sha256": sha256,
            "unit": self.text,
            "made": sorted(set(made)),
            "open": is_open,
        }
        whole_file.put(self._record_path(), json.dumps(record, sort_keys=True) + "\n", 0o600, durable=True)


def _empty(folder):
    """Remove the exporter's own logs; what else lies there stays."""
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if name.startswith("npu-exporter") and os.path.isfile(path) and not os.path.islink(path):
            os.unlink(path)


def _promised(path, checksum):
    """Refuse a package that is missing or not the one that was promised. Returns its SHA-256."""
    try:
        found = whole_file.sha256(path)
    except OSError as exc:
        raise checks.Refused(
            "The package %s cannot be read" % path, exc.strerror, "stage it again (ascend.fleet.stage)"
        )
    promised = (checksum or "").lower().replace("sha256:", "").strip() or found
    if found != promised:
        raise checks.Refused(
            "The package %s is not what it should be" % path,
            "its sha256 is %s, expected %s: it is damaged or was changed" % (found, promised),
            "remove it and stage it again; nothing was unpacked",
        )
    return found


def _member(path):
    """The program in the vendor's zip. Raises checks.Refused where there is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            row = next((row for row in archive.infolist() if row.filename == unit.MEMBER), None)
            if row is not None and row.file_size <= _LARGEST:
                return archive.read(row)
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as exc:
        raise checks.Refused("The package %s cannot be unpacked" % path, str(exc), "download it again")
    raise checks.Refused(
        "The package %s holds no %s" % (path, unit.MEMBER),
        "it is another one",
        "take Ascend-mindxdl-npu-exporter_*.zip",
    )
