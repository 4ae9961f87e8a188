# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's hccl_test: where its source is, how it is built and started, what its table says. Pure but for `find`.

Sources: PyPI ascend-deployer 26.0.0 (install_cann.py: how it is built); ascend-ai-coding/awesome-ascend-skills,
hccl-test (options, output); hiascend.com, HCCL performance test.
"""

import re

# Below the toolkit, newest layout first (from CANN 8.5 on, and before).
SOURCES = ("cann/tools/hccl_test", "ascend-toolkit/latest/tools/hccl_test")
BINARY = "bin/all_reduce_test"
OPEN_MPI, MPICH = "openmpi", "mpich"
_HEADER = re.compile(r"data_size\s*\(?Bytes\)?\s*:?\s*\|", re.I)
_CHECKS = ("success", "failed", "NULL")
_CELL = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,12})?\Z")


class Unreadable(Exception):
    """No table in the output."""


def parse(text):
    """Read what all_reduce_test prints.

    Args:
        text: its output; the column of the time may be spelled aveg_time or avg_time.

    Returns:
        list of {"bytes": int, "us": float, "gb_s": float, "check": "success" | "failed" | "NULL"}, in order.

    Raises:
        Unreadable: there is no row of the table in it.
    """
    rows, inside = [], False
    for line in (text or "").splitlines():
        if _HEADER.search(line):
            inside = True
            continue
        cells = [cell.strip().rstrip(":") for cell in line.split("|")]
        if not inside or len(cells) < 4 or cells[3] not in _CHECKS or not all(map(_CELL.match, cells[:3])):
            continue
        if "." in cells[0]:
            continue
        rows.append({"bytes": int(cells[0]), "us": float(cells[1]), "gb_s": float(cells[2]), "check": cells[3]})
    if not rows:
        raise Unreadable("hccl_test printed no table.")
    return rows


def headline(rows):
    """(bytes, GB/s) by which runs are compared: the best of the sizes from a quarter of the largest on.

    The last rows are where the links are full; a single one of them may be disturbed.
    """
    largest = max(row["bytes"] for row in rows)
    best = max((row for row in rows if row["bytes"] * 4 >= largest), key=lambda row: row["gb_s"])
    return best["bytes"], best["gb_s"]


def flavour(text):
    """Which MPI answers `mpirun --version`: openmpi, mpich, or None."""
    low = (text or "").lower()
    if "open mpi" in low or "openrte" in low:
        return OPEN_MPI
    return MPICH if "hydra" in low or "mpich" in low else None


def hostfile(hosts, per_host, mpi):
    """The text of the file that names the hosts to mpirun."""
    form = "%s slots=%d\n" if mpi == OPEN_MPI else "%s:%d\n"
    return "".join(form % (host, per_host) for host in hosts)


def command(mpirun, mpi, binary, per_host, sizes, iterations, hosts=(), file=None, interface=None, exported=()):
    """The words that start the test.

    Args:
        mpirun: its path.
        mpi: openmpi or mpich.
        binary: all_reduce_test.
        per_host: NPUs of each host.
        sizes: (smallest, largest), as 8K and 1G.
        iterations: of each size.
        hosts: for a run across hosts; empty for this host alone.
        file: the hostfile of such a run.
        interface: network interface that Open MPI is held to.
        exported: names of variables that Open MPI hands on to other hosts.
    """
    words = [mpirun]
    if file:
        words += ["-hostfile" if mpi == OPEN_MPI else "-f", file]
    if mpi == OPEN_MPI:
        words += ["--allow-run-as-root", "--oversubscribe"]
        words += ["--mca", "btl_tcp_if_include", interface] if interface else []
        for name in exported:
            words += ["-x", name]
    words += ["-n", str(per_host * max(1, len(hosts))), binary, "-p", str(per_host)]
    return words + ["-b", sizes[0], "-e", sizes[1], "-f", "2", "-d", "fp32", "-o", "sum", "-n", str(iterations)]


def sizes(smallest, largest, at_most=32):
    """The bytes from one size to another, such as 8K and 1G, each twice the one before. Raises ValueError."""
    first, last = _bytes(smallest), _bytes(largest)
    if last < first:
        raise ValueError("%s is less than %s" % (largest, smallest))
    found = [first]
    while found[-1] * 2 <= last and len(found) < at_most:
        found.append(found[-1] * 2)
    return found


def _bytes(text):
    match = re.match(r"([0-9]{1,12})([KMG]?)\Z", str(text).strip().upper())
    found = int(match.group(1)) << {"": 0, "K": 10, "M": 20, "G": 30}[match.group(2)] if match else 0
    if found < 4:
        raise ValueError("%s is no size, such as 8K or 1G" % text)
    return found


def find(install_path, isdir):
    """(folder of the source, folder of the toolkit) or None.

    Args:
        install_path: /usr/local/Ascend, or where it is.
        isdir: os.path.isdir, or its like.
    """
    for place in SOURCES:
        folder = "%s/%s" % (install_path.rstrip("/"), place)
        if isdir(folder):
            return folder, folder[: -len("/tools/hccl_test")]
    return None
