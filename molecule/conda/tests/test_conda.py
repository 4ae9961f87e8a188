"""What the article's steps leave on a host when the roles take them, with stand-ins for conda's packages."""

import hashlib
import json

import pytest

testinfra_hosts = ["article"]

ENVIRONMENT = "/opt/miniconda3/envs/mindspore_py37"
SHOW = "import json, mindspore; print(json.dumps(mindspore.setup()))"


def packages(host):
    rows = json.loads(host.check_output(f"/opt/miniconda3/bin/conda list --json --prefix {ENVIRONMENT}"))
    return {row["name"]: row["version"] for row in rows}


def test_driver_firmware_and_nnae_are_the_articles(host):
    ascend = "/usr/local/Ascend"
    assert "Version=23.0.rc1" in host.file(f"{ascend}/driver/version.info").content_string
    assert "Version=6.3.0.1.241" in host.file(f"{ascend}/firmware/version.info").content_string
    assert "version=6.0.1" in host.file(f"{ascend}/nnae/latest/ascend_nnae_install.info").content_string
    assert "910ProB" in host.check_output("npu-smi info")


def test_the_environment_is_condas_and_has_mindspore_from_its_channel(host):
    found = packages(host)
    assert found["python"].startswith("3.7.")
    assert found["mindspore-ascend"] == "1.10.1"
    assert host.check_output(f"{ENVIRONMENT}/bin/python --version").startswith("Python 3.7.")
    record = json.loads(host.file(f"{ENVIRONMENT}/ascend-fleet.json").content_string)
    assert record["provider"] == "conda"
    assert record["cann_wheels_from"] == "nnae 6.0.1"
    assert record["executable"] == "/opt/miniconda3/bin/conda"


def test_what_pip_installs_in_the_article(host):
    rows = json.loads(host.check_output(f"{ENVIRONMENT}/bin/pip list --format json"))
    found = {row["name"]: row["version"] for row in rows}
    assert found["mindformers"] == "0.6.0"
    assert {"te", "topi", "hccl", "sympy", "requests"} <= set(found)


def test_mindformers_was_built_from_the_commit_and_mindspore_left_alone(host):
    commit = host.check_output("git -c safe.directory=* --git-dir=/srv/git/mindformers.git rev-parse r0.6")
    source = f"git+file:///srv/git/mindformers.git@{commit}"
    record = json.loads(host.file(f"{ENVIRONMENT}/ascend-fleet.json").content_string)
    assert record["sources"] == {"mindformers": "sha256:" + hashlib.sha256(source.encode()).hexdigest()}
    # Its source asks for a package `mindspore`, which conda's is not.
    assert packages(host)["mindspore-ascend"] == "1.10.1"
    assert host.run(f"{ENVIRONMENT}/bin/pip show mindspore").rc != 0


@pytest.mark.parametrize(
    "command",
    [
        f"/opt/miniconda3/bin/conda run -n mindspore_py37 python -c '{SHOW}'",
        f"{ENVIRONMENT}/bin/ascend-run python -c '{SHOW}'",
        f"bash -c \"set -a; . {ENVIRONMENT}/ascend.env; set +a; python -c '{SHOW}'\"",
        f"systemd-run --quiet --wait --pipe --property=EnvironmentFile={ENVIRONMENT}/ascend.env"
        f" {ENVIRONMENT}/bin/python -c '{SHOW}'",
        f"bash -c \". /opt/miniconda3/etc/profile.d/conda.sh; conda activate mindspore_py37; python -c '{SHOW}'\"",
    ],
    ids=["conda run", "ascend-run", "environment file", "systemd unit", "conda activate"],
)
def test_activation_brings_cann_and_the_driver(host, command):
    setup = json.loads(host.check_output(command).splitlines()[-1])
    assert setup["version"] == "1.10.1"
    assert setup["prefix"] == ENVIRONMENT
    assert setup["wheels"] == {"te": "6.0.1", "topi": "6.0.1", "hccl": "6.0.1"}
    assert any("/nnae/" in path for path in setup["cann"])
    assert len(setup["cann"]) == len(set(setup["cann"])), "set_env.sh is applied once"
    assert setup["driver"]
    assert setup["opp"]


def test_mindspore_checks_itself(host):
    said = host.check_output(f"{ENVIRONMENT}/bin/ascend-run python -c 'import mindspore; mindspore.run_check()'")
    assert "installed successfully" in said


def test_conda_knows_how_the_environment_came_about(host):
    setup = json.loads(host.check_output(f"{ENVIRONMENT}/bin/ascend-run python -c '{SHOW}'").splitlines()[-1])
    made = setup["installed"]["environment_made_by"]
    assert made.startswith("/opt/miniconda3/bin/conda install")
    assert "python=3.7" in made
    assert made.endswith("--override-channels --offline")


def test_pip_cannot_bring_another_mindspore(host):
    constraints = host.file(f"{ENVIRONMENT}/constraints.txt").content_string
    assert "mindspore-ascend==1.10.1" in constraints


def test_cmake_is_beside_the_distributions(host):
    said = host.check_output("/usr/local/cmake-3.19.8/bin/cmake --version")
    assert said.startswith("cmake version 3.19.8")
    said = host.check_output(f"{ENVIRONMENT}/bin/ascend-run cmake --version")
    assert said.startswith("cmake version 3.19.8")
    assert host.check_output("gcc -dumpversion")


def test_nobodys_shell_was_edited(host):
    for path in ("/root/.bashrc", "/home/ops/.bashrc"):
        assert "conda" not in (host.file(path).content_string if host.file(path).exists else "")
