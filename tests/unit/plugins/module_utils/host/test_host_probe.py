"""All facts of a host together, and whether it needs a reboot."""

from __future__ import annotations

import json

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import journal
from ansible_collections.ascend.fleet.plugins.module_utils.host import facts as host_probe
from ansible_collections.ascend.fleet.tests.unit import ascend_trees as trees
from ansible_collections.ascend.fleet.tests.unit.dictview import DictView, Node

PYTHON = {"version": "3.11.2", "executable": "/usr/bin/python3"}
BOOT = {"/proc/sys/kernel/random/boot_id": "b1\n", "/proc/1/stat": "1 (systemd) S" + " 0" * 18 + " 42 0"}
UPGRADE_TOOL = "/usr/local/Ascend/driver/tools/upgrade-tool --device_index -1 --component -1 --version"
KEYS = {
    "schema",
    "hostname",
    "arch",
    "os",
    "kernel",
    "python",
    "glibc",
    "host_kind",
    "host_kind_evidence",
    "boot_id",
    "accelerators",
    "accounts",
    "container_runtime",
    "user",
    "tools",
    "driver",
    "firmware",
    "cann",
    "cached",
    "cann_elsewhere",
    "missing_mounts",
    "environments",
    "foreign_environments",
    "extra_packages",
    "om_models",
    "devices",
    "npu",
    "busy",
    "disk",
    "journal",
    "models",
    "proofs",
    "reboot_required",
    "device_network",
    "npu_exporter",
    "host_tuning",
    "reboot_reasons",
}
# What only the module's documentation and the plan agree upon: the keys below each key.
INNER = {
    "os": {"id", "id_like", "version", "name", "family", "package_manager"},
    "kernel": {"release", "headers"},
    "accelerators": {"family", "count", "cards", "product", "role", "variant", "devices", "unknown", "mixed"}
    | {"unknown_names", "passed_through"},
    "user": {"name", "exists", "uid", "group", "groups", "shell", "home", "makes_group"},
    "tools": {"lspci", "ifconfig", "gcc", "cmake", "make", "dkms", "openssl", "conda", "uv", "pip3", "pythons"},
    "driver": {
        "installed",
        "loaded",
        "path",
        "package_version",
        "build_version",
        "innerversion",
        "compatible_cann",
        "compatible_firmware",
        "install_info",
        "recorded",
        "ascendhal_version",
        "modules_loaded",
        "damaged",
    },
    "firmware": {"installed", "loaded", "package_version", "compatible_driver", "path", "damaged"},
    "npu": {"available", "kind", "code", "message", "fix", "npu_smi_version", "driver_version", "chips", "processes"},
    "journal": {
        "unfinished",
        "unfinished_components",
        "entries",
        "previous",
        "before_last_run",
        "environments_before_last_run",
        "origin",
        "durations",
        "held",
    },
    "models": {"path", "foreign"},
    "proofs": {"inference", "om", "others"},
}


def npu(driver="25.3.rc1", chips=8, processes=0):
    table = {
        "npu_smi_version": driver,
        "driver_version": driver,
        "chips": [{"npu_id": number, "chip_id": 0, "name": "910B4", "health": "OK"} for number in range(chips)],
        "processes": [
            {"npu_id": 0, "chip_id": 0, "pid": 1000 + number, "name": "python"} for number in range(processes)
        ],
    }
    return {
        "available": True,
        "kind": None,
        "code": None,
        "message": None,
        "fix": None,
        "npu_smi": table,
        "rc": 0,
        "path": "/usr/local/sbin/npu-smi",
    }


def no_npu(kind="not_found", code=None):
    return {
        "available": False,
        "kind": kind,
        "code": code,
        "message": kind,
        "fix": "do this",
        "npu_smi": None,
        "rc": None,
        "path": None,
    }


def firmware_answer(*versions):
    lines = [
        f'\t{{"device_id":{number}, "component":nve, "version":{version}}}' for number, version in enumerate(versions)
    ]
    return {
        UPGRADE_TOOL: (
            0,
            "Get component version succeed for deviceId(0), componentType(0).\n" + "\n".join(lines) + "\n",
        )
    }


def collect(*tree, answer=None, params=None, **view):
    asked = []

    def find_users(npu_processes):
        asked.append(npu_processes)
        return [{"pid": row["pid"]} for row in npu_processes]

    host = DictView(BOOT, *tree, **view)
    facts = host_probe.collect(
        host, {**trees.PARAMS, **(params or {})}, PYTHON, lambda timeout: answer or no_npu(), find_users
    )
    assert set(facts) == KEYS
    for key, inner in INNER.items():
        assert set(facts[key]) == inner, key
    json.dumps(facts)
    facts["_asked"], facts["_ran"] = asked, host.ran
    return facts


