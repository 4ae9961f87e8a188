"""Hosts and containers as people reported them: what is said of them, and what a container is never told."""

from __future__ import annotations

import copy
import re

import pytest
from ansible_collections.ascend.fleet.plugins.action import host_facts as action
from ansible_collections.ascend.fleet.plugins.module_utils import npu_smi
from ansible_collections.ascend.fleet.plugins.module_utils.host import busy, deeper
from ansible_collections.ascend.fleet.plugins.module_utils.host import facts as host_probe
from ansible_collections.ascend.fleet.plugins.module_utils.host import npu as npu_run
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor import rule as one
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor import rules as doctor
from ansible_collections.ascend.fleet.tests.unit import ascend_trees as trees
from ansible_collections.ascend.fleet.tests.unit import sample_hosts as hosts
from ansible_collections.ascend.fleet.tests.unit.dictview import DictView, Link, Node

TAKEN = (
    "DrvMngGetConsoleLogLevel failed. (ret=4)\n"
    "dcmi model initialized failed, because the device is used. ret is -8020\n"
)
UNREADABLE = "npu get board type failed. ret is -9005\n"
NOT_LOADED = "dcmi module initialize failed. ret is -8005\n"
CHAR = Node(owner="HwHiAiUser", group="HwHiAiUser", mode="0660", kind="char")
MANAGERS = {f"/dev/{name}": CHAR for name in hosts.MANAGERS}
CONTAINER = {"/.dockerenv": ""}
MOUNTS = {"/usr/local/dcmi/libdcmi.so": "", "/usr/local/bin/npu-smi": hosts.RUN, f"{hosts.ROOT}/driver/lib64/x.so": ""}
# Advice that takes the host: nobody inside a container can follow it.
HOSTS_ADVICE = re.compile(
    r"\breboot|reseat|BMC|reinstall|install (?:the )?(?:driver|firmware)|--full|dkms|dmesg|lspci|cold start"
    r"|kernel-devel|modprobe|rmmod|ascend_driver_version|chronyd$|usermod",
    re.IGNORECASE,
)
OVER_THERE = re.compile(r"\b(?:host|there)\b")


def observe(*tree, table=None, text="", users=(), uda=""):
    """The facts of a host whose npu-smi printed a text, or showed so many chips."""
    names = action.npu_names(catalog.load()["chips"])
    answer = npu_run.read(text) if table is None else table
    proc = {"/proc/uda/namespace_node": uda, **dict(users)}
    return host_probe.collect(
        DictView(*tree, accounts={"HwHiAiUser": hosts.ACCOUNT}),
        {**hosts.PARAMS, "npu_names": names},
        {"version": "3.9", "executable": "x"},
        lambda timeout: answer,
        lambda npu_processes: busy.users(
            npu_processes=npu_processes, listdir=lambda path: [], read=lambda path: proc.get(path, "")
        ),
    )


def seen(facts, kernel=None):
    probe = None
    if kernel is not None:
        view = DictView({"/usr/bin/dmesg": hosts.RUN}, commands={"/usr/bin/dmesg": (0, kernel)})
        probe = deeper.collect(
            view, {"install_path": hosts.ROOT, "env_root": "/opt/ascend/envs", "controller_time": None}, 0.0
        )
    return {row["id"]: row for row in doctor.diagnose(facts, probe=probe)}


def bound(number, driver):
    return {f"/sys/bus/pci/devices/0000:{number:02x}:00.0/driver": Link(f"../../../bus/pci/drivers/{driver}")}


@pytest.mark.parametrize("driver", ["vfio-pci", "pci-stub", "xen-pciback"])
def test_cards_of_virtual_machines_are_named_and_not_counted(driver):
    cards = [hosts.pci(number) for number in range(8)]
    given = [bound(number, driver) for number in range(4)]
    kept = [bound(number, "devdrv_device_driver") for number in range(4, 8)]
    facts = observe(trees.driver(), *cards, *given, *kept, MANAGERS, table=hosts.npu(4))
    rows = seen(facts)
    assert facts["accelerators"]["count"] == 4
    assert "chips-missing" not in rows
    assert f"0000:03:00.0 is bound to {driver}" in rows["chips-passed-through"]["evidence"]
    assert rows["chips-passed-through"]["severity"] == "info"


