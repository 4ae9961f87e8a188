# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One set of versions on one host, with the catalog rows it touches: what every compatibility rule works on."""

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import files as vendor_files

# The catalog table that knows a component, and the variable that sets its version.
TABLES = {"cann": "cann", "mindspore": "mindspore", "mindformers": "mindformers"}
VARIABLES = {
    "driver": "ascend_driver_version",
    "firmware": "ascend_firmware_version",
    "cann": "ascend_cann_version",
    "mindspore": "ascend_mindspore_version",
    "mindformers": "ascend_mindformers_version",
    "python": "ascend_python_version",
    "cann_flavor": "ascend_cann_flavor",
    "kernels": "ascend_cann_kernels",
    "device_target": "ascend_device_target",
    "host_kind": "ascend_host_kind",
    "chip": "ascend_chip",
}


_INDEXES = {}


def _index(rows, key):
    """Every name a row goes by -> row, kept as long as the table is the same object."""
    kept = _INDEXES.get(id(rows))
    if kept is None or kept[0] is not rows:
        names, releases = {}, {}
        for row in rows:
            for name in [row[key], *list(row.get("also") or []), *list(row.get("community") or [])]:
                names.setdefault(versions.key(name), row)
            releases.setdefault(versions.key(row[key]), row)
        if len(_INDEXES) > 256:
            _INDEXES.clear()
        kept = _INDEXES[id(rows)] = (rows, names, releases)
    return kept[1:]


def find_row(catalog, table, version):
    """The row of a table that covers version, or None.

    A row covers its key, the releases under `also`, and the names of its community edition; a community build
    that no row names (8.3.RC1.alpha002) is judged as its release.
    """
    names, releases = _index(catalog.get(table) or [], table)
    found = names.get(versions.key(version))
    return found or releases.get(versions.key(versions.community_base(version)))


def known_versions(catalog, component):
    """Every version of a component the catalog knows, oldest first."""
    if component == "driver":
        found = [row["driver"] for row in catalog["hdk"]]
    elif component == "firmware":
        found = [row[field] for row in catalog["hdk"] for field in ("firmware", "firmware_minimum") if row.get(field)]
    elif component == "torch":
        found = [row["torch"] for row in catalog["torch"]] + [
            name for row in catalog["torch_npu"] for name in row["rows"]
        ]
    elif component == "torch_npu":
        found = [name for row in catalog["torch_npu"] for name in row["rows"].values()]
    else:
        found = [
            name
            for row in catalog[TABLES[component]]
            for name in [row[TABLES[component]], *list(row.get("also") or [])]
        ]
    return sorted(set(found), key=lambda item: (versions.key(item), item))


def is_known(catalog, component, version):
    """True when the catalog has a row for this version of the component."""
    if component in TABLES:
        return find_row(catalog, TABLES[component], version) is not None
    return any(versions.same(version, name) for name in known_versions(catalog, component))


def canonical(catalog, component, version):
    """version as the catalog spells it (25.3.RC1 as a driver is 25.3.rc1, MindSpore 2.1 is 2.1.0), else as given."""
    if component == "python":
        return version
    return next((name for name in known_versions(catalog, component) if versions.same(name, version)), version)


def cited(catalog, source):
    """A row's source with the short names of catalog/sources.yml written out."""
    names = {row["id"]: row["text"] for row in catalog.get("sources") or []}
    parts = []
    for part in (source or "").split("; "):
        head, _space, rest = part.partition(" ")
        short = head.rstrip(",:")
        parts.append((f"{names[short]} {rest}").strip() if short in names else part)
    return "; ".join(parts)


def pattern_holds(row, wanted):
    """True when an HDK row is the release wanted ("24.1.0", also its patches) or fits "25.5.X"."""
    if wanted.lower().endswith(".x"):
        return versions.satisfies(row["hdk"], wanted) or versions.satisfies(row["driver"], wanted)
    return versions.release(row["hdk"]) == versions.release(wanted)


class Case:
    """versions and host to be judged, and what was found.

    findings: what a user must know. evidence: pairs that were confirmed, each with its source.
    installed: {"driver": {...}, "firmware": {...}, "cann": [...]}, as host_facts reports them.
    """

    def __init__(self, catalog, chosen, host, installed=None):
        self.catalog = catalog
        self.versions = chosen
        self.host = host
        self.installed = installed or {}
        self.findings = []
        self.evidence = []
        self.open = False  # no source says anything about one of the pairs
        self._rows = {}

    def get(self, component):
        """The version asked for, or None."""
        return self.versions.get(component)

    def row(self, component):
        """The catalog row of a component's version, or None."""
        if component not in self._rows:
            version = self.get(component)
            self._rows[component] = find_row(self.catalog, TABLES[component], version) if version else None
        return self._rows[component]

    def hdk_rows(self, driver=None):
        """The HDK rows of a driver version (default: the one asked for)."""
        driver = driver or self.get("driver")
        return [row for row in self.catalog["hdk"] if driver and versions.same(row["driver"], driver)]

    @property
    def chip(self):
        return self.host.get("chip")

    def chip_row(self):
        """The row of the host's chip family, or None."""
        return next((row for row in self.catalog["chips"] if row["chip"] == self.chip), None)

    def installed_part(self, component):
        """What is installed of driver or firmware, as a dict with `installed` and what its files declare."""
        part = self.installed.get(component)
        if part is None:
            part = (self.host.get("installed") or {}).get(component)
        return part if isinstance(part, dict) else {"installed": part}

    def declared(self, component):
        """The declarations of an installed driver or firmware, {} unless that very version is being judged."""
        part = self.installed_part(component)
        return part if versions.same(part.get("installed"), self.get(component)) else {}

    def cann_code(self):
        """The C number of the CANN release, from the host when that release is there, else from the catalog."""
        listed = self.installed.get("cann") or []
        for entry in listed if isinstance(listed, list) else []:
            if isinstance(entry, dict) and versions.same(entry.get("version"), self.get("cann")):
                code = entry.get("code") or vendor_files.c_code(entry.get("innerversion"))
                if code:
                    return code
        row = self.row("cann")
        return row.get("code") if row else None

    def _add(self, rule, severity, message, source, variable):
        self.findings.append(
            {
                "rule": rule,
                "severity": severity,
                "message": message,
                "source": cited(self.catalog, source),
                "accepted": False,
                "variable": VARIABLES.get(variable, variable),
            }
        )

    def error(self, rule, message, source, variable=None):
        """Record that this will not work, or that the vendor rules it out."""
        self._add(rule, "error", message, source, variable)

    def warn(self, rule, message, source, variable=None):
        """Record what may go wrong: not ruled out, not documented either."""
        self._add(rule, "warning", message, source, variable)

    def info(self, rule, message, source, variable=None):
        """Record what is worth knowing and asks for no action."""
        self._add(rule, "info", message, source, variable)

    def unknown(self, rule, message, source, variable=None):
        """Record that no source says whether this goes together. Unknown stays unknown: it is no error."""
        self.open = True
        self._add(rule, "info", message, source, variable)

    def confirm(self, rule, message, source):
        """Record that a pair goes together, and who says so."""
        self.evidence.append({"rule": rule, "message": message, "source": cited(self.catalog, source)})
