#!/usr/bin/env python3
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds stand-ins for what the article's machine needs beside the vendor's packages. See README.md."""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[2] / ".cache" / "simulator"
SUBDIRS = {"x86_64": "linux-64", "aarch64": "linux-aarch64"}
INSTALLER = "Miniconda3-py37_4.10.3-Linux-{arch}.sh"
CMAKE = "3.19.8"
MINDFORMERS = "0.6.0"
# What MindSpore's and the article's `pip install` lines name, in releases that were made for Python 3.7.
WHEELS = {
    "attrs": "22.2.0",
    "cffi": "1.15.1",
    "decorator": "5.1.1",
    "mpmath": "1.2.1",
    "psutil": "5.9.8",
    "requests": "2.31.0",
    "scipy": "1.7.3",
    "sympy": "1.10.1",
}
PYTHON = {"python": ("3.7.12", "hf930737_100_cpython", []), "pip": ("23.0.1", "pyhd8ed1ab_0", ["python >=3.7"])}
LIBRARIES = {"numpy": ("1.21.6", "py37h976b520_0"), "protobuf": ("3.20.3", "py37hd23a5d3_0")}
MINDSPORE = ("1.10.0", "1.10.1")
# It asks for a MindSpore that conda's package does not count as, as the real one did.
SETUP = """from setuptools import setup

setup(name="mindformers", version="{}", packages=["mindformers"], install_requires=["mindspore"])
"""
VENDOR = (
    "Ascend-hdk-910-npu-*_23.0.rc1_*.run",
    "Ascend-hdk-910-npu-firmware_6.3.0.1.241.run",
    "Ascend-cann-nnae_6.0.1_*.run",
)
EPOCH = (2020, 1, 1, 0, 0, 0)

Files = dict[str, tuple[str | bytes, int]]  # path -> (content, mode)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=CACHE / "article", help="folder to put everything in")
    parser.add_argument(
        "--vendor",
        type=Path,
        default=CACHE / "artifacts",
        help="folder with the simulated vendor packages, which are linked into --out",
    )
    options = parser.parse_args()
    build(options.out, options.vendor)


def build(out: Path, vendor: Path | None = None) -> None:
    """Build what changed: installers, channels, CMake, wheels; and link the vendor's packages in."""
    out.mkdir(parents=True, exist_ok=True)
    sources = (path for path in sorted(HERE.rglob("*")) if path.suffix in (".py", ".sh"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources))
    stamp = out / ".built"
    if not stamp.exists() or stamp.read_text() != digest.hexdigest():
        for folder in ("conda", "wheels"):
            shutil.rmtree(out / folder, ignore_errors=True)
        for machine, subdir in SUBDIRS.items():
            _installer(out / INSTALLER.format(arch=machine), machine)
            _cmake(out, machine)
            _channel(out / "conda" / "mindspore" / subdir, subdir, _mindspore_packages())
            _channel(out / "conda" / "conda-forge" / subdir, subdir, _python_packages())
        _channel(out / "conda" / "mindspore" / "noarch", "noarch", [])
        _channel(out / "conda" / "conda-forge" / "noarch", "noarch", [_package("pip", *PYTHON["pip"], {})])
        (out / "wheels").mkdir()
        for name, version in WHEELS.items():
            _wheel(out / "wheels", name, version, {f"{name}/__init__.py": _module(name, version)})
        source = HERE / "packages" / "mindformers"
        modules = {f"mindformers/{path.name}": _filled(path, MINDFORMERS) for path in sorted(source.glob("*.py"))}
        _wheel(out / "wheels", "mindformers", MINDFORMERS, modules)
        _repository(out / "mindformers.git.tar.gz", "r0.6", {**modules, "setup.py": SETUP.format(MINDFORMERS)})
        stamp.write_text(digest.hexdigest())
    for pattern in VENDOR if vendor else ():
        for path in vendor.glob(pattern):
            link = out / path.name
            link.unlink(missing_ok=True)
            os.link(path, link)
    print(f"article: {out}")


def _module(name: str, version: str) -> str:
    return f'"""Stand-in for {name}, for tests."""\n\n__version__ = "{version}"\n'


def _filled(path: Path, version: str) -> str:
    return path.read_text().replace("@VERSION@", version)


def _installer(target: Path, machine: str) -> None:
    files: Files = {
        **{f"lib/conda-stand-in/{path.name}": (path.read_text(), 0o644) for path in (HERE / "root").glob("*.py")},
        "bin/conda": ('#!/bin/sh\nexec "@PREFIX@/bin/python" -E -s "@PREFIX@/lib/conda-stand-in/cli.py" "$@"\n', 0o755),
        "bin/activate": ('. "@PREFIX@/etc/profile.d/conda.sh" && conda activate "$@"\n', 0o644),
        "condabin/.keep": ("", 0o644),
        "envs/.keep": ("", 0o644),
        "etc/profile.d/conda.sh": ((HERE / "root" / "conda.sh").read_text(), 0o644),
        "pkgs/.keep": ("", 0o644),
    }
    for name, version, text in (("conda", "4.10.3", "py37h06a4308_0"), ("python", "3.7.10", "h12debd9_4")):
        record = {
            "name": name,
            "version": version,
            "build": text,
            "build_number": 0,
            "depends": [],
            "files": [],
            "channel": "defaults",
            "subdir": SUBDIRS[machine],
            "fn": f"{name}-{version}-{text}.tar.bz2",
        }
        files[f"conda-meta/{name}-{version}-{text}.json"] = (json.dumps(record, indent=2) + "\n", 0o644)
    payload = _tar(files, "w:gz")
    header = (HERE / "installer.sh").read_text()
    for key, value in (
        ("@ARCH@", SUBDIRS[machine]),
        ("@MACHINE@", machine),
        ("@MD5@", hashlib.md5(payload).hexdigest()),
    ):
        header = header.replace(key, value)
    target.write_bytes(header.encode() + payload)
    target.chmod(0o755)


