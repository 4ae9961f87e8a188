"""Every row the catalog and the reference data publish is judged compatible as published."""

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import judge as compat
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import pattern_holds, torch_pairs

DATA = catalog.load()
REFERENCE = Path(__file__).resolve().parents[6] / "shared" / "reference" / "compat.yml"


def errors(chosen, host=None):
    return [item["message"] for item in compat.blocking(compat.check(DATA, chosen, host or {}))]


def test_hdk_rows():
    for row in DATA["hdk"]:
        for chip in row["chips"]:
            chosen = {"driver": row["driver"], "firmware": row["firmware"] or row.get("firmware_minimum")}
            found = [item["rule"] for item in compat.check(DATA, chosen, {"chip": chip})]
            # A patch is judged as its release, and that is said.
            assert found in ([], ["unknown-version"]) or row["firmware"] is None, row["id"]
            assert errors(chosen, {"chip": chip}) == []


def test_cann_rows():
    for row in DATA["cann"]:
        for name in row["hdk"] + row.get("hdk_compatible", []):
            for item in DATA["hdk"]:
                if pattern_holds(item, name):
                    found = compat.check(DATA, {"cann": row["cann"], "driver": item["driver"]}, {})
                    said = {one["severity"] for one in found if one["rule"] != "unknown-version"}
                    assert said <= {"info"}, found
        for item in DATA["hdk"]:
            if row.get("code") in item.get("codes", []):
                assert errors({"cann": row["cann"], "driver": item["driver"]}) == []


def test_framework_rows():
    for row in DATA["mindspore"]:
        for name in [row["mindspore"], *row.get("also", [])]:
            for cann in row["cann"] or [None]:
                for python in row["python"]:
                    chosen = {"mindspore": name, "cann": cann, "python": python, "mindspore_package": row["package"]}
                    assert errors(chosen, {"chip": "910b"}) == []
    for row in DATA["mindformers"]:
        for name in row["mindspore"] + [item["mindspore"] for item in row.get("user_mindspore", [])]:
            for python in row["python"] or [None]:
                chosen = {
                    "mindformers": row["mindformers"],
                    "mindspore": name,
                    "cann": row.get("cann"),
                    "python": python,
                }
                assert errors(chosen, {"chip": "910"}) == []
        if row.get("hdk"):
            driver = next(item["driver"] for item in DATA["hdk"] if pattern_holds(item, row["hdk"]))
            assert errors({"cann": row["cann"], "driver": driver}) == []


def test_torch_rows():
    for row, torch, plugin in torch_pairs(DATA):
        for cann in (row["cann"], *(row.get("also_cann", []) if ".dev" not in plugin else [])):
            assert errors({"torch": torch, "torch_npu": plugin, "cann": cann}, {"glibc": "2.28"}) == []


def test_os_rows():
    for row in DATA["os_support"]:
        for arch, listed in row["versions"].items():
            for version in listed:
                host = {"os": f"{row['name']} {version}", **({} if arch == "any" else {"arch": arch})}
                assert compat.check(DATA, {"driver": "25.3.rc1"}, host) == [], row
    for row in DATA["os_minimum"]:
        host = {
            "chip": row["chip"],
            "os": f"{row['os']} {row['versions'][0]}",
            "arch": row["arch"][0],
            "product": row["products"][0],
        }
        assert errors({"driver": row["driver"], "firmware": row["firmware"]}, host) == [], row


def test_stacks():
    for row in DATA["stacks"]:
        assert (
            errors(row["pins"], {"chip": row.get("chips", ["910b"])[0], "arch": "aarch64", "host_kind": "physical"})
            == []
        ), row


@pytest.fixture(scope="module")
def reference():
    if not REFERENCE.is_file():
        pytest.skip("the reference data is not beside this checkout")
    return yaml.safe_load(REFERENCE.read_text(encoding="utf-8"))


VERSION = r"\d+\.\d+(?:\.(?:rc|RC)?\d+)*(?:rc\d+)?(?:\.alpha\d+|\.beta\d+)?(?:-alpha|-rc\d+)?"


def names(text):
    return [] if text is None else re.findall(VERSION, str(text))


def chip_of(text):
    return {"310b-soc": "310b"}.get(str(text).lower(), str(text).lower())


