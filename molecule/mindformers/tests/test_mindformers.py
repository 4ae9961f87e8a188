"""What mindformers leaves on a host: the release asked for, on the MindSpore that was asked for."""

ENVIRONMENT = "/opt/ascend/envs/mindspore"


def packages(host):
    lines = host.check_output(f"{ENVIRONMENT}/bin/pip list --format=freeze").splitlines()
    return dict(line.split("==", 1) for line in lines if "==" in line)


def test_the_release_asked_for(host):
    assert packages(host)["mindformers"] == "1.0.2"


def test_extra_packages(host):
    assert "requests" in packages(host)


def test_mindspore_is_the_one_asked_for(host):
    assert packages(host)["mindspore"] == "2.7.1"


def test_both_import_together(host):
    host.run_expect([0], f"{ENVIRONMENT}/bin/ascend-run {ENVIRONMENT}/bin/python -c 'import mindspore, mindformers'")
