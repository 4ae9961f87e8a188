# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stays on the control node.

Ansible's importer compiles a collection's Python anew in each run, Python's own keeps what it has compiled beside the
source. So it is Python's that finds what is here and in module_utils.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import FileFinder, ModuleSpec, SourceFileLoader
from types import ModuleType

_PLUGINS = __name__.rpartition(".")[0]
_OURS = (f"{__name__}.", f"{_PLUGINS}.module_utils.")


class _Finder(MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """As importlib wants it; None for what is not ours."""
        if not path or not name.startswith(_OURS):
            return None
        return FileFinder(path[0], (SourceFileLoader, [".py"])).find_spec(name)


sys.meta_path.insert(0, _Finder())
