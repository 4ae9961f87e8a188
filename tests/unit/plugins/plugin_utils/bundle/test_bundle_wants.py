# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, filenames
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import wants as bundle_wants
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import files

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
