"""The hand-over to Kubernetes: labels, values, images and the page from observed hosts, and what stands against it."""

import shlex
import subprocess

import pytest
import yaml
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.kubernetes import charts, checks, handover, nodes

TABLES = catalog.load()
GOOD = {
    "folders": [{"path": "/var/log/mindx-dl", "exists": True, "owner": "root", "mode": "0755"}],
    "kubelet": True,
}
ENGINE = {"name": "containerd", "installed": True, "default": "ascend"}
RUNTIME = {"version": "26.1.0", "engine": ENGINE}
ACCOUNT = {"name": "hwMindX", "uid": 9000, "gid": 9000, "user_of_id": "hwMindX", "group_of_id": "hwMindX"}


def node(name="node-1", chip="910b", count=8, arch="aarch64", driver="25.5.2", seen=GOOD, **more):
    accelerators = {"family": chip, "count": count, "product": None, "variant": None, **more.pop("accelerators", {})}
    facts = {
        "hostname": name, "arch": arch, "accelerators": accelerators,
        "driver": {"installed": driver, "install_info": {}},
        "user": {"name": "HwHiAiUser", "exists": True, "uid": 1000}, "reboot_required": False,
        "npu_exporter": {"ours": False},
        "container_runtime": RUNTIME, "accounts": [ACCOUNT], **more,
    }  # fmt: skip
    return nodes.Node(name, name.lower(), facts, seen)


def make(*hosts, **wishes):
    return handover.make(TABLES, list(hosts) or [node()], handover.Wishes(**wishes))


def rules(host, release="26.1.0"):
    return {one["rule"]: one["severity"] for one in checks.judge(TABLES, host, release)}


@pytest.mark.parametrize(
    ("chip", "count", "accelerators", "expected"),
    [
        ("910", 8, {}, {"accelerator": "huawei-Ascend910", "accelerator-type": "module"}),
        ("910", 4, {}, {"accelerator": "huawei-Ascend910", "accelerator-type": "half"}),
        ("910", 1, {}, {"accelerator": "huawei-Ascend910", "accelerator-type": "card"}),
        ("910b", 8, {}, {"accelerator": "huawei-Ascend910", "accelerator-type": "module-910b-8"}),
        ("910b", 16, {}, {"accelerator": "huawei-Ascend910", "accelerator-type": "module-910b-16"}),
        (
            "910b",
            2,
            {"product": "Atlas 300T A2"},
            {"accelerator": "huawei-Ascend910", "accelerator-type": "card-910b-2"},
        ),
        ("910b", 3, {}, {"accelerator": "huawei-Ascend910"}),
        (
            *("910b", 8, {"product": "Atlas 800I A2"}),
            {"accelerator": "huawei-Ascend910", "accelerator-type": "module-910b-8", "server-usage": "infer"},
        ),
        ("a3", 16, {}, {"accelerator": "huawei-Ascend910"}),
        ("310", 4, {}, {"accelerator": "huawei-Ascend310"}),
        ("310p", 1, {"variant": "soc"}, {"accelerator": "huawei-Ascend310P", "servertype": "soc"}),
        ("310p", 2, {}, {"accelerator": "huawei-Ascend310P"}),
        ("950", 8, {}, {"accelerator": "huawei-npu"}),
    ],
)
def test_a_worker_gets_the_labels_of_its_chips(chip, count, accelerators, expected):
    found = nodes.labels(TABLES, node(chip=chip, count=count, accelerators=accelerators))
    every = {
        "node-role.kubernetes.io/worker": "worker", "workerselector": "dls-worker-node", "nodeDEnable": "on",
        "host-arch": "huawei-arm",
    }  # fmt: skip
    assert found == {**every, **expected}


def test_every_family_of_the_catalog_has_labels_or_is_refused_in_words():
    for chip in (row["chip"] for row in TABLES["chips"]):
        host = node(chip=chip)
        assert nodes.labels(TABLES, host) or rules(host)["no-labels"] == "error"


