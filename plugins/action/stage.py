# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control node's half of ascend.fleet.stage: resolve and hash here, ask the host once, send what it lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.utils.display import Display
from ansible_collections.ascend.fleet.plugins.action import work
from ansible_collections.ascend.fleet.plugins.module_utils import defaults
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError
from ansible_collections.ascend.fleet.plugins.plugin_utils import host_variables
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import lock_file, relay_tree
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import source as artifact_source
from ansible_collections.ascend.fleet.plugins.plugin_utils.host_action import HostAction
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import clean

# Files are handed to the host's cache in pieces and groups of this size: a lost connection costs no more than one.
PIECE_BYTES = 128 * 1000 * 1000
# Of the host's answer, beside files and missing.
_LISTS = ("from_cache", "evicted", "relay_notes")
# How often a file may arrive damaged before the task fails.
SENDS = 2

SPEC: dict[str, Any] = {
    "files": {"type": "list", "elements": "raw", "default": []},
    "requirement_set": {"type": "str"},
    "sets": {"type": "list", "elements": "dict", "default": []},
    "roles": {"type": "list", "elements": "str"},
    "plan": {"type": "dict"},
    "source": {"type": "str"},
    "source_url": {"type": "str"},
    "lock_sha256": {"type": "str"},
    "state_dir": {"type": "str", "default": defaults.STATE_DIR},
    "link_dir": {"type": "str"},
    "cache_max_mb": {"type": "int", "default": 8192},
    "timeout": {"type": "int", "default": 60},
    "retries": {"type": "int", "default": 5},
    "lock_timeout": {"type": "int", "default": 1800},
    "relays": {"type": "list", "elements": "str", "default": []},
    "before": {"type": "dict"},
}
# Of an earlier result what is returned again.
_KEPT = ("files", "sha256", "from_cache", "evicted", "steps", "work", "link_dir")


