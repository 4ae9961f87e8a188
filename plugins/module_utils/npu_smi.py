# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what `npu-smi info` prints: text in, data out; nothing but the standard library.

The table has had at least ten layouts (tool 1.8 to 26.0, chips 310 to 950), and they share one grammar: a version
row, two heading rows, then two rows per chip, then perhaps a process section with a heading of its own. Columns are
found by their heading, never by an offset: widths differ between versions, between the two tables and, in the
vendor's own documentation, between a heading and its rows. All patterns and loops are linear in their input.
"""

import re

# Vendor's words for health, low to high (npu-smi reference, "npu-smi info").
HEALTH_WORDS = ("ok", "warning", "alarm", "critical", "unknown")
# No real table has more columns or words per cell; more would only make damaged input expensive.
CELL_LIMIT = 64
WARNING_LIMIT = 100
MESSAGE_LIMIT = 300

_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
_WORD = re.compile(r"\S+")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]*")
_INTEGER = re.compile(r"-?[0-9]{1,18}\Z")
_DECIMAL = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,9})?\Z")
_BUS = re.compile(r"(?:[0-9A-Za-z*]{4,8}:)?[0-9A-Za-z*]{2}:[0-9A-Za-z*]{2}\.[0-9A-Za-z*]\Z")
_CODE = re.compile(r"(?<![\w.-])-([89])([0-9]{3})(?![\w.])")
# Byte order mark and zero-width blanks vanish; box drawing from prettified copies becomes the plain characters.
_PLAIN = dict([(ord(char), "|") for char in u"\u2502\u2503\u2551\uff5c"]
              + [(ord(char), "-") for char in u"\u2500\u2501"] + [(0x2550, "="), (0x253c, "+")]
              + [(code, None) for code in (0xfeff, 0x200b, 0)])

# Heading word -> (field, kind, unit). A word with another unit is a column we do not know, not a wrong number.
_COLUMNS = {
    "npu": ("npu_id", "id", ""), "npu id": ("npu_id", "id", ""), "name": ("name", "text", ""),
    "health": ("health", "text", ""), "power": ("power_w", "decimal", "w"),
    "temp": ("temperature_c", "number", "c"), "hugepages-usage": ("hugepages", "pair", "page"),
    "chip": ("chip_id", "id", ""), "chip id": ("chip_id", "id", ""), "device": ("device_id", "id", ""),
    "phy-id": ("phy_id", "id", ""), "bus-id": ("bus_id", "text", ""), "aicore": ("utilization_pct", "number", "%"),
    "npu util": ("utilization_pct", "number", "%"), "memory-usage": ("memory", "pair", "mb"),
    "hbm-usage": ("hbm", "pair", "mb"),
}
_PROCESS_COLUMNS = {
    "process id": ("pid", "number"), "process name": ("name", "text"), "process memory": ("memory_mb", "number"),
    "process id in container": ("container_pid", "number"),
}
_PAIR_FIELDS = {"hugepages": ("hugepages_used", "hugepages_total"), "memory": ("memory_used_mb", "memory_total_mb"),
                "hbm": ("hbm_used_mb", "hbm_total_mb")}
_CHIP_FIELDS = ("npu_id", "chip_id", "phy_id", "device_id", "name", "health", "power_w", "temperature_c",
                "hugepages_used", "hugepages_total", "bus_id", "utilization_pct", "memory_used_mb", "memory_total_mb",
                "hbm_used_mb", "hbm_total_mb")

# DCMI codes by their last three digits; npu-smi's own -9xxx use the same numbers (NPU driver API reference).
_CODE_KINDS = {"002": "permission_denied", "005": "driver_not_loaded", "007": "no_device", "008": "no_device",
               "017": "device_busy", "020": "device_busy", "255": "not_supported"}
# In this order: "No such file" also stands in the message about a missing library.
_PHRASES = (
    ("missing_library", ("error while loading shared libraries", "cannot open shared object file")),
    ("not_found", ("command not found", "npu-smi: not found", "no npu-smi in", "executable file not found",
                   "no such file or directory", u"\u672a\u627e\u5230\u547d\u4ee4")),
    ("permission_denied", ("permission denied", "operation not permitted", "not permitted", "permission is not",
                           "insufficient permission", u"\u6743\u9650\u4e0d\u591f")),
    ("device_busy", ("the device is used", "device is occupied", "device or resource busy")),
    ("no_device", ("no npu card", "invalid card id", "failed to get card number", "no device", "no such device")),
    ("not_supported", ("does not support", "not supported", "not support")),
    ("driver_not_loaded", ("initialize failed", "initialized failed", "drvmnggetconsoleloglevel failed")),
)


class NpuSmiError(Exception):
    """npu-smi's output holds no value to return.

    Attributes:
        kind: not_found, driver_not_loaded, device_busy, permission_denied, no_device, missing_library,
            not_supported or unrecognised.
        code: the vendor's number, such as -8005, or None.
        message: the line of the output that says so, or what is wrong with it.
    """

    def __init__(self, kind, code=None, message=""):
        super(NpuSmiError, self).__init__(kind, code, message)
        self.kind = kind
        self.code = code
        self.message = message

    def __str__(self):
        return self.message


def parse_info(text):
    """Read the output of `npu-smi info`.

    A column that the layout lacks is None: so chip_id of an Ascend 950, whose table has no chip column.

    Args:
        text: str, or bytes in UTF-8; with or without prompts, prefixes, colours and lines around the table.

    Returns:
        {"npu_smi_version", "driver_version", "chips": [...], "processes": [...]} with "truncated": True when part of
        the table is missing, and "warnings": [str] when the tool printed any. A chip or process has "extra":
        {heading: text} when the table has columns that are not known here. Memory is in MB, power in W.

    Raises:
        NpuSmiError: there is no table in it, whatever was given.
    """
    lines = to_lines(text)
    table = _Table(lines)
    if not table.seen or (not table.result["chips"] and classify(lines)[0] != "unrecognised"):
        raise_error(lines)
    return table.result


def to_lines(text):
    """Return the lines of a str or bytes without colours, carriage returns and invisible characters.

    Raises:
        NpuSmiError: it is neither, or is blank.
    """
    if isinstance(text, (bytes, bytearray)):
        text = bytes(text).decode("utf-8", "replace")
    if not isinstance(text, str):
        raise NpuSmiError("unrecognised", None, "Not text: {}.".format(type(text).__name__))
    text = "".join([text])  # a plain str, whatever subclass came in
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").translate(_PLAIN).split("\n")
    if not any(line.strip() for line in lines):
        raise NpuSmiError("unrecognised", None, "npu-smi printed nothing.")
    return lines


def classify(lines):
    """Return (kind, code, message) of lines that hold an error message; kind unrecognised for anything else."""
    text = "\n".join(lines).lower()
    # A line per finding, the vendor's numbers first: they are exact where the wording varies.
    for family in "89":
        for line in lines:
            for match in _CODE.finditer(line):
                if match.group(1) == family:
                    kind = _CODE_KINDS.get(match.group(2), "unrecognised")
                    return kind, int(match.group(0)), _shorten(line)
    for kind, phrases in _PHRASES:
        if any(phrase in text for phrase in phrases):
            for line in lines:
                if any(phrase in line.lower() for phrase in phrases):
                    return kind, None, _shorten(line)
    first = next((line for line in lines if line.strip()), "")
    return "unrecognised", None, "No output of npu-smi: {}".format(_shorten(first))


def raise_error(lines):
    """Raise the NpuSmiError that the lines describe."""
    raise NpuSmiError(*classify(lines))


def null(word):
    """Say whether the tool means "no value" by this text."""
    return word.strip() in ("", "-", "--", "NA", "N/A", "n/a")


def integer(word):
    """Return an int, or None for anything but an ASCII integer."""
    return int(word) if word and _INTEGER.match(word) else None


def number(word):
    """Return an int where the text is whole and a float elsewhere; None for anything but a decimal number."""
    if not word or not _DECIMAL.match(word):
        return None
    return float(word) if "." in word else int(word)


def _shorten(line):
    return " ".join(line.strip()[:MESSAGE_LIMIT * 4].split())[:MESSAGE_LIMIT]


def _value(kind, word):
    if kind == "text":
        return None if null(word) else word
    if kind == "decimal":
        found = number(word)
        return None if found is None else float(found)
    return integer(word) if kind == "id" else number(word)


def _words(cell):
    """Split a cell into (text, start) with `1 / 2`, `1/ 2` and `1/2` as one word each."""
    words = []
    joining = False
    for match in _WORD.finditer(cell):
        word = match.group()
        if words and (joining or word.startswith("/")):
            words[-1] = (words[-1][0] + word, words[-1][1])
        elif len(words) == CELL_LIMIT:
            break
        else:
            words.append((word, match.start()))
        joining = word.endswith("/")
    return words


class _Label(object):
    """One column of a heading cell: its text as printed, where it starts in the cell, and what it holds."""

    def __init__(self, text, start=None):
        base, _sep, unit = " ".join(text.lower().split()).partition("(")
        field, kind, wanted = _COLUMNS.get(base.strip(), (None, "text", ""))
        if field is not None and unit.rstrip(") ") not in ("", wanted):
            field, kind = None, "text"
        self.text = text
        self.start = start
        self.field = field
        self.kind = kind


def _labels(cell):
    """Split a heading cell into labels: known names first, then runs of words with one blank between them."""
    found = []  # [text, start, end, open]
    for match in _WORD.finditer(cell):
        if len(found) == CELL_LIMIT:
            break
        word, start = match.group(), match.start()
        last = found[-1] if found else None
        joined = last[0] + " " + word if last else ""
        if last and _Label(joined).field and last[0].lower() in ("npu", "chip"):
            last[0], last[2] = joined, match.end()
        elif last and last[3] and start - last[2] == 1 and not _Label(word).field and len(joined) < MESSAGE_LIMIT:
            last[0], last[2], last[3] = joined, match.end(), not word.endswith(")")
        else:
            found.append([word, start, match.end(), not _Label(word).field and not word.endswith(")")])
    return [_Label(text, start) for text, start, _end, _open in found]


class _Heading(object):
    """One heading row: labels by the index of their cell."""

    def __init__(self, cells):
        # A text before the first border is a prefix of the line ("# "), no column.
        self.cells = [_labels(cell) if index else [] for index, cell in enumerate(cells[:CELL_LIMIT])]
        fields = {}
        for index, labels in enumerate(self.cells):
            for label in labels:
                fields.setdefault(label.field, index)
        self.first = fields.get("npu_id", fields.get("chip_id"))
        self.status = fields.get("health", fields.get("bus_id"))
        last = self.cells[self.status + 1] if self.status is not None and self.status + 1 < len(self.cells) else []
        self.shape = [label.kind == "pair" for label in last]


# For tables whose beginning is lost. The second id of a chip row is a Phy-ID where HBM is listed, else a Device.
_ROWS_3 = (_Heading(["", "NPU Name", "Health", "Power Temp Hugepages-Usage"]),
           _Heading(["", "Chip", "Bus-Id", "AICore Memory-Usage HBM-Usage"]))
_ROWS_4 = (_Heading(["", "NPU ID", "Name", "Health", "Power Temp Hugepages-Usage"]),
           _Heading(["", "", "", "Bus-Id", "AICore Memory-Usage HBM-Usage"]))
for _heading in _ROWS_3 + _ROWS_4:
    for _cell in _heading.cells:
        for _label in _cell:
            _label.start = None
_PROCESS_ROW = ["", "NPU Chip", "Process id", "Process name", "Process memory", "Process id in container"]


def _assign(labels, words):
    """Pair the words of a cell with its labels, in order; by position where words are missing."""
    if len(labels) == 1 and labels[0].kind == "text":
        return [(labels[0], " ".join(word for word, _start in words))]
    if [label.field for label in labels] == ["npu_id", "name"]:
        has_id = bool(words) and (integer(words[0][0]) is not None or null(words[0][0]))
        name = " ".join(word for word, _start in words[1 if has_id else 0:])
        return [(labels[0], words[0][0] if has_id else ""), (labels[1], name)]
    if len(words) >= len(labels):
        return [(label, word) for label, (word, _start) in zip(labels, words)]
    pairs, begin = [], 0
    for done, (word, start) in enumerate(words):
        end = len(labels) - (len(words) - done) + 1
        fitting = [i for i in range(begin, end) if labels[i].kind == "pair" or "/" not in word] or [begin]
        if labels[begin].start is None:
            best = next((i for i in fitting if (labels[i].kind == "pair") == ("/" in word)), fitting[0])
        else:
            best = min(fitting, key=lambda i: abs(labels[i].start - start))
        pairs.append((labels[best], word))
        begin = best + 1
    return pairs


class _Table(object):
    """Reads the lines of one table from top to bottom into `result`."""

    def __init__(self, lines):
        self.result = {"npu_smi_version": None, "driver_version": None, "chips": [], "processes": []}
        self.seen = False          # anything of a table
        self.cut = False           # something is known to be missing
        self.titled = False        # the version row was there
        self.headings = [None, None]
        self.processes = None      # (columns, number of cells) of the process section's heading
        self.closed = True         # the last heading reached the right border
        self.last = None           # kind of the last line that belongs to the table
        self.rows = 0              # the last row of the current chip: 1 or 2; 0 after a rule
        self.same_card = False     # the last rule was one between two chips of a card
        warnings = []
        tail = max(index for index, line in enumerate(lines) if line.strip())
        for index, line in enumerate(lines[:tail + 1]):
            stripped = line.strip()
            if "[WARNING]" in stripped or "[ERROR]" in stripped:
                warnings.append(stripped.strip("| \t")[:MESSAGE_LIMIT])
            elif stripped and not self._line(line, stripped, index == tail):
                break
        end = lines[tail].strip()
        if (self.cut or self.last != "rule" or not self.titled or not self.headings[0] or not self.result["chips"]
                or (end[0] in "+|" and (end[-1] not in "+|" or len(end) < 3))):
            self.result["truncated"] = True
        if warnings:
            self.result["warnings"] = warnings[:WARNING_LIMIT]

    def _line(self, line, stripped, is_tail):
        """Take one line in. Returns False when the table is over."""
        if self._is_rule(stripped):
            self.seen, self.last, self.rows, self.same_card = True, "rule", 0, "===" not in stripped
            return True
        if not self._title(stripped, is_tail):
            return False
        if "|" in stripped:
            cells = line.split("|", 4 * CELL_LIMIT)
            closed = stripped.endswith("|")
            if not self._heading(cells, stripped[:2000].lower(), closed):
                self._row(cells, closed, is_tail)
        elif self.seen and stripped.startswith(("...", u"\u2026")):
            self.cut = True  # an author's dots for rows left out
        return True

    @staticmethod
    def _is_rule(stripped):
        if "---" not in stripped and "===" not in stripped:
            return False
        starts = [index for index in (stripped.find("+"), stripped.find("|")) if index >= 0]
        return bool(starts) and not stripped[min(starts):].strip("+-=| \t")

    def _title(self, stripped, is_tail):
        """Read the version row. Returns False when it begins a second table."""
        start = stripped.find("npu-smi")
        word = stripped.lower().find("version", start + 7) if start >= 0 else -1
        rest = stripped[word + 7:].lstrip() if word >= 0 else ""
        if rest[:1] not in (":", u"\uff1a") or not rest:
            self.seen = self.seen or (is_tail and stripped.startswith("|") and start >= 0)
            return True
        tool = stripped[start + 7:word].split(None, 3)
        if len(tool) > 2 or not (tool or "|" in stripped):
            return True
        if self.result["chips"]:
            return False
        driver = rest[1:].split("|", 1)[0].split(None, 1)
        if is_tail and not stripped.endswith("|"):
            driver = []  # its end may be missing, and half a version is a wrong one
        self.result["npu_smi_version"], self.result["driver_version"] = [
            match.group() if match else None
            for match in [_VERSION.match(words[0]) if words else None for words in (tool, driver)]]
        self.seen = self.titled = True
        self.last = "title"
        return True

    def _heading(self, cells, lowered, closed):
        """Take the row as a heading if it is one."""
        if "process id" in lowered or "process name" in lowered:
            self.processes = (_process_columns(cells), len(cells))
        elif "health" in lowered or "bus-id" in lowered:
            heading = _Heading(cells)
            if heading.status is None:
                return False
            if "health" in lowered:
                self.headings = [heading, None]
            else:
                self.headings[1] = heading
            self.processes = None
        else:
            return False
        self.seen, self.last, self.rows, self.closed = True, "heading", 0, closed
        return True

    def _row(self, cells, closed, is_tail):
        if not closed and (is_tail or self.closed):
            self.cut = True
            if not cells[-1][-1:].isspace():
                # The last word may be the beginning of a longer one: half a number is a wrong number.
                cells[-1] = cells[-1][:len(cells[-1]) - len((cells[-1].split() or [""])[-1])]
        first, second = self._row_headings(cells)
        if closed and cells[0].strip() and len(cells) == len(first.cells) - 1:
            cells.insert(0, "")  # the left border is lost
        if "no running process" in cells[min(1, len(cells) - 1)].lower():
            self.last = "row"
        elif self.processes or (len(cells) > 4 and integer(cells[2].strip()) is not None
                                and integer(cells[4].strip()) is not None):
            self._process(cells)
        else:
            kind = self._kind(cells, first, second, closed)
            values = _read_row(first if kind == 1 else second, cells) if kind else {}
            if any(value is not None for value in values.values()):
                self._chip(kind, values)

    def _row_headings(self, cells):
        """The table's headings, with the usual ones in place of lost ones."""
        first, second = self.headings
        if first:
            four = first.status - (first.first or 0) > 1
        else:
            four = second.first is None if second else len(cells) > 5
        usual = _ROWS_4 if four else _ROWS_3
        return first or usual[0], second or usual[1]

    def _kind(self, cells, first, second, closed):
        """Say which row of a chip this is, by what stands in it: 1, 2, or 0 for no row of a chip.

        Rows are no reliable pairs: the tool leaves out the first for a chip whose health is out of range, and the
        second for a 310P without a logic id.
        """
        known = self.headings != [None, None]
        begin = first.first or 0
        ids = cells[begin].split(None, 2) if begin < len(cells) else []
        strange = bool(ids) and integer(ids[0]) is None and not null(ids[0])
        status = cells[first.status].strip() if first.status < len(cells) else ""
        if _BUS.match(status):
            return 0 if strange else 2
        if status.lower() in HEALTH_WORDS:
            return 1 if known or (not strange and len(cells) > 3) else 0
        if strange or (closed and len(cells) <= first.status):
            return 0
        if not null(status):
            return 1 if known and ids and status[0].isalpha() else 0
        if not known and self.rows != 1:
            return 0
        last = cells[first.status + 1] if first.status + 1 < len(cells) else ""
        shape = ["/" in word for word, _start in _words(last)]
        if (shape == first.shape) != (shape == second.shape):
            return 1 if shape == first.shape else 2
        if not ids and second.first is None:
            return 2
        return 2 if self.rows == 1 else 1

    def _chip(self, kind, values):
        chips = self.result["chips"]
        if kind == 1 or self.rows != 1:
            # A rule without "=" parts the chips of one card: that says whose chip it is when its first row is missing.
            card = chips[-1]["npu_id"] if chips and kind == 2 and self.same_card and self.rows == 0 else None
            chips.append(dict(dict.fromkeys(_CHIP_FIELDS), npu_id=card))
        extra = dict(chips[-1].get("extra", {}), **values.pop("extra", {}))
        chips[-1].update(values)
        if extra:
            chips[-1]["extra"] = extra
        self.seen, self.last, self.rows = True, "row", kind

    def _process(self, cells):
        columns, width = self.processes or (_process_columns(_PROCESS_ROW), len(cells))
        surplus = len(cells) - width
        entry = {"npu_id": None, "chip_id": None, "pid": None, "name": None, "memory_mb": None, "container_pid": None}
        extra = {}
        shift = 0
        for index, field, kind, text in columns:
            cell = " ".join(cells[index + shift].split()) if index + shift < len(cells) else ""
            if field == "name" and surplus > 0:
                shift = surplus  # a process may have a "|" in its name
                cell = "|".join(cells[index:index + surplus + 1]).strip()
            if field == "ids":
                for label, (word, _start) in zip(kind, _words(cell)):
                    if label.field in ("npu_id", "chip_id"):
                        entry[label.field] = integer(word)
                    else:
                        extra[label.text] = word
            elif field:
                entry[field] = _value(kind, cell)
            elif cell:
                extra[text] = cell
        if entry["pid"] is None and (entry["npu_id"] is None or entry["memory_mb"] is None):
            return
        if extra:
            entry["extra"] = extra
        self.result["processes"].append(entry)
        self.seen, self.last = True, "row"


