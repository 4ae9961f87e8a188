# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs generation_runner inside a managed environment, watches the NPU meanwhile, and says what went wrong.

Touches the host, unlike most of module_utils.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

from ansible_collections.ascend.fleet.plugins.module_utils import generation_runner, npu_smi_run

# What every module that runs a framework takes, as in the documentation fragment options.FRAMEWORK.
OPTIONS = {
    "environment": {"type": "path", "required": True},
    "device_target": {"type": "str", "choices": ["Ascend", "CPU"], "default": "Ascend"},
    "device_id": {"type": "int", "default": 0},
    "stack": {"type": "dict", "default": {}},
    "timeout": {"type": "int", "default": 900},
}
RUNNER = "generation_runner.py"
_TAIL = 12  # lines
_WATCH_SECONDS = 2.0
# No run may fetch anything: files that are missing shall be named, not looked for in the internet.
_NO_NETWORK = "http://127.0.0.1:9"

# What a framework says -> what it means and what to do. First match wins.
CAUSES = (
    (
        r"No module named '(te|topi|hccl)\b",
        "CANN's wheel {0} is not in the environment. Run the role mindspore, which takes it from the installed CANN.",
    ),
    (r"No module named '(mindspore|mindformers)\b", "{0} is not installed in the environment. Run the role {0}."),
    (
        r"No module named '([\w.]+)'",
        "The Python package {0} is missing in the environment. Add it to mindformers_extra_packages.",
    ),
    (
        r"json\.exception\.parse_error",
        "te and hccl in the environment are from another CANN. Run the role mindspore, which takes "
        "them from the installed one.",
    ),
    (
        r"lib(ascend_hal|drvdsmi_host|drvhdc)[\w]*\.so",
        "The driver's libraries are not found. Install the driver, or run through bin/ascend-run of the environment.",
    ),
    (
        r"lib(\w+)\.so[\w.]*: cannot open shared object file",
        "lib{0}.so is not found: CANN is missing or its set_env.sh was not "
        "applied. Run the role cann, then python_toolchain.",
    ),
    (
        r"version [\w.]+ and Ascend AI software package .* does not match",
        "MindSpore and CANN do not go together; see ascend.fleet.compat_check.",
    ),
    (
        r"(?i)out of memory|memory isn't enough|malloc device memory failed",
        "The NPU has no memory left. Another process holds "
        "the chip: look at npu-smi info, one chip runs one large model at a time.",
    ),
    (
        r"(?i)unsupport\w* device_?target|device_target.*(Ascend|CPU)",
        "MindSpore cannot use this device. Is the driver loaded, and is this the build of MindSpore for it?",
    ),
    (
        r"127\.0\.0\.1.*9|ProxyError|download failed",
        "A model file is missing and the run may not download. Name it in "
        "inference_check_model_files, so that it is staged by checksum.",
    ),
    (
        r"(?i)load_param_into_net|checkpoint.*(not exist|format)|(shape|size) .*not (the same|match)",
        "The checkpoint does not fit the model. Compare it with the model's yaml.",
    ),
)


class Failure(Exception):
    """The run did not come to a result; the text names cause and fix."""

    def __init__(self, message, log_tail=""):
        Exception.__init__(self, message)
        self.log_tail = log_tail


def run(wanted, request, watch_npu=False, links=None, environ=None):
    """Carry out one request in the environment, in a folder of its own that is gone afterwards.

    Args:
        wanted: values of OPTIONS: the environment, the device, and the seconds until the run is ended.
        request: what else generation_runner takes.
        watch_npu: whether to read the HBM in use meanwhile, from npu-smi, where it runs on an NPU.
        links: {path below the folder: path of a file} that the run finds there.
        environ: further environment variables.

    Returns:
        The runner's result, with C(hbm_used_mb) (None where it was not measured), C(wall_seconds) and C(log_tail).

    Raises:
        Failure: no result, or one that says that it failed.
    """
    folder = tempfile.mkdtemp(prefix="ascend-fleet-")
    device = {name: wanted[name] for name in ("device_target", "device_id")}
    try:
        for name, path in (links or {}).items():
            link = os.path.join(folder, name)
            os.makedirs(os.path.dirname(link), exist_ok=True)
            os.symlink(path, link)
        command = _command(wanted["environment"], folder, dict(request, work_dir=folder, **device))
        watch_npu = watch_npu and wanted["device_target"] == "Ascend"
        return _run(command, folder, wanted["timeout"], watch_npu, environ)
    finally:
        shutil.rmtree(folder)


