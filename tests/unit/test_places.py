"""Journal, lock and cache are in one place, whoever asks."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from ansible_collections.ascend.fleet.plugins.action import run_package, stage
from ansible_collections.ascend.fleet.plugins.plugin_utils import host_action, host_variables
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import declared

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "ascend.fleet."
COLLECTION = "ansible_collections.ascend.fleet.plugins"


def _tasks(rows):
    for row in rows or []:
        if isinstance(row, dict):
            yield row
            for key in ("block", "rescue", "always", "tasks", "pre_tasks", "post_tasks"):
                yield from _tasks(row.get(key))


def _options(module: str) -> set[str]:
    """What a module documents, those of its fragments included."""
    page = yaml.safe_load(_documentation(ROOT / "plugins" / "modules" / f"{module}.py", "DOCUMENTATION"))
    found = set(page.get("options") or {})
    for name in page.get("extends_documentation_fragment", ()):
        file, _dot, part = name.removeprefix(PREFIX).partition(".")
        fragments = importlib.import_module(f"{COLLECTION}.doc_fragments.{file}").ModuleDocFragment
        found |= set(yaml.safe_load(getattr(fragments, part.upper() or "DOCUMENTATION")).get("options") or {})
    return found


def _documentation(path: Path, name: str) -> str:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == name:
            return ast.literal_eval(node.value)
    raise AssertionError(f"{path.name} has no {name}")


def _action(module: str) -> type:
    return importlib.import_module(f"{COLLECTION}.action.{module}").ActionModule


MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
ON_HOSTS = [name for name in MODULES if issubclass(_action(name), host_action.HostAction)]


def test_every_module_has_an_action():
    assert len(MODULES) > 15 and {"host_facts", "run_package", "stage"} <= set(ON_HOSTS) < set(MODULES)


@pytest.mark.parametrize("module", ON_HOSTS)
def test_what_is_asked_about_a_host_comes_from_its_variables(module):
    """With ascend_state_dir set, a task that takes the module's own default writes a journal that nobody reads."""
    places = {option: host_variables.PLACES[option] for option in _options(module) & set(host_variables.PLACES)}
    taken = _action(module).FROM_VARIABLES
    assert places.items() <= taken.items() and set(taken) <= _options(module)
    assert set(taken.values()) <= set(declared.OPTIONS)


def test_all_modules_are_the_group():
    """What module_defaults of group/ascend.fleet.fleet holds for."""
    groups = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    assert groups == {"fleet": MODULES}


USES = [
    pytest.param(module, task[key], option, id=f"{path.relative_to(ROOT)}: {module}: {option}")
    for path in sorted([*(ROOT / "roles").glob("*/tasks/*.yml"), *(ROOT / "playbooks").glob("*.yml")])
    for task in _tasks(yaml.safe_load(path.read_text(encoding="utf-8")))
    for key in task
    if str(key).startswith(PREFIX)
    for module in [key.removeprefix(PREFIX)]
    for option in ("state_dir", "install_path")
    if module in ON_HOSTS and option in _options(module)
]


def _work(path: Path):
    """(module, arguments) of a role's sets of files, and of the entries that it gives the job of a host."""
    own = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    for name, value in own.items():
        for one in value if isinstance(value, list) else ():
            if name.endswith("_work"):
                named = re.search(r"__\w+_(options|environment)\b", str(one["args"]))
                yield one["module"], own[named.group()] if named else one["args"]
            elif name.endswith("_files") and "source" in one:
                yield "stage", one


USES += [
    pytest.param(module, arguments, option, id=f"{path.parents[1].name}: {number}: {module}: {option}")
    for path in sorted((ROOT / "roles").glob("*/vars/main.yml"))
    for number, (module, arguments) in enumerate(_work(path))
    for option in ("state_dir", "install_path")
    if module in ON_HOSTS and option in _options(module)
]


def test_uses_were_found():
    assert {use.values[0] for use in USES} >= {
        "host_facts",
        "run_package",
        "python_environment",
        "stage",
        "text_generation",
    }


