# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, filenames
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import wants as bundle_wants
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import files, resolver

CATALOG = catalog.load()
HOST = {"chip": "910b", "arch": "aarch64", "glibc": "2.34", "installed": None}


def named(component, version, chip="910b", arch="aarch64"):
    return filenames.package_name(component, version, chip, arch, CATALOG["filenames"])


@pytest.fixture
def stack():
    return {
        "driver": {"version": "25.3.rc1", "package": named("driver", "25.3.rc1"), "hdk": "25.3.RC1"},
        "firmware": {"version": "7.8.0.2.212", "package": named("firmware", "7.8.0.2.212"), "hdk": "25.3.RC1"},
        "cann": {"flavor": "nnae", "version": "8.3.RC1", "package": named("nnae", "8.3.RC1")},
        "kernels": None,
        "python": {"version": "3.11"},
        "mindspore": {"version": "2.7.1", "package": "mindspore", "wheels": ["te", "hccl"], "distribution": "pypi"},
        "mindformers": {"version": "1.7.0"},
    }


def test_packages_and_their_addresses(stack):
    driver, firmware, cann = files.wants(stack, HOST, CATALOG)
    assert driver.archive == firmware.archive
    assert driver.archive.name == "Ascend-hdk-910b-npu_25.3.rc1_linux-aarch64.zip"
    assert driver.archive.url.endswith(
        "/Ascend%20HDK/Ascend%20HDK%2025.3.RC1/Ascend-hdk-910b-npu_25.3.rc1_linux-aarch64.zip"
    )
    assert driver.archive.sha256.startswith("8bd5eba2")
    assert cann.url.endswith("/CANN/CANN%208.3.RC1/Ascend-cann-nnae_8.3.RC1_linux-aarch64.run")
    assert cann.headers == {"Referer": "https://www.hiascend.com/"} and cann.archive is None
    assert [want.arch for want in (driver, firmware, cann)] == ["aarch64", None, "aarch64"]
    assert "licence" in driver.licence


def test_an_overlay_may_know_a_package_hash(stack):
    known = {"file": stack["cann"]["package"], "sha256": "a" * 64}
    wants = files.wants(stack, HOST, {**CATALOG, "checksums": [known]})
    assert [want.sha256 for want in wants] == [None, None, "a" * 64]


def test_an_installed_driver_is_optional_until_one_host_needs_it(stack):
    installed = {**HOST, "installed": {"driver": "25.3.rc1", "firmware": None}}
    some = files.wants(stack, installed, CATALOG)
    assert [want.optional for want in some] == [True, False, False]
    merged = bundle_wants.merge([*some, *files.wants(stack, HOST, CATALOG)])
    assert len(merged) == 3 and not any(want.optional for want in merged)


def test_firmware_of_another_release_is_looked_for_in_its_own(stack):
    stack["firmware"] = {"version": "7.5.0.1.129", "package": named("firmware", "7.5.0.1.129"), "hdk": "25.3.RC1"}
    driver, firmware, _cann = files.wants(stack, HOST, CATALOG)
    assert driver.archive.name == "Ascend-hdk-910b-npu_25.3.rc1_linux-aarch64.zip"
    assert firmware.archive.name == "Ascend-hdk-910b-npu_24.1.rc3_linux-aarch64.zip"
    stack["driver"] = None
    assert files.wants(stack, HOST, CATALOG)[0].archive == firmware.archive


def test_nobody_knows_the_address_of_a_release_the_catalog_lacks(stack):
    stack["driver"] = {"version": "99.1.0", "package": named("driver", "99.1.0"), "hdk": None}
    driver = files.wants(stack, HOST, CATALOG)[0]
    assert (driver.url, driver.archive) == (None, None)


def test_wheels_of_an_indexed_release(stack):
    one = bundle_wants.wheels(stack, HOST, [], ["sympy"], ["numpy<2"])
    assert one.name == "wheels-2.7.1-py3.11-aarch64"
    assert one.requirements == ("mindformers==1.7.0", "mindspore==2.7.1", "sympy") and one.direct == ()
    assert one.constraints == ("numpy<2",)
    # Building runs its code on the control node: one release, by its hash.
    (build,) = one.build
    assert build.startswith("jieba==0.42.1 --hash=sha256:")


def test_a_release_that_no_index_has_comes_from_the_vendor(stack):
    stack["mindspore"].update(version="2.3.0", distribution="obs")
    stack["python"]["version"] = "3.9.2"
    want = files.wants(stack, HOST, CATALOG)[-1]
    assert want.name == "wheels/mindspore-2.3.0-cp39-cp39-linux_aarch64.whl" and want.kind == "wheel"
    assert want.url.endswith("/2.3.0/MindSpore/unified/aarch64/mindspore-2.3.0-cp39-cp39-linux_aarch64.whl")
    stack["mindspore"].update(version="1.10.1", package="mindspore-ascend")
    stack["python"]["version"] = "3.7"
    want = files.wants(stack, HOST, CATALOG)[-1]
    assert "/1.10.1/MindSpore/ascend/aarch64/mindspore_ascend-1.10.1-cp37-cp37m-linux_aarch64.whl" in want.url


