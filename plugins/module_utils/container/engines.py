# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The container engines: where each has its configuration, what it is called, and how it is asked.

Pure: commands are given as words, answers are read from text.
"""

import json
import re

from ansible_collections.ascend.fleet.plugins.module_utils.container import config_toml, daemon_json
from ansible_collections.ascend.fleet.plugins.module_utils.container.daemon_json import BadConfig

RUNTIME = "ascend"
# Below the install path; what the vendor's package makes there.
FOLDER = "Ascend-Docker-Runtime"
BINARY = "ascend-docker-runtime"
INFO = FOLDER + "/ascend_docker_runtime_install.info"
# unit: of systemd. program: what has to be there. config: its file. keeps_running: whether its containers outlive a
# restart of the service whatever it is configured to: those of containerd and CRI-O have a process of their own
# (shim, conmon), those of the others only with live-restore.
ENGINES = {
    "docker": {
        "unit": "docker",
        "program": "dockerd",
        "config": "/etc/docker/daemon.json",
        "keeps_running": False,
        "list": ["docker", "ps", "--format", "{{.Names}}"],
    },
    "isula": {
        "unit": "isulad",
        "program": "isulad",
        "config": "/etc/isulad/daemon.json",
        "keeps_running": False,
        "list": ["isula", "ps", "--format", "{{.Names}}"],
    },
    "containerd": {
        "unit": "containerd",
        "program": "containerd",
        "config": "/etc/containerd/config.toml",
        "keeps_running": True,
        "list": None,
    },
    "crio": {
        "unit": "crio",
        "program": "crio",
        # A file of our own: CRI-O reads all in this folder after its crio.conf.
        "config": "/etc/crio/crio.conf.d/50-ascend-fleet.conf",
        "keeps_running": True,
        "list": None,
    },
}
NAMES = tuple(sorted(ENGINES))
# Files that the vendor's package changes as it is installed, whichever engine it is told.
VENDOR_EDITS = tuple(
    "/etc/" + name for name in ("docker/daemon.json", "isulad/daemon.json", "containerd/config.toml", "crio/crio.conf")
)
_CRIO = (
    "# Of ascend.fleet: Ascend's runtime.\n%s[crio.runtime.runtimes.ascend]\n"
    'runtime_path = "%s"\nruntime_type = "oci"\nruntime_root = "/run/ascend"\n'
)
_CRIO_DEFAULT = '[crio.runtime]\ndefault_runtime = "ascend"\n\n'
_ARGS = {"docker": "runtimeArgs", "isula": "runtime-args"}
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,252}\Z")
_MOST_NAMES = 200


def binary(install_path):
    """The runtime's program below an install path."""
    return "%s/%s/%s" % (install_path.rstrip("/"), FOLDER, BINARY)


def described(engine, text):
    """{"runtime": path of the Ascend runtime or None, "default": name or None, "live_restore": bool}.

    Raises:
        BadConfig: the engine would refuse the text, or it cannot be read.
    """
    if engine == "crio":
        path = re.search(r'^runtime_path\s*=\s*"([^"]+)"', text or "", re.MULTILINE)
        default = re.search(r'^default_runtime\s*=\s*"([^"]+)"', text or "", re.MULTILINE)
        return {
            "runtime": path.group(1) if path else None,
            "default": default.group(1) if default else None,
            "live_restore": True,
        }
    if engine == "containerd":
        config = config_toml.Config(text)
        return {"runtime": config.runtimes.get(RUNTIME), "default": config.default, "live_restore": True}
    said = daemon_json.described(text)
    wrong = daemon_json.unusable(text, RUNTIME)
    if wrong:
        raise BadConfig(wrong)
    return {
        "runtime": said["runtimes"].get(RUNTIME),
        "default": said["default"],
        "live_restore": said["live_restore"],
    }


