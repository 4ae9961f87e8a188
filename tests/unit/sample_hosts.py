"""Hosts as host_facts sees them, made of a tree of files: what is on a healthy one, and an observation of it."""

from __future__ import annotations

import json

from ansible_collections.ascend.fleet.plugins.action import host_facts as action
from ansible_collections.ascend.fleet.plugins.module_utils.host import facts as host_probe
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.tests.unit import ascend_trees as trees
from ansible_collections.ascend.fleet.tests.unit.dictview import DictView, Node

ROOT = "/usr/local/Ascend"
RUN = Node("", mode="0755")
DEVICE = Node(owner="HwHiAiUser", group="HwHiAiUser", mode="0660", kind="char")
PARAMS = {
    "pci_ids": action.pci_ids(catalog.load()["chips"]),
    "npu_names": {},
    "install_path": ROOT,
    "user": "HwHiAiUser",
    "env_root": "/opt/ascend/envs",
    "state_dir": "/var/lib/ascend-fleet",
    "npu_smi_timeout": 5,
}
ACCOUNT = {"uid": 1000, "group": "HwHiAiUser", "groups": ["HwHiAiUser"], "shell": "/bin/bash", "home": "/home/x"}
MANAGERS = ("davinci_manager", "devmm_svm", "hisi_hdc")


def npu(chips):
    """The answer of npu-smi about so many healthy chips."""
    rows = [{"npu_id": number, "chip_id": 0, "name": "910B4", "health": "OK"} for number in range(chips)]
    table = {"npu_smi_version": "25.3.rc1", "driver_version": "25.3.rc1", "chips": rows, "processes": []}
    return {"available": True, "kind": None, "code": None, "message": None, "fix": None, "npu_smi": table}


def nothing():
    """The answer where there is no npu-smi."""
    return {
        "available": False,
        "kind": "not_found",
        "code": None,
        "message": "npu-smi is nowhere",
        "fix": "install it",
        "npu_smi": None,
    }


def environment():
    """The files of our environment."""
    base = "/opt/ascend/envs/mindspore"
    tree = {
        f"{base}/ascend-fleet.json": json.dumps({"path": base, "provider": "venv", "owner": "root"}),
        f"{base}/bin/python": RUN,
        f"{base}/pyvenv.cfg": "version = 3.11.2\n",
    }
    packages = [("mindspore", "2.7.1"), ("te", "0.4.0"), ("hccl", "0.1.0"), ("numpy", "1.26.4"), ("sympy", "1.13")]
    for name, version in packages:
        info = f"{base}/lib/python3.11/site-packages/{name}-{version}.dist-info"
        tree.update({f"{info}/METADATA": f"Version: {version}\n", f"{info}/RECORD": ""})
        if name == "te":
            url = f"file://{ROOT}/nnae/8.3.RC1/lib64/te-0.4.0-py3-none-any.whl"
            tree[f"{info}/direct_url.json"] = json.dumps({"url": url})
    return tree


def pci(number):
    """The files of one card on the bus."""
    base = f"/sys/bus/pci/devices/0000:{number:02x}:00.0"
    return {
        f"{base}/vendor": "0x19e5",
        f"{base}/device": "0xd802",
        f"{base}/class": "0x120000",
        f"{base}/subsystem_vendor": "0x19e5",
        f"{base}/subsystem_device": "0x3003",
    }


def observe(*tree, answer=None):
    """What host_facts returns for a host with these files; answer: of npu-smi."""
    view = DictView(*tree, accounts={"HwHiAiUser": ACCOUNT})
    return host_probe.collect(
        view,
        PARAMS,
        {"version": "3.9", "executable": "x"},
        lambda timeout: answer or nothing(),
        lambda npu_processes: [],
    )


def healthy(*more):
    """The facts of a server with eight chips on which everything is as it should be; more: further files."""
    return observe(
        trees.driver(),
        trees.firmware(),
        trees.cann_6_3("8.3.RC1", "nnae", "C23"),
        environment(),
        *[pci(number) for number in range(8)],
        {f"/dev/davinci{number}": DEVICE for number in range(8)},
        *more,
        answer=npu(8),
    )
