# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's detached signatures (.cms, .p7s) beside a package, checked with openssl.

Three questions, answered apart: does the signature belong to this very file, does the signer lead to a certificate
authority the operator trusts, and may that signer sign packages at all (a code signer, or the one the operator names).
The second needs the vendor's root certificate, which no package brings along.

Whether the signer was revoked is told by the newest revocation list that is known, not by the one that happens to lie
beside the file: that one can be removed, or exchanged for an older one.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import revocation
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle.revocation import RevocationList

SUFFIXES = (".cms", ".p7s")
CRL_SUFFIX = ".crl"
TIMEOUT = revocation.TIMEOUT
UNCHECKED = "revocation not checked"
CODE_SIGNING = "Code Signing"
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True)
class Verdict:
    """What a signature says of a file.

    Attributes:
        matches: the signature was made over exactly this content.
        trusted: and its signer's chain ends at the given authority and is not revoked. None when no authority was
            given or openssl is absent.
        signer: subject of the signing certificate, or None.
        note: one line for people.
        used: the revocation list that was believed, authentic whatever it says of the signer; None for none.
    """

    matches: bool | None
    trusted: bool | None
    signer: str | None
    note: str
    used: RevocationList | None = None

    @property
    def refused(self) -> bool:
        """True when the file must not be used."""
        return self.matches is False or self.trusted is False


def find(path: Path) -> tuple[Path | None, Path | None]:
    """The signature and the revocation list beside `path`: X.run.cms or X.cms, either may be None."""
    signature = _beside(path, SUFFIXES)
    return signature, _beside(path, (CRL_SUFFIX,))


def verify(
    content: Path,
    signature: Path,
    ca_file: Path | None = None,
    crl: Path | None = None,
    given: Path | None = None,
    kept: Iterable[Path] = (),
    signer: str | None = None,
) -> Verdict:
    """Checks one detached signature. Never raises for a bad one; the verdict says so.

    Args:
        crl: the revocation list that came with the file.
        given: the revocation list that the operator gives.
        kept: lists that earlier runs kept; those of other authorities do not matter.
        signer: the one who may sign, common name or whole subject (RFC 2253); without it a code signer of ca_file's.
    """
    openssl = shutil.which("openssl")
    if not openssl:
        return Verdict(None, None, None, f"{signature.name} was not checked: openssl is not installed here")
    with tempfile.TemporaryDirectory(prefix="ascend-signature-") as folder:
        work = Path(folder)
        signer_file = work / "signer.pem"
        base = [
            *(openssl, "cms", "-verify", "-binary", "-inform", revocation.form(signature), "-in", str(signature)),
            *("-content", str(content), "-purpose", "any", "-out", "/dev/null", "-signer", str(signer_file)),
        ]
        code, error = _run([*base, "-noverify"])
        subjects = [_subject(openssl, text, work) for text in _certificates(signer_file)]
        shown = " and ".join(subjects) or None
        if code or not subjects:
            return Verdict(False, False, shown, f"{signature.name} does not belong to {content.name}: {error}")
        if ca_file is None:
            note = f"{signature.name} matches; its signer ({shown}) is not proven without bundle_ca_file"
            return Verdict(True, None, shown, note)
        try:
            lists = _lists(openssl, [crl, given], kept)
        except revocation.Unreadable as unreadable:
            return Verdict(True, False, shown, str(unreadable))
        verdict = _judge_chain(base, work, shown, signature, ca_file, lists)
        if verdict.refused:
            return verdict
        for certificate, subject in zip(_certificates(signer_file), subjects, strict=True):
            wrong = _unfit(openssl, certificate, subject, signer, work)
            if wrong:
                note = f"{signature.name} matches, its signer ({subject}) is refused: {wrong}"
                return Verdict(True, False, shown, note, verdict.used)
        return verdict


def _lists(openssl: str, told: Iterable[Path | None], kept: Iterable[Path]) -> list[RevocationList]:
    """Every list at hand, the newest first, each once."""
    found = [revocation.read(openssl, path, kept=True) for path in kept]
    found += [revocation.read(openssl, path) for path in told if path is not None]
    return sorted({one.data: one for one in found}.values(), key=lambda one: one.age, reverse=True)


