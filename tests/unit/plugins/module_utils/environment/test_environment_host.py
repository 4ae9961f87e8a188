"""Real environments, made on this machine from wheels of a few bytes; nothing is fetched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.environment import (
    change as environment_change,
)
from ansible_collections.ascend.fleet.plugins.module_utils.environment import (
    commands as environment_commands,
)
from ansible_collections.ascend.fleet.plugins.module_utils.environment import (
    installation as environment_installation,
)
from ansible_collections.ascend.fleet.plugins.module_utils.environment.providers import ProviderError
from ansible_collections.ascend.fleet.plugins.module_utils.steps import environment as environment_step
from ansible_collections.ascend.fleet.tests.unit.environment_world import wheel

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One environment that the tests share, because making one takes seconds."""
    folder = tmp_path_factory.mktemp("envs") / "one"
    bring(folder, packages=[])
    return folder


def wanted(folder: Path, **changes: object) -> dict:
    values = {name: spec.get("default") for name, spec in environment_step.SPEC.items()}
    return {**values, "path": str(folder), "executable": sys.executable, "python_version": VERSION, **changes}


def bring(folder: Path, check_mode: bool = False, **changes: object) -> dict:
    answer = environment_change.carry_out(wanted(folder, **changes), check_mode)
    if answer["error"]:
        raise ProviderError(answer["error"])
    return answer["result"]


def test_wheels_are_installed_once_and_upgraded(made, tmp_path):
    first = bring(made, wheels=[wheel(tmp_path, "alpha", "1.0")], no_deps=True)
    assert first["packages"]["alpha"] == "1.0" and "install alpha==1.0" in first["actions"]
    assert bring(made, wheels=[wheel(tmp_path, "alpha", "1.0")], no_deps=True)["actions"] == []
    assert (
        bring(made, check_mode=True, wheels=[wheel(tmp_path, "alpha", "2.0")], no_deps=True)["packages"]["alpha"]
        == "2.0"
    )
    assert bring(made)["packages"]["alpha"] == "1.0"
    assert bring(made, wheels=[wheel(tmp_path, "alpha", "2.0")], no_deps=True)["packages"]["alpha"] == "2.0"
    assert bring(made, absent=["Alpha"])["actions"] == ["remove alpha"]
    assert "alpha" not in bring(made)["packages"]


