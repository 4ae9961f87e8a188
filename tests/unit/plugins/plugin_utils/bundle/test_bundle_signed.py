# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures and revocations of what a bundle takes in."""

from __future__ import annotations

import subprocess

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import source as artifact_source
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle.store import Lacking
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle.wants import Want
from ansible_collections.ascend.fleet.tests.unit.plugins.plugin_utils.bundle.bundle_folder import DATA, NAME, lock
from ansible_collections.ascend.fleet.tests.unit.plugins.plugin_utils.bundle.test_signature import Authority

SIGNED = "signed by CN=me; revocation not checked: no revocation list is known (bundle_crl_file)"


@pytest.fixture
def signed(downloads):
    """A package with a signature made by a throw-away key."""
    path = downloads / NAME
    path.write_bytes(DATA)
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            "/CN=me",
            "-addext",
            "extendedKeyUsage=codeSigning",
            "-keyout",
            "key",
            "-out",
            "pem",
            "-days",
            "2",
        ],
        cwd=downloads,
        check=True,
        capture_output=True,
    )
    subprocess.run(
        [
            "openssl",
            "cms",
            "-sign",
            "-binary",
            "-in",
            NAME,
            "-signer",
            "pem",
            "-inkey",
            "key",
            "-outform",
            "DER",
            "-out",
            f"{NAME}.cms",
        ],
        cwd=downloads,
        check=True,
        capture_output=True,
    )
    return path


def test_a_signature_beside_a_package_is_checked(bundle, tmp_path, downloads, signed, said):
    bundle(sources=[downloads], ca_file=downloads / "pem", require_signature=True).obtain(Want(NAME, "package"))
    assert lock(tmp_path)["artifacts"][0]["signature"] == SIGNED
    assert any("signed by" in line for line in said)
    # The note survives the next reading and writing of the lock, and a run without news leaves the file alone.
    stamp = (tmp_path / "bundle" / artifacts.LOCK_NAME).stat().st_ino
    bundle().write_lock()
    assert (tmp_path / "bundle" / artifacts.LOCK_NAME).stat().st_ino == stamp
    again = bundle()
    again.sets["a set"] = [NAME]
    again.write_lock()
    assert lock(tmp_path)["artifacts"][0]["signature"] == SIGNED


def test_a_tampered_signed_package_stays_out(bundle, tmp_path, downloads, signed):
    signed.write_bytes(DATA + b"x")
    with pytest.raises(Lacking, match=r"refused: .* does not belong"):
        bundle(sources=[downloads]).obtain(Want(NAME, "package"))
    assert not (tmp_path / "bundle" / NAME).exists()


def test_a_required_signature_must_be_proven(bundle, downloads, signed):
    with pytest.raises(Lacking, match="not proven without bundle_ca_file"):
        bundle(sources=[downloads], require_signature=True).obtain(Want(NAME, "package"))
    (downloads / f"{NAME}.cms").unlink()
    with pytest.raises(Lacking, match="no signature"):
        bundle(sources=[downloads], require_signature=True).obtain(Want(NAME, "package"))


@pytest.fixture
def revoking(tmp_path_factory):
    folder = tmp_path_factory.mktemp("revoking")
    own = Authority(folder / "own")
    return own, own.crl(folder / "older"), own.crl(folder / "newer", revoked=True)


def test_a_revocation_once_seen_is_not_forgotten(bundle, tmp_path, downloads, revoking):
    own, older, newer = revoking
    (downloads / NAME).write_bytes(DATA)
    own.sign(downloads / NAME)
    beside, options = downloads / f"{NAME}.crl", {"sources": [downloads], "ca_file": own.ca}
    beside.write_bytes(newer.read_bytes())
    with pytest.raises(Lacking, match="revoked"):
        bundle(**options).obtain(Want(NAME, "package"))
    for data in (None, older.read_bytes()):
        beside.unlink()
        if data:
            beside.write_bytes(data)
        with pytest.raises(Lacking, match="revoked"):
            bundle(**options).obtain(Want(NAME, "package"))
        beside.touch()
    assert not (tmp_path / "bundle" / NAME).exists() and len(list((tmp_path / "bundle" / "crl").iterdir())) == 1


def test_a_revocation_reaches_what_was_collected_before(bundle, tmp_path, downloads, revoking):
    own, _older, newer = revoking
    (downloads / NAME).write_bytes(DATA)
    own.sign(downloads / NAME)
    one = bundle(sources=[downloads], ca_file=own.ca)
    one.obtain(Want(NAME, "package"))
    assert one.unchecked == [NAME]
    assert "revocation not checked" in lock(tmp_path)["artifacts"][0]["signature"]
    with pytest.raises(Lacking, match="revoked"):
        bundle(ca_file=own.ca, crl_file=newer).obtain(Want(NAME, "package"))
    # It is there, and no host gets it.
    assert lock(tmp_path)["artifacts"] == [] and (tmp_path / "bundle" / NAME).exists()
    source = artifact_source.open_source(str(tmp_path / "bundle"))
    with pytest.raises(artifacts.ArtifactError, match="does not list it"):
        source.resolve(NAME)
    (why,) = bundle(ca_file=own.ca).adopt_rest()
    assert "revoked" in why


def test_the_named_signer_alone_may_sign(bundle, tmp_path, downloads, signed):
    with pytest.raises(Lacking, match="is not you, which bundle_signer names"):
        bundle(sources=[downloads], ca_file=downloads / "pem", signer="you").obtain(Want(NAME, "package"))
    bundle(sources=[downloads], ca_file=downloads / "pem", signer="me").obtain(Want(NAME, "package"))
    assert "signed by CN=me" in lock(tmp_path)["artifacts"][0]["signature"]
