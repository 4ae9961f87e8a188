"""Makes the checkout importable as ansible_collections.ascend.fleet, without an installation."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TREE = ROOT / ".cache" / "collections"


def _link_collection() -> None:
    link = TREE / "ansible_collections" / "ascend" / "fleet"
    if not link.exists():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(ROOT, target_is_directory=True)


_link_collection()
sys.path.insert(0, str(TREE))


@pytest.fixture(autouse=True)
def _folders_of_tests(tmp_path_factory, monkeypatch):
    """Tests work below /tmp, which everybody may write, and leave nothing in /run."""
    from ansible_collections.ascend.fleet.plugins.module_utils.secure import safe_folder

    monkeypatch.setattr(safe_folder, "TOP", str(tmp_path_factory.getbasetemp()))
    monkeypatch.setattr(safe_folder, "RUN_DIR", str(tmp_path_factory.getbasetemp() / "run"))
