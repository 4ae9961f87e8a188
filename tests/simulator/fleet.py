# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated Ascend servers and vendor packages on this machine. See README.md beside this file."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from tests.simulator.sim import computing, emulation, hosts, image, packages, prepare
from tests.simulator.sim.base import CACHE, SIMULATOR, SimulatorError, podman, run, say
from tests.simulator.sim.description import load

DEMO = SIMULATOR / "fleets" / "demo.json"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it is done, 1 with one line of explanation when it cannot be."""
    options = parser().parse_args(arguments)
    try:
        options.function(options)
    except SimulatorError as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("simulator: interrupted; the same command carries on where it stopped", file=sys.stderr)
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, function, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(function=function)
        return sub

    command("prepare", lambda _: prepare.prepare(), "install what this machine lacks, from Debian")
    sub = command("image", do_image, "build the image of the simulated servers")
    sub.add_argument("--base", help="start from this registry image instead of Debian's packages")
    sub.add_argument("--again", action="store_true", help="build it even if it exists")
    sub = command("packages", do_packages, "build the simulated vendor packages")
    sub.add_argument("--out", type=Path, default=CACHE / "artifacts", help="folder to put them in")
    sub.add_argument("--set", action="append", dest="sets", help="only this set (see releases.json); may be repeated")
    sub = command("up", do_up, "start the hosts of a fleet, building the image first if need be")
    sub.add_argument("--fleet", type=Path, default=DEMO, help="fleet description (JSON)")
    sub.add_argument("--prefix", help="name of this fleet, instead of the file's")
    sub.add_argument("--subnet", help="its network, instead of the file's")
    sub.add_argument("--base", help="registry image to use, as in: image --base")
    sub.add_argument("--again", action="store_true", help="throw the hosts away first: bare operating systems")
    sub = command("down", do_down, "remove the hosts of a fleet and its network")
    sub.add_argument("--prefix", default="ascend", help="which fleet")
    sub.add_argument("--all", action="store_true", help="every fleet of this machine")
    sub = command("emulates", do_emulates, "whether hosts of another architecture can run here; if not, 1 and why")
    sub.add_argument("arch", choices=("aarch64", "x86_64"))
    command("status", do_status, "list the simulated hosts")
    command("clean", do_clean, "remove every fleet, the image and the cache")
    return top


def do_image(options: argparse.Namespace) -> None:
    image.build(options.base, options.again)


def do_packages(options: argparse.Namespace) -> None:
    packages.build(options.out, options.sets)
    computing.build()
    computing.ais_bench(options.out / "wheels")
    if not options.sets or "article" in options.sets:
        article = options.out.parent / "article"
        run(sys.executable, SIMULATOR / "conda" / "build.py", "--out", article, "--vendor", options.out)


def do_up(options: argparse.Namespace) -> None:
    fleet = load(options.fleet, options.prefix, options.subnet)
    hosts.up(fleet, image.build(options.base), options.again)


def do_down(options: argparse.Namespace) -> None:
    for prefix in hosts.prefixes() if options.all else [options.prefix]:
        hosts.down(prefix)
        say(f"down: {prefix} is gone")


def do_emulates(options: argparse.Namespace) -> None:
    reason = emulation.problem(options.arch)
    if reason:
        raise SimulatorError(reason)


def do_status(_: argparse.Namespace) -> None:
    rows = hosts.containers()
    for name, row in sorted(rows.items()):
        say(f"{name:30} {row['prefix']:16} {row['address']:16} {row['state']}")
    if not rows:
        say("no simulated hosts")


def do_clean(_: argparse.Namespace) -> None:
    for prefix in hosts.prefixes():
        hosts.down(prefix)
    for name in podman("images", "--format", "{{.Repository}}:{{.Tag}}").splitlines():
        if name.startswith(image.REPOSITORY + ":"):
            podman("rmi", "-f", name)
    shutil.rmtree(CACHE, ignore_errors=True)
    say("clean: no hosts, no image, no cache")


if __name__ == "__main__":
    sys.exit(main())
