# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What run_package does with the host's files: hash, measure, append to the journal, lock.

The decisions are made elsewhere (vendor_run, package_change); here are the few system calls they need.
"""

import ctypes
import errno
import fcntl
import hashlib
import json
import os
import re
import time

_CHUNK = 1024 * 1024
_MB = 1024 * 1024
# A package may need more than it says: logs, the kernel module's build, pip's copies.
_SLACK_MB = 64
_HEADER = 256 * 1024
# Where the vendors' installers write, beside their install path.
_PLACES = ("/etc", "/usr/local", "/lib/modules", "/boot", "/var")
_SIZES = re.compile(r"Uncompressed size:\s*(\d+)\s*(KB|MB|GB)", re.IGNORECASE)


class LockHeld(Exception):
    """Somebody else changes this host; ``holder`` is what they wrote into the lock, maybe {}."""

    def __init__(self, holder):
        super(LockHeld, self).__init__("the host is locked")
        self.holder = holder


def sha256_of(path):
    """The sha256 of a file as hex digits. Raises OSError."""
    digest = hashlib.sha256()
    with open(path, "rb") as handle:
        for chunk in iter(lambda: handle.read(_CHUNK), b""):
            digest.update(chunk)
    return digest.hexdigest()


def cached_sha256(path):
    """The hash a path in the content-addressed cache promises (.../cache/<sha256>/<name>), or None."""
    found = re.search(r"/cache/([0-9a-f]{64})/[^/]+$", path)
    return found.group(1) if found else None


def append_line(path, text):
    """Append one line and wait until it is on the disk.

    A last line that a power cut tore is closed first, so that it cannot swallow this one.
    """
    made = not os.path.exists(path)
    with open(path, "ab+") as handle:
        if handle.tell():
            handle.seek(-1, os.SEEK_END)
            if handle.read(1) != b"\n":
                handle.write(b"\n")
        handle.write(text.encode("utf-8"))
        handle.flush()
        os.fsync(handle.fileno())
    if made:
        sync_folder(os.path.dirname(path))


def sync_folder(path):
    """Make a new name in a folder survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_installation(install_path):
    """Wait until what an installer wrote is on the disk.

    Not os.sync(), which waits for every file system of the host: a network share that hangs would hang it.
    """
    try:
        syncfs = ctypes.CDLL(None).syncfs
    except (OSError, AttributeError):
        os.sync()
        return
    done = set()
    for path in (install_path,) + _PLACES:
        try:
            handle = os.open(path, os.O_RDONLY)
        except OSError:
            continue
        device = os.fstat(handle).st_dev
        if device not in done:
            done.add(device)
            syncfs(handle)
        os.close(handle)


def read_text(path):
    """A file's text, or "" when it cannot be read."""
    try:
        with open(path, "rb") as handle:
            return handle.read().decode("utf-8", "replace")
    except OSError:
        return ""


def ensure_folder(path, mode=0o755):
    """Make a folder, and those above it, with this mode whatever the umask; existing ones keep theirs."""
    if os.path.isdir(path):
        return
    ensure_folder(os.path.dirname(path), mode)
    try:
        os.mkdir(path)
    except FileExistsError:
        return
    os.chmod(path, mode)


def take_lock(path, content, patience=0, may_wait=lambda holder: False):
    """Take the host's lock and write who holds it. The kernel gives it back when the holder dies.

    Args:
        path: the lock file.
        content: what others are told while we hold it.
        patience: seconds to wait for a holder that may_wait(holder) says is worth waiting for.

    Returns:
        The open descriptor; give it back with release_lock. Raises LockHeld.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    deadline, holder = time.monotonic() + patience, {}
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError as exc:
            if exc.errno not in (errno.EAGAIN, errno.EACCES):
                os.close(handle)
                raise
            holder = _holder(path)
        if time.monotonic() >= deadline or not may_wait(holder):
            os.close(handle)
            raise LockHeld(holder)
        time.sleep(0.5)
    os.ftruncate(handle, 0)
    os.pwrite(handle, (json.dumps(content, sort_keys=True) + "\n").encode("utf-8"), 0)
    return handle


def _holder(path):
    try:
        holder = json.loads(read_text(path) or "{}")
    except ValueError:
        return {}
    return holder if isinstance(holder, dict) else {}


def release_lock(handle):
    """Give the lock back; an empty file says that nobody holds it."""
    os.ftruncate(handle, 0)
    os.close(handle)


def nearest_folder(path):
    """The path itself or its nearest parent that exists."""
    while path and path != "/" and not os.path.isdir(path):
        path = os.path.dirname(path)
    return path or "/"


def free_mb(path):
    """Free MiB for root on the file system that holds path, or that will once path is made."""
    try:
        facts = os.statvfs(nearest_folder(path))
    except OSError:
        return None
    return facts.f_bavail * facts.f_frsize // _MB


def unpacked_mb(path):
    """MiB the archive needs once unpacked: what its makeself header says, else three times its size."""
    try:
        size = os.path.getsize(path)
        with open(path, "rb") as handle:
            header = handle.read(_HEADER).decode("latin-1")
    except OSError:
        return 0
    found = _SIZES.search(header)
    if found:
        factor = {"KB": 1.0 / 1024, "MB": 1, "GB": 1024}[found.group(2).upper()]
        return int(int(found.group(1)) * factor) + 1
    return 3 * size // _MB + 1


def unpack_folder(need_mb, candidates):
    """The first folder an archive can unpack to and run from, and what is wrong with the others.

    Returns:
        (folder or None, ["/tmp: 12 MB free, 300 MB needed", ..]).
    """
    reasons = []
    for folder in candidates:
        try:
            facts = os.statvfs(folder)
        except OSError as exc:
            reasons.append("%s: %s" % (folder, exc.strerror))
            continue
        free = facts.f_bavail * facts.f_frsize // _MB
        if facts.f_flag & os.ST_NOEXEC:
            reasons.append("%s: mounted noexec" % folder)
        elif free < need_mb + _SLACK_MB:
            reasons.append("%s: %d MB free, %d MB needed" % (folder, free, need_mb + _SLACK_MB))
        else:
            return folder, reasons
    return None, reasons


def fingerprint(paths):
    """What tells a rewritten file from an old one: [(path, inode, size, mtime, ctime)] of those that exist."""
    result = []
    for path in paths:
        try:
            facts = os.stat(path)
        except OSError:
            continue
        result.append((path, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns))
    return result
