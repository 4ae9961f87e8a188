"""inventories/article is the article's machine, and docs/article.md names variables and rules that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import judge as compat
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import desired
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import resolver

ROOT = Path(__file__).resolve().parents[2]
VARIABLES = yaml.safe_load((ROOT / "inventories" / "article" / "group_vars" / "npu.yml").read_text())
PAGE = (ROOT / "docs" / "article.md").read_text()
HOST = {"chip": "910", "arch": "aarch64", "os": "openeuler 20.03", "host_kind": "physical", "glibc": "2.28"}
# Findings of the plan itself, which compares hosts and not versions.
PLAN_RULES = {"npu-busy"}


def role_options() -> set[str]:
    specs = (yaml.safe_load(path.read_text()) for path in (ROOT / "roles").glob("*/meta/argument_specs.yml"))
    return {option for spec in specs for option in spec["argument_specs"]["main"].get("options", {})}


@pytest.fixture(scope="module")
def resolution():
    values, problems = desired.read({name: VARIABLES[name] for name in VARIABLES if name.startswith("ascend_")})
    assert [str(problem) for problem in problems] == []
    return resolver.resolve(catalog.load(), desired.pins(values), {**HOST, "installed": None})


def test_the_packages_are_the_files_the_article_names(resolution):
    assert resolution["ok"], resolution["conflict"]
    stack = resolution["stack"]
    assert stack["driver"]["package"] == "Ascend-hdk-910-npu-driver_23.0.rc1_linux-aarch64.run"
    assert stack["firmware"]["package"] == "Ascend-hdk-910-npu-firmware_6.3.0.1.241.run"
    assert stack["cann"]["package"] == "Ascend-cann-nnae_6.0.1_linux-aarch64.run"
    assert stack["kernels"] is None
    assert stack["python"]["version"] == "3.7"
    assert (stack["mindspore"]["package"], stack["mindspore"]["version"]) == ("mindspore-ascend", "1.10.1")
    assert stack["mindspore"]["wheels"] == ["topi", "te", "hccl"]
    assert stack["mindformers"]["version"] == "0.6.0"


def test_nothing_of_it_is_refused(resolution):
    assert [row for row in resolution["findings"] if row["severity"] == "error"] == []


def test_the_preset_alone_chooses_the_same(resolution):
    values, _problems = desired.read({"ascend_stack": "article"})
    alone = resolver.resolve(catalog.load(), desired.pins(values), {**HOST, "installed": None})
    assert alone["stack"] == resolution["stack"]


def test_every_other_variable_is_an_option_of_a_role():
    assert [name for name in VARIABLES if not name.startswith("ascend_") and name not in role_options()] == []


def test_the_page_names_only_what_exists():
    steps, warnings = PAGE.split("## Steps")[1].split("## Warnings")
    named = set(
        re.findall(r"`((?:ascend|cann|npu_driver|python_toolchain|mindspore|mindformers|inference_check)_\w+)", steps)
    )
    assert named - set(desired.VARIABLES) - role_options() == set()
    rows = [line.split("|")[2] for line in warnings.splitlines() if line.startswith("| ")][1:]
    rules = {rule for row in rows for rule in re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", row)}
    assert rules - set(compat.RULES) == PLAN_RULES
    assert len(rules) > 15
