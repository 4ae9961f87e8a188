# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bundle folder against a server and folders on disk."""

from __future__ import annotations

import email.message
import hashlib
import urllib.error
import zipfile

import pytest
import yaml
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import (
    signature,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import (
    source as artifact_source,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import (
    store as bundle_store,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle.store import Lacking
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle.wants import Want
from ansible_collections.ascend.fleet.tests.unit.plugins.plugin_utils.bundle.bundle_folder import DATA, NAME, SHA, lock
from http_faults import serving


def test_a_download_with_headers_that_is_cut_and_resumed(bundle, tmp_path):
    with serving({NAME: DATA}, ["cut:1000", "503", "503"]) as server:
        want = Want(
            NAME,
            "package",
            "x86_64",
            url=f"{server.url}/{NAME}",
            headers={"Referer": "https://example.com/"},
            licence="a licence",
        )
        with pytest.raises(Lacking, match="Run again to resume"):
            bundle().obtain(want)
        again = bundle()
        again.obtain(want)
        assert again.received == len(DATA) - 1000
        assert {headers["Referer"] for headers in server.headers_seen} == {"https://example.com/"}
        requests = len(server.requests)
        bundle().obtain(want)
        assert len(server.requests) == requests
    (row,) = lock(tmp_path)["artifacts"]
    assert row["sha256"] == SHA and row["size"] == len(DATA) and row["licence"] == "a licence"
    assert row["headers"] == {"Referer": "https://example.com/"} and row["url"].startswith("http")
    assert NAME in again.unproven
    resolved = artifact_source.resolve_files(artifact_source.open_source(str(tmp_path / "bundle")), [{"name": NAME}])
    assert resolved[0]["sha256"] == SHA


def test_no_secret_follows_a_redirect_to_another_host(bundle, tmp_path):
    with serving({NAME: DATA}) as other, serving({NAME: DATA}, [f"to:{other.url}/{NAME}"]) as server:
        headers = {"Authorization": "Bearer token", "Referer": "https://example.com/"}
        want = Want(NAME, "package", "x86_64", url=f"{server.url}/{NAME}", sha256=SHA, headers=headers)
        bundle()._fetch(want, tmp_path / "bundle" / NAME)
        assert server.headers_seen[0]["Authorization"] == "Bearer token" and "token" not in str(other.headers_seen)
        assert other.headers_seen[0]["Referer"] == "https://example.com/"
    assert (tmp_path / "bundle" / NAME).read_bytes() == DATA


def test_a_page_instead_of_a_package_is_refused(bundle, tmp_path):
    with serving({NAME: b"<html></html>"}) as server, pytest.raises(Lacking, match="sent a page instead"):
        bundle().obtain(Want(NAME, "package", url=f"{server.url}/{NAME}"))
    assert not list((tmp_path / "bundle").glob("*.run*"))


def test_a_wrong_hash_is_refused(bundle, tmp_path, downloads):
    (downloads / NAME).write_bytes(DATA)
    with pytest.raises(Lacking, match="the catalog says"):
        bundle(sources=[downloads]).obtain(Want(NAME, "package", sha256="0" * 64))
    assert not (tmp_path / "bundle" / NAME).exists()


def test_a_source_folder_with_the_other_spelling(bundle, tmp_path, downloads):
    (downloads / "deep").mkdir()
    (downloads / "deep" / NAME.replace("x86_64", "x86-64")).write_bytes(DATA)
    bundle(sources=[downloads], offline=True).obtain(Want(NAME, "package"))
    assert (tmp_path / "bundle" / NAME).read_bytes() == DATA


def make_zip(path, *names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(f"../../folder/{name}", DATA if name.endswith(".run") else b"signature")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_zip_from_the_vendor_is_unpacked_inside_the_folder(bundle, tmp_path, downloads, monkeypatch):
    monkeypatch.setattr(signature, "verify", lambda *args: signature.Verdict(True, True, "CN=x", "signed by CN=x"))
    sha256 = make_zip(downloads / "hdk.zip", "driver.run", "driver.run.cms", "firmware.run")
    with serving({"hdk.zip": (downloads / "hdk.zip").read_bytes()}) as server:
        archive = Want("hdk.zip", "archive", url=f"{server.url}/hdk.zip", sha256=sha256)
        one = bundle()
        one.obtain(Want("driver.run", "package", archive=archive))
        one.obtain(Want("firmware.run", "package", archive=archive))
        assert len(server.requests) == 1
        assert {row["archive"] for row in lock(tmp_path)["artifacts"]} == {"hdk.zip"}
        with pytest.raises(Lacking, match="not inside"):
            one.obtain(Want("other.run", "package", archive=archive))
    assert (tmp_path / "bundle" / "driver.run.cms").read_bytes() == b"signature"
    assert {row["name"]: row.get("signature") for row in lock(tmp_path)["artifacts"]} == {
        "driver.run": "signed by CN=x",
        "firmware.run": None,
    }
    assert not list(tmp_path.glob("folder"))


def test_a_damaged_zip_by_hand_is_refused(bundle, downloads):
    make_zip(downloads / "hdk.zip", "driver.run")
    archive = Want("hdk.zip", "archive", sha256="0" * 64)
    with pytest.raises(Lacking, match="not the vendor's file"):
        bundle(sources=[downloads]).obtain(Want("driver.run", "package", archive=archive))


def test_nothing_known_says_what_to_do(bundle):
    with pytest.raises(Lacking, match=r"or hdk\.zip from the vendor"):
        bundle(offline=True).obtain(Want("driver.run", "package", archive=Want("hdk.zip", "archive", url="http://x/")))


def test_a_file_changed_after_the_lock_is_set_aside_and_fetched_again(bundle, tmp_path, downloads):
    (downloads / NAME).write_bytes(DATA)
    bundle(sources=[downloads]).obtain(Want(NAME, "package"))
    (tmp_path / "bundle" / NAME).write_bytes(DATA[:-1] + b"X")
    bundle(sources=[downloads]).obtain(Want(NAME, "package"))
    assert (tmp_path / "bundle" / NAME).read_bytes() == DATA
    assert (tmp_path / "bundle" / f"{NAME}.refused").exists()


def test_what_a_person_adds_joins_the_lock(bundle, tmp_path):
    (tmp_path / "bundle" / "models").mkdir(parents=True)
    (tmp_path / "bundle" / "models" / "gpt2.ckpt").write_bytes(b"weights")
    (tmp_path / "bundle" / "x.run.part").write_bytes(b"half")
    one = bundle()
    one.adopt_rest()
    assert [row["name"] for row in lock(tmp_path)["artifacts"]] == ["models/gpt2.ckpt"]
    assert lock(tmp_path)["artifacts"][0]["kind"] == "model"
    again = bundle()
    again.adopt_rest()
    assert one.added == ["models/gpt2.ckpt"] and again.added == []


def test_the_lock_is_never_half_written(bundle, tmp_path, monkeypatch):
    one = bundle()
    one.write_lock()
    before = (tmp_path / "bundle" / artifacts.LOCK_NAME).read_text()
    one.sets["a set"] = []
    monkeypatch.setattr(bundle_store.os, "fsync", lambda number: (_ for _ in ()).throw(OSError("power cut")))
    with pytest.raises(OSError, match="power cut"):
        one.write_lock()
    assert (tmp_path / "bundle" / artifacts.LOCK_NAME).read_text() == before


def test_text_from_ansible_becomes_plain(bundle, tmp_path, downloads):
    class Unsafe(str):
        """As ansible-core 2.16 hands out what came from a host."""

    (downloads / NAME).write_bytes(DATA)
    bundle(sources=[downloads]).obtain(
        Want(Unsafe(NAME), "package", Unsafe("x86_64"), headers={Unsafe("a"): Unsafe("b")})
    )
    assert lock(tmp_path)["artifacts"][0]["arch"] == "x86_64"


def test_whence(bundle, tmp_path, downloads):
    make_zip(downloads / "hdk.zip", "driver.run")
    (downloads / NAME).write_bytes(DATA)
    one = bundle(sources=[downloads])
    assert one.whence(Want(NAME, "package")) == str(downloads / NAME)
    assert one.whence(Want("driver.run", "package")) == str(downloads / "hdk.zip")
    assert one.whence(Want("a.run", "package", url="https://u:p@example.com/a")) == "https://example.com/a"
    assert one.whence(Want("a.run", "package")) == "nowhere"
    assert not (tmp_path / "bundle").exists()


def test_the_lock_keeps_no_credentials(bundle, tmp_path):
    """It is 0644 and travels: headers, user, password and token come from the variables again, at the next fetch."""
    secret = {"Authorization": "Bearer Sek-1", "Cookie": "s=Sek-2", "X-Api-Key": "Sek-3", "PRIVATE-TOKEN": "Sek-4"}
    with serving({"model.bin?token=Sek-6": b"weights"}) as server:
        url = server.url.replace("//", "//user:Sek-5@") + "/model.bin?token=Sek-6"
        want = Want("models/model.bin", "model", url=url, headers={**secret, "Referer": "https://r.example/?k=Sek-7"})
        bundle().obtain(want)
        text = (tmp_path / "bundle" / artifacts.LOCK_NAME).read_text()
        assert "Sek-" not in text and "user" not in text
        (row,) = lock(tmp_path)["artifacts"]
        assert row["url"] == f"{server.url}/model.bin" and row["headers"] == {"Referer": "https://r.example/"}
        # From such a lock: nothing to do, staging works, and a lost file is fetched again with the same variables.
        requests = len(server.requests)
        bundle().obtain(want)
        assert len(server.requests) == requests
        source = artifact_source.open_source(str(tmp_path / "bundle"))
        assert artifact_source.resolve_files(source, [{"name": want.name}])[0]["sha256"] == row["sha256"]
        (tmp_path / "bundle" / "models" / "model.bin").unlink()
        bundle().obtain(want)
        assert server.headers_seen[-1]["Authorization"].startswith("B")
    assert "Sek-" not in (tmp_path / "bundle" / artifacts.LOCK_NAME).read_text()


def test_an_older_lock_loses_its_credentials_at_the_next_run(bundle, tmp_path):
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "a.bin").write_bytes(b"x")
    row = {
        "name": "a.bin",
        "size": 1,
        "sha256": hashlib.sha256(b"x").hexdigest(),
        "url": "https://u:Sek@h/a?k=Sek",
        "headers": {"Authorization": "Sek"},
        "licence": "see https://u:Sek@h/licence",
    }
    (tmp_path / "bundle" / artifacts.LOCK_NAME).write_text(yaml.safe_dump({"version": 1, "artifacts": [row]}))
    bundle().write_lock()
    assert "Sek" not in (tmp_path / "bundle" / artifacts.LOCK_NAME).read_text()


def test_plain_http_from_elsewhere_needs_a_hash(bundle, monkeypatch):
    monkeypatch.setattr(bundle_store.urls, "open_url", lambda *args, **more: pytest.fail("it was asked"))
    with pytest.raises(Lacking, match="plain http and no sha256"):
        bundle().obtain(Want(NAME, "package", url="http://vendor.example/x.run"))
    archive = Want("hdk.zip", "archive", url="http://vendor.example/hdk.zip")
    with pytest.raises(Lacking, match="plain http and no sha256"):
        bundle().obtain(Want("driver.run", "package", archive=archive))


def test_https_that_leads_to_plain_http_needs_a_hash(bundle, monkeypatch):
    asked = []

    def led_away(url, **_more):
        asked.append(url)
        headers = email.message.Message()
        headers["Location"] = "http://elsewhere.example/x"
        raise urllib.error.HTTPError(url, 302, "Found", headers, None)

    monkeypatch.setattr(bundle_store.urls, "open_url", led_away)
    with pytest.raises(Lacking, match=r"http://elsewhere\.example/x: plain http, and no sha256 is given"):
        bundle().obtain(Want(NAME, "package", url="https://vendor.example/x.run"))
    assert asked == ["https://vendor.example/x.run"]


def test_links_out_of_the_sources_and_out_of_the_bundle_stay_out(bundle, tmp_path, downloads):
    (tmp_path / "id").write_bytes(b"#!secret")
    (downloads / NAME).symlink_to(tmp_path / "id")
    with pytest.raises(Lacking, match="is a link that leaves the folder"):
        bundle(sources=[downloads]).obtain(Want(NAME, "package"))
    (tmp_path / "bundle" / "models").mkdir(parents=True)
    (tmp_path / "bundle" / "models" / "a.bin").symlink_to(tmp_path / "id")
    (tmp_path / "bundle" / "b.ckpt").write_bytes(b"weights")
    one = bundle()
    (why,) = one.adopt_rest()
    assert "leaves the folder" in why and one.added == ["b.ckpt"]


def test_a_member_that_says_it_is_larger_than_the_disk_is_not_unpacked(bundle, downloads):
    with zipfile.ZipFile(downloads / "hdk.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("driver.run", DATA)
        archive.getinfo("driver.run").file_size = 2**61
    with pytest.raises(Lacking, match="cannot be unpacked"):
        bundle(sources=[downloads]).obtain(Want("driver.run", "package", archive=Want("hdk.zip", "archive")))