def server(count=8, nodes=True):
    """An Atlas 800T A2 after its provisioning."""
    tree = {**trees.driver(), **trees.firmware(), **trees.cann_6_3("8.3.RC1", "nnae")}
    for number in range(count):
        base = f"/sys/bus/pci/devices/0000:{number:02x}:00.0"
        tree.update(
            {
                f"{base}/vendor": "0x19e5\n",
                f"{base}/device": "0xd802\n",
                f"{base}/class": "0x120000\n",
                f"{base}/subsystem_vendor": "0x19e5\n",
                f"{base}/subsystem_device": "0x3003\n",
            }
        )
        if nodes:
            tree[f"/dev/davinci{number}"] = Node(owner="HwHiAiUser", group="HwHiAiUser", mode="0660", kind="char")
    return tree


def test_a_host_with_nothing_ascend_about_it():
    facts = collect()
    assert facts["driver"]["installed"] is facts["firmware"]["installed"] is facts["accelerators"]["family"] is None
    assert facts["cann"] == facts["environments"] == facts["devices"] == facts["busy"] == facts["reboot_reasons"] == []
    assert facts["reboot_required"] is False
    assert facts["npu"] == {
        "available": False,
        "kind": "not_found",
        "code": None,
        "message": "not_found",
        "fix": "do this",
        "npu_smi_version": None,
        "driver_version": None,
        "chips": [],
        "processes": [],
    }
    assert facts["_ran"] == [], "no command is started on a bare host"
    assert facts["_asked"] == [], "without device nodes nobody is looked for"
    assert facts["proofs"] == {"inference": None, "om": None, "others": {"mindspore": None, "torch": None}}


def test_a_provisioned_server():
    facts = collect(server(), answer=npu(), commands=firmware_answer(*["7.8.0.2.212"] * 8))
    assert facts["schema"] == 1
    assert (facts["hostname"], facts["arch"], facts["glibc"]) == ("node1", "aarch64", "2.34")
    assert facts["boot_id"] == "b1:42"
    assert facts["accelerators"]["family"] == "910b"
    assert facts["accelerators"]["count"] == 8
    assert (facts["driver"]["installed"], facts["driver"]["loaded"]) == ("25.3.rc1", "25.3.rc1")
    assert (facts["firmware"]["installed"], facts["firmware"]["loaded"]) == ("7.8.0.2.212", "7.8.0.2.212")
    assert [(row["product"], row["version"]) for row in facts["cann"]] == [("nnae", "8.3.RC1")]
    assert len(facts["devices"]) == 8
    assert (facts["reboot_required"], facts["reboot_reasons"]) == (False, [])
    assert set(facts["disk"]) == {"/usr/local/Ascend", "/opt/ascend", "/var/lib/ascend-fleet", "/tmp"}


def test_sixteen_chips_and_sixty_four_processes():
    facts = collect(server(16), answer=npu(chips=16, processes=64), commands=firmware_answer("7.8.0.2.212"))
    assert (facts["accelerators"]["count"], len(facts["npu"]["chips"]), len(facts["npu"]["processes"])) == (16, 16, 64)
    assert len(facts["busy"]) == 64
    assert len(facts["_asked"]) == 1


# ---- reboot


def reasons(*tree, answer=None, **view):
    facts = collect(*tree, answer=answer, **view)
    assert facts["reboot_required"] is bool(facts["reboot_reasons"])
    return facts["reboot_reasons"]


def test_reboot_when_another_driver_is_loaded():
    assert reasons(server(), answer=npu("24.1.0")) == ["driver 25.3.rc1 is installed, 24.1.0 is loaded"]


def test_no_reboot_when_the_same_driver_is_only_spelled_differently():
    assert reasons(server(), answer=npu("25.3.RC1")) == []
    numbered = {"/usr/local/Ascend/driver/version.info": "Version=8.5.0.1.200\npackage_version=25.5.0\n"}
    assert reasons({**server(), **numbered}, answer=npu("8.5.0.1.200")) == []
    assert reasons({**server(), **numbered}, answer=npu("25.5.0")) == []


def test_reboot_when_the_driver_is_not_loaded():
    answer = no_npu("driver_not_loaded", -8005)
    facts = collect(server(nodes=False), answer=answer, commands=firmware_answer("7.1.0"))
    assert facts["reboot_reasons"] == ["driver 25.3.rc1 is installed, but not loaded"]
    assert facts["_ran"] == [], "the upgrade tool is not asked when the driver is not there to answer"
    assert facts["firmware"]["loaded"] is None