def _run(command, folder, timeout, watch_npu, environ):
    begun = time.time()
    with open(os.path.join(folder, "output.log"), "wb") as log:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=_environ(folder, environ),
                start_new_session=True,
            )
        except OSError as exc:
            raise Failure("%s cannot be started: %s. Run the role python_toolchain." % (command[0], exc.strerror))
        try:
            hbm = _wait(process, timeout, watch_npu)
        finally:
            # Whatever it started goes with it, so that the chip is free for the next one.
            _end(process)
    log_tail = _read_tail(os.path.join(folder, "output.log"))
    result = _result(folder)
    if result is None:
        rc = process.returncode
        why = "it was ended after %d s" % timeout if rc == -signal.SIGKILL else "rc %d" % rc
        why += " in stage %s" % (_read_tail(os.path.join(folder, "stage")) or "start")
        fix = explain(log_tail) or "Raise the time limit, or look at the log."
        raise Failure("The run left no result (%s). %s" % (why, fix), log_tail)
    if not result["ok"]:
        cause = explain(result["error"]) or explain(log_tail) or "Look at log_tail."
        said = " ".join(result["error"].split())[:300].rstrip(".")
        raise Failure("It failed in stage %s: %s. %s" % (result["stage"], said, cause), log_tail)
    result.update(hbm_used_mb=hbm, wall_seconds=round(time.time() - begun, 1), log_tail=log_tail)
    return result


def explain(text):
    """Cause and fix of a known failure in what a framework printed, or None."""
    for pattern, meaning in CAUSES:
        match = re.search(pattern, text or "")
        if match:
            return meaning.format(*match.groups())
    return None


def hbm_of(info, pid, children):
    """HBM in MB that a run uses, from parsed npu-smi output: by process where listed, else by the busiest chip."""
    own = [
        row["memory_mb"] for row in info["processes"] if row["memory_mb"] is not None and row["pid"] in children | {pid}
    ]
    if own:
        return sum(own)
    used = [chip["hbm_used_mb"] for chip in info["chips"] if chip["hbm_used_mb"] is not None]
    return max(used) if used else None


def _command(environment, folder, request):
    # Out of the archive that Ansible sent, in which it is no file.
    source = generation_runner.__loader__.get_source(generation_runner.__name__)
    paths = [os.path.join(folder, name) for name in (RUNNER, "request.json", "result.json")]
    with open(paths[0], "w", encoding="utf-8") as handle:
        handle.write(source)
    with open(paths[1], "w", encoding="utf-8") as handle:
        json.dump(request, handle)
    return [environment + "/bin/ascend-run", environment + "/bin/python"] + paths


def _environ(folder, further):
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    env.update(
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


def _wait(process, timeout, watch_npu):
    """Wait until the process ended or its time is up. Returns the most HBM seen in MB, or None."""
    deadline = time.time() + timeout
    most = None
    while True:
        try:
            process.wait(timeout=max(0.0, min(_WATCH_SECONDS, deadline - time.time())))
            return most
        except subprocess.TimeoutExpired:
            pass
        if time.time() >= deadline:
            return most
        if watch_npu:
            # One npu-smi at a time; npu_smi_run keeps the lock and the time limit.
            reply = npu_smi_run.run(timeout=10)
            watch_npu = reply["available"]
            used = hbm_of(reply["npu_smi"], process.pid, _children(process.pid)) if watch_npu else None
            most = used if most is None else max(most, used or 0)


def _children(session):
    """Processes of the run's session, by the kernel's own list."""
    found = set()
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open("/proc/%s/stat" % name) as handle:
                    fields = handle.read().rpartition(")")[2].split()
            except (IOError, OSError):
                continue
            if len(fields) > 3 and fields[3] == str(session):
                found.add(int(name))
    return found


def _end(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (IOError, OSError):
        pass
    process.wait()


def _result(folder):
    try:
        with open(os.path.join(folder, "result.json"), encoding="utf-8") as handle:
            return json.load(handle)
    except (IOError, OSError, ValueError):
        return None


def _read_tail(path):
    if not os.path.exists(path):
        return ""
    with open(path, "rb") as handle:
        handle.seek(0, os.SEEK_END)
        handle.seek(max(0, handle.tell() - 16384))
        lines = handle.read().decode("utf-8", "replace").splitlines()
    return "\n".join(line[:400] for line in lines[-_TAIL:])
