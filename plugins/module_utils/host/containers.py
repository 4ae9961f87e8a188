# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which container a process is in, by its cgroup, and what people call that container, by its engine's own files.

Pure, given a reader of files: no engine is asked, so one that hangs holds nobody up.
"""

import json
import re

_HEX = r"([0-9a-f]{12,64})(?![0-9a-f])"
_PATTERNS = (
    ("docker", re.compile(r"docker[-/]" + _HEX)),
    ("podman", re.compile(r"libpod-" + _HEX)),
    ("containerd", re.compile(r"(?:cri-containerd|nerdctl)[-:]" + _HEX)),
    ("cri-o", re.compile(r"crio-" + _HEX)),
    ("isulad", re.compile(r"isulad[-/]" + _HEX)),
    # What ctr and nerdctl start under cgroupfs: the namespace of containerd, and the container.
    ("containerd", re.compile(r"[:/](?:default|k8s\.io)/" + _HEX)),
    # A pod under cgroupfs names no engine: whichever knows the container.
    (None, re.compile(r"kubepods[^\n]*?/pod[0-9a-f][0-9a-f_-]{30,40}/" + _HEX)),
    ("kubernetes pod", re.compile(r"kubepods[^\n]*?pod([0-9a-f][0-9a-f_-]{30,40})")),
    ("lxc", re.compile(r"lxc(?:\.payload\.|/)([\w.-]+)")),
)
_SHORT = 12
# Every engine's rule for names; of a pod "namespace/pod/container".
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,252}\Z")
_STORAGE = "/containers/storage/overlay-containers/containers.json"
# Where each engine describes one container, and how its name is found in there.
_FILES = (
    ("docker", "/var/lib/docker/containers/%s/config.v2.json"),
    ("containerd", "/run/containerd/io.containerd.runtime.v2.task/k8s.io/%s/config.json"),
    ("containerd", "/run/containerd/io.containerd.runtime.v2.task/default/%s/config.json"),
    ("cri-o", "/run/containers/storage/overlay-containers/%s/userdata/config.json"),
    ("isulad", "/var/lib/isulad/engines/lcr/%s/config.v2.json"),
)
_POD_KEYS = (
    ("io.kubernetes.cri.sandbox-namespace", "io.kubernetes.cri.sandbox-name", "io.kubernetes.cri.container-name"),
    ("io.kubernetes.pod.namespace", "io.kubernetes.pod.name", "io.kubernetes.container.name"),
)


def find(cgroup_text):
    """(engine, id) of the container that a /proc/PID/cgroup text points to, or None; engine None where any may be."""
    for engine, pattern in _PATTERNS:
        # The last: what is in front of it may be the container that this host itself is.
        found = pattern.findall(cgroup_text)
        if found:
            return engine, found[-1]
    return None


def name_of(engine, number, read, home=""):
    """What a container is called, or None.

    Args:
        engine, number: of find().
        read: returns a file's text; None or "" where there is none.
        home: of the user whose process it is; an ordinary user's podman keeps its containers there.
    """
    if engine == "podman":
        places = ["/var/lib" + _STORAGE] + ([home.rstrip("/") + "/.local/share" + _STORAGE] if home else [])
        return next(filter(None, (_stored(read(place), number) for place in places)), None)
    for known, place in _FILES:
        if engine in (None, known):
            name = _described(read(place % number))
            if name:
                return name
    return None


def describe(engine, number, name=None):
    """A container as a row names it: "docker trainer (0123456789ab)"; without a name "docker 0123456789ab"."""
    short = number[:_SHORT]
    return "%s %s" % (engine or "container", "%s (%s)" % (name, short) if name else short)


def _described(text):
    """The name in an engine's description of a container: docker's and isula's, or a pod's in the OCI annotations."""
    value = _object(text)
    common = value.get("CommonConfig")
    name = value.get("Name") or (common.get("Name") if isinstance(common, dict) else None)
    if name:
        return _checked([str(name).lstrip("/")])
    notes = value.get("annotations")
    if not isinstance(notes, dict):
        return None
    for keys in _POD_KEYS:
        parts = [notes[key] for key in keys if notes.get(key)]
        if len(parts) > 1:
            return _checked(parts)
    return _checked([notes["nerdctl/name"]]) if notes.get("nerdctl/name") else None


def _stored(text, number):
    """The first name in podman's list of containers."""
    try:
        rows = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return None
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and str(row.get("id") or "").startswith(number):
            names = row.get("names")
            return _checked(names[:1]) if isinstance(names, list) and names else None
    return None


def _checked(parts):
    # Whoever may start a container chooses its name: what no engine allows is not repeated.
    parts = [part for part in parts if isinstance(part, str) and _NAME.match(part)]
    return "/".join(parts) or None


def _object(text):
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
