# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what `npu-smi info` prints: text in, data out, in linear time; nothing but the standard library.

The table has had ten layouts (tool 1.8 to 26.0, chips 310 to 950) with one grammar: a version row, two heading rows,
two rows per chip, then perhaps a process section with a heading of its own. Columns are found by their heading, never
by an offset: widths differ between versions, sections and, in the vendor's documentation, heading and rows.
"""

import re

HEALTH_WORDS = ("ok", "warning", "alarm", "critical", "unknown")  # the vendor's, low to high
LIMIT, MESSAGE_LIMIT = 64, 300  # columns, words per cell, warnings: more only makes damaged input expensive

_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[()*+][0-9A-Za-z]|[=>@-Z\\^_])")
_WORD = re.compile(r"\S+")
_TITLE = re.compile(r"npu-smi\s+(?:(\S+)\s+)?(?:\S+\s+)?version\s*[:\uff1a]\s*([^\s|]*)", re.I)
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]*")
_INTEGER = re.compile(r"-?[0-9]{1,18}\Z")
_DECIMAL = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,9})?\Z")
_BUS = re.compile(r"(?:[0-9A-Za-z*]{4,8}:)?[0-9A-Za-z*]{2}:[0-9A-Za-z*]{2}\.[0-9A-Za-z*]\Z")
_CODE = re.compile(r"(?<![\w.-])-([89])([0-9]{3})(?!\w|\.\w)")
_BORDER = re.compile(r"[+|][-=]{2}")
# What converters to Markdown and HTML make of a border; with one of these, every punctuation mark may be escaped.
_ESCAPED_BORDER = re.compile(r"\\[|+]|&#124;|&#x7c;|&vert;|&verbar;", re.I)
_ESCAPE = re.compile(r"\\+([!-/:-@\[-`{-~])")
# Box drawing of prettified copies becomes the plain characters; byte order mark and zero-width blanks vanish.
_PLAIN = dict.fromkeys((0x2502, 0x2503, 0x2551, 0xFF5C), "|")
_PLAIN.update({0x2500: "-", 0x2501: "-", 0x2550: "=", 0x253C: "+", 0xFEFF: None, 0x200B: None, 0x1B: None, 0: None})

# Heading without blanks, which a narrow terminal adds or takes -> (field, kind, unit). A heading with another unit is a
# column we do not know, not a wrong number. Words that others shorten mean a column only with its unit ("!").
_COLUMNS = {
    "npu": ("npu_id", "id", ""),
    "npuid": ("npu_id", "id", ""),
    "name": ("name", "text", ""),
    "health": ("health", "text", ""),
    "power": ("power_w", "decimal", "w"),
    "temp": ("temperature_c", "number", "c"),
    "hugepages-usage": ("hugepages_{}", "pair", "page"),
    "hugepages": ("hugepages_{}", "pair", "!page"),
    "chip": ("chip_id", "id", ""),
    "chipid": ("chip_id", "id", ""),
    "device": ("device_id", "id", ""),
    "phy-id": ("phy_id", "id", ""),
    "bus-id": ("bus_id", "text", ""),
    "aicore": ("utilization_pct", "number", "%"),
    "npuutil": ("utilization_pct", "number", "%"),
    "memory-usage": ("memory_{}_mb", "pair", "mb"),
    "memory": ("memory_{}_mb", "pair", "!mb"),
    "mem": ("memory_{}_mb", "pair", "!mb"),
    "hbm-usage": ("hbm_{}_mb", "pair", "mb"),
    "hbm": ("hbm_{}_mb", "pair", "!mb"),
    "processid": ("pid", "id", ""),
    "processname": ("name", "text", ""),
    "processmemory": ("memory_mb", "number", "mb"),
    "processidincontainer": ("container_pid", "id", ""),
}
_CHIP = (
    "npu_id chip_id phy_id device_id name health power_w temperature_c hugepages_used hugepages_total bus_id "
    "utilization_pct memory_used_mb memory_total_mb hbm_used_mb hbm_total_mb"
).split()

# DCMI codes by their last three digits; npu-smi's own -9xxx use the same numbers (NPU driver API reference).
_CODE_KINDS = {
    "002": "permission_denied",
    "005": "driver_not_loaded",
    "007": "no_device",
    "008": "no_device",
    "013": "not_supported",
    "017": "device_busy",
    "020": "device_busy",
    "255": "not_supported",
}
# In this order: "No such file" also stands in the messages about a library and about a device node.
_PHRASES = (
    (
        "missing_library",
        "error while loading shared libraries|cannot open shared object file|symbol lookup error|undefined symbol"
        "|version .{0,40} not found",
    ),
    ("driver_not_loaded", "/dev/(?:davinci|devmm|hisi_hdc).{0,80}no such (?:file|device)"),
    (
        "not_found",
        "command not found|npu-smi: not found|no npu-smi in|executable file not found|no such file or directory"
        "|\u672a\u627e\u5230\u547d\u4ee4",
    ),
    (
        "permission_denied",
        "permission denied|not permitted|permission is not|insufficient permission|\u6743\u9650\u4e0d\u591f",
    ),
    ("device_busy", "the device is used|device is occupied|device or resource busy"),
    (
        "no_device",
        "no npu card|invalid (?:npu |card |chip |device |logic )+id|error parameter of -[ic]\\b|no (?:such )?device"
        "|failed to get card number",
    ),
    ("not_supported", "does not support|not support|cannot be executed|error parameter of -[a-z]|\u4e0d\u652f\u6301"),
    ("driver_not_loaded", "initialize failed|initialized failed|drvmnggetconsoleloglevel failed"),
)
_COMPILED = tuple((kind, re.compile(phrases)) for kind, phrases in _PHRASES)


class NpuSmiError(Exception):
    """No value in the output: `kind` is not_found, driver_not_loaded, device_busy, permission_denied, no_device,
    missing_library, not_supported or unrecognised; `code` the vendor's number (-8005) or None; `message` the line.
    """

    def __init__(self, kind, code=None, message=""):
        super().__init__(message)
        self.kind, self.code, self.message = kind, code, message


def parse_info(text):
    """Read the output of `npu-smi info`, given as str or as bytes in UTF-8.

    A column that the layout lacks is None: so chip_id of an Ascend 950, whose table has no chip column.

    Returns:
        {"npu_smi_version", "driver_version", "chips": [...], "processes": [...]}, with "truncated": True when a part
        is missing, and "warnings": [str] if the tool printed any. A chip or process has "extra": {heading: text} when
        the table has columns not known here. Memory is in MB, power in W.

    Raises:
        NpuSmiError: there is no table in it. Nothing else is ever raised.
    """
    lines = to_lines(text)
    table = _Table(_unprefixed(lines))
    if not table.seen or (not table.result["chips"] and classify(lines)[0] != "unrecognised"):
        raise NpuSmiError(*classify(lines))
    return table.result


def to_lines(text):
    """Return the lines of a text without colours and invisible characters; NpuSmiError if it is none, or blank."""
    if isinstance(text, (bytes, bytearray)):
        text = bytes(text).decode("utf-8", "replace")
    if not isinstance(text, str):
        raise NpuSmiError("unrecognised", None, "Not text: {}.".format(type(text).__name__))
    plain = _ANSI.sub("", "".join([text])).replace("\r\n", "\n").replace("\r", "\n").translate(_PLAIN)
    if _ESCAPED_BORDER.search(plain):
        plain = _ESCAPE.sub(r"\1", _ESCAPED_BORDER.sub(lambda match: match.group()[-1:].replace(";", "|"), plain))
    lines = plain.split("\n")
    if not any(line.strip() for line in lines):
        raise NpuSmiError("unrecognised", None, "npu-smi printed nothing.")
    return lines


def classify(lines):
    """Return (kind, code, message) of lines that hold an error message; kind unrecognised for anything else."""
    text = "\n".join(lines)
    # The vendor's numbers first, as the wording varies; and DCMI's before npu-smi's own, which follow from them.
    found = sorted(_CODE.finditer(text), key=lambda match: match.group(1))
    if found:
        line = text[text.rfind("\n", 0, found[0].start()) + 1 :].split("\n", 1)[0]
        return _CODE_KINDS.get(found[0].group(2), "unrecognised"), int(found[0].group()), _shorten(line)
    lowered = [line.lower() for line in lines]
    for kind, phrases in _COMPILED:
        hit = next((line for line, low in zip(lines, lowered) if phrases.search(low)), None)
        if hit is not None:
            return kind, None, _shorten(hit)
    return "unrecognised", None, "Not what npu-smi prints: " + _shorten(next(line for line in lines if line.strip()))


def null(word):
    """Say whether the tool means "no value" by this text."""
    return word.strip() in ("", "-", "--", "NA", "N/A", "n/a")


def integer(word):
    """Return an int, or None for anything but an ASCII integer."""
    return int(word) if word and _INTEGER.match(word) else None


def number(word):
    """Return an int where the text is whole and a float elsewhere; None for anything but a decimal number."""
    found = _DECIMAL.match(word or "")
    return (float(word) if "." in word else int(word)) if found else None


def _squeeze(text):
    return "".join(text[:2000].lower().split())


def _shorten(line):
    return " ".join(line.strip()[: MESSAGE_LIMIT * 4].split())[:MESSAGE_LIMIT]


def _unprefixed(lines):
    """The lines without what a logger puts before each, as far as that has borders of its own ("time | INFO | ")."""
    before = {}  # borders before the table's own -> rules (without any: headings) that say so
    for line in lines:
        start = len(line.rstrip("+-=| \t"))
        found = _BORDER.search(line, start)
        if found:
            count = line.count("|", 0, found.start())
            before[count] = before.get(count, 0) + 1
    if not before:
        for line in lines:
            lowered = line[:2000].lower()
            if "npu" in lowered and "health" in lowered:
                at = next((i for i, cell in enumerate(lowered.split("|", LIMIT)) if cell.split()[:1] == ["npu"]), 0)
                before[max(at - 1, 0)] = 1
    count = max(before, key=lambda key: (before[key], -key)) if before else 0
    if not 0 < count < LIMIT:
        return lines
    return [line.split("|", count)[count] if line.count("|") >= count else line for line in lines]


_READ = {
    "text": lambda word: None if null(word) else word,
    "id": integer,
    "number": number,
    "decimal": lambda word: None if number(word) is None else float(number(word)),
}


def _words(cell):
    """Split a cell into (text, start) with `1 / 2`, `1/ 2` and `1/2` as one word each."""
    words, joining = [], False
    for match in _WORD.finditer(cell):
        word = match.group()
        if words and (joining or word.startswith("/")) and len(words[-1][0]) < LIMIT:
            words[-1] = (words[-1][0] + word, words[-1][1])
        elif len(words) < LIMIT:
            words.append((word, match.start()))
        joining = word.endswith("/")
    return words


class _Label:
    """One column: its heading as printed, where it starts in its cell, and what it holds."""

    def __init__(self, text, start=None):
        base, _sep, unit = _squeeze(text).partition("(")
        base = "processidincontainer" if base.startswith("processidin") else base
        field, kind, wanted = _COLUMNS.get(base, (None, "text", ""))
        unit = unit.rstrip(")")
        if unit != wanted.lstrip("!") and (unit or wanted.startswith("!")):
            field, kind = None, "text"
        self.text, self.start, self.field, self.kind = text, start, field, kind


def _labels(cell):
    """Split a heading cell into labels: known names first, then runs of words with one blank between them."""
    if cell.strip().lower().startswith("process"):
        return [_Label(" ".join(cell.split()))]
    found = []  # [text, start, end, whether an unknown word may go on]
    for match in _WORD.finditer(cell):
        word, start, last = match.group(), match.start(), found[-1] if found else ["", 0, -9, False]
        joined = last[0] + " " + word
        known = _Label(word).field is not None
        near = start - last[2] == 1 or last[0].lower() in ("npu", "chip")
        if near and len(joined) < LIMIT and _Label(joined).field:
            # One heading of two words, or one word that a narrow terminal broke in two.
            last[0], last[2], last[3] = joined, match.end(), False
        elif last[3] and not known and start - last[2] == 1 and len(joined) < MESSAGE_LIMIT:
            last[0], last[2], last[3] = joined, match.end(), not word.endswith(")")
        elif len(found) < LIMIT:
            found.append([word, start, match.end(), not known and not word.endswith(")")])
    return [_Label(text, start) for text, start, _end, _open in found]


class _Heading:
    """One heading row: labels by the index of their cell, `first` and `status` the cells that tell rows apart."""

    def __init__(self, cells, lost=False):
        self.cells = [_labels(cell) for cell in cells[:LIMIT]]
        if not any(label.field for label in self.cells[0]):
            self.cells[0] = []  # a text before the first border is a prefix of the line ("# "), no column
        self.lost = lost  # the table has no such heading (any more): no positions to go by
        fields = {label.field: index for index, labels in enumerate(self.cells) for label in labels}
        self.first = fields.get("npu_id", fields.get("chip_id"))
        self.status = fields.get("health", fields.get("bus_id", len(self.cells)))
        self.shape = [label.kind == "pair" for labels in self.cells[self.status + 1 :][:1] for label in labels]


# For tables whose beginning is lost: by whether the name has a cell of its own.
_LOST = {
    False: (
        _Heading(["", "NPU Name", "Health", "Power Temp Hugepages-Usage"], True),
        _Heading(["", "Chip", "Bus-Id", "AICore Memory-Usage HBM-Usage"], True),
    ),
    True: (
        _Heading(["", "NPU ID", "Name", "Health", "Power Temp Hugepages-Usage"], True),
        _Heading(["", "", "", "Bus-Id", "AICore Memory-Usage HBM-Usage"], True),
    ),
}
_LOST_PROCESS = _Heading(["", "NPU Chip", "Process id", "Process name", "Process memory", "Process id in container"])


def _assign(labels, words, lost):
    """Pair the words of a cell with its labels, in order; by position where there are fewer words than labels."""
    if len(labels) == 1 and labels[0].kind == "text":
        return [(labels[0], " ".join(word for word, _start in words))]
    if [label.field for label in labels] == ["npu_id", "name"]:
        ids = 1 if words and (integer(words[0][0]) is not None or null(words[0][0])) else 0
        return [(labels[0], words[0][0] if ids else ""), (labels[1], " ".join(word for word, _s in words[ids:]))]
    if len(words) >= len(labels):
        return [(label, words[index][0]) for index, label in enumerate(labels)]
    pairs, begin = [], 0
    for done, (word, start) in enumerate(words):
        end = len(labels) - len(words) + done + 1  # leaves a label for each word to come
        fitting = [i for i in range(begin, end) if labels[i].kind == "pair" or "/" not in word] or [begin]
        if lost:
            begin = next((i for i in fitting if (labels[i].kind == "pair") == ("/" in word)), fitting[0])
        else:
            begin = min(fitting, key=lambda i: abs(labels[i].start - start))
        pairs.append((labels[begin], word))
        begin += 1
    return pairs


def _read_row(heading, cells):
    """Return {field: value} of one row, with "extra" for the columns that have no field."""
    values, extra = {}, {}
    for index, labels in enumerate(heading.cells[: len(cells)]):
        words = _words(cells[index]) if labels else []
        for label, word in _assign(labels, words, heading.lost):
            if label.kind == "pair":
                used, _sep, total = word.partition("/")
                values[label.field.format("used")], values[label.field.format("total")] = number(used), number(total)
            elif label.field:
                values[label.field] = _READ[label.kind](word)
            elif word:
                extra[label.text] = word
        if heading.lost and len(words) == 2 and labels[0].field == "chip_id":
            # No heading names the second id: it is a Phy-ID in the layouts with HBM, a Device in those without.
            memory = cells[heading.status + 1] if heading.status + 1 < len(cells) else ""
            values["phy_id" if memory.count("/") > 1 else "device_id"] = integer(words[1][0])
    if extra:
        values["extra"] = extra
    return values


def _is_rule(stripped):
    start = min(index for index in (stripped.find("+"), stripped.find("|"), len(stripped)) if index >= 0)
    rest = stripped[start:]
    return ("---" in rest or "===" in rest) and not rest.strip("+-=| \t")


def _is_message(line):
    """Whether the tool says something between the lines of its table; before a part of the table it is a log's."""
    said = max(line.rfind(word) for word in ("[WARNING]", "[ERROR]"))
    return said >= 0 and not re.search(r"\+[-=+]{2}|\|.*\|", line[said:])


