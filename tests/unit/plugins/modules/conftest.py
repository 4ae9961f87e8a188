"""Fixtures of the tests that run modules."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest


@pytest.fixture
def place():
    """A folder of root's that every user reaches, below folders of root's; pytest's own is closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="ascend-fleet-test-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
