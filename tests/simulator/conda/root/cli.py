# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of the stand-in for conda 4.10. Runs on the host's Python, 3.6 and later."""

import argparse
import json
import os
import platform
import re
import shlex
import shutil
import sys

import shell
import store
from store import ENVS, ROOT, CondaError, Prefix, Spec


def find(options, must_exist=True):
    """The environment that -n or -p names; else the active one, else the base."""
    if options.prefix:
        path = os.path.abspath(os.path.expanduser(options.prefix))
    elif options.name:
        path = locate(options.name)
    else:
        path = os.environ.get("CONDA_PREFIX") or ROOT
    prefix = Prefix(path)
    if must_exist and not prefix.exists():
        if options.name:
            raise CondaError(
                "EnvironmentLocationNotFound",
                "Could not find conda environment: %s\nYou can list all "
                "discoverable environments with `conda info --envs`.\n" % options.name,
            )
        raise CondaError("EnvironmentLocationNotFound", "Not a conda environment: %s" % path)
    return prefix


def locate(name):
    if name in ("base", "root"):
        return ROOT
    if "/" in name:
        return os.path.abspath(name)
    folders = store.condarc().get("envs_dirs") or []
    for folder in list(folders) + [ENVS]:
        if Prefix(os.path.join(folder, name)).exists():
            return os.path.join(folder, name)
    return os.path.join((list(folders) + [ENVS])[0], name)


def all_prefixes():
    found = [ROOT]
    for folder in list(store.condarc().get("envs_dirs") or []) + [ENVS]:
        found += [os.path.join(folder, name) for name in (sorted(os.listdir(folder)) if os.path.isdir(folder) else [])]
    found += store.read(store.REGISTER).split("\n")
    return [path for number, path in enumerate(found) if path and path not in found[:number] and Prefix(path).exists()]


def channels(options):
    names = list(options.channel or [])
    if not options.override_channels:
        names += store.condarc().get("channels") or ([] if names else ["defaults"])
    elif not names:
        raise CondaError(
            "ArgumentError", "At least one -c / --channel flag must be supplied when using --override-channels."
        )
    return [store.channel_url(name) for name in names]


def change(options, prefix, created):
    """create and install: solve, show the plan, link."""
    specs = [Spec(text) for text in options.packages]
    urls = channels(options)
    have = prefix.installed()
    if (
        not created
        and specs
        and not options.force_reinstall
        and all(spec.name in have and spec.matches(have[spec.name]) for spec in specs)
    ):
        say(options, "\n# All requested packages already installed.\n")
        finish(options, {"message": "All requested packages already installed.", "success": True})
        return
    try:
        rows = store.solve(specs, store.records(urls, options.offline), have)
    except CondaError as exc:
        exc.more.setdefault("channel_urls", urls)
        raise
    say(
        options,
        "Collecting package metadata (current_repodata.json): ...working... done\n"
        "Solving environment: ...working... done\n\n## Package Plan ##\n\n  environment location: %s\n\n"
        "  added / updated specs:\n%s\n\nThe following NEW packages will be INSTALLED:\n\n%s\n"
        % (
            prefix.path,
            "".join("    - %s\n" % spec.text for spec in specs),
            "".join(
                "  %-18s %s::%s\n" % (row["name"], os.path.basename(row["channel"]), row["fn"][:-8]) for row in rows
            ),
        ),
    )
    actions = {"FETCH": [], "LINK": [shown(row) for row in rows], "PREFIX": prefix.path}
    if options.dry_run:
        finish(options, {"actions": actions, "dry_run": True, "prefix": prefix.path, "success": True})
        return
    if not (options.yes or options.json or agreed("Proceed ([y]/n)? ")):
        raise CondaError("CondaSystemExit", "Exiting.")
    wanted = {spec.name: spec.text for spec in specs}
    say(options, "Preparing transaction: ...working... done\nVerifying transaction: ...working... done\n")
    for row in rows:
        if row["name"] in have:
            prefix.unlink(have[row["name"]])
        prefix.link(row, wanted.get(row["name"]))
    prefix.note(
        [
            "-%(channel)s/%(subdir)s::%(name)s-%(version)s-%(build)s" % have[row["name"]]
            for row in rows
            if row["name"] in have
        ]
        + ["+%(channel)s/%(subdir)s::%(name)s-%(version)s-%(build)s" % row for row in rows]
        + ["# update specs: %r" % [spec.text for spec in specs]]
    )
    prefix.register()
    say(options, "Executing transaction: ...working... done")
    if created:
        name = os.path.basename(prefix.path) if os.path.dirname(prefix.path) == ENVS else prefix.path
        say(
            options,
            "#\n# To activate this environment, use\n#\n#     $ conda activate %s\n#\n# To deactivate an active "
            "environment, use\n#\n#     $ conda deactivate\n" % name,
        )
    finish(options, {"actions": actions, "prefix": prefix.path, "success": True})


