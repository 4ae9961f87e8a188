# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a framework runs as: a proof needs no rights of root's, and models and packages are other people's programs.

Touches the host, unlike most of module_utils.
"""

import os
import stat

from ansible_collections.ascend.fleet.plugins.module_utils.secure import run_as
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import files as vendor_files

DEVICES = "/dev"
INSTALL_INFO = "/etc/ascend_install.info"
# What the driver's installer names its user by default.
DRIVER_USER = "HwHiAiUser"
_NOBODY = 65534
_READ = os.R_OK | os.X_OK
# What is executed first; whoever can write one of these says what runs.
_EXECUTED = ("", "/bin", "/bin/python", "/bin/ascend-run", "/ascend-env.sh")


class NoUser(Exception):
    """Nobody may run it; the text names cause and fix."""


def choose(wanted, readable):
    """The account for a run in an environment.

    The environment's owner where that is not root. Else the first of the driver's user and nobody that can read
    everything and use the NPU. Root only in an environment that root alone can write, and only where the device nodes
    let nobody else in, or nobody else may read the environment; the account's note says which.

    Args:
        wanted: C(environment), C(device_target) and C(device_id).
        readable: paths of files and folders that the run reads besides.

    Raises:
        NoUser: there is none.
    """
    environment = wanted["environment"]
    try:
        owners, open_to_others = _writers(environment)
    except OSError as exc:
        raise NoUser("%s: %s. Run the role python_toolchain." % (exc.filename or environment, exc.strerror))
    if os.geteuid() != 0:
        return run_as.current()
    if len(owners) > 1:
        raise NoUser(
            "Several users own parts of %s (%s), and each could let the others execute what is theirs. Give it one "
            "owner, or remove it and run the role python_toolchain."
            % (environment, ", ".join(sorted(account.name for account in owners.values())))
        )
    packages = [(environment, _READ), (environment + "/bin/python", os.X_OK), (environment + "/bin/ascend-run", _READ)]
    files = [(path, _READ if os.path.isdir(path) else os.R_OK) for path in readable]
    nodes = [(path, os.R_OK | os.W_OK) for path in device_nodes(wanted)]
    try:
        if owners:
            return _owner(list(owners.values())[0], environment, packages + files, nodes)
        return _unprivileged(environment, packages, files, nodes, not open_to_others and _only_root_writes(environment))
    except OSError as exc:
        raise NoUser("The run shall not be root's, but %s. Let the module run as root or as one user." % exc.strerror)


def of_device(wanted, readable):
    """The account for a run with the host's own programs: the first that can read the files and use the NPU, else root.

    Args:
        wanted: C(device_target) and C(device_id).
        readable: paths of files that the run reads.

    Raises:
        NoUser: a file can be read by root alone.
    """
    if os.geteuid() != 0:
        return run_as.current()
    nodes = [(path, os.R_OK | os.W_OK) for path in device_nodes(wanted)]
    refused = None
    for account in _candidates(nodes):
        path = account.refused([(name, os.R_OK) for name in readable])
        if path:
            refused = refused or (account.name, path)
        elif not account.refused(nodes):
            return account
    if refused:
        raise NoUser(
            "The run shall not be root's, and %s may not read %s. Let everybody read it (chmod o+r, and o+x on the "
            "folders above it)." % refused
        )
    return run_as.current("the device nodes let root alone in; the driver was not installed for all users")


def device_nodes(wanted):
    """The device nodes there are of those that a run on the wanted device opens."""
    if wanted["device_target"] != "Ascend":
        return []
    names = ("davinci%d" % wanted["device_id"], "davinci_manager", "devmm_svm", "hisi_hdc")
    return [path for path in (os.path.join(DEVICES, name) for name in names) if os.path.exists(path)]


def _writers(environment):
    """({uid: account} of the users but root that own what is executed, whether a group or others may write there)."""
    owners, open_to_others = {}, False
    for path in [environment + name for name in _EXECUTED]:
        if path.endswith("/ascend-env.sh") and not os.path.lexists(path):
            continue
        # Of a link, whoever owns it or what it leads to.
        for status in (os.lstat(path), os.stat(path)):
            if status.st_uid != 0:
                owners[status.st_uid] = run_as.by_uid(status.st_uid, status.st_gid)
            loose = stat.S_IMODE(status.st_mode) & (0o022 if status.st_gid else 0o002)
            open_to_others = open_to_others or (bool(loose) and not stat.S_ISLNK(status.st_mode))
    return owners, open_to_others


def _owner(account, environment, files, nodes):
    path = account.refused(files)
    if path:
        raise NoUser(
            "%s owns %s and may not read %s. Let that user read it, or give the environment to root."
            % (account.name, environment, path)
        )
    path = account.refused(nodes)
    if path:
        status = os.stat(path)
        group = run_as.group_name(status.st_gid)
        raise NoUser(
            "%s owns %s and may not use %s (group %s, mode %04o). Add that user to the group (usermod -aG %s %s), or "
            "install the driver for all users (npu_driver_install_for_all: true)."
            % (account.name, environment, path, group, stat.S_IMODE(status.st_mode), group, account.name)
        )
    return account


def _unprivileged(environment, packages, files, nodes, only_roots):
    refused, reached, readers = None, False, False
    for account in _candidates(nodes):
        path = account.refused(packages)
        reached = reached or not path
        path = path or account.refused(files)
        if path:
            refused = refused or (account.name, path)
        elif account.refused(nodes):
            readers = True
        else:
            return account
    if readers and only_roots:
        return run_as.current("the device nodes let root alone in; the driver was not installed for all users")
    if not reached and only_roots:
        return run_as.current("nobody but root may read %s, which is of no use to other users then" % environment)
    if readers:
        raise NoUser(
            "The device nodes let root alone in, and others than root may write in %s or above it, which root must not "
            "execute. Take the write permission away (chmod go-w), or install the driver for all users "
            "(npu_driver_install_for_all: true)." % environment
        )
    raise NoUser(
        "The run shall not be root's, and %s may not read %s. Let everybody read it (chmod o+rX, folders above it "
        "too), or choose another place: ascend_env_root for environments, inference_check_model_root for models."
        % refused
    )


def _only_root_writes(path):
    """Whether no ordinary user can change a folder or put another one in its place."""
    for start in (os.path.abspath(path), os.path.realpath(path)):
        while True:
            status = os.lstat(start)
            loose = stat.S_IMODE(status.st_mode) & (0o022 if status.st_gid else 0o002)
            sticky = status.st_mode & stat.S_ISVTX
            if status.st_uid != 0 or (loose and not sticky and not stat.S_ISLNK(status.st_mode)):
                return False
            if start == "/":
                break
            start = os.path.dirname(start)
    return True


def _candidates(nodes):
    """Accounts in the order in which they are tried; each with the group that may use the NPU."""
    groups = {os.stat(path).st_gid for path, _mode in nodes if stat.S_IMODE(os.stat(path).st_mode) & 0o060 == 0o060}
    accounts = [run_as.by_uid(os.stat(path).st_uid, os.stat(path).st_gid) for path, _mode in nodes]
    accounts += [run_as.by_name(name) for name in (_installed_for(), DRIVER_USER) if name]
    accounts.append(run_as.by_name("nobody") or run_as.by_uid(_NOBODY, _NOBODY))
    seen, result = {0}, []
    for account in accounts:
        if account is not None and account.uid not in seen:
            seen.add(account.uid)
            for gid in groups:
                account = account.with_group(gid)
            result.append(account)
    return result


def _installed_for():
    """The user the driver was installed for, by the vendor's own record, or None."""
    try:
        with open(INSTALL_INFO, encoding="utf-8", errors="replace") as handle:
            return vendor_files.parse_key_values(handle.read(65536)).get("UserName")
    except OSError:
        return None
