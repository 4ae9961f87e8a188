# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the text of an artifacts.lock.yml: YAML that may come from anybody."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import inside

PIN = "ascend_artifacts_lock_sha256"
# 20,000 files with long names and notes stay below this.
MAX_BYTES = 64 * 1024 * 1024


class _Loader(yaml.SafeLoader):
    """No aliases: ten lines of them stand for a billion entries, and ascend.fleet.bundle writes none."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(
                None, None, "it uses an alias (*name); write the value out", self.peek_event().start_mark
            )
        return super().compose_node(parent, index)


def load_lock(text: str, origin: str) -> dict[str, Any]:
    """Parses the text of a lock, as artifacts.parse_lock gives it. Raises ArtifactError."""
    return artifacts.parse_lock(document(text, origin), origin)


def document(text: str, origin: str) -> Any:
    """The lock's YAML as plain data, unchecked. Raises ArtifactError."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise ArtifactError(f"{origin} is not YAML: {' '.join(str(error).split())[:500]}") from error
    except RecursionError as error:
        raise ArtifactError(f"{origin} is nested too deeply to be an artifact lock") from error
    except Exception as error:  # PyYAML's own constructors raise many kinds for values such as !!int ""
        raise ArtifactError(f"{origin} has a value that cannot be read ({type(error).__name__}: {error})") from error


def of_folder(folder: Path, pin: str | None = None) -> dict[str, Any] | None:
    """The checked lock of a folder, None where there is none.

    Args:
        pin: the SHA-256 that the lock must have, as the user gave it.

    Raises:
        ArtifactError: the lock is broken, no plain file, or not the pinned one.
    """
    path = folder / artifacts.LOCK_NAME
    # A link that leads nowhere or a pipe is not "no lock": what the lock forbids would then be allowed.
    if not path.is_symlink() and not path.exists():
        hold(None, str(path), pin)
        return None
    data = inside.read(folder, artifacts.LOCK_NAME, MAX_BYTES)
    hold(data, str(path), pin)
    return load_lock(decoded(data, str(path)), str(path))


def decoded(data: bytes, origin: str) -> str:
    """The text of a file that must be UTF-8. Raises ArtifactError."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ArtifactError(f"{origin} is not UTF-8 text (byte {error.start}): make or fetch it again") from error


def hold(data: bytes | None, origin: str, pin: str | None) -> None:
    """Holds the bytes of a lock against the hash that the user pinned. Raises ArtifactError."""
    wanted = artifacts.check_sha256(pin, PIN)
    if wanted is None:
        return
    if data is None:
        raise ArtifactError(f"{origin} does not exist, and {PIN} names the lock that must be there ({wanted})")
    real = hashlib.sha256(data).hexdigest()
    if real != wanted:
        raise ArtifactError(
            f"{origin} has sha256 {real}, {PIN} says {wanted}: it is not the lock that was reviewed. No host was"
            f" touched. Review it and set {PIN} anew (sha256sum {artifacts.LOCK_NAME}), or put the reviewed one back"
        )
