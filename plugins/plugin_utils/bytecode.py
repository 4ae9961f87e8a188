# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's Python on the control node as Python has compiled it before.

Ansible finds and compiles the Python of a collection itself and keeps nothing of it: each run compiles it anew, and so
does each of the processes it forks, which is a third of a second of a run that only looks at a fleet. Here Python's own
loader has it, which keeps bytecode in C(__pycache__) (or below C(PYTHONPYCACHEPREFIX)) and compiles where it cannot, as
it does for Ansible itself. On hosts, module_utils/compiled.py is the same.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

# The class of what finds collections, from ansible-core 2.10 on.
_ANSIBLES = "_AnsibleCollectionFinder"


class Finder:
    """Finds the modules below a package that are files in one folder; everything else is left to others.

    Args:
        package: its full name.
        folder: where it lies.
    """

    def __init__(self, package: str, folder: Path) -> None:
        self._below, self._folder = f"{package}.", str(folder)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As importlib wants it; None for what is not below the package, and for a folder without a file of its own."""
        if not name.startswith(self._below):
            return None
        place = os.path.join(self._folder, *name.removeprefix(self._below).split("."))
        if os.path.isdir(place):
            file, inside = os.path.join(place, "__init__.py"), [place]
        else:
            file, inside = f"{place}.py", None
        if not os.path.isfile(file):
            return None
        return spec_from_file_location(name, file, submodule_search_locations=inside)


def use(package: str, folder: Path) -> None:
    """From here on, let Python itself load what is below a package, in place of Ansible's finder of collections.

    Where another one comes first (ansible-test has one that watches what is imported), or none of Ansible's is there,
    all stays as it is.
    """
    if sys.meta_path and type(sys.meta_path[0]).__name__ == _ANSIBLES:
        sys.meta_path.insert(0, Finder(package, folder))
