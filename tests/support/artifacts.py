"""What the simulated fleet is served beside vendor packages: wheels and uv, fetched once, and a model of a user's."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from tests.simulator.sim import frameworks, stubs, torch_cpu
from tests.support.paths import ARTIFACTS, ROOT, SIMULATOR

ARTICLE = SIMULATOR / "article"
TENSORFLOW = SIMULATOR / "tensorflow"
TENSORFLOW_VENDOR = ("Ascend-hdk-910-*", "Ascend-cann-*_6.0.1_*", "Ascend-cann-*_8.3.RC1_*")
# The official pair that the demo installs, and the older MindFormers of the article's path.
REQUIREMENTS = tuple(ROOT / "tests" / "demo" / name for name in ("requirements.txt", "requirements-article.txt"))
# What the hosts with PyTorch get: the emulated one of the scenario torch, and those of the scenario frameworks.
TORCH = {arch: ROOT / "tests" / "demo" / f"requirements-torch-{arch}.txt" for arch in ("aarch64", "x86_64")}
TORCH_HOST = ("--python-version", "3.11")
# Stands for the weights of a user who names a model.
MODEL = ROOT / "roles" / "inference_check" / "files" / "gpt2"
DOWNLOAD = (
    sys.executable,
    "-m",
    "pip",
    "download",
    "-qq",
    "--progress-bar",
    "off",
    "--disable-pip-version-check",
    "--no-deps",
    "--only-binary=:all:",
)
BUILD = (
    sys.executable,
    "-m",
    "pip",
    "wheel",
    "-qq",
    "--progress-bar",
    "off",
    "--disable-pip-version-check",
    "--no-deps",
    "--prefer-binary",
)
UV = "0.13.9"
# What MindFormers is built from its source with; the last ones for Python 3.7.
BUILDERS = ("setuptools-68.0.0", "wheel-0.42.0")


def wheelhouse() -> None:
    """MindSpore, MindFormers and what they need; a host never downloads what is here."""
    wheels = ARTIFACTS / "wheels"
    stamp = wheels / ".complete"
    wanted = "".join(path.read_text(encoding="utf-8") for path in REQUIREMENTS)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    print("==> Fetch MindSpore, MindFormers and what they need, once (about 1 GB, two minutes)", flush=True)
    wheels.mkdir(parents=True, exist_ok=True)
    for path in REQUIREMENTS:
        subprocess.run([*BUILD, "--wheel-dir", str(wheels), "--requirement", str(path)], check=True)
    stamp.unlink(missing_ok=True)
    stamp.write_text(wanted, encoding="utf-8")


def torch(arch: str) -> None:
    """PyTorch and torch_npu as PyPI has them for an architecture, and what they need.

    For x86_64 PyPI's torch is a build for CUDA: of that the part for the CPU, and a torch_npu that stands in.
    """
    wheels = ARTIFACTS / "wheels"
    stamp = wheels / f".complete-torch-{arch}"
    wanted = TORCH[arch].read_text(encoding="utf-8")
    if arch == "x86_64":
        wanted += "".join(Path(str(module.__file__)).read_text(encoding="utf-8") for module in (torch_cpu, stubs))
        frameworks.build(wheels)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    print(f"==> Fetch PyTorch for {arch}, once ({'150 MB' if arch == 'aarch64' else '850 MB'})", flush=True)
    platforms = [text for level in ("_2_28", "2014") for text in ("--platform", f"manylinux{level}_{arch}")]
    with tempfile.TemporaryDirectory(dir=ARTIFACTS) as work:
        subprocess.run(
            [*DOWNLOAD, *TORCH_HOST, *platforms, "--dest", work, "--requirement", str(TORCH[arch])], check=True
        )
        for wheel in Path(work).glob("*.whl"):
            if arch == "x86_64" and wheel.name.startswith("torch-"):
                torch_cpu.make(wheel, wheels)
            else:
                wheel.replace(wheels / wheel.name)
    stamp.write_text(wanted, encoding="utf-8")


def uv() -> None:
    """The real uv, from its wheel, packed as its makers' own releases are."""
    name = f"uv-{platform.machine()}-unknown-linux-gnu"
    target, stamp = ARTIFACTS / f"{name}.tar.gz", ARTIFACTS / f".uv-{UV}"
    if target.is_file() and stamp.is_file():
        return
    print("==> Fetch uv, once (18 MB)", flush=True)
    with tempfile.TemporaryDirectory() as work:
        subprocess.run([*DOWNLOAD, "--dest", work, f"uv=={UV}"], check=True)
        (wheel,) = Path(work).glob("uv-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(work)
        partial = target.with_suffix(".partial")
        with tarfile.open(partial, "w:gz", compresslevel=1) as packed:
            for program in sorted(Path(work).glob("uv-*.data/scripts/*")):
                program.chmod(0o755)
                packed.add(program, f"{name}/{program.name}")
        partial.replace(target)
    stamp.touch()


def tensorflow() -> None:
    """What hosts with TensorFlow get, in a folder of its own: vendor packages, conda, wheels that stand in."""
    shutil.rmtree(TENSORFLOW, ignore_errors=True)
    TENSORFLOW.mkdir(parents=True)
    files = [path for pattern in TENSORFLOW_VENDOR for path in ARTIFACTS.glob(pattern)]
    for path in [*files, *ARTICLE.glob("Miniconda3-*"), *ARTICLE.glob("cmake-*")]:
        os.link(path, TENSORFLOW / path.name)
    shutil.copytree(ARTICLE / "conda", TENSORFLOW / "conda", copy_function=os.link)
    frameworks.build(TENSORFLOW / "wheels", frameworks.TENSORFLOW)


def builders() -> None:
    """What builds a wheel on the article's machine, beside the article's wheels."""
    wheels = ARTICLE / "wheels"
    missing = [name.replace("-", "==") for name in BUILDERS if not (wheels / f"{name}-py3-none-any.whl").is_file()]
    if missing:
        subprocess.run([*DOWNLOAD, "--dest", str(wheels), *missing], check=True)


def model() -> None:
    """Lay a model where a user's own weights lie on a mirror."""
    target = ARTIFACTS / "models" / "gpt2"
    target.mkdir(parents=True, exist_ok=True)
    for name in ("gpt2.ckpt", "gpt2.yaml", "vocab.json", "merges.txt"):
        data = (MODEL / name).read_bytes()
        if not (target / name).is_file() or (target / name).read_bytes() != data:
            (target / name).unlink(missing_ok=True)
            (target / name).write_bytes(data)


if __name__ == "__main__":
    wheelhouse()
    for name in TORCH:
        torch(name)
    uv()
    builders()
    tensorflow()
    model()
