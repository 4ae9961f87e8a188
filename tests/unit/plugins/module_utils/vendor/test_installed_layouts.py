"""CANN and what stands on it in every layout the installers leave, sound and damaged."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import installed
from ansible_collections.ascend.fleet.tests.unit import ascend_trees as trees
from ansible_collections.ascend.fleet.tests.unit.dictview import DictView, Link, Unreadable

ROOT = trees.ROOT


def cann(*tree, root=ROOT):
    return installed.cann(DictView(*tree), root)


# ---- CANN layouts


def test_layout_5_1():
    [row] = cann(trees.cann_5_1())
    assert (row["product"], row["version"], row["layout"], row["latest"]) == ("toolkit", "5.1.RC1", "5.1", True)
    assert sorted(row["wheels"]) == ["hccl", "te", "topi"]
    assert row["wheels"]["te"] == f"{ROOT}/ascend-toolkit/5.1.RC1/fwkacllib/lib64/te-0.4.0-py3-none-any.whl"
    assert row["component_version"] == "1.82.22.1.220"
    assert row["arch"] == "x86_64"


def test_layout_6_0_nnae():
    [row] = cann(trees.cann_6_0_nnae())
    assert row == {
        "product": "nnae",
        "version": "6.0.1",
        "path": f"{ROOT}/nnae/6.0.1",
        "install_path": ROOT,
        "latest": True,
        "innerversion": "V100R001C30SPC001B238",
        "code": "C30",
        "compatible_version": ["V100R001C15", "V100R001C30"],
        "arch": "aarch64",
        "chip": None,
        "info_file": f"{ROOT}/nnae/6.0.1/ascend_nnae_install.info",
        "set_env": f"{ROOT}/nnae/set_env.sh",
        "component_version": "1.84.15.1.230",
        "wheels": {
            name: f"{ROOT}/nnae/6.0.1/lib64/{wheel}-py3-none-any.whl"
            for name, wheel in (("te", "te-0.4.0"), ("hccl", "hccl-0.1.0"), ("topi", "topi-0.4.0"))
        },
        "uninstall": f"{ROOT}/nnae/6.0.1/script/uninstall.sh",
        "layout": "6.0",
        "damaged": None,
    }


def test_latest_that_is_the_release_itself():
    tree = {
        path.replace("/6.0.1", "/latest"): node
        for path, node in trees.cann_6_0_nnae().items()
        if not isinstance(node, Link)
    }
    [row] = cann(tree)
    assert (row["version"], row["path"], row["latest"], row["damaged"]) == ("6.0.1", f"{ROOT}/nnae/latest", True, None)


@pytest.mark.parametrize("product", ["toolkit", "nnae", "nnrt"])
def test_layout_6_3(product):
    [row] = cann(trees.cann_6_3("6.3.RC1", product))
    assert (row["product"], row["version"], row["layout"], row["latest"]) == (product, "6.3.RC1", "6.3", True)
    assert sorted(row["wheels"]) == ["hccl", "te"]
    assert row["damaged"] is None


def test_layout_8_1_with_kernels_and_nnal():
    rows = cann(trees.cann_6_3(), trees.kernels_8_1(), trees.nnal_8_1())
    assert [(row["product"], row["version"], row["chip"], row["latest"]) for row in rows] == [
        ("toolkit", "8.1.RC1", None, True),
        ("kernels", "8.1.RC1", "910b", True),
        ("nnal", "8.1.RC1", None, True),
    ]
    toolkit, kernels, nnal = rows
    assert toolkit["component_version"] == "7.7.0.1.238"
    assert toolkit["uninstall"] == f"{ROOT}/ascend-toolkit/8.1.RC1/cann_uninstall.sh"
    assert kernels["info_file"].endswith("/opp_kernel/version.info")
    assert kernels["uninstall"] is None, "the toolkit's uninstaller must never be taken for the kernels'"
    assert nnal["set_env"] == f"{ROOT}/nnal/atb/set_env.sh"
    assert all(row["damaged"] is None for row in rows)


def test_kernels_for_several_chips_name_none():
    rows = cann(trees.cann_6_3(), trees.kernels_8_1(), trees.kernels_8_1(soc="ascend910_93"))
    assert rows[1]["chip"] is None


@pytest.mark.parametrize("version", ["8.5.0", "9.0.0", "9.2.0-beta.2"])
def test_layout_8_5(version):
    rows = cann(trees.cann_8_5(version))
    assert sorted((row["product"], row["version"], row["chip"], row["latest"]) for row in rows) == [
        ("ops", version, "910b", True),
        ("toolkit", version, None, True),
    ]
    by = {row["product"]: row for row in rows}
    assert by["toolkit"]["set_env"] == f"{ROOT}/cann-{version}/set_env.sh"
    assert by["toolkit"]["component_version"] == "8.5.0.1.200"
    assert by["toolkit"]["code"] == "C25"
    assert by["toolkit"]["layout"] == by["ops"]["layout"] == "8.5"
    assert by["ops"]["uninstall"].endswith("/script/ops_uninstall.sh")


def test_two_releases_side_by_side():
    rows = cann(trees.cann_6_3("8.1.RC1"), trees.cann_6_3("8.0.0", latest=False))
    assert {row["version"]: row["latest"] for row in rows} == {"8.1.RC1": True, "8.0.0": False}
    rows = cann(trees.cann_8_5("8.5.0", current=False), trees.cann_8_5("9.0.0"))
    assert {(row["version"], row["latest"]) for row in rows} == {("8.5.0", False), ("9.0.0", True)}


def test_toolkit_and_nnae_side_by_side():
    rows = cann(trees.cann_6_3("8.3.RC1"), trees.cann_6_3("8.3.RC1", "nnae"))
    assert [(row["product"], row["latest"]) for row in rows] == [("toolkit", True), ("nnae", True)]


def test_other_install_path_from_the_record():
    tree = {path.replace(ROOT, "/data/Ascend"): node for path, node in trees.cann_6_3().items()}
    record = {"/etc/Ascend/ascend_cann_install.info": "Install_Path=/data/Ascend\n"}
    [row] = cann(tree, record)
    assert (row["version"], row["install_path"]) == ("8.1.RC1", "/data/Ascend")
    assert len(cann(trees.cann_6_3(), {"/etc/Ascend/ascend_cann_install.info": f"Install_Path={ROOT}/\n"})) == 1


def test_install_path_that_is_a_link_counts_once():
    tree = {path.replace(ROOT, "/data/Ascend"): node for path, node in trees.cann_6_3().items()}
    record = {"/etc/Ascend/ascend_cann_install.info": "Install_Path=/data/Ascend\n", ROOT: Link("/data/Ascend")}
    [row] = cann(tree, record)
    assert row["latest"] is True


# ---- damaged CANN


def test_empty_info_file():
    tree = trees.cann_6_3()
    tree[f"{ROOT}/ascend-toolkit/8.1.RC1/aarch64-linux/ascend_toolkit_install.info"] = ""
    [row] = cann(tree)
    assert row["version"] is None and "names no version" in row["damaged"] and row["product"] == "toolkit"


def test_info_file_twice_in_one_release():
    tree = trees.cann_6_0_nnae()
    tree[f"{ROOT}/nnae/6.0.1/aarch64-linux/ascend_nnae_install.info"] = trees.info("nnae", "6.0.1")
    assert [row["version"] for row in cann(tree)] == ["6.0.1"]
    tree[f"{ROOT}/nnae/6.0.1/ascend_nnae_install.info"] = ""
    assert [(row["version"], row["damaged"]) for row in cann(tree)] == [("6.0.1", None)]


def test_unreadable_info_file():
    tree = trees.cann_6_0_nnae()
    tree[f"{ROOT}/nnae/6.0.1/ascend_nnae_install.info"] = Unreadable()
    [row] = cann(tree)
    assert row["version"] is None and "not readable" in row["damaged"]


def test_arch_folder_missing():
    view = DictView(trees.cann_6_3())
    view.remove(f"{ROOT}/ascend-toolkit/8.1.RC1/aarch64-linux")
    [row] = installed.cann(view, ROOT)
    assert row["version"] is None
    assert "8.1.RC1, but no ascend_toolkit_install.info" in row["damaged"]


def _bases(view):
    return [row for row in installed.cann(view, ROOT) if row["product"] != "ops"]


@pytest.mark.parametrize("tree", [trees.cann_5_1(), trees.cann_6_0_nnae(), trees.cann_6_3(), trees.cann_8_5("8.5.0")])
def test_set_env_gone_is_damage(tree):
    """Whoever sources it gets nothing, so a release without it must not count as installed."""
    view = DictView(tree)
    [before] = _bases(view)
    assert before["set_env"] and before["damaged"] is None
    for path in [path for path in tree if path.endswith("/set_env.sh")]:
        view.remove(path)
    [row] = _bases(view)
    assert row["version"] == before["version"] and row["set_env"] is None
    assert row["damaged"].endswith("/set_env.sh is missing")


@pytest.mark.parametrize("tree", [trees.cann_6_3(latest=False), trees.cann_6_3(product="nnae", latest=False)])
def test_neither_latest_nor_set_env_is_damage(tree):
    """What an installer leaves that broke off after its version file: the only release, and nothing leads to it."""
    view = DictView(tree)
    assert [row["damaged"] for row in _bases(view)] == [None]
    for path in [path for path in tree if path.endswith("/set_env.sh")]:
        view.remove(path)
    [row] = _bases(view)
    assert row["damaged"].endswith("/set_env.sh is missing")


@pytest.mark.parametrize("tree", [trees.cann_6_0_nnae(), trees.cann_6_3(), trees.cann_8_5("8.5.0")])
def test_latest_dangles(tree):
    view = DictView(tree)
    for name in ("nnae/6.0.1", "ascend-toolkit/8.1.RC1", "cann-8.5.0"):
        view.remove(f"{ROOT}/{name}")
    [row] = installed.cann(view, ROOT)
    assert row["version"] is None and row["latest"] is True
    assert "which does not exist" in row["damaged"]


def test_latest_dangles_beside_a_sound_release():
    view = DictView(trees.cann_6_3("8.1.RC1"), trees.cann_6_3("8.0.0", latest=False))
    view.remove(f"{ROOT}/ascend-toolkit/8.1.RC1")
    rows = installed.cann(view, ROOT)
    assert [(row["version"], row["latest"], bool(row["damaged"])) for row in rows] == [
        ("8.0.0", False, False),
        (None, True, True),
    ]


def test_leftovers_of_an_uninstallation_are_no_release():
    assert (
        cann(
            {
                f"{ROOT}/ascend-toolkit/8.1.RC1/var": None,
                f"{ROOT}/ascend-toolkit/set_env.sh": "",
                f"{ROOT}/cann-8.5.0/var": None,
                f"{ROOT}/nnal/atb": None,
            }
        )
        == []
    )


def test_kernels_without_a_base():
    rows = cann(trees.kernels_8_1())
    assert [(row["product"], row["version"]) for row in rows] == [("kernels", "8.1.RC1")]


def test_nnal_without_a_version():
    [row] = cann({f"{ROOT}/nnal/atb/8.1.RC1/version.info": ""})
    assert row["version"] is None and row["damaged"]
