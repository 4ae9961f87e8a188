"""ansible-test sanity on the collection as it ships: built, installed into an empty tree, then tested there.

    python -m tests.checks.sanity [--core 2.16] [arguments of ansible-test sanity]

Without --core it is the ansible-core of this environment; with it, a supported one in an environment below
.cache/sanity, when this machine has a Python for it. Words that are no option of this program go to ansible-test.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support import cores
from tests.support.paths import BIN, CACHE, ROOT

WORK = CACHE / "sanity"

# ansible-test downloads pip's bootstrap script; the interpreter brings pip along, so nothing has to be fetched.
BOOTSTRAP = """\
import subprocess, sys
arguments = [arg for arg in sys.argv[1:] if arg not in ("--no-setuptools", "--no-wheel")]
subprocess.check_call([sys.executable, "-m", "ensurepip", "--upgrade"])
subprocess.check_call([sys.executable, "-m", "pip", "install", *arguments])
"""


def main(arguments: list[str]) -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--core", choices=cores.VERSIONS, help="an ansible-core that the collection supports")
    given, further = options.parse_known_args(arguments)
    if not given.core:
        return check(BIN, WORK / "own", further)
    python = cores.interpreter(given.core)
    if not python:
        print(f"==> sanity, ansible-core {given.core}: {cores.missing(given.core)}", flush=True)
        return 0
    return check(cores.environment("sanity/cores", given.core, python), WORK / given.core, further)


def check(tools: Path, work: Path, arguments: list[str]) -> int:
    """Run ansible-test.

    Args:
        tools: folder of an ansible-core's programs.
        work: the folder it works in: its home, with the environments it makes, and the collection.
        arguments: of ansible-test sanity.

    Returns:
        Its exit code.
    """
    home, tree = work / "home", work / "collections"
    shutil.rmtree(tree, ignore_errors=True)
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in _pips(tools):
        (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(BOOTSTRAP, encoding="utf-8")
    environment = {**os.environ, "HOME": str(home), "PATH": f"{tools}:{os.environ['PATH']}"}
    environment.pop("ANSIBLE_CONFIG", None)
    galaxy = [tools / "ansible-galaxy", "collection"]
    quietly = {"check": True, "stdout": subprocess.DEVNULL, "env": environment, "cwd": work}
    subprocess.run([*galaxy, "build", "--force", "--output-path", work, ROOT], **quietly)
    (archive,) = work.glob("ascend-fleet-*.tar.gz")
    subprocess.run([*galaxy, "install", "--force", archive, "-p", tree], **quietly)
    archive.unlink()
    collection = tree / "ansible_collections" / "ascend" / "fleet"
    # ansible-test wants the files under version control, to know which ones are the collection's.
    (collection / ".gitignore").write_text("/tests/output/\n", encoding="utf-8")  # or it would test its own tools
    subprocess.run(["git", "init", "--quiet", "."], cwd=collection, check=True)
    subprocess.run(["git", "add", "."], cwd=collection, check=True)
    command = [tools / "ansible-test", "sanity", "--venv", "--python", _python(tools), "--color", "no", *arguments]
    return subprocess.run(command, cwd=collection, env=environment, check=False).returncode


def _python(tools: Path) -> str:
    """Version of the Python of an environment, 3.11."""
    words = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run([tools / "python", "-c", words], capture_output=True, text=True, check=True).stdout.strip()


def _pips(tools: Path) -> list[str]:
    """The versions of pip that this core's ansible-test may ask for."""
    words = "import ansible_test._internal.python_requirements as found; print(found.__file__)"
    path = subprocess.run([tools / "python", "-c", words], capture_output=True, text=True, check=True).stdout.strip()
    found = re.findall(r"""\bpip["']?\s*[=:]\s*["']([0-9.]+)["']""", Path(path).read_text(encoding="utf-8"))
    if not found:
        raise LookupError(f"{path} names no version of pip any more; the bootstrap of ansible-test has changed")
    return sorted(set(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
