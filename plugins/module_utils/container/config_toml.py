# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""config.toml of containerd: what it says of runtimes, and the same text with one runtime more or less.

Pure. Python 3.6 reads no TOML, and a reader would lose comments and layout: the text is taken as lines, of which only
those of our own table change. The tables of the CRI plugin have another name in each version of the file.
"""

import re

from ansible_collections.ascend.fleet.plugins.module_utils.container.daemon_json import BadConfig

DEFAULT = "default_runtime_name"
_HEADER = re.compile(r"^\s*\[(?!\[)\s*(.+?)\s*\]\s*(?:#.*)?$")
_ARRAY = re.compile(r"^\s*\[\[.+\]\]\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*(?:"([^"\\]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*(\.|$)""")
_LINE = re.compile(r"""^(\s*)([A-Za-z0-9_-]+)(\s*=\s*)(.*)$""")
_TEXT = re.compile(r"""^(?:"((?:[^"\\]|\\.)*)"|'([^']*)')\s*(?:#.*)?$""")
# By version of the file: the table of the CRI plugin's part that knows runtimes (containerd, docs/cri/config.md).
_TABLES = {
    1: ("plugins", "cri", "containerd"),
    2: ("plugins", "io.containerd.grpc.v1.cri", "containerd"),
    3: ("plugins", "io.containerd.cri.v1.runtime", "containerd"),
}
# A file of ours, where there was none: containerd 1.3 and newer read version 2.
_NEW = "version = 2\n"
_TYPE = "io.containerd.runc.v2"


