"""A conda that somebody put on the host before is used, and not replaced."""

testinfra_hosts = ["had-conda"]

ENVIRONMENT = "/opt/miniconda3/envs/mindspore_py37"


def test_no_second_conda(host):
    assert not host.file("/opt/miniconda3/bin/conda").exists
    assert host.file("/root/miniconda3/bin/conda").exists


def test_the_environment_was_made_by_the_one_that_was_there(host):
    history = host.file(f"{ENVIRONMENT}/conda-meta/history").content_string
    assert "# cmd: /root/miniconda3/bin/conda install" in history
    assert ENVIRONMENT in host.check_output("/root/miniconda3/bin/conda env list")
    assert host.check_output(f"{ENVIRONMENT}/bin/python --version").startswith("Python 3.7.")