def shown(row):
    return {
        "base_url": row["channel"],
        "build_number": row["build_number"],
        "build_string": row["build"],
        "channel": os.path.basename(row["channel"]),
        "name": row["name"],
        "platform": row["subdir"],
        "dist_name": "%(name)s-%(version)s-%(build)s" % row,
        "version": row["version"],
    }


def do_create(options):
    prefix = find(options, must_exist=False)
    if not (options.name or options.prefix):
        raise CondaError("ArgumentError", "one of the arguments -n/--name -p/--prefix is required")
    if prefix.exists():
        if not (
            options.yes
            or options.json
            or agreed(
                "WARNING: A conda environment already exists at '%s'\n"
                "Remove existing environment (y/[n])? " % prefix.path,
                False,
            )
        ):
            raise CondaError("CondaSystemExit", "Exiting.")
        if not options.dry_run:
            shutil.rmtree(prefix.path)
    elif os.path.isdir(prefix.path) and os.listdir(prefix.path):
        raise CondaError(
            "CondaValueError",
            "The target prefix is the base prefix. Aborting."
            if prefix.path == ROOT
            else "Non-conda folder exists at prefix: %s" % prefix.path,
        )
    change(options, prefix, True)


def do_install(options):
    change(options, find(options), False)


def do_remove(options):
    prefix = find(options)
    have = prefix.installed()
    if options.all:
        if prefix.path == ROOT:
            raise CondaError(
                "CondaEnvironmentError", "cannot remove root environment,\n       add -n NAME or -p PREFIX option"
            )
        shutil.rmtree(prefix.path)
    else:
        specs = [Spec(text) for text in options.packages]
        missing = [spec.text for spec in specs if not (spec.name in have and spec.matches(have[spec.name]))]
        if missing:
            raise CondaError(
                "PackagesNotFoundError",
                "The following packages are missing from the target environment:\n"
                + "".join("  - %s\n" % text for text in missing),
                packages=missing,
            )
        for spec in specs:
            prefix.unlink(have[spec.name])
        prefix.note(["-%(channel)s/%(subdir)s::%(name)s-%(version)s-%(build)s" % have[spec.name] for spec in specs])
    finish(options, {"prefix": prefix.path, "success": True})


def do_list(options):
    prefix = find(options)
    rows = [
        shown(row)
        for _name, row in sorted(prefix.installed().items())
        if not options.packages or re.search(options.packages[0], row["name"])
    ]
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    print(
        "# packages in environment at %s:\n#\n# %-23s %-15s %15s  Channel" % (prefix.path, "Name", "Version", "Build")
    )
    for row in rows:
        print("%-25s %-15s %15s  %s" % (row["name"], row["version"], row["build_string"], row["channel"]))


def do_env(options):
    if options.action == "remove":
        options.all = True
        do_remove(options)
    elif options.json:
        print(json.dumps({"envs": all_prefixes()}, indent=2))
    else:
        list_envs()


def list_envs():
    print("# conda environments:\n#")
    active = os.environ.get("CONDA_PREFIX")
    for path in all_prefixes():
        name = "base" if path == ROOT else os.path.basename(path) if os.path.dirname(path) == ENVS else ""
        print("%-22s %s %s" % (name, "*" if path == active else " ", path))
    print("")


def do_info(options):
    if options.base:
        print(json.dumps({"root_prefix": ROOT}, indent=2) if options.json else ROOT)
        return
    if options.envs and not options.json:
        list_envs()
        return
    facts = {
        "active_prefix": os.environ.get("CONDA_PREFIX"),
        "conda_prefix": ROOT,
        "conda_version": store.VERSION,
        "channels": [store.channel_url(name) for name in store.condarc().get("channels") or ["defaults"]],
        "default_prefix": os.environ.get("CONDA_PREFIX") or ROOT,
        "envs": all_prefixes(),
        "envs_dirs": list(store.condarc().get("envs_dirs") or []) + [ENVS],
        "offline": False,
        "pkgs_dirs": [os.path.join(ROOT, "pkgs")],
        "platform": store.SUBDIR,
        "root_prefix": ROOT,
        "python_version": "3.7.10.final.0",
        "simulated": "host Python " + platform.python_version(),
    }
    if options.json:
        print(json.dumps(facts, indent=2, sort_keys=True))
    else:
        print("\n" + "".join("%26s : %s\n" % (key.replace("_", " "), facts[key]) for key in sorted(facts)))


