# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The course of the change of a declared package: as of the vendor's others, by what its declaration says.

Touches the host. Whose it is says its record below the state folder, which is written before the installer begins.
"""

import json
import os
import pwd

from ansible_collections.ascend.fleet.plugins.module_utils import kept_file, whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.change import checks, course
from ansible_collections.ascend.fleet.plugins.module_utils.change import files as package_io
from ansible_collections.ascend.fleet.plugins.module_utils.secure import bounded, places, run_as, safe_folder
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import declared, installed

_VARIABLE = "ascend_extra_packages"
# Reads the environment of CANN before it becomes the installer; the script is not ours and minds unset variables.
_WITH_CANN = 'script=$1; shift; . "$script" >/dev/null 2>&1; exec "$@"'
_KEPT = ("options", "upgrade_options", "remove", "user", "proof", "pattern")


OPTIONS = {
    "name": {"type": "str", "required": True},
    "install_path": {"type": "path"},
    "options": {"type": "list", "elements": "str"},
    "upgrade_options": {"type": "list", "elements": "str", "default": []},
    "remove": {"type": "list", "elements": "str", "default": []},
    "user": {"type": "str"},
    "proof": {"type": "str"},
    "pattern": {"type": "str"},
    "stands_on": {"type": "dict"},
    "of_component": {"type": "bool", "default": False},
    "place_options": {"type": "list", "elements": "str", "default": []},
    "accept_licence": {"type": "bool"},
    "keeps": {"type": "list", "elements": "path", "default": []},
}


def problem(params):
    """What is wrong with run_package's arguments for a declared package, as one sentence, or None."""
    wish = params["declared"]
    wrong = places.name_problem(wish["name"])
    if wrong:
        return "declared.name is %r: %s. Fix: set name in the entry." % (wish["name"], wrong)
    for path in wish["keeps"]:
        wrong = places.path_problem(path)
        if wrong:
            return "declared.keeps names %r: %s. Fix: name an absolute path." % (path, wrong)
    if params["component"]:
        return "component and declared exclude each other. Fix: leave component out."
    if params["state"] == "present":
        lacking = [key for key in ("options", "proof") if not wish[key]] + ([] if params["version"] else ["version"])
        if lacking:
            return "%s lacks %s. Fix: set it in the entry." % (wish["name"], " and ".join(lacking))
    for path in (wish["install_path"] or params["install_path"], params["state_dir"]):
        wrong = places.path_problem(path)
        if wrong:
            return "The folder %r cannot be used: %s. Fix: set install_path in the entry." % (path, wrong)
    return None


class Ours(object):
    """Whose a declared package is: nothing of somebody else's is ever taken over or installed beside."""

    took_over, beside, current_is_theirs = None, False, False


