"""Installed versions in every layout the installers leave, sound and damaged."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import host_view
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import installed, installed_cann
from ansible_collections.ascend.fleet.tests.unit import ascend_trees as trees
from ansible_collections.ascend.fleet.tests.unit.dictview import DictView, Link, Unreadable

ROOT = trees.ROOT


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
