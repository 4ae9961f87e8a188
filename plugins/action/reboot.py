# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control node's half of reboot: one command that tells this boot and starts the reboot, then looks for another."""

from __future__ import annotations

import re
import secrets
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible_collections.ascend.fleet.plugins.plugin_utils.host_action import HostAction
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import clean

RUN = "/run"  # empty after a boot, and root's
# How the commands below end where nothing was started.
_NO_BOOT, _NO_SHUTDOWN, _NO_ROOT = 70, 71, 72
_WORDS_AT_MOST = 8000  # characters
_GOING = 20  # seconds that one look watches a host go down
_BOOT = re.compile(r"^ascend\.fleet boot <(.*?)>$", re.DOTALL | re.MULTILINE)
_REFUSED = re.compile(r"^ascend\.fleet refused <(.*?)>$", re.DOTALL | re.MULTILINE)
_FAREWELL = re.compile(r"(?:Shared connection|Connection) to .* closed\.?")
_TELL = f"""\
boot=$(sh -c {{command}}) || exit {_NO_BOOT}
[ -n "$boot" ] || {{{{ echo it prints nothing >&2; exit {_NO_BOOT}; }}}}
printf 'ascend.fleet boot <%s>\\n' "$boot"
"""
# The answer is back before the connection goes: shutdown starts a second later, outside the session, which may end
# with everything in it (KillUserProcesses= of logind). What it refuses is left for the next look.
_START = f"""\
PATH=$PATH:/usr/sbin:/sbin; export PATH
[ "$(id -u)" = 0 ] || exit {_NO_ROOT}
command -v shutdown >/dev/null || exit {_NO_SHUTDOWN}
{_TELL}\
later='sleep 1; said=$(shutdown -r now "$1" 2>&1) || {{{{ umask 077; printf %s "$said" >"$2"; }}}}'
if [ -d /run/systemd/system ] && systemd-run --quiet --unit="$(basename {{note}})" --setenv=PATH="$PATH" \\
    sh -c "$later" sh {{message}} {{note}} >/dev/null 2>&1; then :
else nohup sh -c "$later" sh {{message}} {{note}} </dev/null >/dev/null 2>&1 &
fi
"""
# A host that has not gone down yet is watched while it does: the connection ends with it, and no other look is needed.
_LOOK = f"""\
{_TELL}\
left={_GOING}
while [ "$boot" = {{before}} ] && [ "$left" -gt 0 ] && [ ! -e {{note}} ]; do sleep 1; left=$((left - 1)); done
[ ! -e {{note}} ] || {{{{ printf 'ascend.fleet refused <%s>\\n' "$(head -c 500 {{note}})"; rm -f {{note}}; }}}}
"""
_FORBIDDEN = "{host} needs a reboot{why}. Allow it with ascend_allow_reboot: true, or reboot by hand; then run again."
_NOT_STARTED = {
    _NO_BOOT: "{host} was not rebooted. Cause: what tells its boots apart does not work there: {said}. Fix: set"
    " ascend_boot_time_command to a command that prints something else after every boot.",
    _NO_SHUTDOWN: "{host} was not rebooted. Cause: it has no program shutdown in PATH, /usr/sbin or /sbin. Fix: install"
    " it (systemd-sysv, systemd), or reboot by hand; then run again.",
    _NO_ROOT: "{host} was not rebooted. Cause: the task does not run as root. Fix: set become: true for this host.",
}
_NOT_RUN = (
    "{host} was not rebooted. Cause: the command that starts the reboot ended with {rc}: {said}. Fix: mend that, or"
    " reboot by hand; then run again."
)
_REFUSAL = (
    "{host} does not reboot. Cause: shutdown refused: {said}. Fix: remove what holds it (systemd-inhibit --list names"
    " it), or reboot by hand; then run again."
)
_SILENT = (
    "{host} did not come back within {timeout} s of its reboot. The last attempt said: {said}. Cause: it hangs while it"
    " goes down or boots, or has come up without its network. Fix: look at its console, and run again when it answers;"
    " where it only needs longer, raise ascend_reboot_timeout."
)
_UNTOLD = (
    "{host} answers {timeout} s after its reboot, but not which boot it is in: {said}. Cause: it is still coming up, or"
    " ascend_boot_time_command does not work there any more. Fix: see that the command works, and run again."
)
_SAME_BOOT = (
    "{host} was away and is back with the same boot as before, {timeout} s after its reboot. Cause: only its network"
    " was away, or ascend_boot_time_command prints the same after every boot. Fix: look at its console; set"
    " ascend_boot_time_command to a command that prints something else after every boot."
)
_STAYED = (
    "{host} has not gone down within {timeout} s. Cause: something holds its shutdown, or ascend_boot_time_command"
    " prints the same after every boot. Fix: see systemctl list-jobs on the host; reboot it by hand, and run again."
)


@dataclass(frozen=True)
class Look:
    """What one look at the host found.

    Args:
        boot: which boot it is in, None where it did not say.
        refused: why it does not reboot.
        trouble: why nothing was found.
        reached: whether it answered at all.
    """

    boot: str | None = None
    refused: str | None = None
    trouble: str = ""
    reached: bool = True


