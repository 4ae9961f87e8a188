"""ansible-test sanity on the collection as it ships: built, installed into an empty tree, then tested there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
WORK = ROOT / ".cache" / "sanity"

# ansible-test downloads pip's bootstrap script; the interpreter brings pip along, so nothing has to be fetched.
BOOTSTRAP = """\
import subprocess, sys
arguments = [arg for arg in sys.argv[1:] if arg not in ("--no-setuptools", "--no-wheel")]
subprocess.check_call([sys.executable, "-m", "ensurepip", "--upgrade"])
subprocess.check_call([sys.executable, "-m", "pip", "install", *arguments])
"""


def main() -> int:
    home, tree = WORK / "home", WORK / "collections"
    shutil.rmtree(tree, ignore_errors=True)
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (cache / "get_pip_24_2.py").write_text(BOOTSTRAP, encoding="utf-8")
    subprocess.run(
        [BIN / "ansible-galaxy", "collection", "build", "--force", "--output-path", WORK, ROOT],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (archive,) = WORK.glob("ascend-fleet-*.tar.gz")
    subprocess.run(
        [BIN / "ansible-galaxy", "collection", "install", "--force", archive, "-p", tree],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    archive.unlink()
    collection = tree / "ansible_collections" / "ascend" / "fleet"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    environment = {**os.environ, "HOME": str(home), "PATH": f"{BIN}:{os.environ['PATH']}"}
    environment.pop("ANSIBLE_CONFIG", None)
    # ansible-test wants the files under version control, to know which ones are the collection's.
    (collection / ".gitignore").write_text("/tests/output/\n", encoding="utf-8")  # or it would test its own tools
    subprocess.run(["git", "init", "--quiet", "."], cwd=collection, check=True)
    subprocess.run(["git", "add", "."], cwd=collection, check=True)
    command = [BIN / "ansible-test", "sanity", "--venv", "--python", version, "--color", "no", *sys.argv[1:]]
    return subprocess.run(command, cwd=collection, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