def _judge_chain(
    base: list[str], work: Path, signer: str | None, signature: Path, ca_file: Path, lists: list[RevocationList]
) -> Verdict:
    """Chain and revocation. The first of the lists that its authority really made counts; the others are older."""
    anchors = work / "anchors.pem"
    anchors.write_bytes(ca_file.read_bytes())
    code, error, remark = _chain([*base, "-CAfile", str(anchors)])
    if code:
        return Verdict(True, False, signer, f"{signature.name} matches, its signer ({signer}) is refused: {error}")
    foreign = None
    for one in lists:
        anchors.write_bytes(ca_file.read_bytes() + b"\n" + one.data)
        code, error, later = _chain([*base, "-crl_check", "-CAfile", str(anchors)])
        if not code:
            return Verdict(True, True, signer, f"signed by {signer}; not revoked by {one.label}{remark or later}", one)
        if "revoked" in error:
            note = f"{signature.name} matches, its signer ({signer}) is refused: {error} ({one.label})"
            return Verdict(True, False, signer, note, one)
        if foreign is None and not one.kept:
            foreign = f"the revocation list {one.path.name} is not one of the signer's authority: {error}"
    if foreign:
        # A list was given for this file, and nothing else says that the signer is still good.
        return Verdict(True, False, signer, f"{signature.name} matches, but {foreign}")
    note = f"signed by {signer}; {UNCHECKED}: no revocation list is known (bundle_crl_file){remark}"
    return Verdict(True, True, signer, note)


def _chain(command: list[str]) -> tuple[int, str, str]:
    """Exit status, complaint and a remark of openssl's look at the chain."""
    code, error = _run(command)
    if code and "expired" in error:
        # Packages outlive the certificate that signed them; the list beside a package outlives its own date too.
        # What counts is that the chain is right and the signer not revoked.
        code, error = _run([*command, "-no_check_time"])
        return code, error, "; a certificate or list in the chain has expired since"
    return code, error, ""


def _unfit(openssl: str, certificate: str, subject: str, pinned: str | None, work: Path) -> str | None:
    """Why the owner of this certificate is none who signs packages; None when it is."""
    if pinned:
        if pinned in (subject, _common_name(subject)):
            return None
        return f"it is not {pinned}, which bundle_signer names"
    (work / "one.pem").write_text(certificate)
    command = [openssl, "x509", "-in", str(work / "one.pem"), "-noout", "-ext", "extendedKeyUsage"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    uses = [part.strip() for line in done.stdout.splitlines()[1:] for part in line.split(",")]
    if CODE_SIGNING in uses:
        return None
    return (
        f"its certificate is not for signing code (extended key usage: {', '.join(filter(None, uses)) or 'none'})."
        " If the vendor does sign with it, set bundle_signer to its name"
    )


def _common_name(subject: str) -> str | None:
    """The one CN of a subject in RFC 2253 form."""
    names = re.findall(r"(?:\A|(?<!\\),)CN=((?:[^,\\]|\\.)*)", subject)
    return names[0] if len(names) == 1 else None


def _beside(path: Path, suffixes: tuple[str, ...]) -> Path | None:
    for suffix in suffixes:
        for candidate in (path.with_name(path.name + suffix), path.with_suffix(suffix)):
            if candidate != path and candidate.is_file():
                return candidate
    return None


def _certificates(file: Path) -> list[str]:
    """The certificates of all who signed; a signature may have several signers, and each must be right."""
    return _CERTIFICATE.findall(file.read_text(errors="replace")) if file.is_file() else []


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


def _subject(openssl: str, certificate: str, work: Path) -> str:
    (work / "one.pem").write_text(certificate)
    done = subprocess.run(
        [openssl, "x509", "-in", str(work / "one.pem"), "-noout", "-subject", "-nameopt", "RFC2253"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    return done.stdout.strip().removeprefix("subject=").strip() or "a certificate that cannot be read"
