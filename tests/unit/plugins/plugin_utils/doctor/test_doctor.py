"""One host per failure of the pitfalls that facts can show, and none of them on a healthy host."""

from __future__ import annotations

import json

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor import rules as doctor
from ansible_collections.ascend.fleet.tests.unit.sample_hosts import ROOT, observe, pci


def set_in(facts, path, value):
    *parents, last = path.split(".")
    for key in parents:
        facts = facts[int(key) if isinstance(facts, list) else key]
    facts[int(last) if isinstance(facts, list) else last] = value


def fails(kind, code=None):
    return {
        "npu.available": False,
        "npu.kind": kind,
        "npu.code": code,
        "npu.message": f"npu-smi says {kind}",
        "npu.fix": "the fix of npu-smi",
        "npu.chips": [],
    }


NOT_UP = fails("not_found")
NNAE, KERNELS = "cann.0", "cann.1"
ENV = "environments.0"

# A model that this host runs.
OM = {"name": "tiny", "soc": "Ascend910B4", "cann": "8.0.0", "present": True, "path": "/models/tiny.om"}
# rule -> (changes to a healthy host, words of the evidence)
PORT = {"chip": 5, "address": "198.51.100.3", "netmask": "255.255.255.0", "link": "UP"}


def ports(conf=None, **changes):
    return {"device_network": {"port": "roce", "conf": {"chips": {"5": conf or {}}}, "chips": [{**PORT, **changes}]}}


def engine(runtime=None, **changes):
    seen = {
        "name": "docker", "installed": True, "config": "/etc/docker/daemon.json", "problem": None,
        "runtime": "/x/ascend-docker-runtime", "answer": None, **changes,
    }  # fmt: skip
    path = "/x/ascend-docker-runtime"
    return {"container_runtime": {"version": "7.2.RC1", "path": path, **(runtime or {}), "engine": seen}}


