# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a step is told of the task it belongs to, and how its result becomes a module's."""


class Told(object):
    """Of the task: whether it only foresees, whether differences are wanted, and where warnings go.

    Args:
        check_mode: whether nothing may be changed.
        diff: whether to show what differs.
        warn: called with one sentence at a time.
    """

    def __init__(self, check_mode=False, diff=False, warn=lambda text: None):
        self.check_mode, self.diff, self.warn = check_mode, diff, warn


def of_module(module):
    """What a module's step is told."""
    return Told(module.check_mode, module._diff, module.warn)


def end(module, result):
    """End a module with the result of a step."""
    if result.get("failed"):
        module.fail_json(**result)
    # Ansible takes any rc but 0 for a failure, and null too, unless the module says that it is none.
    module.exit_json(**dict(result, failed=False))
