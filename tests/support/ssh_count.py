"""What a run did over SSH, read from the output of ansible-playbook -vvv.

One connection, kept open by ssh itself, can carry many commands; what a run costs is how often it reaches for a host.
Setting up (finding the interpreter, the home folder, a temporary folder, its removal) happens once per host or belongs
to a module that cannot be pipelined; it is counted apart from the executions of modules and commands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_EXEC = re.compile(r"^<(?P<host>[^>]+)> SSH: EXEC (?P<command>.*)$")
_PUT = re.compile(r"^<(?P<host>[^>]+)> PUT (?P<source>.+) TO (?P<target>.+)$")
# The answer to what ansible-core 2.16 asks second to find the interpreter; the command looks like a module's.
_DISCOVERY = re.compile(r"""^<(?P<host>[^>]+)> \(0, b'\{"platform_dist_result":""")
# What Ansible itself sends before and after a module: interpreter discovery, home folder, temporary folders, modes.
_SETUP = (
    re.compile(r"echo PLATFORM; uname"),
    re.compile(r"echo FOUND; command -v"),
    re.compile(r"echo ~\S* && sleep 0"),
    re.compile(r"umask 77 && mkdir -p .*ansible-tmp-"),
    re.compile(r"rm -f -r \S*ansible-tmp-"),
    re.compile(r"(chmod|setfacl) [^;]*ansible-tmp-[^;/]*/? [^;]*&& sleep 0"),
    re.compile(r"(chmod|setfacl) .*ansible-tmp-[^;]*&& sleep 0'"),
)


@dataclass
class Count:
    """What reached one host. executions: modules and commands; setup: Ansible's own; files: files copied there."""

    executions: int = 0
    setup: int = 0
    files: int = 0


def count(lines: str | Iterable[str]) -> dict[str, Count]:
    """{address: Count} of the output of one -vvv run; a host that was not reached is not there."""
    result: dict[str, Count] = {}
    for line in lines.splitlines() if isinstance(lines, str) else lines:
        match = _EXEC.match(line)
        if match:
            entry = result.setdefault(match["host"], Count())
            if any(pattern.search(match["command"]) for pattern in _SETUP):
                entry.setup += 1
            else:
                entry.executions += 1
            continue
        match = _DISCOVERY.match(line)
        if match:
            result[match["host"]].executions -= 1
            result[match["host"]].setup += 1
            continue
        match = _PUT.match(line)
        if match:
            result.setdefault(match["host"], Count()).files += 1
    return result


def check_noop(text: str, addresses: Iterable[str]) -> list[str]:
    """Why a run over these hosts was not a no-op with one execution each; sentences, empty when it was."""
    counts = count(text)
    wrong = [f"{host} was reached, but is none of the hosts" for host in sorted(set(counts) - set(addresses))]
    for host in addresses:
        entry = counts.get(host, Count())
        if entry.executions != 1:
            wrong.append(f"{host}: {entry.executions} remote executions instead of 1")
        if entry.files:
            wrong.append(f"{host}: {entry.files} files were sent")
    return wrong