CASES = {
    "npu-address-not-on-chip": (ports({"address": "198.51.100.3"}, address=None), "file: 198.51.100.3"),
    "npu-address-differs": (ports({"address": "198.51.100.4"}), "chip 198.51.100.3"),
    "npu-link-down": (ports(link="DOWN"), "chip 5"),
    "npu-link-flaps": (ports(link_history={"down_count": 40}), "40 times down"),
    "npu-optic-weak": (ports(optics={"present": True, "media_snr_db": [12.0]}), "12 dB"),
    "container-config-broken": (engine(problem="line 1, column 9: no JSON"), "line 1, column 9"),
    "container-runtime-damaged": ({"container_runtime": {"damaged": "x is not there"}}, "x is not there"),
    "container-runtime-gone": (engine({"version": None, "path": None}), "names /x/ascend-docker-runtime"),
    "container-runtime-unknown": (engine(answer={"runtimes": ["runc"]}), "docker runs with runc"),
    "no-accelerator": ({"accelerators.count": 0, "npu.available": False}, "19e5"),
    "accelerator-unknown": (
        {
            "accelerators.unknown": [
                {
                    "address": "0000:01:00.0",
                    "vendor": "19e5",
                    "device": "d999",
                    "subsystem_vendor": "0200",
                    "subsystem_device": "0100",
                }
            ]
        },
        "19e5:d999",
    ),
    "accelerator-mixed": ({"accelerators.mixed": True}, "910b"),
    "tools-missing": ({**NOT_UP, "tools.lspci": False}, "lspci"),
    "kernel-headers-missing": ({**NOT_UP, "kernel.headers": False}, "/lib/modules/5.10.0-136/build"),
    "toolchain-missing": ({**NOT_UP, "tools.gcc": None}, "gcc"),
    "kernel-unbuildable": (
        {
            **NOT_UP,
            "os.id": "openeuler",
            "os.version": "24.03",
            "os.name": "openEuler 24.03 SP3",
            "kernel.release": "6.6.0-132.oe2403sp3",
        },
        "openEuler 24.03",
    ),
    "kernel-too-old": (
        {
            "accelerators.family": "910",
            "accelerators.cards": 1,
            "arch": "x86_64",
            "cann": [],
            "kernel.release": "3.10.0-957.el7.x86_64",
        },
        "3.10.0",
    ),
    "user-missing": ({"user.exists": False, "user.uid": None, "user.shell": None}, "HwHiAiUser"),
    "user-shell": ({"user.shell": "/sbin/nologin"}, "/sbin/nologin"),
    "user-id": ({"user.uid": 1001}, "1001"),
    "user-differs": ({"driver.install_info.UserName": "npu"}, "UserName=npu"),
    "install-path-rights": ({f"disk.{ROOT}.mode": "0700"}, "0700"),
    "driver-space": ({f"disk.{ROOT}.free_mb": 200}, "200 MiB"),
    "driver-damaged": ({"driver.installed": None, "driver.damaged": "version.info is empty"}, "empty"),
    "firmware-damaged": ({"firmware.installed": None, "firmware.damaged": "version.info is empty"}, "empty"),
    "firmware-on-guest": ({"host_kind": "vm", "host_kind_evidence": "systemd-detect-virt: kvm"}, "kvm"),
    "firmware-without-driver": ({"driver.installed": None}, "no driver"),
    "firmware-step": ({"firmware.installed": "1.11.22.10.220", "firmware.compatible_driver": []}, "1.11.22"),
    "firmware-flash-newer": ({"firmware.loaded": "7.8.0.6.201"}, "7.8.0.6.201 is running"),
    "firmware-differs": ({"firmware.loaded": "7.8.0.2.212, 7.1.0.3.220"}, "7.1.0.3.220"),
    "driver-firmware-mismatch": ({"firmware.installed": "6.3.0.1.241", "driver.installed": "23.0.rc1"}, "6.3.0.1.241"),
    "driver-not-loaded": (fails("driver_not_loaded", -8005), "driver_not_loaded"),
    "npu-taken": (fails("device_busy", -8020), "device_busy"),
    "npu-smi-hangs": (fails("timeout"), "timeout"),
    "npu-smi-fails": (fails("missing_library"), "missing_library"),
    "chips-missing": ({"accelerators.count": 16}, "16 chips"),
    "chips-unhealthy": ({"npu.chips.3.health": "Alarm"}, "NPU 3 chip 0: Alarm"),
    "chips-alarm-at-rest": (
        {"accelerators.family": "310b", f"{KERNELS}.chip": "310b", "npu.chips.0.health": "Alarm"},
        "NPU 0 chip 0: Alarm",
    ),
    "chip-name-unknown": ({"accelerators.unknown_names": ["910Z9"]}, "npu-smi says 910Z9"),
    "chips-passed-through": (
        {"accelerators.passed_through": [{"address": "0000:01:00.0", "driver": "vfio-pci"}]},
        "0000:01:00.0 is bound to vfio-pci",
    ),
    "container-mounts": (
        {"host_kind": "container", **fails("device_busy", -8020), "missing_mounts": ["/usr/local/dcmi"]},
        "/usr/local/dcmi",
    ),
    "container-npu-smi": ({"host_kind": "container", **fails("driver_not_loaded", -9005)}, "/dev/davinci7"),
    "cann-elsewhere": ({"cann_elsewhere": ["/opt/conda/Ascend"]}, "/opt/conda/Ascend"),
    "cann-pieces": (
        {
            f"{NNAE}.product": "pieces",
            f"{NNAE}.version": "8.5.0",
            f"{NNAE}.path": "/x/cann-8.5.0",
            f"{NNAE}.parts": ["runtime"],
        },
        "/x/cann-8.5.0 has runtime of 8.5.0",
    ),
    "npu-smi-version": ({"npu.npu_smi_version": "24.1.0"}, "npu-smi 24.1.0"),
    "container-devices": ({"host_kind": "container", "devices": []}, "no /dev/davinci"),
    "npu-in-use": (
        {"busy": [{"pid": number, "command": "python", "container": "docker 0123"} for number in range(10)]},
        "2 more",
    ),
    "users-not-in-group": ({"driver.install_info.Driver_Install_For_All": "no", f"{ENV}.owner": "alice"}, "alice"),
    "reboot-pending": ({"reboot_reasons": ["driver 25.3.rc1 is installed, 24.1.0 is loaded"]}, "24.1.0 is loaded"),
    "change-unfinished": (
        {"journal.unfinished": {"component": "nnae", "action": "install", "time": "2026-11-22T16:00:00Z"}},
        "nnae",
    ),
    "cann-damaged": ({f"{NNAE}.damaged": "latest points to nowhere"}, "nowhere"),
    "cann-space": ({f"disk.{ROOT}.free_mb": 5000, "cann": []}, "5000 MiB"),
    "cann-driver-mismatch": (
        {
            f"{NNAE}.version": "8.9.9",
            f"{NNAE}.code": "C29",
            f"{NNAE}.innerversion": "V100R001C29SPC001B231",
            f"{NNAE}.compatible_version": ["V100R001C28"],
        },
        "nnae 8.9.9 on driver 25.3.rc1",
    ),
    "cann-arch": ({f"{NNAE}.arch": "x86_64"}, "x86_64"),
    "kernels-chip": ({f"{KERNELS}.chip": "910"}, "chip 910"),
    "kernels-without-base": ({f"{KERNELS}.version": "8.2.RC1"}, "kernels 8.2.RC1"),
    "cann-not-current": ({f"{NNAE}.latest": False}, "nnae"),
    "cann-other-path": ({f"{NNAE}.install_path": "/data/Ascend"}, "nnae 8.3.RC1"),
    "set-env-missing": ({f"{NNAE}.set_env": None}, "set_env.sh"),
    "nnae-and-toolkit": ({f"{ENV}.packages.mindspore": "2.2.14", f"{KERNELS}.product": "toolkit"}, "MindSpore 2.2.14"),
    "python-gone": ({f"{ENV}.python": None}, "bin/python"),
    "wheels-missing": ({f"{ENV}.packages": {"mindspore": "2.7.1", "hccl": "0.1.0"}}, "lacks te"),
    "wheels-stale": ({f"{ENV}.cann_wheels_from": "nnae 8.1.RC1"}, "nnae 8.1.RC1, CANN is nnae 8.3.RC1"),
    "topi-left-over": ({f"{ENV}.packages.topi": "0.4.0"}, "topi 0.4.0"),
    "two-mindspores": ({f"{ENV}.packages.mindspore-ascend": "1.10.1"}, "1.10.1"),
    "cann-dependencies": ({f"{ENV}.packages": {"te": "0.4.0", "hccl": "0.1.0", "numpy": "1.26"}}, "lacks sympy"),
    "numpy-2": ({f"{ENV}.packages.numpy": "2.0.1", f"{ENV}.packages.torch": "2.2.0"}, "numpy 2.0.1"),
    "glibc-too-old": ({"glibc": "2.17", f"{ENV}.packages.torch-npu": "2.7.1"}, "glibc 2.17"),
    "torch-cuda": (
        {f"{ENV}.packages.torch": "2.7.1+cu126", f"{ENV}.packages.torch-npu": "2.7.1.post4"},
        "mindspore has torch 2.7.1+cu126 beside torch_npu 2.7.1.post4",
    ),
    "torch-without-cann": ({f"{ENV}.packages.torch-npu": "2.7.1", "cann": []}, "mindspore has torch_npu 2.7.1"),
    "nnal-missing": ({f"{ENV}.packages.torch-npu": "2.7.1"}, "mindspore has torch_npu 2.7.1"),
    "om-chip": ({"om_models": [{**OM, "soc": "Ascend310P3"}]}, "tiny: it is for Ascend310P3, and here is Ascend910B4"),
    "om-cann": ({"om_models": [{**OM, "cann": "9.0.0"}]}, "tiny is of CANN 9.0.0, here is 8.3.RC1"),
    "om-missing": ({"om_models": [{**OM, "present": False}]}, "/models/tiny.om"),
    "nnal-other-release": ({"cann.1.product": "nnal", "cann.1.version": "8.2.RC1"}, "NNAL 8.2.RC1, CANN 8.3.RC1"),
    "inference-chips": (
        {
            "accelerators.family": "310p",
            "accelerators.role": "inference",
            f"{KERNELS}.chip": "310p",
            f"{ENV}.packages.mindformers": "1.0.2",
        },
        "310p",
    ),
}


