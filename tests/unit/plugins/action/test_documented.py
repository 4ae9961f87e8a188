"""What an action takes is what the module of its name documents; such a module holds no code that could say so."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[4]
COLLECTION = "ansible_collections.ascend.fleet.plugins"
KEYS = ("type", "elements", "required", "default", "choices")


def documented(name: str) -> dict[str, dict]:
    """The options of a module, those of its fragments included."""
    module = ast.parse((ROOT / "plugins" / "modules" / f"{name}.py").read_text(encoding="utf-8"))
    texts = {node.targets[0].id: node.value.value for node in module.body if isinstance(node, ast.Assign)}
    page = yaml.safe_load(texts["DOCUMENTATION"])
    options = {}
    for fragment in page["extends_documentation_fragment"]:
        file, _dot, part = fragment.removeprefix("ascend.fleet.").partition(".")
        fragments = importlib.import_module(f"{COLLECTION}.doc_fragments.{file}").ModuleDocFragment
        options.update(yaml.safe_load(getattr(fragments, part.upper() or "DOCUMENTATION")).get("options") or {})
    return {**options, **(page.get("options") or {})}


def without_code() -> list[str]:
    paths = (ROOT / "plugins" / "modules").glob("*.py")
    return sorted(path.stem for path in paths if "\nfrom ansible" not in path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", without_code())
def test_the_action_takes_what_is_documented(name):
    action = importlib.import_module(f"{COLLECTION}.action.{name}")
    taken = getattr(action.ActionModule, "ARGUMENTS", None) or action.SPEC
    options = documented(name)
    assert set(options) == set(taken)
    for option, rule in taken.items() if isinstance(taken, dict) else ():
        said = {key: options[option].get(key) for key in KEYS}
        if rule["type"] == "str" and said["type"] == "path":
            said["type"] = "str"  # a path on the host, in which the control node must replace nothing
        assert said == {key: rule.get(key) for key in KEYS}, option


def test_which_modules_hold_no_code():
    assert {"plan", "report", "stage"} <= set(without_code())