class ActionModule(HostAction):
    """Implements ascend.fleet.stage; its documentation is in plugins/modules/stage.py."""

    MODULE = "artifact"
    FROM_VARIABLES = host_variables.places("state_dir", "source")
    TRANSFERS_FILES = True
    _supports_async = False
    _VALID_ARGS = frozenset(SPEC)

    def act(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        _validation, args = self.validate_argument_spec(argument_spec=SPEC)
        if args["before"]:
            kept = {key: args["before"][key] for key in _KEPT if key in args["before"]}
            return {**kept, "changed": False, "bytes_sent": 0, "relay_bytes": 0}
        asked: dict[str, Any] = {}
        if args["roles"] is not None:
            asked["work"] = work.of_host(args, self._templar, task_vars)
            args["sets"] += asked["work"]["sets"]
        try:
            found = [(one, self._resolve(one, task_vars)) for one in self._sets(args)]
        except (ArtifactError, OSError) as error:
            raise AnsibleActionFail(str(error)) from error
        result: dict[str, Any] = {"changed": False, "files": {}, "sha256": {}, "from_cache": [], "bytes_sent": 0}
        result.update(asked, relay_bytes=0, evicted=[], steps={})
        diffs = []
        for state_dir, items in _rounds(found, args["state_dir"]):
            outcome = self._bring(items, {**args, "state_dir": state_dir}, task_vars)
            result["changed"] = result["changed"] or outcome["changed"]
            for key in ("files", "sha256"):
                result[key].update(outcome[key])
            for key in ("from_cache", "evicted"):
                result[key] += outcome[key]
            for key in ("bytes_sent", "bytes_to_send", "relay_bytes"):
                if key in outcome:
                    result[key] = result.get(key, 0) + outcome[key]
            diffs += [outcome["diff"]] if "diff" in outcome else []
            for item in items:
                for step in item["steps"]:
                    kept = result["steps"].setdefault(step, {"files": {}, "sha256": {}, "whole": []})
                    kept["files"][item["name"]] = outcome["files"][item["name"]]
                    kept["sha256"][item["name"]] = item["sha256"]
                    kept["whole"] += [item["name"]] if item.get("whole") else []
        if diffs:
            result["diff"] = diffs[0] if len(diffs) == 1 else diffs
        if args["link_dir"]:
            result["link_dir"] = args["link_dir"]
        return result

    def _sets(self, args: dict[str, Any]) -> list[dict[str, Any]]:
        """The sets of files: those that are named, and before them the one of the task's own options."""
        known = ("files", "requirement_set", "source", "source_url", "lock_sha256", "state_dir", "link_dir", "step")
        wrong = sorted({str(key) for one in args["sets"] for key in one} - set(known))
        if wrong:
            raise ArtifactError(f"sets names {', '.join(wrong)}; a set takes {', '.join(known)}")
        own = {key: self._task.args[key] for key in known if key in self._task.args}
        sets = [own] if args["files"] or args["requirement_set"] else []
        sets += [{**{key: own[key] for key in ("source", "state_dir") if key in own}, **one} for one in args["sets"]]
        if not all(one.get("source") for one in sets):
            raise ArtifactError(
                "source is not set: nothing says where the files are. Fix: set ascend_artifacts to the folder on the"
                " control node, or the URL of a mirror, that holds them"
            )
        return sets

    def _bring(self, items: list[dict[str, Any]], args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Ask the host once what it lacks of these files, and send that."""
        passed_on = ("state_dir", "link_dir", "cache_max_mb", "timeout", "retries", "lock_timeout")
        options = {key: args[key] for key in passed_on}
        relays = args["relays"] if "relays" in self._task.args else relay_tree.of_host(task_vars)
        if relays is not None:
            _cut_up(items)
        unasked = [] if relays or self._task.check_mode else _lacking_for_sure(items, task_vars)
        sent = self._transfer(unasked, {}) if unasked else 0
        reply = self._ask(items, {**options, "relays": relays or []}, task_vars)
        for note in reply.get("relay_notes", []):
            Display().warning(f"{task_vars.get('inventory_hostname')}: relay {note}")
        sent += reply["bytes_received"]
        if self._task.check_mode:
            return self._checked(items, reply, options)
        lacking = [item for item in items if item["name"] not in reply["files"]]
        if lacking:
            sent += self._send(lacking, reply, options, task_vars)
        return self._outcome(items, reply, bytes_sent=sent)

    def _resolve(self, one: dict[str, Any], task_vars: dict[str, Any]) -> list[dict[str, Any]]:
        """Every file of a set with its hash and its ways to the host. Raises ArtifactError."""
        # An option that is given counts, even when it says "none": the variables are about ascend_artifacts.
        variables = {"source_url": "ascend_artifacts_url", "lock_sha256": lock_file.PIN}
        said = host_variables.with_defaults(one, variables, self._templar, task_vars)
        serving_url, pin = said.get("source_url") or None, said.get("lock_sha256") or None
        source = artifact_source.open_source(one["source"], serving_url, pin)
        wanted = [_named(item) for item in one.get("files") or []]
        if one.get("requirement_set"):
            sets = source.lock["sets"] if source.lock else {}
            if one["requirement_set"] not in sets:
                known = ", ".join(sorted(sets)) or "none"
                raise ArtifactError(
                    f"requirement_set {one['requirement_set']} is not in the lock of ascend_artifacts"
                    f" ({artifacts.public_url(one['source'])}); it has: {known}. Make it with ascend.fleet.bundle"
                )
            wanted += [{"name": name} for name in sets[one["requirement_set"]]]
        unique = {str(item.get("name")): item for item in reversed(wanted)}
        return artifact_source.resolve_files(source, list(reversed(unique.values())))

    def _ask(self, items: list[dict[str, Any]], options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """One execution of the host's half. Raises AnsibleActionFail with its message."""
        keys = (
            "name",
            "sha256",
            "size",
            "url",
            "headers",
            "src",
            "src_begin",
            "src_size",
            "offset",
            "pieces",
            "link_dir",
        )
        files = [{key: item[key] for key in keys if item.get(key) is not None} for item in items]
        reply = self.ask(self.MODULE, {"files": files, **options}, task_vars)
        if reply.get("failed") or reply.get("unreachable"):
            raise AnsibleActionFail(reply.get("msg", "the host did not answer"), result=reply)
        return _judged(reply, {item["name"] for item in files})

    def _send(
        self,
        lacking: list[dict[str, Any]],
        reply: dict[str, Any],
        options: dict[str, Any],
        task_vars: dict[str, Any],
    ) -> int:
        """Sends files over the connection until the host has verified them; updates `reply`, returns bytes sent."""
        why = {entry["name"]: entry["why"] for entry in reply["missing"]}
        for item in lacking:
            if not item["path"]:
                raise AnsibleActionFail(
                    f"{item['name']}: the host could not get it ({why.get(item['name'])}) and the control node has no"
                    " copy to send. Make the mirror reachable, or set ascend_artifacts to a folder with the files"
                )
            if item["url"]:
                Display().warning(f"{item['name']} is sent over the connection: {why.get(item['name'])}")
        parts = {entry["name"]: entry["part"] for entry in reply["missing"]}
        sent = 0
        for group in _batches(lacking):
            fruitless = 0
            while group:
                sent += self._transfer(group, parts)
                answer = self._ask([{**item, "url": None} for item in group], options, task_vars)
                reply["files"].update(answer["files"])
                reply["evicted"] += answer["evicted"]
                now = {entry["name"]: entry["part"] for entry in answer["missing"]}
                group = [item for item in group if item["name"] in now]
                if any(now[item["name"]] <= parts.get(item["name"], 0) for item in group):
                    fruitless += 1
                    if fruitless >= SENDS:
                        raise AnsibleActionFail(
                            f"{group[0]['name']} arrived damaged {SENDS} times: {answer['missing'][0]['why']}."
                            " It was not used; check the network and the host's disk"
                        )
                parts.update(now)
        reply["changed"] = True
        return sent

    def _transfer(self, group: list[dict[str, Any]], parts: dict[str, int]) -> int:
        """Puts the next piece of every file into the login user's temporary folder, as one; returns the bytes sent."""
        shell = self._connection._shell
        folder = shell.tmpdir or self._make_tmp_path()
        for item in group:
            begin = parts.get(item["name"], 0)
            item["offset"] = begin if begin < item["size"] else 0
        wanted = [(item["path"], item["offset"], item["source"]) for item in group]
        try:
            with artifact_source.pieces(wanted, PIECE_BYTES) as (path, sizes):
                source = self._transfer_file(path, shell.join_path(folder, "artifacts"))
        except ArtifactError as error:
            raise AnsibleActionFail(str(error)) from error
        except AnsibleError as error:
            size = sum(min(item["size"], PIECE_BYTES) for item in group)
            names = ", ".join(item["name"] for item in group[:3]) + (", ..." if len(group) > 3 else "")
            raise AnsibleActionFail(
                f"{names} could not be sent to the host: {error}. The login user's temporary folder there"
                f" needs {artifacts.megabytes(min(size, PIECE_BYTES))} free; rerun to go on"
            ) from error
        begin = 0
        for item, size in zip(group, sizes, strict=True):
            item.update(src=source, src_begin=begin, src_size=size)
            begin += size
        return begin

    def _checked(self, items: list[dict[str, Any]], reply: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        """The answer in check mode: what would be sent, and nothing was."""
        lacking = [item for item in items if item["name"] not in reply["from_cache"]]
        for item in lacking:
            reply["files"].setdefault(
                item["name"],
                f"{options['state_dir']}/cache/{item['sha256']}/{artifacts.base_name(item['name'])}",
            )
        reply["changed"] = reply["changed"] or bool(lacking)
        outcome = self._outcome(items, reply, bytes_sent=0)
        return {**outcome, "bytes_to_send": sum(item["size"] or 0 for item in lacking)}

    def _outcome(self, items: list[dict[str, Any]], reply: dict[str, Any], bytes_sent: int) -> dict[str, Any]:
        outcome: dict[str, Any] = {
            "changed": reply["changed"],
            "files": reply["files"],
            "sha256": {item["name"]: item["sha256"] for item in items},
            "from_cache": reply["from_cache"],
            "bytes_sent": bytes_sent,
            "relay_bytes": reply["relay_bytes"],
            "evicted": reply["evicted"],
        }
        if self._task.diff:
            lines = {item["name"]: _line(item) for item in items}
            before = [lines[name] for name in lines if name in reply["from_cache"]]
            outcome["diff"] = {
                "before_header": "cache on the host",
                "after_header": "cache on the host",
                "before": "".join(before),
                "after": "".join(lines.values()),
            }
        return outcome


def _named(item: Any) -> dict[str, Any]:
    """A file that is wanted; an empty text says nothing."""
    return {"name": item} if isinstance(item, str) else {key: value for key, value in item.items() if value != ""}


def _rounds(
    found: list[tuple[dict[str, Any], list[dict[str, Any]]]], state_dir: str
) -> list[tuple[str, list[dict[str, Any]]]]:
    """(state_dir, files) for which a host is asked once; more than one only where two sets do not go together.

    They do not where a name means another file or another place in each of them, or where their caches differ.

    Args:
        found: the sets with their files, resolved.
        state_dir: that of a set which names none.
    """
    rounds: list[tuple[str, dict[str, dict[str, Any]]]] = []
    for one, items in found:
        place, step = one.get("state_dir") or state_dir, one.get("step")
        more = {"source": one["source"], "link_dir": one.get("link_dir")}
        mine = {item["name"]: {**item, **more, "steps": []} for item in items}
        fits = next((kept for at, kept in rounds if at == place and _together(kept, mine)), None)
        if fits is None:
            fits = {}
            rounds.append((place, fits))
        for name, item in mine.items():
            kept = fits.setdefault(name, item)
            kept["steps"] += [step] if step else []
            kept["link_dir"] = kept["link_dir"] or item["link_dir"]
    return [(place, list(items.values())) for place, items in rounds if items]


def _together(one: dict[str, dict[str, Any]], other: dict[str, dict[str, Any]]) -> bool:
    return all(
        one[name]["sha256"] == item["sha256"] and len({one[name]["link_dir"], item["link_dir"]} - {None}) <= 1
        for name, item in other.items()
        if name in one
    )


def _cut_up(items: list[dict[str, Any]]) -> None:
    """Add the hashes of their pieces to the files that are on the control node. Raises AnsibleActionFail."""
    for item in items:
        if not item["path"]:
            continue
        try:
            item["pieces"] = artifact_source.file_pieces(Path(item["path"]), Path(item["source"]).expanduser())
        except (ArtifactError, OSError) as error:
            raise AnsibleActionFail(str(error)) from error


def _judged(reply: dict[str, Any], asked: set[str]) -> dict[str, Any]:
    """The reply, in which a host can speak of nothing but the files it was asked about. Raises AnsibleActionFail."""
    reply = {"relay_notes": [], "relay_bytes": 0, **reply}
    files, missing = reply.get("files"), reply.get("missing")
    good = (
        isinstance(files, dict)
        and all(isinstance(path, str) for path in files.values())
        and set(files) <= asked
        and isinstance(missing, list)
        and all(map(_is_missing, missing))
        and {entry["name"] for entry in missing} <= asked
        and all(isinstance(reply.get(key), list) for key in _LISTS)
        and all(isinstance(item, str) for key in _LISTS for item in reply[key])
        and _is_count(reply.get("bytes_received"))
        and _is_count(reply["relay_bytes"])
    )
    if not good:
        raise AnsibleActionFail(
            "The host's answer is not the one of ascend.fleet.artifact; nothing is sent to it. Run again; if it says so"
            " again, find out what answers on this host."
        )
    return {
        **reply,
        "changed": bool(reply.get("changed")),
        "missing": [{**entry, "why": clean(entry["why"], 500)} for entry in missing or []],
        "relay_notes": [clean(note, 300) for note in reply["relay_notes"][:20]],
    }


def _is_missing(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("name"), str)
        and isinstance(entry.get("why"), str)
        and _is_count(entry.get("part"))
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _line(item: dict[str, Any]) -> str:
    size = artifacts.megabytes(item["size"]) if item["size"] is not None else "size unknown"
    return f"{item['name']} ({size}, sha256 {item['sha256'][:16]})\n"


def _lacking_for_sure(items: list[dict[str, Any]], task_vars: dict[str, Any]) -> list[dict[str, Any]]:
    """Files that need not be asked for: a host was seen with nothing in its cache, and nothing was brought since.

    They go with the question then, as far as they are one group.
    """
    facts = task_vars.get("ascend_facts")
    if not isinstance(facts, dict) or facts.get("cached") != 0 or "ascend_staged" in task_vars:
        return []
    groups = _batches([item for item in items if item["path"] and not item["url"]])
    return groups[0] if groups else []


def _batches(items: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Groups of files of at most PIECE_BYTES; a larger file is a group of its own."""
    groups: list[list[dict[str, Any]]] = []
    filled = 0
    for item in items:
        if not groups or filled + item["size"] > PIECE_BYTES:
            groups.append([])
            filled = 0
        groups[-1].append(item)
        filled += item["size"]
    return groups
