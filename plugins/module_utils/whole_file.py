# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole files: read or empty, hashed, and put in place so that a reader sees the old or the new one, never half."""

import hashlib
import os
import re
import stat
import tempfile
import time

# Seconds after which a draft is one that a killed process left.
_ABANDONED = 3600
_CHUNK = 1 << 20


def read(path, limit=None):
    """The text of a file, at most limit bytes of it; "" when it cannot be read. What is no UTF-8 is replaced."""
    try:
        with open(path, "rb") as stream:
            return stream.read(-1 if limit is None else limit).decode("utf-8", "replace")
    except OSError:
        return ""


def digest(path, stop_at=None):
    """SHA-256 of a file, read in pieces so that its size does not matter.

    Args:
        path: of the file, or an open file descriptor, which is closed.
        stop_at: bytes after which no more is read.

    Returns:
        (hashlib object, bytes read).

    Raises:
        OSError: it cannot be read.
    """
    found, count = hashlib.sha256(), 0
    with open(path, "rb") as stream:
        while stop_at is None or count < stop_at:
            piece = stream.read(_CHUNK)
            if not piece:
                break
            found.update(piece)
            count += len(piece)
    return found, count


def sha256(path):
    """SHA-256 of a file as hex digits. Raises OSError."""
    return digest(path)[0].hexdigest()


def free_bytes(path):
    """Free bytes for an ordinary user where path is, or will be once its folders are made. Raises OSError."""
    path = os.path.abspath(path)
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    facts = os.statvfs(path)
    return facts.f_bavail * facts.f_frsize


def put(path, text, mode=0o644, durable=False):
    """Write text to path, with this mode whatever the umask is. What cannot be encoded is replaced.

    Args:
        text: or bytes, which are written as they are.
        durable: wait until it is on the disk, so that a power cut leaves it there.

    Raises:
        OSError: it cannot be written; then the old file is still there, and no draft.
    """
    handle, draft = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".%s." % os.path.basename(path))
    try:
        data = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
        with os.fdopen(handle, "wb") as stream:
            # Of the file we have open: the name may lead elsewhere where somebody else can write the folder.
            os.fchmod(handle, mode)
            stream.write(data)
            if durable:
                stream.flush()
                os.fsync(handle)
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise
    if durable:
        _sync_folder(os.path.dirname(path))
    _clear(path)


def append_line(path, text):
    """Append one line and wait until it is on the disk.

    A last line that a power cut tore is closed first, so that it cannot swallow this one.
    """
    made = not os.path.exists(path)
    with open(path, "ab+") as handle:
        facts = os.fstat(handle.fileno())
        if made or facts.st_mode & 0o022:
            # Whatever the umask is: a journal that others write is none.
            os.fchmod(handle.fileno(), 0o644)
        if handle.tell():
            handle.seek(-1, os.SEEK_END)
            if handle.read(1) != b"\n":
                handle.write(b"\n")
        handle.write(text.encode("utf-8"))
        handle.flush()
        os.fsync(handle.fileno())
    if made:
        _sync_folder(os.path.dirname(path))


def _sync_folder(path):
    folder = os.open(path or ".", os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _clear(path):
    """Remove drafts of this file that were never finished. A draft that cannot be removed harms nobody."""
    folder, name = os.path.split(path)
    draft = re.compile(r"\.%s\.[a-z0-9_]{8}\Z" % re.escape(name))
    for entry in os.listdir(folder or "."):
        if not draft.match(entry):
            continue
        old = os.path.join(folder, entry)
        try:
            facts = os.lstat(old)
            if (
                stat.S_ISREG(facts.st_mode)
                and facts.st_uid == os.geteuid()
                and time.time() - facts.st_mtime > _ABANDONED
            ):
                os.unlink(old)
        except OSError:
            continue
