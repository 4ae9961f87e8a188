"""The grammar reads every package name seen in the field, and reads back what it writes."""

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, filenames
from hypothesis import given
from hypothesis import strategies as st

GRAMMAR = catalog.load()["filenames"]
SEEN = {
    "Ascend-hdk-910-npu-driver_23.0.rc1_linux-aarch64.run": ("driver", "23.0.rc1", "910", "aarch64", "run"),
    "Ascend-hdk-910b-npu-driver_25.3.rc1_linux-x86-64.run": ("driver", "25.3.rc1", "910b", "x86_64", "run"),
    "Ascend-hdk-310p-npu-driver_24.1.0.1_linux-x86_64.run": ("driver", "24.1.0.1", "310p", "x86_64", "run"),
    "Ascend-hdk-910b-npu-driver_21.0.4.b030_linux-aarch64.run": ("driver", "21.0.4.b030", "910b", "aarch64", "run"),
    "Atlas-A3-hdk-npu-driver_25.0.rc1.3_linux-aarch64.run": ("driver", "25.0.rc1.3", "a3", "aarch64", "run"),
    "A300-3010-npu-driver_20.2.2_centos7.6-x86_64.run": ("driver", "20.2.2", "310", "x86_64", "run"),
    "A300-3010-npu-driver_23.0.0_linux-x86_64.run": ("driver", "23.0.0", "310", "x86_64", "run"),
    "A800-9000-npu-driver_6.0.rc1_linux-aarch64.run": ("driver", "6.0.rc1", "910", "aarch64", "run"),
    "Ascend-hdk-310b-npu-driver-soc_25.0.rc1.1_linux-aarch64.run": ("driver", "25.0.rc1.1", "310b", "aarch64", "run"),
    "Ascend-hdk-910b-npu-driver_25.0.rc1_sph001_linux.run": ("driver", "25.0.rc1_sph001", "910b", None, "run"),
    "Ascend-hdk-910b-npu-driver-25.5.2-1.aarch64.rpm": ("driver", "25.5.2", "910b", "aarch64", "rpm"),
    "Ascend-hdk-910b-npu-firmware-7.8.0.7.220-1.noarch.rpm": ("firmware", "7.8.0.7.220", "910b", None, "rpm"),
    "Ascend-hdk-910-npu-firmware_6.3.0.1.241.run": ("firmware", "6.3.0.1.241", "910", None, "run"),
    "Ascend-hdk-910-npu-firmware_6.0.0.run": ("firmware", "6.0.0", "910", None, "run"),
    "A300-3000-3010-npu-firmware_1.76.22.10.220.run": ("firmware", "1.76.22.10.220", "310", None, "run"),
    "Atlas-A3-hdk-npu-firmware_7.8.0.2.212.run": ("firmware", "7.8.0.2.212", "a3", None, "run"),
    "Ascend-hdk-910b-npu_25.3.rc1_linux-x86-64.zip": ("hdk", "25.3.rc1", "910b", "x86_64", "zip"),
    "A300-3010-npu_6.0.0_linux-x86_64.zip": ("hdk", "6.0.0", "310", "x86_64", "zip"),
    "A800-9010-npu_6.0.rc1_linux-x86_64.zip": ("hdk", "6.0.rc1", "910", "x86_64", "zip"),
    "Atlas-A3-hdk-npu_26.0.rc1_linux-aarch64.zip": ("hdk", "26.0.rc1", "a3", "aarch64", "zip"),
    "Ascend-cann-nnae_6.0.1_linux-aarch64.run": ("nnae", "6.0.1", None, "aarch64", "run"),
    "Ascend-cann-toolkit_8.2.RC1.alpha003_linux-x86_64.run": ("toolkit", "8.2.RC1.alpha003", None, "x86_64", "run"),
    "Ascend-cann-toolkit_7.0.0.beta1_linux-aarch64.zip": ("toolkit", "7.0.0.beta1", None, "aarch64", "zip"),
    "Ascend-cann-nnal_8.3.RC1_linux-aarch64.run": ("nnal", "8.3.RC1", None, "aarch64", "run"),
    "Ascend-cann-kernels-910b_8.3.RC1_linux-aarch64.run": ("kernels", "8.3.RC1", "910b", "aarch64", "run"),
    "Ascend-cann-kernels-910_7.0.0_linux.run": ("kernels", "7.0.0", "910", None, "run"),
    "Atlas-A3-cann-kernels_8.3.RC1_linux-aarch64.run": ("kernels", "8.3.RC1", "a3", "aarch64", "run"),
    "Ascend-cann-910b-ops_8.5.0_linux-aarch64.run": ("ops", "8.5.0", "910b", "aarch64", "run"),
    "Ascend-cann-A3-ops_8.5.0_linux-x86_64.run": ("ops", "8.5.0", "a3", "x86_64", "run"),
    "Ascend-cann-950-ops_9.2.0-beta.2_linux-x86_64.run": ("ops", "9.2.0-beta.2", "950", "x86_64", "run"),
    "Ascend-mindx-toolbox_6.0.0_linux-aarch64.run": ("toolbox", "6.0.0", None, "aarch64", "run"),
    "mindspore_ascend-1.10.1-cp37-cp37m-linux_aarch64.whl": ("mindspore", "1.10.1", None, "aarch64", "whl"),
    "mindspore-2.7.1-cp311-cp311-manylinux1_x86_64.whl": ("mindspore", "2.7.1", None, "x86_64", "whl"),
    "te-0.4.0-py3-none-any.whl": ("te", "0.4.0", None, None, "whl"),
}


