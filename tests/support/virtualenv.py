"""Python environments below .cache/ for checks that need other packages than .venv has; each is made once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.paths import CACHE


def virtualenv(name: str, requirements: Path | list[str], python: str = sys.executable) -> Path:
    """The folder of an environment's programs; made when it is missing or its requirements have changed.

    Args:
        name: folder below .cache/.
        requirements: a requirements file, or the requirements themselves.
        python: the Python that it is made with.

    Raises:
        subprocess.CalledProcessError: pip could not install the requirements.
    """
    home = CACHE / name
    done = home / ".done"
    rows = requirements if isinstance(requirements, list) else ["-r", str(requirements)]
    wanted = "\n".join(rows) if isinstance(requirements, list) else requirements.read_text(encoding="utf-8")
    if not done.is_file() or done.read_text(encoding="utf-8") != wanted:
        print(f"==> Python tools into {home.relative_to(CACHE.parent)}", flush=True)
        subprocess.run([python, "-m", "venv", "--clear", home], check=True)
        pip = [home / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *rows], check=True)
        done.write_text(wanted, encoding="utf-8")
    return home / "bin"
