"""The files of the hand-over: written once, shown by diff, left alone by check mode and by a second run."""

from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.ascend.fleet.plugins.action.kubernetes_handover import ActionModule

FACTS = {
    "hostname": "Node-1", "arch": "x86_64",
    "accelerators": {"family": "910b", "count": 8, "product": None, "variant": None},
    "driver": {"installed": "25.5.2", "install_info": {}}, "reboot_required": False,
    "user": {"name": "HwHiAiUser", "exists": True, "uid": 1000}, "npu_exporter": {"ours": False},
    "accounts": [{"name": "hwMindX", "uid": 9000, "user_of_id": "hwMindX"}],
    "container_runtime": {"version": "26.1.0", "engine": {"name": "docker", "installed": True, "default": "ascend"}},
}  # fmt: skip
SEEN = {"folders": [], "kubelet": True}
HOST = {"ascend_observation": {"ansible_facts": {"ascend": FACTS}}, "ascend_kubernetes_seen": SEEN}


class HostVars(dict):
    """What hostvars can do that a dictionary cannot."""

    def raw_get(self, name):
        return self[name]


def act(folder, hosts, check=False, **args):
    action = object.__new__(ActionModule)
    action._task = SimpleNamespace(check_mode=check, diff=True)
    action._templar = SimpleNamespace(template=lambda value: value)
    defaults = {"dir": str(folder), "release": "auto", "registry": "registry.example/x", "control": [], "volcano": True}
    given = {**defaults, "catalog_overlay": None, "hosts": list(hosts), **args}
    return action.act(given, {"hostvars": HostVars(hosts)})


def test_files_are_written_once(tmp_path):
    folder = tmp_path / "new" / "folder"
    result = act(folder, {"h1": HOST})
    assert result["changed"] and result["good"] and result["release"] == "26.1.0"
    assert result["files"] == ["crds-values.yaml", "handover.md", "images.txt", "labels.sh", "values.yaml"]
    assert sorted(path.name for path in folder.iterdir()) == result["files"]
    assert "kubectl label --overwrite node node-1 " in (folder / "labels.sh").read_text()
    stamps = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    again = act(folder, {"h1": HOST})
    assert not again["changed"] and again["diff"] == []
    assert stamps == {path: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_check_mode_shows_and_writes_nothing(tmp_path):
    result = act(tmp_path / "folder", {"h1": HOST}, check=True)
    assert result["changed"] and not (tmp_path / "folder").exists()
    assert any("dls-worker-node" in diff["after"] for diff in result["diff"])


def test_what_another_release_does_not_have_goes(tmp_path):
    act(tmp_path, {"h1": HOST})
    (tmp_path / "notes.txt").write_text("a user's")
    older = act(tmp_path, {"h1": HOST}, release="v26.0.0")
    assert older["changed"] and sorted(path.name for path in tmp_path.iterdir()) == [
        "handover.md",
        "labels.sh",
        "notes.txt",
    ]


def test_the_name_of_a_node_is_the_variables_where_one_is_set(tmp_path):
    act(tmp_path, {"h1": {**HOST, "ascend_kubernetes_node": "worker-7"}})
    assert "node worker-7 " in (tmp_path / "labels.sh").read_text()


def test_a_host_that_did_not_answer_is_an_error_of_its_own(tmp_path):
    result = act(tmp_path, {"h1": HOST, "h2": {"ascend_observation": {"msg": "timed out"}}})
    assert not result["good"] and result["hosts"]["h1"] == []
    assert "timed out" in result["hosts"]["h2"][0]["message"]
    assert any("h2: it was not observed: timed out" in line for line in result["ascend_lines"])


def test_a_control_node_without_a_possible_name_is_refused(tmp_path):
    with pytest.raises(AnsibleActionFail, match=r"ascend_kubernetes_control names Control 1"):
        act(tmp_path, {"h1": HOST}, control=["Control 1"])
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_names_its_variable(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(AnsibleActionFail, match="ascend_kubernetes_dir"):
        act(tmp_path / "file" / "below", {"h1": HOST})
