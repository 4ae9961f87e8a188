# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of one Python environment, as the module python_environment and a job of several steps bring it about."""

from ansible_collections.ascend.fleet.plugins.module_utils import defaults
from ansible_collections.ascend.fleet.plugins.module_utils.environment import (
    change as environment_change,
)
from ansible_collections.ascend.fleet.plugins.module_utils.environment import (
    place as environment_place,
)
from ansible_collections.ascend.fleet.plugins.module_utils.environment import (
    providers as environment_providers,
)
from ansible_collections.ascend.fleet.plugins.module_utils.environment import (
    sources as environment_sources,
)

SPEC = {
    "path": {"type": "path", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "provider": {"type": "str", "choices": ["venv", "conda", "uv"], "default": "venv"},
    "python_version": {"type": "str"},
    "executable": {"type": "path"},
    "channels": {"type": "list", "elements": "str", "default": [], "no_log": True},
    "offline": {"type": "bool", "default": False},
    "owner": {"type": "str", "default": "root"},
    "take_over": {"type": "bool", "default": False},
    "packages": {"type": "list", "elements": "str", "default": []},
    "conda_packages": {"type": "list", "elements": "str", "default": []},
    "wheels": {"type": "list", "elements": "path", "default": []},
    "sources": {"type": "dict", "default": {}, "no_log": True},
    "origins": {"type": "dict", "default": {}},
    "find_links": {"type": "list", "elements": "path", "default": [], "no_log": True},
    "index_url": {"type": "str", "no_log": True},
    "no_deps": {"type": "bool", "default": False},
    "absent": {"type": "list", "elements": "str", "default": []},
    "constraints": {"type": "list", "elements": "str", "default": []},
    "operator_wheels": {"type": "list", "elements": "str"},
    "cann": {"type": "str"},
    "install_path": {"type": "path", "default": defaults.INSTALL_PATH},
    "files": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "path": {"type": "str", "required": True},
            "content": {"type": "str", "required": True},
            "mode": {"type": "str", "default": "0644"},
        },
    },
    "environment_file": {
        "type": "dict",
        "options": {
            "path": {"type": "str", "default": "ascend.env"},
            "script": {"type": "str", "required": True},
        },
    },
    "stack": {"type": "dict", "default": {}},
    "state_dir": {"type": "path", "default": defaults.STATE_DIR},
    "controller": {"type": "str"},
    "timeout": {"type": "int", "default": 1800},
}


def secrets(wanted):
    """The texts among the arguments that nothing may show."""
    return environment_sources.secrets_of(_urls(wanted))


def harmless(wanted):
    """What of the masked options is no secret and stays readable: paths of folders, names of channels, hosts."""
    return {url for url in _urls(wanted) if not environment_sources.has_secret(url)}


def _urls(wanted):
    """All values that may hold a token."""
    named = [wanted["index_url"] or ""] + wanted["channels"] + wanted["find_links"]
    return named + [source for source in wanted["sources"].values() if isinstance(source, str)]


def run(wanted, told):
    """Bring the environment to the wanted state, or foresee it.

    Args:
        wanted: the arguments, judged by SPEC.
        told: answer.Told.

    Returns:
        The documented values of python_environment; with C(failed) and C(msg) where it failed.
    """
    try:
        answer = environment_change.carry_out(wanted, told.check_mode, warn=told.warn)
    except (environment_providers.ProviderError, ValueError) as exc:
        return {"failed": True, "msg": environment_sources.hide(str(exc), secrets(wanted))}
    except OSError as exc:
        return {"failed": True, "msg": environment_place.os_error(exc)}
    if answer["error"]:
        return dict(answer["result"], failed=True, msg=answer["error"])
    return dict(answer["result"], diff=answer["diff"]) if told.diff else answer["result"]
