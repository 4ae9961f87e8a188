# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of an environment: what root does around it, and how everything inside is done as its owner.

Touches the host. Root makes and removes the folder itself, in folders that only root can write. Inside of it works a
process of the owner's, so nothing that the owner puts there can make root run, write or give away anything.
"""

import errno
import json
import os
import pwd
import shutil
import stat

from ansible_collections.ascend.fleet.plugins.module_utils.environment import ownership
from ansible_collections.ascend.fleet.plugins.module_utils.environment import wanted as environments
from ansible_collections.ascend.fleet.plugins.module_utils.environment.providers import ProviderError

_ANSWER = 16 * 1024 * 1024  # bytes; what the owner's process may say, since its words are the owner's
# What belongs to the caller's session and not to the user the process becomes.
_SESSION = ("TMPDIR", "MAIL", "PWD", "OLDPWD", "SSH_AUTH_SOCK", "DBUS_SESSION_BUS_ADDRESS")


class User(object):
    """Who works inside the environment: C(name), C(uid), C(gid), C(groups), C(home)."""

    def __init__(self, entry):
        self.name, self.uid, self.gid, self.home = entry.pw_name, entry.pw_uid, entry.pw_gid, entry.pw_dir
        self.groups = os.getgrouplist(entry.pw_name, entry.pw_gid)

    @property
    def is_me(self):
        """Whether this process is that user's already."""
        return self.uid == os.geteuid()


def user(name):
    """The User with a name. A process that is not root's works as the user it is, whatever default names root.

    Raises:
        ProviderError: there is none, or this process may not become it.
    """
    own = os.geteuid()
    try:
        found = User(pwd.getpwuid(own) if own and name == "root" else pwd.getpwnam(name))
    except KeyError:
        raise ProviderError(
            "There is no user %s on this host. Make it, or name another one as owner (python_toolchain_env_owner, "
            "mindspore_env_owner, mindformers_env_owner)." % name
        )
    if own and not found.is_me:
        raise ProviderError("Only root may work for the owner %s: set become: true." % name)
    return found


def check_parents(path):
    """See that nobody but root can exchange the folder an environment lies in.

    Raises:
        ProviderError: somebody can; the text names the folder and the fix.
    """
    found = ownership.untrusted(os.path.dirname(path), os.geteuid())
    if found:
        raise ProviderError(
            "%s %s, so what root does in %s could be led elsewhere. Choose another ascend_env_root, or make the folder "
            "root's with mode 0755." % (found[0], found[1], path)
        )


