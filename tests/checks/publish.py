"""Would Galaxy take it, and does what it hands out work? Builds the collection, then checks the built tarball.

galaxy-importer reads it, an empty collections path receives it, ansible-doc lists it, its playbooks pass the syntax
check by their full names, and ansible-builder makes an execution environment of it. Nothing of this working tree is in
reach of the installed collection. Takes about two minutes; the environment of the tools is made once.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

from tests.support.paths import CACHE, ROOT
from tests.support.virtualenv import virtualenv

WORK = CACHE / "publish"
TREE = WORK / "collections"
NAME = "ascend.fleet"
INVENTORY = "localhost,"

# What belongs at the top of the tarball; anything else came in from the working tree and belongs into build_ignore.
TOP = {
    *("CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "FILES.json", "LICENSE", "MANIFEST.json"),
    *("README.md", "README.zh.md", "SECURITY.md", "bindep.txt", "requirements.txt", "site.yml"),
    *("catalog", "changelogs", "docs", "inventories", "meta", "playbooks", "plugins", "roles"),
}

# galaxy-importer says these of every collection with playbooks of its own, or that is not on Galaxy yet.
HARMLESS = ("ansible-lint exception", "Unable to find")

ENVIRONMENT = """\
version: 3
images: {{base_image: {{name: "quay.io/centos/centos:stream9"}}}}
dependencies:
  ansible_core: {{package_pip: "ansible-core>=2.16"}}
  ansible_runner: {{package_pip: ansible-runner}}
  galaxy:
    collections: [{{name: "{archive}", type: file}}]
