# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the engine acl with a host's CANN, as a user without rights, and reads what it left as a stranger's.

Touches the host, unlike most of module_utils.
"""

import json
import os

from ansible_collections.ascend.fleet.plugins.module_utils.convert import toolkit
from ansible_collections.ascend.fleet.plugins.module_utils.proof import om_proofs
from ansible_collections.ascend.fleet.plugins.module_utils.proof import user as framework_user
from ansible_collections.ascend.fleet.plugins.module_utils.proof.engines import acl_om
from ansible_collections.ascend.fleet.plugins.module_utils.secure import bounded, private_folder

_RESULT_LIMIT = 64 * 1024 * 1024
_LOG_LIMIT = 16 * 1024 * 1024
_TAIL_BYTES = 16384
_TAIL_LINES = 12
# What leads ACL to a chip; the rest of root's environment is nobody else's business.
_PASSED_ON = ("PATH", "TZ", "ASCEND_RT_VISIBLE_DEVICES", "ASCEND_DEVICE_ID")


class Failure(Exception):
    """The model did not run; the text names cause and fix.

    Attributes:
        log_tail: the last lines that were printed.
        code: what ACL returned, or None.
    """

    def __init__(self, message, log_tail="", code=None):
        super(Failure, self).__init__(message)
        self.log_tail, self.code = log_tail, code


def run(path, request, row, python, timeout, further=None):
    """Let the chip compute.

    Args:
        path: of the OM.
        request: C(device_id), C(input), C(loops), C(warmup).
        row: of facts["cann"] that runs models.
        python: the Python that imports pyACL.
        timeout: seconds until the run is ended.
        further: further environment variables.

    Returns:
        The engine's result, with C(ran_as) and C(note), why it was root, or None.

    Raises:
        Failure: no result, or one that says that it failed.
    """
    try:
        account = framework_user.of_device(
            {"device_target": "Ascend", "device_id": request["device_id"]}, [path, python]
        )
    except framework_user.NoUser as exc:
        raise Failure(str(exc))
    with private_folder.PrivateFolder() as folder:
        folder.put("acl_om.py", acl_om.__loader__.get_source(acl_om.__name__))
        folder.put("request.json", json.dumps(dict(request, model=os.path.realpath(path))))
        names = [os.path.join(folder.path, name) for name in ("acl_om.py", "request.json", "result.json")]
        folder.hand_over(account)
        command = toolkit.command(row, [python] + names, toolkit.libraries(row, os.path.isdir))
        try:
            done = bounded.run(
                command,
                timeout,
                limit=_LOG_LIMIT,
                env=_environ(folder.path, account, further),
                cwd=folder.path,
                stderr="together",
                account=account,
                tail=_TAIL_BYTES,
                # Whatever it started goes with it, so that the chip is free for the next one.
                sweep=True,
            )
        except OSError as exc:
            raise Failure("%s cannot be started: %s." % (command[0], exc.strerror))
        result = _result(folder.read("result.json", _RESULT_LIMIT))
    tail = "\n".join(line[:400] for line in done.stdout.decode("utf-8", "replace").splitlines()[-_TAIL_LINES:])
    if result is None:
        why = {bounded.TIMEOUT: "it was ended after %d s" % timeout}.get(done.ended, "rc %s" % done.rc)
        raise Failure("The run left no result (%s). Look at log_tail, and at npu-smi info." % why, tail)
    if not result["ok"]:
        raise _failure(result, row, tail)
    return dict(result, ran_as=account.name, note=account.note)


def _failure(result, row, tail):
    said = " ".join(str(result.get("error") or "it does not say why").split())[:400].rstrip(".")
    code = result.get("code")
    soc = str(result.get("soc") or "chip")
    cause = om_proofs.CODES.get(code, "").format(soc=soc, cann=row["version"]) if isinstance(code, int) else ""
    if "No module named 'acl'" in said:
        cause = (
            "CANN %s has no pyACL for this Python. Repair it with the role cann, or name another om_check_python."
            % (row["version"])
        )
    stage = str(result.get("stage"))[:20]
    return Failure("It failed in stage %s: %s. %s" % (stage, said, cause or "Look at log_tail."), tail, code)


def _result(content):
    """The engine's result, or None: a file that another user could write, so only its known parts are kept."""
    try:
        value = json.loads((content or b"").decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("ok"), bool):
        return None
    if not value["ok"]:
        return value
    times, outputs = value.get("times_ms"), value.get("outputs")
    whole = (
        isinstance(times, list)
        and times
        and all(isinstance(one, (int, float)) and one >= 0 for one in times)
        and isinstance(outputs, list)
        and all(isinstance(row, dict) and isinstance(row.get("name"), str) for row in outputs)
        and all(isinstance(row.get("values"), list) for row in outputs)
        and isinstance(value.get("inputs"), list)
        and isinstance(value.get("soc"), (str, type(None)))
    )
    return value if whole else None


def _environ(folder, account, further):
    env = {name: os.environ[name] for name in _PASSED_ON if os.environ.get(name)}
    env.setdefault("PATH", os.defpath)
    env.update(HOME=folder, TMPDIR=folder, USER=account.name, LOGNAME=account.name, LC_ALL="C.UTF-8")
    env.update(PYTHONNOUSERSITE="1", ASCEND_WORK_PATH=folder, **(further or {}))
    return env
