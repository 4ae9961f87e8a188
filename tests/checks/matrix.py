"""Runs the collection under the ansible-cores it supports.

    python -m tests.checks.matrix [ends | fleet | sanity | VERSION ...] [-- pytest's arguments]

For each version, in an environment of its own below .cache/matrix: the unit tests, the syntax of every playbook by its
full name, the documentation of every module, and runs on this machine that change nothing (wrong variables are refused,
a stack is resolved, this host is observed and planned). `ends` takes the oldest and the newest only, and of the unit
tests those whose subject meets ansible-core; what is pure is the same under all of them. `fleet` (after `make
simulator`): the newest brings a bare host to a driver, firmware and CANN, the oldest and the newest find nothing to do.
`sanity`: ansible-test sanity under the oldest and the newest.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.checks import sanity
from tests.checks.matrix_fleet import Fleet
from tests.support import cores, playbook
from tests.support.paths import CACHE, ROOT

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


def environment_of(version: str, python: str) -> tuple[Path, dict[str, str]]:
    """(programs, variables) of one ansible-core's environment, which is made when it is missing."""
    tools = cores.environment("matrix", version, python, *TOOLS)
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


def sanity_under(version: str, arguments: list[str]) -> int:
    """ansible-test sanity of one ansible-core; its exit code."""
    started = time.monotonic()
    print(f"==> sanity, ansible-core {version}", flush=True)
    code = sanity.main(["--core", version, *arguments])
    print(f"==> sanity, ansible-core {version}: exit code {code} ({time.monotonic() - started:.0f} s)", flush=True)
    return code


def main(arguments: list[str]) -> int:
    split = arguments.index("--") if "--" in arguments else len(arguments)
    versions, further = arguments[:split] or list(cores.VERSIONS), arguments[split + 1 :]
    pythons = {version: cores.interpreter(version) for version in cores.VERSIONS}
    here = {version: python for version, python in pythons.items() if python}
    if versions == ["fleet"]:
        return fleet(here)
    if versions == ["sanity"]:
        return max(sanity_under(version, further) for version in cores.ends())
    if versions == ["ends"]:
        oldest, *_others, newest = here
        versions = [oldest, newest]
        further = [f"--ignore={ROOT / 'tests/unit/plugins/module_utils'}", *further]
    failed = []
    for version in versions:
        print(f"==> ansible-core {version}", flush=True)
        if not pythons[version]:
            print(f"    {cores.missing(version)}", flush=True)
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
