"""What MindCluster finds on a host beside what host_facts says."""

from ansible_collections.ascend.fleet.plugins.module_utils.host import kubernetes

from tests.unit.dictview import DictView


def test_a_bare_host():
    found = kubernetes.observed(DictView({}))
    assert [row["path"] for row in found["folders"]][:2] == ["/var/log/mindx-dl", "/var/log/mindx-dl/devicePlugin"]
    assert not any(row["exists"] for row in found["folders"]) and found["kubelet"] is False


def test_a_node():
    found = kubernetes.observed(DictView({"/var/log/mindx-dl/noded/noded.log": "x", "/usr/bin/kubelet": "x"}))
    there = {row["path"]: row for row in found["folders"] if row["exists"]}
    assert sorted(there) == ["/var/log/mindx-dl", "/var/log/mindx-dl/noded"] and found["kubelet"] is True
    assert all(row["owner"] and row["mode"] for row in there.values())


def test_a_file_in_place_of_a_folder_is_none():
    found = kubernetes.observed(DictView({"/var/log/mindx-dl": "a file"}))
    assert not any(row["exists"] for row in found["folders"])