"""


class Failure(Exception):
    """A check that did not pass; the text says which and why."""


def run(command: list, check: bool = True, **options) -> str:
    """Output of a command, both streams.

    Raises:
        Failure: the command failed and check is true.
    """
    done = subprocess.run(
        [str(part) for part in command],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        **options,
    )
    if check and done.returncode:
        raise Failure(f"{' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


def build(tools: Path) -> Path:
    """The tarball, freshly built."""
    for old in WORK.glob("*.tar.gz"):
        old.unlink()
    run([tools / "ansible-galaxy", "collection", "build", "--force", "--output-path", WORK, ROOT])
    (archive,) = WORK.glob("*.tar.gz")
    size = archive.stat().st_size / 1e6
    if size > 20:
        raise Failure(f"{archive.name} has {size:.0f} MB; Galaxy takes 20")
    with tarfile.open(archive) as content:
        strangers = {name.partition("/")[0] for name in content.getnames()} - TOP
    if strangers:
        raise Failure(f"{archive.name} holds {', '.join(sorted(strangers))}: add it to build_ignore of galaxy.yml")
    return archive


def import_it(tools: Path, archive: Path, environment: dict[str, str]) -> str:
    """Let galaxy-importer read the tarball, as Galaxy does when it is uploaded."""
    output = run([tools / "python", "-m", "galaxy_importer.main", archive], cwd=WORK, env=environment)
    complaints = [line for line in output.splitlines() if line.startswith(("ERROR", "WARNING", "CRITICAL"))]
    complaints = [line for line in complaints if not any(word in line for word in HARMLESS)]
    result = WORK / "importer_result.json"
    if complaints or not result.is_file():
        raise Failure("galaxy-importer:\n" + ("\n".join(complaints) or output))
    contents = json.loads(result.read_text(encoding="utf-8"))["contents"]
    return f"{len(contents)} plugins and roles"


def listed(tools: Path, archive: Path, environment: dict[str, str]) -> str:
    """Install into an empty path and compare what ansible-doc lists with what the tarball holds."""
    shutil.rmtree(TREE, ignore_errors=True)
    run([tools / "ansible-galaxy", "collection", "install", archive, "-p", TREE, "--offline"], env=environment)
    with tarfile.open(archive) as content:
        files = [Path(name) for name in content.getnames()]
    counts = []
    for kind, held in (
        ("module", {path.stem for path in files if path.parent == Path("plugins/modules") and path.suffix == ".py"}),
        ("role", {path.parts[1] for path in files if path.parts[:1] == ("roles",) and len(path.parts) == 3}),
        ("lookup", {path.stem for path in files if path.parent == Path("plugins/lookup") and path.suffix == ".py"}),
        ("callback", {path.stem for path in files if path.parent == Path("plugins/callback") and path.suffix == ".py"}),
        ("filter", {path.stem for path in files if path.parent == Path("plugins/filter") and path.suffix == ".yml"}),
    ):
        rows = json.loads(run([tools / "ansible-doc", "-t", kind, "-l", "--json", NAME], env=environment))
        seen = {name.rpartition(".")[2] for name in rows}
        if seen != held:
            raise Failure(f"ansible-doc -t {kind} -l lists {sorted(seen)}, the tarball holds {sorted(held)}")
        counts.append(f"{len(held)} {kind}s")
    return ", ".join(counts)


def playbooks(tools: Path, _archive: Path, environment: dict[str, str]) -> str:
    """Every playbook by its full name passes the syntax check."""
    names = sorted(path.stem for path in (TREE / "ansible_collections/ascend/fleet/playbooks").glob("*.yml"))
    command = [tools / "ansible-playbook", "-i", INVENTORY, "--syntax-check", *(f"{NAME}.{name}" for name in names)]
    run(command, env=environment, cwd=WORK)
    return " ".join(names)


def resolves(tools: Path, _archive: Path, environment: dict[str, str]) -> str:
    """The installed collection finds its own catalog: it answers a question that needs no host."""
    question = {"ascend_mindspore_version": "2.7.1", "chip": "910b", "arch": "aarch64"}
    command = [tools / "ansible-playbook", "-i", INVENTORY, f"{NAME}.resolve", "-e", json.dumps(question)]
    run(command, env=environment, cwd=WORK)
    return "MindSpore 2.7.1"


def execution_environment(tools: Path, archive: Path, environment: dict[str, str]) -> str:
    """ansible-builder finds the requirements and writes the build context."""
    found = run([tools / "ansible-builder", "introspect", TREE], env=environment)
    for name in ("rich", "openssl", NAME):
        if name not in found:
            raise Failure(f"ansible-builder introspect does not name {name}:\n{found}")
    context = WORK / "context"
    shutil.rmtree(context, ignore_errors=True)
    definition = WORK / "execution-environment.yml"
    definition.write_text(ENVIRONMENT.format(archive=archive), encoding="utf-8")
    run(
        [tools / "ansible-builder", "create", "-f", definition, "-c", context, "--output-filename", "Containerfile"],
        env=environment,
    )
    if not (context / "Containerfile").is_file():
        raise Failure("ansible-builder create wrote no Containerfile")
    return "introspect, create"


def requirements(tools: Path, _archive: Path, environment: dict[str, str]) -> str:
    """pip can satisfy requirements.txt of the installed collection."""
    path = TREE / "ansible_collections/ascend/fleet/requirements.txt"
    run([tools / "python", "-m", "pip", "install", "--quiet", "--dry-run", "-r", path], env=environment)
    return path.name


CHECKS = (
    ("galaxy-importer", import_it),
    ("install and list", listed),
    ("playbooks", playbooks),
    ("resolve", resolves),
    ("ansible-builder", execution_environment),
    ("pip", requirements),
)


def main() -> int:
    WORK.mkdir(parents=True, exist_ok=True)
    tools = virtualenv("importer", Path(__file__).with_name("publish-requirements.txt"))
    environment = {
        **os.environ,
        "PATH": f"{tools}:{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": str(TREE),
        "ANSIBLE_CONFIG": str(WORK / "ansible.cfg"),
        "ANSIBLE_HOME": str(WORK / "home"),
        "GALAXY_IMPORTER_TMP_ROOT_DIR": str(WORK),
    }
    (WORK / "ansible.cfg").write_text("", encoding="utf-8")  # nobody's settings but the defaults
    try:
        archive = build(tools)
    except Failure as failure:
        print(f"    build: FAILED\n{failure}")
        return 1
    print(f"==> {archive.name}, {archive.stat().st_size / 1e6:.1f} MB", flush=True)
    failed = 0
    for name, check in CHECKS:
        started = time.monotonic()
        try:
            words = check(tools, archive, environment)
        except Failure as failure:
            failed += 1
            words = f"FAILED\n{failure}"
        print(f"    {name}: {words} ({time.monotonic() - started:.0f} s)", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