def test_a_healthy_host_has_no_problems(healthy):
    assert doctor.diagnose(healthy) == []


def test_a_host_with_nothing_ascend_about_it():
    assert [(row["id"], row["severity"]) for row in doctor.diagnose(observe({}))] == [("no-accelerator", "info")]


def test_a_new_server_lacks_what_an_installation_needs():
    facts = observe(pci(1))
    assert {row["id"] for row in doctor.diagnose(facts)} == {
        "tools-missing",
        "kernel-headers-missing",
        "toolchain-missing",
    }


@pytest.mark.parametrize("rule", sorted(CASES))
def test_rule(rule, healthy):
    changes, words = CASES[rule]
    for path, value in changes.items():
        set_in(healthy, path, value)
    rows = {row["id"]: row for row in doctor.diagnose(healthy)}
    assert rule in rows, sorted(rows)
    row = rows[rule]
    assert words in row["evidence"]
    assert set(row) == {"id", "severity", "problem", "evidence", "fix", "source"}
    assert all(isinstance(text, str) and text for text in row.values())
    assert json.loads(json.dumps(row)) == row


@pytest.mark.parametrize(
    ("arch", "torch", "sick"),
    [
        ("x86_64", "2.7.1", True),
        ("x86_64", "2.7.1+cpu", False),
        ("aarch64", "2.7.1", False),
        ("aarch64", "2.7.1+cu126", True),
    ],
)
def test_which_torch_is_for_cuda(arch, torch, sick, healthy):
    healthy["environments"][0]["packages"].update({"torch": torch, "torch-npu": "2.7.1.post4"})
    rows = {row["id"] for row in doctor.diagnose({**healthy, "arch": arch})}
    assert ("torch-cuda" in rows) is sick