@pytest.mark.parametrize("name", SEEN)
def test_names_seen_in_the_field(name):
    found = filenames.parse_package("some/folder/" + name, GRAMMAR)
    assert (found["component"], found["version"], found["chip"], found["arch"], found["ext"]) == SEEN[name]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "driver.run",
        "Ascend-hdk-910b-npu-driver_latest_linux-aarch64.run",
        "Ascend-cann-nnae_8.3.RC1_linux-riscv64.run",
        "Ascend-hdk-910c-npu-driver_25.3.rc1_linux-aarch64.run",
        "Ascend-hdk-910-npu-firmware_7.8.0.2.212.run.part",
        "Ascend-cann-toolkit_8.3.RC1_linux-aarch64.run; rm -rf x",
    ],
)
def test_other_names_are_not_guessed(name):
    assert filenames.parse_package(name, GRAMMAR) is None


@given(st.text(max_size=80))
def test_any_text_is_read_without_an_exception(name):
    filenames.parse_package(name, GRAMMAR)


WRITTEN = [
    (("driver", "25.3.RC1", "910", "x86_64"), "Ascend-hdk-910-npu-driver_25.3.rc1_linux-x86-64.run"),
    (("driver", "6.0.rc1", "910", "aarch64"), "A800-9000-npu-driver_6.0.rc1_linux-aarch64.run"),
    (("driver", "23.0.0", "310", "aarch64"), "A300-3000-npu-driver_23.0.0_linux-aarch64.run"),
    (("driver", "25.0.rc1.1", "310b", "aarch64", "soc"), "Ascend-hdk-310b-npu-driver-soc_25.0.rc1.1_linux-aarch64.run"),
    (("firmware", "7.8.0.2.212", "a3", "aarch64"), "Atlas-A3-hdk-npu-firmware_7.8.0.2.212.run"),
    (("nnae", "8.3.rc1", None, "x86_64"), "Ascend-cann-nnae_8.3.RC1_linux-x86_64.run"),
    (("kernels", "8.0.RC3", "910b", "aarch64"), "Ascend-cann-kernels-910b_8.0.RC3_linux.run"),
    (("kernels", "8.0.0", "910b", "aarch64"), "Ascend-cann-kernels-910b_8.0.0_linux-aarch64.run"),
    (("kernels", "8.3.RC1", "a3", "aarch64"), "Atlas-A3-cann-kernels_8.3.RC1_linux-aarch64.run"),
    (("kernels", "8.5.0", "910b", "aarch64"), "Ascend-cann-910b-ops_8.5.0_linux-aarch64.run"),
    (("kernels", "8.5.0.alpha001", "910b", "aarch64"), "Ascend-cann-910b-ops_8.5.0.alpha001_linux-aarch64.run"),
    (("hdk", "25.3.rc1", "910b", "x86_64"), "Ascend-hdk-910b-npu_25.3.rc1_linux-x86-64.zip"),
]


@pytest.mark.parametrize(("wanted", "name"), WRITTEN)
def test_names_are_written_as_the_vendor_does(wanted, name):
    component, version, chip, arch, *variant = wanted
    assert filenames.package_name(component, version, chip, arch, GRAMMAR, *variant) == name


def test_what_does_not_exist_is_not_named():
    for wanted in (
        ("kernels", "8.3.RC1", "310", "x86_64"),
        ("kernels", "6.0.1", "910", "aarch64"),
        ("nnae", "8.3.RC1", None, "riscv64"),
    ):
        with pytest.raises(ValueError, match="no file name is known"):
            filenames.package_name(*wanted, GRAMMAR)


def test_every_row_that_can_be_written_reads_back():
    data = catalog.load()
    arches = ("aarch64", "x86_64")
    count = 0
    for row in data["hdk"]:
        for chip in row["chips"]:
            for arch in arches:
                for component in ("driver", "firmware"):
                    if row[component]:
                        name = filenames.package_name(component, row[component], chip, arch, GRAMMAR)
                        found = filenames.parse_package(name, GRAMMAR)
                        assert (found["component"], found["version"], found["chip"]) == (
                            component,
                            row[component],
                            chip,
                        ), name
                        assert found["arch"] in (arch, None)
                        count += 1
    for row in data["cann"]:
        for product in row["products"]:
            for arch in arches:
                chips = [item["chip"] for item in data["chips"] if item["kernels"]] if product == "kernels" else [None]
                for chip in chips:
                    try:
                        name = filenames.package_name(product, row["cann"], chip, arch, GRAMMAR)
                    except ValueError:
                        assert product == "kernels" and chip == "950", (product, row["cann"], chip)
                        continue
                    found = filenames.parse_package(name, GRAMMAR)
                    assert (
                        found["version"] == row["cann"] and found["chip"] == chip and found["arch"] in (arch, None)
                    ), name
                    count += 1
    assert count > 250
