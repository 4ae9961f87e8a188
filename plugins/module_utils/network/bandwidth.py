# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the vendor's hccl_test where it is not built, and runs all_reduce with the MPI at hand. Touches the host."""

import glob
import hashlib
import os
import shutil
import tempfile

from ansible_collections.ascend.fleet.plugins.module_utils.network import hccl_test
from ansible_collections.ascend.fleet.plugins.module_utils.secure import bounded, safe_folder
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import hccl_errors

# Where MPI is: the vendor's own build, then the distribution's (Red Hat's layout, Debian's).
PREFIXES = (
    "/usr/local/mpich",
    "/usr/local/openmpi",
    "/usr/lib64/mpich",
    "/usr/lib64/openmpi",
    "/usr/lib/*-linux-gnu/mpich",
    "/usr/lib/*-linux-gnu/openmpi",
)
_BUILD_SECONDS = 600
_TAIL = 4000
_OUTPUT = 1024 * 1024
# The names are arguments, never part of the shell's text.
_WITH_ENVIRONMENT = '. "$0" >/dev/null 2>&1; exec "$@"'


class CannotMeasure(Exception):
    """There is no measurement; the text says why.

    Attributes:
        fix: what to do.
        log: the end of what the tool printed; empty where none ran.
    """

    def __init__(self, reason, fix, log=""):
        super(CannotMeasure, self).__init__(reason)
        self.fix, self.log = fix, log


class Missing(CannotMeasure):
    """The host lacks something that the measurement needs; trying again changes nothing."""


