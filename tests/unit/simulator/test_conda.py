"""The stand-in for Miniconda keeps to what the real installer and conda do, as far as the roles rely on it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

BUILD = Path(__file__).resolve().parents[2] / "simulator" / "conda" / "build.py"


def call(*words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("CONDA_", "PIP_"))}
    env["HOME"] = str(cwd or "/nonexistent")
    command = [str(word) for word in words]
    return subprocess.run(command, capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL, check=False)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("article")
    subprocess.run(
        [sys.executable, BUILD, "--out", folder, "--vendor", folder / "none"], check=True, capture_output=True
    )
    return folder


@pytest.fixture(scope="module")
def conda(built, tmp_path_factory):
    prefix = tmp_path_factory.mktemp("host") / "miniconda3"
    done = call("bash", installer(built), "-b", "-p", prefix)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"PREFIX={prefix}\n")
    assert done.stdout.endswith("installation finished.\n")
    return prefix / "bin" / "conda"


@pytest.fixture(scope="module")
def source(built):
    words = [word for name in ("mindspore", "conda-forge") for word in ("--channel", f"file://{built}/conda/{name}")]
    return [*words, "--override-channels", "--offline"]


@pytest.fixture(scope="module")
def environment(conda, source):
    path = conda.parents[1] / "envs" / "py37"
    done = call(
        conda, "create", "--json", "--yes", "--prefix", path, "python=3.7", "pip", *source, cwd=conda.parents[2]
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["success"] is True
    return path


def installer(built: Path) -> Path:
    return built / f"Miniconda3-py37_4.10.3-Linux-{platform.machine()}.sh"


def test_the_same_input_gives_the_same_bytes(built, tmp_path):
    subprocess.run([sys.executable, BUILD, "--out", tmp_path, "--vendor", tmp_path], check=True, capture_output=True)
    for path in built.rglob("*"):
        if path.is_file():
            assert (tmp_path / path.relative_to(built)).read_bytes() == path.read_bytes(), path.name


def test_installer_options(built, conda):
    assert call("bash", installer(built), "-h").returncode == 2
    again = call("bash", installer(built), "-b", "-p", conda.parents[1])
    assert again.returncode == 1
    assert "use the -u option" in again.stderr
    assert call("bash", installer(built), "-b", "-u", "-p", conda.parents[1]).returncode == 0
    assert call("bash", installer(built), "-b", "-p", "/tmp/a b").returncode == 1
    asked = call("bash", installer(built))
    assert asked.returncode == 2
    assert "Do you accept the license terms?" in asked.stdout


def test_an_environment_has_the_python_it_was_asked_for(environment):
    assert call(environment / "bin" / "python", "--version").stdout == "Python 3.7.12\n"
    code = "import platform, sys; print(platform.python_version(), sys.prefix)"
    assert call(environment / "bin" / "python", "-I", "-c", code).stdout.split() == ["3.7.12", str(environment)]
    assert "(python 3." in call(environment / "bin" / "pip", "--version").stdout


def test_mindspore_from_its_channel(conda, source, environment):
    words = [conda, "install", "--json", "--yes", "--prefix", environment, "mindspore-ascend=1.10.1", *source]
    done = json.loads(call(*words).stdout)
    assert [row["name"] for row in done["actions"]["LINK"]] == ["numpy", "protobuf", "mindspore-ascend"]
    assert "already installed" in json.loads(call(*words).stdout)["message"]
    listed = {
        row["name"]: row["version"] for row in json.loads(call(conda, "list", "--json", "-p", environment).stdout)
    }
    assert listed["mindspore-ascend"] == "1.10.1"
    code = "import mindspore, json; print(json.dumps(mindspore.setup()))"
    setup = json.loads(call(conda, "run", "-n", "py37", "python", "-c", code).stdout)
    assert setup["installed"]["environment_made_by"].startswith(f"{conda} create")
    assert setup["installed"]["wheels_before"] == []
    said = call(environment / "bin" / "python", "-c", "import mindspore; mindspore.run_check()").stdout
    assert "successfully" not in said
    assert json.loads(call(conda, "remove", "--json", "-y", "-p", environment, "mindspore-ascend").stdout)["success"]
    assert not list(environment.glob("lib/*/site-packages/mindspore*"))


def test_what_no_channel_has(conda, source, environment):
    done = call(conda, "install", "--json", "--yes", "-p", environment, "mindspore-ascend=9.9", *source)
    assert done.returncode == 1
    assert json.loads(done.stdout)["exception_name"] == "PackagesNotFoundError"
    done = call(conda, "install", "-y", "-p", environment, "six", "-c", "http://127.0.0.1:9/x", "--override-channels")
    assert "CondaHTTPError: HTTP 000 CONNECTION FAILED" in done.stderr


def test_activation_in_a_shell(conda, environment):
    (environment / "etc" / "conda" / "activate.d").mkdir(parents=True)
    (environment / "etc" / "conda" / "activate.d" / "a.sh").write_text("export SOURCED=yes\n")
    script = f". {conda.parents[1]}/etc/profile.d/conda.sh; before=$PATH; conda activate py37; command -v python"
    script += '; echo "$SOURCED $CONDA_DEFAULT_ENV"; conda deactivate; [ "$PATH" = "$before" ] && echo back'
    lines = call("bash", "-euc", script).stdout.splitlines()
    assert lines == [f"{environment}/bin/python", "yes py37", "back"]


def test_every_environment_is_known(conda, environment):
    home = conda.parents[2]
    assert json.loads(call(conda, "env", "list", "--json", cwd=home).stdout)["envs"] == [
        str(conda.parents[1]),
        str(environment),
    ]
    assert call(conda, "run", "-n", "nobody", "true").returncode == 1
