# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels, environments and their records, for the stand-in of conda. Runs on the host's Python, 3.6 and later."""

import glob
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request

VERSION = "4.10.3"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SUBDIR = {"x86_64": "linux-64", "aarch64": "linux-aarch64"}.get(platform.machine(), "linux-" + platform.machine())
ENVS = os.path.join(ROOT, "envs")
REGISTER = os.path.join(os.path.expanduser("~"), ".conda", "environments.txt")


class CondaError(Exception):
    """What conda says when it cannot go on; the class name stands before the message, as in the real one."""

    def __init__(self, kind, message, **more):
        Exception.__init__(self, message)
        self.kind, self.more = kind, more


def numbers(version):
    return [int(part) if part.isdigit() else 0 for part in re.split(r"[.+_-]", version)]


class Spec(object):
    """C(name), C(name=1.2), C(name==1.2.3), C(name=1.2=build), C(name >=1,<2)."""

    def __init__(self, text):
        match = re.match(r"^([A-Za-z0-9_.-]+)\s*(.*)$", text.strip().split("::")[-1])
        if not match:
            raise CondaError("InvalidMatchSpec", "Invalid spec '%s'" % text)
        self.text, self.name, self.limits = text.strip(), match.group(1).lower(), match.group(2).strip()

    def matches(self, record):
        if record["name"] != self.name:
            return False
        if not self.limits:
            return True
        single = re.match(r"^=(?!=)\s*([^=,<>]+)(?:=(.+))?$", self.limits)
        if single:
            version, build = single.groups()
            version = version.rstrip("*").rstrip(".")
            fits = record["version"] == version or record["version"].startswith(version + ".")
            return fits and (not build or re.match(build.replace("*", ".*") + "$", record["build"]) is not None)
        return all(self._holds(record["version"], part) for part in self.limits.replace(" ", "").split(","))

    @staticmethod
    def _holds(found, limit):
        sign, version = re.match(r"^(==|>=|<=|>|<|!=)?(.*)$", limit).groups()
        if version.endswith("*"):
            return found.startswith(version.rstrip("*"))
        one, other = numbers(found), numbers(re.sub(r"a0$", "", version))
        return {
            "==": one == other,
            None: one == other,
            "!=": one != other,
            ">=": one >= other,
            "<=": one <= other,
            ">": one > other,
            "<": one < other,
        }[sign]


def channel_url(name):
    """A folder, a file: or http(s): URL as it is; any other name below the channel alias of .condarc."""
    if "://" in name:
        return name.rstrip("/")
    if name.startswith(("/", "./", "~")):
        return "file://" + os.path.abspath(os.path.expanduser(name))
    return condarc().get("channel_alias", "https://channels.invalid").rstrip("/") + "/" + name


def condarc():
    """The keys of .condarc that count here: channel_alias (text), channels and envs_dirs (lists)."""
    found = {}
    for path in (os.path.join(ROOT, ".condarc"), os.path.join(os.path.expanduser("~"), ".condarc")):
        key = None
        for line in read(path).splitlines():
            pair, item = re.match(r"^(\w+):\s*(\S*)\s*$", line), re.match(r"^\s*-\s+(\S+)\s*$", line)
            if pair:
                key = pair.group(1)
                found[key] = pair.group(2) or []
            elif item and isinstance(found.get(key), list):
                found[key].append(item.group(1))
    return found


def records(channels, offline):
    """Everything the channels offer for this machine, in the order of the channels."""
    found = []
    for url in channels:
        # Offline, the real conda takes what it remembers of a remote channel; this one remembers nothing.
        if offline and not url.startswith("file://"):
            continue
        for subdir in (SUBDIR, "noarch"):
            index = "%s/%s/repodata.json" % (url, subdir)
            try:
                with urllib.request.urlopen(index, timeout=10) as answer:
                    packages = json.loads(answer.read().decode("utf-8"))["packages"]
            except (OSError, ValueError) as exc:
                if subdir == "noarch" and url.startswith("file://"):
                    continue
                if url.startswith("file://"):
                    raise CondaError(
                        "UnavailableInvalidChannel",
                        "The channel is not accessible or is invalid.\n"
                        "  channel name: %s\n  channel url: %s\n  error code: 404" % (url[7:], url),
                    )
                raise CondaError(
                    "CondaHTTPError", "HTTP 000 CONNECTION FAILED for url <%s>\nElapsed: -\n%s" % (index, exc)
                )
            for fn in sorted(packages):
                found.append(dict(packages[fn], fn=fn, channel=url, subdir=subdir, url="%s/%s/%s" % (url, subdir, fn)))
    return found


