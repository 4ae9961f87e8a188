# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about what only the doctor's probe sees: clock, su, compilers, DKMS, logs, libraries. See rules.py.

They take the facts with the probe's answer beside them, as facts["probe"].
"""

from ansible_collections.ascend.fleet.plugins.module_utils.host import deeper
from ansible_collections.ascend.fleet.plugins.module_utils.vendor.files import BASES
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor.hardware import concerned
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor.rule import HIDDEN, rule

_SCRIPTS = "hicann/driver scripts/package"
_SKEW = 120  # seconds; less may be the way from the control node to the host
_WRONG = 3600  # seconds from which certificates and signatures may be out of their time
_DRIVER_LOG = "/ascend_install.log"


def _driver_down(facts):
    return concerned(facts) and not facts["npu"]["available"]


def _clock(least, below):
    def when(facts):
        offset = facts["probe"]["clock_offset"]
        if offset is None or not least <= abs(offset) < below:
            return None
        where = "ahead of" if offset > 0 else "behind"
        return f"the host's clock is {int(abs(offset))} seconds {where} that of the control node"

    return when


def _su(facts):
    if facts["probe"]["pam_su_rootok"] is False and concerned(facts):
        return "/etc/pam.d/su has no line: auth sufficient pam_rootok.so"
    return None


def _compiler(facts):
    built, here = facts["probe"]["kernel_compiler"], facts["tools"]["gcc"]
    if not built or not here or here == "unknown" or not _driver_down(facts):
        return None
    return (
        f"the kernel was built with gcc {built}, here is gcc {here}"
        if built.split(".")[0] != here.split(".")[0]
        else None
    )


def _umask(facts):
    value = facts["probe"]["umask"]
    rows = [f"umask {value} in Ansible's session"] if value and int(value, 8) & 0o005 else []
    return ", ".join(
        rows + ["umask {} in {}".format(row["umask"], row["path"]) for row in facts["probe"]["umask_files"]]
    )


def _idle(facts):
    row = facts["probe"]["sshd"]
    if row["client_alive_interval"] and row["client_alive_count_max"] == 0:
        return f"sshd: ClientAliveInterval {row['client_alive_interval']}, ClientAliveCountMax 0"
    return None


def _dkms_leftover(facts):
    row = facts["probe"]["dkms"]
    if row is None or facts["driver"]["installed"]:
        return None
    return "/var/lib/dkms/davinci_ascend is there (%s), the driver is not" % (", ".join(row["versions"]) or "empty")


def _dkms_other_kernel(facts):
    row, release = facts["probe"]["dkms"], facts["kernel"]["release"]
    if (
        row is None
        or not row["kernels"]
        or release in row["kernels"]
        or not facts["driver"]["installed"]
        or facts["npu"]["available"]
    ):
        return None
    return "built for {}, running is {}".format(", ".join(row["kernels"]), release)


def _complaints(facts, failed):
    """The logs' rows that explain why something is not there (failed), or the others."""
    missing = {
        True: concerned(facts) and not facts["driver"]["installed"],
        False: not any(row["product"] in BASES for row in facts["cann"]),
    }
    return [row for row in facts["probe"]["logs"] if missing[row["file"].endswith(_DRIVER_LOG)] is failed]


def _log(failed):
    def when(facts):
        return "; ".join("{}: {}".format(row["file"], row["line"]) for row in _complaints(facts, failed))

    return when


def _log_fix(failed):
    def fix(facts):
        known = [row for row in _complaints(facts, failed) if row["fix"]]
        words = "; ".join("{}: {}".format(row["cause"], row["fix"]) for row in known)
        return words[:1].upper() + words[1:] + "." if words else "Read the log from there on, mend it, install again."

    return fix


def _installers(facts):
    def since(minutes):
        return "" if minutes is None else f", for {int(minutes)} minutes"

    rows = facts["probe"]["installers"]
    return "; ".join(f"pid {row['pid']}{since(row['minutes'])}: {row['command']}" for row in rows)


def _closed(facts):
    return ", ".join(f"{path} may not be read by other users" for path in facts["probe"]["closed"])


def _kernel_log(facts):
    lines = [line for line in facts["probe"]["kernel_log"] if deeper.kernel_refuses(line)]
    return "; ".join(lines[-2:]) if _driver_down(facts) else None


def _parents(facts):
    rows = [
        row
        for row in facts["probe"]["parents"]
        if row["mode"] is not None
        and (row["owner"] != "root" or int(row["mode"], 8) & 0o055 != 0o055 or int(row["mode"], 8) & 0o022)
    ]
    return ", ".join("{} belongs to {} and has mode {}".format(row["path"], row["owner"], row["mode"]) for row in rows)


def _redirected(facts):
    wanted, recorded = facts["probe"]["install_path"], facts["probe"]["cann_record"]
    if not recorded or wanted in recorded:
        return None
    return "/etc/Ascend/ascend_cann_install.info says {}, this fleet installs to {}".format(", ".join(recorded), wanted)


def _not_in_shell(facts):
    there = [row for row in facts["cann"] if row["product"] in BASES and row["set_env"]]
    if not there or facts["probe"]["login_files"] or facts["environments"]:
        return None
    return "{} is installed, no login file loads {}".format(there[0]["product"], there[0]["set_env"])


def _by_environment(key, text):
    def when(facts):
        return "; ".join(text % (name, ", ".join(found)) for name, found in sorted(facts["probe"][key].items()))

    return when


def _other_arch(facts):
    rows = sorted(facts["probe"]["mindspore_arch"].items())
    return "; ".join(
        "{} has MindSpore for {}, the host is {}".format(name, arch, facts["arch"])
        for name, arch in rows
        if arch != facts["arch"]
    )


