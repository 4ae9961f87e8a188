"""What MindCluster finds on a host."""

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.host import kubernetes

from tests.unit.dictview import DictView

INFO = "version=v26.1.0\narch=aarch64\nos=linux\npath=/usr/local/Ascend/Ascend-Docker-Runtime\ninstall-scene=%s\n"
PLACE = "/usr/local/Ascend/Ascend-Docker-Runtime/ascend_docker_runtime_install.info"


def test_a_bare_host():
    found = kubernetes.observed(DictView({"/etc/passwd": "root:x:0:0::/root:/bin/sh\n"}))
    assert found["runtime"] == {"version": None, "scene": None, "engines": [], "is_default": None}
    assert found["account"] == {"exists": False, "uid": None, "taken_by": None} and found["kubelet"] is False
    assert [row["path"] for row in found["folders"]][:2] == ["/var/log/mindx-dl", "/var/log/mindx-dl/devicePlugin"]
    assert not any(row["exists"] for row in found["folders"])


@pytest.mark.parametrize(
    ("scene", "path", "text", "default"),
    [
        ("docker", "/etc/docker/daemon.json", '{"default-runtime": "ascend", "runtimes": {}}', True),
        ("docker", "/etc/docker/daemon.json", '{"runtimes": {}}', False),
        ("docker", "/etc/docker/daemon.json", "{broken", None),
        ("docker", "/etc/docker/daemon.json", "[]", None),
        ("containerd", "/etc/containerd/config.toml", '  default_runtime_name = "ascend"\n', True),
        ("containerd", "/etc/containerd/config.toml", "default_runtime_name = 'runc'\n", False),
        ("containerd", "/etc/containerd/config.toml", "version = 2\n", None),
        ("crio", "/etc/crio/crio.conf", "", None),
    ],
)
def test_a_host_with_the_runtime(scene, path, text, default):
    view = DictView({PLACE: INFO % scene, path: text, "/usr/bin/containerd": "x", "/usr/bin/kubelet": "x"})
    found = kubernetes.observed(view)
    assert found["runtime"] == {"version": "26.1.0", "scene": scene, "engines": ["containerd"], "is_default": default}
    assert found["kubelet"] is True


def test_the_user_is_known_by_name_and_its_id_by_whom_it_belongs_to():
    accounts = {"hwMindX": {"uid": 9000, "group": "hwMindX", "groups": [], "shell": "", "home": ""}}
    assert kubernetes.observed(DictView({}, accounts=accounts))["account"]["uid"] == 9000
    taken = DictView({"/etc/passwd": "alice:x:9000:9000::/home/alice:/bin/sh\n"})
    assert kubernetes.observed(taken)["account"]["taken_by"] == "alice"
