"""Where everything is: the one place in the tests that counts folders."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
BUILD = ROOT / "build"
CACHE = ROOT / ".cache"
COLLECTIONS = CACHE / "collections"
SIMULATOR = CACHE / "simulator"
ARTIFACTS = SIMULATOR / "artifacts"
# The callback that notes what a run did (`RUN_RECORD`).
CALLBACKS = ROOT / "tests" / "demo" / "callback"


def link_collection() -> None:
    """Make the checkout importable as ansible_collections.ascend.fleet below COLLECTIONS, without an installation."""
    link = COLLECTIONS / "ansible_collections" / "ascend" / "fleet"
    if not link.exists():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to("../../../..", target_is_directory=True)