def test_reference_hdk(reference):
    for row in reference["hdk"]:
        known = names(row["firmware"]) or [None]
        for chip in map(chip_of, row.get("chips", ["910"])):
            of_chip = [part for part in str(row["firmware"]).split(" / ") if chip in part] or [None]
            firmware = (names(of_chip[0]) or known)[0]
            assert errors({"driver": row["driver"], "firmware": firmware}, {"chip": chip}) == [], row


def test_reference_codes(reference):
    for row in reference["compat_codes"]["driver_accepts"]:
        driver = names(row["driver"])[0].rstrip(".x")
        driver = "25.5.0" if driver == "25.5" else driver
        for item in reference["compat_codes"]["cann_innerversion"]:
            cann = names(item["cann"])[0]
            if item["code"].split()[0] in row["codes"]:
                assert errors({"driver": driver, "cann": cann}) == [], (row, item)
        for text in row["firmware"] if isinstance(row["firmware"], list) else []:
            low, high = text.split("-")
            for known in {entry["firmware"] for entry in DATA["hdk"] if entry["firmware"]}:
                if versions.in_range(known, low, high):
                    assert errors({"driver": driver, "firmware": known}) == [], (row, known)
    for row in reference["compat_codes"]["firmware_accepts"]:
        for prefix in row["driver"]:
            for known in {entry["driver"] for entry in DATA["hdk"]}:
                if versions.in_range(known, prefix, prefix + "."):
                    assert errors({"driver": known, "firmware": row["firmware"]}) == [], (row, known)


def test_reference_cann(reference):
    for row in reference["cann"]:
        matched = row.get("hdk_matched")
        for cann in names(row["cann"]):
            assert errors({"cann": cann}) == [], row
            wanted = names(matched) if matched and matched != "unknown" else []
            for name in wanted + row.get("hdk_compatible", []):
                found = [item for item in DATA["hdk"] if pattern_holds(item, name)]
                assert found, name
                for item in found:
                    assert errors({"cann": cann, "driver": item["driver"]}) == [], (row, item["id"])
        if "note" in row:
            assert errors({"cann": "6.0.1", "driver": "23.0.rc1"}) == []


def test_reference_mindspore(reference):
    for row in reference["mindspore"]:
        text = re.sub(r"r2\.3\.q1|\(r[^)]*\)", "", row["ms"]).replace("rc1/rc2", "rc1, 2.3.0rc2")
        for mindspore in names(text):
            for cann in (
                []
                if "checks" in str(row["cann"]) or row["cann"] == "unknown"
                else names(str(row["cann"]).split("(")[0])
            ):
                assert errors({"mindspore": mindspore, "cann": cann}, {"chip": "910"}) == [], row
            for low, high in re.findall(r"(3\.\d+)-(3\.\d+)", str(row["python"])):
                assert (
                    errors({"mindspore": mindspore, "python": low})
                    == errors({"mindspore": mindspore, "python": high})
                    == []
                ), row


def test_reference_mindformers(reference):
    for row in reference["mindformers"]:
        for mindformers in names(re.sub(r"\(.*\)|dev at r", "", row["mf"])):
            mindformers += ".0" if mindformers.count(".") == 1 else ""
            for mindspore in names(row["ms"]) or [None]:
                for cann in names(str(row.get("cann", "")).split("(")[0]) or [None]:
                    assert (
                        errors({"mindformers": mindformers, "mindspore": mindspore, "cann": cann}, {"chip": "910"})
                        == []
                    ), row


def test_reference_torch(reference):
    for row in reference["torch_npu"]:
        for torch, plugin in row["rows"].items():
            assert errors({"cann": row["cann"], "torch": torch, "torch_npu": plugin.split("(")[0]}) == [], row


def test_reference_os(reference):
    listed = reference["os_supported_by_ascend_deployer"]
    for arch in ("aarch64", "x86_64"):
        for text in listed[arch]:
            parts = text.split(", ")
            name = parts[0].split(" ")[0]
            for version in [parts[0][len(name) + 1 :], *parts[1:]]:
                found = compat.check(
                    DATA,
                    {"driver": "25.3.rc1"},
                    {"os": f"{name} {version}".replace(name + " " + name, name), "arch": arch},
                )
                assert found == [], (text, version, found)