class _Table:
    """Reads the lines of one table from top to bottom into `result`."""

    def __init__(self, lines):
        self.result = {"npu_smi_version": None, "driver_version": None, "chips": [], "processes": []}
        self.seen = self.cut = self.titled = False  # anything of a table; a part known to be missing; the version row
        self.headings, self.processes = [None, None], None  # of the chips; of the process section, inside it
        self.over = False  # whether other text followed the table
        self.width, self.last = float("inf"), None  # where lines without a right border end; last line of the table
        self.rows, self.same_card = 0, False  # last row of the chip, 0 after a rule; whether that was within a card
        warnings, strange = [], False
        tail = max(index for index, line in enumerate(lines) if line.strip())
        for index, line in enumerate(lines[: tail + 1]):
            stripped = line.strip()
            if _is_message(stripped):
                warnings.append(stripped.strip("| \t")[:MESSAGE_LIMIT])
            elif _is_rule(stripped):
                self.last, self.rows, self.same_card = "rule", 0, "===" not in stripped
            elif stripped:
                strange = True
                if not self._line(line, stripped, index == tail):
                    break
        self.seen = self.seen or (self.last == "rule" and not strange)
        end = lines[tail].strip()
        if (
            self.cut
            or self.last != "rule"
            or not self.titled
            or not self.headings[0]
            or not self.result["chips"]
            or (end[0] in "+|" and (end[-1] not in "+|" or len(end) < 3))
        ):
            self.result["truncated"] = True
        self.result.update({"warnings": warnings[:LIMIT]} if warnings else {})

    def _line(self, line, stripped, is_tail):
        """Take one line in. Returns False when the table is over."""
        if not self._title(stripped, is_tail):
            return False
        if "|" in stripped:
            cells, squeezed, closed = line.split("|", 4 * LIMIT), _squeeze(stripped), stripped.endswith("|")
            if "norunningprocess" in squeezed:
                self.last = "row"
            elif not self._heading(cells, squeezed, closed):
                return self._row(cells, closed, is_tail)
        elif self.seen and stripped.startswith(("...", "\u2026")):
            self.cut = True  # an author's dots for rows left out
        elif self.result["chips"]:
            self.over = True
        return True

    def _title(self, stripped, is_tail):
        """Read the version row. Returns False when it begins a second table."""
        match = _TITLE.search(stripped[:400]) if "npu-smi" in stripped else None
        if not match or not (match.group(1) or "|" in stripped):
            short = " ".join(stripped[:99].split())[:9]
            self.seen = self.seen or (is_tail and len(short) > 2 and "| npu-smi".startswith(short))
            return True
        if self.result["chips"]:
            return False
        torn = is_tail and not stripped.endswith("|")  # half a version is a wrong one
        for key, word in (("npu_smi_version", match.group(1)), ("driver_version", "" if torn else match.group(2))):
            found = _VERSION.match(word or "")
            self.result[key] = found.group() if found else None
        self.seen, self.titled, self.last = True, True, "title"
        return True

    def _heading(self, cells, squeezed, closed):
        """Take the row as a heading if it is one. Returns whether it is."""
        heading = None
        if "processid" in squeezed or "processname" in squeezed:
            self.processes = heading = _Heading(cells)
        elif "health" in squeezed or "bus-id" in squeezed:
            heading = _Heading(cells)
            if heading.status == len(heading.cells) or (heading.first is None and "health" in squeezed):
                return False
            self.headings = [heading, None] if "health" in squeezed else [self.headings[0], heading]
            self.processes = None
        if heading:
            # Without borders at its end a line is as long as what it says: the longer of the two headings counts.
            other = self.width if self.last == "heading" else 0
            self.seen, self.last, self.rows = True, "heading", 0
            self.width = float("inf") if closed else max(other, len("|".join(cells)))
        return bool(heading)

    def _row(self, cells, closed, is_tail):
        """Take a row in. Returns False when the table is over."""
        first, second = self.headings
        if first is None or second is None:
            four = first.status - first.first > 1 if first else (second.first is None if second else len(cells) > 5)
            first, second = first or _LOST[four][0], second or _LOST[four][1]
        expected = len((self.processes or first).cells)
        if closed and cells[0].strip() and len(cells) == expected - 1:
            cells.insert(0, "")  # the left border is lost
        torn = len(cells) < expected or (not closed and (is_tail or len("|".join(cells)) >= self.width))
        # What stands last may be the beginning of something longer: half a number is a wrong number.
        if torn and self.processes and not cells[-1].endswith("  "):
            cells[-1] = ""
        elif torn and cells[-1].rstrip() == cells[-1]:
            cells[-1] = cells[-1][: len(cells[-1]) - len((cells[-1].split() or [""])[-1])]
        last, self.last = self.last, None
        if self.processes or (
            len(cells) > 4 and integer(cells[2].strip()) is not None and integer(cells[4].strip()) is not None
        ):
            self._process(cells)
        else:
            kind = self._kind(cells, first, second, closed and not is_tail, torn)
            heading = first if kind == 1 else second
            values = _read_row(heading, cells) if kind else {}
            self.cut = self.cut or bool(kind and len(cells) > len(heading.cells) and not heading.lost)
            if any(value is not None for value in values.values()):
                self._chip(kind, values)
        understood, self.last = self.last == "row", self.last or last
        self.cut = self.cut or (torn and (understood or (is_tail and not cells[0].strip())))
        if understood or last in (None, "title"):
            return True
        # Something of the table that says nothing to us. After the processes it is the heading of another table.
        self.cut = self.cut or not self.over
        return not (self.processes and last == "rule" and not any(char.isdigit() for char in "".join(cells)))

    def _kind(self, cells, first, second, closed, torn):
        """Say by its content which row of a chip this is: 1, 2, or 0 for none.

        The tool leaves out the first for a chip whose health is out of range, the second for a 310P without logic id.
        """
        known = self.headings != [None, None]
        ids = cells[first.first].split(None, 2) if first.first < len(cells) else []
        strange = bool(ids) and integer(ids[0]) is None and not null(ids[0])
        status = cells[first.status].strip() if first.status < len(cells) else ""
        if second.status < len(cells) and _BUS.match(cells[second.status].strip()):
            return 0 if strange else 2
        if status.lower() in HEALTH_WORDS:
            return 1 if known or (not strange and len(cells) > 3) else 0
        if (
            strange
            or (closed and len(cells) < min(len(first.cells), len(second.cells)))
            or (null(status) and not known and self.rows != 1)
        ):
            return 0
        if not null(status):
            return 1 if known and ids and status[0].isalpha() else 0
        last = cells[first.status + 1] if first.status + 1 < len(cells) else ""
        shape = ["/" in word for word, _start in _words(last)]
        if not torn and (shape == first.shape) != (shape == second.shape):
            return 1 if shape == first.shape else 2
        return 2 if self.rows == 1 or (second.first is None and not ids) else 1

    def _chip(self, kind, values):
        chips = self.result["chips"]
        if kind == 1 or self.rows != 1:
            # A rule of dashes parts the chips of one card: that tells the card of a chip without its first row.
            card = chips[-1]["npu_id"] if chips and kind == 2 and self.same_card and self.rows == 0 else None
            chips.append(dict(dict.fromkeys(_CHIP), npu_id=card))
        if "extra" in values:
            values["extra"] = dict(chips[-1].get("extra", {}), **values["extra"])
        chips[-1].update(values)
        self.seen, self.last, self.rows = True, "row", kind

    def _process(self, cells):
        heading = self.processes or _LOST_PROCESS
        surplus = len(cells) - len(heading.cells)
        for index, labels in enumerate(heading.cells if surplus > 0 and self.processes else []):
            if labels and labels[0].field == "name":  # a process may have a "|" in its name
                cells[index : index + surplus + 1] = ["|".join(cells[index : index + surplus + 1])]
        values = dict.fromkeys("npu_id chip_id pid name memory_mb container_pid".split())
        values.update(_read_row(heading, cells))
        if values["pid"] is not None or (values["npu_id"] is not None and values["memory_mb"] is not None):
            self.result["processes"].append(values)
            self.seen, self.last = True, "row"
