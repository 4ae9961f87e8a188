"""A default, a list and a constant of a host stand once: what repeats one of them falls behind it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.ascend.fleet.plugins.module_utils import defaults
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import files as vendor_files
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, components
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import declared

ROOT = Path(__file__).resolve().parents[2]
SHARED = "roles/ascend/meta/argument_specs.yml"
# Constant -> the one variable and the one line of Python that say it.
PLACES = {
    "/var/lib/ascend-fleet": ("ascend_state_dir", "STATE_DIR"),
    "/opt/ascend/envs": ("ascend_env_root", "ENV_ROOT"),
    "/usr/local/Ascend": ("ascend_install_path", "INSTALL_PATH"),
}
TEXTS = ("DOCUMENTATION", "EXAMPLES", "RETURN")


def _yaml_files() -> list[Path]:
    found = [path for room in ("roles", "playbooks", "meta") for path in (ROOT / room).rglob("*.yml")]
    assert len(found) > 60
    return found


def _scalars(node: yaml.Node):
    """Every text of a YAML file once, however often an alias repeats it, but for what documents an option."""
    if isinstance(node, yaml.ScalarNode):
        yield node.value
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _scalars(item)
    elif isinstance(node, yaml.MappingNode):
        for key, item in node.value:
            if key.value not in ("description", "short_description"):
                yield from _scalars(item)


def _says(text: str, place: str) -> bool:
    return re.search(rf"(?<![\w/]){re.escape(place)}(?![\w-])", text) is not None


@pytest.mark.parametrize("place", PLACES)
def test_a_place_stands_once_in_yaml(place):
    found = [
        str(path.relative_to(ROOT))
        for path in _yaml_files()
        for text in _scalars(yaml.compose(path.read_text(encoding="utf-8")))
        if _says(text, place)
    ]
    assert found == [SHARED]
    assert declared.default(PLACES[place][0]) == place


def _strings(path: Path):
    """The texts that code works with: no docstring, no documentation, no sentence for a person."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documents = {
        id(part)
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) in TEXTS
        for part in ast.walk(node.value)
    }
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in documents else None
        if isinstance(text, str) and " " not in text:
            yield text


@pytest.mark.parametrize("place", PLACES)
def test_a_place_stands_once_in_python(place):
    paths = sorted((ROOT / "plugins").rglob("*.py"))
    assert len(paths) > 150
    found = [str(path.relative_to(ROOT)) for path in paths for text in _strings(path) if _says(text, place)]
    assert found == ["plugins/module_utils/defaults.py"]
    assert getattr(defaults, PLACES[place][1]) == place


@pytest.mark.parametrize("path", sorted((ROOT / "plugins" / "modules").glob("*.py")), ids=lambda path: path.stem)
def test_no_module_documents_a_place_of_its_own(path):
    (text,) = [
        ast.literal_eval(node.value)
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "DOCUMENTATION"
    ]
    options = yaml.safe_load(text).get("options") or {}
    assert not {name for name, option in options.items() if option.get("default") in list(PLACES)}


ROLES = sorted(path.parents[1].name for path in (ROOT / "roles").glob("*/defaults/main.yml"))


def _role(name: str) -> tuple[dict, dict]:
    """(options of the role, its defaults)."""
    spec = yaml.safe_load((ROOT / "roles" / name / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    own = yaml.safe_load((ROOT / "roles" / name / "defaults" / "main.yml").read_text(encoding="utf-8"))
    return spec["argument_specs"]["main"].get("options") or {}, own


def test_roles_were_found():
    assert {"ascend", "npu_driver", "cann", "mindspore"} <= set(ROLES)


@pytest.mark.parametrize("name", [name for name in ROLES if name != "ascend"])
def test_the_defaults_of_a_role_are_those_it_documents(name):
    options, own = _role(name)
    assert set(own) <= set(options)
    for option, spec in options.items():
        value = own.get(option)
        shared = re.search(r"ascend_\w+", value) if isinstance(value, str) and "lookup(" in value else None
        if shared:
            assert "default" not in spec, option
            assert f"C({shared.group()})" in str(spec["description"]), option
            declaration = declared.OPTIONS[shared.group()]
            if value == f"{{{{ lookup('ascend.fleet.variable', '{shared.group()}') }}}}":
                assert spec["type"] == declaration["type"], option
                assert spec.get("choices") == declaration.get("choices"), option
        elif isinstance(value, str) and "{{" in value:
            assert "default" not in spec, option
        else:
            assert spec.get("default") == value, option
        assert "| default(" not in str(value) or not re.search(r"ascend_\w+ \|", str(value)), option


def test_the_version_variables_of_the_components_are_declared():
    """Of those that come with the collection: a component of somebody's own brings its own."""
    spec, _defaults = _role("ascend")
    assert set(components.VARIABLES) <= set(spec)
    assert all(spec[name]["type"] == "str" and spec[name]["default"] == "auto" for name in components.VARIABLES)


def test_what_the_vendor_calls_a_chip_is_a_chip_of_the_catalog():
    chips = catalog.load()["chips"]
    spelt = {vendor_files.product_of(f"Ascend-cann-kernels-{chip['chip']}")[1] for chip in chips}
    assert spelt == {chip["chip"] for chip in chips} == set(vendor_files._CHIPS.values())
    wrong = {
        soc: chip["chip"] for chip in chips for soc in chip["soc"] if vendor_files.chip_of_soc(soc) != chip["chip"]
    }
    assert wrong == {}