def make_parents(path):
    """Make the folders above an environment, readable for everybody; check_parents comes first and afterwards."""
    check_parents(path)
    folder, missing = os.path.dirname(path), []
    while not os.path.isdir(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    for folder in reversed(missing):
        os.mkdir(folder, 0o755)
        os.chmod(folder, 0o755)  # below a folder of root's: whatever the umask is
    check_parents(path)


def make(path, owner):
    """Make the empty folder of an environment, or take an empty one of root's, for its owner.

    Raises:
        ProviderError: an empty folder there belongs to somebody else.
    """
    try:
        os.mkdir(path, 0o755)
    except OSError as exc:
        if exc.errno != errno.EEXIST:
            raise
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        found = os.fstat(handle).st_uid
        if found not in (os.geteuid(), owner.uid):
            raise ProviderError(
                "%s is an empty folder of %s, and the environment is for %s. Remove it, or name its owner as owner "
                "(python_toolchain_env_owner)." % (path, ownership.user_name(found), owner.name)
            )
        os.fchmod(handle, 0o755)
        if found != owner.uid:
            os.fchown(handle, owner.uid, owner.gid)
    finally:
        os.close(handle)


def remove_empty(path):
    """Remove the folder of an environment that its owner has emptied.

    Raises:
        ProviderError: there is something in it again.
    """
    try:
        os.rmdir(path)
    except OSError as exc:
        if exc.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise ProviderError("%s is not empty after its owner removed all that was in it; run again." % path)
        if exc.errno != errno.EBUSY:  # a mount point, emptied, is as good as none
            raise


def clear(path):
    """Remove all that is in our environment, its record last, so that a half removed one is ours still.

    Raises:
        ProviderError: something else is mounted in it, or something in it is not the owner's to remove.
    """
    check_mounts(path)
    try:
        for name in sorted(os.listdir(path), key=lambda name: name == environments.MARKER):
            entry = os.path.join(path, name)
            if stat.S_ISDIR(os.lstat(entry).st_mode):
                shutil.rmtree(entry)
            else:
                os.unlink(entry)
    except OSError as exc:
        raise ProviderError(
            "%s cannot be removed as its owner %s: %s. Remove by hand what is not the owner's, then run again."
            % (exc.filename or path, ownership.user_name(os.geteuid()), exc.strerror)
        )


def check_mounts(path):
    """See that nothing else is mounted below an environment.

    Raises:
        ProviderError: something is.
    """
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as handle:
        mounts = ownership.mounts_below(os.path.realpath(path), handle.read())
    if mounts:
        raise ProviderError(
            "%s is not removed: something is mounted in it at %s. Unmount that first." % (path, ", ".join(mounts))
        )


def run_as(who, work):
    """What C(work), a function without arguments, returns (data that JSON can hold), called as a user.

    Raises:
        ProviderError, ValueError, OSError: as C(work) does, by its text.
    """
    if who.is_me:
        return work()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _be(who, work, writer)
    os.close(writer)
    chunks, size = [], 0
    while size <= _ANSWER:
        chunk = os.read(reader, 65536)
        if not chunk:
            break
        chunks.append(chunk)
        size += len(chunk)
    os.close(reader)
    status = os.waitpid(child, 0)[1]
    try:
        answer = json.loads(b"".join(chunks).decode("utf-8", "replace"))
        error, value = answer["error"], answer["value"]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise ProviderError("The process that worked as %s ended without an answer (status %s)." % (who.name, status))
    if error:
        raise ProviderError(str(error))
    return value


def _be(who, work, writer):
    """Become a user for good, work, answer through the pipe, and end; never returns."""
    answer, code = {"error": None, "value": None}, 1
    try:
        become(who)
        try:
            answer["value"] = work()
        except (ProviderError, ValueError) as exc:
            answer["error"] = str(exc) or type(exc).__name__
        except OSError as exc:
            answer["error"] = os_error(exc)
        except Exception as exc:
            answer["error"] = "%s: %s" % (type(exc).__name__, exc)
        content = json.dumps(answer).encode("utf-8")
        while content:
            content = content[os.write(writer, content) :]
        code = 0
    finally:
        os._exit(code)


def become(who):
    """Drop all rights of this process but those of a user, for good; its environment variables are the user's."""
    os.setgroups(who.groups)
    os.setgid(who.gid)
    os.setuid(who.uid)
    if os.getresuid() != (who.uid,) * 3 or os.getresgid() != (who.gid,) * 3:
        raise ProviderError("This process could not become %s." % who.name)
    for name in list(os.environ):
        if name in _SESSION or name.startswith(("XDG_", "SUDO_")):
            del os.environ[name]
    os.environ.update(HOME=who.home, USER=who.name, LOGNAME=who.name)
    os.chdir("/")


def os_error(exc):
    """An OSError in words, with the fix where one is known."""
    place = " (%s)" % exc.filename if exc.filename else ""
    said = "%s%s." % (exc.strerror or exc, place)
    if exc.errno == errno.EROFS:
        return said + " The file system is mounted read-only: mount it writable, or choose another ascend_env_root."
    if exc.errno in (errno.ENOSPC, errno.EDQUOT):
        return said + " Make space there, or choose another ascend_env_root; then run again."
    if exc.errno in (errno.EACCES, errno.EPERM):
        return said + " %s may not do that: run with become: true, or correct the owner and mode of what is named." % (
            ownership.user_name(os.geteuid())
        )
    return said + " Correct that, or choose another place with ascend_env_root and ascend_env_name; then run again."