class Bench(object):
    """hccl_test on this host.

    Args:
        install_path: /usr/local/Ascend, or where it is.
        state_dir: where the collection keeps what it made.
        mpi: prefix of the MPI to use; None for the first of PREFIXES.
        start: bounded.run, or its like.

    Raises:
        Missing: there is no toolkit, or no MPI.
    """

    def __init__(self, install_path, state_dir, mpi=None, start=bounded.run):
        self._start, self._state_dir = start, state_dir
        found = hccl_test.find(install_path, os.path.isdir)
        if found is None:
            raise Missing(
                "There is no hccl_test below %s: it comes with CANN's toolkit, not with nnae or nnrt." % install_path,
                "Set ascend_cann_flavor: toolkit for this host and run ascend.fleet.site.",
            )
        self._source, self.toolkit = found
        self.prefix, self.mpirun = _mpi(mpi)
        done = self._start([self.mpirun, "--version"], 20, env=self._environment(), stderr="together", limit=_OUTPUT)
        self.mpi = hccl_test.flavour(done.stdout.decode("utf-8", "replace"))
        if self.mpi is None:
            raise Missing(
                "%s does not say which MPI it is." % self.mpirun,
                "Name a prefix of MPICH or Open MPI in ascend_bandwidth_mpi.",
            )

    def built(self):
        """The path of all_reduce_test where it is built; None where it is not yet."""
        return next((path for path in (self._theirs(), self._ours()) if path and os.path.isfile(path)), None)

    def build(self):
        """Build it from a copy of the toolkit's source, so that the toolkit stays as it is. Returns its path.

        Raises:
            CannotMeasure: it cannot be built; Missing where it lacks something.
            safe_folder.UnsafeFolder: somebody else could change what root would run.
        """
        folder = os.path.dirname(os.path.dirname(self._ours()))
        safe_folder.ensure(os.path.dirname(folder))
        draft = tempfile.mkdtemp(prefix=".build-", dir=os.path.dirname(folder))
        try:
            place = os.path.join(draft, "hccl_test")
            shutil.copytree(self._source, place)
            done = self._start(
                ["make", "MPI_HOME=" + self.prefix, "ASCEND_DIR=" + self.toolkit],
                _BUILD_SECONDS,
                env=self._environment(),
                cwd=place,
                stderr="together",
                tail=_TAIL,
            )
            if done.rc != 0 or not os.path.isfile(os.path.join(place, hccl_test.BINARY)):
                raise Missing(
                    "hccl_test could not be built: make %s."
                    % (bounded.words(done, _BUILD_SECONDS) or "ended with %s" % done.rc),
                    "Install make, a C++ compiler and the headers of MPI (ascend_bandwidth_packages).",
                    done.stdout.decode("utf-8", "replace"),
                )
            shutil.rmtree(folder, ignore_errors=True)
            os.rename(place, folder)
            os.chmod(folder, 0o755)
        except OSError as error:
            raise CannotMeasure(
                "hccl_test could not be built: %s." % error, "Install make, and see that the disk has room."
            )
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return self._ours()

    def measure(self, npus, sizes, iterations, seconds, hosts=(), interface=None):
        """Run all_reduce.

        Args:
            npus: of each host.
            sizes: (smallest, largest), as 8K and 1G.
            iterations: of each size.
            seconds: for the whole run.
            hosts: addresses of the hosts that take part, this one first; empty for this one alone.
            interface: network interface that Open MPI is held to.

        Returns:
            list of rows as hccl_test.parse gives them.

        Raises:
            CannotMeasure: it ended without a sound table.
        """
        file = None
        if hosts:
            self._let_in(hosts[1:])
            handle, file = tempfile.mkstemp(prefix="ascend-hosts-")
            with os.fdopen(handle, "w") as stream:
                stream.write(hccl_test.hostfile(hosts, npus, self.mpi))
        words = hccl_test.command(
            self.mpirun, self.mpi, self.built(), npus, sizes, iterations, hosts, file, interface,
            exported=("PATH", "LD_LIBRARY_PATH", "ASCEND_HOME_PATH", "ASCEND_OPP_PATH"),
        )  # fmt: skip
        settings = self._settings()
        words = ["bash", "-c", _WITH_ENVIRONMENT, settings] + words if settings else words
        try:
            done = self._start(words, seconds, env=self._environment(), stderr="together", limit=_OUTPUT)
        finally:
            if file:
                os.unlink(file)
        text = done.stdout.decode("utf-8", "replace")
        try:
            rows = hccl_test.parse(text)
        except hccl_test.Unreadable:
            rows = []
        if done.rc != 0 or not rows or any(row["check"] == "failed" for row in rows):
            raise _failed(done, text, seconds)
        return rows

    def _let_in(self, hosts):
        """Raise CannotMeasure where this host may not enter another one without a password."""
        for host in hosts:
            words = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "--", host, "true"]
            try:
                done = self._start(words, 20, stderr="together", tail=_TAIL)
            except OSError as error:
                raise CannotMeasure("ssh cannot be started: %s." % error.strerror, "Install the client of OpenSSH.")
            if done.rc != 0:
                raise CannotMeasure(
                    "This host does not enter %s by SSH without a password, which a run across hosts needs." % host,
                    "Let root of the first host in on the others (authorized_keys and known_hosts), or leave "
                    "ascend_bandwidth_across out.",
                    done.stdout.decode("utf-8", "replace"),
                )

    def _theirs(self):
        return os.path.join(self._source, hccl_test.BINARY)

    def _ours(self):
        """Where ours is for this toolkit and this MPI: another of either is another build."""
        name = "%s %s" % (os.path.realpath(self._source), self.prefix)
        digest = hashlib.sha256(name.encode("utf-8")).hexdigest()[:16]
        return os.path.join(self._state_dir, "hccl_test", digest, hccl_test.BINARY)

    def _settings(self):
        folders = (self.toolkit, os.path.dirname(self.toolkit))
        return next(
            (path for path in (os.path.join(one, "set_env.sh") for one in folders) if os.path.isfile(path)), None
        )

    def _environment(self):
        environment = dict(os.environ, LC_ALL="C", LANG="C", ASCEND_HOME_PATH=self.toolkit)
        environment["PATH"] = os.pathsep.join([os.path.join(self.prefix, "bin"), environment.get("PATH", os.defpath)])
        known = environment.get("LD_LIBRARY_PATH")
        folders = [os.path.join(self.prefix, "lib"), os.path.join(self.toolkit, "lib64")] + ([known] if known else [])
        environment["LD_LIBRARY_PATH"] = os.pathsep.join(folders)
        return environment


def _mpi(given):
    """(prefix, mpirun) of the MPI to use. Raises Missing where there is none."""
    prefixes = [given] if given else [path for pattern in PREFIXES for path in sorted(glob.glob(pattern))]
    for prefix in prefixes:
        own = os.path.join(prefix, "bin", "mpirun")
        # Debian keeps the programs of both apart by a suffix.
        shared = "/usr/bin/mpirun." + os.path.basename(prefix)
        for path in (own, shared):
            if os.path.isfile(path) and os.access(path, os.X_OK):
                return prefix, path
    raise Missing(
        "There is no MPI at %s." % given if given else "There is no MPI on this host.",
        "Install MPICH or Open MPI with its headers (ascend_bandwidth_packages, such as [mpich, libmpich-dev] on "
        "Debian or [mpich, mpich-devel] on openEuler), or name the prefix of one in ascend_bandwidth_mpi.",
    )


def _failed(done, text, seconds):
    known = hccl_errors.explain(text)
    ended = bounded.words(done, seconds, _OUTPUT)
    reason = "all_reduce_test " + (ended or "ended with %s" % done.rc if ended or done.rc else "gave no sound result")
    if known:
        reason, fix = "%s: %s" % (reason, known[0]), known[1][:1].upper() + known[1][1:].rstrip(".") + "."
    else:
        fix = "Its output, and ~/ascend/log/debug/plog, say more."
    return CannotMeasure(reason.rstrip(".") + ".", fix, text[-_TAIL:])
