# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that not even root may change (chattr +i), as the vendor's guide makes the exporter's. Touches the host."""

import fcntl
import os
import struct

# linux/fs.h; the argument is written as a long and read as an int.
_GET, _SET = 0x80086601, 0x40086602
_IMMUTABLE = 0x10


def is_set(path):
    """Whether the file is immutable; False where it is not there, or its file system knows no such thing."""
    return bool(_flags(path) & _IMMUTABLE)


def clear(path):
    """Let root change the file again. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.ioctl(handle, _SET, struct.pack("l", _read(handle) & ~_IMMUTABLE))
    finally:
        os.close(handle)


def _flags(path):
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        return _read(handle)
    except OSError:
        return 0
    finally:
        os.close(handle)


def _read(handle):
    return struct.unpack("l", fcntl.ioctl(handle, _GET, struct.pack("l", 0)))[0]
