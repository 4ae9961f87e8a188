# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A repository of small rpms under the names openEuler uses, for hosts whose packages come by dnf."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import tempfile
from pathlib import Path

from . import prepare
from .base import CACHE, SIMULATOR, run, say

REPOSITORY = CACHE / "rpms"
_DESCRIPTION = SIMULATOR / "rpms.json"
_HEADER = """\
Name: simulated
Version: 1
Release: 1
Summary: Stand-ins for packages of a distribution
License: GPLv3+
BuildArch: noarch
AutoReqProv: no
%description
Stand-ins.
%prep
%build
%install
cp -a %{tree}/. %{buildroot}/
"""


def build() -> Path:
    """Make sure the repository is there and up to date; returns its folder."""
    recipe = _DESCRIPTION.read_text().replace("@RELEASE@", platform.release())
    stamp = hashlib.sha256((recipe + _HEADER + Path(__file__).read_text()).encode()).hexdigest()
    marker = REPOSITORY / ".recipe"
    if marker.exists() and marker.read_text() == stamp:
        return REPOSITORY
    prepare.prepare("dnf")
    packages = json.loads(recipe)
    with tempfile.TemporaryDirectory() as work:
        tree = Path(work) / "tree"
        for row in packages.values():
            for path, lines in row["files"].items():
                target = tree / path.lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text("\n".join(lines) + "\n")
                target.chmod(0o755 if "/bin/" in path or "/sbin/" in path else 0o644)
        spec = Path(work) / "simulated.spec"
        spec.write_text(_HEADER + "".join(_stanza(name, row) for name, row in packages.items()))
        # Of this machine's own settings nothing may reach the rpms; HOME holds Debian's rpm database.
        run(
            "env",
            f"HOME={work}",
            "rpmbuild",
            "-bb",
            "--quiet",
            "--nodeps",
            "--define",
            f"_topdir {work}/rpmbuild",
            "--define",
            f"tree {tree}",
            "--define",
            "__brp_mangle_shebangs %{nil}",
            spec,
        )
        fresh = REPOSITORY.with_name(f"rpms.{os.getpid()}")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        for path in sorted((Path(work) / "rpmbuild" / "RPMS").rglob("*.rpm")):
            shutil.copy(path, fresh / path.name)
        run("createrepo_c", "--quiet", fresh)
    (fresh / ".recipe").write_text(stamp)
    # The folder itself stays: running hosts have it mounted.
    REPOSITORY.mkdir(exist_ok=True)
    for path in REPOSITORY.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in fresh.iterdir():
        shutil.move(path, REPOSITORY / path.name)
    fresh.rmdir()
    say(f"rpms: {len(packages)} packages in {REPOSITORY}")
    return REPOSITORY


def _stanza(name: str, row: dict) -> str:
    """The spec file's part about one package."""
    provides = "".join(f"Provides: {word}\n" for word in row.get("provides", []))
    return (
        f"%package -n {name}\nSummary: stand-in for {name}\nVersion: {row['version']}\nRelease: 1.oe2203\n"
        f"AutoReqProv: no\n{provides}%description -n {name}\nStand-in.\n"
        f"%files -n {name}\n" + "".join(f"{path}\n" for path in row["files"])
    )
