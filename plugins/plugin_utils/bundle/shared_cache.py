# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small values that the worker processes of one Ansible run share through files in the user's cache folder."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError


def cache_dir() -> Path:
    """The user's cache folder for this collection, private to the user; a temporary one where home is read-only."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ascend-fleet"
    fallback = Path(tempfile.gettempdir()) / f"ascend-fleet-{os.getuid()}"
    for folder in (base, fallback):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            continue
        info = folder.lstat() if folder == fallback else folder.stat()
        # Hashes that others could write would be no hashes.
        if info.st_uid == os.getuid() and not info.st_mode & 0o022 and os.access(folder, os.W_OK):
            return folder
    raise ArtifactError(
        f"No cache folder: neither {base} nor {fallback} is this user's own and writable by this user alone"
        " (chmod go-w), or set XDG_CACHE_HOME"
    )


@contextmanager
def _shared_file(kind: str, digest: str) -> Iterator[Any]:
    """An open small file for one key, locked against the processes of other hosts."""
    path = cache_dir() / f"{kind}-{digest[:32]}.json"
    with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+", encoding="utf-8") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield stream


def once(kind: str, key: str, state: Any, make: Callable[[], Any]) -> Any:
    """The value kept for `key` while `state` is the same, else a new one from `make`."""
    # The key itself may hold a password (the URL of a mirror), and is not written down.
    digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
    with _shared_file(kind, digest) as stream:
        try:
            kept = json.load(stream)
        except (ValueError, RecursionError):
            kept = {}
        if isinstance(kept, dict) and kept.get("key") == digest and kept.get("state") == state and "value" in kept:
            return kept["value"]
        value = make()
        stream.seek(0)
        stream.truncate()
        json.dump({"key": digest, "state": state, "value": value}, stream)
        return value


def run_id() -> str:
    """The same for every worker process of one Ansible run, another for the next run."""
    parent = os.getppid()
    try:
        started = Path(f"/proc/{parent}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        started = ""
    return f"{parent}:{started}"
