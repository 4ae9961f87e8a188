# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate revocation lists: which is the newest, and the newest ever seen, kept in the bundle."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from ansible_collections.ascend.fleet.plugins.module_utils import whole_file

TIMEOUT = 600
FOLDER = "crl"
SUFFIX = ".crl"


class Unreadable(Exception):
    """A list that was given cannot be read; the text names it."""


@dataclass(frozen=True)
class RevocationList:
    """One list.

    Attributes:
        path: the file it was read from.
        data: the list itself, PEM.
        issuer: openssl's hash of the issuer's name.
        number: its CRL number; lists without one are older than all that have one.
        updated: when it was made, UTC.
        kept: it comes from the bundle's own folder of lists, not with a file.
    """

    path: Path
    data: bytes
    issuer: str
    number: int
    updated: datetime
    kept: bool = False

    @property
    def age(self) -> tuple[int, datetime]:
        """Grows from list to list of one authority."""
        return self.number, self.updated

    @property
    def label(self) -> str:
        """The list in words that differ between any two lists of one authority."""
        number = f"revocation list {self.number}" if self.number >= 0 else "the revocation list"
        return f"{number} of {self.updated:%Y-%m-%d %H:%M:%S}"


def read(openssl: str, path: Path, kept: bool = False) -> RevocationList:
    """Reads a list. Its signature is not looked at. Raises Unreadable."""
    command = [openssl, "crl", "-in", str(path), "-inform", form(path)]
    try:
        pem = _output([*command, "-outform", "PEM"])
        told = _output([*command, "-noout", "-hash", "-lastupdate", "-crlnumber"]).decode("ascii", "replace")
        stamp = re.search(r"lastUpdate=(.+)", told)
        number = re.search(r"crlNumber=(?:0x)?([0-9A-Fa-f]+)", told)
        issuer = re.search(r"^(?:issuer name hash=)?([0-9a-f]{8})$", told, re.MULTILINE)
        if not stamp or not issuer:
            raise Unreadable("it has no date or issuer")
        updated = datetime.strptime(" ".join(stamp.group(1).split()), "%b %d %H:%M:%S %Y GMT").replace(
            tzinfo=timezone.utc
        )
    except (OSError, ValueError, subprocess.TimeoutExpired, Unreadable) as error:
        raise Unreadable(
            f"the revocation list {path.name} cannot be read: {error}. Fetch it again from the vendor"
        ) from error
    return RevocationList(path, pem, issuer.group(1), int(number.group(1), 16) if number else -1, updated, kept)


def form(path: Path) -> str:
    """PEM or DER, by its first bytes."""
    with path.open("rb") as stream:
        return "PEM" if stream.read(64).lstrip().startswith(b"-----BEGIN") else "DER"


def known(folder: Path) -> list[Path]:
    """The lists that a bundle keeps."""
    return sorted(path for path in (folder / FOLDER).glob("*" + SUFFIX) if path.is_file())


def keep(folder: Path, one: RevocationList) -> bool:
    """Keeps a list that proved authentic, unless the bundle has a newer one of that issuer. True when it was new."""
    path = folder / FOLDER / (one.issuer + SUFFIX)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and path.read_bytes() == one.data:
        return False
    whole_file.put(os.fspath(path), one.data.decode("ascii"), 0o644)
    return True


def _output(command: list[str]) -> bytes:
    done = subprocess.run(command, capture_output=True, timeout=TIMEOUT, check=False)
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").split("\n")
        raise Unreadable(next((line.strip() for line in lines if line.strip()), "openssl refuses it"))
    return done.stdout
