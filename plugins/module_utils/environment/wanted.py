# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Python environment holds, and what has to be done until it holds what is wanted.

Pure: names, texts and dictionaries in, data out. The module python_environment does the reading and the doing.
"""

import json
import re

MARKER = "ascend-fleet.json"
CONSTRAINTS = "constraints.txt"
# The wheels that CANN brings; which of them there are depends on the CANN release.
OPERATOR_WHEELS = ("te", "topi", "hccl")

# What a shell sets for itself and nobody else wants.
_OWN_OF_SHELL = ("HOME", "PWD", "OLDPWD", "SHLVL", "_")

_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(.*?)\s*$")
_PIN = re.compile(r"^===?\s*([^\s,;]+)$")
_DIST_INFO = re.compile(r"^(.+?)-([^-]+?)(?:-py[\d.]+)?\.(dist-info|egg-info)$")


def normalize(name):
    """The name under which two spellings of one distribution are the same (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def parse_requirement(text):
    """(normalized name, exact version or None, the rest) of C(numpy==1.26.4), C(numpy) or C(numpy<2).

    Raises:
        ValueError: the text is not a requirement.
    """
    match = _REQUIREMENT.match(text)
    if not match:
        raise ValueError("%r is not a requirement such as numpy==1.26.4" % text)
    pin = _PIN.match(match.group(2))
    return normalize(match.group(1)), pin.group(1) if pin else None, match.group(2)


def parse_wheel(file_name):
    """(normalized name, version) of a wheel's file name, or None."""
    parts = file_name[:-4].split("-") if file_name.endswith(".whl") else []
    return (normalize(parts[0]), parts[1]) if len(parts) in (5, 6) else None


def parse_dist_info(folder_name):
    """(normalized name, version) of a folder such as C(numpy-1.26.4.dist-info), or None."""
    match = _DIST_INFO.match(folder_name)
    return (normalize(match.group(1)), match.group(2)) if match else None


def parse_conda_meta(file_name):
    """(normalized name, version) of conda's record of a package, C(<name>-<version>-<build>.json), or None."""
    parts = file_name[:-5].rsplit("-", 2) if file_name.endswith(".json") else []
    return (normalize(parts[0]), parts[1]) if len(parts) == 3 else None


def from_conda(text):
    """A conda requirement, C(mindspore-ascend=1.10.1), in pip's notation."""
    return re.sub(r"(?<![=<>!~])=(?!=)", "==", text, count=1)


def same_version(one, other):
    """Whether two spellings are one version: 2.7 and 2.7.0, 1.0.0rc1 and 1.0.0-RC1; a local part must agree."""
    return _version_key(one) == _version_key(other)


def _version_key(text):
    public, _plus, local = text.lower().replace("-", "").replace("_", "").partition("+")
    return re.sub(r"(\.0)+(?=$|[a-z]|\.post|\.dev)", "", public), local


def satisfied(requirement, installed):
    """Whether the installed distributions hold a requirement.

    Of a requirement without an exact version only the presence is judged: what its range means is pip's to say,
    and the constraints have been applied when it was installed.
    """
    name, version, _rest = parse_requirement(requirement)
    if name not in installed:
        return False
    return version is None or same_version(version, installed[name])


def changes(installed, marker, wanted):
    """What to do to an environment that exists.

    Args:
        installed: {normalized name: version}, without half-installed distributions.
        marker: the environment's own record: C(wheels) ({name: sha256}), C(sources) ({name: what it was
            noted by}) and C(unfinished) (list of names).
        wanted: C(packages) (requirements), C(absent) (names), C(sources) ({name: what it is noted by})
            and C(operator_wheels) ({name: {"path", "sha256"}}, or None where they are no business of the caller).

    Returns:
        {"remove": [names], "install": [requirements], "wheels": [names]}: what to remove first, to install, and
        which of CANN's wheels to install again.
    """
    again = set(marker.get("unfinished") or ())
    came_from = marker.get("sources") or {}
    again |= {name for name, source in wanted["sources"].items() if came_from.get(name) != source}
    install = [
        text for text in wanted["packages"] if not satisfied(text, installed) or parse_requirement(text)[0] in again
    ]
    remove = [name for name in map(normalize, wanted["absent"]) if name in installed]
    wheels = []
    if wanted["operator_wheels"] is not None:
        recorded = marker.get("wheels") or {}
        # Their versions say nothing: te is 0.4.0 in several CANN releases. Only the content tells.
        wheels = sorted(
            name
            for name, wheel in wanted["operator_wheels"].items()
            if name not in installed or recorded.get(name) != wheel["sha256"] or name in again
        )
        stale = [name for name in OPERATOR_WHEELS if name in installed and name not in wanted["operator_wheels"]]
        remove += [name for name in stale if name not in remove]
    return {"remove": remove, "install": install, "wheels": wheels}


def wheel_requirements(paths):
    """The requirements that a list of wheel files stands for.

    Raises:
        ValueError: a path is not that of a wheel.
    """
    found = []
    for path in paths:
        parsed = parse_wheel(path.rsplit("/", 1)[-1])
        if parsed is None:
            raise ValueError("%s is not a wheel." % path)
        found.append("%s==%s" % parsed)
    return found


def render_environment(pairs):
    """An environment file for systemd units, which a shell can source as well, from {name: value}."""
    lines = ["# Kept by ascend.fleet. For systemd: EnvironmentFile=; in a shell: set -a; . this file; set +a\n"]
    for name in sorted(pairs):
        value = pairs[name]
        if re.match(r"^[A-Za-z_][A-Za-z0-9_]*$", name) and name not in _OWN_OF_SHELL and "\n" not in value:
            lines.append('%s="%s"\n' % (name, re.sub(r'([\\"$`])', r"\\\1", value)))
    return "".join(lines)


def merge_constraints(text, wanted):
    """The constraints file after these requirements took the place of earlier ones for the same distributions."""
    lines = [line.strip() for line in (text or "").splitlines()]
    kept = {}
    for line in [line for line in lines if line and not line.startswith("#")] + list(wanted):
        try:
            kept[parse_requirement(line)[0]] = line
        except ValueError:
            continue
    head = "# Kept by ascend.fleet: pip.conf of this environment makes every pip here obey it.\n"
    return head + "".join("%s\n" % kept[name] for name in sorted(kept))


def parse_marker(text):
    """The environment's record, or None when it has none that can be read."""
    try:
        value = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


_SHAPES = {
    "provider": str,
    "executable": str,
    "unfinished": list,
    "before": list,
    "added": list,
    "wheels": dict,
    "sources": dict,
    "stack": dict,
    "found": dict,
    "files": dict,
}


def tidy_marker(marker):
    """The record without what has not the shape it should have: it is a file, and files get edited."""
    return {
        name: value
        for name, value in marker.items()
        if isinstance(value, _SHAPES.get(name, object))
        and (not isinstance(value, list) or all(isinstance(item, str) for item in value))
    }


def render_marker(marker):
    """The record as its file's text."""
    return json.dumps(marker, indent=2, sort_keys=True) + "\n"


def matches_python(wanted, found):
    """Whether Python C(found) ("3.11.2") is the wanted one ("3.11" or "3.11.2"); nothing wanted is always met."""
    return not wanted or found == wanted or (found or "").startswith(wanted + ".")


def summary(before, after):
    """The lines of a diff: one per distribution, sorted."""
    return ["".join("%s==%s\n" % item for item in sorted(side.items())) for side in (before, after)]
