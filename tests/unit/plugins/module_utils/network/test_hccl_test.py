# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""hccl_test: its table in both spellings, its command, its build and its failures; by programs that behave like it."""

import os
import stat

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.network import bandwidth, hccl_test
from ansible_collections.ascend.fleet.plugins.module_utils.secure.bounded import Outcome

TABLE = """\
the minbytes is 8192, maxbytes is 67108864, iters is 20, warmup_iters is 5
data_size(Bytes): | {time}(us): | alg_bandwidth(GB/s): | check_result:
8192              | 12.50          | 0.65536              | success
16777216          | 1000.00        | 16.77722             | success
33554432          | 1400.00        | 23.96745             | {check}
67108864          | 2900.00        | 23.14098             | success
"""


@pytest.mark.parametrize("time", ["aveg_time", "avg_time"])
def test_the_table(time):
    rows = hccl_test.parse("some line | of | a log | success\n" + TABLE.format(time=time, check="NULL"))
    assert rows[0] == {"bytes": 8192, "us": 12.5, "gb_s": 0.65536, "check": "success"} and len(rows) == 4
    assert hccl_test.headline(rows) == (33554432, 23.96745)


@pytest.mark.parametrize(
    "text", ["", None, "8192 | 12.5 | 0.6 | success", "data_size(Bytes): | x\nnothing | here | is | success"]
)
def test_no_table(text):
    with pytest.raises(hccl_test.Unreadable):
        hccl_test.parse(text)


def test_the_command_of_either_mpi():
    words = hccl_test.command("/m/mpirun", "mpich", "/b", 8, ("8K", "1G"), 20, ["a", "b"], "/hosts")
    assert words[:5] == ["/m/mpirun", "-f", "/hosts", "-n", "16"] and words[5:8] == ["/b", "-p", "8"]
    words = hccl_test.command("/m/mpirun", "openmpi", "/b", 8, ("8K", "1G"), 20, ["a", "b"], "/hosts", "eth0", ["PATH"])
    assert (
        words[1:3] == ["-hostfile", "/hosts"]
        and "--allow-run-as-root" in words
        and words[words.index("-x") + 1] == "PATH"
    )
    assert words[words.index("btl_tcp_if_include") + 1] == "eth0"
    assert hccl_test.hostfile(["a", "b"], 8, "mpich") == "a:8\nb:8\n"
    assert hccl_test.hostfile(["a"], 8, "openmpi") == "a slots=8\n"
    assert [hccl_test.flavour(text) for text in ("HYDRA build details:", "mpirun (Open MPI) 4.1.4", "?")] == [
        "mpich",
        "openmpi",
        None,
    ]


def _program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def host(tmp_path):
    """A host with a toolkit whose hccl_test is built by copying, and an MPI that starts one rank."""
    source = tmp_path / "Ascend/ascend-toolkit/latest/tools/hccl_test"
    source.mkdir(parents=True)
    (source / "Makefile").write_text(
        'all:\n\ttest -d "$(MPI_HOME)" && test -d "$(ASCEND_DIR)"\n\tmkdir -p bin\n\tcp test.src bin/all_reduce_test\n'
        "\tchmod 755 bin/all_reduce_test\n"
    )
    table = TABLE.format(time="aveg_time", check="success")
    (source / "test.src").write_text(f'#!/bin/sh\n[ -n "$FROM_SET_ENV" ] || exit 9\ncat <<"END"\n{table}END\n')
    (tmp_path / "Ascend/ascend-toolkit/set_env.sh").write_text("export FROM_SET_ENV=1\n")
    mpirun = '#!/bin/sh\n[ "$1" = --version ] && { echo "HYDRA build details:"; exit 0; }\n'
    mpirun += 'while [ "${1#*all_reduce_test}" = "$1" ]; do shift; done\nexec "$@"\n'
    _program(tmp_path / "mpi/bin/mpirun", mpirun)
    (tmp_path / "state").mkdir()
    return tmp_path


def _bench(host, **options):
    return bandwidth.Bench(str(host / "Ascend"), str(host / "state"), str(host / "mpi"), **options)


def test_it_is_built_once_and_run(host):
    bench = _bench(host)
    assert bench.built() is None
    path = bench.build()
    assert bench.built() == path and path.startswith(str(host / "state"))
    assert not (host / "Ascend/ascend-toolkit/latest/tools/hccl_test/bin").exists()
    assert _bench(host).built() == path and os.listdir(host / "state/hccl_test") == [path.split("/")[-3]]
    rows = bench.measure(8, ("8K", "64M"), 20, 60)
    assert hccl_test.headline(rows)[1] == 23.96745


def test_a_build_that_fails_leaves_nothing(host):
    (host / "Ascend/ascend-toolkit/latest/tools/hccl_test/Makefile").write_text("all:\n\tfalse\n")
    with pytest.raises(bandwidth.CannotMeasure, match="could not be built: make ended with 2") as caught:
        _bench(host).build()
    assert "ascend_bandwidth_packages" in caught.value.fix and os.listdir(host / "state/hccl_test") == []


def test_without_a_toolkit_or_an_mpi_it_says_so(host):
    with pytest.raises(bandwidth.CannotMeasure, match="toolkit, not with nnae"):
        bandwidth.Bench(str(host / "nothing"), str(host / "state"), str(host / "mpi"))
    with pytest.raises(bandwidth.CannotMeasure, match="no MPI at") as caught:
        bandwidth.Bench(str(host / "Ascend"), str(host / "state"), str(host / "none"))
    assert "ascend_bandwidth_mpi" in caught.value.fix


@pytest.mark.parametrize(
    ("said", "rc", "words"),
    [
        ("hccl interface return err ./x.cc:538, retcode: 7 \nThis is an error in init_hcclComm.", 1, "left a process"),
        (
            TABLE.format(time="aveg_time", check="failed") + "rank id 3, check result failed",
            0,
            "sum that came out is wrong",
        ),
        ("EI0006 socket timeout", 1, "EI0006"),
        ("nothing known", 3, "ended with 3"),
    ],
)
def test_a_run_that_fails_names_the_cause(host, said, rc, words):
    bench = _bench(host)
    bench.build()
    bench._start = lambda argv, *rest, **more: Outcome(rc, said.encode(), b"", None)
    with pytest.raises(bandwidth.CannotMeasure, match=words) as caught:
        bench.measure(8, ("8K", "64M"), 20, 60)
    assert caught.value.fix and said.splitlines()[-1] in caught.value.log


def test_across_hosts_needs_to_enter_them(host):
    bench = _bench(host)
    bench.build()
    started = []

    def start(argv, *rest, **more):
        started.append(argv)
        return Outcome(255 if argv[0] == "ssh" else 0, b"Permission denied (publickey).", b"", None)

    bench._start = start
    with pytest.raises(bandwidth.CannotMeasure, match=r"does not enter 192\.0\.2\.8 by SSH"):
        bench.measure(8, ("8K", "64M"), 20, 60, ["192.0.2.7", "192.0.2.8"])
    assert [argv[0] for argv in started] == ["ssh"]
