# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where files and hashes come from on the control node."""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

import pytest
import yaml
from ansible_collections.ascend.fleet.plugins.module_utils import whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import source as artifact_source
from http_faults import serving

DRIVER = "Ascend-hdk-910b-npu-driver_25.3.rc1_linux-x86-64.run"
DATA = b"driver\n"
SHA = hashlib.sha256(DATA).hexdigest()
MIRROR = "https://mirror.example.com/ascend"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "artifacts"
    (folder / "wheels").mkdir(parents=True)
    (folder / DRIVER).write_bytes(DATA)
    (folder / "wheels" / "a-1.whl").write_bytes(b"wheel")
    return folder


def lock_text(**changes):
    row = {"name": DRIVER, "size": len(DATA), "sha256": SHA, **changes}
    return yaml.safe_dump({"version": 1, "artifacts": [row], "sets": {"one": [row["name"]]}})


def pin(text):
    return hashlib.sha256(text.encode()).hexdigest()


def resolve(source, *names, lock=None, **more):
    opened = artifact_source.open_source(str(source), pin=pin(lock) if lock else None)
    return artifact_source.resolve_files(opened, [{"name": name, **more} for name in names])


def test_a_plain_folder_needs_no_preparation(folder):
    driver, wheel = resolve(folder, DRIVER, "wheels/a-1.whl")
    assert driver == {
        "name": DRIVER,
        "sha256": SHA,
        "size": 7,
        "path": str(folder / DRIVER),
        "url": None,
        "headers": None,
        "whole": False,
    }
    assert wheel["sha256"] == hashlib.sha256(b"wheel").hexdigest()


def test_the_other_spelling_of_x86_and_sub_folders_are_found(folder):
    assert resolve(folder, DRIVER.replace("x86-64", "x86_64"))[0]["path"] == str(folder / DRIVER)
    assert resolve(folder, "a-1.whl")[0]["path"] == str(folder / "wheels" / "a-1.whl")


def test_two_different_files_of_one_name_are_refused(folder):
    (folder / "old").mkdir()
    (folder / "old" / "a-1.whl").write_bytes(b"older")
    with pytest.raises(ArtifactError, match="more than once"):
        resolve(folder, "a-1.whl")


def test_a_missing_file_names_variable_file_and_similar_ones(folder):
    with pytest.raises(ArtifactError) as error:
        resolve(folder, "Ascend-hdk-910b-npu-driver_25.5.0_linux-x86_64.run")
    for part in ("ascend_artifacts", "driver_25.5.0", str(folder), DRIVER):
        assert part in str(error.value)


def test_a_file_inside_a_zip_is_said_so(folder):
    with zipfile.ZipFile(folder / "hdk.zip", "w") as archive:
        archive.writestr("x/firmware_1.run", b"f")
    with pytest.raises(ArtifactError, match=r"inside hdk\.zip"):
        resolve(folder, "firmware_1.run")


def test_no_folder(tmp_path):
    with pytest.raises(ArtifactError, match=r"ascend_artifacts: .* is not a folder"):
        resolve(tmp_path / "nothing", DRIVER)
    with pytest.raises(ArtifactError, match="ascend_artifacts is not set"):
        artifact_source.open_source("")


def test_the_lock_is_the_authority(folder):
    (folder / artifacts.LOCK_NAME).write_text(lock_text())
    assert resolve(folder, DRIVER)[0]["sha256"] == SHA
    with pytest.raises(ArtifactError, match="does not list it"):
        resolve(folder, "wheels/a-1.whl")


@pytest.mark.parametrize("content", [b"drivex\n", b"driver, longer\n"])
def test_a_tampered_file_is_refused_before_any_host(folder, content):
    (folder / artifacts.LOCK_NAME).write_text(lock_text())
    resolve(folder, DRIVER)
    info = (folder / DRIVER).stat()
    (folder / DRIVER).write_bytes(content)
    os.utime(folder / DRIVER, ns=(info.st_atime_ns, info.st_mtime_ns))
    with pytest.raises(ArtifactError, match="No host was touched"):
        resolve(folder, DRIVER)


