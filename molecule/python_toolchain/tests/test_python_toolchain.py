"""What python_toolchain leaves on a bare host: compiler, CMake, and an environment that works wherever it is needed."""

import json

import pytest

testinfra_hosts = ["toolchain"]

ENVIRONMENT = "/opt/ascend/envs/tools"


def test_compiler_and_what_else_was_asked_for(host):
    for command in ("gcc -dumpversion", "g++ -dumpversion", "make --version", "ninja --version"):
        host.run_expect([0], command)


def test_the_environment_is_the_distributions_python(host):
    assert host.check_output(f"{ENVIRONMENT}/bin/python --version").startswith("Python 3.11")
    record = json.loads(host.file(f"{ENVIRONMENT}/ascend-fleet.json").content_string)
    assert record["provider"] == "venv"
    assert record["stack"] == {"python": "3.11"}


@pytest.mark.parametrize(
    "command",
    [
        f"{ENVIRONMENT}/bin/ascend-run %s",
        f"bash -euc '. {ENVIRONMENT}/ascend-env.sh; . {ENVIRONMENT}/ascend-env.sh; %s'",
        f"sh -c '. {ENVIRONMENT}/ascend-env.sh; %s'",
        f"bash -c 'set -a; . {ENVIRONMENT}/ascend.env; set +a; %s'",
        f"systemd-run --quiet --wait --pipe --property=EnvironmentFile={ENVIRONMENT}/ascend.env /usr/bin/env %s",
    ],
    ids=["ascend-run", "bash, twice, strict", "sh", "environment file", "systemd unit"],
)
def test_activation(host, command):
    assert host.check_output(command % "python -m site").splitlines().count("sys.path = [") == 1
    assert host.check_output(command % "which python") == f"{ENVIRONMENT}/bin/python"
    assert host.check_output(command % "cmake --version").startswith("cmake version 3.19.8")
    path = host.check_output(command % "printenv PATH").split(":")
    assert len(path) == len(set(path))


def test_pip_obeys_the_constraints(host):
    assert f"constraint = {ENVIRONMENT}/constraints.txt" in host.file(f"{ENVIRONMENT}/pip.conf").content_string
    assert "constraints.txt" in host.check_output(f"{ENVIRONMENT}/bin/pip config list")


def test_everybody_may_use_it_and_only_the_owner_change_it(host):
    host.run_expect([0], f"su nobody -s /bin/sh -c '{ENVIRONMENT}/bin/ascend-run python -c 1'")
    assert host.run(f"su nobody -s /bin/sh -c 'touch {ENVIRONMENT}/x'").rc != 0


def test_the_system_is_left_alone(host):
    for path in ("/root/.bashrc", "/etc/profile", "/etc/environment"):
        assert "ascend" not in host.file(path).content_string
    assert not host.file("/usr/local/bin/cmake").exists
