# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several roles say alike of a step: the file and the work of a vendor package, the channels of conda."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Plan, Step

# What of an entry of ascend_extra_packages the installation needs to know.
_DECLARED = ("install_path", "options", "upgrade_options", "remove", "user", "proof", "pattern")
_BUNDLE = "bundle:"
_PROOF = "inference"


def package_files(step: Step) -> list[dict[str, Any]]:
    """What ascend.fleet.stage takes for a step by a vendor package, with the hash that a saved plan holds it to."""
    if not step["package"]:
        return []
    return [{"name": step["package"], **({"sha256": step["sha256"]} if step.get("sha256") else {})}]


def package_args(step: Step, staged: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """What run_package is told for a step by a vendor package.

    Args:
        step: of the plan.
        staged: C(ascend_step_staged): path and hash of its package, and whether the control node found it whole.
        options: of the role: install_path, install_for_all, timeout and what else it gives run_package.
    """
    file = step["package"]
    args: dict[str, Any] = {
        "state": "absent" if step["action"] == "remove" else "present",
        "version": step["to"] or step["from"],
        # Only what the plan has said that it takes over.
        "take_over": step.get("take_over", False),
        "allow_downgrade": step["action"] in ("downgrade", "repair"),
        **options,
    }
    if file:
        args.update(path=staged["files"][file], checksum=f"sha256:{staged['sha256'][file]}")
        # Of what is declared nobody knows whether its installer looks at the host before it touches anything.
        args["verified"] = file in staged["whole"] and "declared" not in options
    elif "declared" not in options:  # where there is a package, its name tells
        args["component"] = step.get("product") or step["component"]
    return args


def declared(step: Step, wishes: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What run_package is told of a package of ascend_extra_packages; what is removed knows from its record how."""
    named = [wish for wish in wishes if wish["name"] == step.get("product") and step["action"] != "remove"]
    said = {key: value for key, value in (named or [{}])[0].items() if key in _DECLARED and value is not None}
    return {"name": step.get("product"), "stands_on": step.get("stands_on", {}), **said}


def proof_steps(plan: Plan, every: bool) -> list[Step]:
    """The steps by which a host proves itself: those of the plan, or one for every framework of the host."""
    planned = [step for step in plan["steps"] if step["component"] == _PROOF]
    first = (plan["stack"] or {}).get(_PROOF)
    if not every or not first:
        return planned
    return [_proof_step(""), *(_proof_step(f"-{one['framework']}") for one in first.get("also", ()))]


def _proof_step(ending: str) -> Step:
    return {
        "id": f"{_PROOF}-verify{ending}",
        "component": _PROOF,
        "action": "verify",
        "from": None,
        "to": None,
        "why": "it is asked for",
        "package": None,
        "reboot": False,
        "minutes": 0,
    }


def conda_channels(channels: Iterable[str], artifacts: str, state_dir: str) -> list[str]:
    """Channels as conda on the host takes them: a mirror is one as it is, a folder on the control node was brought."""
    place = f"{artifacts}/conda/" if "://" in artifacts else f"file://{state_dir}/conda/"
    return [place + one.removeprefix(_BUNDLE) if one.startswith(_BUNDLE) else one for one in channels]


def conda_files(channels: Iterable[str], artifacts: str, state_dir: str, arch: str) -> list[dict[str, Any]]:
    """The sets of files of the channels that are in the artifacts: what a host of an architecture needs of each.

    By content, so that nothing is sent twice; a mirror's channels are read from there.
    """
    if "://" in artifacts:
        return []
    own = "linux-64" if arch == "x86_64" else f"linux-{arch}"
    named = [one.removeprefix(_BUNDLE) for one in channels if one.startswith(_BUNDLE)]
    return [
        {
            "source": artifacts,
            "state_dir": state_dir,
            "link_dir": f"{state_dir}/conda/{folder}",
            "files": sorted(f"conda/{folder}/{path.name}" for path in place.iterdir() if path.is_file()),
        }
        for folder in (f"{name}/{subdir}" for name in named for subdir in ("noarch", own))
        if (place := Path(artifacts, "conda", folder).expanduser()).is_dir()
    ]
