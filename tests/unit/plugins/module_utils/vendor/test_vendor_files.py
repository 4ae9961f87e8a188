"""The vendor's key=value files, as seen on hosts, and damaged."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import files as vf
from hypothesis import given
from hypothesis import strategies as st

DRIVER_24_1_RC1 = """\
Version=24.1.rc1
ascendhal_version=7.35.19
aicpu_version=1.0
Innerversion=V100R001C15SPC006B220
compatible_version=[V100R001C30],[V100R001C13],[V100R001C15],[V100R001C17]
compatible_version_fw=[7.0.0,7.2.99]
"""
FIRMWARE_23_0_7 = """\
Version=7.1.0.11.220
firmware_version=1.0
package_version=23.0.7
compatible_version_drv=[23.0.rc3,23.0.rc3.],[23.0.0,23.0.0.]
"""


def test_driver_version_info():
    info = vf.parse_version_info(DRIVER_24_1_RC1)
    assert info == {
        "version": "24.1.rc1",
        "package_version": None,
        "innerversion": "V100R001C15SPC006B220",
        "version_dir": None,
        "ascendhal_version": "7.35.19",
        "compatible_cann": ["V100R001C30", "V100R001C13", "V100R001C15", "V100R001C17"],
        "compatible_firmware": [["7.0.0", "7.2.99"]],
        "compatible_driver": [],
    }


def test_firmware_version_info():
    info = vf.parse_version_info(FIRMWARE_23_0_7)
    assert (info["version"], info["package_version"]) == ("7.1.0.11.220", "23.0.7")
    assert info["compatible_driver"] == [["23.0.rc3", "23.0.rc3."], ["23.0.0", "23.0.0."]]


@pytest.mark.parametrize("text", [None, "", "\n\n", "no equals sign", "=x", "\x00\x00", "Version=\n"])
def test_damaged_text_gives_nothing(text):
    info = vf.parse_version_info(text)
    assert info["version"] is None
    assert info["compatible_cann"] == []


def test_key_values_survive_windows_ends_comments_quotes_and_repeats():
    text = '\ufeffA=1\r\n# B=2\r\n C = "x y" \r\nA=3\r\nnonsense\r\nD=a=b'
    assert vf.parse_key_values(text) == {"A": "3", "C": "x y", "D": "a=b"}


@pytest.mark.parametrize(
    "value, expected",
    [
        ("[a],[b]", ["a", "b"]),
        ("[V100R001C13,V100R001C19],[V100R001C30]", ["V100R001C13,V100R001C19", "V100R001C30"]),
        (" [ a ] , [] ", ["a"]),
        ("[V100R001C19],[V100R", ["V100R001C19"]),
        ("plain", []),
        (None, []),
    ],
)
def test_brackets(value, expected):
    assert vf.parse_brackets(value) == expected


def test_ranges():
    assert vf.parse_ranges("[6.4.0,6.4.99],[7.0.0,7.7.99],[8.0.0]") == [
        ["6.4.0", "6.4.99"],
        ["7.0.0", "7.7.99"],
        ["8.0.0", "8.0.0"],
    ]


@pytest.mark.parametrize(
    "inner, code",
    [("V100R001C23SPC002B212", "C23"), ("V100R001C11B063", "C11"), ("v100r001c9", "C9"), ("7.7.0", None), (None, None)],
)
def test_c_code(inner, code):
    assert vf.c_code(inner) == code


@pytest.mark.parametrize(
    "code, listed, verdict",
    [
        ("C23", ["V100R001C21", "V100R001C23"], True),
        ("C25", ["V100R001C21", "V100R001C23"], False),
        ("C17", ["V100R001C13,V100R001C19", "V100R001C30"], True),
        ("C20", ["V100R001C13,V100R001C19", "V100R001C30"], False),
        (None, ["V100R001C21"], None),
        ("C23", [], None),
    ],
)
def test_accepts_code(code, listed, verdict):
    assert vf.accepts_code(code, listed) is verdict


@pytest.mark.parametrize(
    "name, expected",
    [
        ("Ascend-cann-toolkit", ("toolkit", None)),
        ("Ascend-cann-nnae", ("nnae", None)),
        ("Ascend-cann-kernels-910b", ("kernels", "910b")),
        ("Atlas-A3-cann-kernels", ("kernels", "a3")),
        ("Ascend-cann-950-ops", ("ops", "950")),
        ("Ascend-cann-A3-ops", ("ops", "a3")),
        ("Ascend-cann-310p-ops", ("ops", "310p")),
        ("something else", (None, None)),
        (None, (None, None)),
    ],
)
def test_product_of(name, expected):
    assert vf.product_of(name) == expected


@pytest.mark.parametrize(
    "name, expected",
    [
        ("ascend_toolkit_install.info", "toolkit"),
        ("ascend_ops_install.info", "ops"),
        ("ascend_kernels_910b_install.info", "kernels"),
        ("ascend_opp_kernel_install.info", "kernels"),
        ("ascend_install.info", None),
        ("ascend_other_install.info", None),
        ("version.info", None),
    ],
)
def test_product_of_info_name(name, expected):
    assert vf.product_of_info_name(name) == expected


@pytest.mark.parametrize(
    "name, family",
    [
        ("ascend910", "910"),
        ("ascend910b", "910b"),
        ("ascend910_93", "a3"),
        ("ascend310p", "310p"),
        ("ascend310b", "310b"),
        ("ascend310", "310"),
        ("Ascend910B", "910"),
        ("Ascend910B4-1", "910b"),
        ("Ascend910ProB", "910"),
        ("Ascend910_9391", "a3"),
        ("Ascend950PR", "950"),
        ("config", None),
        (None, None),
    ],
)
def test_chip_of_soc(name, family):
    assert vf.chip_of_soc(name) == family


def test_package_info():
    info = vf.parse_package_info(
        "package_name=Ascend-cann-toolkit\nversion=8.1.RC1\ninnerversion=V100R001C21SPC001B238\n"
        "compatible_version=[V100R001C15],[V100R001C21]\narch=aarch64\nos=linux\n"
        "path=/usr/local/Ascend/ascend-toolkit/8.1.RC1/aarch64-linux\n"
    )
    assert info == {
        "product": "toolkit",
        "chip": None,
        "version": "8.1.RC1",
        "innerversion": "V100R001C21SPC001B238",
        "code": "C21",
        "compatible_version": ["V100R001C15", "V100R001C21"],
        "arch": "aarch64",
        "path": "/usr/local/Ascend/ascend-toolkit/8.1.RC1/aarch64-linux",
    }
    assert vf.parse_package_info("arch=x86-64")["arch"] == "x86_64"


def test_install_paths():
    text = "Install_Path=/data/Ascend/\nToolkit_Install_Path_Param=/data/Ascend\nUserName=root\nOther_Path=relative\n"
    assert vf.install_paths(text) == ["/data/Ascend"]
    assert vf.install_paths(None) == []


@given(st.text())
def test_nothing_raises(text):
    vf.parse_key_values(text)
    vf.parse_version_info(text)
    vf.parse_package_info(text)
    vf.parse_ranges(text)
    vf.accepts_code(text, [text])
    vf.chip_of_soc(text)
    vf.install_paths(text)
