# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be true of a host and a package before a vendor's installer is started.

What an installer checks itself before it touches anything (missing tools, missing user, wrong chip or architecture)
stays its job: vendor_errors turns its answer into cause and fix, and here it is a warning at most. Checked here is
what it finds out too late, or not at all.
"""

import os
import shutil
import time

from ansible_collections.ascend.fleet.plugins.module_utils import versions, whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    files as package_io,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    private_copy as package_copy,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    process as process_io,
)
from ansible_collections.ascend.fleet.plugins.module_utils.host import busy
from ansible_collections.ascend.fleet.plugins.module_utils.host import npu as npu_smi_run
from ansible_collections.ascend.fleet.plugins.module_utils.secure import safe_folder
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import (
    complaints as vendor_errors,
)
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import files as vendor_files
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import (
    installed,
)
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import (
    installer as vendor_run,
)

# "free space only .., cannot install driver package (greater than 300M)"; 32 MB for the firmware (hicann/driver).
_NEEDED_MB = {"driver": 300, "firmware": 32}
# What is changed under nobody's work.
AT_REST = tuple(vendor_files.HDK) + ("device_network", "chip_reset")
_DEFAULT_USER = "HwHiAiUser"
_UNPACK = "unpack"  # below the state folder
_CANN_RECORD = "/etc/Ascend/ascend_cann_install.info"
_POLL = 5
_NOT_EXECUTABLE = 126  # a shell's exit code


class Refused(Exception):
    """A change that is not begun: what is wrong, why, and what to do."""

    def __init__(self, what, cause, fix, **more):
        super(Refused, self).__init__("%s. Cause: %s. Fix: %s." % (what, cause, fix))
        self.facts = dict(more, cause=cause, fix=fix)


def secured(args, state_dir):
    """run_package's arguments, with the path of a package that nobody can exchange once it was hashed.

    The hash that the name of a folder of the cache promises is kept beside the copy.
    """
    if not os.path.isfile(args["path"]):
        return args
    try:
        path = package_copy.secured(args["path"], state_dir)
    except package_copy.CannotCopy as exc:
        raise Refused(*exc.parts)
    except OSError as exc:
        raise Refused(
            "The package %s cannot be read" % args["path"], exc.strerror, "check the disk and the file's permissions"
        )
    return dict(args, path=path, checksum=args["checksum"] or package_io.cached_sha256(args["path"]))


def package_file(path, checksum):
    """Refuse a package that is missing or not the one that was promised. Returns its sha256."""
    if not os.path.isfile(path):
        raise Refused(
            "The package %s is not there" % path,
            "it was not staged to this host, or path is wrong",
            "stage it first (ascend.fleet.stage) and set path to where it is on the managed host",
        )
    promised = (checksum or "").lower().replace("sha256:", "").strip() or package_io.cached_sha256(path)
    try:
        found = whole_file.sha256(path)
        with open(path, "rb") as stream:
            begin = stream.read(60)
    except OSError as exc:
        raise Refused("The package %s cannot be read" % path, exc.strerror, "check the disk and the file's permissions")
    if promised and found != promised:
        raise Refused(
            "The package %s is not what it should be" % path,
            "its sha256 is %s, expected %s: it is damaged or was changed" % (found, promised),
            "remove it and stage it again; nothing was executed",
            sha256=found,
        )
    if not begin.startswith(b"#!"):
        # A shell would "run" an empty file well, and a web page line by line.
        raise Refused(
            "The package %s is not an installer" % path,
            "it begins with %r" % begin.decode("utf-8", "replace") if begin else "it is empty",
            "download it again; a web page saved in its place (login, licence) is the usual reason",
        )
    return found


def archive(path, folder, environ, timeout, prefix=()):
    """Let the archive check itself before it is asked to do anything; refuse one that says it is damaged.

    Args:
        folder: where its output goes; made here.
        environ, timeout: as for process_io.run.
        prefix: words before the command, such as those that make it a user's.
    """
    safe_folder.ensure(folder)
    run = process_io.run(list(prefix) + ["bash", path, "--check"], folder, environ, timeout, "check")
    errors = vendor_errors.explain(run["text"])
    if run["rc"] == 0 and not any(row["name"] == "checksum" for row in errors):
        return
    if run["rc"] == _NOT_EXECUTABLE:
        raise Refused(
            "The package %s cannot be unpacked" % os.path.basename(path),
            "programs in %s may not be executed" % environ.get("TMPDIR", "the folder it unpacks to"),
            "mount that file system without noexec",
            rc=run["rc"],
            log_tail=process_io.tail(run["text"]),
        )
    if errors and errors[0]["untouched"] and errors[0]["name"] != "checksum":
        # The archive is whole; its installer looked at the host (--check does both).
        raise Refused(
            "The package %s is not for this host" % os.path.basename(path),
            errors[0]["cause"],
            errors[0]["fix"],
            rc=run["rc"],
            log_tail=process_io.tail(run["text"]),
        )
    reason = "it did not end in time" if run["timed_out"] else "exit code %s" % run["rc"]
    raise Refused(
        "The package %s does not pass its own check" % os.path.basename(path),
        "%s: %s" % (reason, errors[0]["cause"] if errors else vendor_run.tail_line(run["text"]) or "no output"),
        errors[0]["fix"] if errors else "transfer the package again and compare its sha256",
        rc=run["rc"],
        log_tail=process_io.tail(run["text"]),
    )


def downgrade(component, wanted, state, allowed, undoing):
    """Refuse an older version than the installed one, unless it takes back a change that never ended."""
    current = state.get("version")
    if not current or allowed or undoing or versions.compare(wanted, current) >= 0:
        return
    raise Refused(
        "%s %s is older than the installed %s" % (component, wanted, current),
        "a downgrade was not asked for",
        "set allow_downgrade: true (ascend_allow_downgrade: true in the roles), or pin %s" % current,
    )


def base_package(view, component, wanted, install_path):
    """Kernels and ops need toolkit, nnae or nnrt of their own version."""
    if component not in vendor_files.KERNELS:
        return
    have = []
    for name in vendor_files.BASES:
        state = installed.component(view, name, install_path, version=wanted)
        if versions.same(state["version"], wanted) and not state["damaged"]:
            return
        if state["version"]:
            have.append("%s %s" % (name, state["version"]))
    raise Refused(
        "%s %s has no CANN base" % (component, wanted),
        "toolkit, nnae or nnrt of version %s must be installed first; there is %s"
        % (wanted, ", ".join(have) or "none"),
        "install the base of the same version first (role cann does)",
    )


def cann_path(view, component, install_path, has_cann):
    """The path the vendor's own record names for CANN, or None; refuse one that contradicts install_path.

    --install-path on a host with a record silently moves the record, and later packages land elsewhere.
    """
    if component in vendor_files.HDK:
        return None
    recorded = [path.rstrip("/") for path in vendor_files.install_paths(view.read(_CANN_RECORD))]
    if not recorded:
        return None
    if install_path in recorded:
        return install_path
    if not has_cann:
        return None  # a record without packages: --install-path sets it right
    raise Refused(
        "CANN is installed in %s, not in %s" % (recorded[0], install_path),
        "%s names that path, and --install-path would redirect every later package" % _CANN_RECORD,
        "set install_path (ascend_install_path) to %s, or uninstall CANN there first" % recorded[0],
    )


def space(component, package, install_path, state_dir):
    """Refuse a disk that would fill up half way. Returns the folder to unpack to.

    The installer is told that folder, whichever it is: archives have different defaults ($HOME, /tmp). /tmp comes last,
    since it may be cleaned while an installer works.
    """
    unpacked = package_io.unpacked_mb(package)
    need = max(_NEEDED_MB.get(component, 0), unpacked)
    free = package_io.free_mb(install_path)
    if free is not None and free < need:
        raise Refused(
            "The disk under %s is too full for %s" % (install_path, component),
            "%d MB are free, about %d MB are needed" % (free, need),
            "free space there, or set install_path to a larger file system",
        )
    folder, reasons = package_io.unpack_folder(unpacked, ("/var/tmp", state_dir, "/tmp"))
    if folder is None:
        raise Refused(
            "The package %s cannot be unpacked" % os.path.basename(package),
            "; ".join(reasons),
            "free space in one of them, or mount it without noexec",
        )
    if folder != state_dir:
        return folder
    folder = os.path.join(state_dir, _UNPACK)
    shutil.rmtree(folder, ignore_errors=True)  # what a killed installer left
    safe_folder.ensure(folder)
    return folder


def prerequisites(component, username, path):
    """What the driver's installer is going to miss, as warnings; it checks the same before it begins."""
    if component != "driver":
        return []
    warnings = []
    missing = [tool for tool in ("lspci", "ifconfig") if not shutil.which(tool, path=path)]
    if missing:
        warnings.append(
            "The driver's installer wants %s, which this host lacks: install pciutils and net-tools."
            % " and ".join(missing)
        )
    user = username or _DEFAULT_USER
    try:
        import pwd

        shell = pwd.getpwnam(user).pw_shell
        if shell.endswith(("nologin", "/false")):
            warnings.append("The user %s has the shell %s: older driver installers need /bin/bash." % (user, shell))
    except KeyError:
        warnings.append("The user %s does not exist: the driver's installer does not create it." % user)
    return warnings


def find_users(timeout=30):
    """Who uses the NPUs now: contract rows of busy.users()."""
    answer = npu_smi_run.run(timeout=timeout)
    return busy.users(npu_processes=(answer.get("npu_smi") or {}).get("processes", ()))


def idle(component, policy, patience, users=find_users, sleep=time.sleep, clock=time.monotonic):
    """Refuse to change driver, firmware or network of the NPUs under somebody's work.

    Args:
        component: only those of AT_REST matter; CANN packages do not touch the devices.
        policy: refuse, wait (at most ``patience`` seconds) or ignore.

    Returns:
        The rows of those who use the NPUs although the change goes on (policy ignore), else [].
    """
    if component not in AT_REST:
        return []
    deadline = clock() + patience
    rows = users()
    while rows and policy == "wait" and clock() < deadline:
        sleep(_POLL)
        rows = users()
    if rows and policy != "ignore":
        waited = " after waiting %d s" % patience if policy == "wait" else ""
        raise Refused(
            "The NPUs of this host are in use%s: %s" % (waited, "; ".join(map(busy.describe, rows))),
            "changing the %s would break their work" % component,
            "stop them, or set busy_policy (ascend_busy_policy) to wait or ignore",
            busy=rows,
        )
    return rows
