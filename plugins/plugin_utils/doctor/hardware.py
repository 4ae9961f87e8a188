# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about hardware, operating system, users and disks: what a driver needs. See rules.py for what a rule is.

Sources: the vendor's open driver scripts (hicann/driver), its installer's FAQ, and transcripts of users.
"""

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor.rule import HIDDEN, rule

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


RULES = (
    rule(
        "no-accelerator",
        "info",
        _no_accelerator,
        "This host shows no Ascend accelerator.",
        "If one is built in: look at the BMC, reseat the card, start the host cold. In a container, this is normal "
        "without mapped devices.",
        _SCRIPTS + " common.sh (PCI count)",
        "This is normal without mapped devices; to have some, start it with the Ascend Docker runtime or --device.",
    ),
    rule(
        "accelerator-unknown",
        "warning",
        _unknown_accelerator,
        "The catalog does not know an accelerator here.",
        "Add its ids to chips.yml in the folder ascend_catalog_overlay names.",
        "catalog/chips.yml",
    ),
    rule(
        "accelerator-mixed",
        "error",
        _mixed,
        "There are chips of several families in this host.",
        "One driver package serves one family. Take one kind of card out, or plan this host by hand (ascend_chip).",
        _SCRIPTS + " env_check.sh (package and environment must match)",
        "Give this container devices of one kind only.",
    ),
    rule(
        "tools-missing",
        "error",
        _missing_tools,
        "The driver's installer will refuse: tools are missing.",
        "Install net-tools and pciutils; the role ascend.fleet.npu_driver does.",
        _SCRIPTS + " check_tools.conf",
        HIDDEN,
    ),
    rule(
        "kernel-headers-missing",
        "warning",
        _no_headers,
        "DKMS cannot build the driver for the running kernel.",
        "Install kernel-devel and kernel-headers (linux-headers on Debian) of exactly this kernel, or boot a kernel "
        "that has them; no need if the package brings matching modules (install type Direct).",
        _FAQ + " Q3, Q8",
        HIDDEN,
    ),
    rule(
        "toolchain-missing",
        "warning",
        _no_toolchain,
        "Tools that DKMS builds the driver with are missing.",
        "Install gcc, make and dkms; no need if the package brings matching modules (install type Direct).",
        _SCRIPTS + " run_driver_install.sh",
        HIDDEN,
    ),
    rule(
        "kernel-unbuildable",
        "warning",
        _unbuildable_kernel,
        "Drivers are known not to build on this kernel.",
        "Use an operating system of the HDK's support list, or a newer HDK.",
        "user report (MIN redefined, mdev)",
        HIDDEN,
    ),
    rule(
        "kernel-too-old",
        "error",
        _old_kernel,
        "The firmware of Atlas 300T cannot be installed on this kernel.",
        "Boot a kernel from 4.5 on.",
        "ascend-deployer README; " + _SCRIPTS + " (kernel_version_is_upgrade)",
        HIDDEN,
    ),
    rule(
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
        HIDDEN,
    ),
    rule(
        "user-shell",
        "error",
        _user_shell,
        "The installers run commands as the driver's user, whose shell refuses.",
        lambda facts: "usermod -s /bin/bash {}, at least while installing.".format(facts["user"]["name"]),
        "ascend-deployer README; " + _SCRIPTS + " (isValidPath)",
        HIDDEN,
    ),
    rule(
        "user-id",
        "info",
        _user_id,
        "Images of AscendHub expect the driver's user to have uid 1000.",
        "Only containers with mapped files mind. Give the user uid 1000 before the driver is installed.",
        "ascend-deployer create_user.yaml",
        "Make the user with uid 1000 in the image.",
    ),
    rule(
        "user-differs",
        "error",
        _other_user,
        "The driver was installed with another user (ERR_NO:0x0095).",
        "Set ascend_user and ascend_group to the recorded ones, or uninstall driver and firmware first.",
        _SCRIPTS + " install.sh",
        HIDDEN,
    ),
    rule(
        "install-path-rights",
        "error",
        _install_path_rights,
        "The install path is not root's, or closed to others.",
        "chown root:root and chmod 755, for the path and every folder above; install with umask 022.",
        _SCRIPTS + " (isValidPath); ascend-deployer cann_check",
    ),
    rule(
        "driver-space",
        "error",
        _driver_space,
        "There is no room for a driver package.",
        "Free at least 300 MB there.",
        _SCRIPTS + " install.sh",
        HIDDEN,
    ),
)