def test_a_host_that_keeps_no_card_needs_no_reboot():
    cards = [{**hosts.pci(number), **bound(number, "vfio-pci")} for number in range(2)]
    facts = observe(trees.driver(), *cards, text=NOT_LOADED)
    rows = seen(facts)
    assert (facts["accelerators"]["family"], facts["accelerators"]["count"]) == ("910b", 0)
    assert facts["reboot_required"] is False
    assert "driver-not-loaded" not in rows
    assert "chips-passed-through" in rows


NAMESPACES = """ns_id 0 identify 0 root_tgid 4711 dev_num 2 namespace 00000000aaaaaaaa, udev list:
logic_devid udevid
       0        3
       1        4

ns_id 5 identify 0 root_tgid 4712 dev_num 0 namespace 00000000cccccccc, udev list:
logic_devid udevid

ns_id 128 identify 0 root_tgid 1 dev_num 2 namespace 00000000bbbbbbbb(#), udev list:
logic_devid udevid
       0        3
       1        4
"""
CONFLICT = "[ 9.1] [ascend] [uda] [ERROR] [uda_occupy_dev_by_ns 932] <npu-smi:42> Conflict open udevid. (udevid=3)"


def test_who_holds_the_npus_is_named_though_nothing_is_open():
    assert busy.namespaces(NAMESPACES) == [(4711, [3, 4])]
    assert busy.namespaces("") == busy.namespaces("garbage\nns_id x") == []
    users = {"/proc/4711/cgroup": "0::/docker/" + "0123456789ab" * 5, "/proc/4711/cmdline": "bash\0"}
    facts = observe(
        trees.driver(), hosts.pci(1), {"/dev/davinci3": CHAR}, MANAGERS, text=TAKEN, users=users, uda=NAMESPACES
    )
    assert facts["busy"][0]["source"] == "namespace"
    assert facts["busy"][0]["device"] == "/dev/davinci3"
    row = seen(facts, CONFLICT)["npu-taken"]
    assert "4711" in row["evidence"]
    assert "docker 0123456789ab" in row["evidence"]
    assert "Conflict open udevid" in row["evidence"]
    assert "docker 0123456789ab" in row["fix"]


def test_a_container_with_8020_hears_of_the_mounts_it_lacks():
    facts = observe(
        CONTAINER, trees.driver(), {"/dev/davinci0": CHAR, "/usr/local/bin/npu-smi": hosts.RUN}, MANAGERS, text=TAKEN
    )
    facts_record = {path: text for path, text in trees.driver().items() if path != "/etc/ascend_install.info"}
    bare = observe(CONTAINER, facts_record, {"/dev/davinci0": CHAR}, MANAGERS, text=TAKEN)
    assert facts["host_kind"] == "container"
    assert "/usr/local/dcmi" in seen(facts)["container-mounts"]["evidence"]
    assert "/etc/ascend_install.info" in seen(bare)["container-mounts"]["evidence"]
    assert "container-devices" not in seen(facts)


def test_a_container_with_some_cards_is_not_told_to_reboot():
    facts = observe(CONTAINER, trees.driver(), MOUNTS, {"/dev/davinci14": CHAR}, MANAGERS, text=UNREADABLE)
    rows = seen(facts)
    assert "driver-not-loaded" not in rows
    assert rows["container-npu-smi"]["severity"] == "warning"
    assert "/dev/davinci14" in rows["container-npu-smi"]["evidence"]
    assert not [row for row in rows.values() if row["severity"] == "error"]
    # Without a card it is no such container, and on a host the driver is down.
    assert "container-devices" in seen(observe(CONTAINER, trees.driver(), MANAGERS, text=UNREADABLE))
    outside = observe(trees.driver(), hosts.pci(1), {"/dev/davinci0": CHAR}, MANAGERS, text=UNREADABLE)
    assert "driver-not-loaded" in seen(outside)


