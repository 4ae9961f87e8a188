# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One change of the operating system's settings: look, write files and values, read both back; undo what did not work.

Touches the host. A file that is there and that our record does not name is somebody's: it is never written.
"""

import json
import os
import time
import uuid

from ansible_collections.ascend.fleet.plugins.module_utils import journal, whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.change import files as change_files
from ansible_collections.ascend.fleet.plugins.module_utils.change.checks import Refused
from ansible_collections.ascend.fleet.plugins.module_utils.host import tuning, tuning_wanted

PRESENT, PREVIOUS, ABSENT = "present", "previous", "absent"
_SET = "set"  # what the journal calls settings of ours


class TuningChange(object):
    """The settings of one host.

    Args:
        state: "present" (as wanted), "previous" (before our last change) or "absent" (before our first one).
        wish: the settings, for "present".
        view: host_view.HostView, or its like.
        state_dir, controller, boot_id: for record and journal.
        append: appends a line to the journal.
        root: where the files are, another folder in tests.
    """

    def __init__(self, state, wish, view, state_dir, controller, boot_id, append, root=""):
        self.state, self.view, self.root = state, view, root
        self.controller, self.boot_id, self.append = controller, boot_id, append
        self._record_path = os.path.join(state_dir, tuning_wanted.RECORD)
        self._journal_path = os.path.join(state_dir, journal.FILE_NAME)
        self.record = tuning_wanted.parse_record(whole_file.read(self._record_path))
        self.wish = tuning_wanted.normal(wish)
        self.open = False

    def look(self):
        """Read files and values; returns what differs from what is wanted."""
        governors = tuning.governor_files(self.view)
        if self.state == PRESENT:
            self._check(governors)
            self.files, self.live = tuning_wanted.target(self.wish, self.record, governors)
        elif self.state == PREVIOUS:
            earlier = self.record["previous"] or {"files": {}, "live": {}}
            self.files, self.live = dict(earlier["files"]), dict(earlier["live"])
        else:
            self.files, self.live = dict.fromkeys(self.record["files"]), dict(self.record["before"])
        # A CPU may have been taken away since.
        self.live = {path: said for path, said in self.live.items() if said is not None and self.view.exists(path)}
        self._read()
        self.differences = tuning_wanted.differences(self.files, self.files_now)
        self.differences += tuning_wanted.differences(self.live, self.live_now)
        entries = journal.parse(whole_file.read(self._journal_path))
        self.open = journal.unfinished(entries, tuning_wanted.COMPONENT) is not None
        # What is as it was may still stand in the record.
        recorded = self.record["previous"] if self.state == PREVIOUS else self.record["files"] or self.record["before"]
        self.stale = self.state != PRESENT and bool(recorded)
        return self.differences

    def due(self):
        """Whether there is something to do."""
        return bool(self.differences) or self.open or self.stale

    def _check(self, governors):
        wrong = tuning_wanted.problems(self.wish)
        if wrong:
            raise Refused(
                "The settings of this host are not changed",
                "; ".join(wrong),
                "correct settings (ascend_host_tuning); nothing was changed",
            )
        wanted = tuning_wanted.files(self.wish)
        foreign = [path for path in wanted if path not in self.record["files"] and self.view.lstat(path) is not None]
        if foreign:
            raise Refused(
                "The settings of this host are not changed",
                "%s is there, and is not of ascend.fleet" % ", ".join(foreign),
                "move the file away, or leave its settings out of ascend_host_tuning",
            )
        lacking = [path for path in tuning_wanted.live(self.wish, governors) if not self.view.exists(path)]
        if "governor" in self.wish and not governors:
            lacking.append(tuning.CPUS + "/cpu*/cpufreq/scaling_governor")
        if lacking:
            raise Refused(
                "The settings of this host are not changed",
                "its kernel has no %s" % ", ".join(lacking),
                "leave these settings out of ascend_host_tuning for this host",
            )

    def _read(self):
        self.files_now = {path: self.view.read(path) for path in self.files}
        self.live_now = {path: tuning_wanted.value(path, self.view.read(path)) for path in self.live}

    def diff(self):
        """The change as Ansible's diff: the files, and the values that the kernel has."""
        found = [
            {
                "before_header": path,
                "after_header": path,
                "before": self.files_now[path] or "",
                "after": self.files[path] or "",
            }
            for path in sorted(self.files)
            if self.files[path] != self.files_now[path]
        ]
        rows = tuning_wanted.differences(self.live, self.live_now)
        if rows:
            header = "values of the running kernel"
            sides = {
                side: "".join("%s: %s\n" % (row["where"], row[side] or "none") for row in rows)
                for side in ("now", "wanted")
            }
            found.append(
                {"before_header": header, "after_header": header, "before": sides["now"], "after": sides["wanted"]}
            )
        return found

    def make(self):
        """Make the change. The caller holds the host's lock, and has looked.

        Raises:
            Refused: it was not made, and everything is as it was, or the message says what is not.
            OSError: record or journal cannot be written.
        """
        started, begun = self._start(), time.monotonic()
        try:
            self._bring(self.files, self.live)
            self._read()
            left = tuning_wanted.differences(self.files, self.files_now)
            left += tuning_wanted.differences(self.live, self.live_now)
            if left:
                raise OSError("; ".join("%(where)s says %(now)s afterwards, not %(wanted)s" % row for row in left[:5]))
        except OSError as error:
            undone = self._undo()
            self._end(started, begun, 1, "refused" if undone else "failed")
            raise Refused(
                "The settings of this host were not changed",
                str(error),
                "leave that setting out of ascend_host_tuning or mend it, then run again; %s"
                % ("everything is as it was" if undone else "not everything could be put back, run again"),
                changed=not undone,
                undone=undone,
            )
        self._end(started, begun, 0, "ok")
        self._settle()

    def _start(self):
        now, back = time.time(), self.state != PRESENT
        started = journal.start(
            journal.new_id(now, uuid.uuid4().hex[:6]),
            now,
            self.boot_id,
            tuning_wanted.COMPONENT,
            "uninstall" if back else "install",
            _SET if back else None,
            None if back else _SET,
            controller=self.controller,
        )
        self.were = {"files": dict(self.files_now), "live": dict(self.live_now)}
        self.earlier = dict(self.record)
        if not back:
            # Before anything is written, so that a run that dies leaves a record of what it began.
            before = dict(self.live_now)
            before.update(self.record["before"])
            before = {path: said for path, said in before.items() if said is not None}
            previous = dict(self.were, record={key: self.earlier[key] for key in ("files", "before")})
            if self.open:  # what the change that died had found, not what it left
                previous = self.record["previous"] or previous
            self.record = {
                "files": sorted(set(self.record["files"]) | {path for path, text in self.files.items() if text}),
                "before": before,
                "previous": previous,
            }
            self._keep()
        self.append(self._journal_path, journal.line(started))
        return started

    def _settle(self):
        """The record of what is ours after a change."""
        if self.state == PRESENT:
            wanted = tuning_wanted.live(self.wish, tuning.governor_files(self.view))
            self.record["files"] = sorted(path for path, text in self.files.items() if text)
            self.record["before"] = {path: said for path, said in self.record["before"].items() if path in wanted}
        elif self.state == PREVIOUS:
            self.record = dict(self.record["previous"]["record"], previous=None)
        else:
            self.record = {"files": [], "before": {}, "previous": None}
        self._keep()

    def _keep(self):
        if self.record["files"] or self.record["before"]:
            text = json.dumps(self.record, sort_keys=True, indent=1) + "\n"
            whole_file.put(self._record_path, text, 0o600, durable=True)
        elif os.path.exists(self._record_path):
            os.unlink(self._record_path)

    def _bring(self, files, live):
        for path, text in sorted(files.items()):
            place = self.root + path
            if text is None:
                if os.path.lexists(place):
                    os.unlink(place)
            elif self.view.read(path) != text:
                change_files.ensure_folder(os.path.dirname(place))
                whole_file.put(place, text, 0o644, durable=True)
        for path, said in sorted(live.items()):
            if tuning_wanted.value(path, self.view.read(path)) != said:
                _write(self.root + path, said)

    def _undo(self):
        """Put files and values back. Returns whether all of them are as they were."""
        try:
            self._bring(
                self.were["files"], {path: said for path, said in self.were["live"].items() if said is not None}
            )
            self._read()
            self.record = dict(self.earlier)
            self._keep()
        except OSError:
            return False
        return self.files_now == self.were["files"] and self.live_now == self.were["live"]

    def _end(self, started, begun, rc, result):
        to = _SET if self.state == PRESENT else None
        ended = journal.end(started, time.time(), self.boot_id, rc, result, False, time.monotonic() - begun, to)
        self.append(self._journal_path, journal.line(ended))


def _write(path, said):
    """Give the kernel a value. An empty one is a line of its own: no bytes would be no write."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_TRUNC)
        try:
            os.write(handle, said.encode("ascii", "replace") + b"\n")
        finally:
            os.close(handle)
    except OSError as error:
        raise OSError("%s does not take %s: %s" % (path, said or "an empty value", error.strerror))
