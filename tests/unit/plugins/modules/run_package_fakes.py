"""Fake vendor packages, and a way to run the module as Ansible does: in a process of its own."""

import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path

from ansible_collections.ascend.fleet.plugins.module_utils import journal
from ansible_collections.ascend.fleet.plugins.module_utils.host import busy
from ansible_collections.ascend.fleet.plugins.modules import run_package
from module_args import module_args

GOOD_CHECK = "Verifying archive integrity...  100%   SHA256 checksums are OK. All good."


class Fake:
    """A host in a folder: packages, an install path, a state folder, and the record of every vendor call."""

    def __init__(self, base: Path):
        self.base, self.root, self.state = base, base / "Ascend", base / "state"
        self.calls_file = base / "calls"
        self.root.mkdir()

    def package(self, body: str, name: str = "driver.run", check: str = f"echo '{GOOD_CHECK}'; exit 0") -> str:
        """A package whose body is bash; `put VERSION` and `say TEXT` are there for it."""
        path = self.base / name
        path.write_text(f"""#!/bin/bash
echo "$*" >> {self.calls_file}
R={self.root}
put() {{ mkdir -p $R/${{2:-driver}}/script; echo "Version=$1" > $R/${{2:-driver}}/version.info; }}
say() {{ echo -e "\\033[32m[Driver] [2026-11-22 10:00:00] [INFO]$1\\033[0m"; }}
if [ "$1" = --check ]; then {check}
fi
{body}
""")
        return str(path)

    @property
    def calls(self) -> list[str]:
        """The arguments of every vendor call but --check."""
        text = self.calls_file.read_text() if self.calls_file.exists() else ""
        return [line for line in text.splitlines() if line != "--check"]

    def version(self, component: str = "driver") -> str | None:
        file = self.root / component / "version.info"
        return file.read_text().strip().partition("=")[2] if file.exists() else None

    def put(self, version: str, component: str = "driver") -> None:
        folder = self.root / component / "script"
        folder.mkdir(parents=True, exist_ok=True)
        (folder.parent / "version.info").write_text(f"Version={version}\n")

    def own(self, version: str, component: str = "driver") -> None:
        """As put(), and the journal says that it was we who installed it."""
        self.put(version, component)
        self.state.mkdir(mode=0o755, exist_ok=True)
        start = journal.start(
            "20260101T000000Z-0000",
            1767225600,
            "earlier",
            component,
            "install",
            None,
            version,
            install_path=str(self.root),
        )
        end = journal.end(start, 1767225660, "earlier", 0, "ok", False, 60, version)
        with (self.state / journal.FILE_NAME).open("a") as stream:
            stream.write(journal.line(start) + journal.line(end))

    def args(self, **more) -> dict:
        args = {
            "component": "driver",
            "version": "25.3.rc1",
            "install_path": str(self.root),
            "state_dir": str(self.state),
            "timeout": 60,
        }
        args.update({key: value for key, value in more.items() if value is not None})
        return args

    def start(self, **more) -> "Module":
        return Module(self.args(**more), self.base)

    def run(self, **more) -> dict:
        return self.start(**more).result()

    def journal(self) -> list[dict]:
        file = self.state / "journal.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def wait_for(self, path: str, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not (self.base / path).exists():
            assert time.monotonic() < deadline, f"{path} never came"
            time.sleep(0.02)

    def installer_pid(self) -> int:
        run = sorted((self.state / "runs").iterdir())[-1]
        return json.loads((run / "process.json").read_text())["pid"]


def kill_group(pid: int) -> None:
    os.killpg(pid, signal.SIGKILL)


def sha256(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


class Module:
    """The module in a forked process: what it does to a host outlives it, as on a host, and it can be killed."""

    def __init__(self, args: dict, folder: Path, main=run_package.main):
        self.out = folder / f"result-{time.monotonic_ns()}"
        self.pid = os.fork()
        if self.pid:
            return
        os.setsid()
        # Users of NPUs that this machine has, or simulates for other tests, are none of the fake host's.
        busy.users = lambda **_arguments: []
        output = os.open(self.out, os.O_CREAT | os.O_WRONLY)
        os.dup2(output, 1)
        sys.stdout = os.fdopen(1, "w")
        try:
            with module_args(args):
                main()
        except SystemExit:
            sys.stdout.flush()
        finally:
            os._exit(0)

    def result(self) -> dict:
        """What the module printed, once it has ended."""
        os.waitpid(self.pid, 0)
        return json.loads(self.out.read_text())

    def kill(self) -> None:
        """kill -9 of the module's whole process group, as when the connection's processes are swept away."""
        kill_group(self.pid)
        os.waitpid(self.pid, 0)