def with_runtime(engine, text, path, is_default, earlier=None):
    """The engine's configuration with the Ascend runtime.

    Args:
        text: what it says now, "" for none.
        path: of the runtime's program.
        is_default: whether containers get it that name no runtime.
        earlier: the default before.
    """
    if engine == "crio":
        return _CRIO % (_CRIO_DEFAULT if is_default else "", path)
    if engine == "containerd":
        return config_toml.Config(text).with_runtime(RUNTIME, path, is_default, earlier)
    row = {"path": path, _ARGS[engine]: []}
    old = (daemon_json.parse(text).get(daemon_json.RUNTIMES) or {}).get(RUNTIME)
    if isinstance(old, dict) and old.get("path") == path:
        row = old  # with whatever arguments somebody gave it
    return daemon_json.with_runtime(text, RUNTIME, row, is_default, earlier)


def without_runtime(engine, text, earlier=None):
    """The engine's configuration without the Ascend runtime; None where nothing is left that the file was made for."""
    if engine == "crio":
        return None
    if engine == "containerd":
        return config_toml.Config(text).without_runtime(RUNTIME, earlier) or None
    return daemon_json.without_runtime(text, RUNTIME, earlier)


def takes_default(engine):
    """Whether the engine can have the Ascend runtime as its default; iSulad's default is of another kind."""
    return engine != "isula"


def answer(engine):
    """The command by which the running engine says what runtimes it has, or None."""
    return ["docker", "info", "--format", "{{json .}}"] if engine == "docker" else None


def parse_answer(text):
    """{"runtimes": [names], "default": name, "live_restore": bool} of what docker info printed, or None."""
    try:
        value = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("Runtimes"), dict):
        return None
    default = value.get("DefaultRuntime")
    return {
        "runtimes": sorted(name for name in value["Runtimes"] if _NAME.match(name))[:_MOST_NAMES],
        "default": default if isinstance(default, str) and _NAME.match(default) else None,
        "live_restore": value.get("LiveRestoreEnabled") is True,
    }


def parse_names(text):
    """The names that `ps` printed, one a line."""
    return [line.strip() for line in (text or "").splitlines() if _NAME.match(line.strip())][:_MOST_NAMES]


def differences(engine, seen, path, is_default):
    """Why an engine is not yet as wanted, in words; [] when it is.

    Args:
        engine: its name.
        seen: what observe.engine() says of it.
        path: of the runtime's program.
        is_default: whether it is to be the default.
    """
    found = []
    file, wanted = ENGINES[engine]["config"], bool(is_default) and takes_default(engine)
    if seen["runtime"] != path:
        found.append("%s does not name the runtime %s" % (file, RUNTIME))
    if (seen["default"] == RUNTIME) != wanted:
        found.append("the default runtime is %s" % (seen["default"] or "the engine's own"))
    if not found and not seen["active"]:
        found.append("%s does not run" % engine)
    if not found and seen["answer"]:
        if RUNTIME not in seen["answer"]["runtimes"]:
            found.append("%s runs without it since before it was configured" % engine)
        elif (seen["answer"]["default"] == RUNTIME) != wanted:
            found.append("%s runs with the default %s" % (engine, seen["answer"]["default"]))
    return found


def probe_argv(engine, path, image, chip):
    """The command that starts a container of an image with one NPU and lists what it sees, or None.

    Args:
        path: of the runtime's program.
        image: its name.
        chip: number of the NPU.
    """
    seen = "ASCEND_VISIBLE_DEVICES=%d" % chip
    if engine in ("docker", "isula"):
        words = ["run", "--rm", "--network", "none"] if engine == "docker" else ["run", "--rm"]
        return [engine] + words + ["--runtime", RUNTIME, "-e", seen, image, "ls", "/dev"]
    if engine == "containerd":
        words = ["run", "--rm", "--runc-binary", path, "--env", seen, image, "ascend-fleet-probe", "ls", "/dev"]
        return ["ctr", "-n", "k8s.io"] + words
    return None


def missing_nodes(listing, chip):
    """The device nodes that a container should have and does not, by its `ls /dev`."""
    there = (listing or "").split()
    wanted = ["davinci%d" % chip, "davinci_manager", "devmm_svm", "hisi_hdc"]
    return [name for name in wanted if name not in there]
