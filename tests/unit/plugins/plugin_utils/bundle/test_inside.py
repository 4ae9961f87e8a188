# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing outside the folder of artifacts is read, whatever lies in it."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import inside
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import source as artifact_source

SECRET = b"-----BEGIN OPENSSH PRIVATE KEY-----\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    folder = tmp_path / "artifacts"
    (folder / "wheels").mkdir(parents=True)
    (folder / "wheels" / "a.whl").write_bytes(b"PK wheel")
    (folder / "a.run").write_bytes(b"#!/bin/sh\n")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "id").write_bytes(SECRET)
    (tmp_path / "home" / "id").chmod(0o600)
    return folder


def resolve(folder, name):
    return artifact_source.resolve_files(artifact_source.open_source(str(folder)), [{"name": name}])[0]


def link_away(folder):
    (folder / "bad.run").symlink_to(folder.parent / "home" / "id")
    return "bad.run"


def link_by_dots(folder):
    (folder / "bad.run").symlink_to("../home/id")
    return "bad.run"


def folder_link(folder):
    (folder / "models").symlink_to(folder.parent / "home")
    return "models/id"


def link_to_a_link(folder):
    (folder / "one").symlink_to(folder.parent / "home")
    (folder / "bad.run").symlink_to("one/id")
    return "bad.run"


def device(folder):
    (folder / "bad.run").symlink_to("/dev/zero")
    return "bad.run"


def pipe(folder):
    os.mkfifo(folder / "bad.run")
    return "bad.run"


def unix_socket(folder):
    with socket.socket(socket.AF_UNIX) as bound:
        here = os.getcwd()
        os.chdir(folder)
        try:
            bound.bind("bad.run")
        finally:
            os.chdir(here)
    return "bad.run"


def loop(folder):
    (folder / "bad.run").symlink_to("bad.run")
    return "bad.run"


KINDS = [link_away, link_by_dots, folder_link, link_to_a_link, device, pipe, unix_socket, loop]


@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("locked", [False, True])
def test_what_is_no_file_of_the_folder_is_never_used(folder, make, locked):
    name = make(folder)
    if locked:
        (folder / "SHA256SUMS").write_text(f"{'0' * 64}  {name}\n")
    with pytest.raises(ArtifactError):
        resolve(folder, name)
    # The plan says so already, before any host is touched.
    assert artifact_source.unproven(str(folder), [name])
    with pytest.raises(ArtifactError), artifact_source.pieces([(str(folder / name), 0, str(folder))], 10):
        pass


def test_the_refusal_names_cause_and_fix(folder):
    with pytest.raises(ArtifactError, match=r"bad\.run is a link that leaves .*move the file there, or mount"):
        resolve(folder, link_away(folder))


def test_links_within_and_a_folder_that_is_a_link_are_fine(folder, tmp_path):
    (folder / "b.whl").symlink_to("wheels/a.whl")
    (folder / "more").symlink_to(folder / "wheels")
    (tmp_path / "srv").symlink_to(folder)
    for name in ("b.whl", "more/a.whl", "wheels/a.whl"):
        item = resolve(tmp_path / "srv", name)
        assert item["size"] == 8
        with artifact_source.pieces([(item["path"], 0, str(tmp_path / "srv"))], 100) as (path, (size,)):
            assert (Path(path).read_bytes(), size) == (b"PK wheel", 8)


def test_what_is_exchanged_after_the_hash_is_not_sent(folder):
    item = resolve(folder, "a.run")
    (folder / "a.run").unlink()
    (folder / "a.run").symlink_to(folder.parent / "home" / "id")
    with (
        pytest.raises(ArtifactError, match="leaves the folder"),
        artifact_source.pieces([(item["path"], 0, str(folder))], 100),
    ):
        pass


def test_the_file_that_is_sent_cannot_be_exchanged(folder):
    """The connection's program opens it by name, later: that name is not in the user's folder."""
    item = resolve(folder, "a.run")
    with artifact_source.pieces([(item["path"], 0, str(folder))], 100) as (path, _size):
        (folder / "a.run").unlink()
        (folder / "a.run").symlink_to(folder.parent / "home" / "id")
        assert Path(path).read_bytes() == b"#!/bin/sh\n"


def test_exchanging_without_end_never_reveals_anything(folder):
    """A folder that somebody swaps for a link as fast as he can: the answer is the file, or a refusal."""
    good, bad, place = folder / "good", folder / "bad", folder / "x"
    good.mkdir()
    (good / "id").write_bytes(b"fine")
    bad.symlink_to(folder.parent / "home")
    good.rename(place)
    stop = threading.Event()

    def swap():
        while not stop.is_set():
            place.rename(good)
            bad.rename(place)
            place.rename(bad)
            good.rename(place)

    thread = threading.Thread(target=swap)
    thread.start()
    seen = set()
    try:
        for _attempt in range(3000):
            try:
                with inside.opened(folder, "x/id") as stream:
                    seen.add(stream.read())
            except ArtifactError:
                seen.add(b"refused")
    finally:
        stop.set()
        thread.join()
    assert seen <= {b"fine", b"refused"} and b"fine" in seen


def test_a_small_file_that_is_not_small(folder):
    with pytest.raises(ArtifactError, match="larger than 5 bytes"):
        inside.read(folder, "a.run", 5)