def test_constraints_bind_every_later_pip(made, tmp_path):
    wheel(tmp_path, "pinned", "1.0")
    wheel(tmp_path, "pinned", "2.0")
    wheel(tmp_path, "greedy", "1.0", requires="pinned>=2.0")
    bring(made, packages=["pinned==1.0"], find_links=[str(tmp_path)], constraints=["pinned==1.0"])
    command = [
        str(made / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--no-index",
        "--find-links",
        str(tmp_path),
        "greedy",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "constraint" in done.stdout + done.stderr
    assert bring(made)["packages"]["pinned"] == "1.0"


def test_operator_wheels_follow_the_installed_cann(made, tmp_path, monkeypatch):
    def install(version: str, *names: str) -> None:
        paths = {name: wheel(tmp_path / version, name, "0.4.0", f"CANN = {version!r}\n") for name in names}
        rows = [{"product": "nnae", "version": version, "path": str(tmp_path), "wheels": paths}]
        monkeypatch.setattr(environment_installation.installed, "cann", lambda view, path: rows)

    install("6.0.1", "te", "hccl", "topi")
    names = ["te", "hccl", "topi"]
    assert "install hccl, te, topi from nnae 6.0.1" in bring(made, operator_wheels=names, cann="nnae 6.0.1")["actions"]
    assert bring(made, operator_wheels=names, cann="nnae 6.0.1")["actions"] == []
    install("6.3.RC1", "te", "hccl")
    later = bring(made, operator_wheels=["te", "hccl"], cann="nnae 6.3.RC1")
    assert later["actions"][:2] == ["remove topi", "install hccl, te from nnae 6.3.RC1"]
    marker = json.loads((made / "ascend-fleet.json").read_text())
    assert marker["cann_wheels_from"] == "nnae 6.3.RC1" and sorted(marker["wheels"]) == ["hccl", "te"]
    source = next(made.glob("lib/python*/site-packages/te/__init__.py")).read_text()
    assert source == "CANN = '6.3.RC1'\n"
    with pytest.raises(ProviderError, match=r"nnae 8.0 is not installed .* role cann"):
        bring(made, operator_wheels=["te"], cann="nnae 8.0")


def test_an_interrupted_installation_is_repaired(made, tmp_path):
    path = wheel(tmp_path, "halfway", "1.0")
    bring(made, wheels=[path], no_deps=True)
    site = next(made.glob("lib/python*/site-packages"))
    (site / "halfway" / "__init__.py").unlink()
    marker = json.loads((made / "ascend-fleet.json").read_text())
    (made / "ascend-fleet.json").write_text(json.dumps({**marker, "unfinished": ["halfway"]}))
    assert "install halfway==1.0" in bring(made, wheels=[path], no_deps=True)["actions"]
    assert (site / "halfway" / "__init__.py").is_file()
    assert "unfinished" not in json.loads((made / "ascend-fleet.json").read_text())
    # Cut off before pip wrote what it had installed.
    (site / "halfway-1.0.dist-info" / "RECORD").unlink()
    assert "halfway" not in bring(made, check_mode=True)["packages"]


def test_files_and_the_environment_file(made):
    script = {"path": "ascend-env.sh", "content": 'export GREETING="a $HOME"\n', "mode": "0644"}
    result = bring(made, files=[script], environment_file={"path": "ascend.env", "script": "ascend-env.sh"})
    assert [line.split("/")[-1] for line in result["actions"]] == ["ascend-env.sh", "ascend.env"]
    assert 'GREETING="a /"\n' in (made / "ascend.env").read_text()
    assert (
        bring(made, files=[script], environment_file={"path": "ascend.env", "script": "ascend-env.sh"})["actions"] == []
    )


def test_a_missing_wheel_is_said_with_the_fix(made, tmp_path):
    with pytest.raises(ProviderError, match=r"(?s)install nowhere==1.0.*wheels/ below ascend_artifacts"):
        bring(made, packages=["nowhere==1.0"], find_links=[str(tmp_path)])


def test_check_mode_leaves_nothing_behind(tmp_path):
    result = bring(tmp_path / "new", check_mode=True, packages=["alpha==1.0"])
    assert result["changed"] and result["packages"] == {"alpha": "1.0"} and not (tmp_path / "new").exists()


def test_somebody_elses_environment_is_left_alone(tmp_path, monkeypatch):
    folder = tmp_path / "theirs"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    monkeypatch.setattr(environment_commands, "python_version", lambda path: "3.5.1")
    with pytest.raises(ProviderError, match=r"somebody else made it"):
        bring(folder)
    with pytest.raises(ProviderError, match=r"somebody else made it"):
        bring(folder, state="absent")
    assert (folder / "bin").is_dir()


CONDA = """#!/bin/sh
# Stands for conda: makes prefixes, and records packages as conda does.
echo "$@" >> "$0.log"
verb=$1; shift
while [ $# -gt 0 ]; do
    case $1 in --prefix) prefix=$2; shift ;; mindspore-ascend=*) package=$1 ;; esac
    shift
done
[ "$verb" = install ] && [ -f "$prefix/conda-meta/history" ] || exit 1
[ -n "$package" ] || {python} -m venv --without-pip "$prefix"
[ -z "$package" ] || echo '{}' > "$prefix/conda-meta/mindspore-ascend-${package#*=}-py37_0.json"
"""


def test_conda_makes_environments_and_installs_1x(tmp_path):
    conda = tmp_path / "conda"
    conda.write_text(CONDA.replace("{python}", sys.executable))
    conda.chmod(0o755)
    options = {
        "provider": "conda",
        "executable": str(conda),
        "channels": ["file:///channel"],
        "offline": True,
        "conda_packages": ["mindspore-ascend=1.10.1"],
    }
    first = bring(tmp_path / "env", **options)
    assert first["packages"]["mindspore-ascend"] == "1.10.1"
    source = "--channel file:///channel --override-channels --offline"
    assert (tmp_path / "conda.log").read_text().splitlines() == [
        f"install --yes --prefix {tmp_path}/env python={VERSION} pip {source}",
        f"install --yes --prefix {tmp_path}/env mindspore-ascend=1.10.1 {source}",
    ]
    assert bring(tmp_path / "env", **options)["actions"] == []


def test_one_run_at_a_time(tmp_path):
    path = str(tmp_path / "env")
    with (
        environment_commands.only_one(path, 1),
        pytest.raises(ProviderError, match=r"Another run"),
        environment_commands.only_one(path, 0),
    ):
        pass
    with environment_commands.only_one(path, 1):
        assert os.path.exists(tmp_path / ".env.lock")
