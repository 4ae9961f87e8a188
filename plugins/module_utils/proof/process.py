# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the runner with an engine inside a managed environment, watches the NPU meanwhile, and says what went wrong.

Touches the host, unlike most of module_utils.
"""

import json
import os
import re
import time

from ansible_collections.ascend.fleet.plugins.module_utils.host import npu as npu_smi_run
from ansible_collections.ascend.fleet.plugins.module_utils.proof import causes, sources
from ansible_collections.ascend.fleet.plugins.module_utils.proof import (
    user as framework_user,
)
from ansible_collections.ascend.fleet.plugins.module_utils.secure import bounded, private_folder

# What every module that runs a framework takes, as in the documentation fragment options.FRAMEWORK.
OPTIONS = {
    "environment": {"type": "path", "required": True},
    "engine": {"type": "str", "choices": sources.NAMES},
    "device_target": {"type": "str", "choices": ["Ascend", "CPU"], "default": "Ascend"},
    "device_id": {"type": "int", "default": 0},
    "processes": {"type": "int", "default": 0},
    "stack": {"type": "dict", "default": {}},
    "timeout": {"type": "int", "default": 900},
}
_TAIL = 12  # lines
_TAIL_BYTES = 16384
# Frameworks print a lot when something is wrong, and only the end is kept.
_LOG_LIMIT = 64 * 1024 * 1024
_RESULT_LIMIT = 1024 * 1024
_STAGE = re.compile(r"[a-z_]{1,40}$")
_WATCH_SECONDS = 2.0
# No run may fetch anything: files that are missing shall be named, not looked for in the internet.
_NO_NETWORK = "http://127.0.0.1:9"
# What a framework is set with, and what finds its libraries. The rest of root's environment is nobody else's business.
_PASSED_ON = re.compile(
    r"(PATH|TZ|LD_LIBRARY_PATH|LD_PRELOAD|DEVICE_ID|(ASCEND|HCCL|HCCN|ACL|NPU|MS|MINDSPORE|MINDFORMERS|GLOG|TORCH"
    r"|PYTORCH|TE|TBE|TUNE|RANK|OMP|OPENBLAS|MKL|KMP)_\w+)$"
)
_SECRET = re.compile(r"(?i)token|secret|passw|credential|_key$")
# What the runner's result may hold, by the key's type; anything else in it is dropped.
_RESULT = {
    "ok": bool,
    "stage": str,
    "error": str,
    "text": str,
    "device": str,
    "mindspore": str,
    "mindformers": str,
    "torch": str,
    "torch_npu": str,
    "hbm_allocated_mb": int,
    "tokens": int,
    "tokens_per_second": (int, float),
    "seconds": (int, float),
    "first_seconds": (int, float),
    "load_seconds": (int, float),
    "import_seconds": (int, float),
    "losses": [float],
    "shown": [str],
    "table": str,
    "files": [str],
}
# What each of the runner's tasks has to leave.
_NEEDED = {"generate": "text", "check": "text", "train": "losses", "bandwidth": "table", "export": "files"}


class Failure(Exception):
    """The run did not come to a result; the text names cause and fix.

    Attributes:
        log_tail: the last lines of the log.
        ran_as: the user it ran as, or None when it did not start.
    """

    def __init__(self, message, log_tail="", ran_as=None):
        Exception.__init__(self, message)
        self.log_tail = log_tail
        self.ran_as = ran_as


def run(wanted, request, watch_npu=False, links=None, environ=None, files=None, keep=None):
    """Carry out one request in the environment, in a folder of its own that is gone afterwards.

    Root starts it as another user (framework_user); what it leaves is read as a stranger's.

    Args:
        wanted: values of OPTIONS: the environment, the engine (None: the strongest for what is installed there), the
            device, and the seconds until the run is ended.
        request: what else the runner takes.
        watch_npu: whether to read the HBM in use meanwhile, from npu-smi, where it runs on an NPU.
        links: {path below the folder: path of a file} that the run finds there.
        environ: further environment variables.
        files: {path below the folder: text} that the run finds there.
        keep: called with the folder (private_folder.PrivateFolder) and the result before the folder goes.

    Returns:
        The runner's result, with C(engine), C(hbm_used_mb) (as npu-smi says, None where it was not measured),
        C(hbm_allocated_mb) (as the framework counts), C(wall_seconds), C(log_tail), C(ran_as), the user, and C(note),
        why it was root, or None.

    Raises:
        Failure: no result, or one that says that it failed.
    """
    engine = wanted.get("engine") or sources.default(wanted["environment"])
    asked = {name: wanted.get(name) for name in ("device_target", "device_id", "processes")}
    asked["engine"] = engine
    try:
        account = framework_user.choose(wanted, _readable(request, links))
    except framework_user.NoUser as exc:
        raise Failure(str(exc))
    except OSError as exc:
        raise Failure("%s cannot be read: %s." % (exc.filename, exc.strerror))
    try:
        with private_folder.PrivateFolder() as folder:
            for name, path in (links or {}).items():
                folder.link(name, path)
            for name, text in (files or {}).items():
                folder.put(name, text)
            command = _command(wanted["environment"], folder, dict(request, work_dir=folder.path, **asked))
            folder.hand_over(account)
            watch = _Watch() if watch_npu and wanted["device_target"] == "Ascend" else None
            result = _run(command, folder, account, wanted["timeout"], watch, environ)
            needed = _NEEDED[request["task"]]
            if result.get(needed) is None:
                raise Failure(
                    "The run says that it succeeded, but leaves no %s." % needed, result["log_tail"], account.name
                )
            if keep:
                keep(folder, result)
            return dict(result, engine=engine)
    except OSError as exc:
        raise Failure("The working folder of the run: %s: %s." % (exc.filename, exc.strerror), ran_as=account.name)


def _readable(request, links):
    """The files that the run reads besides the environment."""
    paths = sorted((links or {}).values())
    folder = request.get("model_dir")
    if folder:
        paths += [folder] + [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    return paths


def _run(command, folder, account, timeout, watch, environ):
    begun = time.monotonic()
    try:
        done = bounded.run(
            command,
            timeout,
            limit=_LOG_LIMIT,
            env=_environ(folder.path, account, environ),
            cwd=folder.path,
            stderr="together",
            account=account,
            tail=_TAIL_BYTES,
            tick=watch,
            tick_seconds=_WATCH_SECONDS,
            # Whatever it started goes with it, so that the chip is free for the next one.
            sweep=True,
        )
    except OSError as exc:
        raise Failure("%s cannot be started: %s. Run the role python_toolchain." % (command[0], exc.strerror))
    log_tail = _tail(done.stdout)
    result = _result(folder.read("result.json", _RESULT_LIMIT))
    if result is None:
        why = {
            bounded.TIMEOUT: "it was ended after %d s" % timeout,
            bounded.FLOODED: "it printed more than %d MB and was ended" % (_LOG_LIMIT // 1048576),
        }.get(done.ended, "rc %s" % done.rc)
        why += " in stage %s" % _stage(folder.read("stage", 100))
        fix = causes.explain(log_tail) or "Raise the time limit, or look at the log."
        raise Failure("The run left no result (%s). %s" % (why, fix), log_tail, account.name)
    if not result["ok"]:
        cause = causes.explain(result["error"]) or causes.explain(log_tail) or "Look at log_tail."
        said = " ".join(result["error"].split())[:300].rstrip(".")
        raise Failure("It failed in stage %s: %s. %s" % (result["stage"], said, cause), log_tail, account.name)
    result.update(
        hbm_used_mb=watch.most if watch else None,
        wall_seconds=round(time.monotonic() - begun, 1),
        log_tail=log_tail,
        ran_as=account.name,
        note=account.note,
    )
    return result


def hbm_of(info, pid, children):
    """HBM in MB that a run uses, from parsed npu-smi output: by process where listed, else by the busiest chip."""
    own = [
        row["memory_mb"] for row in info["processes"] if row["memory_mb"] is not None and row["pid"] in children | {pid}
    ]
    if own:
        return sum(own)
    used = [chip["hbm_used_mb"] for chip in info["chips"] if chip["hbm_used_mb"] is not None]
    return max(used) if used else None


class _Watch(object):
    """Looks at the HBM in use while a run goes on; called with the run's pid."""

    def __init__(self):
        self.most = None
        self.available = True

    def __call__(self, pid):
        if not self.available:
            return
        # One npu-smi at a time; npu_smi_run keeps the lock and the time limit.
        reply = npu_smi_run.run(timeout=10)
        self.available = reply["available"]
        if self.available:
            used = hbm_of(reply["npu_smi"], pid, bounded.session_members(pid))
            self.most = used if self.most is None else max(self.most, used or 0)


