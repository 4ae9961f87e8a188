"""Gives arguments to a module that a test runs in its own process, under any ansible-core."""

import contextlib
import json

from ansible.module_utils import basic


@contextlib.contextmanager
def module_args(arguments: dict):
    """While it holds, AnsibleModule reads these arguments; internal ones such as _ansible_check_mode included."""
    try:
        from ansible.module_utils.testing import patch_module_args
    except ImportError:  # before ansible-core 2.17
        basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
        yield
        basic._ANSIBLE_ARGS = None
    else:
        with patch_module_args(arguments):
            yield
