# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What anybody on the way could exchange is refused, from the variables to the staging of a role used alone."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace

import pytest
import yaml
from ansible.module_utils import urls
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import source as artifact_source
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import transport
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import desired, wishes
from http_faults import serving

DATA = b"#!/bin/sh\n"
LOCK = yaml.safe_dump(
    {
        "version": 1,
        "artifacts": [{"name": "a.run", "size": len(DATA), "sha256": hashlib.sha256(DATA).hexdigest()}],
    }
).encode()
PIN = hashlib.sha256(LOCK).hexdigest()


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))


def judge(**variables):
    values, problems = desired.read({"ascend_mindspore_version": "2.7.1", **variables})
    assert not problems
    return dict(transport.problems(values))


def test_http_needs_a_pin():
    problems = judge(ascend_artifacts="http://user:word@mirror.example/ascend")
    assert "http://mirror.example/ascend" in problems["ascend_artifacts"]
    assert "word" not in problems["ascend_artifacts"] and "ascend_artifacts_lock_sha256" in problems["ascend_artifacts"]
    assert judge(ascend_artifacts="http://127.0.0.1:8088/ascend")
    assert not judge(ascend_artifacts="http://mirror.example/ascend", ascend_artifacts_lock_sha256=PIN)
    assert not judge(ascend_artifacts="https://mirror.example/ascend")
    assert not judge(ascend_artifacts="/srv/ascend")


def test_a_pin_that_is_no_hash_is_named():
    problems = judge(ascend_artifacts="http://mirror.example/", ascend_artifacts_lock_sha256="d41d8cd98f")
    assert list(problems) == ["ascend_artifacts_lock_sha256"]


def test_an_index_and_a_channel_over_http_have_no_pin():
    assert "https" in judge(ascend_wheels="http://index.example/simple")["ascend_wheels"]
    assert "https" in judge(ascend_conda_channels=["conda-forge", "http://c.example/x"])["ascend_conda_channels"]
    channels = judge(
        ascend_artifacts="http://mirror.example/", ascend_artifacts_lock_sha256=PIN, ascend_conda_channels=["bundle:ms"]
    )
    assert "no lock is held against it" in channels["ascend_conda_channels"]
    assert not judge(ascend_wheels="https://index.example/simple", ascend_conda_channels=["conda-forge", "bundle:ms"])


def test_a_host_with_such_a_variable_is_refused_by_the_plan():
    templar = SimpleNamespace(copy_with_new_env=lambda **more: SimpleNamespace(template=lambda value: value))
    wish = wishes.of_host(templar, {"ascend_mindspore_version": "2.7.1", "ascend_artifacts": "http://mirror.example/"})
    assert [problem.variable for problem in wish.problems] == ["ascend_artifacts"]


def test_a_mirror_over_http_is_not_even_asked_without_a_pin():
    with serving({artifacts.LOCK_NAME: LOCK}) as server:
        with pytest.raises(ArtifactError, match="anybody on the way could exchange"):
            artifact_source.open_source(server.url)
        assert server.requests == []


def test_the_pin_holds_the_bytes_that_are_read():
    with serving({artifacts.LOCK_NAME: LOCK}) as server:
        assert artifact_source.open_source(server.url, pin=PIN).resolve("a.run")["size"] == len(DATA)
    for forged in (LOCK + b"\n", LOCK.replace(b"a.run", b"b.run")):
        with serving({artifacts.LOCK_NAME: forged}) as server, pytest.raises(ArtifactError, match="not the lock"):
            artifact_source.open_source(server.url, pin=PIN)
    with serving({artifacts.SUMS_NAME: b""}) as server, pytest.raises(ArtifactError, match="does not exist, and"):
        artifact_source.open_source(server.url, pin=PIN)


def test_the_password_of_a_mirror_is_in_no_message(monkeypatch):
    url = "https://user:word@mirror.example/ascend?token=secret"
    for text in ("{", yaml.safe_dump({"version": 9, "artifacts": []}), None):
        monkeypatch.setattr(artifact_source, "_get_text", lambda _url, text=text: text)
        monkeypatch.setattr(artifact_source, "run_id", lambda text=text: str(text))
        with pytest.raises(ArtifactError) as error:
            artifact_source.resolve_files(artifact_source.open_source(url), [{"name": "a.run"}])
        assert "word" not in str(error.value) and "secret" not in str(error.value)


def test_https_that_leads_to_http_is_refused(monkeypatch):
    answer = SimpleNamespace(
        geturl=lambda: "http://mirror.example/x",
        read=lambda size: LOCK,
        __enter__=lambda self: self,
        __exit__=lambda self, *more: None,
    )
    monkeypatch.setattr(urls, "open_url", lambda url, **more: _Opened(answer))
    with pytest.raises(ArtifactError, match="plain http that anybody on the way could exchange"):
        artifact_source.open_source("https://mirror.example/")


class _Opened:
    def __init__(self, answer):
        self.answer = answer

    def __enter__(self):
        return self.answer

    def __exit__(self, *_more):
        return None
