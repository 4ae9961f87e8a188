"""Accelerators by PCI ids, with the catalog's own rows."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.action import host_facts as action
from ansible_collections.ascend.fleet.plugins.module_utils.host import pci
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import desired
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.wishes import Wishes
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import resolver
from ansible_collections.ascend.fleet.tests.unit.dictview import DictView

ROWS = action.pci_ids(catalog.load()["chips"])
NAMES = action.npu_names(catalog.load()["chips"])


def slot(number, device, subsystem=("0200", "0100"), vendor="19e5", kind="120000", virtual=False):
    base = f"{pci.PCI}/0000:{number:02x}:00.0"
    tree = {
        f"{base}/vendor": f"0x{vendor}\n",
        f"{base}/device": f"0x{device}\n",
        f"{base}/class": f"0x{kind}\n",
        f"{base}/subsystem_vendor": f"0x{subsystem[0]}\n",
        f"{base}/subsystem_device": f"0x{subsystem[1]}\n",
    }
    if virtual:
        tree[f"{base}/physfn/vendor"] = f"0x{vendor}\n"
    return tree


def found(*slots):
    return pci.accelerators(DictView(*slots), ROWS)


@pytest.mark.parametrize(
    "device, subsystem, family, product",
    [
        ("d801", ("0200", "0100"), "910", "Atlas 800"),
        ("d802", ("19e5", "3003"), "910b", "900 A2"),
        ("d802", ("19e5", "4000"), "910b", "300I A2"),
        ("d500", ("0200", "0100"), "310p", "300I Pro"),
        ("d100", ("0200", "0100"), "310", "300I"),
        ("d107", ("0000", "0000"), "310b", "200I DK A2"),
    ],
)
def test_family_and_product(device, subsystem, family, product):
    answer = found(*[slot(number, device, subsystem) for number in range(8)])
    assert (answer["family"], answer["count"], answer["cards"], answer["mixed"]) == (family, 8, 8, False)
    assert product in answer["product"]
    assert answer["devices"][0] == {
        "address": "0000:00:00.0",
        "vendor": "19e5",
        "device": device,
        "subsystem_vendor": subsystem[0],
        "subsystem_device": subsystem[1],
        "family": family,
        "chips": 1,
    }


def test_one_device_with_two_chips():
    answer = found(slot(1, "d500", ("0200", "0110")), slot(2, "d500", ("0200", "0110")))
    assert (answer["cards"], answer["count"], answer["role"]) == (2, 4, "inference")


@pytest.mark.parametrize("dies, cards", [(16, 8), (2, 1), (1, 1)])
@pytest.mark.parametrize("subsystem, product", [(("19e5", "3000"), "Atlas 900 A3"), (("19e5", "9999"), None)])
def test_both_dies_of_an_a3_are_devices_of_one_card(dies, cards, subsystem, product):
    answer = found(*[slot(number, "d803", subsystem) for number in range(dies)])
    assert (answer["family"], answer["count"], answer["cards"], answer["product"]) == ("a3", dies, cards, product)
    assert len(answer["devices"]) == dies


def test_unknown_subsystem_of_a_known_device_still_gives_the_family():
    answer = found(slot(1, "d802", ("19e5", "9999")))
    assert (answer["family"], answer["count"], answer["product"], answer["role"]) == ("910b", 1, None, None)


def test_mixed_families():
    answer = found(slot(1, "d801"), slot(2, "d500"))
    assert (answer["family"], answer["mixed"], answer["count"], answer["product"]) == (None, True, 2, None)


def test_training_and_inference_cards_of_one_family():
    answer = found(slot(1, "d802", ("19e5", "4000")), slot(2, "d802", ("19e5", "6000")))
    assert (answer["family"], answer["role"], answer["product"]) == ("910b", None, None)


def test_an_accelerator_no_row_knows():
    answer = found(slot(1, "d999"))
    assert (answer["count"], answer["family"]) == (0, None)
    assert answer["unknown"] == [
        {
            "address": "0000:01:00.0",
            "vendor": "19e5",
            "device": "d999",
            "subsystem_vendor": "0200",
            "subsystem_device": "0100",
            "family": None,
            "chips": 1,
        }
    ]


@pytest.mark.parametrize(
    "other",
    [
        slot(1, "d801", virtual=True),
        slot(1, "a250"),  # the compression engine of a Kunpeng processor has the accelerators' class
        slot(1, "a222", kind="020000"),
        slot(1, "1711", kind="030000"),
        slot(1, "20b5", vendor="10de", kind="120000"),
        {f"{pci.PCI}/0000:01:00.0/uevent": ""},
        {},
    ],
)
def test_what_is_no_npu(other):
    answer = found(other)
    assert answer == {
        "family": None,
        "count": 0,
        "cards": 0,
        "product": None,
        "role": None,
        "variant": None,
        "devices": [],
        "unknown": [],
        "unknown_names": [],
        "passed_through": [],
        "mixed": False,
    }


@pytest.mark.parametrize(("device", "subsystem", "variant"), [("d107", "0000", "soc"), ("d105", "0100", "ep")])
def test_a_board_that_is_its_own_host_is_told_from_a_card(device, subsystem, variant):
    """The SoC board takes another driver package; the rules and the resolver see what was observed."""
    seen = found(slot(1, device, ("0000" if variant == "soc" else "0200", subsystem)))
    assert (seen["family"], seen["variant"]) == ("310b", variant)
    facts = {
        "accelerators": seen, "arch": "aarch64", "os": {"id": None}, "host_kind": "physical", "glibc": "2.34",
        "journal": {"entries": []}, "driver": {"installed": None}, "firmware": {"installed": None},
    }  # fmt: skip
    subject = Wishes(desired.read({})[0], catalog.load(), []).subject(facts)
    stack = resolver.resolve(catalog.load(), {"driver": "25.0.rc1.1", "components": ["driver"]}, subject)["stack"]
    assert ("-soc_" in stack["driver"]["package"]) == (variant == "soc")
    assert subject["product"] == seen["product"]


def test_upper_case_ids():
    assert found(slot(1, "D801"))["family"] == "910"


def test_from_npu_smi_where_no_pci_tree_is_shown():
    chips = [{"npu_id": number // 2, "name": "910B4"} for number in range(4)]
    answer = pci.from_npu_smi(found(), chips, NAMES)
    assert (answer["family"], answer["count"], answer["cards"]) == ("910b", 4, 2)
    assert pci.from_npu_smi(found(), [{"npu_id": 0, "name": "910B"}], NAMES)["family"] == "910"
    assert pci.from_npu_smi(found(), [{"npu_id": 0, "name": None}], NAMES)["family"] is None
    assert pci.from_npu_smi(found(slot(1, "d801")), chips, NAMES)["count"] == 1, "the PCI tree goes first"
    assert pci.from_npu_smi(found(), [], NAMES)["count"] == 0


def test_rows_of_the_catalog():
    keys = {"vendor", "device", "subsystem_vendor", "subsystem_device", "family", "chips", "devices_per_card"}
    assert all(set(row) == keys | {"product", "role", "variant"} for row in ROWS)
    assert {row["family"] for row in ROWS} >= {"310", "310p", "310b", "910", "910b", "a3"}
