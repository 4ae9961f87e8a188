"""What the simulated fleet is served beside vendor packages: the wheels, fetched once here, and the trained model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / ".cache" / "simulator" / "artifacts"
REQUIREMENTS = ROOT / "tests" / "demo" / "requirements.txt"
MODEL = ROOT / "tests" / "model"


def wheelhouse() -> None:
    """MindSpore, MindFormers and what they need; a host never downloads what is here."""
    wheels = ARTIFACTS / "wheels"
    stamp = wheels / ".complete"
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    print("==> Fetch MindSpore, MindFormers and what they need, once (about 1 GB, two minutes)", flush=True)
    wheels.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "wheel", "-qq", "--progress-bar", "off", "--disable-pip-version-check",
               "--no-deps", "--prefer-binary", "--wheel-dir", str(wheels), "--requirement", str(REQUIREMENTS)]
    subprocess.run(command, check=True)
    stamp.write_text(wanted, encoding="utf-8")


def model() -> None:
    """Lay the trained model where its weights would lie on a mirror."""
    target = ARTIFACTS / "models" / "gpt2"
    target.mkdir(parents=True, exist_ok=True)
    for name in ("gpt2.ckpt", "gpt2.yaml", "vocab.json", "merges.txt"):
        data = (MODEL / name).read_bytes()
        if not (target / name).is_file() or (target / name).read_bytes() != data:
            (target / name).write_bytes(data)


if __name__ == "__main__":
    wheelhouse()
    model()
