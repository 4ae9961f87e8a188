"""An environment that uv makes, on a host that nothing is installed on and that reaches no index."""

import json

testinfra_hosts = ["uv"]

ENVIRONMENT = "/opt/ascend/envs/uv"


def test_uv_came_with_the_artifacts(host):
    assert host.check_output("/opt/ascend/uv/uv --version").startswith("uv 0.")
    assert not host.exists("uv")
    assert not host.exists("gcc")


def test_uv_made_the_environment(host):
    assert "uv = " in host.file(f"{ENVIRONMENT}/pyvenv.cfg").content_string
    assert host.check_output(f"{ENVIRONMENT}/bin/ascend-run python --version").startswith("Python 3.11")
    record = json.loads(host.file(f"{ENVIRONMENT}/ascend-fleet.json").content_string)
    assert record["provider"] == "uv"
    assert record["stack"] == {"python": "3.11"}


def test_it_has_a_pip_that_obeys_the_constraints(host):
    assert ENVIRONMENT in host.check_output(f"{ENVIRONMENT}/bin/pip --version")
    assert "constraints.txt" in host.check_output(f"{ENVIRONMENT}/bin/pip config list")
