"""Makes the checkout importable as ansible_collections.ascend.fleet, without an installation."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TREE = ROOT / ".cache" / "collections"


def _link_collection() -> None:
    link = TREE / "ansible_collections" / "ascend" / "fleet"
    if not link.exists():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(ROOT, target_is_directory=True)


_link_collection()
sys.path.insert(0, str(TREE))