def test_no_framework_no_wheels(stack):
    assert bundle_wants.wheels({**stack, "mindspore": None, "mindformers": None}, HOST, [], [], []) is None


def test_sets_of_one_name_are_joined_for_the_oldest_host(stack):
    one = bundle_wants.wheels(stack, HOST, [], [], [])
    merged = bundle_wants.merge_sets([one, replace(one, glibc="2.9", requirements=("x",)), replace(one, glibc=None)])
    assert len(merged) == 1 and merged[0].glibc == "2.9"
    assert merged[0].requirements == ("mindformers==1.7.0", "mindspore==2.7.1", "x")


def torch_stack(**pins):
    arch = pins.pop("arch", "aarch64")
    host = {**HOST, "arch": arch, "host_kind": "physical"}
    return resolver.resolve(CATALOG, pins, host)["stack"], host


def sets(stack, host):
    names = bundle_wants.frameworks(stack)
    return [bundle_wants.wheels(stack, host, [], [], [], name) for name in names]


def test_wheels_of_pytorch_for_both_architectures():
    (arm,) = sets(*torch_stack(torch="2.7.1", cann="8.3.RC1"))
    (intel,) = sets(*torch_stack(torch="2.7.1", cann="8.3.RC1", arch="x86_64", torch_companions=["torchvision"]))
    assert arm.name == "wheels-torch-2.7.1-py3.11-aarch64" and arm.indexes == ()
    assert arm.requirements == ("numpy==1.26.2", "pyyaml", "torch-npu==2.7.1", "torch==2.7.1")
    assert intel.name == "wheels-torch-2.7.1-py3.11-x86_64"
    assert {"torch==2.7.1+cpu", "torchvision==0.22.1+cpu", "torch-npu==2.7.1"} <= set(intel.requirements)
    assert intel.indexes == ("https://download.pytorch.org/whl/cpu",)


def test_nnal_is_collected_with_its_address():
    stack, host = torch_stack(torch="2.7.1", cann="8.3.RC1")
    (nnal,) = [want for want in files.wants(stack, host, CATALOG) if want.component == "nnal"]
    assert nnal.name == "Ascend-cann-nnal_8.3.RC1_linux-aarch64.run"
    assert nnal.url.endswith("/CANN/CANN%208.3.RC1/Ascend-cann-nnal_8.3.RC1_linux-aarch64.run")


def test_two_frameworks_of_one_version_do_not_share_a_set():
    stack, host = torch_stack(torch="2.7.1", mindspore="2.7.1")
    mindspore, torch = bundle_wants.merge_sets(sets(stack, host))
    assert mindspore.name == "wheels-2.7.1-py3.11-aarch64" and torch.name == "wheels-torch-2.7.1-py3.11-aarch64"
    assert not [text for text in mindspore.requirements if text.startswith("torch")]
    assert not [text for text in torch.requirements if text.startswith("mind")]


def test_hosts_that_want_other_versions_of_one_distribution_do_not_share_a_set():
    one, two = (sets(*torch_stack(torch_npu=plugin))[0] for plugin in ("2.7.1", "2.7.1.post4"))
    assert one.name == two.name
    merged = bundle_wants.merge_sets([one, two, one, two])
    assert len(merged) == 2 and merged[0] == one
    assert merged[1].requirements == two.requirements and merged[1].name != one.name
    assert merged[1].name.startswith("wheels-torch-2.7.1-") and merged[1].name.endswith("-py3.11-aarch64")


@pytest.mark.parametrize(
    ("plugin", "arch", "file", "url"),
    [
        (
            "2.7.1.post5",
            "aarch64",
            "torch_npu-2.7.1.post5-cp311-cp311-manylinux_2_28_aarch64.whl",
            "v26.1.0-pytorch2.7.1",
        ),
        ("2.8.0.post1", "x86_64", "torch_npu-2.8.0.post1-cp311-cp311-manylinux_2_28_x86_64.whl", "v7.3.0-pytorch2.8.0"),
        ("2.7.1.post1", "aarch64", "torch_npu-2.7.1.post1-cp311-cp311-manylinux_2_28_aarch64.whl", None),
    ],
)
def test_a_torch_npu_that_pypi_lacks_comes_from_the_vendor_or_from_the_user(plugin, arch, file, url):
    stack, host = torch_stack(torch_npu=plugin, arch=arch)
    (want,) = [want for want in files.wants(stack, host, CATALOG) if want.kind == "wheel"]
    assert want.name == f"wheels/{file}"
    assert want.url == (url and f"https://gitcode.com/Ascend/pytorch/releases/download/{url}/{file}")
    stack, host = torch_stack(torch_npu="2.7.1.post4")
    assert not [want for want in files.wants(stack, host, CATALOG) if want.kind == "wheel"]