class ActionModule(HostAction):
    """Its documentation is in plugins/modules/reboot.py."""

    FROM_VARIABLES = {
        "allowed": "ascend_allow_reboot",
        "reboot_timeout": "ascend_reboot_timeout",
        "boot_time_command": "ascend_boot_time_command",
    }
    ARGUMENTS: Any = {
        "msg": {"type": "str", "default": "ascend.fleet"},
        "reasons": {"type": "list", "elements": "str", "default": []},
        "allowed": {"type": "bool", "default": True},
        "reboot_timeout": {"type": "int", "default": 1800},
        "boot_time_command": {
            "type": "str",
            "default": "cat /proc/sys/kernel/random/boot_id && cut -d ' ' -f 22 /proc/1/stat",
        },
    }
    _VALID_ARGS = frozenset(ARGUMENTS)
    _supports_async = False

    def act(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        _checked, args = self.validate_argument_spec(argument_spec=self.ARGUMENTS)
        host = str(task_vars.get("inventory_hostname"))
        reasons = "; ".join(clean(reason, 300) for reason in args["reasons"])
        if not args["allowed"]:
            raise AnsibleActionFail(_FORBIDDEN.format(host=host, why=f": {reasons}" if reasons else ""))
        if self._connection.transport == "local":
            raise AnsibleActionFail(
                f"{host} was not rebooted. Cause: its connection is local, so it is the control node. Fix: reboot it by"
                " hand, and run again; or set ansible_connection where it is another machine."
            )
        if self._task.check_mode:
            return {"changed": True, "rebooted": False, "elapsed": 0, **self._diff("this boot", "another boot")}
        words = {
            "command": shlex.quote(args["boot_time_command"]),
            "message": shlex.quote(clean(f"{args['msg']}: {reasons}" if reasons else args["msg"], 300)),
            "note": f"{RUN}/ascend-fleet-reboot-{secrets.token_hex(8)}",
        }
        before = _started(self._low_level_execute_command(_START.format(**words), sudoable=True), host)
        # Not every kind of connection is one that can be dropped.
        reset = getattr(self._connection, "reset", lambda: None)

        def look() -> Look:
            reset()
            known = shlex.quote(before)
            return _seen(self._low_level_execute_command(_LOOK.format(before=known, **words), sudoable=True))

        after, elapsed = wait(look, before, args["reboot_timeout"], host)
        return {"changed": True, "rebooted": True, "elapsed": int(elapsed), **self._diff(before, after)}

    def _diff(self, before: str, after: str) -> dict[str, Any]:
        if not self._task.diff:
            return {}
        return {"diff": {"before": f"boot: {clean(before, 200)}\n", "after": f"boot: {clean(after, 200)}\n"}}


def _words(answer: dict[str, Any]) -> str:
    """What the commands printed, without the returns of a terminal, and no more: a host may send anything."""
    return str(answer.get("stdout", ""))[:_WORDS_AT_MOST].replace("\r", "")


def _said(answer: dict[str, Any]) -> str:
    """What a command that failed said, on whichever stream; ssh's own farewell is not it."""
    lines = [*str(answer.get("stderr", ""))[:_WORDS_AT_MOST].splitlines(), *_words(answer).splitlines()]
    words = clean(" ".join(line for line in lines if not _FAREWELL.match(line)), 300).rstrip(".")
    return words or "no reason given"


def _started(answer: dict[str, Any], host: str) -> str:
    """Which boot the host was in when its reboot was started. Raises AnsibleActionFail where it was not."""
    found = _BOOT.search(_words(answer))
    if answer.get("rc") == 0 and found:
        return found.group(1).strip()
    words = _NOT_STARTED.get(answer.get("rc", 0), _NOT_RUN)
    raise AnsibleActionFail(words.format(host=host, rc=answer.get("rc"), said=_said(answer)))


def _seen(answer: dict[str, Any]) -> Look:
    boot, refused = (expression.search(_words(answer)) for expression in (_BOOT, _REFUSED))
    if answer.get("rc") != 0 or not boot:
        return Look(trouble=_said(answer))
    return Look(boot.group(1).strip(), _reason(refused.group(1)) if refused else None)


def _reason(text: str) -> str:
    return clean(text, 300).rstrip(".") or "shutdown gave no reason"


def wait(
    look: Callable[[], Look],
    before: str,
    timeout: int,
    host: str,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[str, float]:
    """The boot that the host came back with, and after how many seconds.

    Args:
        look: asks the host; raises AnsibleError where it does not answer.
        before: the boot that it was in.
        timeout: seconds it may take.
        host: its name.

    Raises:
        AnsibleActionFail: it did not go down, or not come back, or came back as the same boot; or refused.
    """
    began, gone, last, pause = now(), False, Look(), 5.0
    while True:
        passed = now() - began
        if passed >= timeout:
            raise AnsibleActionFail(_given_up(last, gone).format(host=host, timeout=timeout, said=last.trouble))
        sleep(pause)
        # No server is back before the first look, and a boot of minutes is not asked for every other second.
        pause = min(1 + passed / 10, 10)
        try:
            last = look()
        except AnsibleError as error:
            last = Look(trouble=clean(str(error), 300).rstrip("."), reached=False)
        gone = gone or not last.reached
        if last.boot not in (None, before):
            return str(last.boot), now() - began
        if last.refused:
            raise AnsibleActionFail(_REFUSAL.format(host=host, said=last.refused))


def _given_up(last: Look, gone: bool) -> str:
    if not last.reached:
        return _SILENT
    if last.boot is None:
        return _UNTOLD
    return _SAME_BOOT if gone else _STAYED
