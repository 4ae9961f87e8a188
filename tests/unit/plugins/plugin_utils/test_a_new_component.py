"""A component that does not exist, in a tree of its own: one file and two rows, and the rest of the house knows it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
WIDGET = """
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Component

TEXT = {"type": "string", "minLength": 1}


class Widget(Component):
    name = "widget"
    title = "The Widget"
    column = "Widget"
    role = "widget"
    packaged = True
    headline = True
    requirements_variable = "widget_extras"
    after = ("cann",)
    follows = ("cann",)
    chip_roles = ("training",)
    host_kinds = ("physical",)
    minutes = 7
    row = {
        "type": "object",
        "additionalProperties": False,
        "required": ["widget", "cann", "confidence", "source"],
        "properties": {"widget": TEXT, "cann": TEXT, "confidence": TEXT, "source": TEXT},
    }

    def candidates(self, search, chosen):
        rows = [row["widget"] for row in search.catalog["widget"] if row["cann"] == chosen.get("cann")]
        return [*search.ordered("widget", rows, chosen), None]

    def entry(self, choice):
        entry = super().entry(choice)
        return {**entry, "package": f"widget-{entry['version']}.run"} if entry else None

    def requirements(self, stack):
        return [f"widget-python=={stack['widget']['version']}"] if stack.get("widget") else []

    def installed(self, site, stack):
        return (site.facts.get("widget") or {}).get("installed")

    def seen(self, facts, stack):
        return (facts.get("widget") or {}).get("installed")


COMPONENT = Widget()
"""
SHA256 = "a" * 64
ROWS = """---
widget:
  - {widget: "1.0", cann: "8.3.RC1", confidence: user, source: the test}
  - {widget: "1.1", cann: "8.3.RC1", confidence: user, source: the test}
downloads:
  - {id: widget, components: [widget], url: "https://widget.example/{folder}/{file}", folder: "Widget {version}",
     headers: {Referer: x}, confidence: user, source: the test}
checksums:
  - {file: widget-1.1.run, sha256: "{SHA256}", confidence: user, source: the test}
"""
ASK = """
import json, sys
from types import SimpleNamespace
from ansible_collections.ascend.fleet.plugins.action import bundle, resolve
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, components
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import desired, steps
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.wishes import Wishes
from ansible_collections.ascend.fleet.plugins.plugin_utils.report import collect, model, page, prom, text
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import resolver

tables = catalog.load(sys.argv[1])
answer = {"names": components.NAMES, "variables": sorted(desired.VERSION_VARIABLES)}
asked = json.load(sys.stdin)
for name, (pins, host) in asked["hosts"].items():
    found = resolver.resolve(tables, pins, host)
    plan = steps.plan_host(name, asked["facts"], found, [], steps.Options(components.NAMES, "mindspore"))
    facts = {**asked["facts"], "widget": {"installed": "1.0"}}
    seen = collect.record(name, {"ascend_facts": facts, "ascend_plan": plan})
    answer[name] = {"resolution": found, "plan": plan, "report": seen}
    action = object.__new__(bundle.ActionModule)
    action._task, action._templar = SimpleNamespace(args={}), None
    values, problems = desired.read({f"ascend_{key}_version": pins[key] for key in pins if key != "components"})
    values.update(ascend_components=pins["components"], ascend_host_kind=host["host_kind"])
    bundle.wishes.of_host = lambda *_more: Wishes(values, tables, problems)
    args = {"files": [], "wheels": True, "requirements": [], "glibc": None, "chips": [host["chip"]]}
    wants, sets, _rests_on = action._needs({**args, "arches": ["aarch64"], "host_kind": host["host_kind"]}, {})
    answer[name]["bundle"] = {
        "files": {want.name: [want.url, want.sha256] for want in wants},
        "wheels": [one.requirements for one in sets],
    }
    answer[name]["listed"] = resolve.ActionModule.act(
        None, {"pins": pins, "host": host, "catalog_overlay": sys.argv[1]}, {}
    )["ascend_lines"]
    report = model.build([seen], "a fleet", "2026-11-22T16:30:00Z", "here")
    answer[name]["columns"], answer[name]["page"] = report["columns"], page.render(report)
    answer[name]["table"], answer[name]["metrics"] = text.lines(report), prom.render(report)