def _cmake(out: Path, machine: str) -> None:
    top = f"cmake-{CMAKE}-Linux-{machine}"
    text = (
        f'#!/bin/sh\n# Stand-in: says its version.\ncase "$1" in --version) ;; *) exit 1 ;; esac\n'
        f'echo "$(basename "$0") version {CMAKE}"\necho\necho "CMake suite maintained and supported by Kitware."\n'
    )
    files: Files = {f"{top}/bin/{name}": (text, 0o755) for name in ("cmake", "ctest", "cpack")}
    files[f"{top}/share/cmake-{CMAKE.rpartition('.')[0]}/Modules/CMake.cmake"] = ("", 0o644)
    (out / f"{top}.tar.gz").write_bytes(_tar(files, "w:gz"))


def _python_packages() -> list[tuple[dict, Files]]:
    version, build, depends = PYTHON["python"]
    rows = [_package("python", version, build, depends, {})]
    for name, (version, build) in LIBRARIES.items():
        rows.append(
            _package(
                name,
                version,
                build,
                ["python >=3.7,<3.8.0a0"],
                _installed(name, version, {f"{name}/__init__.py": _module(name, version)}),
            )
        )
    return rows


def _mindspore_packages() -> list[tuple[dict, Files]]:
    source = HERE / "packages" / "mindspore"
    rows = []
    for version in MINDSPORE:
        modules = {"mindspore/__init__.py": _filled(source / "__init__.py", version)}
        files = _installed("mindspore-ascend", version, modules)
        files["bin/.mindspore-ascend-post-link.sh"] = ((source / "post-link.sh").read_text(), 0o755)
        depends = ["python >=3.7,<3.8.0a0", "numpy >=1.17.0", "protobuf"]
        rows.append(_package("mindspore-ascend", version, "py37_0", depends, files))
    return rows


def _installed(name: str, version: str, modules: dict[str, str]) -> Files:
    """Modules and their dist-info where Python 3.7 looks, as conda-build leaves them."""
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    texts = dict(modules)
    texts[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    texts[f"{info}/INSTALLER"] = "conda\n"
    texts[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*texts, f"{info}/RECORD"])
    return {f"lib/python3.7/site-packages/{path}": (text, 0o644) for path, text in texts.items()}


def _package(name: str, version: str, build: str, depends: list[str], files: Files) -> tuple[dict, Files]:
    number = int(build.rstrip("_cpython").rpartition("_")[2] or 0)
    return {"name": name, "version": version, "build": build, "build_number": number, "depends": depends}, files


def _channel(folder: Path, subdir: str, packages: list[tuple[dict, Files]]) -> None:
    folder.mkdir(parents=True)
    index = {}
    for row, files in packages:
        record = {**row, "subdir": subdir, "arch": None, "license": "stand-in"}
        if subdir == "noarch":
            record["noarch"] = "python"
        listed = "".join(f"{path}\n" for path in files)
        inside = {"info/index.json": (json.dumps(record, indent=2), 0o644), "info/files": (listed, 0o644)}
        data = _tar({**inside, **files}, "w:bz2")
        name = f"{row['name']}-{row['version']}-{row['build']}.tar.bz2"
        (folder / name).write_bytes(data)
        index[name] = {**record, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    content = {"info": {"subdir": subdir}, "packages": index, "packages.conda": {}, "repodata_version": 1}
    text = json.dumps(content, indent=1)
    (folder / "repodata.json").write_text(text + "\n")


def _tar(files: Files, mode: str) -> bytes:
    """An archive with the same bytes for the same files."""
    buffer = io.BytesIO()
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, (content, bits) in sorted(files.items()):
            data = content.encode() if isinstance(content, str) else content
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(data), bits, 1577836800
            archive.addfile(entry, io.BytesIO(data))
    if mode == "w:bz2":
        import bz2

        return bz2.compress(plain.getvalue())
    import gzip

    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as packed:
        packed.write(plain.getvalue())
    return buffer.getvalue()


def _wheel(folder: Path, name: str, version: str, modules: dict[str, str]) -> None:
    info = f"{name}-{version}.dist-info"
    files = dict(modules)
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: >=3.7\n"
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: simulator\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = "".join(f"{path},sha256={_digest(text)},{len(text.encode())}\n" for path, text in files.items())
    files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.items():
            entry = zipfile.ZipInfo(path, EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text)


def _repository(target: Path, branch: str, files: dict[str, str]) -> None:
    """A bare git repository with one commit, in an archive."""
    who = "simulator <simulator@localhost> 1577836800 +0000"
    lines = [f"commit refs/heads/{branch}", f"author {who}", f"committer {who}", "data 7", "Release"]
    for name, text in sorted(files.items()):
        lines += [f"M 644 inline {name}", f"data {len(text.encode())}", text]
    with tempfile.TemporaryDirectory() as work:
        repository = Path(work) / "mindformers.git"
        git = ["git", "-C", work]
        subprocess.run([*git, "init", "--quiet", "--bare", "--template=", "-b", branch, repository.name], check=True)
        text = "\n".join([*lines, ""])
        subprocess.run([*git, "-C", repository.name, "fast-import", "--quiet"], input=text, text=True, check=True)
        paths = [path for path in repository.rglob("*") if path.is_file()]
        target.write_bytes(_tar({str(path.relative_to(work)): (path.read_bytes(), 0o644) for path in paths}, "w:gz"))


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    main()