def do_run(options):
    prefix = find(options)
    if not options.command:
        raise CondaError("CommandArgumentError", "the following arguments are required: executable_call")
    script = "%s\nexec %s\n" % (shell.activation(prefix.path), " ".join(map(shlex.quote, options.command)))
    os.chdir(options.cwd or os.getcwd())
    sys.stdout.flush()
    os.execv("/bin/bash", ["/bin/bash", "-c", script])


def do_shell(options):
    """conda shell.posix activate|deactivate|reactivate, which the function in conda.sh evaluates."""
    active = os.environ.get("CONDA_PREFIX")
    if options.action == "deactivate":
        print(shell.deactivation(active) if active else "")
    else:
        options.name, options.prefix = (options.environment or "base") if options.action == "activate" else None, active
        if options.name:
            options.prefix = None
        print(shell.activation(find(options).path))


def agreed(question, default=True):
    sys.stdout.write(question)
    sys.stdout.flush()
    answer = sys.stdin.readline().strip().lower()
    return answer in ("y", "yes") or (default and answer == "")


def say(options, text):
    if not (options.json or options.quiet):
        print(text)


def finish(options, value):
    if options.json:
        print(json.dumps(value, indent=2))


def parser():
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("-n", "--name")
    common.add_argument("-p", "--prefix")
    for flags in (("--json",), ("-y", "--yes"), ("-q", "--quiet"), ("-v", "--verbose")):
        common.add_argument(*flags, action="store_true")
    solver = argparse.ArgumentParser(add_help=False)
    solver.add_argument("-c", "--channel", action="append")
    for flags in (
        ("--override-channels",),
        ("--offline",),
        ("-d", "--dry-run"),
        ("--force-reinstall",),
        ("-k", "--insecure"),
        ("--no-default-packages",),
        ("--strict-channel-priority",),
        ("--no-channel-priority",),
        ("-C", "--use-index-cache"),
    ):
        solver.add_argument(*flags, action="store_true")
    top = argparse.ArgumentParser(
        prog="conda",
        description="conda is a tool for managing and deploying applications, "
        "environments and packages. (This one is a stand-in for tests.)",
    )
    top.add_argument("-V", "--version", action="version", version="conda " + store.VERSION)
    commands = top.add_subparsers(dest="subcommand", metavar="command")
    for name, function, parents in (
        ("create", do_create, [common, solver]),
        ("install", do_install, [common, solver]),
        ("remove", do_remove, [common, solver]),
        ("uninstall", do_remove, [common, solver]),
        ("list", do_list, [common]),
    ):
        sub = commands.add_parser(name, parents=parents)
        sub.add_argument("packages", nargs="*")
        sub.add_argument("--all", action="store_true")
        sub.set_defaults(function=function)
    sub = commands.add_parser("env", parents=[common])
    sub.add_argument("action", choices=["list", "remove"])
    sub.set_defaults(function=do_env, packages=[])
    sub = commands.add_parser("info", parents=[common])
    sub.add_argument("--base", action="store_true")
    sub.add_argument("-e", "--envs", action="store_true")
    sub.set_defaults(function=do_info)
    sub = commands.add_parser("run")
    for flags in (("-n", "--name"), ("-p", "--prefix"), ("--cwd",)):
        sub.add_argument(*flags)
    for flags in (("--no-capture-output", "--live-stream"), ("-v", "--verbose")):
        sub.add_argument(*flags, action="store_true")
    sub.add_argument("command", nargs=argparse.REMAINDER)
    sub.set_defaults(function=do_run, json=False)
    for name in ("shell.posix", "shell.bash"):
        sub = commands.add_parser(name)
        sub.add_argument("action", choices=["activate", "deactivate", "reactivate"])
        sub.add_argument("environment", nargs="?")
        sub.set_defaults(function=do_shell, json=False)
    sub = commands.add_parser("init")
    sub.add_argument("shells", nargs="*")
    sub.set_defaults(function=shell.do_init, json=False)
    return top


def main():
    top = parser()
    options = top.parse_args()
    if not options.subcommand:
        top.print_help()
        return 0
    try:
        options.function(options)
    except CondaError as exc:
        text = "%s: %s" % (exc.kind, exc)
        if options.json:
            print(
                json.dumps(
                    dict(exc.more, caused_by="None", error=text, exception_name=exc.kind, message=str(exc)), indent=2
                )
            )
        else:
            sys.stderr.write("\n%s\n" % text)
        return 0 if exc.kind == "CondaSystemExit" else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