def test_the_script_labels_every_node_and_a_shell_reads_it(tmp_path):
    text = make(node(), node("node-2", arch="x86_64"), control=("control-1",)).files[handover.LABELS]
    script, called = tmp_path / "labels.sh", tmp_path / "called"
    script.write_text(text)
    (tmp_path / "kubectl").write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>{called}\n')
    (tmp_path / "kubectl").chmod(0o755)
    subprocess.run(["sh", str(script)], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=True)
    lines = [shlex.split(line) for line in called.read_text().splitlines()]
    assert [words[3] for words in lines] == ["control-1", "node-1", "node-2"]
    assert all(words[:3] == ["label", "--overwrite", "node"] for words in lines)
    assert lines[0][4:] == ["masterselector=dls-master-node"]
    assert "host-arch=huawei-x86" in lines[2] and "accelerator-type=module-910b-8" in lines[2]


def test_values_are_yaml_for_the_charts_of_the_release():
    found = make(registry="registry.example/mindcluster")
    values, crds = (yaml.safe_load(found.files[name]) for name in (handover.APP, handover.CRDS))
    assert found.release == "26.1.0"
    assert set(values) == {row["kubernetes_chart"] for row in TABLES["kubernetes_charts"]}
    plugin = values["ascend-device-plugin"]
    assert plugin["enabled"] and plugin["volcanoType"] and plugin["is310P1usoc"] is False
    assert plugin["image"] == {
        "repository": "registry.example/mindcluster/ascend-k8sdeviceplugin",
        "tag": "v26.1.0-openeuler24.03",
        "pullPolicy": "IfNotPresent",
    }
    volcano = values["ascend-for-volcano"]
    assert volcano["volcanoVersion"] == "v1.9.0" and volcano["scheduler"]["image"]["tag"].startswith("v1.9.0-v26.1.0-")
    assert values["k8s-rdma-shared-dev-plugin"]["enabled"] is False
    assert crds == {
        "ascend-operator-crds": {"enabled": True},
        "ascend-for-volcano-crds": {"enabled": True, "volcanoVersion": "v1.9.0"},
        "infer-operator-crds": {"enabled": True},
    }


def test_the_images_are_those_of_the_values_that_are_on():
    found = make()
    values, listed = yaml.safe_load(found.files[handover.APP]), found.files[handover.IMAGES].split()
    asked = [
        f"{image['repository']}:{image['tag']}"
        for part in values.values()
        if part["enabled"]
        for image in [
            part.get("image"),
            *(one["image"] for one in part.values() if isinstance(one, dict) and "image" in one),
        ]
        if image
    ]
    assert sorted(asked) == listed and len(listed) == 8


def test_without_volcano_neither_it_nor_its_switch_is_on():
    values = yaml.safe_load(make(volcano=False).files[handover.APP])
    assert not values["ascend-for-volcano"]["enabled"] and values["ascend-device-plugin"]["volcanoType"] is False


def test_where_every_host_has_the_exporter_the_cluster_brings_none():
    ours = {"npu_exporter": {"ours": True}}
    assert not yaml.safe_load(make(node(**ours)).files[handover.APP])["npu-exporter"]["enabled"]
    mixed = make(node(**ours), node("node-2"))
    assert yaml.safe_load(mixed.files[handover.APP])["npu-exporter"]["enabled"]


def test_boards_of_their_own_have_their_switch():
    board = node(chip="310p", count=1, accelerators={"variant": "soc"})
    assert yaml.safe_load(make(board).files[handover.APP])["ascend-device-plugin"]["is310P1usoc"] is True


def test_an_older_release_has_no_charts_and_names_its_zips():
    found = make(node(driver="25.3.rc1"), node("node-2", driver="25.3.rc1", arch="x86_64"))
    assert found.release == "7.2.RC1" and set(found.files) == {handover.LABELS, handover.PAGE}
    page = found.files[handover.PAGE]
    assert "Ascend-mindxdl-device-plugin_7.2.RC1_linux-aarch64.zip" in page
    assert "Ascend-mindxdl-device-plugin_7.2.RC1_linux-x86_64.zip" in page and "kubectl apply" in page
    assert charts.has_charts("26.1.0") and not charts.has_charts("26.0.0")


