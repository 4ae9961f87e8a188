# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the vendor's installers complain about, as data: sign, cause, fix.

Sources: the driver's install scripts (hicann/driver, scripts/package), the CANN 8.1.RC1 installer, the vendor's
FAQ, and recorded installations. ``untouched`` is true where the installer refuses before it changes anything;
a change that ended there leaves the host as it was and needs no repair.
"""

import re

# (name, regular expression, cause, fix, untouched). The first ones are the more telling: a general code such
# as 0x0004 often stands beside the line that says what is really wrong.
_ROWS = (
    (
        "missing-tools",
        r"list of missing tools:\s*(?P<what>[\w.,| -]+)",
        "tools the installer needs are missing: {what}",
        "install pciutils (lspci), net-tools (ifconfig), kmod and systemd; the role npu_driver does that",
        True,
    ),
    (
        "wrong-chip",
        r"installation package and environment is not match|no chip matching the driver package"
        r"|current installation package is 310B EP",
        "the package is for another chip than this host has",
        "stage the package of this host's chip family (910b and 910 differ; A3 has packages of its own)",
        True,
    ),
    (
        "wrong-arch",
        r"Arch mismatch, src package is (?P<what>[\w-]+)"
        r"|package architecture (?P<more>[\w-]+) is inconsistent",
        "the package is built for {what}{more}, which is not this host's architecture",
        "stage the package whose name carries this host's architecture",
        True,
    ),
    (
        "occupied",
        r"davinci nodes are occupied|has used by (?P<what>\w+)",
        "processes or containers hold the NPU device files",
        "stop them (ascend_busy_policy: wait polls until they are gone; ignore installs anyway and needs a reboot)",
        True,
    ),
    (
        "space",
        r"free space [^\n]*only (?P<what>[\w.{}$]+)|free space is not enough|No space left on device"
        r"|Not enough space left",
        "the disk is full or too small",
        "free space on the install path and where it unpacks to; a driver needs 300 MB, a CANN toolkit about 10 GB",
        False,
    ),
    (
        "module-load",
        r"Driver_ko_install_manually failed|(?P<what>\w+) modprobe failed",
        "a kernel module of the driver could not be loaded: {what}",
        "look for 'modprobe failed' in /var/log/ascend_seclog/ascend_install.log and at dmesg: a module for another "
        "kernel (install its headers, or boot a kernel that the package supports), or one that Secure Boot refuses",
        False,
    ),
    (
        "dkms-hangs",
        r"DKMS check and uninstall time\((?P<what>[^)]*)\) out",
        "DKMS did not end within {what}",
        "look for a running dkms or make (ps -ef), end it, remove /var/lib/dkms/davinci_ascend, and run again",
        False,
    ),
    (
        "dkms",
        r"Dkms install failed|Driver_ko_install failed|Drv_dkms_env_check failed",
        "the kernel module could not be built for the running kernel",
        "install make, dkms, gcc and the headers of the running kernel (kernel-devel-$(uname -r), or "
        "linux-headers-$(uname -r)), remove /var/lib/dkms/davinci_ascend, and run again; details in "
        "/var/log/ascend_seclog/ascend_install.log",
        False,
    ),
    (
        "flash-version",
        r"is earlier than the device flash hardware version",
        "the package is older than the firmware in the device's flash; the installer refuses such a downgrade",
        "choose a driver at least as new as the device's firmware, or downgrade the firmware first",
        True,
    ),
    (
        "stepwise",
        r"(?P<what>Download and install the [\w.]+ driver package\. Then upgrade[^.\n]*)",
        "the installed release is too old for a direct upgrade: {what}",
        "install the version it names first, then this one",
        True,
    ),
    (
        "signature-mode",
        r"signature mode used by the software is inconsistent",
        "the host checks software by another kind of signature than this package carries",
        "use a package signed for that mode, or change the mode as the driver's manual says",
        False,
    ),
    (
        "crl",
        r"Device_images_crl_check failed|certificate is not yet valid|certificate has expired",
        "the signature check of the device images failed; a wrong system clock is the usual reason",
        "set the clock (UTC) and run again",
        False,
    ),
    (
        "no-user",
        r"(?P<what>[\w-]+) not exists! Please add",
        "the user {what} does not exist on this host; the installer does not create it",
        "create user and group first (groupadd HwHiAiUser; useradd -g HwHiAiUser -m -s /bin/bash HwHiAiUser)",
        True,
    ),
    (
        "other-user",
        r"user and group are not same with last installation",
        "the last installation used another user and group",
        "set username and usergroup to those in /etc/ascend_install.info, or uninstall first",
        True,
    ),
    (
        "not-in-group",
        r"User is not belong to the dirver or firmware's installed usergroup",
        "the user is not in the driver's group",
        "usermod -aG HwHiAiUser <user>, or install the driver with install_for_all",
        True,
    ),
    (
        "path-owner",
        r"including its parents,? should belong to root",
        "the install path or one of its parents does not belong to root",
        "chown root:root the path and its parents, mode 0755",
        True,
    ),
    (
        "path-mode",
        r"permission is too small|do not have the permission to access|or its parents, permission is invalid",
        "the install path or one of its parents cannot be entered by the driver's user",
        "chmod 0755 the path and its parents, and give HwHiAiUser the shell /bin/bash",
        True,
    ),
    (
        "base-first",
        r"Please install toolkit, nnae or nnrt version (?P<what>[\w.]+) before",
        "the CANN base of the same version, {what}, is not installed",
        "install toolkit, nnae or nnrt {what} first",
        True,
    ),
    (
        "virtual",
        r"firmware[^\n]*(?:can ?not|not)[^\n]*(?:virtual machine|container)",
        "firmware cannot be changed from a virtual machine or a container",
        "install it on the physical host; set ascend_host_kind if this is one",
        True,
    ),
    (
        "driver-down",
        r"Get device information failed",
        "the driver does not reach the devices",
        "reboot if the driver was just installed; else look at dmesg, then run again",
        True,
    ),
    (
        "no-python",
        r"(?P<what>python3|pip3) is (?:not found|too old)",
        "the CANN installer needs {what} (Python 3.7.5 or later)",
        "install python3 and python3-pip from the distribution",
        True,
    ),
    (
        "driver-first",
        r"install (?:the )?driver (?:package )?first",
        "the firmware needs the driver's upgrade-tool, and no driver is installed",
        "install the driver first",
        True,
    ),
    (
        "vnpu-passthrough",
        r'Not support install with "--vnpu_guest"',
        "--vnpu_guest is for sliced NPUs; this virtual machine has a whole one",
        "leave --vnpu_guest out of extra_args",
        True,
    ),
    (
        "for-root",
        r"user(?:name|group) not permission for root",
        "the driver is one of the user root, and the installer wants to be told so again",
        "set username and usergroup to root (ascend_user, ascend_group), with install_for_all: true",
        True,
    ),
    (
        "files",
        r"Drv_file_copy failed|Device_pcie_load_file_rename failed|load file\((?P<what>[^)]*)\) is missing",
        "files of the driver could not be put in place {what}",
        "look at the disk and at files that are immutable (lsattr -R <install path>/driver), then run again",
        False,
    ),
    (
        "boot-items",
        r"Set boot-items failed|Pcie_load_path_set failed",
        "what loads the driver at boot could not be set up",
        "look at /etc (read-only, full?) and at /var/log/ascend_seclog/ascend_install.log, then run again",
        False,
    ),
    (
        "in-container",
        r"may run in docker environment|can only be used in the container",
        "the installer was run in a container, or with an option for one",
        "install the driver on the host itself; containers get its folder mounted",
        True,
    ),
    (
        "retry-clean",
        r"please retry after uninstall and reboot",
        "the installer could not replace what is there",
        "run again: an unfinished change is repaired by uninstalling and installing; reboot if that fails too",
        False,
    ),
    (
        "checksum",
        r"Error in (?:MD5|SHA256) checksums|checksums? (?:are|is) (?:different|wrong)|corrupt(?:ed)? archive|"
        r"Unexpected archive size|"
        r"gzip: .*(?:unexpected end|crc error|invalid compressed)|Extraction failed|Unexpected EOF in archive",
        "the package is damaged",
        "transfer the package again and compare its sha256",
        True,
    ),
    (
        "0x0095",
        r"ERR_NO:\s*0x0095",
        "the user differs from that of the last installation",
        "set username and usergroup to those in /etc/ascend_install.info, or uninstall first",
        True,
    ),
    ("0x0096", r"ERR_NO:\s*0x0096", "the user is not in the given group", "usermod -aG <usergroup> <username>", True),
    (
        "all-in-one",
        r"all-in-one RUN package is found",
        "an old package that holds everything is installed (/etc/HiAI_install.info)",
        "uninstall it first, by its own uninstall script",
        True,
    ),
    (
        "0x0094",
        r"ERR_NO:\s*0x0094",
        "another installation is in progress, or an old all-in-one package is installed",
        "wait for the other installer to end; uninstall an old HiAI package",
        True,
    ),
    (
        "0x0093",
        r"ERR_NO:\s*0x0093|need root permission|have root permission|chmod \d+ /etc/ascend_install\.info failed",
        "the installer needs root",
        "run with become: true",
        True,
    ),
    (
        "0x0091",
        r"ERR_NO:\s*0x0091",
        "the user or group does not exist, or root is not allowed without install_for_all",
        "create user and group first, or set install_for_all: true with username root",
        True,
    ),
    (
        "0x0090",
        r"ERR_NO:\s*0x0090",
        "the removal failed",
        "look into /var/log/ascend_seclog/ascend_install.log, reboot, and run again",
        False,
    ),
    (
        "live-patch",
        r"Uninstallation and recovery failed",
        "a live patch of the driver could be neither removed nor put back",
        "reboot the host, then run again",
        False,
    ),
    (
        "0x0080",
        r"ERR_NO:\s*0x0080(?![^\n]*recovery failed)",
        "the installer says the component is not installed",
        "nothing is left to remove or to upgrade; install it with state: present",
        True,
    ),
    (
        "0x0003",
        r"ERR_NO:\s*0x0003",
        "the installer does not accept the install path",
        "use a path of letters, digits, -, _ and / with parents that belong to root",
        True,
    ),
    (
        "0x0004",
        r"ERR_NO:\s*0x0004",
        "the installer does not accept these options",
        "check extra_args against the package's --help",
        True,
    ),
    (
        "0x0002",
        r"ERR_NO:\s*0x0002",
        "the installer does not accept its input",
        "check extra_args against the package's --help",
        True,
    ),
    (
        "other-code",
        r"ERR_NO:\s*(?P<what>0x[0-9A-Fa-f]+)\s*;?\s*(?:ERR_DES:\s*(?P<more>[^\n]*))?",
        "the installer ended with {what}: {more}",
        "look into /var/log/ascend_seclog/ascend_install.log",
        False,
    ),
)
ERRORS = tuple(
    {"name": name, "pattern": pattern, "cause": cause, "fix": fix, "untouched": untouched}
    for name, pattern, cause, fix, untouched in _ROWS
)
_COMPILED = tuple((re.compile(row["pattern"], re.IGNORECASE), row) for row in ERRORS)


def explain(text):
    """What an installer's output complains about, most telling first.

    Args:
        text: output without colour codes.

    Returns:
        [{"name", "cause", "fix", "untouched", "line"}]; ``line`` is the line that says so.
    """
    found = []
    for pattern, row in _COMPILED:
        match = pattern.search(text)
        if not match or (row["name"] == "other-code" and any(item["name"].startswith("0x") for item in found)):
            continue
        words = {key: (value or "").strip(" ,") for key, value in match.groupdict().items()}
        words.setdefault("what", "")
        words.setdefault("more", "")
        begin = text.rfind("\n", 0, match.start()) + 1
        stop = text.find("\n", match.end())
        found.append(
            {
                "name": row["name"],
                "cause": row["cause"].format(**words).rstrip(" :"),
                "fix": row["fix"].format(**words),
                "untouched": row["untouched"],
                "line": text[begin : stop if stop >= 0 else len(text)].strip()[:300],
            }
        )
    return found