RULES = (
    rule(
        "clock-wrong",
        "error",
        _clock(_WRONG, float("inf")),
        "The host's clock is wrong.",
        "Set it (chronyd or timedatectl set-time, in UTC): signatures, certificates and downloads depend on it.",
        "ascend-deployer README; " + _SCRIPTS + " (device_images_crl_check)",
        "A container has the clock of its host: set it there (chronyd or timedatectl set-time, in UTC).",
    ),
    rule(
        "clock-skew",
        "warning",
        _clock(_SKEW, _WRONG),
        "The host's clock is off.",
        "Start chronyd or another NTP client.",
        "ascend-deployer README",
        "A container has the clock of its host: start chronyd or another NTP client there.",
    ),
    rule(
        "su-asks-password",
        "warning",
        _su,
        "su asks root for a password; an unattended installer hangs at that.",
        "Add to /etc/pam.d/su, as its first line: auth sufficient pam_rootok.so",
        _SCRIPTS + " (checkEnvFile)",
        HIDDEN,
    ),
    rule(
        "gcc-differs",
        "warning",
        _compiler,
        "The driver would be built with another gcc than the kernel.",
        "Make that major version of gcc the default one if DKMS fails; no need if the package brings matching modules.",
        "user report (Dkms install failed)",
        HIDDEN,
    ),
    rule(
        "umask-closed",
        "warning",
        _umask,
        "What is installed by hand here will be unreadable for other users.",
        "Install with umask 022; the roles of ascend.fleet do in any case.",
        "ascend-deployer README",
    ),
    rule(
        "ssh-closes-idle",
        "warning",
        _idle,
        "sshd closes sessions that are silent for a while.",
        "Set ClientAliveCountMax to 3: a long installation by hand ends with Shared connection closed. The roles "
        "of ascend.fleet poll, and are not concerned.",
        "ascend-deployer FAQ 5",
    ),
    rule(
        "dkms-leftover",
        "warning",
        _dkms_leftover,
        "An earlier DKMS build was left behind.",
        "rm -rf /var/lib/dkms/davinci_ascend, then install the driver.",
        "hicann/driver docs/zh/FAQ.md Q3",
        HIDDEN,
    ),
    rule(
        "dkms-other-kernel",
        "error",
        _dkms_other_kernel,
        "The driver was not built for the running kernel.",
        "Boot that kernel, or install the headers of this one and install the driver again.",
        "hicann/driver docs/zh/FAQ.md Q3, Q8",
        HIDDEN,
    ),
    rule(
        "install-failed",
        "error",
        _log(True),
        "The last installation failed.",
        _log_fix(True),
        "the vendor's log on this host",
    ),
    rule(
        "install-complained",
        "warning",
        _log(False),
        "The last change was refused or failed; the earlier is there.",
        _log_fix(False),
        "the vendor's log on this host",
    ),
    rule(
        "installer-running",
        "warning",
        _installers,
        "An installer of the vendor's is running.",
        "Wait for it. One that stands still waits for an answer nobody gives ([y/n], licence): end it, and install "
        "with --quiet, as the roles of ascend.fleet do.",
        _SCRIPTS + " install.sh; CANN installation guide",
    ),
    rule(
        "kernel-refuses-module",
        "error",
        _kernel_log,
        "The kernel refuses a module of the driver.",
        "Unknown symbol and version magic: the module is for another kernel; use an operating system the HDK "
        "supports, or install its headers and install the driver again. Key rejected: sign the module, or turn "
        "Secure Boot off.",
        "dmesg; user report (mdev_register_parent)",
        HIDDEN,
    ),
    rule(
        "install-path-parents",
        "error",
        _parents,
        "A folder above the install path is not root's, or closed.",
        "chown root:root and chmod 755, for each folder named.",
        _SCRIPTS + " (should belong to root; permission is too small)",
    ),
    rule(
        "cann-redirected",
        "warning",
        _redirected,
        "A record sends CANN's installers to another path.",
        "Set ascend_install_path to that path. If nothing is installed there, move the record away.",
        "hiascend.com installation guide; ascend-deployer",
    ),
    rule(
        "cann-not-in-shell",
        "info",
        _not_in_shell,
        "No login shell finds CANN's libraries.",
        "Source set_env.sh in /etc/profile.d, in ~/.bashrc or in the service's start: libascendcl.so and libhccl.so "
        "are not found otherwise. It leaves out driver/lib64/driver (libascend_hal.so); add that, too.",
        "PaddlePaddle/FastDeploy#1808, #1824; vllm-ascend#152",
    ),
    rule(
        "compiler-packages",
        "warning",
        _by_environment("compiler_packages", "%s lacks %s"),
        "Python packages that CANN's operator compiler asks for are missing.",
        "pip install them there; prereq_check.bash of CANN lists all.",
        "an installed CANN 8.1.RC1 prereq_check",
    ),
    rule(
        "libraries-missing",
        "error",
        _by_environment("libraries", "%s: torch does not find %s"),
        "torch cannot be imported: libraries are missing.",
        "Install openblas (libblas.so.3) and libquadmath or libgomp from the distribution.",
        "ascend-deployer FAQ 6, 7",
    ),
    rule(
        "environment-closed",
        "warning",
        _closed,
        "An environment of root's is closed to its users.",
        "chmod -R go+rX for each, or run ascend.fleet.site after removing it; it was made under a strict umask.",
        "ascend-deployer README",
    ),
    rule(
        "mindspore-arch",
        "error",
        _other_arch,
        "MindSpore in this environment is for another architecture.",
        "Wheels for aarch64 on PyPI say any platform. Install the wheel of this architecture by its URL; there may "
        "be none.",
        "mindspore 2.7.1 on PyPI",
    ),
)
