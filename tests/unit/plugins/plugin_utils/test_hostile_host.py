# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing that a host says acts on a terminal: everything that prints, for a hostile host (302, 303)."""

from __future__ import annotations

import copy
import json
import re
import unicodedata
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest
from ansible_collections.ascend.fleet.plugins.action import doctor as doctor_action
from ansible_collections.ascend.fleet.plugins.action import plan as plan_action
from ansible_collections.ascend.fleet.plugins.action import report as report_action
from ansible_collections.ascend.fleet.plugins.callback import progress
from ansible_collections.ascend.fleet.plugins.filter import failure as failure_filter
from ansible_collections.ascend.fleet.plugins.filter import plan_steps
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor import diagnosis, unobserved
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import desired
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import text as plan_text
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.planner import Planner
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.steps import finding
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.wishes import Wishes
from ansible_collections.ascend.fleet.plugins.plugin_utils.report.collect import collect
from ansible_collections.ascend.fleet.plugins.plugin_utils.report.model import build
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen import (
    live as progress_live,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen import (
    text as screen,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen import (
    words as progress_text,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.stage import Stage
from hypothesis import given
from hypothesis import strategies as st

EVIL = {
    "title": "\x1b]0;owned\x07",
    "clipboard": "\x1b]52;c;cm0gLXJmIC8=\x1b\\",
    "erase": "\x1b[2J\x1b[H",
    "c1": "\x9b31m\x90x",
    "backspace": "failed\b\b\b\b\b\bok",
    "return": "failed\rok",
    "bidi": "\u202eevil\u2066x",
    "zero width": "a\u200bb\ufeff",
    "tags": "\U000e0041\U000e007f",
    "lines": "a\nPLAY RECAP\u2028x\x85y\x0bz",
    "half": "\ud800",
    "delete": "x\x7f",
    "shift": "\x0e\x0f",
}


def evil(text):
    """The characters that must not reach a terminal."""
    kinds = ("Cc", "Cf", "Cs", "Zl", "Zp")
    return [char for char in text if char not in "\t\n" and unicodedata.category(char) in kinds]


def poisoned(value, poison):
    """The same data with the poison in each of its texts."""
    if isinstance(value, str):
        return f"{value}{poison}"
    if isinstance(value, dict):
        return {key: poisoned(item, poison) for key, item in value.items()}
    return [poisoned(item, poison) for item in value] if isinstance(value, list) else value


def step(poison):
    return {
        "id": "driver-upgrade",
        "component": "driver",
        "action": "upgrade",
        "from": f"24.1{poison}",
        "to": "25.2",
        "why": f"24.1{poison} is installed",
        "minutes": 3,
        "package": None,
    }


def a_plan(poison):
    return {
        "host": "h",
        "status": "pending",
        "steps": [step(poison)],
        "minutes": 3,
        "stack": None,
        "fingerprint": {},
        "findings": [finding("npu-busy", "warning", f"in use by {poison}python")],
        "why": [],
    }


def of_plan(poison, _facts, _tables):
    plan = a_plan(poison)
    differences = plan_text.diff("h", plan)
    return [
        *plan_text.lines({"h": plan}),
        *plan_text.lines({"h": plan, "g": plan}),
        differences[0]["before"],
        differences[0]["after"],
    ]


def of_doctor(poison, facts, tables):
    for name in ("driver", "firmware"):
        facts[name]["damaged"] = f"broken{poison}"
    facts["npu"]["chips"][0]["health"] = f"Alarm{poison}"
    values, problems = desired.read({})
    wish = Wishes(values, tables, problems)
    found = diagnosis.of_host("h", {"ansible_facts": {"ascend": facts}}, {}, wish, Planner())
    found.append(
        {"id": "x", "severity": "error", **{key: f"{key}{poison}" for key in ("problem", "evidence", "fix", "source")}}
    )
    facts["driver"]["installed"] = f"25{poison}"
    summary = diagnosis.summary(facts)
    return [
        *diagnosis.lines({"h": found}, {"h": summary}),
        *diagnosis.lines({"h": [], "g": []}, {"h": summary, "g": summary}),
        unobserved.explain({"msg": f"Permission denied{poison}", "module_stderr": f"x{poison}"})["evidence"],
    ]


def of_report(poison, facts, _tables):
    host = {
        "ascend_facts": poisoned(facts, poison),
        "ascend_plan": {**a_plan(poison), "status": f"pending{poison}"},
        "ascend_error": {"message": f"m{poison}", "cause": f"c{poison}", "fix": f"f{poison}", "step": f"s{poison}"},
        "inference_check_result": {"status": "passed", "text": f"t{poison}", "device": f"d{poison}"},
    }
    report = build(collect({"h": host}, ["h"]), "T", "now", "c")
    with (
        mock.patch.object(report_action, "collect", return_value=[]),
        mock.patch.object(report_action, "build", return_value=report),
        mock.patch.object(report_action.whole_file, "put"),
        mock.patch.object(report_action.Path, "mkdir"),
    ):
        task = SimpleNamespace(check_mode=False)
        action = report_action.ActionModule(task, *(mock.Mock() for _other in range(5)))
        args = {"hosts": [], "path": "/x", "title": "T", "plans": {}, "second_run": None, "width": 100}
        result = action.act(args, {"hostvars": {}})
    return [*result["ascend_lines"], *result["failures"].values()]


def of_filters(poison, _facts, _tables):
    told = failure_filter.FilterModule().filters()["failure"](
        {"msg": f"m{poison}", "cause": f"c{poison}", "fix": f"f{poison}"}
    )
    return [
        *told.values(),
        failure_filter.FilterModule().filters()["printable"](f"x{poison}"),
        plan_steps.step_words(step(poison)),
    ]


def result_of(action, data, task_name="Do it", loop=None):
    task = SimpleNamespace(action=action, get_name=lambda: task_name, loop=loop, ignore_unreachable=False)
    return SimpleNamespace(host=SimpleNamespace(get_name=lambda: "h"), task=task, result=data)


class Display:
    """Ansible's display, with what it shows in a list."""

    def __init__(self, verbosity=0):
        self.shown, self.verbosity, self.colours = [], verbosity, []

    def display(self, msg, color=None, stderr=False, **_more):
        self.shown.append(msg)
        self.colours.append(color)

    def warning(self, msg, **_more):
        self.display(f"[WARNING]: {msg}")


def a_screen(verbosity=0):
    callback = progress.CallbackModule()
    options = {
        "live_line": "never",
        "heartbeat_seconds": 1,
        "width": 100,
        "result_format": "json",
        "pretty_results": None,
    }
    callback._display = Display(verbosity)
    callback.get_option = lambda name, *_args, **_more: options[name]
    screen.guard(callback._display)
    callback._stage = Stage("S")
    return callback


def of_callback(poison, _facts, _tables, verbosity=2):
    shown = a_screen(verbosity)
    diff = [
        {"before": f"a{poison}\n", "after": f"b{poison}\n", "before_header": f"h{poison}", "after_header": "h"},
        {"prepared": f"p{poison}"},
    ]
    data = {
        "changed": True,
        "msg": f"m{poison}",
        "cause": f"c{poison}",
        "fix": f"f{poison}",
        "log": f"l{poison}",
        "log_tail": [f"t{poison}"],
        "ascend_change": f"w{poison}",
        "ascend_lines": [f"x{poison}"],
        "diff": diff,
    }
    item = {"changed": True, "failed": True, "item": f"i{poison}", "msg": f"m{poison}"}
    looped = {"changed": True, "results": [item]}
    for action in ("ascend.fleet.plan", "ansible.builtin.command", "ansible.builtin.debug"):
        for event in (shown.v2_runner_on_ok, shown.v2_runner_on_failed, shown.v2_runner_on_unreachable):
            event(result_of(action, copy.deepcopy(data), f"Name{poison}"))
            event(result_of(action, copy.deepcopy(looped), f"Name{poison}", loop=[1]))
        shown.v2_on_file_diff(result_of(action, copy.deepcopy(data), f"Name{poison}"))
        shown._flush()
    shown.v2_runner_retry(result_of("x", {"attempts": poison, "retries": poison}, f"Name{poison}"))
    shown._stage.start("h", progress_text.short_name(f"Name{poison}"))
    shown._last_output -= 100
    shown._tick()
    shown._display.warning(f"junk{poison}")  # as Ansible itself warns of what a host said
    with mock.patch.object(progress_live.sys, "stdout") as stdout:
        live = progress_live.LiveLine(shown._display)
        live._console = None
        live.show(f"S{poison}")
        drawn = stdout.write.call_args[0][0].removeprefix("\r\x1b[2K")
    assert len(shown._display.shown) > 20
    return [*shown._display.shown, drawn]


PRINTERS = {"plan": of_plan, "doctor": of_doctor, "report": of_report, "filters": of_filters, "callback": of_callback}


@pytest.mark.parametrize("kind", sorted(EVIL))
@pytest.mark.parametrize("name", sorted(PRINTERS))
def test_nothing_acts_on_a_terminal(name, kind, facts, tables):
    lines = PRINTERS[name](EVIL[kind], facts, tables)
    assert lines and not [line for line in lines if evil(line)]
    if name not in ("callback", "filters"):  # what they print, or hand on, may have lines
        assert not any("\n" in line.rstrip("\n") for line in lines if "PLAY RECAP" in line), "a line of its own"


@pytest.mark.parametrize("name", sorted(PRINTERS))
def test_what_is_endless_is_cut(name, facts, tables):
    more = {"verbosity": 0} if name == "callback" else {}
    lines = PRINTERS[name]("x" * 300_000, facts, tables, **more)
    lines = [line for line in lines if "[WARNING]" not in line]  # Ansible's own words for all that a host said
    assert lines and max(len(line) for text in lines for line in text.splitlines()) <= 20_100
    if name in ("callback", "plan", "doctor"):
        assert sum(map(len, lines)) < 400_000


@given(st.text())
def test_text_is_only_shown(text):
    for shown in (screen.printable(text), screen.clean(text), progress_text.short_name(text)):
        assert not evil(shown)
    assert "\n" not in screen.clean(text)
    assert screen.printable(screen.printable(text)) == screen.printable(text)


@given(st.lists(st.sampled_from(["\x1b", "[", "0;31", "m", "2J", "\x1b[0m", "]0;", "\x07", "x", "\n", "\x9b"])))
def test_only_codes_of_colours_stay_in_what_ansible_prints(pieces):
    assert not evil(screen.uncoloured(screen.printable("".join(pieces), colours=True)))


def test_readable_text_stays():
    for text in ("驱动 25.3.rc1 已安装", "größer, naïve", "a\tb\nc", "e\u0301", "✓ → 👍", ""):
        assert screen.printable(text) == text


@pytest.mark.parametrize(
    "action",
    [
        "ansible.builtin.command",
        "ascend.fleet.run_package",
        "ascend.fleet.async_wait",
        "ascend.fleet.host_facts",
        "other.ascend.plan",
    ],
)
def test_a_report_is_only_the_control_nodes(action):
    shown = a_screen()
    forged = {"changed": False, "ascend_lines": ["everything is converged"], "plans": {"h": {"minutes": 9e9}}}
    shown.v2_runner_on_ok(result_of(action, copy.deepcopy(forged)))
    shown.v2_runner_on_failed(result_of(action, {**forged, "msg": "no"}))
    assert not any("converged" in line for line in shown._display.shown) and not shown._minutes_left


@pytest.mark.parametrize("action", ["plan", "report", "doctor", "bundle", "validate"])
def test_the_lines_of_the_control_node_are_printed(action):
    shown = a_screen()
    shown.v2_runner_on_ok(result_of(f"ascend.fleet.{action}", {"changed": False, "ascend_lines": ["the table"]}))
    assert "the table" in shown._display.shown
    short = result_of(action, {"changed": False, "ascend_lines": ["another table"]})
    short.task._resolved_action = f"ascend.fleet.{action}"
    shown.v2_runner_on_ok(short)
    assert "another table" in shown._display.shown


def test_a_difference_keeps_its_colours():
    shown = a_screen()
    with mock.patch("ansible.utils.color.ANSIBLE_COLOR", True):
        shown.v2_on_file_diff(result_of("x", {"changed": True, "diff": {"before": "a\x1b[8m\n", "after": "b\n"}}))
        shown._flush()
    lines = dict(zip(shown._display.shown, shown._display.colours, strict=True))
    assert (lines["-a"], lines["+b"]) == ("red", "green")


def test_the_screen_is_guarded_from_the_start_of_a_run():
    shown = a_screen()
    shown._display = Display()
    with mock.patch.object(progress, "Ticker"), mock.patch.object(progress.context, "CLIARGS", {}):
        shown.v2_playbook_on_start(None)
    shown._display.warning("\x1b[2J\x1b[31mred\x1b[0m")
    assert shown._display.shown == ["[WARNING]: [2J\x1b[31mred\x1b[0m"]


def test_report_json_holds_what_the_host_said(facts):
    """The file is data: cleaning is for screens."""
    facts["npu"]["chips"][0]["health"] = "Alarm\x1b[2J"
    report = build(collect({"h": {"ascend_facts": facts}}, ["h"]), "T", "now", "c")
    assert json.loads(json.dumps(report))["hosts"][0]["chips"][0]["health"] == "Alarm\x1b[2J"


class Hostvars(dict):
    def raw_get(self, host):
        return self[host]


@pytest.mark.parametrize(("name", "module"), [("plan", plan_action), ("doctor", doctor_action)])
def test_one_host_that_cannot_be_read_does_not_end_the_others(name, module, facts, tmp_path):
    """Well-formed by its shape, and still not what is read: the journal's entries are rows of anything."""
    bad = copy.deepcopy(facts)
    bad["journal"]["entries"], bad["environments"] = [{"component": [], "event": {}}], [{"packages": {"mindspore": 7}}]
    wanted = {"ascend_mindspore_version": "2.7.1", "ascend_artifacts": str(tmp_path)}
    hostvars = Hostvars(
        {
            host: {**wanted, "ascend_observation": {"ansible_facts": {"ascend": seen}}}
            for host, seen in (("bad", bad), ("good", facts))
        }
    )
    templar = mock.Mock()
    templar.copy_with_new_env.return_value.template = lambda value: value
    task = SimpleNamespace(
        module_defaults=[], args={}, check_mode=False, diff=True, async_val=0, action=f"ascend.fleet.{name}"
    )
    action = module.ActionModule(task, mock.Mock(), mock.Mock(), mock.Mock(), templar, mock.Mock())
    args = {
        "hosts": ["bad", "good"],
        "components": None,
        "pins": {},
        "target": "desired",
        "save": None,
        "against": None,
        "log": None,
    }
    result = action.act(args, {"hostvars": hostvars})
    said = "\n".join(result["ascend_lines"])
    assert "What the host answered cannot be read" in " ".join(said.split())
    assert (result["plans"]["good"]["status"] if name == "plan" else result["states"]["good"]) not in ("failed", "sick")


def test_no_plugin_of_the_control_node_prints_past_the_cleaning():
    """Whoever prints by itself is in the tests above, or prints what no host said."""
    known = {"action/bundle.py", "action/report.py", "action/resolve.py", "action/stage.py"}
    screen = {"plugin_utils/screen/text.py", "plugin_utils/screen/live.py"}
    root = Path(__file__).resolve().parents[4] / "plugins"
    rooms = ("action", "plugin_utils", "lookup", "filter")
    paths = [path for room in rooms for path in (root / room).rglob("*.py")]
    by_itself = re.compile(r"isplay\(\)\.|_display\.(?:display|warning)\(|(?<![\w.])print\(")
    printing = {str(path.relative_to(root)) for path in paths if by_itself.search(path.read_text(encoding="utf-8"))}
    assert len(paths) > 80 and "action/stage.py" in printing
    assert printing - screen <= known
