# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One change of a container engine: look, write its configuration, restart it, ask it; undo what did not work.

Touches the host. What the running engine says afterwards is the evidence. The file as it was before our first change
is kept, so that it can be put back byte for byte; what somebody changed in it since stays then, and only what is ours
is taken out.
"""

import hashlib
import json
import os
import time
import uuid

from ansible_collections.ascend.fleet.plugins.module_utils import journal, kept_file, whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.change.checks import Refused
from ansible_collections.ascend.fleet.plugins.module_utils.container import engines, observe
from ansible_collections.ascend.fleet.plugins.module_utils.container.daemon_json import BadConfig
from ansible_collections.ascend.fleet.plugins.module_utils.secure import bounded, safe_folder

PRESENT, PREVIOUS, ABSENT = "present", "previous", "absent"
# What the journal calls an engine that we have configured.
_SET = "set"
_POLL = 5


class EngineError(Exception):
    """A change that was not made, or was undone. The text names cause and fix; facts as Refused's."""

    def __init__(self, what, cause, fix, **more):
        super(EngineError, self).__init__("%s. Cause: %s. Fix: %s." % (what, cause, fix))
        self.facts = dict({"changed": False, "undone": None}, cause=cause, fix=fix, **more)


class EngineChange(object):
    """The Ascend runtime of one container engine.

    Args:
        state: "present", "previous" (before our last change) or "absent" (before our first one).
        engine: its name; of a removal the record says which.
        path: of the runtime's program.
        is_default: whether it is to be the default runtime.
        view: host_view.HostView, or its like.
        state_dir, controller, boot_id: for record and journal.
        run: runs a command, as bounded.run.
        append: appends a line to the journal.
        timeout: seconds of a restart.
    """

    def __init__(
        self, state, engine, path, is_default, view, state_dir, controller, boot_id, append, timeout=300, run=None
    ):
        self.state, self.path, self.view, self.timeout = state, path, view, timeout
        self.state_dir, self.controller, self.boot_id, self.append = state_dir, controller, boot_id, append
        self.run = run or bounded.run
        self._record_path = os.path.join(state_dir, observe.RECORD)
        self._journal_path = os.path.join(state_dir, journal.FILE_NAME)
        self.record = self.earlier_record = observe.read_record(self._record_path)
        self.engine = engine if state == PRESENT else self.record.get("engine") or engine
        self.is_default = is_default and engines.takes_default(self.engine)
        self.known = engines.ENGINES[self.engine]

    # -- looking ------------------------------------------------------------------------------------------------

    def look(self):
        """Read file and engine; returns why there is something to do, in words."""
        self.seen = observe.look(self.view, self.engine)
        entries = journal.parse(whole_file.read(self._journal_path))
        self.open = journal.unfinished(entries, observe.CONFIGURATION) is not None
        if self.state != PRESENT:
            self.reasons = ["the engine is configured by ascend.fleet"] if self.record else []
            return self.reasons
        if self.record and self.record["engine"] != self.engine:
            raise Refused(
                "%s is not configured" % self.engine,
                "ascend.fleet has configured %s on this host" % self.record["engine"],
                "uninstall container_runtime first, or set ascend_container_engine: %s" % self.record["engine"],
            )
        if not self.seen["installed"]:
            raise Refused(
                "%s is not configured" % self.engine,
                "it is not installed: there is no %s" % self.known["program"],
                "install it, or set ascend_container_engine_install: true",
            )
        if self.seen["problem"]:
            raise Refused("%s is not changed" % self.known["config"], self.seen["problem"], "mend it and run again")
        self.reasons = engines.differences(self.engine, self.seen, self.path, self.is_default)
        if not self.reasons and self.open:
            self.reasons = ["an earlier change of it was interrupted"]
        return self.reasons

    def plan(self):
        """What the file is and what it becomes: fills kept, before and after (None: there is no file)."""
        self.kept = kept_file.keep(self.known["config"])
        try:
            text = kept_file.text_of(self.kept)
            self.before = text if self.kept["content"] is not None else None
            self.after = self._after(text)
        except UnicodeDecodeError:
            raise Refused("%s is not changed" % self.known["config"], "it is no UTF-8", "mend it and run again")
        except BadConfig as error:
            raise Refused("%s is not changed" % self.known["config"], str(error), "mend it and run again")

    def _after(self, text):
        if self.state == PRESENT:
            return engines.with_runtime(self.engine, text, self.path, self.is_default, self._earlier("origin"))
        target = self.record["origin" if self.state == ABSENT else "previous"]
        if self.before is None or _digest(self.before) == self.record["written"] or target == self.kept:
            return kept_file.text_of(target) if target["content"] is not None else None
        # Somebody has changed it since: theirs stays.
        key = "origin" if self.state == ABSENT else "previous"
        if engines.described(self.engine, kept_file.text_of(target))["runtime"]:
            return text
        left = engines.without_runtime(self.engine, text, self._earlier(key))
        return None if left is not None and not left.strip("{} \r\n\t") and target["content"] is None else left

    def _earlier(self, key):
        """The default runtime of a kept file, None where it was ours or there was none."""
        kept = self.record.get(key) or self.kept
        try:
            name = engines.described(self.engine, kept_file.text_of(kept))["default"]
        except (BadConfig, UnicodeDecodeError):
            return None
        return None if name == engines.RUNTIME else name

    def diff(self):
        """The change of the file, as Ansible's diff."""
        path = self.known["config"]
        return [{"before_header": path, "after_header": path, "before": self.before or "", "after": self.after or ""}]

    def stops(self):
        """The names of the containers that a restart would stop."""
        if not self.seen["active"] or self.known["keeps_running"] or self.seen["live_restore"]:
            return []
        return self.seen["running"]

    def idle(self, policy, patience, sleep=time.sleep, clock=time.monotonic):
        """Refuse to stop somebody's containers, or wait for them; returns those that are stopped all the same."""
        deadline = clock() + patience
        while self.stops() and policy == "wait" and clock() < deadline:
            sleep(_POLL)
            self.seen = observe.look(self.view, self.engine)
        names = self.stops()
        if names and policy != "ignore":
            waited = " after waiting %d s" % patience if policy == "wait" else ""
            raise Refused(
                "%s is not restarted%s: these containers run: %s" % (self.engine, waited, ", ".join(names)),
                "its restart would stop them, for live-restore is not set",
                'stop them, or set "live-restore": true in %s and restart it when it suits you, or set busy_policy '
                "(ascend_busy_policy) to wait or ignore" % self.known["config"],
                containers=names,
            )
        return names

    # -- changing -----------------------------------------------------------------------------------------------

    def make(self):
        """Make the change. The caller holds the host's lock, and has looked and planned.

        Raises:
            EngineError: it was not made; facts say whether everything is as it was before.
            OSError: file, record or journal cannot be written.
        """
        started, begun = self._start(), time.monotonic()
        try:
            self._write(self.after, self._target_mode())
            self._restart()
            self._prove()
        except (EngineError, OSError) as error:
            cause = getattr(error, "facts", {}).get("cause") or str(error)
            undone = self._undo()
            self._end(started, begun, 1, "refused" if undone else "failed")
            raise EngineError(
                "%s was not configured" % self.engine,
                cause,
                "look at journalctl -u %s, then run again; %s"
                % (
                    self.known["unit"],
                    "file and engine are as they were" if undone else "not everything could be put back, look at both",
                ),
                changed=not undone,
                undone=undone,
            )
        self._end(started, begun, 0, "ok")
        if self.state != PRESENT:
            self._forget()

    def _start(self):
        now, back = time.time(), self.state != PRESENT
        started = journal.start(
            journal.new_id(now, uuid.uuid4().hex[:6]),
            now,
            self.boot_id,
            observe.CONFIGURATION,
            "uninstall" if back else "configure",
            _SET if back else None,
            None if back else _SET,
            controller=self.controller,
        )
        if not back:
            self._keep(self.open)
        self.append(self._journal_path, journal.line(started))
        return started

    def _keep(self, resumed):
        """Write down what the file was. What a change that was cut off had kept is still what was there before it."""
        previous = self.record.get("previous") if resumed else None
        record = {
            "engine": self.engine,
            "origin": self._origin(),
            "previous": previous or self.kept,
            "written": _digest(self.after or ""),
        }
        safe_folder.ensure(self.state_dir)
        self.earlier_record = self.record
        self._put_record(record)

    def _origin(self):
        """The file as it would be without us: what it was at first, or what somebody has made of it since."""
        known = self.record.get("origin")
        if not known:
            return self.kept
        if self.open or self.before is None or _digest(self.before) == self.record["written"]:
            return known
        text = self.before
        if engines.described(self.engine, text)["runtime"]:
            text = engines.without_runtime(self.engine, text, self._earlier("origin"))
        return known if text is None else kept_file.with_text(self.kept, text)

    def _forget(self):
        """Nothing is ours any more, unless the last change of several was undone."""
        if self.state == PREVIOUS and self.after and engines.described(self.engine, self.after)["runtime"]:
            self._put_record(dict(self.record, previous=self.record["origin"], written=_digest(self.after)))
            return
        os.unlink(self._record_path)
        self.record = {}

    def _put_record(self, record):
        whole_file.put(self._record_path, json.dumps(record, sort_keys=True) + "\n", 0o600, durable=True)
        self.record = record

    def _target_mode(self):
        """(mode, uid, gid) that the file gets: those it has, or had when it was kept."""
        kept = self.kept
        if self.state != PRESENT and self.record:
            target = self.record["origin" if self.state == ABSENT else "previous"]
            kept = target if target["content"] is not None else kept
        return (kept["mode"] or 0o644, kept["uid"] or 0, kept["gid"] or 0)

    def _write(self, text, facts):
        path = self.kept["path"]
        if text is None:
            if os.path.exists(path):
                os.unlink(path)
            return
        mode, uid, gid = facts
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path), 0o755)
        if text != self.before or self.kept["mode"] != mode:
            whole_file.put(path, text, mode, durable=True)
            os.chown(path, uid, gid)

    def _restart(self):
        unit = self.known["unit"]
        if self.state != PRESENT and not (self.seen["installed"] and self.seen["active"]):
            return  # what somebody has removed or stopped meanwhile stays so
        # systemd counts starts, and refuses the fourth within a minute: ours are meant.
        self.run(["systemctl", "reset-failed", unit], self.timeout, stderr="nowhere")
        done = self.run(["systemctl", "restart", unit], self.timeout, stderr="together")
        if done.ended or done.rc != 0:
            said = " ".join(done.stdout.decode("utf-8", "replace").split()) or "no reason given"
            detail = "it did not end in %d s" % self.timeout if done.ended else said[:300]
            raise EngineError("", "%s did not restart: %s" % (unit, detail), "")

    def _prove(self):
        seen = observe.look(self.view, self.engine)
        if self.state != PRESENT:
            if seen["answer"] and engines.RUNTIME in seen["answer"]["runtimes"] and not seen["runtime"]:
                raise EngineError("", "%s still has the runtime %s" % (self.engine, engines.RUNTIME), "")
            return
        left = [seen["problem"]] if seen["problem"] else []
        left += engines.differences(self.engine, seen, self.path, self.is_default)
        if left:
            raise EngineError("", "afterwards still: %s" % "; ".join(left), "")

    def _undo(self):
        """File and engine as they were. Returns whether they are."""
        try:
            kept_file.put_back(self.kept)
            if self.state == PRESENT:
                if self.earlier_record:
                    self._put_record(self.earlier_record)
                else:
                    os.unlink(self._record_path)
                    self.record = {}
            was_active = self.seen["active"]
            if was_active:
                self._restart()
            return observe.look(self.view, self.engine)["active"] == was_active or not was_active
        except (EngineError, OSError):
            return False

    def _end(self, started, begun, rc, result):
        to = None if self.state != PRESENT else _SET
        ended = journal.end(started, time.time(), self.boot_id, rc, result, False, time.monotonic() - begun, to)
        self.append(self._journal_path, journal.line(ended))


def prove_container(engine, path, image, chip, run=None, timeout=300):
    """Start a container of an image of the site's that has one NPU.

    Returns:
        {"image", "missing": device nodes that it does not see}; None where the engine has no way to start one.

    Raises:
        EngineError: it does not start, or sees no NPU.
    """
    argv = engines.probe_argv(engine, path, image, chip)
    if argv is None:
        return None
    done = (run or bounded.run)(argv, timeout, stderr="together")
    said = done.stdout.decode("utf-8", "replace")
    fix = (
        "see that the image is there or can be pulled, that it has ls, and that the driver is loaded; then try %s"
        % " ".join(argv)
    )
    if done.ended or done.rc != 0:
        last = ([line for line in said.splitlines() if line.strip()] or ["no reason given"])[-1][:300]
        cause = "it did not end in %d s" % timeout if done.ended else last
        raise EngineError("A container of %s does not run with the runtime %s" % (image, engines.RUNTIME), cause, fix)
    missing = engines.missing_nodes(said, chip)
    if missing:
        raise EngineError(
            "A container of %s does not see its NPU" % image, "it has no /dev/%s" % ", /dev/".join(missing), fix
        )
    return {"image": image, "missing": missing}


def _digest(text):
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
