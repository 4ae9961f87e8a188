"""Runs the collection under the ansible-cores it supports.

    python -m tests.checks.matrix [ends | fleet | VERSION ...] [-- pytest's arguments]

For each version, in an environment of its own below .cache/matrix: the unit tests, the syntax of every playbook by its
full name, the documentation of every module, and runs on this machine that change nothing (wrong variables are refused,
a stack is resolved, this host is observed and planned). `ends` takes the oldest and the newest only, and of the unit
tests those whose subject meets ansible-core; what is pure is the same under all of them. `fleet` (after `make
simulator`): the newest brings a bare host to a driver, firmware and CANN, the oldest and the newest find nothing to do.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.checks.matrix_fleet import Fleet
from tests.support import playbook
from tests.support.paths import CACHE, ROOT
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
TOOLS = ("pytest", "hypothesis", "jsonschema", "prometheus-client", "rich")
NAME = "ascend.fleet"


class Failure(Exception):
    """What did not work, with the output of the command."""


def run(command: list, environment: dict[str, str], expected: int = 0) -> str:
    """Output of a command that has to end with the expected code.

    Raises:
        Failure: it ended with another one.
    """
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode != expected:
        raise Failure(f"exit code {done.returncode}: {' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


def interpreter(name: str) -> str | None:
    """Path of a Python by its name, or None when there is none that works, neither on the path nor among pyenv's."""
    if f"python{sys.version_info.major}.{sys.version_info.minor}" == name:
        return sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for path in filter(None, (shutil.which(name), *map(str, pyenv.glob(f"versions/*/bin/{name}")))):
        if subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0:
            return path
    return None


def environment_of(version: str, python: str) -> tuple[Path, dict[str, str]]:
    """(programs, variables) of one ansible-core's environment, which is made when it is missing."""
    tools = virtualenv(f"matrix/{version}", [f"ansible-core=={version}.*", *TOOLS], python)
    home = str(CACHE / "matrix" / "home")
    return tools, playbook.environment(tools, ANSIBLE_HOME=home, ANSIBLE_DEPRECATION_WARNINGS="true")


def unit(tools: Path, environment: dict[str, str], arguments: list[str]) -> str:
    """The unit tests of everything that is shipped; the simulator's own do not depend on ansible-core."""
    output = run([tools / "pytest", "-q", "-p", "no:cacheprovider", "tests/unit/plugins", *arguments], environment)
    return output.strip().splitlines()[-1]


def syntax(tools: Path, environment: dict[str, str], _arguments: list[str]) -> str:
    """Every playbook parses, roles and modules in it resolve."""
    names = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml"))
    playbooks = [f"{NAME}.{name}" for name in names]
    run([tools / "ansible-playbook", "-i", "localhost,", "--syntax-check", *playbooks, "site.yml"], environment)
    return f"{len(names) + 1} playbooks"


def documentation(tools: Path, environment: dict[str, str], _arguments: list[str]) -> str:
    """ansible-doc can read every module and role."""
    modules = [f"{NAME}.{path.stem}" for path in sorted((ROOT / "plugins/modules").glob("*.py"))]
    run([tools / "ansible-doc", "-t", "module", *modules], environment)
    roles = [f"{NAME}.{path.name}" for path in sorted((ROOT / "roles").iterdir())]
    run([tools / "ansible-doc", "-t", "role", *roles], environment)
    return f"{len(modules)} modules, {len(roles)} roles"


def runs(tools: Path, environment: dict[str, str], _arguments: list[str]) -> str:
    """Runs that change nothing, on this machine."""
    with tempfile.TemporaryDirectory() as folder:
        local = [tools / "ansible-playbook", "-i", "localhost,", "-c", "local", "-e", f"ascend_report_dir={folder}"]
        local += ["-e", "ansible_become=false", "-e", f"ansible_python_interpreter={tools / 'python'}"]
        misspelt = {"ascend_mindspore_verison": "2.7.1", "ascend_mindspore_version": "2.7.1"}
        output = run([*local, f"{NAME}.plan", "-e", json.dumps(misspelt)], environment, expected=2)
        if "ascend_mindspore_verison" not in output:
            raise Failure(f"a misspelt variable is not named:\n{output}")
        question = {"ascend_mindspore_version": "2.7.1", "chip": "910b", "arch": "aarch64"}
        run([*local, f"{NAME}.resolve", "-e", json.dumps(question)], environment)
        wanted = {"ascend_mindspore_version": "2.7.1", "ascend_chip": "910b", "ascend_artifacts": folder}
        # Whether this machine could become an NPU host does not matter: it is observed, and every host gets a plan.
        wanted["ascend_plan_save"] = f"{folder}/plan.json"
        run([*local, f"{NAME}.observe", "-e", json.dumps(wanted)], environment)
        plan = json.loads((Path(folder) / "plan.json").read_text(encoding="utf-8"))["plans"]["localhost"]
        if plan["status"] not in ("pending", "refused", "converged"):
            raise Failure(f"the plan of this machine says {plan['status']}: {plan['findings']}")
    return f"validate, resolve, plan of this machine: {plan['status']}"


CHECKS = (unit, syntax, documentation, runs)


def fleet(pythons: dict[str, str]) -> int:
    """The newest ansible-core converges a simulated host, the oldest and the newest leave it as it is."""
    oldest, *_others, newest = pythons
    failed = False
    with tempfile.TemporaryDirectory() as folder, Fleet(Path(folder)) as host:
        for version, work in ((newest, True), (oldest, False), (newest, False)):
            started = time.monotonic()
            try:
                changes = host.site(*environment_of(version, pythons[version]))
            except RuntimeError as error:
                words, failed = f"FAILED, {error}", True
            else:
                failed = failed or bool(changes) != work
                words = f"{len(changes)} changes and more" if work else "; ".join(changes) or "nothing to do"
            print(f"==> ansible-core {version}: {words} ({time.monotonic() - started:.0f} s)", flush=True)
    return 1 if failed else 0


def main(arguments: list[str]) -> int:
    split = arguments.index("--") if "--" in arguments else len(arguments)
    versions, further = arguments[:split] or list(VERSIONS), arguments[split + 1 :]
    pythons = {version: interpreter(VERSIONS[version]) for version in VERSIONS}
    here = {version: python for version, python in pythons.items() if python}
    if versions == ["fleet"]:
        return fleet(here)
    if versions == ["ends"]:
        oldest, *_others, newest = here
        versions = [oldest, newest]
        further = [f"--ignore={ROOT / 'tests/unit/plugins/module_utils'}", *further]
    failed = []
    for version in versions:
        print(f"==> ansible-core {version}", flush=True)
        if not pythons[version]:
            print(f"    not run: there is no {VERSIONS[version]} here", flush=True)
            continue
        tools, environment = environment_of(version, pythons[version])
        for check in CHECKS:
            started = time.monotonic()
            try:
                words = check(tools, environment, further)
            except Failure as failure:
                failed.append(version)
                words = f"FAILED, {failure}"
            print(f"    {check.__name__}: {words} ({time.monotonic() - started:.0f} s)", flush=True)
    if failed:
        print(f"failed under ansible-core {', '.join(dict.fromkeys(failed))}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
