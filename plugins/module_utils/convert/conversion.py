# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One conversion of an exported model: what is there already, ATC as a user without rights, the OM and its record.

Touches the host, unlike most of module_utils.
"""

import json
import os
import re
import tempfile
import time

from ansible_collections.ascend.fleet.plugins.module_utils import whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.convert import atc, exported, om, toolkit
from ansible_collections.ascend.fleet.plugins.module_utils.secure import bounded, private_folder, run_as, safe_folder

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}\Z")
_LARGEST = 8 * 1024 * 1024 * 1024  # bytes of an OM
_PRINTS_AT_MOST = 64 * 1024 * 1024
_TAIL_BYTES = 65536
_TAIL_LINES = 20


class Failure(Exception):
    """No OM; the text names cause and fix.

    Attributes:
        log_tail: the last lines of ATC.
    """

    def __init__(self, message, log_tail=""):
        super(Failure, self).__init__(message)
        self.log_tail = log_tail


class Conversion(object):
    """A model, a chip and the toolkit that compiles the one for the other.

    Args:
        folder: of the exported model.
        soc: as C(Ascend310P3).
        options: of ATC.
        row: the toolkit's row of facts["cann"].
        state_dir: the OM goes into C(converted) in it.
        name: of the OM; None takes the model's.

    Raises:
        Failure: the folder is no exported model, or not one that ATC takes.
    """

    def __init__(self, folder, soc, options, row, state_dir, name=None):
        try:
            atc.check_options(options)
            self.model = exported.read(folder)
            exported.check_files(folder, self.model)
            self.reference = exported.inline(folder, self.model)
        except (exported.ExportedError, atc.OptionError) as exc:
            raise Failure(str(exc))
        self.kind = exported.kind(self.model)
        if self.kind not in atc.FRAMEWORKS:
            raise Failure(
                "%s is MindIR, which MindSpore Lite takes and ATC does not. Export the model as ONNX or AIR." % folder
            )
        self.file = os.path.join(os.path.realpath(folder), exported.model_file(self.model))
        self.soc, self.row, self.options = soc, row, {name: str(value) for name, value in options.items()}
        self.name = name or self.model["name"]
        for option, value in (("name", self.name), ("soc_version", soc)):
            if not _PLAIN.match(value):
                raise Failure("%s is %r. It takes letters, digits, ., _ and -." % (option, value))
        self.folder = os.path.join(state_dir, om.CONVERTED)
        self.path = os.path.join(self.folder, "%s-%s%s" % (self.name, soc, om.SUFFIX))
        self.key = om.key(exported.content(self.model), soc, row["version"], self._by_content(folder))
        self.given = dict(self.options)
        if om.CONFIGURATION in self.given:
            self.given[om.CONFIGURATION] = os.path.join(os.path.dirname(self.file), self.given[om.CONFIGURATION])

    def _by_content(self, folder):
        try:
            return om.by_content(self.options, folder)
        except OSError as exc:
            raise Failure(
                "%s: %s: %s. Put the file into the folder of the exported model."
                % (om.CONFIGURATION, exc.filename, exc.strerror)
            )

    def there(self):
        """The record of the OM where exactly this one was made before and is whole, else None."""
        record = om.record_of(self.path)
        try:
            if record and record.get("key") == self.key and whole_file.sha256(self.path) == record["sha256"]:
                return record
        except OSError:
            pass
        return None

    def convert(self, account, environment, jobs, timeout):
        """Run ATC and put the OM and its record in place.

        Args:
            account: run_as.Account to run as.
            environment: folder of the Python environment whose packages the compiler takes, or None.
            jobs: processes the compiler may start; None for as many as it likes.
            timeout: seconds.

        Returns:
            The record.

        Raises:
            Failure, OSError, safe_folder.UnsafeFolder
        """
        begun = time.monotonic()
        refused = account.refused([(self.file, os.R_OK)])
        if refused:
            raise Failure(
                "ATC runs as %s, who may not read %s. Let everybody read it (chmod o+rX, folders above it too)."
                % (account.name, refused)
            )
        safe_folder.ensure(self.folder)
        with private_folder.PrivateFolder() as folder:
            folder.link("model." + self.kind, self.file)
            folder.hand_over(account)
            words = atc.words(
                folder.path + "/model." + self.kind, self.kind, folder.path + "/out", self.soc, self.given
            )
            first = environment.rstrip("/") + "/bin" if environment else None
            command = toolkit.command(self.row, words, toolkit.libraries(self.row, os.path.isdir), first)
            env = _environ(folder.path, account, jobs)
            limits = {"limit": _PRINTS_AT_MOST, "tail": _TAIL_BYTES, "sweep": True}
            done = bounded.run(command, timeout, env=env, cwd=folder.path, stderr="together", account=account, **limits)
            text = done.stdout.decode("utf-8", "replace")
            content = self._made(folder)
            if done.rc != 0 or not content:
                raise self._failure(done, text, timeout)
        self._put(content)
        record = self._record(content, text, time.monotonic() - begun)
        whole_file.put(self.path + ".json", json.dumps(record, indent=1, sort_keys=True) + "\n")
        return record

    def _made(self, folder):
        """The OM's bytes; with sizes that are chosen later ATC adds to its name for which system it is."""
        arch = self.options.get("host_env_cpu") or self.row.get("arch") or os.uname()[4]
        names = ["out" + om.SUFFIX, "out_linux_%s%s" % (arch, om.SUFFIX)]
        return next(filter(None, (folder.read(name, _LARGEST) for name in names)), None)

    def _failure(self, done, text, timeout):
        tail = "\n".join(line[:400] for line in text.splitlines()[-_TAIL_LINES:])
        cause = atc.explain(text, self.row["version"], self.model["inputs"])
        said = atc.said(text) or {
            bounded.TIMEOUT: "it was ended after %d s" % timeout,
            bounded.FLOODED: "it printed without end",
        }.get(done.ended, "rc %s" % done.rc)
        if cause is None:
            killed = done.rc is not None and done.rc < 0
            cause = (
                "It was killed, mostly for want of memory: convert on a larger host, or with model_convert_jobs: 1."
                if killed
                else "Raise model_convert_timeout."
                if done.ended == bounded.TIMEOUT
                else "Look at log_tail."
            )
        return Failure("ATC did not convert %s for %s: %s. %s" % (self.name, self.soc, said.rstrip("."), cause), tail)

    def _put(self, content):
        handle, draft = tempfile.mkstemp(dir=self.folder, prefix=".%s." % os.path.basename(self.path))
        try:
            with os.fdopen(handle, "wb") as stream:
                # ATC leaves 0600, and whoever runs a model is not root.
                os.fchmod(handle, 0o644)
                stream.write(content)
            os.replace(draft, self.path)
        except BaseException:
            os.unlink(draft)
            raise

    def _record(self, content, text, seconds):
        return {
            "format": om.FORMAT,
            "name": self.name,
            "soc": self.soc,
            "cann": self.row["version"],
            "sha256": whole_file.sha256(self.path),
            "size": len(content),
            "key": self.key,
            "model": exported.content(self.model),
            "source": self.model["source"],
            "opset": self.model.get("opset"),
            "options": self.options,
            "warnings": atc.warnings(text),
            "inputs": self.model["inputs"],
            "outputs": self.model["outputs"],
            "reference": self.reference,
            "seconds": round(seconds, 1),
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }


def account(environment):
    """Who compiles: the owner of the Python environment where that is not root, else nobody in particular."""
    if os.geteuid() != 0:
        return run_as.current()
    owner = run_as.of_owner(environment) if environment else None
    return owner or run_as.by_name("nobody") or run_as.by_uid(65534, 65534)


def _environ(folder, who, jobs):
    env = {
        "PATH": os.environ.get("PATH") or os.defpath,
        "HOME": folder,
        "TMPDIR": folder,
        "USER": who.name,
        "LOGNAME": who.name,
        "LC_ALL": "C.UTF-8",
        "PYTHONNOUSERSITE": "1",
        "ASCEND_WORK_PATH": folder,
    }
    if jobs:
        env.update(TE_PARALLEL_COMPILER=str(jobs), MAX_COMPILE_CORE_NUMBER=str(jobs))
    return env