def test_the_page_says_the_order_and_what_the_cluster_will_show():
    page = make(node(), node("node-2", count=4)).files[handover.PAGE]
    order = [
        page.index(text) for text in ("sh labels.sh", "helm install mindcluster-crds", "helm install mindcluster ")
    ]
    assert order == sorted(order)
    assert "- node-2: `huawei.com/Ascend910: 4`" in page and "Ascend-helm-deploy-tool_26.1.0_linux.zip" in page
    assert "What stands against it" not in page


def test_a_host_that_is_fit_has_nothing_to_be_said():
    found = make()
    assert found.hosts == {"node-1": []} and found.fleet == [] and found.good


@pytest.mark.parametrize(
    ("changed", "rule", "severity"),
    [
        ({"driver": None}, "no-driver", "error"),
        ({"count": 0}, "no-chips", "error"),
        ({"chip": "310b"}, "no-labels", "error"),
        ({"reboot_required": True}, "reboot", "error"),
        ({"driver": "23.0.rc1"}, "mindcluster-stack", "warning"),
        ({"user": {"name": "HwHiAiUser", "exists": True, "uid": 1001}}, "driver-user-id", "warning"),
        ({"accounts": [{**ACCOUNT, "uid": None, "user_of_id": "alice"}]}, "user-id-taken", "error"),
        ({"accounts": [{**ACCOUNT, "uid": None, "user_of_id": None}]}, "no-user", "warning"),
        ({"accounts": []}, "no-user", "warning"),
        ({"accounts": [{**ACCOUNT, "uid": 1005}]}, "user-id", "error"),
        ({"container_runtime": {**RUNTIME, "version": None}}, "no-runtime", "error"),
        ({"container_runtime": {**RUNTIME, "engine": {"name": "docker", "installed": False}}}, "no-engine", "error"),
        ({"container_runtime": {**RUNTIME, "version": "7.3.0"}}, "runtime-release", "warning"),
        ({"container_runtime": {**RUNTIME, "engine": {**ENGINE, "default": None}}}, "runtime-not-default", "warning"),
        (
            {"seen": {**GOOD, "folders": [{"path": "/var/log/mindx-dl/noded", "exists": True, "mode": "0777"}]}},
            *("log-folder", "warning"),
        ),
    ],
)
def test_what_stands_against_a_host(changed, rule, severity):
    assert rules(node(**changed)) == {rule: severity}


def test_a_driver_for_its_group_only_is_refused():
    host = node()
    host.facts["driver"]["install_info"] = {"Driver_Install_For_All": "no"}
    assert rules(host) == {"driver-not-for-all": "error"}


def test_a_host_that_was_not_observed_is_named_and_left_out():
    lost = nodes.Node("lost", "lost", error="timed out")
    found = make(node(), lost)
    assert not found.good and "lost" not in found.files[handover.LABELS]
    assert [one["rule"] for one in found.hosts["lost"]] == ["unreachable"]
    assert make(lost).files[handover.LABELS].count("kubectl label") == 0


def test_names_that_no_node_can_have_and_names_twice():
    bad = nodes.Node("x", "a_b; reboot", node().facts, GOOD)
    found = make(bad)
    assert not found.good and "a_b" not in found.files[handover.LABELS]
    twice = make(node("one"), nodes.Node("two", "one", node("one").facts, GOOD))
    assert [one["rule"] for one in twice.fleet] == ["same-node"] and not twice.good
    assert nodes.called("host", {"hostname": "NODE-7.example"}, None) == "node-7.example"
    assert nodes.called("host", {"hostname": "x"}, "Worker-1") == "worker-1"


def test_equal_hosts_give_equal_files_in_any_order():
    one, two = node(), node("node-2")
    assert make(one, two).files == make(two, one).files


def test_what_hosts_say_is_text_on_the_page():
    host = node(driver="25.5.2\x1b[31m")
    assert "\x1b" not in make(host).files[handover.PAGE] and "\x1b" not in "".join(make(host).lines)
