"""What the roles leave on a host of the dnf family."""


def test_packages_came_by_dnf(host):
    packages = host.check_output("rpm -qa --qf '%{NAME}\\n'").split()
    wanted = {"pciutils", "net-tools", "dkms", "kernel-devel", "python3-pip", "python3-devel"}
    wanted |= {"gcc", "gcc-c++", "make", "cmake"}
    assert wanted <= set(packages)
    assert host.run("command -v apt-get").rc != 0


def test_driver_was_built_for_the_running_kernel_and_loaded(host):
    release = host.check_output("uname -r")
    assert host.file(f"/var/lib/dkms/davinci_ascend/1.0/{release}").is_directory
    assert "Version: 25.3.rc1" in host.check_output("npu-smi info")


def test_cann_is_there_with_its_python_parts(host):
    assert "version=8.3.RC1" in host.check_output("cat /usr/local/Ascend/nnae/latest/ascend_nnae_install.info")


def test_the_environment_is_there_and_readable_for_everybody(host):
    host.run_expect([0], "su nobody -s /bin/sh -c '/opt/ascend/envs/mindspore/bin/python --version'")
