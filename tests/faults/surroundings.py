# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults around a run: other users, umask, file systems, folders that go away under it, accounts."""

from __future__ import annotations

from collections.abc import Iterator

from tests.faults.case import JOURNAL, STARTS, STATE, Case, await_call, fill, kill, slow

# What box.restore undoes, should a case end before its own "after".
UNDO = r"""
while mountpoint -q /home/ops/.ansible/tmp; do umount -l /home/ops/.ansible/tmp || break; done
! mountpoint -q /usr/local/sbin/npu-smi || umount -l /usr/local/sbin/npu-smi
mount -o remount,exec,size=2g /tmp
rm -f /tmp/.filler
! mountpoint -q /var/tmp || umount -l /var/tmp
pkill -9 -u nobody
while mountpoint -q /etc/sudoers.d; do umount -l /etc/sudoers.d || break; done
rm -f /etc/sudoers.d/zz-fault /run/flooded
[ ! -e /root/states/hdk.tar ] || id HwHiAiUser >/dev/null 2>&1 || useradd -m -U HwHiAiUser
"""
# An ordinary user who takes each lock as soon as it can be opened, and keeps it.
_TAKES_LOCKS = f"""cat >/run/takes-locks <<'END'
while sleep 0.2; do
    for name in {STATE}/lock {STATE}/cache/.lock /run/lock/ascend-fleet*; do
        {{ flock -n 8 && {{ sleep 600 & }}; }} 8<"$name"
    done
done 2>/dev/null
END
setsid runuser -u nobody -- bash /run/takes-locks >/dev/null 2>&1 </dev/null &
sleep 1"""
# A mount, so that a host that is started again has its own rules again.
_NO_SUDO = (
    "mount -t tmpfs -o mode=750 none /etc/sudoers.d; echo 'ops ALL=(ALL) ALL' >/etc/sudoers.d/ops;"
    " chmod 440 /etc/sudoers.d/ops"
)
_NOT_OURS = rf"{STATE}\b.*(own|belong|writ)|(own|belong|writ).*{STATE}\b"


def _other_users() -> Iterator[Case]:
    for component in ("driver", "cann", "kernels"):
        # Once the lock is new, and could be open to others for a moment.
        yield Case(
            "ordinary user",
            component,
            "takes every lock he can open",
            STARTS[component],
            unhindered=True,
            before=(f"rm -f {STATE}/lock; " if component == "cann" else "") + _TAKES_LOCKS,
            after="pkill -9 -u nobody",
        )
    yield Case(
        "ordinary user",
        "driver",
        "made the state folder",
        "bare",
        untouched=True,
        refused=_NOT_OURS,
        before=f"install -d -o nobody -m 755 {STATE}",
        after=f"chown root:root {STATE}",
    )
    yield Case(
        "ordinary user",
        "driver",
        "may write to the state folder",
        "bare",
        untouched=True,
        refused=_NOT_OURS,
        before=f"install -d -m 777 {STATE}",
        after=f"chmod 755 {STATE}",
    )
    # No limit of time ends it: whoever only waits for a lock of the cache waits until the holder is gone.
    yield Case(
        "held lock",
        "cann",
        "the cache's, for ten seconds",
        "hdk",
        unhindered=True,
        before=f"mkdir -p {STATE}/cache; setsid bash -c 'exec 8<>{STATE}/cache/.lock; flock 8;"
        " exec -a lock-keeper sleep 10' >/dev/null 2>&1 </dev/null & sleep 0.5",
    )


def _umask() -> Iterator[Case]:
    # It is how the host is set up: it stays for the second run.
    for umask in ("0000", "0077"):
        for component in ("driver", "cann"):
            yield Case(
                "umask",
                component,
                umask,
                STARTS[component],
                unhindered=True,
                before=f"echo 'Defaults umask={umask}, umask_override' >/etc/sudoers.d/zz-fault",
            )