class DeclaredChange(course.PackageChange):
    """One declared package of one host, brought to a version or removed. Args: as for course.PackageChange."""

    def __init__(self, args, view, warn=lambda message: None, users=checks.find_users):
        self.asked = dict(args["declared"])
        name, of_ours = self.asked["name"], bool(self.asked.get("of_component"))
        called = name if of_ours else declared.journal_name(name)
        super(DeclaredChange, self).__init__(dict(args, component=called), view, warn, users)
        self.record_path = declared.record_path(self.state_dir, name, of_ours)
        # Whom the words of a refusal send the user to.
        self.chosen_by = "ascend_install_path" if of_ours else "the entry of %s" % _VARIABLE
        self.kept = []
        self.stands_on = {str(key): str(value) for key, value in (self.asked.get("stands_on") or {}).items()}
        self.account = None
        self._read_record()

    # -- looking ------------------------------------------------------------------------------------------------

    def _read_record(self):
        """What we installed, from below the folder that only root can write; a removal goes by that alone."""
        self.record = declared.parse_record(whole_file.read(self.record_path))
        self.declared = dict(self.asked, install_path=self.asked["install_path"] or self.args["install_path"])
        if self.removal and self.record:
            self.declared.update({key: self.record[key] for key in _KEPT + ("install_path",)})
        self.install_path = self.declared["install_path"].rstrip("/")

    def _state_of(self, _version):
        if self.declared.get("proof"):
            return declared.state(self.view, self.declared)
        return {"version": None, "damaged": None, "path": None, "uninstall": None}

    def _read_states(self, _release):
        self._read_record()
        self.state = self.current = self._state_of(None)

    def done(self):
        if self.removal:
            return not self.record
        if not super(DeclaredChange, self).done():
            return False
        # One of somebody else's in the wanted version is used as it is.
        there = self.record["stands_on"] if self.record else {}
        return not self.record or (not self.record["open"] and dict(there, **self.stands_on) == there)

    def place(self):
        return self.install_path

    def situation(self, **more):
        upgrade = bool(self.current["version"] and self.declared["upgrade_options"] and self.record)
        return dict({"package": self.args["path"], "upgrade": upgrade}, **more)

    def argv(self, situation, removal):
        if not removal:
            over = situation["upgrade"] and not situation.get("fresh")
            return declared.install_argv(self.declared, situation["package"], over)
        earlier = self.record or {}
        kept = "%s/cache/%s/%s" % (self.state_dir, earlier.get("sha256"), earlier.get("package"))
        package = kept if os.path.isfile(kept) else self.args["path"]
        standing = self._standing()
        argv = declared.uninstall_argv(standing, package)
        if package and argv[1] != package and not os.path.exists(argv[1]):
            # Its script is not there: what broke on its way may have left none.
            argv = declared.uninstall_argv(dict(standing, remove=[]), package)
        return argv

    def _standing(self):
        """The declaration by which the installed one came: it knows how that is removed."""
        return self.record or self.declared

    # -- before it begins ---------------------------------------------------------------------------------------

    def _judge_owner(self):
        self.whose = Ours()
        there = self.state["version"] or self.state["damaged"]
        name, where = self.declared["name"], self.install_path
        if there and not self.record:
            raise checks.Refused(
                "%s %s in %s is not ours and is not touched" % (name, self.state["version"] or "", where),
                "it was not installed by ascend.fleet: there is no %s" % self.record_path,
                "uninstall it"
                if self.asked.get("of_component")
                else "uninstall it, or give the entry of %s another install_path, or take the entry out" % _VARIABLE,
            )
        if self.record and not self.removal:
            moved = [key for key in ("install_path", "user") if (self.record[key] or None) != self._wanted(key)]
            if moved:
                raise checks.Refused(
                    "%s is not moved" % name,
                    "it was installed with %s" % " and ".join("%s %s" % (key, self.record[key]) for key in moved),
                    "give %s that again, or uninstall it first" % self.chosen_by,
                )
        self.account = self._account()
        script = (self._standing()["remove"] or ["--"])[0]
        if self.removal and not self.account and not script.startswith("-"):
            path = os.path.join(self.install_path, script)
            if os.path.exists(path) and not safe_folder.file_is_ours(path):
                raise checks.Refused(
                    "%s is not removed" % name,
                    "%s could have been written by others than root, who would run it" % path,
                    "look at it, and make it and the folders above root's",
                )

    def _wanted(self, key):
        return self.install_path if key == "install_path" else self.declared.get(key) or None

    def _account(self):
        user = self.declared.get("user")
        if not user or user == "root":
            safe_folder.check(self.install_path, "ascend_install_path" if self.asked.get("of_component") else _VARIABLE)
            return None
        account = run_as.by_name(user)
        if account is None:
            raise checks.Refused(
                "%s cannot be installed by %s" % (self.declared["name"], user),
                "this host has no such user",
                "make the user, or set user in the entry of %s" % _VARIABLE,
            )
        return account if account.uid != os.geteuid() else None

    def _check_wish(self):
        undoing = bool(self.open_entry)
        checks.downgrade(self.declared["name"], self.wanted, self.current, self.args["allow_downgrade"], undoing)

    def prepare(self, environ):
        """The environment of the installer; its folder is made as its user, who must be able to read the package."""
        if self.account:
            entry = pwd.getpwuid(self.account.uid)
            kept = {key: environ[key] for key in ("PATH", "LC_ALL", "TERM") if key in environ}
            folder = package_io.unpack_folder(0, ("/var/tmp", "/tmp"))[0] or "/tmp"
            environ = dict(kept, HOME=entry.pw_dir, USER=entry.pw_name, LOGNAME=entry.pw_name, TMPDIR=folder)
        if self.account and not self.removal:
            made = bounded.run(["mkdir", "-p", "--", self.install_path], 60, account=self.account)
            blocked = self.account.refused([(self.args["path"], os.R_OK), (self.install_path, os.W_OK)])
            if made.rc != 0 or blocked:
                raise checks.Refused(
                    "%s cannot be installed by %s" % (self.declared["name"], self.account.name),
                    "%s may not use %s" % (self.account.name, self.install_path if made.rc != 0 else blocked),
                    "make the folder %s's, or set install_path in the entry of %s" % (self.account.name, _VARIABLE),
                )
        return environ

    def prefix(self):
        """What is put before each command: the user it runs as, and the environment of the CANN that it stands on."""
        words = ["runuser", "-u", self.account.name, "--"] if self.account else []
        script = self._cann_script() if "cann" in self.stands_on else None
        return words + (["bash", "-c", _WITH_CANN, "bash", script] if script else [])

    def _cann_script(self):
        rows = [row for row in installed.cann(self.view, self.args["install_path"]) if row["latest"] and row["set_env"]]
        # A script of an ordinary user's is for that user only.
        rows = [row for row in rows if self.account or safe_folder.file_is_ours(row["set_env"])]
        return rows[0]["set_env"] if rows else None

    # -- the course ---------------------------------------------------------------------------------------------

    def make_room(self):
        """Whether what is installed has to go before the new one comes: it has, unless its installer can go over it."""
        return bool(self.record and self.state["version"] and not self.declared["upgrade_options"])

    def stdin(self):
        """What the installer reads as the answer to its licence; nothing where no declaration speaks of one.

        Without an end of its input one that asks would go on asking, and one that is told no ends well: the files tell.
        """
        accepted = self.asked.get("accept_licence")
        return "" if accepted is None else "Y\n" if accepted else "N\n"

    def begin(self, sha256):
        """Write the record before the installer begins: from now on what lies there is ours."""
        # Of a change that was cut off the earlier copies count: it may have been in the middle of a file.
        kept = (self.record or {}).get("kept") if self.record and self.record["open"] else []
        self.kept = kept or [kept_file.keep(path) for path in self.asked.get("keeps") or ()]
        if self.removal:
            if self.record and self.kept:
                record = dict(self.record, kept=self.kept, open=True)
                whole_file.put(self.record_path, json.dumps(record, sort_keys=True), 0o600, durable=True)
            return
        before = self.record if self.record and not self.record["open"] else (self.record or {}).get("before")
        self._write(sha256, None, True, before)

    def _write(self, sha256, version, is_open, before):
        safe_folder.ensure(os.path.dirname(self.record_path))
        record = {key: self.declared.get(key) for key in _KEPT}
        record.update(
            name=self.declared["name"],
            version=version,
            install_path=self.install_path,
            package=os.path.basename(self.args["path"] or "") or None,
            sha256=sha256,
            stands_on=self.stands_on,
            open=is_open,
            kept=self.kept if is_open else [],
            before=dict(before, before=None) if before else None,
        )
        whole_file.put(self.record_path, json.dumps(record, sort_keys=True), 0o600, durable=True)
        self.record = declared.parse_record(json.dumps(record))

    def close(self, started, rc, verdict, version, seconds):
        for kept in self.kept or (self.record or {}).get("kept") or ():
            kept_file.put_back(kept)
        nothing = not (self.state["version"] or self.state["damaged"])
        if not verdict["ok"] and self.asked.get("accept_licence") is False and rc == 0 and nothing:
            verdict.update(
                untouched=True,
                cause="it asks for its licence, which was not accepted",
                fix="read the licence, then set accept_licence (ascend_container_accept_licence in the roles)",
            )
        if verdict["ok"] and not self.removal and self.record:
            self._write(self.record["sha256"], version, False, self.record["before"])
        elif verdict["untouched"] and not self.removal and self.record:
            self._take_back()
        super(DeclaredChange, self).close(started, rc, verdict, version, seconds)
        if verdict["ok"] and self.removal:
            self._forget()

    def _forget(self):
        if os.path.exists(self.record_path):
            os.unlink(self.record_path)
        self.record = None

    def _locked(self):
        self.look()
        if self.removal and self.record and not (self.state["version"] or self.state["damaged"] or self.open_entry):
            # Somebody removed it, or an earlier run was cut off after it had.
            self._forget()
            self.result["notes"].append("%s was gone already" % self.declared["name"])
            return dict(self.result, changed=True, before=None, after=None, action="uninstall")
        return super(DeclaredChange, self)._locked()

    def _take_back(self):
        """The installer refused before it touched anything: the record is what it was."""
        before = self.record["before"]
        if before and self.state["version"]:
            whole_file.put(self.record_path, json.dumps(before, sort_keys=True), 0o600, durable=True)
        elif not self.state["version"] and not self.state["damaged"]:
            os.unlink(self.record_path)
