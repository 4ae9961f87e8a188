# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what npu-smi's sub-commands print: `-v`, and `info` with -l, -m or -t <type>.

Most print `key : value` in blocks. Their keys change with chip and version, so they are not listed here: a key is
returned under its name in lower case with underscores ("HBM Capacity(MB)" is hbm_capacity_mb), and one that a future
version adds is simply one more. Every reader raises NpuSmiError, and nothing else, when the text holds no such output.
"""

import re

from .npu_smi import NpuSmiError, classify, integer, null, number, to_lines

_NOT_WORD = re.compile(r"[^a-z0-9]+")
_COLUMN_GAP = re.compile(r"\t+ *|  +\t*")
_MAPPING_COLUMN = re.compile(r"(?:NPU|Slot|Chip) ID|Chip Logic ID|Chip Phy-ID|Chip Name")
# NPU0, NIC0, and Phy-ID12 on an A3 (npucli, npu_info_print_ch.c).
_NODE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z]{1,4})?[0-9]{1,6}\Z")
_AFFINITY = ["CPU", "Affinity"]
# What the tool says of a query that failed; some of it has a colon, and is no value for that.
_MESSAGE = re.compile(
    r"\s*(?:\[\w+\]|(?:error:\s*)?(?:failed|unable|cannot|can't|could not|invalid|error parameter|dcmi \w+ ini|no such"
    r"|this (?:device|command|product|npu|chip|card))\b)|.*\b(?:failed|unsuccessful|not supported)\s*(?:[.:,]|\Z)",
    re.I,
)
_PROCESS_KEY = re.compile(r"Process (id in container|id|name|memory)(?:\(MB\))? {0,8}(?::|\Z)")
_UNIT = re.compile(r"\((?:%|MB|GB|KB|MHz|C|W|mW|V|mV|A|page|RPM)\)\Z", re.I)
_VERSION = re.compile(r"npu-smi\s+version\s*:\s*([0-9A-Za-z][0-9A-Za-z._+-]*)", re.I)
_MAPPING_FIELDS = {
    "npu_id": "npu_id",
    "chip_id": "chip_id",
    "chip_logic_id": "logic_id",
    "chip_phy_id": "phy_id",
    "slot_id": "slot_id",
    "chip_name": "name",
}
_NUMBERS = ("npu_id", "chip_id", "slot_id", "chip_position_id")
# They say what is spoken of, and nothing of it.
_NAMES = ("npu_id", "chip_id", "slot_id", "chip_position_id", "chip_count", "chip_name")
_LEGEND_LIMIT = 64


def parse_list(text):
    """Read `npu-smi info -l`.

    Returns:
        {"count": int | None, "npus": [{"npu_id", "product_name", "serial_number", "chip_count", ...}]}
    """
    count, npus = None, []
    for key, value in _pairs(text, ("npu_id", "total_count", "card_count"), names_will_do=True):
        if key in ("total_count", "card_count"):
            count = value
        elif key == "npu_id":
            npus.append({"npu_id": value, "product_name": None, "serial_number": None, "chip_count": None})
        elif npus:
            npus[-1][key] = value
    return {"count": count, "npus": npus}


def parse_mapping(text):
    """Read `npu-smi info -m`.

    Returns:
        {"chips": [{"npu_id", "chip_id", "logic_id", "phy_id", "slot_id", "name", "mcu": bool}]}; a management
        controller is listed as a chip with mcu True. Columns not known here are under "extra".
    """
    lines = to_lines(text)
    columns, chips = None, []
    for line in lines:
        stripped = line.strip()
        if "NPU ID" in line[:400] and "Chip" in line[:400]:
            columns = [column.strip() for column in _COLUMN_GAP.split(stripped)]
            if len(columns) < 2:
                columns = _MAPPING_COLUMN.findall(stripped)
        elif columns:
            # Only the name has blanks in it, and it comes last; a column after it needs the wider gaps.
            words = stripped.split(None, len(columns) - 1)
            if _name(columns[-1]) != "chip_name":
                words = _COLUMN_GAP.split(stripped)
            if words and integer(words[0]) is not None:
                chips.append(_mapping_row(columns, words))
    if columns is None:
        raise NpuSmiError(*classify(lines))
    return {"chips": chips}


def parse_board(text):
    """Read `npu-smi info -t board -i N`, with or without -c N.

    Returns:
        {"npu_id", "chip_id", "product_name", "software_version" (the driver's), "firmware_version", "compatibility",
        "chip_name", "npu_name", ...}; hexadecimal ids as printed.
    """
    board = dict.fromkeys(
        (
            "npu_id",
            "chip_id",
            "product_name",
            "serial_number",
            "software_version",
            "chip_name",
            "firmware_version",
            "compatibility",
            "npu_name",
            "pcie_bus_info",
            "chip_count",
        )
    )
    for key, value in _pairs(text, ("npu_id", "chip_name", "software_version", "firmware_version")):
        if key == "npu_id" and board["npu_id"] is not None:
            break  # the next board
        board[key] = value
    return board


def parse_health(text):
    """Read `npu-smi info -t health -i N`, with or without -c N.

    Returns:
        {"chips": [{"npu_id", "chip_id", "health", "error_codes": [str], "error_information": [str]}], "mcus": [same]}
    """
    found = _chips(text, ("health", "health_status"))
    for chip in found["chips"] + found["mcus"]:
        chip["health"] = chip.pop("health_status", chip.get("health"))
        chip["error_codes"] = (chip.pop("error_code", None) or "").split()
        information = chip.get("error_information") or ""
        chip["error_information"] = [line for line in information.split("\n") if line]
    return found


def parse_usages(text):
    """Read `npu-smi info -t usages -i N`: {"chips": [{"npu_id", "chip_id", "hbm_usage_rate_pct", ...}], "mcus": []}."""
    return _chips(text)


def parse_memory(text):
    """Read `npu-smi info -t memory -i N`: {"chips": [{"npu_id", "chip_id", "hbm_capacity_mb", ...}], "mcus": []}."""
    return _chips(text)


def parse_common(text):
    """Read `npu-smi info -t common -i N`: {"chips": [{"npu_id", "chip_id", "temperature_c", ...}], "mcus": [...]}."""
    return _chips(text)


def parse_proc_mem(text):
    """Read `npu-smi info -t proc-mem -i N`.

    Returns:
        {"processes": [{"npu_id", "chip_id", "pid", "name", "memory_mb", "container_pid"}]}; chip_id is None where
        the layout has none (Ascend 950).
    """
    lines = to_lines(text)
    npu, open_processes, processes, known = None, [], [], False
    for line in lines:
        marks = list(_PROCESS_KEY.finditer(line))
        key, _sep, value = line.partition(":")
        if marks and marks[0].group(1) == "id":
            entry = dict.fromkeys(("npu_id", "chip_id", "pid", "name", "memory_mb", "container_pid"))
            ends = [mark.start() for mark in marks[1:]] + [len(line)]
            for index, mark in enumerate(marks):
                word = line[mark.end() : ends[index]].strip()
                field = {"id": "pid", "name": "name", "memory": "memory_mb"}.get(mark.group(1), "container_pid")
                entry[field] = (None if null(word) else word) if field == "name" else number(word)
            entry["npu_id"] = npu
            open_processes.append(entry)
            processes.append(entry)
        elif _name(key) == "npu_id":
            npu, open_processes = integer(value.strip()), []
        elif _name(key) == "chip_id":
            for entry in open_processes:  # it is printed after the chip's processes
                entry["chip_id"] = integer(value.strip())
            open_processes = []
        known = known or bool(marks) or "No process in device" in line or _name(key) == "npu_id"
    if not known:
        raise NpuSmiError(*classify(lines))
    return {"processes": processes}


def parse_topo(text):
    """Read `npu-smi info -t topo`.

    Returns:
        {"nodes": ["NPU0", ...], "links": {"NPU0": {"NPU1": "HCCS" | None, ...}}, "cpu_affinity": {"NPU0": "0-23"},
        "legend": {"HCCS": "Connection traversing HCCS."}}; a link is None where the tool does not know it.
    """
    lines = to_lines(text)
    found = {"nodes": [], "links": {}, "cpu_affinity": {}, "legend": {}}
    for line in lines:
        words = line.split()
        if _is_node_heading(words, found["nodes"]):
            found["nodes"] = [word for word in words if _NODE.match(word)]
        elif words and found["nodes"] and _NODE.match(words[0]):
            links = words[1 : 1 + len(found["nodes"])]
            found["links"][words[0]] = {
                found["nodes"][index]: None if null(word) else word for index, word in enumerate(links)
            }
            affinity = " ".join(words[1 + len(found["nodes"]) :])
            if affinity:
                found["cpu_affinity"][words[0]] = None if null(affinity) else affinity
        elif found["nodes"] and len(words) > 2 and words[1] == "=" and len(found["legend"]) < _LEGEND_LIMIT:
            found["legend"][words[0]] = " ".join(words[2:])
    if len(found["nodes"]) < 2 and not found["links"]:
        raise NpuSmiError(*classify(lines))
    return found


def _is_node_heading(words, known):
    """Whether the words of a line are names of nodes; one alone is a heading only where there was none before."""
    names = words[:-2] if words[-2:] == _AFFINITY else words
    return len(names) > bool(known) and all(_NODE.match(word) for word in names)


def parse_version(text):
    """Read `npu-smi -v`: {"npu_smi_version": str}."""
    lines = to_lines(text)
    for line in lines:
        match = _VERSION.search(line[:400])
        if match:
            return {"npu_smi_version": match.group(1)}
    raise NpuSmiError(*classify(lines))


def reader(args):
    """Return the function that reads npu-smi's output for these arguments (a sequence of str).

    For a command that has no reader here it is one that returns {"text": str} and raises NpuSmiError for the
    vendor's error messages.
    """
    args = list(args)
    if args[:1] == ["-v"]:
        return parse_version
    for option, function in (("-l", parse_list), ("-m", parse_mapping)):
        if args[:2] == ["info", option]:
            return function
    kinds = {
        "board": parse_board,
        "health": parse_health,
        "usages": parse_usages,
        "memory": parse_memory,
        "common": parse_common,
        "proc-mem": parse_proc_mem,
        "topo": parse_topo,
    }
    kind = args[args.index("-t") + 1] if args[:1] == ["info"] and "-t" in args[:-1] else None
    return kinds.get(kind, _plain)


def _plain(text):
    lines = to_lines(text)
    found = classify(lines)
    if found[0] != "unrecognised":
        raise NpuSmiError(*found)
    return {"text": "\n".join(lines)}


def _name(label):
    return _NOT_WORD.sub("_", label.strip()[:200].lower().replace("%", "pct")).strip("_")


def _mapping_row(columns, words):
    chip = dict.fromkeys(_MAPPING_FIELDS.values())
    extra = {}
    for index, column in enumerate(columns[: len(words)]):
        word = words[index].strip()
        field = _MAPPING_FIELDS.get(_name(column))
        if field == "name":
            chip["name"] = None if null(word) else word
        elif field:
            chip[field] = integer(word)
        else:
            extra[column] = word
    chip["mcu"] = (chip["name"] or "").lower() == "mcu"
    if extra:
        chip["extra"] = extra
    return chip


def _items(lines):
    """Return (key, value) of every `key : value` line, and None for a gap between blocks."""
    items, parts = [], []
    for line in lines:
        label, sep, value = line.partition(":")
        key, value = _name(label), value.strip()
        information = bool(items) and items[-1] is not None and items[-1][0] == "error_information"
        if not line.strip():
            parts.append(None)
            continue
        if _MESSAGE.match(line[:400]):
            continue
        if items and ((sep and not key) or (not sep and information)):
            # A further line of the value before, whatever blank lines are between them; wrapped, or one of its own.
            if items[-1][1] is not None:
                items[-1][1].append("\n" + value if sep else " " + line.strip())
        elif sep and key:
            if parts and items:
                items.append(None)
            items.append((key, [value], bool(_UNIT.search(label.strip()[-20:]))))
        parts = []
    return items


def _pairs(text, known, gaps=False, names_will_do=False):
    """Return [(key, value)] with numbers as numbers and None for no value; NpuSmiError without any of the keys known.

    Args:
        text: the tool's output.
        known: keys of which one must be there; with gaps, one that has a unit will do, too.
        gaps: keep None between blocks.
        names_will_do: whether ids alone are an answer.
    """
    lines = to_lines(text)
    pairs, recognised, said = [], False, False
    for item in _items(lines):
        if item is None:
            pairs.append(None)
            continue
        key, parts, unit = item
        value = "".join(parts).strip()
        if unit or key in _NUMBERS or key.endswith("_count"):
            # Some copies carry a remark after the number.
            words = value.split(None, 1)
            value = number(words[0]) if words else None
        elif null(value):
            value = None
        recognised = recognised or key in known or (gaps and (unit or key in ("npu_id", "chip_id")))
        said = said or key not in _NAMES
        pairs.append((key, value))
    if not recognised or not (said or names_will_do):
        raise NpuSmiError(*classify(lines))
    return pairs if gaps else [pair for pair in pairs if pair]


def _chips(text, known=()):
    """Group the keys by chip: {"chips": [...], "mcus": [...]}, each with "npu_id" and "chip_id".

    `-t common` and `-t health` print Chip ID before the values of a chip, `-t usages` and `-t memory` after them; the
    management controller has a name in place of it, before or after its values; and an Ascend 950 has neither.
    """
    pairs = _pairs(text, known, gaps=True)
    first = next((pair[0] for pair in pairs if pair and pair[0] not in ("npu_id", "chip_count")), None)
    leading = first == "chip_id"
    npu, block, keys, gap, blocks = None, None, set(), False, []
    for pair in pairs:
        if pair is None:
            gap = True
            continue
        key, value = pair
        if key == "npu_id":
            npu, block = value, None
        elif key != "chip_count":
            mcu = key == "chip_name" and str(value).lower() == "mcu"
            if block is None or key in keys or (leading and (gap or (mcu and "chip_id" in keys))):
                block, keys = {"npu_id": npu, "chip_id": None}, set()
                blocks.append(block)
            block[key] = value
            keys.add(key)
            if key == "chip_id" and not leading:
                block = None
        gap = False
    found = {"chips": [], "mcus": []}
    for block in blocks:
        found["mcus" if str(block.get("chip_name")).lower() == "mcu" else "chips"].append(block)
    return found