def test_reboot_when_the_firmware_does_not_run_yet():
    assert reasons(server(), answer=npu(), commands=firmware_answer("7.7.0.1.231", "7.7.0.1.231")) == [
        "firmware 7.8.0.2.212 is installed, 7.7.0.1.231 is running",
    ]


def test_chips_with_different_firmware():
    facts = collect(server(), answer=npu(), commands=firmware_answer("7.8.0.2.212", "7.1.0.3.220"))
    assert facts["firmware"]["loaded"] == "7.8.0.2.212, 7.1.0.3.220"
    assert facts["reboot_required"]


@pytest.mark.parametrize("answer", [None, (1, ""), (0, "nonsense")])
def test_upgrade_tool_that_says_nothing(answer):
    facts = collect(server(), answer=npu(), commands={UPGRADE_TOOL: answer})
    assert facts["firmware"]["loaded"] is None
    assert not facts["reboot_required"]


@pytest.mark.parametrize(
    "kind", ["device_busy", "permission_denied", "missing_library", "not_found", "unrecognised", "timeout"]
)
def test_other_failures_of_npu_smi_are_no_reason(kind):
    assert reasons(server(), answer=no_npu(kind)) == []


def test_not_loaded_for_an_unprivileged_user_may_mean_not_allowed():
    answer = no_npu("driver_not_loaded", -8005)
    assert reasons(server(), answer=answer, root=False) == []
    assert reasons(server(nodes=False), answer=answer, root=False) != []


def test_never_in_a_container():
    tree = {**server(), "/.dockerenv": ""}
    assert reasons(tree, answer=npu("24.1.0")) == []
    assert reasons(tree, answer=no_npu("driver_not_loaded", -8005)) == []


def entries(boot, reboot=True, component="driver"):
    start = journal.start("1-a", 0, boot, component, "upgrade", "24.1.0", "25.3.rc1")
    return {
        "/var/lib/ascend-fleet/journal.jsonl": journal.line(start)
        + journal.line(journal.end(start, 60, boot, 2, "ok", reboot, 60, "25.3.rc1"))
    }


def test_reboot_by_the_journal():
    [reason] = reasons(server(), entries("b1:42"), answer=npu())
    assert "the last change of the driver asked for a reboot" in reason
    assert reasons(server(), entries("b1:7"), answer=npu()) == [], "that boot is over"
    assert reasons(server(), entries("b1:42", reboot=False), answer=npu()) == []
    assert reasons(server(), entries("b1:42", component="nnae"), answer=npu()) == []


# ---- journal and proofs


def test_journal():
    facts = collect(entries("b1:42"))
    assert facts["journal"]["previous"] == {"driver": "24.1.0"}
    assert facts["journal"]["durations"] == {"driver": 60}
    assert facts["journal"]["unfinished"] is None
    assert len(facts["journal"]["entries"]) == 2


def test_unfinished_journal_with_a_torn_end():
    start = journal.start("1-a", 0, "b1:42", "nnae", "install", None, "8.3.RC1")
    facts = collect({"/var/lib/ascend-fleet/journal.jsonl": journal.line(start) + '{"id": "2-b", "ev'})
    assert facts["journal"]["unfinished"]["component"] == "nnae"


def test_only_the_end_of_a_long_journal():
    start = journal.line(journal.start("1-a", 0, "x", "driver", "install", None, "1"))
    facts = collect({"/var/lib/ascend-fleet/journal.jsonl": start * 5000})
    assert len(facts["journal"]["entries"]) == 20


@pytest.mark.parametrize(
    "text, proof", [('{"status": "passed"}', {"status": "passed"}), ("[]", None), ("{", None), ("", None)]
)
def test_proof(text, proof):
    facts = collect({"/var/lib/ascend-fleet/proofs/inference.json": text})
    assert facts["proofs"]["inference"] == proof
    facts = collect({"/var/lib/ascend-fleet/proofs/inference-torch.json": text})
    assert facts["proofs"] == {"inference": None, "om": None, "others": {"mindspore": None, "torch": proof}}


def test_how_much_is_in_the_cache():
    cached = {f"/var/lib/ascend-fleet/cache/{digit * 64}/a.run": "" for digit in "01"}
    assert collect()["cached"] == 0 and collect(cached)["cached"] == 2


def test_other_places():
    tree = {
        path.replace("/usr/local/Ascend", "/data/Ascend"): node
        for path, node in trees.cann_6_0_nnae().items()
        if not path.endswith("latest")
    }
    facts = collect(tree, params={"install_path": "/data/Ascend/", "state_dir": "/srv/state/", "env_root": "/envs/"})
    assert facts["cann"][0]["path"] == "/data/Ascend/nnae/6.0.1"
    assert set(facts["disk"]) == {"/data/Ascend", "/", "/srv/state", "/tmp"}
