"""Journal, lock and cache are in one place, whoever asks; and no text of a host reaches a shell."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.ascend.fleet.plugins.action import run_package, stage
from ansible_collections.ascend.fleet.plugins.plugin_utils import host_action

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "ascend.fleet."


def _tasks(rows):
    for row in rows or []:
        if isinstance(row, dict):
            yield row
            for key in ("block", "rescue", "always", "tasks", "pre_tasks", "post_tasks"):
                yield from _tasks(row.get(key))


def _has_option(module: str, option: str) -> bool:
    if option == "install_path" and module == "python_environment":
        return False  # only of what it writes into its environment file
    text = (ROOT / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8")
    return bool(re.search(rf'"{option}":', text)) or option in getattr(_action(module), "SPEC", {})


def _action(module: str):
    if not (ROOT / "plugins" / "action" / f"{module}.py").exists():
        return None
    return importlib.import_module(f"ansible_collections.ascend.fleet.plugins.action.{module}")


USES = [
    pytest.param(module, task[key], option, id=f"{path.relative_to(ROOT)}: {module}: {option}")
    for path in sorted([*(ROOT / "roles").glob("*/tasks/*.yml"), *(ROOT / "playbooks").glob("*.yml")])
    for task in _tasks(yaml.safe_load(path.read_text(encoding="utf-8")))
    for key in task
    if str(key).startswith(PREFIX)
    for module in [key.removeprefix(PREFIX)]
    for option in ("state_dir", "install_path")
    if _has_option(module, option)
]


def test_uses_were_found():
    assert {use.values[0] for use in USES} >= {"host_facts", "run_package", "stage", "text_generation"}


@pytest.mark.parametrize(("module", "arguments", "option"), USES)
def test_a_folder_of_the_users_reaches_every_task(module, arguments, option):
    """With ascend_state_dir set, a task that takes the default writes a journal that nobody reads."""
    given = str((arguments or {}).get(option, ""))
    by_action = getattr(_action(module), "FROM_VARIABLES", {}).get(option) == f"ascend_{option}"
    assert by_action or given == f"{{{{ ascend_{option} | default(omit) }}}}" or _is_role_variable(given, option)


def _is_role_variable(given: str, option: str) -> bool:
    """Whether it is a role's own variable whose default is the shared one."""
    found = re.fullmatch(rf"\{{\{{ (\w+)_{option} \}}\}}", given)
    if not found:
        return False
    defaults = yaml.safe_load((ROOT / "roles" / found.group(1) / "defaults" / "main.yml").read_text(encoding="utf-8"))
    return str(defaults[f"{found.group(1)}_{option}"]).startswith(f"{{{{ ascend_{option} | default(")


def test_run_package_asks_where_the_variables_say(monkeypatch):
    sent = {}

    class Action(run_package.ActionModule):
        def _execute_module(self, module_args=None, **_rest):
            sent.update(module_args)
            return {"changed": False}

    monkeypatch.setattr(host_action.ActionBase, "run", lambda self, tmp, task_vars: {})
    task = SimpleNamespace(args={"component": "driver", "state": "absent"}, async_val=300, check_mode=False, diff=False)
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
    task = SimpleNamespace(args=args, async_val=0, check_mode=False, diff=False)
    Action(
        task,
        SimpleNamespace(_shell=SimpleNamespace(tmpdir=None)),
        None,
        None,
        SimpleNamespace(template=lambda value: value),
        None,
    ).run(task_vars={"ascend_state_dir": "/data/ascend"})
    assert asked == ["/data/ascend"]


@pytest.mark.parametrize(
    "version",
    [
        '1"; touch /pwned; "',
        "$(touch /pwned)",
        "`id`",
        "1\nreboot",
        "a\\",
        "'x'",
        "!id",
        "\u202e\x1b]0;title\x07",
        "x" * 5000,
    ],
)
def test_no_text_of_a_version_file_reaches_the_shell_of_a_reboot(version):
    """ansible.builtin.reboot puts its message between double quotes on a shell's command line."""
    import ansible.template

    (task,) = [
        task
        for task in yaml.safe_load((ROOT / "roles/ascend/tasks/reboot.yml").read_text(encoding="utf-8"))
        if "ansible.builtin.reboot" in task
    ]
    trust = getattr(ansible.template, "trust_as_template", lambda value: value)
    facts = {"reboot_reasons": [f"driver {version} is installed, 24.1.rc3 is loaded"]}
    message = Templar(loader=DataLoader(), variables={"ascend_facts": facts}).template(
        trust(task["ansible.builtin.reboot"]["msg"])
    )
    assert re.fullmatch(r"[A-Za-z0-9 ._,:;()-]{1,320}", message) and message.startswith("ascend.fleet: driver ")
