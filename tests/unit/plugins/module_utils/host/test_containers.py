"""containers: which container a process is in, and what its engine's files call it."""

import json

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.host import busy, containers

HEX = "0123456789abcdef" * 4
POD = "12345678-1234-1234-1234-123456789abc"
STORAGE = "/var/lib/containers/storage/overlay-containers/containers.json"
CRI = f"/run/containerd/io.containerd.runtime.v2.task/k8s.io/{HEX}/config.json"
CRIO = f"/run/containers/storage/overlay-containers/{HEX}/userdata/config.json"


@pytest.mark.parametrize(
    "cgroup,engine",
    [
        (f"0::/system.slice/docker-{HEX}.scope", "docker"),
        (f"12:pids:/docker/{HEX}\n11:cpu:/", "docker"),
        (f"0::/kubepods.slice/kubepods-pod{POD.replace('-', '_')}.slice/cri-containerd-{HEX}.scope", "containerd"),
        (f"0::/kubepods.slice/kubepods-pod{POD.replace('-', '_')}.slice:cri-containerd:{HEX}", "containerd"),
        (f"0::/default/{HEX}", "containerd"),
        (f"0::/system.slice/nerdctl-{HEX}.scope", "containerd"),
        (f"0::/machine.slice/libpod-{HEX}.scope/container", "podman"),
        (f"0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{HEX}.scope", "podman"),
        (f"0::/kubepods.slice/kubepods-pod{POD.replace('-', '_')}.slice/crio-{HEX}.scope", "cri-o"),
        (f"11:devices:/isulad/{HEX}", "isulad"),
        (f"11:devices:/kubepods/besteffort/pod{POD}/{HEX}", None),
    ],
)
def test_the_engine_and_the_number_are_in_the_cgroup(cgroup, engine):
    assert containers.find(cgroup) == (engine, HEX)


@pytest.mark.parametrize("cgroup", ["0::/user.slice/user-0.slice", "", "0::/system.slice/docker.service"])
def test_outside_of_containers_there_is_none(cgroup):
    assert containers.find(cgroup) is None


def test_a_pod_without_a_container_is_a_pod():
    assert containers.find(f"0::/kubepods/pod{POD}") == ("kubernetes pod", POD)


def test_inside_of_a_container_the_inner_one_counts():
    outer = "f" * 64
    assert containers.find(f"0::/machine.slice/libpod-{outer}.scope/libpod-{HEX}.scope") == ("podman", HEX)


@pytest.mark.parametrize(
    "engine,path,content,name",
    [
        ("docker", f"/var/lib/docker/containers/{HEX}/config.v2.json", {"Name": "/trainer", "ID": HEX}, "trainer"),
        (
            "isulad",
            f"/var/lib/isulad/engines/lcr/{HEX}/config.v2.json",
            {"CommonConfig": {"Name": "serving", "id": HEX}},
            "serving",
        ),
        ("podman", STORAGE, [{"id": "f" * 64, "names": ["x"]}, {"id": HEX, "names": ["notebook"]}], "notebook"),
        (
            "containerd",
            CRI,
            {
                "annotations": {
                    "io.kubernetes.cri.sandbox-namespace": "jobs",
                    "io.kubernetes.cri.sandbox-name": "llm-0",
                    "io.kubernetes.cri.container-name": "vllm",
                }
            },
            "jobs/llm-0/vllm",
        ),
        (
            "cri-o",
            CRIO,
            {
                "annotations": {
                    "io.kubernetes.pod.namespace": "jobs",
                    "io.kubernetes.pod.name": "llm-0",
                    "io.kubernetes.container.name": "vllm",
                }
            },
            "jobs/llm-0/vllm",
        ),
        ("containerd", CRI.replace("k8s.io", "default"), {"annotations": {"nerdctl/name": "mine"}}, "mine"),
        (None, CRIO, {"annotations": {"io.kubernetes.pod.name": "p", "io.kubernetes.container.name": "c"}}, "p/c"),
        ("docker", f"/var/lib/docker/containers/{HEX}/config.v2.json", {"Name": "/a\x1b[2J"}, None),
        ("docker", f"/var/lib/docker/containers/{HEX}/config.v2.json", ["Name"], None),
        ("podman", STORAGE, {"id": HEX}, None),
        ("podman", STORAGE, [{"id": HEX, "names": None}, 3], None),
    ],
)
def test_the_name_is_in_the_engines_own_file(engine, path, content, name):
    assert containers.name_of(engine, HEX, {path: json.dumps(content)}.get) == name


@pytest.mark.parametrize("text", [None, "", "{", "[" * 100000, "null"])
@pytest.mark.parametrize("engine", ["docker", "podman", "containerd", "lxc", None])
def test_what_cannot_be_read_names_nothing(engine, text):
    assert containers.name_of(engine, HEX, lambda path: text) is None


def test_podman_of_an_ordinary_user_keeps_its_list_at_home():
    files = {"/home/alice/.local/share" + STORAGE[len("/var/lib") :]: json.dumps([{"id": HEX, "names": ["hers"]}])}
    assert containers.name_of("podman", HEX, files.get, "/home/alice/") == "hers"
    assert containers.name_of("podman", HEX, files.get) is None


def test_a_row_of_busy_names_the_container(tmp_path):
    base = tmp_path / "10"
    (base / "fd").mkdir(parents=True)
    (base / "fd" / "0").symlink_to("/dev/davinci0")
    (base / "status").write_text("Uid:\t0\t0\t0\t0\n")
    (base / "cmdline").write_text("python\0train.py\0")
    (base / "cgroup").write_text(f"0::/system.slice/docker-{HEX}.scope")
    files = {f"/var/lib/docker/containers/{HEX}/config.v2.json": '{"Name": "/trainer"}'}
    (row,) = busy.users(str(tmp_path), read_state=files.get)
    assert row["container"] == "docker trainer (0123456789ab)"
    assert busy.describe(row) == "pid 10 (root, docker trainer (0123456789ab)): python train.py, /dev/davinci0"