def _process_columns(cells):
    """Read the process section's heading into (index, field, kind or labels, text as printed)."""
    columns = []
    for index, cell in enumerate(cells[:CELL_LIMIT]):
        text = " ".join(cell.split())
        name, _sep, unit = text.lower().partition("(")
        name = "process id in container" if name.startswith("process id in") else name.strip()
        labels = _labels(cell)
        if name in _PROCESS_COLUMNS and not (name == "process memory" and unit and not unit.startswith("mb")):
            columns.append((index,) + _PROCESS_COLUMNS[name] + (text,))
        elif "npu_id" in [label.field for label in labels]:
            columns.append((index, "ids", labels, text))
        elif text and index:
            columns.append((index, None, "text", text))
    return columns


def _read_row(heading, cells):
    """Return {field: value} of one row, with "extra" for the columns that have no field."""
    values = {}
    extra = {}
    for labels, cell in zip(heading.cells, cells):
        words = _words(cell) if labels else []
        for label, word in _assign(labels, words):
            if label.kind == "pair":
                used, _sep, total = word.partition("/")
                values.update(zip(_PAIR_FIELDS[label.field], (number(used), number(total))))
            elif label.field:
                values[label.field] = _value(label.kind, word)
            elif word:
                extra[label.text] = word
            if label.field == "chip_id" and label.start is None and len(words) > 1:
                pairs = sum("/" in pair for pair, _start in _words(cells[heading.status + 1])) \
                    if heading.status + 1 < len(cells) else 0
                values["phy_id" if pairs > 1 else "device_id"] = integer(words[1][0])
    if extra:
        values["extra"] = extra
    return values
