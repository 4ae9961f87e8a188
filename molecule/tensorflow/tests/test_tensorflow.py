"""TensorFlow with the adapter of its CANN, as a package and as a wheel, in an environment of its own."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

ENVIRONMENT = "/opt/miniconda3/envs/tensorflow"
PLUGIN = "/usr/local/Ascend/tfplugin/latest"
PROGRAM = (
    "import tensorflow, npu_device; npu_device.open().as_default(); "
    "print(tensorflow.__version__, npu_device.__file__, tensorflow.ones((2, 3)).device)"
)


def name(host):
    return host.check_output("hostname")


@pytest.fixture(scope="module")
def report():
    path = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "report" / "report.json"
    return {entry["name"]: entry for entry in json.loads(path.read_text(encoding="utf-8"))["hosts"]}


def test_tensorflow_computes_on_the_npu_in_a_bare_shell(host):
    said = host.check_output(f"env -i {ENVIRONMENT}/bin/ascend-run python -c '{PROGRAM}'").splitlines()
    assert said[0] == "Npu device instance /job:localhost/replica:0/task:0/device:NPU:0 created"
    version, adapter, device = said[-1].split()
    assert (version, device) == ("2.6.5", "/job:localhost/replica:0/task:0/device:NPU:0")
    assert adapter.startswith(PLUGIN if name(host) == "adapter-package" else ENVIRONMENT)


def test_the_adapter_came_as_its_cann_has_it(host, report):
    package = name(host) == "adapter-package"
    assert host.file(PLUGIN).exists == package
    there = host.check_output(f"ls {ENVIRONMENT}/lib/python3.7/site-packages").split()
    assert ("npu_device-2.6.5.dist-info" in there) != package
    entry = report[name(host)]
    assert entry["status"] == "converged" and entry["versions"]["tensorflow"] == "2.6.5"
    assert entry["versions"]["tfplugin"] == ("6.0.1" if package else None)
    assert not entry["versions"]["mindspore"] and entry["inference"]["status"] == "skipped"


def test_every_installer_ran_once_though_the_playbook_ran_twice(host):
    calls = [json.loads(line) for line in host.file("/var/log/npu-sim/vendor-calls.log").content_string.splitlines()]
    starts = [call["package"] for call in calls if call["event"] == "start" and "--quiet" in call["argv"]]
    assert starts and len(starts) == len(set(starts)), starts


# On the host that comes last, for both.
@pytest.mark.hosts("adapter-wheel")
def test_last_of_all_everything_of_it_goes(host, fleet):
    narrowed = {"ascend_components": ["python", "tensorflow", "tfplugin"]}
    fleet.output("playbooks/uninstall.yml", "-e", json.dumps(narrowed))
    assert not host.file(ENVIRONMENT).exists and host.file("/usr/local/Ascend/nnae/latest").exists
    left = fleet.run("adapter-package", "ls", "/usr/local/Ascend")
    assert "nnae" in left and "tfplugin" not in left