def test_sums_hold_for_what_they_list(folder):
    (folder / artifacts.SUMS_NAME).write_text(f"# by sha256sum\n{SHA} *{DRIVER}\n")
    assert resolve(folder, DRIVER)[0]["sha256"] == SHA
    assert resolve(folder, "wheels/a-1.whl")[0]["sha256"]
    assert artifact_source.unproven(str(folder), [DRIVER]) == []
    (folder / DRIVER).write_bytes(b"")
    with pytest.raises(ArtifactError, match="not the file that SHA256SUMS there describes"):
        resolve(folder, DRIVER)
    [why] = artifact_source.unproven(str(folder), [DRIVER])
    assert "No host was touched" in why


@pytest.mark.parametrize("text", ["abc  driver.run\n", f"{'0' * 64}\n", f"{'0' * 64}  a\n{'1' * 64}  a\n"])
def test_broken_sums_are_named(folder, text):
    (folder / artifacts.SUMS_NAME).write_text(text)
    with pytest.raises(ArtifactError, match="SHA256SUMS"):
        resolve(folder, DRIVER)


def test_a_plain_folder_is_not_read_to_plan(folder, monkeypatch):
    monkeypatch.setattr(artifact_source, "file_sha256", lambda path: pytest.fail(f"{path} was read"))
    assert artifact_source.unproven(str(folder), [DRIVER]) == []


def test_a_given_hash_must_agree(folder):
    assert resolve(folder, DRIVER, sha256="sha256:" + SHA.upper())[0]["sha256"] == SHA
    with pytest.raises(ArtifactError, match="expected 0000"):
        resolve(folder, DRIVER, sha256="0" * 64)


def test_a_broken_lock_is_named(folder):
    (folder / artifacts.LOCK_NAME).write_text("{")
    with pytest.raises(ArtifactError, match="not YAML"):
        resolve(folder, DRIVER)


def test_a_file_is_read_once_however_many_hosts_ask(folder, monkeypatch):
    read = []
    real = whole_file.digest
    monkeypatch.setattr(whole_file, "digest", lambda path: read.append(path) or real(path))
    for _host in range(5):
        resolve(folder, DRIVER)
    assert len(read) == 1
    (folder / DRIVER).write_bytes(b"new")
    resolve(folder, DRIVER)
    assert len(read) == 2


def test_a_torn_cache_file_is_replaced(folder, tmp_path):
    resolve(folder, DRIVER)
    for path in (tmp_path / "user-cache" / "ascend-fleet").iterdir():
        path.write_text('{"key"')
    assert resolve(folder, DRIVER)[0]["sha256"] == SHA


def test_a_served_folder_gives_urls_and_keeps_the_path(folder):
    opened = artifact_source.open_source(str(folder), "https://control.example.com/ascend/")
    item = artifact_source.resolve_files(opened, [{"name": "wheels/a-1.whl"}])[0]
    assert item["url"] == "https://control.example.com/ascend/wheels/a-1.whl"
    assert item["path"] == str(folder / "wheels" / "a-1.whl")


def test_an_explicit_url_keeps_the_local_copy_as_fallback(folder):
    more = {"url": "https://vendor.example.com/d.run", "sha256": SHA, "headers": {"Referer": "https://example.com/"}}
    item = resolve(folder, DRIVER, **more)[0]
    assert (item["url"], item["path"]) == (more["url"], str(folder / DRIVER))
    assert item["headers"] == more["headers"]
    item = resolve(folder, "elsewhere.run", **more)[0]
    assert item["path"] is None and item["sha256"] == SHA