print(json.dumps(answer))
"""
PINS = {"cann": "8.3.RC1", "components": ["driver", "firmware", "cann", "widget"]}


@pytest.fixture(scope="module")
def answer(tmp_path_factory):
    base = tmp_path_factory.mktemp("tree")
    fleet = base / "ansible_collections" / "ascend" / "fleet"
    for name in ("plugins", "catalog", "roles"):
        shutil.copytree(ROOT / name, fleet / name, ignore=shutil.ignore_patterns("__pycache__"))
    (fleet / "plugins" / "plugin_utils" / "components" / "widget.py").write_text(WIDGET)
    (fleet / "roles" / "widget" / "defaults").mkdir(parents=True)
    (fleet / "roles" / "widget" / "defaults" / "main.yml").write_text("---\nwidget_extras: [extra-of-the-role]\n")
    (base / "overlay").mkdir()
    (base / "overlay" / "widget.yml").write_text(ROWS.replace("{SHA256}", SHA256))
    facts = {
        "accelerators": {"family": "910b", "count": 8}, "cann": [], "environments": [], "busy": [], "proofs": {},
        "driver": {"installed": None, "loaded": None, "damaged": None},
        "firmware": {"installed": None, "loaded": None, "damaged": None},
        "journal": {"entries": []}, "tools": {"gcc": None, "cmake": None}, "reboot_required": False,
        "reboot_reasons": [],
    }  # fmt: skip
    host = {"chip": "910b", "arch": "aarch64", "host_kind": "physical"}
    hosts = {
        "server": (PINS, host),
        "pinned": ({**PINS, "widget": "1.0"}, host),
        "guest": (PINS, {**host, "host_kind": "vm"}),
        "infers": (PINS, {**host, "chip": "310p"}),
        "framework": ({"mindspore": "2.7.1", "components": [*PINS["components"], "python", "mindspore"]}, host),
        "older": ({**PINS, "cann": "8.2.RC1"}, host),
    }
    asked = json.dumps({"hosts": hosts, "facts": facts})
    words = [sys.executable, "-c", ASK, str(base / "overlay")]
    environ = {**os.environ, "PYTHONPATH": str(base)}
    done = subprocess.run(words, env=environ, input=asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_is_found_in_its_place(answer):
    names = answer["names"]
    assert names.index("cann") < names.index("widget") and "ascend_widget_version" in answer["variables"]


def test_it_is_resolved(answer):
    assert answer["server"]["resolution"]["stack"]["widget"] == {"version": "1.1", "package": "widget-1.1.run"}
    assert answer["pinned"]["resolution"]["stack"]["widget"]["version"] == "1.0"
    assert answer["older"]["resolution"]["stack"]["widget"] is None


@pytest.mark.parametrize("host", ["guest", "infers"])
def test_a_host_that_cannot_have_it_goes_without(answer, host):
    assert answer[host]["resolution"]["ok"] and answer[host]["resolution"]["stack"]["widget"] is None
    assert all(step["component"] != "widget" for step in answer[host]["plan"]["steps"])


def test_it_is_planned(answer):
    (step,) = [step for step in answer["server"]["plan"]["steps"] if step["component"] == "widget"]
    assert (step["id"], step["to"], step["minutes"]) == ("widget-install", "1.1", 7)
    assert answer["server"]["plan"]["fingerprint"]["widget"] == "1.1"


def test_its_files_are_listed_and_collected(answer):
    url = "https://widget.example/Widget%201.1/widget-1.1.run"
    assert answer["server"]["bundle"]["files"]["widget-1.1.run"] == [url, SHA256]
    assert ["  widget-1.1.run", f"    {url}"] == _after(answer["server"]["listed"], "  widget-1.1.run", 2)
    assert any(line.split() == ["widget", "1.1"] for line in answer["server"]["listed"])
    assert any(line.split() == ["widget", "1.0"] for line in answer["pinned"]["listed"])
    for host in ("guest", "infers", "older"):
        assert not any("widget" in name for name in answer[host]["bundle"]["files"])


def test_its_wheels_are_collected(answer):
    (requirements,) = answer["framework"]["bundle"]["wheels"]
    assert {"mindspore==2.7.1", "widget-python==1.1", "extra-of-the-role"} <= set(requirements)
    assert "  widget-python==1.1" in answer["framework"]["listed"]
    assert answer["server"]["bundle"]["wheels"] == [], "without an environment there is nothing to put them into"


def test_it_has_a_column_in_the_report(answer):
    (column,) = [one for one in answer["server"]["columns"] if one["component"] == "widget"]
    assert column == {"component": "widget", "title": "Widget", "headline": True}
    assert json.dumps(column, separators=(",", ":")) in answer["server"]["page"]
    assert any("WIDGET" in line for line in answer["server"]["table"])
    series = 'ascend_fleet_widget_info{host="server",version="1.0",desired="1.1"} 1'
    assert series in answer["server"]["metrics"].splitlines()


def _after(lines, first, count):
    return lines[lines.index(first) :][:count]


def test_it_is_reported(answer):
    report = answer["server"]["report"]
    assert (report["versions"]["widget"], report["desired"]["widget"]) == ("1.0", "1.1")
    assert {"component": "widget", "installed": "1.0", "expected": "1.1", "against": "desired"} in report["drift"]
    assert "widget 1.1" in [step["words"] for step in report["plan"]]