class Config(object):
    """A config.toml.

    Args:
        text: of the file, "" where there is none.

    Raises:
        BadConfig: it cannot be read, or nothing would read a runtime in it.

    Attributes:
        runtimes: {name: path of its binary or None}; default: name of the default runtime or None.
    """

    def __init__(self, text):
        self.text = text or ""
        self.lines = self.text.splitlines(True)
        self._read()
        self.table = self._table()
        self.default = self._value(self.table, DEFAULT)
        self.runtimes = {}
        for path in self.tables:
            if path[: len(self.table)] == self.table and path[len(self.table) : -1] == ("runtimes",):
                self.runtimes[path[-1]] = self._value(path + ("options",), "BinaryName")

    def _read(self):
        """tables: {path of keys: (first line after the header, line after the last)}; the empty path is the top."""
        self.tables, current, begun, quote = {}, (), 0, None
        for number, line in enumerate(self.lines):
            opened = quote
            quote = _open_quote(line, quote)
            if opened:  # inside of a text of several lines nothing is a header
                continue
            header = None if _ARRAY.match(line) else _HEADER.match(line.rstrip("\r\n"))
            path = _keys(header.group(1)) if header else ("[[",) if _ARRAY.match(line) else None
            if path is None:
                continue
            self._close(current, begun, number)
            current, begun = path, number + 1
        if quote:
            raise BadConfig("a text in it has no end (%s). Mend it; nothing was changed" % quote)
        self._close(current, begun, len(self.lines))

    def _close(self, path, begun, end):
        if path in self.tables and path != ("[[",):
            raise BadConfig(
                "line %d: the table %s is there twice, which containerd refuses. Mend it; nothing was changed"
                % (begun, ".".join(path))
            )
        self.tables[path] = (begun, end)

    def _table(self):
        version = self._raw((), "version")
        if version is not None and version.strip() not in ("1", "2", "3"):
            raise BadConfig("its version is %s; 1, 2 and 3 are known" % version.strip()[:20])
        if version is None and not self.text.strip():
            version = "2"
        if "cri" in re.findall(r"""["']([^"']+)["']""", self._raw((), "disabled_plugins") or ""):
            raise BadConfig(
                "its disabled_plugins names cri, so nothing would read the runtime. Take cri out of that list, or "
                "choose another engine"
            )
        return _TABLES[int(version or "1")]

    def _raw(self, path, key):
        """What is written behind a key of a table, or None."""
        begin, end = self.tables.get(path, (0, 0))
        for line in self.lines[begin:end]:
            match = _LINE.match(line.rstrip("\r\n"))
            if match and match.group(2) == key:
                return match.group(4)
        return None

    def _value(self, path, key):
        match = _TEXT.match((self._raw(path, key) or "").strip())
        return None if match is None else match.group(1) if match.group(1) is not None else match.group(2)

    # -- changing -------------------------------------------------------------------------------------------------

    def with_runtime(self, name, binary, is_default, earlier=None):
        """The text with one runtime; its table is a copy of runc's with another binary. Args: as daemon_json's."""
        done = Config(Config(self.text or _NEW)._with_default(name, is_default, earlier))
        if self.runtimes.get(name) == binary:
            return done.text
        done = Config(done._without_tables(name))
        return _ended(done.text) + done._new_tables(name, binary)

    def without_runtime(self, name, earlier=None):
        """The text without one runtime; where it was the default, with the earlier one (None: none)."""
        done = Config(self._without_tables(name))
        text = done._with_default(name, False, earlier)
        return "" if text == _NEW else text

    def _without_tables(self, name):
        own = self.table + ("runtimes", name)
        drop = set()
        for path, (begin, end) in self.tables.items():
            if path[: len(own)] == own:
                # Comments and empty lines at its end introduce what comes next.
                last = end
                while last > begin and end < len(self.lines) and not _says(self.lines[last - 1]):
                    last -= 1
                drop.update(range(begin - 1, last))
        return "".join(line for number, line in enumerate(self.lines) if number not in drop)

    def _new_tables(self, name, binary):
        base = self.table + ("runtimes",)
        begin, end = self.tables.get(base + ("runc",), (0, 0))
        rows = [line for line in self.lines[begin:end] if _says(line)] or ['runtime_type = "%s"\n' % _TYPE]
        begin, end = self.tables.get(base + ("runc", "options"), (0, 0))
        more = [
            line
            for line in self.lines[begin:end]
            if _says(line) and (_LINE.match(line) or [None] * 3)[2] != "BinaryName"
        ]
        more.append('BinaryName = "%s"\n' % binary)
        quoted = ".".join(_quoted(key) for key in base + (name,))
        said = ["[%s]\n" % quoted] + ["  " + line.strip() + "\n" for line in rows]
        said += ["  [%s.options]\n" % quoted] + ["    " + line.strip() + "\n" for line in more]
        return "".join(said)

    def _with_default(self, name, is_default, earlier):
        if (self.default == name) == is_default:
            return self.text
        wanted = name if is_default else earlier
        begin, end = self.tables.get(self.table, (None, None))
        if begin is None:
            quoted = ".".join(_quoted(key) for key in self.table)
            return _ended(self.text) + '[%s]\n  %s = "%s"\n' % (quoted, DEFAULT, wanted)
        lines = list(self.lines)
        for number in range(begin, end):
            match = _LINE.match(lines[number].rstrip("\r\n"))
            if match and match.group(2) == DEFAULT:
                said = '%s%s%s"%s"\n' % (match.group(1), DEFAULT, match.group(3), wanted)
                lines[number : number + 1] = [said] if wanted else []
                return "".join(lines)
        indent = re.match(r"\s*", lines[begin - 1]).group(0) + "  "
        lines.insert(begin, '%s%s = "%s"\n' % (indent, DEFAULT, wanted))
        return "".join(lines)


def _keys(text):
    """The path of keys in a header, or None where it is none."""
    path, place = [], 0
    while place < len(text):
        match = _KEY.match(text, place)
        if not match:
            return None
        path.append(next(group for group in match.groups()[:3] if group is not None))
        place = match.end()
        if match.group(4) == "." and place == len(text):
            return None
    return tuple(path) or None


def _open_quote(line, quote):
    """Which triple quotes are open after a line, if any."""
    place = 0
    while True:
        if quote:
            place = line.find(quote, place)
            if place < 0:
                return quote
            place, quote = place + 3, None
        found = [(line.find(mark, place), mark) for mark in ('"""', "'''")]
        found = sorted(pair for pair in found if pair[0] >= 0)
        if not found or "#" in line[place : found[0][0]]:
            return None
        place, quote = found[0][0] + 3, found[0][1]


def _says(line):
    return bool(line.strip()) and not line.strip().startswith("#")


def _quoted(key):
    return key if re.match(r"[A-Za-z0-9_-]+\Z", key) else '"%s"' % key


def _ended(text):
    return text if not text or text.endswith("\n") else text + "\n"
