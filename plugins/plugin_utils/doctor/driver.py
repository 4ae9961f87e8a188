# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about hardware, system, driver and firmware. See doctor.py for what a rule is.

Sources: the vendor's open driver scripts (hicann/driver), its installer's FAQ, and transcripts of users.
"""

from ansible_collections.ascend.fleet.plugins.module_utils import versions

_SCRIPTS = "hicann/driver scripts/package"
_FAQ = "hicann/driver docs/zh/FAQ.md"
_DRIVER_SPACE = 300  # MiB the driver's installer asks for
_LOGINS = ("/sbin/nologin", "/usr/sbin/nologin", "/bin/false", "/usr/bin/false")


def concerned(facts):
    """Whether this host is to have, or has, a driver of its own."""
    has_npu = bool(facts["accelerators"]["count"] or facts["accelerators"]["unknown"])
    return facts["host_kind"] != "container" and (has_npu or facts["driver"]["installed"] is not None)


def _to_install(facts):
    """Whether a driver has yet to be installed or built here; what only an installer needs is no problem after it."""
    return concerned(facts) and not facts["npu"]["available"]


def _no_accelerator(facts):
    found = facts["accelerators"]
    if not found["count"] and not found["unknown"] and not facts["npu"]["available"]:
        return "no PCI device of vendor 19e5 is an accelerator"
    return None


def _unknown_accelerator(facts):
    rows = facts["accelerators"]["unknown"]
    return ", ".join(
        "{} is {}:{}, subsystem {}:{}".format(
            row["address"], row["vendor"], row["device"], row["subsystem_vendor"], row["subsystem_device"]
        )
        for row in rows
    )


def _mixed(facts):
    if not facts["accelerators"]["mixed"]:
        return None
    return "families " + ", ".join(sorted({str(row["family"]) for row in facts["accelerators"]["devices"]}))


def _missing_tools(facts):
    names = [name for name in ("lspci", "ifconfig") if not facts["tools"][name]]
    return "not found: " + ", ".join(names) if names and _to_install(facts) else None


def _no_headers(facts):
    if facts["kernel"]["headers"] or not _to_install(facts):
        return None
    return "/lib/modules/{}/build is missing".format(facts["kernel"]["release"])


def _no_toolchain(facts):
    names = [name for name in ("gcc", "make", "dkms") if not facts["tools"][name]]
    return "not found: " + ", ".join(names) if names and _to_install(facts) else None


def _unbuildable_kernel(facts):
    system, release = facts["os"], facts["kernel"]["release"]
    if (
        _to_install(facts)
        and system["id"] == "openeuler"
        and (system["version"] or "").startswith("24.03")
        and release.startswith("6.6.")
    ):
        return "{} with kernel {}".format(system["name"], release)
    return None


def _old_kernel(facts):
    """CentOS 7 on x86_64 with an Atlas 300T: the firmware needs a kernel from 4.5 on."""
    found, release = facts["accelerators"], facts["kernel"]["release"]
    if (
        found["family"] == "910"
        and facts["arch"] == "x86_64"
        and 0 < found["cards"] <= 2
        and versions.compare(release.split("-")[0], "4.5") < 0
    ):
        return f"kernel {release}, {found['cards']} cards of family 910"
    return None


def _no_user(facts):
    return "no user {}".format(facts["user"]["name"]) if concerned(facts) and not facts["user"]["exists"] else None


def _user_shell(facts):
    shell = facts["user"]["shell"]
    return "{} has the shell {}".format(facts["user"]["name"], shell) if shell in _LOGINS else None


def _user_id(facts):
    uid = facts["user"]["uid"]
    return f"{facts['user']['name']} has uid {uid}" if uid not in (None, 1000) else None


def _other_user(facts):
    recorded = facts["driver"]["install_info"].get("UserName")
    if recorded and recorded != facts["user"]["name"]:
        return "/etc/ascend_install.info has UserName={}, this fleet uses {}".format(recorded, facts["user"]["name"])
    return None


def install_disk(facts):
    """(install path, its row of facts["disk"]), or (None, {})."""
    recorded = facts["driver"]["install_info"].get("Driver_Install_Path_Param")
    paths = [recorded] + [row["install_path"] for row in facts["cann"]]
    paths += [path for path in facts["disk"] if path.endswith("/Ascend")]
    return next(((path, facts["disk"][path]) for path in paths if path in facts["disk"]), (None, {}))


def _install_path_rights(facts):
    path, row = install_disk(facts)
    mode = row.get("mode")
    if mode is None:
        return None
    if row["owner"] != "root" or int(mode, 8) & 0o055 != 0o055 or int(mode, 8) & 0o022:
        return "{} belongs to {} and has mode {}".format(path, row["owner"], mode)
    return None


def _driver_space(facts):
    path, row = install_disk(facts)
    free = row.get("free_mb")
    return f"{free} MiB free for {path}" if free is not None and free < _DRIVER_SPACE else None


def _damaged(component):
    return lambda facts: facts[component]["damaged"]


def _firmware_on_guest(facts):
    if facts["host_kind"] in ("vm", "container") and facts["firmware"]["installed"] and facts["accelerators"]["count"]:
        return "firmware {} is installed on a {} ({})".format(
            facts["firmware"]["installed"], facts["host_kind"], facts["host_kind_evidence"]
        )
    return None


def _firmware_alone(facts):
    if facts["firmware"]["installed"] and not facts["driver"]["installed"] and not facts["driver"]["damaged"]:
        return "firmware {}, no driver".format(facts["firmware"]["installed"])
    return None


def _firmware_step(facts):
    now = facts["firmware"]["loaded"] or facts["firmware"]["installed"] or ""
    parts = now.split(".")
    return f"firmware {now}" if facts["accelerators"]["family"] == "910b" and parts[1:2] == ["11"] else None


def _flash_newer(facts):
    installed, loaded = facts["firmware"]["installed"], facts["firmware"]["loaded"]
    if installed and loaded and "," not in loaded and versions.compare(loaded, installed) > 0:
        return f"firmware {loaded} is running, the installed package is {installed}"
    return None


def _firmware_differs(facts):
    loaded = facts["firmware"]["loaded"] or ""
    return f"the chips run firmware {loaded}" if "," in loaded else None


def _pair(facts):
    driver, firmware = facts["driver"], facts["firmware"]
    if not driver["installed"] or not firmware["installed"]:
        return None
    verdicts = [
        any(versions.in_range(version, low, high) for low, high in ranges)
        for version, ranges in (
            (firmware["installed"], driver["compatible_firmware"]),
            (driver["installed"], firmware["compatible_driver"]),
        )
        if ranges
    ]
    if verdicts and not any(verdicts):
        return "driver {} takes firmware {}; firmware {} takes driver {}".format(
            driver["installed"], driver["compatible_firmware"], firmware["installed"], firmware["compatible_driver"]
        )
    return None


def _npu_failed(kinds):
    def when(facts):
        npu = facts["npu"]
        if npu["kind"] not in kinds or not (facts["driver"]["installed"] or facts["devices"]):
            return None
        return "npu-smi: {}".format(npu["message"])

    return when


def _npu_fix(facts):
    return facts["npu"]["fix"] or "Look at dmesg and /var/log/npu."


def _chips_missing(facts):
    seen, built = len(facts["npu"]["chips"]), facts["accelerators"]["count"]
    if facts["npu"]["available"] and facts["host_kind"] != "container" and seen < built:
        return f"{built} chips on the PCI bus, npu-smi shows {seen}"
    return None


def _unhealthy(facts):
    rows = [chip for chip in facts["npu"]["chips"] if chip.get("health") not in (None, "OK")]
    return ", ".join("NPU {} chip {}: {}".format(row.get("npu_id"), row.get("chip_id"), row["health"]) for row in rows)


def _tool_version(facts):
    npu = facts["npu"]
    tool, driver = npu["npu_smi_version"], npu["driver_version"]
    return f"npu-smi {tool}, driver {driver}" if tool and driver and not versions.same(tool, driver) else None


def _busy(facts):
    rows = facts["busy"]
    text = ", ".join("pid {} ({})".format(row["pid"], row["container"] or row["command"]) for row in rows[:8])
    return text + (f" and {len(rows) - 8} more" if len(rows) > 8 else "")


def _guest_devices(facts):
    if facts["host_kind"] != "container" or not facts["accelerators"]["count"]:
        return None
    names = [row["path"] for row in facts["devices"]]
    if not any(name.startswith("/dev/davinci") and name[12:].isdigit() for name in names):
        return "no /dev/davinci device"
    missing = [name for name in ("/dev/davinci_manager", "/dev/devmm_svm", "/dev/hisi_hdc") if name not in names]
    return "missing: " + ", ".join(missing) if missing else None


def _closed_devices(facts):
    if facts["driver"]["install_info"].get("Driver_Install_For_All") == "yes":
        return None
    group = facts["driver"]["install_info"].get("UserGroup") or facts["user"]["group"] or facts["user"]["name"]
    owners = sorted({row["owner"] for row in facts["environments"]} - {"root", facts["user"]["name"], None})
    if not facts["driver"]["installed"] or not owners:
        return None
    return "environments of {}; the driver was installed for group {}, not for all users".format(
        ", ".join(owners), group
    )


def _reboot(facts):
    return "; ".join(facts["reboot_reasons"])


def _unfinished(facts):
    entry = facts["journal"]["unfinished"]
    if not entry:
        return None
    return "{} of {}, begun at {}, did not end well".format(
        entry.get("action"), entry.get("component"), entry.get("time")
    )


def _rule(identifier, severity, when, problem, fix, source):
    return {"id": identifier, "severity": severity, "when": when, "problem": problem, "fix": fix, "source": source}


RULES = (
    _rule(
        "no-accelerator",
        "info",
        _no_accelerator,
        "This host shows no Ascend accelerator.",
        "If one is built in: look at the BMC, reseat the card, start the host cold. In a container, this is normal "
        "without mapped devices.",
        _SCRIPTS + " common.sh (PCI count)",
    ),
    _rule(
        "accelerator-unknown",
        "warning",
        _unknown_accelerator,
        "The catalog does not know an accelerator here.",
        "Add its ids to chips.yml in the folder ascend_catalog_overlay names.",
        "catalog/chips.yml",
    ),
    _rule(
        "accelerator-mixed",
        "error",
        _mixed,
        "There are chips of several families in this host.",
        "One driver package serves one family. Take one kind of card out, or plan this host by hand (ascend_chip).",
        _SCRIPTS + " env_check.sh (package and environment must match)",
    ),
    _rule(
        "tools-missing",
        "error",
        _missing_tools,
        "The driver's installer will refuse: tools are missing.",
        "Install net-tools and pciutils; the role ascend.fleet.npu_driver does.",
        _SCRIPTS + " check_tools.conf",
    ),
    _rule(
        "kernel-headers-missing",
        "warning",
        _no_headers,
        "DKMS cannot build the driver for the running kernel.",
        "Install kernel-devel and kernel-headers (linux-headers on Debian) of exactly this kernel, or boot a kernel "
        "that has them; no need if the package brings matching modules (install type Direct).",
        _FAQ + " Q3, Q8",
    ),
    _rule(
        "toolchain-missing",
        "warning",
        _no_toolchain,
        "Tools that DKMS builds the driver with are missing.",
        "Install gcc, make and dkms; no need if the package brings matching modules (install type Direct).",
        _SCRIPTS + " run_driver_install.sh",
    ),
    _rule(
        "kernel-unbuildable",
        "warning",
        _unbuildable_kernel,
        "Drivers are known not to build on this kernel.",
        "Use an operating system of the HDK's support list, or a newer HDK.",
        "user report (MIN redefined, mdev)",
    ),
    _rule(
        "kernel-too-old",
        "error",
        _old_kernel,
        "The firmware of Atlas 300T cannot be installed on this kernel.",
        "Boot a kernel from 4.5 on.",
        "ascend-deployer README; " + _SCRIPTS + " (kernel_version_is_upgrade)",
    ),
    _rule(
        "user-missing",
        "error",
        _no_user,
        "The driver's run user is missing (ERR_NO:0x0091).",
        lambda facts: (
            "groupadd {0} && useradd -g {0} -m -s /bin/bash {0}; the role ascend.fleet.npu_driver does.".format(
                facts["user"]["name"]
            )
        ),
        _FAQ + " Q4",
    ),
    _rule(
        "user-shell",
        "error",
        _user_shell,
        "The installers run commands as the driver's user, whose shell refuses.",
        lambda facts: "usermod -s /bin/bash {}, at least while installing.".format(facts["user"]["name"]),
        "ascend-deployer README; " + _SCRIPTS + " (isValidPath)",
    ),
    _rule(
        "user-id",
        "info",
        _user_id,
        "Images of AscendHub expect the driver's user to have uid 1000.",
        "Only containers with mapped files mind. Give the user uid 1000 before the driver is installed.",
        "ascend-deployer create_user.yaml",
    ),
    _rule(
        "user-differs",
        "error",
        _other_user,
        "The driver was installed with another user (ERR_NO:0x0095).",
        "Set ascend_user and ascend_group to the recorded ones, or uninstall driver and firmware first.",
        _SCRIPTS + " install.sh",
    ),
    _rule(
        "install-path-rights",
        "error",
        _install_path_rights,
        "The install path is not root's, or closed to others.",
        "chown root:root and chmod 755, for the path and every folder above; install with umask 022.",
        _SCRIPTS + " (isValidPath); ascend-deployer cann_check",
    ),
    _rule(
        "driver-space",
        "error",
        _driver_space,
        "There is no room for a driver package.",
        "Free at least 300 MB there.",
        _SCRIPTS + " install.sh",
    ),
    _rule(
        "driver-damaged",
        "error",
        _damaged("driver"),
        "The driver's installation is incomplete.",
        "Install it again with --full --quiet, or run driver/script/uninstall.sh first; rm fails, version.info is "
        "immutable.",
        _SCRIPTS + " install.sh",
    ),
    _rule(
        "firmware-damaged",
        "error",
        _damaged("firmware"),
        "The firmware's installation is incomplete.",
        "Install it again with --full --quiet.",
        "user transcripts",
    ),
    _rule(
        "firmware-on-guest",
        "warning",
        _firmware_on_guest,
        "Firmware does not belong on a guest.",
        "Leave it out here (host kind vm or container does) and flash it on the physical host.",
        "article; user transcripts",
    ),
    _rule(
        "firmware-without-driver",
        "error",
        _firmware_alone,
        "There is firmware, but no driver.",
        "Install the driver; on a clean host it goes first.",
        "ascend-deployer task_firmware",
    ),
    _rule(
        "firmware-step",
        "error",
        _firmware_step,
        "This firmware is too old for a direct upgrade.",
        "Install driver 23.0.RC1 first, then the target version.",
        _SCRIPTS + " env_check.sh",
    ),
    _rule(
        "firmware-flash-newer",
        "warning",
        _flash_newer,
        "The chips run newer firmware than the installed package.",
        "Reboot. If it stays, install the newer package: the driver refuses to go below the flash.",
        _SCRIPTS + " (is_flash_version_check)",
    ),
    _rule(
        "firmware-differs",
        "error",
        _firmware_differs,
        "The chips run different firmware.",
        "Install the firmware again and reboot; a chip that stays behind needs a cold start.",
        "user transcripts",
    ),
    _rule(
        "driver-firmware-mismatch",
        "error",
        _pair,
        "Driver and firmware do not accept each other.",
        "Install both from one HDK release.",
        "driver/version.info and firmware/version.info on this host",
    ),
    _rule(
        "driver-not-loaded",
        "error",
        _npu_failed(("driver_not_loaded",)),
        "The driver does not answer.",
        _npu_fix,
        "vllm-project/vllm-ascend#2698; hicann/driver",
    ),
    _rule(
        "npu-taken",
        "error",
        _npu_failed(("device_busy",)),
        "Another container or virtual machine holds the NPUs.",
        _npu_fix,
        "Ascend/cann-container-image#46; Project-HAMi/ascend-device-plugin#23",
    ),
    _rule("npu-smi-hangs", "error", _npu_failed(("timeout",)), "npu-smi hangs.", _npu_fix, "hicann/driver"),
    _rule(
        "npu-smi-fails",
        "warning",
        _npu_failed(
            ("permission_denied", "no_device", "missing_library", "not_found", "not_supported", "unrecognised")
        ),
        "npu-smi does not show the NPUs.",
        _npu_fix,
        "hicann/driver",
    ),
    _rule(
        "chips-missing",
        "error",
        _chips_missing,
        "Not every chip is up.",
        "Wait a minute and reboot; if a card stays away, install firmware, then driver again; if lspci misses it as "
        "well, it is the hardware.",
        _SCRIPTS + " (chips not ready)",
    ),
    _rule(
        "chips-unhealthy",
        "error",
        _unhealthy,
        "A chip is not healthy.",
        "npu-smi info -t health -i <npu> names the fault codes; dmesg and /var/log/npu say more.",
        "npu-smi",
    ),
    _rule(
        "npu-smi-version",
        "info",
        _tool_version,
        "npu-smi and the loaded driver are of different releases.",
        "Reboot after an upgrade; otherwise another npu-smi stands earlier in PATH.",
        "npu-smi",
    ),
    _rule(
        "container-devices",
        "error",
        _guest_devices,
        "The container lacks device nodes.",
        "Start it with --device for each /dev/davinciN it needs, /dev/davinci_manager, /dev/devmm_svm and "
        "/dev/hisi_hdc, or with the Ascend Docker runtime.",
        "vllm-ascend installation guide",
    ),
    _rule(
        "npu-in-use",
        "info",
        _busy,
        "Processes use the NPUs; the driver cannot be changed while they do.",
        "Stop them and the containers first, or let ascend_busy_policy: wait wait for them.",
        _SCRIPTS + " install.sh",
    ),
    _rule(
        "users-not-in-group",
        "warning",
        _closed_devices,
        "Users of these environments may not use the NPUs.",
        lambda facts: (
            "usermod -aG %s <user>, or install the driver with --install-for-all."
            % (facts["driver"]["install_info"].get("UserGroup") or facts["user"]["name"])
        ),
        "CANN 8.1 install.sh",
    ),
    _rule(
        "reboot-pending",
        "warning",
        _reboot,
        "This host needs a reboot.",
        "Run ascend.fleet.site (it reboots what needs it), or reboot by hand.",
        "installed against loaded versions",
    ),
    _rule(
        "change-unfinished",
        "error",
        _unfinished,
        "An earlier change did not come to its end.",
        "Run ascend.fleet.site: it makes that change again.",
        "journal of this host",
    ),
)
