# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program of an environment that shows that what is in it works: an import, the check of a framework."""

import os

from ansible_collections.ascend.fleet.plugins.module_utils.secure import bounded, run_as

SPEC = {
    "argv": {"type": "list", "elements": "str", "required": True},
    "user": {"type": "str"},
    "timeout": {"type": "int", "default": 900},
}
_TAIL_BYTES = 16384
_TAIL = 12  # lines
_LOG_LIMIT = 64 * 1024 * 1024


def run(params, told):
    """Run it, as the owner of the environment: root executes nothing that somebody else can write.

    Args:
        params: the arguments, judged by SPEC.
        told: answer.Told.

    Returns:
        C(changed), and where it failed C(failed), C(msg), C(rc), C(log_tail).
    """
    argv = params["argv"]
    if told.check_mode:
        return {"changed": False}
    account = None
    if params["user"]:
        account = run_as.by_name(params["user"])
        if account is None:
            return {"failed": True, "msg": "There is no user %s on this host. Fix: make it first." % params["user"]}
    # Nothing of root's own environment is somebody else's business.
    environ = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ") if name in os.environ}
    try:
        outcome = bounded.run(
            argv,
            params["timeout"],
            limit=_LOG_LIMIT,
            env=environ,
            stderr="together",
            account=account if os.geteuid() == 0 else None,
            tail=_TAIL_BYTES,
            sweep=True,
        )
    except OSError as exc:
        return {"failed": True, "msg": "%s cannot be started: %s. Fix: run again, which repairs it." % (argv[0], exc)}
    if outcome.rc == 0:
        return {"changed": False}
    lines = outcome.stdout.decode("utf-8", "replace").strip().splitlines()[-_TAIL:]
    said = bounded.words(outcome, params["timeout"], _LOG_LIMIT) or "ended with %s" % outcome.rc
    return {
        "failed": True,
        "msg": "%s %s: %s" % (" ".join(argv)[:300], said, (lines or ["it said nothing"])[-1]),
        "rc": outcome.rc,
        "log_tail": lines,
    }
