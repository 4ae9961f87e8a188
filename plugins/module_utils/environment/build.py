# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds wheels of sources. Building runs the source's own code, so root has an unprivileged user do it.

Touches the host. Root takes from that user's folder one regular file with the right name, and nothing else.
"""

import os
import re
import shutil
import stat
import tempfile

from ansible_collections.ascend.fleet.plugins.module_utils.environment import commands, place, providers, sources
from ansible_collections.ascend.fleet.plugins.module_utils.environment import wanted as environments
from ansible_collections.ascend.fleet.plugins.module_utils.environment.providers import ProviderError

BUILDER = "nobody"
_SIZE = 2 * 1024 * 1024 * 1024  # bytes; a wheel of a source is far smaller
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._+-]*\.whl$")
_LAST = 15  # lines of pip's that are shown


class Wheels(object):
    """Wheels made of sources, in a folder that is gone at the end of the C(with) block.

    Args:
        python: the environment's interpreter.
        options: C(find_links), C(index_url), C(timeout) in seconds.
        secrets: texts that no message may hold.
    """

    def __init__(self, python, options, secrets):
        self.python, self.options, self.secrets = python, options, secrets

    def __enter__(self):
        # Not the caller's TMPDIR: the builder may not reach that.
        self.folder = tempfile.mkdtemp(prefix="ascend-fleet-", dir="/var/tmp" if os.path.isdir("/var/tmp") else "/tmp")
        os.mkdir(self.folder + "/whole", 0o700)
        return self

    def __exit__(self, *_exception):
        shutil.rmtree(self.folder)

    def listed(self, source):
        """The arguments by which pip installs a wheel from its URL, which stands in a file."""
        path = "%s/whole/wanted-%d.txt" % (self.folder, len(os.listdir(self.folder + "/whole")))
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w") as stream:
            stream.write(source + "\n")
        return ["--requirement", path]

    def build(self, name, source):
        """The path of a wheel of a distribution, made of a git repository at a commit.

        Raises:
            ProviderError: it cannot be built, or something else came out.
        """
        who = place.user(BUILDER if os.geteuid() == 0 else "root")
        os.chmod(self.folder, 0o711)  # the way to the builder's own folder, and no list of what else is there
        own = tempfile.mkdtemp(dir=self.folder)
        handle = os.open(own, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if not who.is_me:
                os.fchown(handle, who.uid, who.gid)
            place.run_as(who, lambda: self._run(who, own, source))
            return self._take(handle, name, source)
        finally:
            os.close(handle)

    def _run(self, who, own, source):
        os.umask(0o022)
        if not os.access(self.python, os.X_OK):
            raise ProviderError(
                "%s cannot be started by %s, the user who builds sources. Let everybody enter the folders above it, "
                "or install a wheel." % (self.python, who.name)
            )
        with sources.Private() as private:
            clean, environ = private.git(source)
            options, secret = private.indexes(self.options)
            environ.update(providers.pip_environment(options), HOME=own, TMPDIR=own, PYTHONDONTWRITEBYTECODE="1")
            environ.update(secret)
            command = providers.pip_wheel(self.python, clean, own, options)
            rc, output = commands.run(command, self.options["timeout"], environment=environ)
        if rc != 0:
            tail = "\n".join(output.strip().splitlines()[-_LAST:])
            text = "To build %s as %s: pip %s.%s Its last words:\n%s" % (
                sources.public(source),
                who.name,
                "took longer than %d s" % self.options["timeout"] if rc is None else "failed (rc %d)" % rc,
                commands.hint(output),
                tail,
            )
            raise ProviderError(sources.hide(text, self.secrets))

    def _take(self, folder, name, source):
        names = sorted(entry for entry in os.listdir(folder) if entry.endswith(".whl"))
        parsed = environments.parse_wheel(names[0]) if len(names) == 1 and _NAME.match(names[0]) else None
        if not parsed or parsed[0] != name:
            came = ", ".join(names) or "nothing"
            raise ProviderError("%s is no source of %s: %s came out." % (sources.public(source), name, came))
        reader = os.open(names[0], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        with os.fdopen(reader, "rb") as stream:
            status = os.fstat(reader)
            if not stat.S_ISREG(status.st_mode) or status.st_size > _SIZE:
                raise ProviderError("%s is no wheel." % names[0])
            path = "%s/whole/%s" % (self.folder, names[0])
            with open(path, "xb") as copy:
                shutil.copyfileobj(stream, copy)
        return path