class Prefix(object):
    """One environment."""

    def __init__(self, path):
        self.path = path.rstrip("/")
        self.meta = os.path.join(self.path, "conda-meta")

    def exists(self):
        return os.path.isfile(os.path.join(self.meta, "history"))

    def installed(self):
        found = {}
        for path in sorted(glob.glob(self.meta + "/*.json")):
            record = json.loads(read(path) or "{}")
            if record.get("name"):
                found[record["name"]] = record
        return found

    def note(self, lines):
        os.makedirs(self.meta, exist_ok=True)
        with open(os.path.join(self.meta, "history"), "a") as handle:
            handle.write("==> %s <==\n" % time.strftime("%Y-%m-%d %H:%M:%S"))
            handle.write("# cmd: %s %s\n# conda version: %s\n" % (ROOT + "/bin/conda", " ".join(sys.argv[1:]), VERSION))
            handle.write("".join(line + "\n" for line in lines))

    def register(self):
        if self.path == ROOT or self.path in read(REGISTER).split("\n"):
            return
        try:
            os.makedirs(os.path.dirname(REGISTER), exist_ok=True)
            with open(REGISTER, "a") as handle:
                handle.write(self.path + "\n")
        except OSError:
            pass

    def link(self, record, requested):
        """Put one package into the environment, with its record."""
        folder = tempfile.mkdtemp()
        try:
            archive = os.path.join(folder, record["fn"])
            with urllib.request.urlopen(record["url"], timeout=60) as answer, open(archive, "wb") as handle:
                shutil.copyfileobj(answer, handle)
            if "sha256" in record and sha256(archive) != record["sha256"]:
                raise CondaError(
                    "ChecksumMismatchError",
                    "Conda detected a mismatch between the expected content and "
                    "downloaded content\nfor url '%s'." % record["url"],
                )
            inside = os.path.join(folder, "inside")
            with tarfile.open(archive) as tar:
                tar.extractall(inside)
            files = self._place(inside, record)
        finally:
            shutil.rmtree(folder)
        shown = dict(record, files=files, requested_spec=requested or "None", link={"source": record["url"], "type": 1})
        os.makedirs(self.meta, exist_ok=True)
        with open(os.path.join(self.meta, record["fn"].replace(".tar.bz2", ".json")), "w") as handle:
            json.dump(shown, handle, indent=2, sort_keys=True)
        self._script(record, "post-link")

    def _place(self, inside, record):
        if record["name"] == "python":
            self._host_python(record["version"])
        if record["name"] == "pip":
            call([self.path + "/bin/python", "-I", "-m", "ensurepip", "--default-pip"])
        files = []
        for folder, _folders, names in os.walk(inside):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), inside)
                if path.startswith("info/"):
                    continue
                target = self._site(path) if path.startswith("site-packages/") else path
                os.makedirs(os.path.dirname(os.path.join(self.path, target)), exist_ok=True)
                shutil.copy(os.path.join(inside, path), os.path.join(self.path, target))
                files.append(target)
        return sorted(files)

    def _site(self, path):
        """noarch packages go where the environment's Python looks."""
        python = self.installed().get("python")
        if not python:
            raise CondaError("CondaError", "There is no python in %s." % self.path)
        return "lib/python%s/%s" % (".".join(python["version"].split(".")[:2]), path)

    def _host_python(self, version):
        """The host's own Python, dressed as the version asked for. See README.md."""
        call([sys.executable, "-I", "-m", "venv", "--without-pip", self.path])
        real, short = "python%d.%d" % sys.version_info[:2], "python" + ".".join(version.split(".")[:2])
        home = os.path.realpath(os.path.join(self.path, "bin", "python3"))
        for name in ("python", "python3", short, real):
            path = os.path.join(self.path, "bin", name)
            if os.path.lexists(path):
                os.remove(path)
        os.symlink(home, os.path.join(self.path, "bin", real))
        if real != short:
            if not os.path.lexists(os.path.join(self.path, "lib", short)):
                os.symlink(real, os.path.join(self.path, "lib", short))
            site = os.path.join(self.path, "lib", real, "site-packages")
            text = "import sys\n\nsys.version = %r + sys.version[sys.version.index(' '):]\n"
            write(os.path.join(site, "_dressed_python.py"), text % version)
            write(os.path.join(site, "dressed-python.pth"), "import _dressed_python\n")
        for name in ("python", "python3", short):
            text = '#!/bin/sh\ncase "$#$1" in 1-V | 1--version) echo "Python %s" ;; *) exec "%s/bin/%s" "$@" ;; esac\n'
            if name != real:
                write(os.path.join(self.path, "bin", name), text % (version, self.path, real), 0o755)

    def _script(self, record, kind):
        script = os.path.join(self.path, "bin", ".%s-%s.sh" % (record["name"], kind))
        if not os.path.isfile(script):
            return
        env = dict(
            os.environ,
            PREFIX=self.path,
            ROOT_PREFIX=ROOT,
            PKG_NAME=record["name"],
            PKG_VERSION=record["version"],
            PKG_BUILDNUM=str(record["build_number"]),
        )
        if subprocess.call(["/bin/sh", "-e", script], env=env):
            raise CondaError("LinkError", "%s script failed for package %s" % (kind, record["fn"]))

    def unlink(self, record):
        self._script(record, "pre-unlink")
        for name in record.get("files", ()):
            path = os.path.join(self.path, name)
            if os.path.lexists(path):
                os.remove(path)
            folder = os.path.dirname(path)
            while len(folder) > len(self.path) and os.path.isdir(folder):
                if set(os.listdir(folder)) - {"__pycache__"}:
                    break
                shutil.rmtree(folder)
                folder = os.path.dirname(folder)
        os.remove(os.path.join(self.meta, record["fn"].replace(".tar.bz2", ".json")))


