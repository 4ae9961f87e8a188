# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
import copy

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError
from hypothesis import given
from hypothesis import strategies as st

SHA = "ab" * 32
LOCK = {
    "version": 1,
    "artifacts": [
        {"name": "a.run", "size": 3, "sha256": SHA, "kind": "package", "headers": {"Referer": "https://example.com/"}},
        {"name": "wheels/b.whl", "size": 0, "sha256": "SHA256:".lower() + SHA.upper()},
    ],
    "sets": {"wheels-2.7.1-py3.11-aarch64": ["wheels/b.whl"]},
}


@pytest.mark.parametrize("name", ["a.run", "wheels/a.whl", "./a.run", "wheels//a.whl"])
def test_check_name_cleans(name):
    assert artifacts.check_name(name) in ("a.run", "wheels/a.whl")


@pytest.mark.parametrize("name", ["", None, "/etc/passwd", "../a", "a/../../b", "a\nb", "a\\b", "/", "."])
def test_check_name_refuses(name):
    with pytest.raises(ArtifactError, match="artifact name"):
        artifacts.check_name(name)


@given(st.text())
def test_a_clean_name_never_leaves_its_folder(name):
    try:
        clean = artifacts.check_name(name)
    except ArtifactError:
        return
    assert not clean.startswith("/") and ".." not in clean.split("/") and clean == artifacts.check_name(clean)


def test_check_sha256():
    assert artifacts.check_sha256("sha256:" + SHA.upper()) == SHA
    assert artifacts.check_sha256("") is None
    with pytest.raises(ArtifactError, match="64 hex"):
        artifacts.check_sha256("d41d8cd98f00b204e9800998ecf8427e")


def test_parse_lock():
    lock = artifacts.parse_lock(LOCK, "artifacts.lock.yml")
    assert lock["artifacts"]["wheels/b.whl"]["sha256"] == SHA
    assert lock["artifacts"]["a.run"]["headers"] == {"Referer": "https://example.com/"}
    assert lock["sets"] == {"wheels-2.7.1-py3.11-aarch64": ["wheels/b.whl"]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lock: lock.update(version=2), "version 2"),
        (lambda lock: lock.update(artifacts=None), "no list"),
        (lambda lock: lock["artifacts"].append(lock["artifacts"][0]), "twice"),
        (lambda lock: lock["artifacts"][0].pop("sha256"), "needs sha256"),
        (lambda lock: lock["artifacts"][0].update(size="3"), "needs sha256"),
        (lambda lock: lock["artifacts"][0].update(name="../x"), "artifact name"),
        (lambda lock: lock["artifacts"].append("a.run"), "not a mapping"),
        (lambda lock: lock["sets"].update(x=["nothing.whl"]), "does not list"),
        (lambda lock: lock.update(sets=["wheels/b.whl"]), "sets is a list"),
        (lambda lock: lock["sets"].update(x=[["wheels/b.whl"]]), "not a list of artifact names"),
        (lambda lock: lock["sets"].update(x=3), "not a list of artifact names"),
        (lambda lock: lock["artifacts"][0].update(headers=["Referer"]), "headers is a list"),
    ],
)
def test_parse_lock_refuses(change, message):
    lock = copy.deepcopy(LOCK)
    change(lock)
    with pytest.raises(ArtifactError, match=message):
        artifacts.parse_lock(lock, "artifacts.lock.yml")


def test_a_written_lock_reads_back():
    lock = artifacts.parse_lock(LOCK, "x")
    document = artifacts.lock_document(lock["artifacts"], lock["sets"], "2026-11-22T16:00:00Z")
    assert artifacts.parse_lock(document, "y") == lock
    assert [row["name"] for row in document["artifacts"]] == ["a.run", "wheels/b.whl"]


def test_similar_names_and_spelling():
    names = ["Ascend-hdk-910b-npu-driver_25.3.rc1_linux-x86-64.run", "wheels/numpy.whl"]
    assert artifacts.similar("Ascend-hdk-910b-npu-driver_25.3.rc2_linux-x86_64.run", names) == names[:1]
    assert artifacts.spelling_key(names[0]) == artifacts.spelling_key(names[0].replace("x86-64", "x86_64"))


def test_marker_is_for_one_state_only():
    text = artifacts.marker(10, 5)
    assert artifacts.marker_matches(text, 10, 5)
    assert not artifacts.marker_matches(text, 10, 6)
    assert not artifacts.marker_matches("", 10, 5)


def entry(sha256, size, used):
    return {"sha256": sha256, "bytes": size, "used": used}


def test_evicts_least_recently_used_first_and_never_what_is_needed():
    entries = [entry("old", 10, 1), entry("needed", 10, 0), entry("new", 10, 9), entry("middle", 10, 5)]
    assert artifacts.choose_evictions(entries, ["needed"], 25, 5) == ["old", "middle"]
    assert artifacts.choose_evictions(entries, ["needed"], 45, 5) == []
    assert artifacts.choose_evictions(entries, ["needed"], 0, 5) == ["old", "middle", "new"]


@given(
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=8),
    st.integers(0, 300),
    st.integers(0, 99),
)
def test_eviction_keeps_the_bound_or_keeps_only_what_is_needed(rows, limit, incoming):
    entries = [entry(f"{index:02d}", size, used) for index, (size, used) in enumerate(rows)]
    needed = {"00", "03"}
    victims = artifacts.choose_evictions(entries, needed, limit, incoming)
    left = [item for item in entries if item["sha256"] not in victims]
    assert not needed & set(victims)
    assert sum(item["bytes"] for item in left) + incoming <= limit or {item["sha256"] for item in left} <= needed


def test_ranges():
    assert artifacts.range_headers(0) == {}
    assert artifacts.range_headers(7) == {"Range": "bytes=7-"}
    assert artifacts.resume_offset(200, None, 7) == 0
    assert artifacts.resume_offset(206, "bytes 7-9/10", 7) == 7
    for wrong in (None, "bytes 0-9/10", "nonsense"):
        with pytest.raises(ArtifactError):
            artifacts.resume_offset(206, wrong, 7)


def test_small_words():
    assert [artifacts.backoff_seconds(n) for n in (1, 2, 3, 9)] == [1, 2, 4, 30]
    assert artifacts.megabytes(3) == "3 bytes" and artifacts.megabytes(804000000) == "804.0 MB"
    assert artifacts.public_url("https://user:word@host/a") == "https://host/a"
    assert artifacts.public_url("https://user:wo@rd@host/a") == "https://host/a"
    assert artifacts.public_url("https://user:wo/rd@host/a") == "https://host"
    assert artifacts.public_url("https://host/a?token=word") == "https://host/a"
    assert artifacts.wheel_set_name("2.7.1", "3.11.2", "aarch64") == "wheels-2.7.1-py3.11-aarch64"