@pytest.mark.parametrize(("module", "arguments", "option"), USES)
def test_a_folder_of_the_users_reaches_every_task(module, arguments, option):
    """A task gives nothing, or what its role's variable says: the shared one, unless the user says otherwise."""
    given = (arguments or {}).get(option)
    assert option in _action(module).FROM_VARIABLES
    assert given is None or _is_role_variable(str(given), option)


def _is_role_variable(given: str, option: str) -> bool:
    """Whether it is a role's own variable whose default is the shared one."""
    found = re.fullmatch(rf"\{{\{{ (\w+)_{option} \}}\}}", given)
    if not found:
        return False
    defaults = yaml.safe_load((ROOT / "roles" / found.group(1) / "defaults" / "main.yml").read_text(encoding="utf-8"))
    return defaults[f"{found.group(1)}_{option}"] == f"{{{{ lookup('ascend.fleet.variable', 'ascend_{option}') }}}}"


def test_run_package_asks_where_the_variables_say(monkeypatch):
    sent = {}

    class Action(run_package.ActionModule):
        def _execute_module(self, module_args=None, **_rest):
            sent.update(module_args)
            return {"changed": False}

    monkeypatch.setattr(host_action.ActionBase, "run", lambda self, tmp, task_vars: {})
    task = SimpleNamespace(
        module_defaults=[], args={"component": "driver", "state": "absent"}, async_val=300, check_mode=False, diff=False
    )
    connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None), has_native_async=False)
    templar = SimpleNamespace(template=lambda value: value)
    Action(task, connection, None, None, templar, None).run(
        task_vars={"ascend_state_dir": "/data/ascend", "ascend_install_path": "/data/Ascend"}
    )
    assert (sent["state_dir"], sent["install_path"]) == ("/data/ascend", "/data/Ascend")
    task.args["state_dir"] = "/mine/x"
    Action(task, connection, None, None, templar, None).run(task_vars={"ascend_state_dir": "/data/ascend"})
    assert sent["state_dir"] == "/mine/x"


def test_stage_asks_where_the_variables_say(monkeypatch, tmp_path):
    (tmp_path / "a.run").write_bytes(b"a")
    asked = []

    class Action(stage.ActionModule):
        def _execute_module(self, module_name=None, module_args=None, task_vars=None, **_more):
            asked.append(module_args["state_dir"])
            return {
                "changed": False,
                "files": {"a.run": "/x"},
                "from_cache": ["a.run"],
                "missing": [],
                "evicted": [],
                "bytes_received": 0,
            }

        def validate_argument_spec(self, argument_spec):
            return None, {**{key: value.get("default") for key, value in argument_spec.items()}, **self._task.args}

    monkeypatch.setattr(host_action.ActionBase, "run", lambda self, tmp, task_vars: {})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    args = {"files": ["a.run"], "source": str(tmp_path)}
    task = SimpleNamespace(module_defaults=[], args=args, async_val=0, check_mode=False, diff=False)
    Action(
        task,
        SimpleNamespace(_shell=SimpleNamespace(tmpdir=None)),
        None,
        None,
        SimpleNamespace(template=lambda value: value),
        None,
    ).run(task_vars={"ascend_state_dir": "/data/ascend"})
    assert asked == ["/data/ascend"]


class _Templar:
    def template(self, value):
        return value.replace("{{ disk }}", "/data") if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("args", "takes", "left"),
    [
        ({"state_dir": "/data/x", "hosts": []}, (), {"hosts": []}),
        ({"state_dir": "/data/x"}, ("state_dir",), {"state_dir": "/data/x"}),
        ({"state_dir": "/mine/x"}, (), {"state_dir": "/mine/x"}),  # the task's own, which the module refuses
        ({"retries": 3}, (), {"retries": 3}),  # no place: as Ansible has it
    ],
)
def test_a_place_of_the_group_is_no_argument_of_a_module_that_has_no_use_for_it(args, takes, left):
    defaults = [
        {"ansible.builtin.copy": {"mode": 1}},
        {host_variables.GROUP: {"state_dir": "{{ disk }}/x", "retries": 3}},
    ]
    assert host_variables.without_group_defaults(args, takes, defaults, _Templar()) == left
    assert host_variables.without_group_defaults(args, takes, [], _Templar()) == args
