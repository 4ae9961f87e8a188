# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of HCCL that users paste, and what they mean. Pure.

Sources: github:hicann/hccl docs, fault diagnosis (EI0001 to EI0019); vllm-project/vllm-ascend issues 5461, 9447 and
10591; hiascend.com HCCL performance test, 16_0006 (the words of hccl_test).
"""

import re

_DOCS = "github:hicann/hccl docs, fault diagnosis"
# Code -> (what is wrong, what to do).
CODES = {
    "EI0001": (
        "HCCL: the addresses of the ranks are of different kinds, or an environment variable is wrong.",
        "Give all chips IPv4 or all of them IPv6, and see which variable (HCCL_...) the message names.",
    ),
    "EI0004": (
        "HCCL: the rank table is wrong, or not where the job looks for it.",
        "Make it with ascend.fleet.rank_table, which holds it against HCCL's rules, and name its file in "
        "RANK_TABLE_FILE (MindIE: RANKTABLEFILE).",
    ),
    "EI0005": (
        "HCCL: the ranks do not call the same operation with the same arguments.",
        "Look for ranks with other versions, data types or shapes; all ranks need one release of CANN and one script.",
    ),
    "EI0006": (
        "HCCL: ranks did not connect within HCCL_CONNECT_TIMEOUT.",
        "Look which rank never came (its own log has an earlier error); run ascend.fleet.network for links, addresses "
        "and TLS; see that HCCL_LOGIC_SUPERPOD_ID is right; raise HCCL_CONNECT_TIMEOUT (120 s) where ranks start late.",
    ),
    "EI0013": (
        "HCCL: packets between two ranks were lost until RoCE gave up, as with a port that flaps.",
        "Run ascend.fleet.network for flaps, errors and optics at the addresses that the message names.",
    ),
    "EI0014": (
        "HCCL: the rank table does not fit the chips: an address differs, or its version is another chip's.",
        "Make the table anew with ascend.fleet.rank_table; on a 950 remove a stale /etc/hccl_rootinfo.json of version "
        "1.0. If /etc/hccn.conf differs from the chip, mend that first.",
    ),
    "EI0015": (
        "HCCL: the root rank was not reached over the hosts' network.",
        "See that the root's host is up and its port open; HCCL_IF_IP or HCCL_SOCKET_IFNAME choose the interface.",
    ),
    "EI0016": (
        "HCCL: TLS is on at some ranks and off at others.",
        "Make it the same on every chip (tls in ascend_device_network); ascend.fleet.network names those that differ.",
    ),
    "EI0019": (
        "HCCL: a port that it listens at is taken.",
        "End the job that was left over, or choose another HCCL_IF_BASE_PORT.",
    ),
    "EJ0004": (
        "HCCL: an address of the rank table differs from the chip's (CANN up to 8.5).",
        "Make the table anew with ascend.fleet.rank_table. If /etc/hccn.conf differs from the chip, mend that first.",
    ),
}
SOURCE = _DOCS
# Lines without a code, of hccl_test and of what it runs on: (name, expression, cause, fix).
_LINES = (
    (
        "left-over",
        r"init_hcclComm|retcode:\s?7\b",
        "HCCL could not be set up, most often because an earlier run left a process",
        "end what still holds the NPUs on every host (npu-smi info, fuser /dev/davinci*)",
    ),
    (
        "hostfile",
        r"retcode:\s?11\b",
        "the list of hosts and the numbers of ranks disagree",
        "each host must have as many NPUs as the run takes of it",
    ),
    (
        "host-name",
        r"gethostbyname failed: (?P<what>\S{1,100})",
        "the name of a host does not resolve: {what}",
        "name it in /etc/hosts of every host",
    ),
    (
        "library",
        r"error while loading shared libraries: (?P<what>[^\s:]{1,100})",
        "a library is missing: {what}",
        "install the MPI that hccl_test was built with on every host, and the toolkit",
    ),
    (
        "check-failed",
        r"check result failed",
        "the sum that came out is wrong",
        "this is no matter of speed: look at the health of the NPUs and at their links (ascend.fleet.network)",
    ),
    (
        "interface",
        r"hccl interface return err[^\n]{0,200}retcode:\s?(?P<what>\d{1,6})",
        "a call of HCCL failed with {what}",
        "its log (~/ascend/log/debug/plog) says more",
    ),
)
_CODE = re.compile(r"\b(E[IJ]00\d\d)\b")
_WIDTH = 300


def codes(text):
    """[{"code", "line"}] of the errors of CODES in a log, each once, with the first line that holds it.

    Args:
        text: of a log, or what a user pasted.
    """
    found = {}
    for line in (text or "").splitlines():
        for code in _CODE.findall(line[: _WIDTH * 10]):
            if code in CODES and code not in found:
                found[code] = " ".join(line.split())[:_WIDTH]
    return [{"code": code, "line": line} for code, line in found.items()]


def explain(text):
    """(cause, fix) of a failed run of hccl_test; None where nothing known stands in it.

    Args:
        text: what it printed.
    """
    known = codes(text)
    if known:
        cause, fix = CODES[known[0]["code"]]
        return "{} ({})".format(cause.rstrip("."), known[0]["code"]), fix
    for _name, expression, cause, fix in _LINES:
        match = re.search(expression, text or "")
        if match:
            return cause.format(what=match.groupdict().get("what") or ""), fix
    return None
