# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collects on the control node, without a connection, everything a fleet's stacks need into one folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.utils.display import Display
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import addresses
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError
from ansible_collections.ascend.fleet.plugins.plugin_utils.answer.observed import UNREADABLE, unreadable
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import (
    role_requirements,
    signature,
    wheel_download,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import (
    wants as bundle_wants,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle.store import WORK, Bundle, Lacking
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle.wants import WheelSet
from ansible_collections.ascend.fleet.plugins.plugin_utils.control_action import HOSTS, ControlAction, hosts
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import wishes
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.planner import Planner
from ansible_collections.ascend.fleet.plugins.plugin_utils.published import Want
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import files as resolve_files
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Resolution, Subject

NOT_OBSERVED = (
    "No host was looked at: the files are those of the stacks that the catalog alone says go together. What is"
    " installed on a host may declare more (version.info of driver and firmware), and its plan then wants other files:"
    " once there are hosts, collect again without bundle_chips."
)
OBSERVED = (
    "host(s) observed: the files are those of their plans, by what the installed driver, firmware and CANN declare."
)


class ActionModule(ControlAction):
    """Implements ascend.fleet.bundle; its documentation is in plugins/modules/bundle.py."""

    READS = ("bundle_", "ascend_artifacts")
    ARGUMENTS: dict[str, Any] = {
        **HOSTS,
        "dest": {"type": "path", "required": True},
        "chips": {"type": "list", "elements": "str", "default": []},
        "arches": {"type": "list", "elements": "str", "default": ["aarch64"]},
        "host_kind": {"type": "str", "default": "physical"},
        "glibc": {"type": "str"},
        "sources": {"type": "list", "elements": "path", "default": []},
        "files": {"type": "list", "elements": "dict", "default": []},
        "requirements": {"type": "list", "elements": "str", "default": []},
        "build": {"type": "list", "elements": "str", "default": []},
        "wheels": {"type": "bool", "default": True},
        "index": {"type": "str"},
        "python": {"type": "path"},
        "ca_file": {"type": "path"},
        "crl_file": {"type": "path"},
        "signer": {"type": "str"},
        "require_signature": {"type": "bool", "default": False},
        "offline": {"type": "bool", "default": False},
        "timeout": {"type": "int", "default": 60},
        "retries": {"type": "int", "default": 5},
    }

    def act(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        try:
            if "://" in args["dest"]:
                raise ArtifactError("bundle_dest: a bundle is made in a folder; set bundle_dest to one")
            wants, sets, rests_on = self._needs(args, task_vars)
            bundle = Bundle(
                Path(args["dest"]),
                [Path(folder) for folder in args["sources"]],
                Display().display,
                ca_file=Path(args["ca_file"]) if args["ca_file"] else None,
                crl_file=Path(args["crl_file"]) if args["crl_file"] else None,
                signer=args["signer"],
                **{key: args[key] for key in ("require_signature", "offline", "timeout", "retries")},
            )
            result = _foresee(bundle, wants, sets) if self._task.check_mode else _collect(bundle, wants, sets, args)
            return {**result, "rests_on": rests_on, "ascend_lines": [*rests_on, *result["ascend_lines"]]}
        except (ArtifactError, Lacking, OSError) as error:
            raise AnsibleActionFail(str(error)) from error

    def _needs(self, args: dict[str, Any], task_vars: dict[str, Any]) -> tuple[list[Want], list[WheelSet], list[str]]:
        """The files and wheel sets of every kind of host, and what that rests on in words. Raises ArtifactError."""
        wants = [_extra(row) for row in args["files"]]
        sets: list[WheelSet] = []
        kinds = 0
        for who, wish, subject, answer, variables in self._kinds(args, task_vars):
            kinds += 1
            stack, conflict = answer["stack"], answer["conflict"]
            if stack is None:
                reason = conflict["message"] if conflict else "; ".join(answer["why"])
                raise ArtifactError(f"{who} ({subject['chip']}, {subject['arch']}): no stack: {reason}")
            files = resolve_files.wants(stack, subject, wish.catalog)
            wants += [want for want in files if want.kind != "wheel"]
            if not args["wheels"] or wish.desired["ascend_wheels"] != "bundle":
                continue
            direct = [want for want in files if want.kind == "wheel"]
            for framework in bundle_wants.frameworks(stack):
                here = bundle_wants.inside(stack, framework)
                mine = [want for want in direct if want.component in {one.name for one in here}]
                extra, limits = role_requirements.environment(stack, variables, self._templar, here)
                wanted = [*extra, *args["requirements"]]
                one = bundle_wants.wheels(stack, subject, mine, wanted, limits, framework)
                if one:
                    sets.append(one)
            sets += bundle_wants.beside(stack, subject)
        rests_on = [NOT_OBSERVED if args["chips"] else f"{kinds} {OBSERVED}"]
        return bundle_wants.merge(wants), bundle_wants.merge_sets(sets), rests_on

    def _kinds(
        self, args: dict[str, Any], task_vars: dict[str, Any]
    ) -> Iterator[tuple[str, wishes.Wishes, Subject, Resolution, dict[str, Any]]]:
        """Every host to collect for, observed or described: (who, wishes, subject, resolution, variables)."""
        planner = Planner()
        if args["chips"]:
            wish = self._wish("these hosts", task_vars)
            for chip in args["chips"]:
                for arch in args["arches"]:
                    subject = _described(chip, arch, args)
                    yield "these hosts", wish, subject, planner.described(wish, subject), task_vars
            return
        found = False
        for host in hosts(args, task_vars):
            variables = task_vars["hostvars"].raw_get(host)
            facts = ((variables.get("ascend_observation") or {}).get("ansible_facts") or {}).get("ascend")
            if not facts:
                Display().warning(f"{host} was not observed: what only this host needs is not collected")
                continue
            wish = self._wish(host, variables)
            try:
                subject, answer = wish.subject(facts), planner.resolution(wish, facts)
            except UNREADABLE as error:
                Display().warning(f"{host}: {unreadable(error)} What only this host needs is not collected")
                continue
            found = True
            yield host, wish, subject, answer, variables
        if not found:
            raise ArtifactError(
                "No host was observed. Name the hosts' kinds instead, for example"
                " -e bundle_chips=910b -e bundle_arches=aarch64"
            )

    def _wish(self, who: str, variables: dict[str, Any]) -> wishes.Wishes:
        """What a host's variables ask for. Raises ArtifactError where one of them is wrong."""
        wish = wishes.of_host(self._templar, variables)
        # The folder of ascend_artifacts is what this run makes.
        problems = [str(problem) for problem in wish.problems if problem.variable != "ascend_artifacts"]
        if problems:
            raise ArtifactError(f"{who}: {' '.join(problems)}")
        return wish


def _described(chip: str, arch: str, args: dict[str, Any]) -> Subject:
    """A kind of host that need not exist yet, as the resolver wants to see it."""
    if arch not in ("aarch64", "x86_64"):
        raise ArtifactError(f"bundle_arches: {arch} is not one of aarch64, x86_64")
    return {
        "chip": chip.lower(),
        "arch": arch,
        "os": None,
        "glibc": args["glibc"],
        "host_kind": args["host_kind"],
        "product": None,
        "variant": None,
        "installed": None,
    }


def _extra(row: dict[str, Any]) -> Want:
    """A file the user names: a model, a conda installer, a patch."""
    known = ("name", "kind", "arch", "url", "headers", "sha256", "licence")
    unknown = sorted(set(row) - set(known))
    if unknown:
        raise ArtifactError(f"files: {', '.join(unknown)} is not one of {', '.join(known)}")
    name = artifacts.check_name(row.get("name"))
    headers = row.get("headers") or {}
    if not isinstance(headers, dict) or not all(isinstance(text, str) for pair in headers.items() for text in pair):
        raise ArtifactError(f"bundle_files: headers of {name} takes a mapping of names to texts")
    return Want(
        name,
        row.get("kind") or "other",
        row.get("arch"),
        url=row.get("url"),
        headers=headers,
        sha256=artifacts.check_sha256(row.get("sha256"), name),
        licence=row.get("licence"),
    )


def _foresee(bundle: Bundle, wants: list[Want], sets: list[WheelSet]) -> dict[str, Any]:
    """Check mode: what would come from where."""
    plan = {want.name: bundle.whence(want) for want in [*wants, *(want for one in sets for want in one.direct)]}
    new = [one.name for one in sets if not _complete(bundle, one)]
    lines = [f"{name}: from {where}" for name, where in plan.items()]
    lines += [f"{one.name}: {', '.join(one.requirements)}" for one in sets]
    changed = bool(new) or any(not bundle.has(name) for name in plan)
    return {"changed": changed, "dest": str(bundle.folder), "ascend_lines": lines, "sources": plan, "sets": new}


def _collect(bundle: Bundle, wants: list[Want], sets: list[WheelSet], args: dict[str, Any]) -> dict[str, Any]:
    """Gets everything, goes on past what is lacking, and says all of that at the end."""
    before = bundle.sets
    bundle.sets = dict(bundle.sets)
    lacking: list[str] = []
    for number, want in enumerate(wants, 1):
        bundle.say(f"[{number}/{len(wants)}] {want.name}")
        try:
            bundle.obtain(want)
        except Lacking as error:
            if want.optional:
                Display().warning(f"{error} (installed on every host that uses it; only a repair would need it)")
            else:
                lacking.append(str(error))
    for one in sets:
        try:
            _gather(bundle, one, args)
        except (ArtifactError, Lacking) as error:
            lacking.append(f"{one.name}: {error}")
    if bundle.folder.is_dir():
        lacking = list(dict.fromkeys([*lacking, *bundle.adopt_rest()]))
        bundle.write_lock()
    for why in sorted(set(bundle.unproven.values())):
        Display().warning(f"{', '.join(name for name in bundle.unproven if bundle.unproven[name] == why)}: {why}")
    if not lacking and (bundle.folder / WORK).is_dir():
        shutil.rmtree(bundle.folder / WORK)
    entries = bundle.artifacts.values()
    result: dict[str, Any] = {
        "changed": bool(bundle.added) or bundle.sets != before,
        "dest": str(bundle.folder),
        "added": bundle.added,
        "bytes_received": bundle.received,
        "total_bytes": sum(entry["size"] for entry in entries),
        "artifacts": sorted(bundle.artifacts),
        "sets": bundle.sets,
        "unproven": sorted(bundle.unproven),
        "lacking": lacking,
        "ascend_lines": _lines(bundle),
        "licences": {entry["name"]: entry["licence"] for entry in entries if entry.get("licence")},
    }
    if lacking:
        result.update(failed=True, msg=f"{len(lacking)} lacking in {bundle.folder}: " + " | ".join(lacking))
    return result


def _lines(bundle: Bundle) -> list[str]:
    """What the folder holds, for people."""
    entries = list(bundle.artifacts.values())
    lines = [f"{bundle.folder}: {len(entries)} files, {artifacts.megabytes(sum(row['size'] for row in entries))}"]
    lines += [f"new: {name}" for name in bundle.added]
    lines += [f"{name}: {len(members)} wheels" for name, members in bundle.sets.items()]
    if bundle.unchecked:
        lines.append(
            f"{signature.UNCHECKED}, no list is known (bundle_crl_file): {', '.join(sorted(set(bundle.unchecked)))}"
        )
    notes: dict[str, int] = {}
    for row in entries:
        note = row.get("licence") or "no licence note"
        notes[note] = notes.get(note, 0) + 1
    return lines + [f"licence: {note} ({count} files)" for note, count in sorted(notes.items())]


def _wanted(one: WheelSet) -> list[str]:
    limits = [f"# constraint {line}" for line in one.constraints]
    # The lock is there for everybody to read.
    return [
        *map(addresses.hide_urls, [*one.requirements, *limits]),
        f"# python {one.python} {one.arch} glibc {one.glibc or wheel_download.DEFAULT_GLIBC}",
    ]


def _complete(bundle: Bundle, one: WheelSet) -> bool:
    members = bundle.sets.get(one.name)
    return bool(members) and bundle.requirements.get(one.name) == _wanted(one) and all(map(bundle.has, members or []))


def _gather(bundle: Bundle, one: WheelSet, args: dict[str, Any]) -> None:
    """The wheels of one set. Raises ArtifactError or Lacking."""
    if _complete(bundle, one):
        bundle.say(f"{one.name}: complete")
        return
    for want in one.direct:
        bundle.obtain(want)
    pip = wheel_download.pip_command(args["python"])
    ready = bundle.folder / "wheels"
    links = [folder for folder in (ready, *bundle.sources) if folder.is_dir()]
    for requirement in [*one.build, *args["build"]]:
        if not bundle.offline and not wheel_download.at_hand(links, requirement):
            bundle.say(f"{one.name}: building {requirement}, which is published as source only")
            built = wheel_download.build_pure(pip, ready, requirement, args["index"])
            if " --hash=" not in requirement:
                bundle.unproven[f"wheels/{built.name}"] = (
                    "built here from a source that no hash was given for (bundle_build takes"
                    " 'name==version --hash=sha256:...')"
                )
            links = [ready, *bundle.sources]
    bundle.say(f"{one.name}: pip download of {', '.join(one.requirements)} for {one.arch}, Python {one.python}")
    work = bundle.folder / WORK / one.name
    extra = ["--no-index"] if bundle.offline else []
    wheels = wheel_download.download(
        pip,
        work,
        [*extra, *one.requirements],
        one.python,
        one.arch,
        one.glibc,
        links,
        args["index"],
        one.constraints,
        extra_indexes=() if bundle.offline else one.indexes,
        run=wheel_download.telling(bundle.say),
    )
    members = []
    for wheel in wheels:
        name = f"wheels/{wheel.name}"
        if not bundle.has(name):
            target = bundle.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(str(wheel), target)
            generic = wheel.name.endswith("-any.whl")
            bundle.accept(
                Want(
                    name,
                    "wheel",
                    None if generic else one.arch,
                    one.python,
                    licence=wheel_download.licence(target),
                    proven=True,
                )
            )
        members.append(name)
    bundle.sets[one.name] = members
    bundle.requirements[one.name] = _wanted(one)
    bundle.write_lock()
