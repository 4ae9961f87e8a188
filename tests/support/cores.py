"""The ansible-cores that the collection supports, each with a Python of this machine and an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.virtualenv import virtualenv

# ansible-core and a Python its control node runs on. Source: Requires-Python of the releases.
VERSIONS = {
    "2.16": "python3.11",
    "2.17": "python3.11",
    "2.18": "python3.11",
    "2.19": "python3.11",
    "2.20": "python3.12",
    "2.21": "python3.12",
}


def ends() -> list[str]:
    """The oldest and the newest."""
    oldest, *_others, newest = VERSIONS
    return [oldest, newest]


def interpreter(version: str) -> str | None:
    """Path of a Python for a core, or None when there is none that works, neither on the path nor among pyenv's.

    Raises:
        KeyError: the collection does not support this core.
    """
    name = VERSIONS[version]
    if f"python{sys.version_info.major}.{sys.version_info.minor}" == name:
        return sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for path in filter(None, (shutil.which(name), *map(str, pyenv.glob(f"versions/*/bin/{name}")))):
        if subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0:
            return path
    return None


def missing(version: str) -> str:
    """What is said of a core that there is no Python for."""
    return f"not run: there is no {VERSIONS[version]} here (nor among pyenv's)"


def environment(folder: str, version: str, python: str, *tools: str) -> Path:
    """The folder of programs of an environment with one core, made when it is missing.

    Args:
        folder: below .cache/, shared by the cores.
        version: of ansible-core, 2.16 for its newest release.
        python: the Python to make it with.
        tools: what else it needs.
    """
    return virtualenv(f"{folder}/{version}", [f"ansible-core=={version}.*", *tools], python)
