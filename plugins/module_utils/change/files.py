# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What run_package does with the host's files: hash, measure, append to the journal, lock.

The decisions are made elsewhere (vendor_run, package_change); here are the few system calls they need.
"""

import ctypes
import hashlib
import os
import re

from ansible_collections.ascend.fleet.plugins.module_utils import whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.secure import held_lock, safe_folder

LockHeld = held_lock.LockHeld
take_lock, release_lock = held_lock.take, held_lock.release
append_line = whole_file.append_line

_MB = 1024 * 1024
# A package may need more than it says: logs, the kernel module's build, pip's copies.
_SLACK_MB = 64
_HEADER = 256 * 1024
# Where the vendors' installers write, beside their install path.
_PLACES = ("/etc", "/usr/local", "/lib/modules", "/boot", "/var")
_SIZES = re.compile(r"Uncompressed size:\s*(\d+)\s*(KB|MB|GB)", re.IGNORECASE)


def cached_sha256(path):
    """The hash a path in the content-addressed cache promises (.../cache/<sha256>/<name>), or None."""
    found = re.search(r"/cache/([0-9a-f]{64})/[^/]+$", path)
    return found.group(1) if found else None


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


def ensure_folder(path, mode=0o755):
    """Make a folder, and those above it, with this mode whatever the umask; existing ones keep theirs.

    For folders of the vendor's. Ours, in which root believes what it reads, are made by safe_folder.ensure.
    """
    if os.path.isdir(path):
        return
    ensure_folder(os.path.dirname(path), mode)
    try:
        os.mkdir(path)
    except FileExistsError:
        return
    os.chmod(path, mode)


def take_host_lock(state_dir, content, patience=0, may_wait=lambda holder: False):
    """Take the lock of everything that changes this host by way of a state folder, and write who holds it.

    Two files: the one in the state folder, which people and older releases know, and one that stays when the state
    folder is removed while somebody works.

    Args:
        content, patience, may_wait: as for take_lock.

    Returns:
        Descriptors for release_host_lock. Raises LockHeld, safe_folder.UnsafeFolder, OSError.
    """
    name = hashlib.sha256(os.path.realpath(state_dir).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    places = (
        (os.path.join(safe_folder.RUN_DIR, "lock-" + name), lambda: safe_folder.private(safe_folder.RUN_DIR)),
        (os.path.join(state_dir, "lock"), lambda: safe_folder.ensure(state_dir)),
    )
    taken = []
    try:
        for path, prepare in places:
            taken.append(take_lock(path, content, patience, may_wait, prepare))
    except BaseException:
        release_host_lock(taken)
        raise
    return taken


def release_host_lock(taken):
    """Give back what take_host_lock took."""
    for handle in reversed(taken):
        release_lock(handle)


def free_mb(path):
    """Free MiB for root on the file system that holds path, or that will once path is made."""
    try:
        return whole_file.free_bytes(path) // _MB
    except OSError:
        return None


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
