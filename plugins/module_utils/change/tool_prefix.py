# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tool in a folder of its own (CMake, uv, conda): there as a whole or not at all. Touches the host.

An archive is unpacked beside its folder and renamed. An installer that must know its place works there, and a note
beside the folder says so until it has come to a good end. What is complete carries our mark; what has neither mark nor
note is somebody else's and stays as it is.
"""

import json
import os
import re
import shutil
import stat
import subprocess
import tempfile
import uuid

from ansible_collections.ascend.fleet.plugins.module_utils import whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.change import files as package_io
from ansible_collections.ascend.fleet.plugins.module_utils.change import process as process_io
from ansible_collections.ascend.fleet.plugins.module_utils.secure import held_lock, safe_folder

MARK = ".ascend-fleet-tool.json"
ABSENT, OURS, HALF, THEIRS = "absent", "ours", "half", "theirs"
_LIMIT = 64 * 1024
_VARIABLE = "prefix (python_toolchain_*_prefix)"


class ToolError(Exception):
    """The tool cannot be put there; the text names cause and fix.

    Attributes:
        facts: more for the module's result.
    """

    def __init__(self, what, cause, fix, **facts):
        super(ToolError, self).__init__("%s. Cause: %s. Fix: %s." % (what, cause, fix))
        self.facts = dict(facts, cause=cause, fix=fix)


class Tool(object):
    """One tool in its folder.

    Args:
        prefix: the folder, absolute.
        program: path below it of what the tool is for.
        timeout: seconds for the archive or the installer.
    """

    def __init__(self, prefix, program, timeout=1800):
        self.prefix, self.timeout = os.path.normpath(prefix), timeout
        self.parent, self.name = os.path.split(self.prefix)
        self.program = os.path.join(self.prefix, program)
        self._inside = program
        self._note = os.path.join(self.parent, ".%s.ascend-fleet-installing" % self.name)
        if not os.path.isabs(prefix) or self.parent == "/" or ".." in prefix.split("/") or not self.name:
            raise ToolError(
                "%s cannot be used" % prefix,
                "it is no absolute path of at least two folders without '..'",
                "set %s to a folder of the tool's own, such as /opt/ascend/uv" % _VARIABLE,
            )

    def state(self):
        """What is at the prefix: absent (or empty), ours, half (begun by us, or ours without its program), theirs."""
        if _names(self._note, self.prefix):
            return HALF
        try:
            facts = os.lstat(self.prefix)
        except FileNotFoundError:
            return ABSENT
        if not stat.S_ISDIR(facts.st_mode):
            return THEIRS
        if not os.listdir(self.prefix):
            return ABSENT
        if not safe_folder.ours(facts) or not _names(os.path.join(self.prefix, MARK), self.prefix):
            return THEIRS
        return OURS if os.path.isfile(self.program) else HALF

    def works(self):
        """Whether somebody else's tool can be used as it is: root may run it, and it answers."""
        if not os.path.isfile(self.program) or not safe_folder.file_is_ours(self.program):
            return False
        try:
            return (
                subprocess.call(
                    [self.program, "--version"],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    timeout=60,
                    cwd="/",
                )
                == 0
            )
        except (OSError, subprocess.SubprocessError):
            return False

    def put(self, source, installer):
        """Unpack an archive, or run conda's installer, unless the tool is there.

        Args:
            source: the archive, or the installer.
            installer: whether it is the latter.

        Returns:
            Whether something changed.

        Raises:
            ToolError: something of somebody else's is there, or the source is not what it should be.
            UnsafeFolder, LockHeld, OSError: the place is not fit, is being worked at, or cannot be written.
        """
        lock = held_lock.take(
            os.path.join(safe_folder.RUN_DIR, "lock-tools"),
            {"pid": os.getpid(), "what": self.prefix},
            self.timeout,
            lambda holder: True,
            lambda: safe_folder.private(safe_folder.RUN_DIR),
        )
        try:
            state = self.state()
            if state == OURS:
                return False
            if state == THEIRS:
                raise self.in_the_way()
            safe_folder.ensure(self.parent, variable=_VARIABLE)
            self._clear_drafts()
            (self._install if installer else self._unpack)(source)
            return True
        finally:
            held_lock.release(lock)

    def in_the_way(self):
        """The error that says that the folder is not ours."""
        return ToolError(
            "%s is not ours and stays as it is" % self.prefix,
            "it is there without the record %s of this collection: somebody else made it, or an older release" % MARK,
            "move it away, or set %s to another folder" % _VARIABLE,
        )

    def _unpack(self, archive):
        draft = os.path.join(self.parent, ".%s.%s.ascend-fleet-new" % (self.name, uuid.uuid4().hex))
        try:
            os.mkdir(draft, 0o700)
            self._run(
                [
                    "tar",
                    "--extract",
                    "--gzip",
                    "--file",
                    archive,
                    "--directory",
                    draft,
                    "--strip-components=1",
                    "--no-same-owner",
                    "--no-same-permissions",
                ],
                "%s cannot be unpacked" % archive,
            )
            self._finish(draft, archive)
            os.chmod(draft, 0o755)
            package_io.sync_installation(draft)
            self._away()
            os.rename(draft, self.prefix)
            package_io.sync_folder(self.parent)
        finally:
            if os.path.isdir(draft):
                shutil.rmtree(draft)

    def _install(self, script):
        whole_file.put(self._note, _record(self.prefix, script))
        package_io.sync_folder(self.parent)
        self._away()
        self._run(["bash", script, "-b", "-u", "-p", self.prefix], "%s did not install %s" % (script, self.prefix))
        self._finish(self.prefix, script)
        package_io.sync_installation(self.prefix)
        os.unlink(self._note)

    def _finish(self, folder, source):
        """The mark, last: only what holds the program is complete."""
        program = os.path.join(folder, self._inside)
        if not os.path.isfile(program) or not os.access(program, os.X_OK):
            raise ToolError(
                "%s does not hold %s" % (source, self._inside),
                "it is another archive, or was packed otherwise",
                "put the vendor's own file into the artifacts",
            )
        whole_file.put(os.path.join(folder, MARK), _record(self.prefix, source))

    def _away(self):
        """Remove what is at the prefix, which is empty or ours, so that at no time a half of it has the name."""
        if not os.path.lexists(self.prefix):
            return
        old = os.path.join(self.parent, ".%s.%s.ascend-fleet-old" % (self.name, uuid.uuid4().hex))
        os.rename(self.prefix, old)
        shutil.rmtree(old)

    def _clear_drafts(self):
        """What a run that was killed has left. The lock is ours, so nobody works at them."""
        draft = re.compile(r"\.%s\.[0-9a-f]{32}\.ascend-fleet-(new|old)\Z" % re.escape(self.name))
        for entry in os.listdir(self.parent):
            if draft.match(entry):
                shutil.rmtree(os.path.join(self.parent, entry))

    def _run(self, argv, what):
        folder = tempfile.mkdtemp(dir=safe_folder.RUN_DIR)
        try:
            run = process_io.run(argv, folder, process_io.clean_environment(os.environ), self.timeout)
        finally:
            shutil.rmtree(folder)
        if run["rc"] == 0:
            return
        said = process_io.tail(run["text"])
        reason = "it did not end within %d s" % self.timeout if run["timed_out"] else "exit code %s" % run["rc"]
        raise ToolError(
            what,
            "%s: %s" % (reason, said[-1] if said else "no output"),
            "free space in %s, or stage the file again, then run again" % self.parent,
            log_tail=said,
        )


def _record(prefix, source):
    return (
        json.dumps(
            {"path": prefix, "source": os.path.basename(source), "sha256": package_io.cached_sha256(source)},
            sort_keys=True,
        )
        + "\n"
    )


def _names(path, prefix):
    """Whether a record of ours is at path and names this prefix; a record that was copied along names another."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    with os.fdopen(handle, "rb") as stream:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode) or not safe_folder.ours(facts):
            return False
        try:
            record = json.loads(stream.read(_LIMIT).decode("utf-8"))
        except (ValueError, RecursionError):
            return False
    return isinstance(record, dict) and record.get("path") == prefix
