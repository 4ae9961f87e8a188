"""Installed versions in every layout the installers leave, sound and damaged."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import host_view
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import installed, installed_cann
from ansible_collections.ascend.fleet.tests.unit import ascend_trees as trees
from ansible_collections.ascend.fleet.tests.unit.dictview import DictView, Link, Unreadable

ROOT = trees.ROOT


def cann(*tree, root=ROOT):
    return installed.cann(DictView(*tree), root)


# ---- driver and firmware


def test_driver():
    state = installed.driver(DictView(trees.driver(), {"/proc/modules": "drv_pcie_host 1 0 - Live 0x0\n"}), ROOT)
    assert state["installed"] == state["package_version"] == "25.3.rc1"
    assert state["path"] == "/usr/local/Ascend/driver"
    assert state["innerversion"] == "V100R001C23SPC002B212"
    assert state["compatible_cann"][-1] == "V100R001C23"
    assert state["compatible_firmware"] == [["7.0.0", "7.8.99"]]
    assert state["install_info"]["Driver_Install_For_All"] == "yes"
    assert state["ascendhal_version"] == "7.35.23"
    assert state["modules_loaded"] is True
    assert state["damaged"] is None


def test_nothing_installed():
    view = DictView({"/proc/modules": "ext4 1 0 - Live 0x0\n"})
    assert installed.driver(view, ROOT) == {
        "installed": None,
        "path": None,
        "package_version": None,
        "build_version": None,
        "innerversion": None,
        "compatible_cann": [],
        "compatible_firmware": [],
        "install_info": {},
        "recorded": False,
        "ascendhal_version": None,
        "modules_loaded": False,
        "damaged": None,
    }
    assert installed.firmware(view, ROOT) == {
        "installed": None,
        "package_version": None,
        "compatible_driver": [],
        "path": None,
        "damaged": None,
    }
    assert installed.cann(view, ROOT) == []
    assert installed.component(view, "nnae", ROOT)["version"] is None


def test_old_driver_without_package_version():
    view = DictView({f"{ROOT}/driver/version.info": "Version=24.1.rc1\n"})
    assert installed.driver(view, ROOT)["installed"] == "24.1.rc1"


def test_numeric_version_of_the_newest_builds_gives_way_to_the_package_version():
    view = DictView({f"{ROOT}/driver/version.info": "Version=8.5.0.1.200\npackage_version=25.5.0\n"})
    assert installed.driver(view, ROOT)["installed"] == "25.5.0"


def test_the_record_decides_where_the_driver_is():
    view = DictView(trees.driver(root="/data/Ascend"), trees.firmware())
    assert installed.driver(view, ROOT)["path"] == "/data/Ascend/driver"
    assert installed.firmware(view, ROOT)["installed"] == "7.8.0.2.212"


def test_firmware():
    state = installed.firmware(DictView(trees.firmware()), ROOT + "/")
    assert state["package_version"] == "25.3.rc1"
    assert state["compatible_driver"][0] == ["24.1", "24.1."]
    assert state["path"] == "/usr/local/Ascend/firmware"


@pytest.mark.parametrize(
    "change, words",
    [
        ({f"{ROOT}/driver/version.info": ""}, "names no version"),
        ({f"{ROOT}/driver/version.info": Unreadable()}, "not readable"),
    ],
)
def test_damaged_driver(change, words):
    state = installed.driver(DictView({**trees.driver(), **change}), ROOT)
    assert state["installed"] is None
    assert words in state["damaged"]


def test_whether_the_record_names_the_driver():
    tree = trees.driver()
    assert installed.driver(DictView(tree), ROOT)["recorded"] is True
    assert (
        installed.driver(DictView({**tree, "/etc/ascend_install.info": "UserName=HwHiAiUser\n"}), ROOT)["recorded"]
        is False
    )
    assert installed.driver(DictView({**tree, "/etc/ascend_install.info": Unreadable()}), ROOT)["recorded"] is None


def test_driver_recorded_but_gone():
    view = DictView(trees.driver())
    view.remove(f"{ROOT}/driver")
    state = installed.driver(view, ROOT)
    assert state["installed"] is None
    assert "is missing" in state["damaged"]


def test_what_this_user_may_not_look_at_is_not_damaged():
    view = DictView(trees.driver(), trees.cann_6_0_nnae())
    for folder in ("driver", "nnae/6.0.1"):
        view.remove(f"{ROOT}/{folder}")
        view.add(f"{ROOT}/{folder}", Unreadable())
    state = installed.driver(view, ROOT)
    assert (state["installed"], state["damaged"]) == (None, None)
    view.add(f"{ROOT}/nnae/latest", Link("6.0.1/inner"))
    assert installed.cann(view, ROOT) == []


def test_driver_installation_cut_off():
    view = DictView(trees.driver())
    view.nodes["/etc/ascend_install.info"] += "Driver_Install_Status=installing\n"
    assert "Driver_Install_Status=installing" in installed.driver(view, ROOT)["damaged"]
    view.nodes["/etc/ascend_install.info"] += "Driver_Install_Status=complete\n"
    assert installed.driver(view, ROOT)["damaged"] is None


def test_stub_libraries_in_an_image_are_no_driver():
    view = DictView({f"{ROOT}/driver/lib64/common/libc_sec.so": ""})
    state = installed.driver(view, ROOT)
    assert (state["installed"], state["damaged"]) == (None, None)


def test_modules_unknown_when_the_list_is_not_readable():
    assert installed.driver(DictView({}), ROOT)["modules_loaded"] is None


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


# ---- component


def test_component():
    view = DictView(
        trees.driver(),
        trees.firmware(),
        trees.cann_6_3("8.1.RC1"),
        trees.cann_6_3("8.0.0", latest=False),
        trees.kernels_8_1(),
    )
    assert installed.component(view, "driver", ROOT)["version"] == "25.3.rc1"
    assert installed.component(view, "driver", ROOT)["uninstall"] == f"{ROOT}/driver/script/uninstall.sh"
    assert installed.component(view, "firmware", ROOT)["version"] == "7.8.0.2.212"
    assert installed.component(view, "toolkit", ROOT)["version"] == "8.1.RC1"
    assert installed.component(view, "toolkit", ROOT, version="8.0.0")["version"] == "8.0.0"
    assert installed.component(view, "ops", ROOT)["version"] == "8.1.RC1"
    assert installed.component(view, "kernels", ROOT, chip="910b")["version"] == "8.1.RC1"
    assert installed.component(view, "kernels", ROOT, chip="310p")["version"] is None
    assert installed.component(view, "nnae", ROOT)["version"] is None


def test_component_takes_the_newest_without_a_latest():
    view = DictView(trees.cann_6_3("8.0.0", latest=False), trees.cann_6_3("8.1.RC1", latest=False))
    assert installed.component(view, "toolkit", ROOT)["version"] == "8.1.RC1"


def test_natural_order():
    names = ["8.10.0", "8.9.0", "8.1.0", "8.1.RC1", "8.1.RC2"]
    assert sorted(names, key=installed._natural) == ["8.1.RC1", "8.1.RC2", "8.1.0", "8.9.0", "8.10.0"]


def test_cann_roots_without_repeats():
    view = DictView({"/etc/Ascend/ascend_cann_install.info": "Install_Path=/usr/local/Ascend\n"})
    assert installed_cann.cann_roots(view, ROOT + "/") == [ROOT]


# ---- the same on a real file system


def test_real_file_system_gives_what_the_dictionary_gives(tmp_path):
    tree = {**trees.driver(), **trees.firmware(), **trees.cann_6_3(), **trees.kernels_8_1()}
    for path, node in tree.items():
        real = tmp_path / path.lstrip("/")
        real.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(node, Link):
            real.symlink_to(str(node))
        elif node is None:
            real.mkdir(exist_ok=True)
        else:
            real.write_text(node)
    real, model = host_view.HostView(str(tmp_path)), DictView(tree)
    assert installed.cann(real, ROOT) == installed.cann(model, ROOT)
    assert installed.driver(real, ROOT) == installed.driver(model, ROOT)
    assert installed.firmware(real, ROOT) == installed.firmware(model, ROOT)