LOST = """[  1.0] usb 1-1: device lost
[ 456.3] [ascend] [drv_pcie] [devdrv_sync_non_trans_msg_send 1239] <kworker> Device is abnormal. (dev_id=5; msg_type=3)
[ 456.4] [ascend] [devdrv] [refresh_work 322] devdrv_manager_send_msg unsuccessful. (ret=-19; dev_id=5)
[ 460.0] [ascend] [drv_pcie] all is well
"""


def test_the_kernel_says_which_device_is_lost():
    facts = observe(trees.driver(), *[hosts.pci(number) for number in range(8)], MANAGERS, table=hosts.npu(7))
    rows = seen(facts, LOST)
    assert "dev_id=5" in rows["chips-missing"]["evidence"]
    assert "kernel-refuses-module" not in rows
    assert "kernel" not in seen(facts)["chips-missing"]["evidence"]


def table_of(name):
    rule, row = "+---+---+---+", f"| 0 {name} | OK | 90.1 40 0 / 0 |\n| 0 | 0000:9D:00.0 | 0 0 / 0 10 / 65536 |"
    text = (
        f"{rule}\n| npu-smi 25.5.0 Version: 25.5.0 |\n{rule}\n"
        "| NPU Name | Health | Power(W) Temp(C) Hugepages-Usage(page) |\n"
        f"| Chip | Bus-Id | AICore(%) Memory-Usage(MB) HBM-Usage(MB) |\n{rule}\n{row}\n{rule}\n"
    )
    assert npu_smi.parse_info(text)["chips"][0]["name"] == name
    return text


@pytest.mark.parametrize(("name", "family"), [("910C1", "a3"), ("Ascend910", "a3"), ("910Z7", None)])
def test_a_name_that_the_catalog_lacks_is_said(name, family):
    facts = observe(CONTAINER, trees.driver(), {"/dev/davinci0": CHAR}, MANAGERS, text=table_of(name))
    assert facts["accelerators"]["family"] == family
    rows = seen(facts)
    assert ("chip-name-unknown" in rows) is (family is None)
    if family is None:
        assert name in rows["chip-name-unknown"]["evidence"]


def test_a_name_that_is_known_settles_an_id_that_is_not():
    device = {f"/sys/bus/pci/devices/0000:61:00.0/{key}": text for key, text in
              {"vendor": "0x19e5", "device": "0xdfff", "class": "0x120000"}.items()}  # fmt: skip
    facts = observe(trees.driver(), device, MANAGERS, text=table_of("Ascend950PR"))
    assert facts["accelerators"]["family"] == "950"
    assert "accelerator-unknown" not in seen(facts)
    assert "accelerator-unknown" in seen(observe(trees.driver(), device, MANAGERS, text=table_of("Ascend970")))


def test_the_id_of_the_950pr_is_known():
    device = {f"/sys/bus/pci/devices/0000:61:00.0/{key}": text for key, text in
              {"vendor": "0x19e5", "device": "0xd806", "class": "0x120000"}.items()}  # fmt: skip
    facts = observe(device)
    assert (facts["accelerators"]["family"], facts["accelerators"]["count"]) == ("950", 1)


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("/opt/conda/Ascend/cann-9.0.0/x", "/opt/conda/Ascend"),
        ("/root/miniconda3/envs/torch/Ascend/cann-9.0.0/x", "/root/miniconda3/envs/torch/Ascend"),
        ("/home/HwHiAiUser/Ascend/ascend-toolkit/set_env.sh", "/home/HwHiAiUser/Ascend"),
        ("/home/al/Ascend/nnae/8.3.RC1/x", "/home/al/Ascend"),
    ],
)
def test_a_cann_outside_of_the_configured_path_is_remarked(path, folder):
    facts = observe({path: ""})
    assert facts["cann_elsewhere"] == [folder]
    assert seen(facts)["cann-elsewhere"]["evidence"] == folder
    assert seen(facts)["cann-elsewhere"]["severity"] == "info"