def test_a_mirror_lock_is_fetched_once_per_run(monkeypatch):
    with serving({artifacts.LOCK_NAME: lock_text().encode()}) as server:
        for _host in range(3):
            item = resolve(server.url + "/", DRIVER.replace("x86-64", "x86_64"), lock=lock_text())[0]
        assert item["url"] == f"{server.url}/{DRIVER}" and item["sha256"] == SHA and item["path"] is None
        assert len(server.requests) == 1
        monkeypatch.setattr(artifact_source, "run_id", lambda: "the next run")
        resolve(server.url + "/", DRIVER, lock=lock_text())
        assert len(server.requests) == 2
        with pytest.raises(ArtifactError, match="not in the lock"):
            resolve(server.url + "/", "x.run", lock=lock_text())


@pytest.fixture
def https(monkeypatch):
    """A mirror over https: what the network would give is in this table."""
    table: dict[str, str] = {}
    monkeypatch.setattr(artifact_source, "_get_text", lambda url: table.get(url.removeprefix(MIRROR + "/")))
    return table


def test_a_mirror_without_a_lock_runs_nothing_unverified(https):
    with pytest.raises(ArtifactError, match="nothing unverified ever runs"):
        resolve(MIRROR, DRIVER)
    [why] = artifact_source.unproven(MIRROR, [DRIVER])
    assert "nothing unverified ever runs" in why
    assert resolve(MIRROR, DRIVER, sha256=SHA)[0]["url"] == f"{MIRROR}/{DRIVER}"


def test_a_mirror_with_sums_instead_of_a_lock(https):
    https[artifacts.SUMS_NAME] = f"{SHA}  {DRIVER}\n"
    assert resolve(MIRROR, DRIVER)[0]["sha256"] == SHA
    assert artifact_source.unproven(MIRROR, [DRIVER]) == []
    with pytest.raises(ArtifactError, match="nothing unverified ever runs"):
        resolve(MIRROR, "other.run")


def test_a_mirror_that_does_not_answer_is_an_error():
    with serving({}, ["500"]) as server, pytest.raises(ArtifactError, match="HTTP 500"):
        resolve(server.url, DRIVER, lock="x")
    with pytest.raises(ArtifactError, match=r"ascend_artifacts: http://127\.0\.0\.1:9"):
        resolve("http://127.0.0.1:9", DRIVER, lock="x")


def test_what_is_missing_and_what_is_similar(folder):
    wanted = [DRIVER.replace("x86-64", "x86_64"), "a-1.whl", "firmware.run"]
    assert artifact_source.missing(str(folder), wanted) == ["firmware.run"]
    assert artifact_source.similar(str(folder), DRIVER.replace("25.3", "25.5")) == [DRIVER]
    assert artifact_source.similar("/nowhere", DRIVER) == []
    with serving({artifacts.LOCK_NAME: lock_text().encode()}) as server:
        assert artifact_source.missing(server.url, [DRIVER, "x.run"], pin(lock_text())) == ["x.run"]


def test_a_mirror_without_a_lock_is_not_asked_for_every_file(https):
    assert artifact_source.missing(MIRROR, ["x.run"]) == []


def test_pieces_of_a_file(folder, tmp_path):
    path = str(folder / DRIVER)
    with artifact_source.pieces([(path, 0, None)], 100) as (whole, (size,)):
        assert (Path(whole).read_bytes(), size) == (DATA, len(DATA))
    stale = artifact_source.cache_dir() / "piece-old"
    stale.write_bytes(b"x")
    os.utime(stale, (1, 1))
    with artifact_source.pieces([(path, 2, None)], 3) as (name, (size,)):
        assert size == 3 and Path(name).read_bytes() == DATA[2:5]
    assert not os.path.exists(name) and not stale.exists()


def test_pieces_of_several_files_one_behind_the_other(folder):
    path = str(folder / DRIVER)
    with artifact_source.pieces([(path, 1, None), (path, len(DATA), None), (path, 0, str(folder))], 2) as (name, sizes):
        assert Path(name).read_bytes() == DATA[1:3] + DATA[:2] and sizes == [2, 0, 2]
