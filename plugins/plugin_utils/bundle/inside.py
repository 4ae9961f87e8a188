# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens files of a folder of the user's so that nothing outside the folder is ever read, and nothing that can hang."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError

# O_PATH: a folder that may be entered but not listed is enough to reach a file in it.
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@contextmanager
def opened(folder: Path, name: str) -> Iterator[BinaryIO]:
    """A regular file of the folder, open for reading.

    Links within the folder are followed, and the folder itself may be one. The file is reached step by step from the
    folder's own descriptor, so that nothing can be exchanged for a link between the check and the reading.

    Args:
        folder: what must not be left.
        name: relative path of the file.

    Raises:
        ArtifactError: the file lies elsewhere, is none (a pipe, a device, a folder), or cannot be read.
    """
    handle = _descend(folder, name)
    with open(handle, "rb") as stream:
        yield stream


def check(folder: Path, name: str) -> int:
    """Size in bytes of the file that opened() would give. Raises ArtifactError as it does."""
    with opened(folder, name) as stream:
        return os.fstat(stream.fileno()).st_size


def read(folder: Path, name: str, limit: int) -> bytes:
    """The content of a small file. Raises ArtifactError as opened() does, and beyond `limit` bytes."""
    with opened(folder, name) as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise ArtifactError(f"{folder / name} is larger than {limit} bytes; it is not what its name says")
    return data


def _descend(folder: Path, name: str) -> int:
    try:
        root = os.path.realpath(folder)
        real = os.path.realpath(os.path.join(root, name))
    except OSError as error:
        raise ArtifactError(f"{folder / name} cannot be read: {error.strerror}") from error
    if os.path.commonpath([root, real]) != root or root == real:
        raise ArtifactError(
            f"{folder / name} is a link that leaves the folder (to {real}). Only what lies in {folder} itself is used"
            " and sent to hosts: move the file there, or mount its disk or folder there (mount --bind)"
        )
    *folders, leaf = os.path.relpath(real, root).split(os.sep)
    at = None
    try:
        at = os.open(root, _FOLDER)
        for part in folders:
            inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = inner
        # Looked at before it is opened: opening a device can do something.
        if not stat.S_ISREG(os.stat(leaf, dir_fd=at, follow_symlinks=False).st_mode):
            raise _no_file(folder / name)
        handle = os.open(leaf, _FILE, dir_fd=at)
    except OSError as error:
        raise ArtifactError(f"{folder / name} cannot be read: {error.strerror}") from error
    finally:
        if at is not None:
            os.close(at)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise _no_file(folder / name)
    return handle


def _no_file(path: Path) -> ArtifactError:
    return ArtifactError(f"{path} is not a regular file (a folder, pipe, socket or device): put the file itself there")