def test_a_cann_in_its_place_is_no_remark():
    assert observe(trees.cann_6_3("8.3.RC1", "nnae", "C23"))["cann_elsewhere"] == []
    assert observe({"/home/al/Ascend/notes.txt": "", "/opt/conda/bin/python": ""})["cann_elsewhere"] == []


def health(family, word):
    facts = copy.deepcopy(observe(trees.driver(), hosts.pci(1), MANAGERS, table=hosts.npu(1)))
    facts["accelerators"]["family"] = family
    facts["npu"]["chips"][0]["health"] = word
    return seen(facts)


def test_a_board_that_always_shows_alarm_is_no_error():
    assert health("310b", "Alarm")["chips-alarm-at-rest"]["severity"] == "warning"
    assert "chips-unhealthy" not in health("310b", "Alarm")
    assert health("310b", "Critical")["chips-unhealthy"]["severity"] == "error"
    assert health("910b", "Alarm")["chips-unhealthy"]["severity"] == "error"


RECORD = (
    "UserName=HwHiAiUser\nUserGroup=HwHiAiUser\nDriver_Install_Type=full\nDriver_Install_Path_Param=/usr/local/Ascend\n"
    "Driver_Install_For_All=yes\nFirmware_Install_Type=full\nFirmware_Install_Path_Param=/usr/local/Ascend\n"
)


def test_a_container_with_parts_of_the_driver_mounted_is_healthy():
    version = {path: text for path, text in trees.driver().items() if path.endswith("driver/version.info")}
    for files in (version, {}):
        facts = observe(
            CONTAINER, MOUNTS, files, {"/etc/ascend_install.info": RECORD}, {"/dev/davinci0": CHAR}, MANAGERS,
            table=hosts.npu(1),
        )  # fmt: skip
        assert not [row for row in seen(facts).values() if row["severity"] == "error"]
    assert "firmware-damaged" in seen(observe({"/etc/ascend_install.info": RECORD}))


@pytest.mark.parametrize(
    ("driver", "cann", "refused"),
    [
        # The driver cannot list a CANN that came after it; CANN lists the driver (MindIE in production).
        (("25.0.rc1.1", "C21", "C17", "C21"), ("8.2.RC1", "C22", "C18", "C21"), False),
        (("25.0.rc9", "C21", "C17", "C21"), ("8.2.RC9", "C22", "C18", "C21"), False),
        (("25.0.rc9", "C21", "C17", "C22"), ("8.2.RC9", "C22", "C18"), False),
        (("25.0.rc9", "C21", "C17", "C20"), ("8.2.RC9", "C22", "C18"), True),
    ],
)
def test_driver_and_cann_are_judged_as_at_the_desk(driver, cann, refused):
    tree = trees.cann_6_3(cann[0], "toolkit", cann[1])
    facts = observe(trees.driver(), tree, hosts.pci(1), MANAGERS, table=hosts.npu(1))
    facts["driver"].update(
        installed=driver[0],
        innerversion=f"V100R001{driver[1]}SPC002B220",
        compatible_cann=[f"V100R001{name}" for name in driver[2:]],
    )
    for row in facts["cann"]:
        row.update(compatible_version=[f"V100R001{name}" for name in cann[2:]])
    assert ("cann-driver-mismatch" in seen(facts)) is refused


def test_no_container_is_given_advice_that_takes_its_host(healthy):
    told = 0
    for rule in (*doctor.RULES, *doctor.PROBE_RULES):
        if rule["container"] == one.HIDDEN:
            continue
        facts = {**healthy, "host_kind": "container", "npu": {**healthy["npu"], "fix": "Reboot"}}
        facts["probe"] = {"logs": []}
        fix = rule["container"] or rule["fix"]
        text = fix(facts) if callable(fix) else fix
        wrong = HOSTS_ADVICE.search(text)
        assert not wrong or OVER_THERE.search(text), (rule["id"], text)
        told += 1
    assert told > 30