def _command(environment, folder, request):
    for name, text in sorted(sources.of(request["engine"]).items()):
        folder.put(name, text)
    folder.put("request.json", json.dumps(request))
    paths = [os.path.join(folder.path, name) for name in (sources.RUNNER, "request.json", "result.json")]
    return [environment + "/bin/ascend-run", environment + "/bin/python"] + paths


def _environ(folder, account, further):
    env = {name: value for name, value in os.environ.items() if _PASSED_ON.match(name) and not _SECRET.search(name)}
    env.setdefault("PATH", os.defpath)
    env.update(
        HOME=folder,
        TMPDIR=folder,
        USER=account.name,
        LOGNAME=account.name,
        LC_ALL="C.UTF-8",
        PYTHONNOUSERSITE="1",
        GLOG_v="2",
        LOCAL_DEFAULT_PATH=folder,
        TOKENIZERS_PARALLELISM="false",
        http_proxy=_NO_NETWORK,
        https_proxy=_NO_NETWORK,
        HF_HUB_OFFLINE="1",
        MPLCONFIGDIR=folder,
    )
    env.update(further or {})
    return env


def _result(content):
    """The runner's result, or None: a file that another user could write, so only what it may hold is kept of it."""
    try:
        value = json.loads((content or b"").decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("ok"), bool):
        return None
    result = {name: _plain(value[name]) for name, kind in _RESULT.items() if _is_a(value.get(name), kind)}
    if not result["ok"]:
        result.setdefault("error", "it does not say why")
    result["stage"] = _stage(result.get("stage", "").encode("utf-8"))
    return result


def _is_a(value, kind):
    if isinstance(kind, list):
        # A loss may be no number and infinite; that is for the judge to say.
        return isinstance(value, list) and bool(value) and all(isinstance(item, kind[0]) for item in value)
    if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):  # True is an int for Python
        return False
    return isinstance(value, (str, bool)) or -1e15 < value < 1e15


def _plain(value):
    """Text without half characters, which no file and no screen takes."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value


def _stage(content):
    text = (content or b"").decode("utf-8", "replace")
    return text if _STAGE.match(text) else "start"


def _tail(output):
    lines = output.decode("utf-8", "replace").splitlines()
    return "\n".join(line[:400] for line in lines[-_TAIL:])
