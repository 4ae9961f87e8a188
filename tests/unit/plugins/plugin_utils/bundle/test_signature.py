# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures against an authority made here with openssl, as the vendor's tools make theirs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import signature

CONFIG = """
[ca]
default_ca = own
[own]
database = index.txt
crlnumber = crlnumber
default_md = sha256
default_crl_days = {crl_days}
[req]
distinguished_name = name
prompt = no
[name]
CN = {name}
[authority]
basicConstraints = critical,CA:true
keyUsage = keyCertSign,cRLSign
[signer]
extendedKeyUsage = codeSigning
[server]
extendedKeyUsage = serverAuth,clientAuth
[plain]
basicConstraints = CA:false
"""


class Authority:
    """A certificate authority in a folder, with one signing key."""

    def __init__(self, folder: Path, name: str = "Test Root", days: int = 30, use: str = "signer") -> None:
        self.folder = folder
        folder.mkdir()
        self._config("config", name, 30)
        (folder / "index.txt").touch()
        (folder / "crlnumber").write_text("01\n")
        new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        self.run(
            "req",
            "-x509",
            *new,
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
            "-config",
            "config",
            "-extensions",
            "authority",
            "-days",
            "30",
        )
        self._config("signer.config", "Test Package Signer", 30)
        self.run("req", *new, "-keyout", "key", "-out", "csr", "-config", "signer.config")
        self.run(
            "x509",
            "-req",
            "-in",
            "csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-set_serial",
            "7",
            "-out",
            "pem",
            "-extfile",
            "signer.config",
            "-extensions",
            use,
            "-days",
            str(days),
        )

    def _config(self, file: str, name: str, crl_days: int) -> None:
        (self.folder / file).write_text(CONFIG.format(name=name, crl_days=crl_days))

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def run(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def sign(self, path: Path, suffix: str = ".cms", form: str = "DER") -> Path:
        target = path.with_name(path.name + suffix)
        self.run(
            "cms",
            "-sign",
            "-binary",
            "-in",
            str(path),
            "-signer",
            "pem",
            "-inkey",
            "key",
            "-outform",
            form,
            "-out",
            str(target),
        )
        return target

    def crl(self, path: Path, revoked: bool = False, form: str = "PEM") -> Path:
        if revoked:
            self.run("ca", "-config", "config", "-revoke", "pem", "-keyfile", "ca.key", "-cert", "ca.pem")
        self.run("ca", "-config", "config", "-gencrl", "-keyfile", "ca.key", "-cert", "ca.pem", "-out", "list.pem")
        target = path.with_name(path.name + ".crl")
        self.run("crl", "-in", "list.pem", "-outform", form, "-out", str(target))
        return target


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority") / "own")


@pytest.fixture
def package(tmp_path):
    path = tmp_path / "driver.run"
    path.write_bytes(b"#!/bin/bash\n" + bytes(range(256)) * 40)
    return path


@pytest.mark.parametrize(("suffix", "form"), [(".cms", "DER"), (".p7s", "DER"), (".p7s", "PEM")])
def test_a_good_signature(authority, package, suffix, form):
    signed = authority.sign(package, suffix, form)
    assert signature.find(package) == (signed, None)
    verdict = signature.verify(package, signed, authority.ca)
    assert verdict.matches and verdict.trusted and not verdict.refused
    assert "Test Package Signer" in verdict.signer
    assert "revocation not checked" in verdict.note and verdict.used is None


def test_without_an_authority_only_the_match_is_known(authority, package):
    verdict = signature.verify(package, authority.sign(package))
    assert (verdict.matches, verdict.trusted, verdict.refused) == (True, None, False)
    assert "bundle_ca_file" in verdict.note


@pytest.mark.parametrize("with_authority", [True, False])
def test_a_tampered_package_is_refused(authority, package, with_authority):
    signed = authority.sign(package)
    package.write_bytes(package.read_bytes()[:-1] + b"X")
    verdict = signature.verify(package, signed, authority.ca if with_authority else None)
    assert verdict.matches is False and verdict.refused


def test_a_foreign_signer_is_refused(authority, package, tmp_path):
    foreign = Authority(tmp_path / "foreign", "Somebody Else")
    verdict = signature.verify(package, foreign.sign(package), authority.ca)
    assert verdict.matches and verdict.trusted is False and verdict.refused


@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_a_revocation_list_that_clears_the_signer(authority, package, form):
    crl = authority.crl(package, form=form)
    signed = authority.sign(package)
    assert signature.find(package) == (signed, crl)
    assert signature.verify(package, signed, authority.ca, crl).trusted


def test_a_revoked_signer_is_refused(package, tmp_path):
    own = Authority(tmp_path / "revoking")
    crl = own.crl(package, revoked=True, form="DER")
    verdict = signature.verify(package, own.sign(package), own.ca, crl)
    assert verdict.refused and "revoked" in verdict.note


def test_a_list_that_cannot_be_read_is_refused(authority, package):
    crl = package.with_name("driver.run.crl")
    crl.write_bytes(b"not a list")
    verdict = signature.verify(package, authority.sign(package), authority.ca, crl)
    assert verdict.refused and "cannot be read" in verdict.note


def test_an_expired_certificate_still_proves_the_origin(package, tmp_path):
    own = Authority(tmp_path / "old", days=-1)
    verdict = signature.verify(package, own.sign(package), own.ca)
    assert verdict.trusted and "expired" in verdict.note


def test_no_openssl_is_said(package, monkeypatch):
    monkeypatch.setattr(signature.shutil, "which", lambda name: None)
    verdict = signature.verify(package, package.with_name("driver.run.cms"))
    assert not verdict.refused and "openssl is not installed" in verdict.note


def test_rubbish_is_refused(package):
    rubbish = package.with_name("driver.run.cms")
    rubbish.write_bytes(b"rubbish")
    assert signature.verify(package, rubbish).refused


@pytest.fixture(scope="module")
def revoking(tmp_path_factory):
    """An authority that cleared its signer, and revoked it later: (authority, the older list, the newer one)."""
    folder = tmp_path_factory.mktemp("revoking")
    own = Authority(folder / "own")
    return own, own.crl(folder / "older"), own.crl(folder / "newer", revoked=True)


@pytest.mark.parametrize("beside", ["nothing", "older"])
@pytest.mark.parametrize("way", ["given", "kept"])
def test_a_revoked_signer_stays_revoked_whatever_lies_beside_the_file(revoking, package, beside, way):
    own, older, newer = revoking
    more = {"given": newer} if way == "given" else {"kept": [newer]}
    verdict = signature.verify(package, own.sign(package), own.ca, older if beside == "older" else None, **more)
    assert verdict.refused and "revoked" in verdict.note and "revocation list 2" in verdict.note
    assert verdict.used.number == 2


def test_a_newer_list_beside_the_file_counts_over_what_was_known(revoking, package):
    own, older, newer = revoking
    signed = own.sign(package)
    assert signature.verify(package, signed, own.ca, newer, given=older, kept=[older]).refused
    verdict = signature.verify(package, signed, own.ca, older)
    assert verdict.trusted and "not revoked by revocation list 1 of" in verdict.note and verdict.used.number == 1


def test_a_list_that_somebody_else_made_hides_nothing(revoking, package, tmp_path):
    """A forged list with a high number must not be taken for the newest one."""
    own, _older, newer = revoking
    forger = Authority(tmp_path / "forger", "Test Root")
    (forger.folder / "crlnumber").write_text("7F\n")
    forged = forger.crl(package)
    verdict = signature.verify(package, own.sign(package), own.ca, forged, kept=[newer])
    assert verdict.refused and "revoked" in verdict.note
    verdict = signature.verify(package, own.sign(package), own.ca, forged)
    assert verdict.refused and "not one of the signer's authority" in verdict.note


def test_a_kept_list_of_another_vendor_does_not_matter(authority, revoking, package):
    verdict = signature.verify(package, authority.sign(package), authority.ca, kept=[revoking[2]])
    assert verdict.trusted and "revocation not checked" in verdict.note


@pytest.mark.parametrize(("use", "shown"), [("server", "TLS Web Server Authentication"), ("plain", "none")])
def test_a_certificate_for_something_else_signs_no_packages(package, tmp_path, use, shown):
    own = Authority(tmp_path / use, use=use)
    signed = own.sign(package)
    verdict = signature.verify(package, signed, own.ca)
    assert verdict.matches and verdict.refused and shown in verdict.note and "bundle_signer" in verdict.note
    for name in ("Test Package Signer", "CN=Test Package Signer"):
        assert signature.verify(package, signed, own.ca, signer=name).trusted
    verdict = signature.verify(package, signed, own.ca, signer="Somebody Else")
    assert verdict.refused and "Somebody Else" in verdict.note


def test_a_code_signer_that_is_not_the_named_one_is_refused(authority, package):
    assert signature.verify(package, authority.sign(package), authority.ca, signer="Test Package").refused


def test_every_signer_must_be_right(authority, package, tmp_path):
    """A second signer that is a TLS server does not ride along with the right one."""
    server = Authority(tmp_path / "server", "Server Root", use="server")
    both = tmp_path / "both.pem"
    both.write_bytes(authority.ca.read_bytes() + server.ca.read_bytes())
    signed = authority.sign(package)
    arguments = ["-sign", "-binary", "-in", str(package), "-outform", "DER", "-out", str(signed)]
    for own in (authority, server):
        arguments += ["-signer", str(own.folder / "pem"), "-inkey", str(own.folder / "key")]
    authority.run("cms", *arguments)
    verdict = signature.verify(package, signed, both)
    assert verdict.refused and "not for signing code" in verdict.note
