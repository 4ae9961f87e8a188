# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's detached signatures (.cms, .p7s) beside a package, checked with openssl.

Two questions, answered apart: does the signature belong to this very file, and does the signer lead to a certificate
authority the operator trusts. The second needs the vendor's root certificate, which no package brings along.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = (".cms", ".p7s")
CRL_SUFFIX = ".crl"
TIMEOUT = 600


@dataclass(frozen=True)
class Verdict:
    """What a signature says of a file.

    Attributes:
        matches: the signature was made over exactly this content.
        trusted: and its signer's chain ends at the given authority and is not revoked. None when no authority was
            given or openssl is absent.
        signer: subject of the signing certificate, or None.
        note: one line for people.
    """

    matches: bool | None
    trusted: bool | None
    signer: str | None
    note: str

    @property
    def refused(self) -> bool:
        """True when the file must not be used."""
        return self.matches is False or self.trusted is False


def find(path: Path) -> tuple[Path | None, Path | None]:
    """The signature and the revocation list beside `path`: X.run.cms or X.cms, either may be None."""
    signature = _beside(path, SUFFIXES)
    return signature, _beside(path, (CRL_SUFFIX,))


def verify(content: Path, signature: Path, ca_file: Path | None = None, crl: Path | None = None) -> Verdict:
    """Checks one detached signature. Never raises for a bad one; the verdict says so."""
    openssl = shutil.which("openssl")
    if not openssl:
        return Verdict(None, None, None, f"{signature.name} was not checked: openssl is not installed here")
    with tempfile.TemporaryDirectory(prefix="ascend-signature-") as folder:
        work = Path(folder)
        signer_file = work / "signer.pem"
        base = [
            *(openssl, "cms", "-verify", "-binary", "-inform", _form(signature), "-in", str(signature)),
            *("-content", str(content), "-purpose", "any", "-out", "/dev/null", "-signer", str(signer_file)),
        ]
        code, error = _run([*base, "-noverify"])
        signer = _subject(openssl, signer_file)
        if code:
            return Verdict(False, False, signer, f"{signature.name} does not belong to {content.name}: {error}")
        if ca_file is None:
            note = f"{signature.name} matches; its signer ({signer}) is not proven without bundle_ca_file"
            return Verdict(True, None, signer, note)
        return _judge_signer(openssl, base, work, signer, signature, ca_file, crl)


def _judge_signer(
    openssl: str, base: list[str], work: Path, signer: str | None, signature: Path, ca_file: Path, crl: Path | None
) -> Verdict:
    anchors = work / "anchors.pem"
    anchors.write_bytes(ca_file.read_bytes())
    remark = ""
    if crl is not None:
        code, error = _run([openssl, "crl", "-in", str(crl), "-inform", _form(crl), "-out", str(work / "crl.pem")])
        if code:
            return Verdict(True, False, signer, f"the revocation list {crl.name} cannot be read: {error}")
        anchors.write_bytes(anchors.read_bytes() + b"\n" + (work / "crl.pem").read_bytes())
        base = [*base, "-crl_check"]
    command = [*base, "-CAfile", str(anchors)]
    code, error = _run(command)
    if code and "expired" in error:
        # Packages outlive the certificate that signed them; the list beside a package outlives its own date too.
        # What counts is that the chain is right and the signer not revoked.
        code, error = _run([*command, "-no_check_time"])
        remark = "; a certificate or list in the chain has expired since"
    if code:
        return Verdict(True, False, signer, f"{signature.name} matches, its signer ({signer}) is refused: {error}")
    return Verdict(True, True, signer, f"signed by {signer}{remark}")


def _beside(path: Path, suffixes: tuple[str, ...]) -> Path | None:
    for suffix in suffixes:
        for candidate in (path.with_name(path.name + suffix), path.with_suffix(suffix)):
            if candidate != path and candidate.is_file():
                return candidate
    return None


def _form(path: Path) -> str:
    with path.open("rb") as stream:
        return "PEM" if stream.read(64).lstrip().startswith(b"-----BEGIN") else "DER"


def _run(command: list[str]) -> tuple[int, str]:
    """Exit status and the last telling line of openssl's complaint."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return 1, str(error)
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    told = [line for line in lines if "error" in line.lower()] or lines
    return done.returncode, _plain(told[-1]) if told else f"openssl ended with {done.returncode}"


def _plain(line: str) -> str:
    """The words of an openssl error line without its codes and source lines."""
    parts = [part for part in line.split(":") if part]
    words = [part for part in parts if " " in part.strip() and not part.strip().startswith(("../", "crypto"))]
    return ": ".join(part.strip() for part in words) or line


def _subject(openssl: str, certificate: Path) -> str | None:
    if not certificate.is_file() or not certificate.stat().st_size:
        return None
    done = subprocess.run(
        [openssl, "x509", "-in", str(certificate), "-noout", "-subject", "-nameopt", "RFC2253"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    return done.stdout.strip().removeprefix("subject=").strip() or None