@pytest.mark.parametrize(
    ("chips", "family", "soc", "sick"),
    [
        (["910B4", "910B4"], "910b", "Ascend910B4", False),
        (["910B3"], "910b", "Ascend910B4", True),
        (["310B"], "310b", "Ascend310B1", False),  # npu-smi does not always tell which one
        (["310B"], "310b", "Ascend310P3", True),
        ([], "310p", "Ascend310P1", False),
        ([], "310p", "Ascend310", True),
        ([], None, "Ascend310", False),
        (["310P1", "310P3"], "310p", "Ascend310P3", False),
        (["nobody knows"], "310p", "Ascend310P3", False),
    ],
)
def test_which_chip_an_om_is_for(chips, family, soc, sick, healthy):
    healthy["npu"]["chips"] = [{**healthy["npu"]["chips"][0], "name": name} for name in chips]
    healthy["accelerators"]["family"] = family
    healthy["om_models"] = [{**OM, "soc": soc}]
    assert ("om-chip" in {row["id"] for row in doctor.diagnose(healthy)}) is sick


def test_every_rule_has_a_case():
    identifiers = [rule["id"] for rule in doctor.RULES]
    assert sorted(identifiers) == sorted(CASES)
    assert len(set(identifiers)) == len(identifiers)
    assert {rule["severity"] for rule in doctor.RULES} <= set(doctor.SEVERITIES)


def test_the_fix_of_npu_smi_is_handed_on(healthy):
    for path, value in fails("driver_not_loaded", -8005).items():
        set_in(healthy, path, value)
    [row] = [row for row in doctor.diagnose(healthy) if row["id"] == "driver-not-loaded"]
    assert row["fix"] == "the fix of npu-smi"


def test_the_worst_comes_first(healthy):
    for rule in ("user-id", "install-path-rights", "reboot-pending"):
        for path, value in CASES[rule][0].items():
            set_in(healthy, path, value)
    assert [row["severity"] for row in doctor.diagnose(healthy)] == ["error", "warning", "info"]


@pytest.mark.parametrize("rule", doctor.FOR_INSTALLERS)
def test_what_the_next_installer_will_refuse_is_no_sickness_of_a_host_that_works(rule, healthy):
    if rule not in CASES:  # one of the probe's; it has its test there
        assert rule in [row["id"] for row in doctor.PROBE_RULES]
        return
    for path, value in CASES[rule][0].items():
        set_in(healthy, path, value)
    assert {row["id"]: row["severity"] for row in doctor.diagnose(healthy)}[rule] == "warning"
    for path, value in NOT_UP.items():
        set_in(healthy, path, value)
    assert {row["id"]: row["severity"] for row in doctor.diagnose(healthy)}[rule] == "error"


def test_findings_are_listed_unless_accepted(healthy):
    finding = {
        "rule": "mindspore-cann",
        "severity": "error",
        "message": "MindSpore 2.7.1 wants CANN 8.2",
        "source": "docs",
        "accepted": False,
        "variable": "ascend_cann_version",
    }
    [row] = doctor.diagnose(healthy, [finding])
    assert (row["id"], row["severity"], row["evidence"]) == ("mindspore-cann", "error", finding["message"])
    assert "ascend_cann_version" in row["fix"]
    assert doctor.diagnose(healthy, [{**finding, "accepted": True}, {**finding, "severity": "info"}]) == []


def test_facts_that_came_through_a_cache_in_another_order(healthy):
    set_in(healthy, f"disk.{ROOT}.mode", "0700")
    facts = json.loads(json.dumps(healthy, sort_keys=True))
    assert [row["id"] for row in doctor.diagnose(facts)] == ["install-path-rights"]
