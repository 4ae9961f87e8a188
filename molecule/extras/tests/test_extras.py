"""What extra_packages and python_extra leave on a host, and that it goes again."""

import json

STATE = "/var/lib/ascend-fleet/extra"


def record(host, name):
    return json.loads(host.file(f"{STATE}/{name}.json").content_string)


def test_the_package_that_the_catalog_knows_is_there(host):
    proof = host.file("/usr/local/Ascend/toolbox/latest/ascend_toolbox_install.info")
    assert proof.content_string.strip() == "version=6.0.0" and proof.user == "root"
    assert record(host, "toolbox")["version"] == "6.0.0"


def test_the_declared_package_belongs_to_its_user(host):
    proof = host.file("/home/sdk/site/site-tool/version.info")
    assert proof.content_string.strip() == "version=1.2.0" and proof.user == "sdk"
    kept = record(host, "site-tool")
    assert kept["user"] == "sdk" and kept["open"] is False


def test_its_record_is_for_root_alone(host):
    assert host.file(f"{STATE}/site-tool.json").mode == 0o600


def test_the_environment_has_its_package(host):
    code = "import site_greeting; print(site_greeting.greet())"
    assert host.check_output(f"/opt/ascend/envs/tools/bin/python -c '{code}'") == "hello"


def test_a_second_run_has_nothing_to_do(host, fleet):
    assert "changed=0" in fleet.output("site.yml").rpartition("PLAY RECAP")[2]


def test_uninstall_takes_all_of_it(host, fleet):
    fleet.output("playbooks/uninstall.yml")
    assert not host.file("/usr/local/Ascend/toolbox").exists
    assert not host.file("/home/sdk/site/site-tool").exists
    assert not host.file("/opt/ascend/envs/tools").exists
    assert host.check_output(f"ls {STATE}") == ""