def _file_systems() -> Iterator[Case]:
    for component in ("driver", "cann"):
        start = STARTS[component]
        yield Case(
            "file system",
            component,
            "/tmp noexec",
            start,
            unhindered=True,
            before="mount -o remount,noexec /tmp",
            after="mount -o remount,exec /tmp",
        )
        yield Case(
            "file system",
            component,
            "/tmp and /var/tmp noexec",
            start,
            unhindered=True,
            before="mount -o remount,noexec /tmp; mount -t tmpfs -o noexec none /var/tmp",
            after="mount -o remount,exec /tmp; umount /var/tmp",
        )
        yield Case(
            "file system",
            component,
            "install path read-only",
            start,
            after="umount -l /usr/local/Ascend",
            before="mkdir -p /usr/local/Ascend; mount --bind /usr/local/Ascend /usr/local/Ascend &&"
            " mount -o remount,bind,ro /usr/local/Ascend",
        )
        yield Case(
            "file system",
            component,
            "state folder read-only",
            start,
            after=f"umount -l {STATE}",
            before=f"mkdir -p {STATE}; mount --bind {STATE} {STATE} && mount -o remount,bind,ro {STATE}",
            untouched=True,
            refused="(?i)read-only",
        )
        yield Case(
            "disk full",
            component,
            "the login user's folder, while staging",
            start,
            before=f"rm -rf {STATE}/cache; mkdir -p /home/ops/.ansible/tmp; chown -R ops: /home/ops/.ansible;"
            " mount -t tmpfs -o size=16k,uid=2000,mode=700 none /home/ops/.ansible/tmp",
            after="umount -l /home/ops/.ansible/tmp",
            untouched=True,
            refused="(?i)space|disk|write|Failure",
        )
        yield Case(
            "disk full",
            component,
            "/tmp runs full midway",
            start,
            slow(component),
            before="mount -o remount,size=100m /tmp",
            watch=await_call(component, 0) + fill("/tmp", 120) + "; echo STRUCK",
            after="rm -f /tmp/.filler; mount -o remount,size=2g /tmp",
        )
    yield Case(
        "disk full",
        "driver",
        "no inode left in the state folder",
        "bare",
        after=f"umount -l {STATE}",
        before=f"mkdir -p {STATE}; mount -t tmpfs -o nr_inodes=4,mode=755 none {STATE}",
        untouched=True,
        refused="(?i)space|inode",
    )


def _folders_go_away() -> Iterator[Case]:
    for component in ("driver", "cann"):
        start, wait = STARTS[component], await_call(component, 0.5)
        yield Case(
            "folder lost",
            component,
            "the records of running jobs",
            start,
            slow(component),
            watch=wait + "rm -rf /run/ascend-fleet && echo STRUCK",
        )
        yield Case(
            "folder lost",
            component,
            "the state folder",
            start,
            slow(component),
            watch=wait + f"rm -rf {STATE} && echo STRUCK",
        )
        yield Case(
            "folder lost",
            component,
            "/tmp, cleaned by a timer",
            start,
            slow(component),
            watch=wait + "find /tmp -mindepth 1 -delete; echo STRUCK",
        )
    yield Case(
        "folder lost",
        "kernels",
        "the cache",
        "base",
        slow("kernels"),
        watch=await_call("kernels", 0.5) + f"rm -rf {STATE}/cache && echo STRUCK",
    )
    # What a kill in the middle of a write leaves behind.
    yield Case(
        "folder lost",
        "driver",
        "none, but drafts of whole files are there",
        "old",
        before=f"echo half >{STATE}/.journal.jsonl.x1y2z3; echo half >{STATE}/.lock.x1y2z3",
    )
    # Without its journal the older stack is somebody else's, and is taken over because we are told to.
    yield Case(
        "folder lost",
        "driver",
        "the journal",
        "old",
        before=f"rm -f {JOURNAL}",
        variables={"ascend_take_over": ["driver", "firmware", "cann", "kernels"]},
    )


def _accounts() -> Iterator[Case]:
    yield Case(
        "account",
        "driver",
        "the driver's user is gone",
        "no-driver",
        before="userdel HwHiAiUser; groupdel HwHiAiUser 2>/dev/null; true",
    )
    yield Case(
        "account",
        "driver",
        "sudo refuses",
        "no-driver",
        untouched=True,
        refused="(?i)sudo|password",
        before=_NO_SUDO,
        after="umount -l /etc/sudoers.d",
    )
    yield Case(
        "account",
        "cann",
        "sudo refuses midway",
        "hdk",
        slow("cann"),
        after="umount -l /etc/sudoers.d",
        watch=await_call("cann", 0.5) + f"{_NO_SUDO}; echo STRUCK; " + kill("'sshd: ops'*"),
        variables={"ascend_silence_timeout": 20},
    )
    # The modules of the kernel are not there after an update of the kernel; the boot unit has them again.
    yield Case("reboot", "driver", "the driver is not loaded", "done", before="/usr/lib/npu-sim/hardware unload")
    yield Case(
        "reboot",
        "firmware",
        "the old firmware still runs",
        "done",
        before="echo 7.5.0.1.129 >/var/lib/npu-sim/firmware.running",
    )


KINDS = (_other_users, _umask, _file_systems, _folders_go_away, _accounts)
