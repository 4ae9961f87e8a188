"""What tests of Python environments share: the module run as it is, and wheels of a few bytes."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import pwd
import sys
import zipfile
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.secure import safe_folder
from ansible_collections.ascend.fleet.plugins.modules import python_environment
from ansible_collections.ascend.fleet.tests.unit.module_args import module_args

# Whom an environment is for that is not root's, and a Python that this user can start.
OWNER, PYTHON = "nobody", "/usr/bin/python3"
UID = pwd.getpwnam(OWNER).pw_uid
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")


def run(path: object, check: bool = False, **options: object) -> dict:
    """The module's answer; {"failed": True, "msg": ...} when it fails."""
    arguments = {
        "path": str(path),
        "executable": sys.executable,
        "state_dir": state_dir(path),
        **options,
        "_ansible_check_mode": check,
    }
    out = io.StringIO()
    with module_args(arguments), redirect_stdout(out), pytest.raises(SystemExit):
        python_environment.main()
    answer = json.loads(out.getvalue().strip().splitlines()[-1])
    return {**answer, "raw": out.getvalue()}


def state_dir(path: object) -> str:
    """The state folder of a test, for an environment at a path: where tests may have folders that root believes in."""
    beside = Path(f"{path}.state")
    top = Path(safe_folder.TOP)
    return str(beside if top in beside.parents else top / "states" / "-".join(beside.parts[-3:]))


def tree(folder: Path) -> dict:
    """Everything below a folder: path -> (kind, content or target, mode, uid)."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        if path.is_symlink():
            what: object = os.readlink(path)
        else:
            what = path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(folder))] = (what, status.st_mode, status.st_uid)
    return found


def wheel(folder: Path, name: str, version: str, text: str = "", requires: str = "") -> str:
    """Make a wheel that pip installs; returns its path."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" + (
        f"Requires-Dist: {requires}\n" if requires else ""
    )
    files = {
        f"{name}/__init__.py": text or f"__version__ = {version!r}\n",
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = [f"{name},sha256={_hash(content)},{len(content)}" for name, content in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,", ""])
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for entry, content in files.items():
            archive.writestr(entry, content)
    return str(path)


def _hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
