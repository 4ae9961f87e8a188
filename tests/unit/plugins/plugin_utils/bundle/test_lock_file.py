# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lock reads or is refused in one sentence; nothing in it may be a Python error."""

from __future__ import annotations

import copy
import hashlib
import os

import pytest
import yaml
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import lock_file
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import source as artifact_source
from hypothesis import given, settings
from hypothesis import strategies as st

LOCK = {
    "version": 1,
    "created": "2026-11-22T16:32:13Z",
    "artifacts": [
        {"name": "a.run", "size": 3, "sha256": "ab" * 32, "kind": "package", "arch": "aarch64", "python": "3.11",
         "url": "https://vendor.example/a.run", "headers": {"Referer": "https://vendor.example/"}, "licence": "MIT"},
        {"name": "wheels/b.whl", "size": 0, "sha256": "cd" * 32},
    ],
    "sets": {"wheels-2.7.1-py3.11-aarch64": ["wheels/b.whl"]},
    "requirements": {"wheels-2.7.1-py3.11-aarch64": ["mindspore==2.7.1"]},
}  # fmt: skip
STRANGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates() | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3),
    max_leaves=5,
)


def places(value, path=()):
    """Every place of a document, as keys."""
    yield path
    rows = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in rows:
        yield from places(inner, (*path, key))


PLACES = list(places(LOCK))


def put(document, path, value):
    if not path:
        return value
    at = document
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return document


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(PLACES), STRANGE)
def test_a_lock_with_one_strange_value_reads_or_is_refused(path, value):
    changed = put(copy.deepcopy(LOCK), path, value)
    text = yaml.dump(changed, allow_unicode=True)
    try:
        lock = lock_file.load_lock(text, "the lock")
    except ArtifactError as error:
        assert str(error) and "\n" not in str(error) and len(str(error)) < 1000
        return
    for entry in lock["artifacts"].values():
        assert isinstance(entry["size"], int) and len(entry["sha256"]) == 64
        assert all(isinstance(text, str) for pair in entry["headers"].items() for text in pair)
    assert all(name in lock["artifacts"] for rows in lock["sets"].values() for name in rows)
    artifacts.lock_document(lock["artifacts"], lock["sets"], "now")


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6), st.binary(max_size=6))
def test_a_lock_with_damaged_bytes_reads_or_is_refused(at, noise):
    text = yaml.safe_dump(LOCK).encode()
    at %= len(text)
    data = text[:at] + noise + text[at + len(noise) :]
    try:
        lock_file.load_lock(lock_file.decoded(data, "the lock"), "the lock")
    except ArtifactError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (("sets",), ["wheels/b.whl"], "sets is a list"),
        (("sets",), {"one": "wheels/b.whl"}, "is not a list of artifact names"),
        (("sets",), {"one": [["wheels/b.whl"]]}, "is not a list of artifact names"),
        (("sets",), {"one": [{"name": "a.run"}]}, "is not a list of artifact names"),
        (("requirements",), {"one": 3}, "is not a list of texts"),
        (("artifacts", 0, "headers"), ["Referer"], "headers is a list"),
        (("artifacts", 0, "headers"), "Referer: x", "takes a mapping"),
        (("artifacts", 0, "headers"), {"Referer": 3}, "not a request header"),
        (("artifacts", 0, "headers"), {"Referer": "x\r\nHost: y"}, "not a request header"),
        (("artifacts", 0, "size"), 10**400, "needs sha256 and size"),
        (("artifacts", 0, "size"), True, "needs sha256 and size"),
        (("artifacts", 0, "name"), ["a.run"], "not an artifact name"),
        (("artifacts", 0, "url"), {"a": 1}, "it takes a text"),
        (("version",), True, "lock version True"),
    ],
)
def test_a_malformed_part_is_named(place, value, told):
    with pytest.raises(ArtifactError, match=told):
        artifacts.parse_lock(put(copy.deepcopy(LOCK), place, value), "the lock")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20000,
        "{a: " * 20000,
        "a: &a [x, x]\nb: &b [*a, *a]\nversion: 1\nartifacts: []\n",
        "version: 1\nartifacts: [{name: !!timestamp x}]",
        "version: 1\nartifacts: [{size: !!int ''}]",
        "version: 1\nartifacts: [{size: " + "9" * 5000 + "}]",
        "version: 1\nartifacts: [{name: 2026-99-99}]",
        "version: !!bool maybe",
        "!!python/object/apply:os.system [id]",
        "? [a]\n: b",
        "\x00",
        "- a\n- b",
        "",
    ],
)
def test_hostile_yaml_is_told_in_words(text):
    with pytest.raises(ArtifactError, match="the lock"):
        lock_file.load_lock(text, "the lock")


def test_a_hand_written_lock_may_say_python_as_a_number():
    changed = put(copy.deepcopy(LOCK), ("artifacts", 0, "python"), 3.11)
    assert artifacts.parse_lock(changed, "the lock")["artifacts"]["a.run"]["python"] == "3.11"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    folder = tmp_path / "artifacts"
    folder.mkdir()
    (folder / artifacts.LOCK_NAME).write_text(yaml.safe_dump(LOCK))
    return folder


def test_a_pinned_lock_of_a_folder(folder):
    right = hashlib.sha256((folder / artifacts.LOCK_NAME).read_bytes()).hexdigest()
    assert artifact_source.open_source(str(folder), pin=right).lock is not None
    assert artifact_source.open_source(str(folder), pin="sha256:" + right.upper()).lock is not None
    with (folder / artifacts.LOCK_NAME).open("a") as stream:
        stream.write("# one byte more\n")
    with pytest.raises(ArtifactError, match="not the lock that was reviewed"):
        artifact_source.open_source(str(folder), pin=right)
    (folder / artifacts.LOCK_NAME).unlink()
    with pytest.raises(ArtifactError, match="does not exist, and ascend_artifacts_lock_sha256"):
        artifact_source.open_source(str(folder), pin=right)
    with pytest.raises(ArtifactError, match="is not a sha256"):
        artifact_source.open_source(str(folder), pin="abc")


@pytest.mark.parametrize("kind", ["pipe", "folder", "dangling", "elsewhere", "latin"])
def test_a_lock_that_is_no_lock_is_not_the_same_as_none(folder, tmp_path, kind):
    """What the lock forbids would otherwise be allowed."""
    path = folder / artifacts.LOCK_NAME
    text = path.read_bytes()
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "dangling":
        path.symlink_to("nowhere")
    elif kind == "elsewhere":
        (tmp_path / "other.yml").write_bytes(text)
        path.symlink_to(tmp_path / "other.yml")
    else:
        path.write_bytes(text + b"# \xe9\n")
    with pytest.raises(ArtifactError, match=artifacts.LOCK_NAME):
        artifact_source.open_source(str(folder))
