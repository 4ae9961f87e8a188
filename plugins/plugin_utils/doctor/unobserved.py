# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a host could not be looked at, told from what ssh, sudo or the remote Python said: one row per reason."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import clean

_SSH = "ssh(1)"
_ANSIBLE = "Ansible's documentation"


def _rule(identifier: str, pattern: str, problem: str, fix: str, source: str) -> dict[str, str]:
    return {"id": identifier, "severity": "error", "pattern": pattern, "problem": problem, "fix": fix, "source": source}


# What Ansible puts before the words of ssh.
_PREFIX = re.compile(r"(?:Task failed: )?(?:Failed to connect to the host via ssh: )?")

# The first that matches speaks. The last two match anything.
RULES = (
    _rule(
        "ssh-host-key",
        r"Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED",
        "The host's SSH key is not the known one.",
        "If the host was installed anew, remove the old key (ssh-keygen -R <address>) and take the new one over a "
        "way you trust. Otherwise somebody else answers at this address.",
        _SSH,
    ),
    _rule(
        "ssh-name",
        r"Could not resolve hostname|Name or service not known",
        "The host's name does not resolve.",
        "Set ansible_host to its address, or mend DNS.",
        _SSH,
    ),
    _rule(
        "ssh-denied",
        r"Permission denied \(|Too many authentication failures|Invalid/incorrect password",
        "The host does not let this user in.",
        "Check ansible_user and ansible_ssh_private_key_file, and that the public key is in the user's "
        "authorized_keys.",
        _SSH,
    ),
    _rule(
        "ssh-refused",
        r"Connection refused",
        "The host is up, its SSH service does not answer.",
        "Start sshd over the BMC's console; check ansible_port.",
        _SSH,
    ),
    _rule(
        "ssh-dropped",
        r"Shared connection|Connection (?:closed|reset)|Broken pipe|not responding|closed by",
        "The SSH connection broke down.",
        "A host that reboots, or is short of memory, does this: wait, then look at the BMC. When it comes after a "
        "time of silence, raise ClientAliveInterval in sshd_config.",
        "ascend-deployer FAQ 5",
    ),
    _rule(
        "ssh-timeout",
        r"timed? ?out|No route to host|Network is unreachable|Host is down",
        "Nothing answers at the host's address.",
        "Look at its power and at the BMC; check ansible_host, cabling, routes and firewalls (port 22).",
        _SSH,
    ),
    _rule(
        "sudo-refused",
        r"sudo|[Bb]ecome|privilege escalation|su: ",
        "The user cannot become root.",
        "Give it a rule in sudoers, run with --ask-become-pass, or connect as root.",
        _ANSIBLE,
    ),
    _rule(
        "python-missing",
        r"(?:python\S*|interpreter)[^\n]*(?:not found|No such file|missing)|"
        r"No python interpreters found|SyntaxError|requires a minimum of Python",
        "There is no Python that Ansible can use.",
        "Install python3 (3.6 to 3.13), or set ansible_python_interpreter. From ansible-core 2.17 on hosts need 3.7, "
        "from 2.18 on 3.8: use 2.16 for older ones.",
        _ANSIBLE,
    ),
    _rule(
        "remote-disk-full",
        r"No space left|Read-only file system|Failed to create temporary directory|Disk quota",
        "Ansible cannot write its temporary files on the host.",
        "Free space in the user's home and /tmp. A file system that turned read-only has a failing disk: dmesg says "
        "more.",
        _ANSIBLE,
    ),
    _rule("unreachable", r"", "The host cannot be reached.", "Try ssh by hand with the same user and key.", _SSH),
    _rule(
        "not-observed",
        r"",
        "The host could not be observed.",
        "Run again with -vvv; the message names the cause.",
        _ANSIBLE,
    ),
)


def explain(observation: dict[str, Any]) -> dict[str, str]:
    """The problem of a host whose observation failed, as a row of doctor.diagnose."""
    texts = (observation.get(key) for key in ("msg", "module_stderr", "module_stdout", "stderr", "exception"))
    text = "\n".join(str(value) for value in texts if value)
    specific = [rule for rule in RULES if rule["pattern"] and re.search(rule["pattern"], text)]
    general = RULES[-2] if observation.get("unreachable") else RULES[-1]
    rule = (specific or [general])[0]
    said = " ".join(_PREFIX.sub("", str(observation.get("msg") or text), count=1).split())[:500]
    said = said or "it was not observed in this run"
    stderr = " ".join(str(observation.get("module_stderr") or "").split())[:300]
    said, stderr = clean(said), clean(stderr)
    return {
        "id": rule["id"],
        "severity": rule["severity"],
        "problem": rule["problem"],
        "evidence": f"{said} {stderr}".strip() if stderr and stderr not in said else said,
        "fix": rule["fix"],
        "source": rule["source"],
    }
