# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control node's half of ascend.fleet.stage: resolve and hash here, ask the host once, send what it lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.utils.display import Display
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
    "source": {"type": "str", "required": True},
    "source_url": {"type": "str"},
    "lock_sha256": {"type": "str"},
    "state_dir": {"type": "str", "default": defaults.STATE_DIR},
    "link_dir": {"type": "str"},
    "cache_max_mb": {"type": "int", "default": 8192},
    "timeout": {"type": "int", "default": 60},
    "retries": {"type": "int", "default": 5},
    "lock_timeout": {"type": "int", "default": 1800},
    "relays": {"type": "list", "elements": "str", "default": []},
}


class ActionModule(HostAction):
    """Implements ascend.fleet.stage; its documentation is in plugins/modules/stage.py."""

    MODULE = "artifact"
    FROM_VARIABLES = host_variables.places("state_dir", "source")
    TRANSFERS_FILES = True
    _supports_async = False
    _VALID_ARGS = frozenset(SPEC)

    def act(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        _validation, args = self.validate_argument_spec(argument_spec=SPEC)
        try:
            items = self._resolve(args, task_vars)
        except (ArtifactError, OSError) as error:
            raise AnsibleActionFail(str(error)) from error
        if not items:
            result.update(changed=False, files={}, sha256={}, from_cache=[], bytes_sent=0, relay_bytes=0, evicted=[])
            return result
        passed_on = ("state_dir", "link_dir", "cache_max_mb", "timeout", "retries", "lock_timeout")
        options = {key: args[key] for key in passed_on}
        relays = args["relays"] if "relays" in self._task.args else relay_tree.of_host(task_vars)
        if relays is not None:
            _cut_up(items, args["source"])
        reply = self._ask(items, {**options, "relays": relays or []}, task_vars)
        for note in reply.get("relay_notes", []):
            Display().warning(f"{task_vars.get('inventory_hostname')}: relay {note}")
        sent = reply["bytes_received"]
        if self._task.check_mode:
            return self._checked(result, items, reply)
        lacking = [item for item in items if item["name"] not in reply["files"]]
        if lacking:
            sent += self._send(lacking, reply, options, task_vars)
        result.update(self._outcome(items, reply, bytes_sent=sent))
        if options["link_dir"]:
            result["link_dir"] = options["link_dir"]
        return result

    def _resolve(self, args: dict[str, Any], task_vars: dict[str, Any]) -> list[dict[str, Any]]:
        """Every file wanted with its hash and its ways to the host. Raises ArtifactError."""
        # An option that is given counts, even when it says "none": the variables are about ascend_artifacts.
        variables = {"source_url": "ascend_artifacts_url", "lock_sha256": lock_file.PIN}
        said = host_variables.with_defaults(self._task.args, variables, self._templar, task_vars)
        serving_url, pin = said.get("source_url") or None, said.get("lock_sha256") or None
        source = artifact_source.open_source(args["source"], serving_url, pin)
        wanted = [{"name": item} if isinstance(item, str) else dict(item) for item in args["files"]]
        if args["requirement_set"]:
            sets = source.lock["sets"] if source.lock else {}
            if args["requirement_set"] not in sets:
                known = ", ".join(sorted(sets)) or "none"
                raise ArtifactError(
                    f"requirement_set {args['requirement_set']} is not in the lock of ascend_artifacts"
                    f" ({artifacts.public_url(args['source'])}); it has: {known}. Make it with ascend.fleet.bundle"
                )
            wanted += [{"name": name} for name in sets[args["requirement_set"]]]
        unique = {str(item.get("name")): item for item in reversed(wanted)}
        return artifact_source.resolve_files(source, list(reversed(unique.values())))

    def _ask(self, items: list[dict[str, Any]], options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """One execution of the host's half. Raises AnsibleActionFail with its message."""
        keys = ("name", "sha256", "size", "url", "headers", "src", "offset", "pieces")
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
        """Puts the next piece of every file into the login user's temporary folder; returns the bytes sent."""
        shell = self._connection._shell
        folder = shell.tmpdir or self._make_tmp_path()
        sent = 0
        for index, item in enumerate(group):
            begin = parts.get(item["name"], 0)
            item["offset"] = begin if begin < item["size"] else 0
            target = shell.join_path(folder, f"artifact-{index}")
            try:
                source = self._task.args["source"]
                with artifact_source.piece(item["path"], item["offset"], PIECE_BYTES, source) as (path, size):
                    item["src"] = self._transfer_file(path, target)
                    sent += size
            except ArtifactError as error:
                raise AnsibleActionFail(str(error)) from error
            except AnsibleError as error:
                raise AnsibleActionFail(
                    f"{item['name']} could not be sent to the host: {error}. The login user's temporary folder there"
                    f" needs {artifacts.megabytes(min(item['size'], PIECE_BYTES))} free; rerun to go on"
                ) from error
        return sent

    def _checked(self, result: dict[str, Any], items: list[dict[str, Any]], reply: dict[str, Any]) -> dict[str, Any]:
        """The answer in check mode: what would be sent, and nothing was."""
        lacking = [item for item in items if item["name"] not in reply["from_cache"]]
        for item in lacking:
            reply["files"].setdefault(
                item["name"],
                f"{self._task.args.get('state_dir', defaults.STATE_DIR)}/cache/"
                f"{item['sha256']}/{artifacts.base_name(item['name'])}",
            )
        reply["changed"] = reply["changed"] or bool(lacking)
        result.update(self._outcome(items, reply, bytes_sent=0))
        result["bytes_to_send"] = sum(item["size"] or 0 for item in lacking)
        return result

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


def _cut_up(items: list[dict[str, Any]], folder: str) -> None:
    """Add the hashes of their pieces to the files that are on the control node. Raises AnsibleActionFail."""
    for item in items:
        if not item["path"]:
            continue
        try:
            item["pieces"] = artifact_source.file_pieces(Path(item["path"]), Path(folder).expanduser())
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
