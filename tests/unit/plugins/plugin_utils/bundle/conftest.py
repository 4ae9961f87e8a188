# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bundle below the test's folder, what it said, and a folder of downloads."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import download
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle.store import Bundle


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)


@pytest.fixture
def said():
    return []


@pytest.fixture
def bundle(tmp_path, said, own_cache):
    def make(**options):
        return Bundle(tmp_path / "bundle", options.pop("sources", []), said.append, retries=2, **options)

    return make


@pytest.fixture
def downloads(tmp_path):
    folder = tmp_path / "downloads"
    folder.mkdir()
    return folder
