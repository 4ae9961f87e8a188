# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put together everything the plan needs to know of a host: the value of ansible_facts.ascend.

Reads only. The outside world comes in as a view (host_view.HostView), a runner of npu-smi and a finder of
processes, so a whole host can be a dictionary in a test.
"""

import json
import re

from ansible_collections.ascend.fleet.plugins.module_utils import boot as which_boot
from ansible_collections.ascend.fleet.plugins.module_utils import defaults, journal, ownership
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import links
from ansible_collections.ascend.fleet.plugins.module_utils.container import observe as container
from ansible_collections.ascend.fleet.plugins.module_utils.exporter import observe as exporter
from ansible_collections.ascend.fleet.plugins.module_utils.host import around, om_models, tuning_wanted
from ansible_collections.ascend.fleet.plugins.module_utils.host import (
    pci as host_probe_pci,
)
from ansible_collections.ascend.fleet.plugins.module_utils.host import (
    python as host_probe_python,
)
from ansible_collections.ascend.fleet.plugins.module_utils.host import (
    system as host_probe_system,
)
from ansible_collections.ascend.fleet.plugins.module_utils.network import observe as network
from ansible_collections.ascend.fleet.plugins.module_utils.network import tool as hccn
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import declared, installed, installed_cann

SCHEMA = 1
JOURNAL_ENTRIES = 20
_VERSION = re.compile(r'"version"\s*:\s*"?([0-9][\w.]*)')


def collect(view, params, interpreter, run_npu_smi, find_users, network_tool=None):
    """All facts of a host.

    Args:
        view: the host.
        params: module parameters pci_ids, npu_names, install_path, user, env_root, state_dir, npu_smi_timeout, and
            device_network, network_ports where the network of the NPUs is wanted too, container_runtime and
            container_engine where these are, and host_tuning where the system's settings are.
        interpreter: {"version", "executable"} of the running Python.
        run_npu_smi: npu_smi_run.run, or its like.
        find_users: busy.users, or its like.
        network_tool: makes a network.tool.Tool of a path; for params["device_network"].

    Returns:
        dict: the documented value of ansible_facts.ascend; every key is present.
    """
    install_path, state_dir = params["install_path"].rstrip("/") or "/", params["state_dir"].rstrip("/")
    seen = _loaded(view, params, run_npu_smi)
    kind, npu, driver, firmware, entries = (seen[name] for name in ("kind", "npu", "driver", "firmware", "entries"))
    reasons, accelerators = (
        seen["reasons"],
        host_probe_pci.from_npu_smi(seen["found"], npu["chips"], params["npu_names"]),
    )
    cann = installed.cann(view, install_path)
    devices = seen["devices"]
    npu_exporter = exporter.observed(view, state_dir)
    return {
        "schema": SCHEMA,
        "hostname": view.uname()["hostname"],
        "arch": host_probe_system.architecture(view),
        "os": host_probe_system.operating_system(view),
        "kernel": host_probe_system.kernel(view),
        "python": interpreter,
        "glibc": host_probe_system.glibc_version(view),
        "host_kind": kind,
        "host_kind_evidence": seen["evidence"],
        "boot_id": seen["boot"],
        "accelerators": accelerators,
        "user": host_probe_system.user(view, params["user"]),
        "accounts": host_probe_system.accounts(view, params.get("accounts") or ()),
        "tools": host_probe_python.tools(view),
        "driver": driver,
        "firmware": firmware,
        "cann": cann,
        "cann_elsewhere": around.cann_elsewhere(view, installed_cann.cann_roots(view, install_path)),
        "missing_mounts": around.missing_mounts(view, kind, install_path, driver["install_info"]),
        "environments": host_probe_python.environments(
            view, params["env_root"], cann, params.get("python_packages") or ()
        ),
        "foreign_environments": host_probe_python.foreign_environments(view, params["env_root"]),
        "extra_packages": declared.observed(view, state_dir, params.get("extra_packages") or ()),
        "om_models": om_models.observed(view, state_dir),
        "devices": devices,
        "npu": npu,
        # Without a device node there is nothing a process could hold, and no need to look at all of them.
        "busy": exporter.marked(
            find_users(npu_processes=npu["processes"]) if devices or npu["processes"] else [], npu_exporter
        ),
        "disk": host_probe_system.disks(view, _places(params)),
        "cached": len(view.listdir(state_dir + "/cache")),
        "journal": {
            "unfinished": _without_packages(journal.unfinished(entries)),
            "unfinished_components": journal.unfinished_components(entries),
            # What was in an environment is long, and said once below.
            "entries": [_without_packages(entry) for entry in entries[-JOURNAL_ENTRIES:]],
            "previous": journal.previous(entries),
            "before_last_run": journal.before_last_run(entries),
            "environments_before_last_run": journal.environments_before_last_run(entries),
            "origin": journal.origin(entries),
            "held": ownership.holdings(entries),
            "durations": journal.durations(entries),
        },
        "models": links.Links(view, state_dir).foreign(params.get("model_dir")),
        "container_runtime": container.observe(
            view,
            state_dir,
            install_path,
            params.get("container_engine") or "docker",
            params.get("container_runtime"),
        ),
        "proofs": {
            "inference": _proof(view.read(defaults.proof_file(state_dir))),
            "om": _proof(view.read(state_dir + "/proofs/om.json")),
            "others": {name: _proof(view.read(defaults.proof_file(state_dir, name))) for name in defaults.PROVEN},
        },
        "npu_exporter": npu_exporter,
        "host_tuning": tuning_wanted.observed(view, state_dir, params.get("host_tuning")),
        "device_network": _device_network(view, params, accelerators, npu["chips"], driver["path"], network_tool),
        "reboot_required": bool(reasons),
        "reboot_reasons": reasons,
    }


def reboot_due(view, params, run_npu_smi):
    """Why the host needs a reboot as it is now, as in facts["reboot_reasons"]; for those who need no more than that.

    Args:
        view: the host.
        params: install_path, state_dir, npu_smi_timeout, and pci_ids where they are known.
        run_npu_smi: npu_smi_run.run, or its like.
    """
    return _loaded(view, params, run_npu_smi)["reasons"]


def _loaded(view, params, run_npu_smi):
    """What is installed of driver and firmware, what is loaded of it, and whether that takes a reboot."""
    install_path, state_dir = params["install_path"].rstrip("/") or "/", params["state_dir"].rstrip("/")
    kind, evidence = host_probe_system.host_kind(view)
    boot = which_boot.identity(view.read)
    npu = npu_state(run_npu_smi(timeout=params["npu_smi_timeout"]))
    driver = installed.driver(view, install_path)
    firmware = installed.firmware(view, install_path)
    driver["loaded"] = npu["driver_version"]
    firmware["loaded"] = running_firmware(view, driver, firmware, npu, params["npu_smi_timeout"])
    devices = host_probe_system.devices(view)
    entries = journal.parse(view.read(state_dir + "/" + journal.FILE_NAME, tail=True))
    # Without a right to the device nodes npu-smi says -8005 too; then it says nothing about the driver.
    trusted = view.privileged() or not devices
    found = host_probe_pci.accelerators(view, params.get("pci_ids") or [])
    # Nor does it when every card was given to virtual machines.
    trusted = trusted and (found["count"] > 0 or not found["passed_through"])
    return {
        "kind": kind,
        "evidence": evidence,
        "boot": boot,
        "npu": npu,
        "driver": driver,
        "firmware": firmware,
        "devices": devices,
        "entries": entries,
        "found": found,
        "reasons": reboot_reasons(kind, boot, driver, firmware, npu if trusted else dict(npu, kind=None), entries),
    }


def _without_packages(entry):
    return entry and {name: value for name, value in entry.items() if name != "packages"}


def _device_network(view, params, accelerators, chips, driver, tool):
    """facts["device_network"]; the chips are asked only where somebody wants to know."""
    if not params.get("device_network"):
        return dict(network.NOT_ASKED)
    ports = (params.get("network_ports") or {}).get(accelerators["family"]) or {}
    path = "%s/%s" % (driver or params["install_path"].rstrip("/") + "/driver", hccn.PLACE)
    smi = "/usr/local/sbin/npu-smi"

    def super_pod(npu_id, chip_id):
        answer = view.run([smi, "info", "-t", "spod-info", "-i", str(npu_id), "-c", str(chip_id)])
        return answer[1] if answer else ""

    return network.observe(
        view, ports.get("port"), chips, path, tool or hccn.Tool, super_pod if ports.get("super_pod") else None
    )


def npu_state(answer):
    """facts["npu"] from what npu_smi_run.run returned."""
    table = answer["npu_smi"] or {}
    return {
        "available": answer["available"],
        "kind": answer["kind"],
        "code": answer["code"],
        "message": answer["message"],
        "fix": answer["fix"],
        "npu_smi_version": table.get("npu_smi_version"),
        "driver_version": table.get("driver_version"),
        "chips": table.get("chips") or [],
        "processes": table.get("processes") or [],
    }


def running_firmware(view, driver, firmware, npu, timeout):
    """The firmware version the chips run, or None when nothing says it.

    Several answers (a chip that was not flashed) are joined with commas, which no installed version equals.
    """
    if not (driver["path"] and firmware["path"]) or npu["kind"] in ("driver_not_loaded", "timeout"):
        return None
    tool = driver["path"] + "/tools/upgrade-tool"
    if not view.isfile(tool):
        return None
    answer = view.run([tool, "--device_index", "-1", "--component", "-1", "--version"], timeout=timeout)
    versions = list(dict.fromkeys(_VERSION.findall(answer[1]))) if answer else []
    return ", ".join(versions) or None


def reboot_reasons(kind, boot, driver, firmware, npu, entries):
    """Why this host needs a reboot, in words; [] when it does not. A container's driver is its host's affair."""
    if kind == "container":
        return []
    reasons = []
    if driver["installed"]:
        if npu["kind"] == "driver_not_loaded":
            reasons.append("driver %s is installed, but not loaded" % driver["installed"])
        elif driver["loaded"] and not _same(driver["loaded"], driver["installed"], driver["build_version"]):
            reasons.append("driver %s is installed, %s is loaded" % (driver["installed"], driver["loaded"]))
    if firmware["installed"] and firmware["loaded"] and firmware["loaded"] != firmware["installed"]:
        reasons.append("firmware %s is installed, %s is running" % (firmware["installed"], firmware["loaded"]))
    if not reasons:
        for component in ("driver", "firmware"):
            if journal.reboot_pending(entries, boot, component):
                reasons.append("the last change of the %s asked for a reboot, and there was none since" % component)
    return reasons


def _same(loaded, *stated):
    """Whether npu-smi's version is one that version.info states; the case of rc differs between the two."""
    return loaded.lower() in [version.lower() for version in stated if version]


def _places(params):
    """The folders whose free space counts, without repeats."""
    root = params["env_root"].rstrip("/").rsplit("/", 1)[0] or "/"
    install_path = params["install_path"].rstrip("/") or "/"
    return list(dict.fromkeys([install_path, root, params["state_dir"].rstrip("/"), "/tmp"]))


def _proof(text):
    try:
        value = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
