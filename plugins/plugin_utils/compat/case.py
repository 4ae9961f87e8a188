# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One set of versions on one host, with the catalog rows it touches: what every compatibility rule works on."""

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import codes
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import cited, find_row, hdk_rows, release_rows

# The variable that sets what a rule speaks of.
VARIABLES = {
    **{name: variable for variable, name in components.VARIABLES.items()},
    **{
        name: f"ascend_{name}_version"
        for name in ("torch", "torch_npu", "vllm_ascend", "mindie", "mindcluster", "nnal")
    },
    "cann_flavor": "ascend_cann_flavor",
    "kernels": "ascend_cann_kernels",
    "device_target": "ascend_device_target",
    "host_kind": "ascend_host_kind",
    "chip": "ascend_chip",
}


def joins(*names):
    """Say of a rule which components it joins: these, and only these, can make a choice of the resolver impossible."""

    def mark(rule):
        rule.joins = names
        return rule

    return mark


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

    def python(self, framework):
        """The Python of a framework's environment; the one asked for where the frameworks' are not told apart."""
        return (self.versions.get("pythons") or {}).get(framework) or self.get("python")

    def row(self, component):
        """The catalog row of a component's version, or None."""
        if component not in self._rows:
            version = self.get(component)
            self._rows[component] = find_row(self.catalog, component, version) if version else None
        return self._rows[component]

    def hdk_rows(self, driver=None):
        """The HDK rows that a driver version (default: the one asked for) is judged by."""
        return hdk_rows(self.catalog, driver or self.get("driver"))

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

    def installed_cann(self):
        """What the files of the CANN release being judged declare on this host; {} when it is not there."""
        listed = self.installed.get("cann")
        if listed is None:
            listed = (self.host.get("installed") or {}).get("cann")
        rows = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
        rows = [entry for entry in rows if versions.same(entry.get("version"), self.get("cann"))]
        return next((entry for entry in rows if entry.get("innerversion") or entry.get("code")), {})

    def cann_code(self):
        """The code of the CANN release, from the host when that release is there, else from the catalog; or None."""
        here, row = self.installed_cann(), self.row("cann") or {}
        text = here.get("innerversion") or here.get("code") or row.get("code")
        return codes.of_cann(text, self.get("cann"))

    def driver_code(self):
        """The driver's own code, from the host when that driver is there, else from the catalog; or None."""
        rows = release_rows(self.catalog, self.get("driver"))
        known = next((row["driver_code"] for row in rows if row.get("driver_code")), None)
        return codes.of_driver(self.declared("driver").get("innerversion") or known, self.get("driver"))

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
