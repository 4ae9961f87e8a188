"""The tests themselves: one harness, no changed import path, everything that may run is run, tools are pinned."""

from __future__ import annotations

import re

import pytest

from tests.faults import cases
from tests.support.paths import ROOT

SOURCES = sorted(
    path
    for folder in ("tests", "molecule")
    for path in (ROOT / folder).rglob("*.py")
    if "__pycache__" not in path.parts and path.name != "test_tests.py"
)
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def name(path):
    return str(path.relative_to(ROOT))


def holders(pattern):
    return {name(path) for path in SOURCES if re.search(pattern, path.read_text(encoding="utf-8"))}


def recipe(target):
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert found, f"the Makefile has no target {target}"
    return found[1]


def test_there_is_something_to_look_at():
    assert len(SOURCES) > 150


def test_nobody_changes_where_python_looks():
    assert holders(r"sys\.path\.(insert|append|extend)") == set()


def test_files_are_short():
    long = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {path: lines for path, lines in long.items() if lines > 400} == {}


def test_hosts_are_changed_by_playbooks_of_the_harness_alone():
    # The peer is another program; publish and matrix start what they have installed, and change no host.
    others = {"tests/bench/peer.py", "tests/checks/publish.py", "tests/checks/matrix.py"}
    assert holders(r"""["']ansible-playbook["']""") == {"tests/support/playbook.py", *others}


def test_there_is_one_way_to_podman():
    # The simulator's own; a watch in the faults and the secrets' watchers keep a pipe to what runs in a host.
    pipes = {"tests/faults/box.py", "molecule/secrets/tests/test_secrets.py"}
    assert {path for path in holders(r"""\[["']podman["']""") if "simulator" not in path} == {
        "tests/support/fleet.py",
        *pipes,
    }


def test_no_test_of_a_scenario_passes_silently_on_other_hosts():
    scenarios = [path for path in SOURCES if path.parts[len(ROOT.parts)] == "molecule"]
    assert len(scenarios) > 12
    silent = re.compile(r"^    if name\(host\)|^    if .*hostname.*:\n        return", re.MULTILINE)
    assert [name(path) for path in scenarios if silent.search(path.read_text(encoding="utf-8"))] == []


def test_rollback_and_uninstall_run_on_hosts_in_make_test():
    assert "rollout-quick" in recipe("test") and "-m quick" in recipe("rollout-quick")
    text = "".join((ROOT / "tests" / "rollout" / f"test_{which}.py").read_text() for which in ("rolling", "undoing"))
    quick = set(re.findall(r"^@pytest\.mark\.quick\ndef (test_\w+)", text, re.MULTILINE))
    assert quick >= {"test_bad_driver", "test_rollback", "test_uninstall_all"}


@pytest.mark.parametrize("target", ["faults", "rollout", "matrix", "report", "bench", "bench-pure", "docs"])
def test_make_test_says_what_it_leaves_out(target):
    comment = re.search(r"((?:^#.*\n)+)^test:", MAKEFILE, re.MULTILINE)[1]
    assert f"`{target}`" in comment
    assert not re.search(rf"\b{target}(?![\w-])", recipe("test"))


def test_the_quick_faults_are_among_all_of_them():
    assert len(cases.quick()) == len(cases.QUICK) == 12
    names = [case.name for case in cases.every()]
    assert len(names) == len(set(names)) > 250


def test_every_tool_is_pinned():
    def rows(file):
        lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
        return [line for line in lines if line and not line.startswith("#")]

    def plain(word):
        return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", word)[0]).lower()

    pins = rows("constraints-dev.txt")
    assert [row for row in pins if not re.fullmatch(r"[\w.-]+==[\w.+]+", row)] == []
    assert {plain(row) for row in rows("requirements-dev.txt")} <= {plain(row) for row in pins}
    assert "-c constraints-dev.txt" in MAKEFILE
