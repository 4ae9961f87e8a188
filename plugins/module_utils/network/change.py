# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One change of the NPUs' network: look, write hccn.conf, let the chips read it, look again; undo what did not work.

Touches the host. A chip takes its settings from the file with `hccn_tool -i N -cfg recovery` (as the vendor's deployer
does, PyPI ascend-deployer 26.0.0); what the chips say afterwards is the evidence, not the tool's exit code.
"""

import json
import os
import time
import uuid

from ansible_collections.ascend.fleet.plugins.module_utils import journal, whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.network import conf, difference, observe
from ansible_collections.ascend.fleet.plugins.module_utils.network.parse import HccnError

COMPONENT = "device_network"
RECORD = "device_network.json"
PRESENT, PREVIOUS, ABSENT = "present", "previous", "absent"
# What the journal calls a network that we have set.
_SET = "set"


class ChangeError(Exception):
    """A change that was not made, or was undone. The text names cause and fix.

    Attributes:
        facts: {"cause", "fix", "changed", "undone"}.
    """

    def __init__(self, what, cause, fix, **more):
        super(ChangeError, self).__init__("%s. Cause: %s. Fix: %s." % (what, cause, fix))
        self.facts = dict({"changed": False, "undone": None}, cause=cause, fix=fix, **more)


class NetworkChange(object):
    """The settings of some chips of one host.

    Args:
        state: "present" (as wanted), "previous" (before our last change) or "absent" (before our first one).
        chips: {chip (str): {key of hccn.conf: value}}, for "present".
        tool: a tool.Tool; None where there is none.
        state_dir: of the collection.
        controller: name of the run, for the journal.
        boot_id: of the host.
        path: of hccn.conf.
        append: appends a line to the journal.
    """

    def __init__(self, state, chips, tool, state_dir, controller, boot_id, append, path=conf.PATH):
        self.state, self.tool, self.state_dir = state, tool, state_dir
        self.controller, self.boot_id, self.append = controller, boot_id, append
        self.path = os.path.realpath(path)
        self._record_path = os.path.join(state_dir, RECORD)
        self._journal_path = os.path.join(state_dir, journal.FILE_NAME)
        self.record = _record(whole_file.read(self._record_path))
        self.wanted = chips if state == PRESENT else self.record.get(state) or {}
        self.open = False

    def look(self):
        """Read file and chips, and what differs from what is wanted."""
        self.text = whole_file.read(self.path) if os.path.exists(self.path) else None
        self.in_file = conf.parse(self.text)
        self.seen = []
        for chip in sorted(self.wanted, key=int) if self.tool else ():
            row = observe.chip(self.tool, int(chip), self.in_file.get(chip, {}), observe.SETTINGS)
            trouble = row["problems"].get("ip", {})
            if trouble and trouble["kind"] != "no_address":
                raise ChangeError(
                    "Chip %s does not say what address it has" % chip,
                    trouble["message"],
                    "see that npu-smi info shows the chip, and run again; nothing was changed",
                )
            self.seen.append(row)
        self.differences = difference.differences(self.wanted, self.in_file, self.seen)
        entries = journal.parse(whole_file.read(self._journal_path))
        self.open = journal.unfinished(entries, COMPONENT) is not None
        return self.differences

    def disturbs(self):
        """Whether the change takes a chip's network away for a moment; one of the file alone does not."""
        return any(row["where"] == difference.DEVICE for row in self.differences)

    def diff(self):
        """The change as Ansible's diff: the file, and what the chips say."""
        after = conf.render(self.text, self.wanted)
        found = [{"before_header": self.path, "after_header": self.path, "before": self.text or "", "after": after}]
        lines = {"now": [], "wanted": []}
        for row in self.differences:
            if row["where"] == difference.DEVICE:
                for side in lines:
                    lines[side].append("chip %s %s: %s\n" % (row["chip"], row["key"], row[side] or "none"))
        if lines["wanted"]:
            header = "on the chips"
            found.append(
                {
                    "before_header": header,
                    "after_header": header,
                    "before": "".join(lines["now"]),
                    "after": "".join(lines["wanted"]),
                }
            )
        return found

    def make(self):
        """Make the change. The caller holds the host's lock, and has looked.

        Raises:
            ChangeError: it was not made; facts say whether everything is as it was before.
            OSError: file, record or journal cannot be written.
        """
        started = self._start()
        begun = time.monotonic()
        touched = []
        try:
            self._write(conf.render(self.text, self.wanted))
            for chip in self._chips_to_tell():
                touched.append(chip)
                self._tell(chip)
            left = self._left()
            if left:
                raise HccnError("failed", "afterwards still: %s" % difference.words(left))
        except (HccnError, OSError) as error:
            said = getattr(error, "message", None) or str(error)
            undone = self._undo(touched)
            self._end(started, begun, 1, "refused" if undone else "failed")
            raise ChangeError(
                "The network of the NPUs was not set",
                said,
                "look at /var/log/hccn_tool/hccn_config.log and at the chip, then run again; %s"
                % ("file and chips are as they were" if undone else "not everything could be put back, look at both"),
                changed=not undone,
                undone=undone,
            )
        self._end(started, begun, 0, "ok")
        if self.state != PRESENT:
            self._keep({})

    def _start(self):
        now = time.time()
        back = self.state != PRESENT
        # An earlier setting of ours has no version to go back to: the record holds it.
        started = journal.start(
            journal.new_id(now, uuid.uuid4().hex[:6]),
            now,
            self.boot_id,
            COMPONENT,
            "uninstall" if back else "install",
            _SET if back else None,
            None if back else _SET,
            controller=self.controller,
        )
        if not back:
            before = {
                chip: {key: self.in_file.get(chip, {}).get(key, self._on_chip(chip, key)) for key in keys}
                for chip, keys in self.wanted.items()
            }
            origin = dict(before)
            for chip, keys in (self.record.get(ABSENT) or {}).items():
                origin[chip] = dict(origin.get(chip, {}), **keys)
            self._keep({ABSENT: origin, PREVIOUS: before})
        self.append(self._journal_path, journal.line(started))
        return started

    def _on_chip(self, chip, key):
        row = next((row for row in self.seen if str(row["chip"]) == chip), None)
        return difference.device_values(row).get(key) if row else None

    def _end(self, started, begun, rc, result):
        to = None if self.state != PRESENT else _SET
        ended = journal.end(started, time.time(), self.boot_id, rc, result, False, time.monotonic() - begun, to)
        self.append(self._journal_path, journal.line(ended))

    def _keep(self, record):
        whole_file.put(self._record_path, json.dumps(record, sort_keys=True, indent=1) + "\n", 0o600, durable=True)

    def _write(self, text):
        if text != (self.text or ""):
            mode = os.stat(self.path).st_mode & 0o7777 if os.path.exists(self.path) else 0o644
            whole_file.put(self.path, text, mode, durable=True)

    def _chips_to_tell(self):
        """The chips that differ, and those whose file lines changed in what a chip cannot be asked for."""
        asked = set(difference.device_values({}))
        return sorted(
            {
                row["chip"]
                for row in self.differences
                if self.tool and (row["where"] == difference.DEVICE or row["key"] not in asked)
            },
            key=int,
        )

    def _tell(self, chip):
        self.tool.change(chip, "-cfg", "recovery")
        tls = self.wanted.get(chip, {}).get("tls_enable")
        if tls is not None:
            row = observe.chip(self.tool, int(chip), {"tls_enable": tls}, ("tls",))
            if difference.device_values(row)["tls_enable"] != tls:
                self.tool.change(chip, "-tls", "-s", "enable", tls)

    def _left(self):
        in_file = conf.parse(whole_file.read(self.path))
        seen = [
            observe.chip(self.tool, int(chip), in_file.get(chip, {}), observe.SETTINGS)
            for chip in (sorted(self.wanted, key=int) if self.tool else ())
        ]
        return difference.differences(self.wanted, in_file, seen)

    def _undo(self, touched):
        """Put file and chips back. Returns whether both say again what they said before."""
        good = True
        try:
            whole_file.put(self.path, self.text or "", 0o644, durable=True)
            for chip in touched:
                try:
                    self._tell_back(chip)
                except HccnError:
                    good = False
            if self.text is None:
                os.unlink(self.path)
            else:
                whole_file.put(self.path, self.text, 0o644, durable=True)
            now = {str(row["chip"]): row for row in self.seen}
            for chip in touched:
                row = observe.chip(self.tool, int(chip), self.in_file.get(chip, {}), observe.SETTINGS)
                before, after = difference.device_values(now[chip]), difference.device_values(row)
                good = good and all(after[key] == value for key, value in before.items() if value is not None)
        except OSError:
            good = False
        return good

    def _tell_back(self, chip):
        """What the file said before, and over it what the chip had of its own."""
        self.tool.change(chip, "-cfg", "recovery")
        had = difference.device_values(next(row for row in self.seen if str(row["chip"]) == chip))
        said = self.in_file.get(chip, {})
        if had["address"] and said.get("address") != had["address"]:
            self.tool.change(chip, "-ip", "-s", "address", had["address"], "netmask", had["netmask"] or "255.255.255.0")
        if had["IPv6address"] and said.get("IPv6address") != had["IPv6address"]:
            words = ("ipv6_address", had["IPv6address"], "prefix_length", had["IPv6netmask"] or "64")
            self.tool.change(chip, "-ip", "-inet6", "-s", *words)
        if had["IPv6netdetect"] and said.get("IPv6netdetect") != had["IPv6netdetect"]:
            self.tool.change(chip, "-netdetect", "-inet6", "-s", "ipv6_address", had["IPv6netdetect"])
        if had["gateway"] and said.get("gateway") != had["gateway"]:
            self.tool.change(chip, "-gateway", "-s", "gateway", had["gateway"])
        if had["netdetect"] and said.get("netdetect") != had["netdetect"]:
            self.tool.change(chip, "-netdetect", "-s", "address", had["netdetect"])
        if had["tls_enable"] is not None:
            self.tool.change(chip, "-tls", "-s", "enable", had["tls_enable"])


def _record(text):
    """{"absent": settings before our first change, "previous": before the last one}; {} where there is none."""
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {key: value for key, value in found.items() if key in (ABSENT, PREVIOUS) and isinstance(value, dict)}