def solve(specs, offered, installed):
    """Records to link, dependencies first: the newest that fits each spec, of the first channel that has it."""
    chosen = {}

    def choose(spec, origin):
        have = chosen.get(spec.name) or (None if origin is None else installed.get(spec.name))
        if have:
            if not spec.matches(have):
                text = "The following specifications were found to be incompatible:\n  - %s -> %s\n  - %s=%s"
                raise CondaError("UnsatisfiableError", text % (origin, spec.text, have["name"], have["version"]))
            return
        fitting = [record for record in offered if spec.matches(record)]
        if not fitting:
            raise CondaError("PackagesNotFoundError", spec.text)
        first = [record for record in fitting if record["channel"] == fitting[0]["channel"]]
        record = max(first, key=lambda row: numbers(row["version"]))
        chosen[spec.name] = record
        for text in record["depends"]:
            choose(Spec(text), "%s=%s" % (record["name"], record["version"]))

    missing = []
    for spec in specs:
        try:
            choose(spec, None)
        except CondaError as exc:
            if exc.kind != "PackagesNotFoundError":
                raise
            missing.append(str(exc))
    if missing:
        raise CondaError(
            "PackagesNotFoundError",
            "The following packages are not available from current channels:\n\n"
            + "".join("  - %s\n" % text for text in missing),
            packages=missing,
        )
    ordered = []

    def place(record):
        for text in record["depends"]:
            needed = chosen.get(Spec(text).name)
            if needed and needed not in ordered:
                place(needed)
        if record not in ordered:
            ordered.append(record)

    for record in chosen.values():
        place(record)
    return ordered


def call(command):
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.communicate()[0].decode("utf-8", "replace")
    if process.returncode:
        raise CondaError("CondaError", "%s: %s" % (" ".join(command), output))


def sha256(path):
    import hashlib

    with open(path, "rb") as handle:
        return hashlib.sha256(handle.read()).hexdigest()


def read(path):
    try:
        with open(path) as handle:
            return handle.read()
    except OSError:
        return ""


def write(path, text, mode=0o644):
    with open(path, "w") as handle:
        handle.write(text)
    os.chmod(path, mode)
