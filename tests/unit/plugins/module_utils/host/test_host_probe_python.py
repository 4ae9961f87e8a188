"""Tools and Python environments, told from files."""

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.host import python as probe
from ansible_collections.ascend.fleet.plugins.module_utils.host_view import HostView
from ansible_collections.ascend.fleet.tests.unit.dictview import DictView, Link, Node

RUN = Node("", mode="0755")
ENVS = "/opt/ascend/envs"
CANN = [
    {"product": "nnae", "version": "8.3.RC1", "path": "/usr/local/Ascend/nnae/8.3.RC1"},
    {"product": "kernels", "version": "8.3.RC1", "path": "/usr/local/Ascend/nnae/8.3.RC1"},
    {"product": "toolkit", "version": None, "path": "/usr/local/Ascend/ascend-toolkit/latest"},
]


def gcc(tree, commands=()):
    view = DictView({"/usr/bin/gcc": RUN, **tree}, commands=commands)
    return probe.gcc_version(view), view.ran


def test_gcc_by_its_folder_without_starting_it():
    assert gcc({"/usr/lib/gcc/aarch64-linux-gnu/10.3.1/cc1": ""}) == ("10.3.1", [])
    assert gcc({"/usr/lib/gcc/x86_64-linux-gnu/7/cc1": "", "/usr/lib/gcc/x86_64-linux-gnu/7.5.0": Link("7")}) == (
        "7.5.0",
        [],
    )


def test_gcc_with_only_a_major_in_the_folder():
    command = {"/usr/bin/gcc -dumpfullversion -dumpversion": (0, "12.2.0\n")}
    tree = {"/usr/bin/gcc": Link("gcc-12"), "/usr/bin/gcc-12": RUN, "/usr/lib/gcc/x86_64-linux-gnu/12/cc1": ""}
    assert gcc(tree, command)[0] == "12.2.0"
    assert gcc(tree)[0] == "12", "a gcc that does not start"


def test_gcc_of_several():
    tree = {
        "/usr/bin/gcc": Link("gcc-9"),
        "/usr/bin/gcc-9": RUN,
        "/usr/lib/gcc/a/9.4.0/cc1": "",
        "/usr/lib/gcc/a/11.4.0/cc1": "",
    }
    assert gcc(tree) == ("9.4.0", [])
    command = {"/usr/bin/gcc -dumpfullversion -dumpversion": (0, "4.8.5\n")}
    assert gcc({"/usr/lib/gcc/a/4.8.5/cc1": "", "/usr/lib/gcc/a/9.3.0/cc1": ""}, command)[0] == "4.8.5"


def test_no_gcc():
    assert probe.gcc_version(DictView()) is None
    assert gcc({}) == ("unknown", [["/usr/bin/gcc", "-dumpfullversion", "-dumpversion"]])


def cmake(tree, commands=()):
    view = DictView(tree, commands=commands)
    return probe.cmake_version(view), view.ran


def test_cmake():
    run = {"/usr/bin/cmake": RUN}
    assert cmake({}) == (None, [])
    assert cmake({**run, "/usr/share/cmake-3.25/Modules": None}) == ("3.25", [])
    version = {"/usr/bin/cmake --version": (0, "cmake version 3.18.4\n\nCMake suite maintained by Kitware\n")}
    assert cmake({**run, "/usr/share/cmake-3.18/Modules": None}, version)[0] == "3.18.4"
    assert cmake({**run, "/usr/share/cmake-3.18/Modules": None})[0] == "3.18"
    assert cmake({**run, "/usr/share/cmake/Modules": None})[0] == "unknown"
    unpacked = {
        "/usr/local/bin/cmake": Link("/usr/local/cmake-3.19.8/bin/cmake"),
        "/usr/local/cmake-3.19.8/bin/cmake": RUN,
    }
    assert cmake(unpacked) == ("3.19.8", [])


def test_tools():
    tools = probe.tools(
        DictView(
            {
                "/usr/sbin/ifconfig": RUN,
                "/usr/bin/lspci": RUN,
                "/usr/bin/make": RUN,
                "/root/miniconda3/bin/conda": RUN,
                "/usr/local/bin/uv": RUN,
                "/usr/bin/pip3": Node("", mode="0644"),
            }
        )
    )
    assert tools == {
        "lspci": True,
        "ifconfig": True,
        "gcc": None,
        "cmake": None,
        "make": True,
        "dkms": False,
        "openssl": False,
        "conda": "/root/miniconda3/bin/conda",
        "uv": "/usr/local/bin/uv",
        "pip3": None,
        "pythons": [],
    }


def test_pythons_are_those_that_a_venv_can_be_made_with():
    tree = dict.fromkeys(
        ("/usr/bin/python3.9", "/usr/bin/python3.11-config", "/usr/bin/python3.11", "/usr/bin/python3"), RUN
    )
    tree.update({"/usr/local/bin/python3.10": RUN, "/usr/bin/python3.8": Node("", mode="0644"), "/opt/python3.12": RUN})
    assert probe.pythons(DictView(tree)) == ["3.9", "3.10", "3.11"]


def venv(name="mindspore", marker=None, python="3.11.2", packages=(), extra=()):
    base = f"{ENVS}/{name}"
    site = f"{base}/lib/python3.11/site-packages"
    tree = {
        f"{base}/ascend-fleet.json": json.dumps(
            {"path": base, "owner": "root", **(marker if marker is not None else {"name": name, "provider": "venv"})}
        ),
        f"{base}/bin/python": Link("/usr/bin/python3"),
        "/usr/bin/python3": RUN,
        f"{base}/pyvenv.cfg": f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {python}\n",
        site: None,
    }
    for package, version in packages:
        folder = f"{site}/{package}-{version}.dist-info"
        tree[f"{folder}/METADATA"] = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
        tree[f"{folder}/RECORD"] = ""
    tree.update({f"{site}/{path}": node for path, node in dict(extra).items()})
    return tree


def environments(*trees, cann=CANN):
    return probe.environments(DictView(*trees), ENVS, cann)


def test_venv():
    packages = [
        ("mindspore", "2.7.1"),
        ("mindformers", "1.0.2"),
        ("torch_npu", "2.1.0.post3"),
        ("te", "0.4.0"),
        ("numpy", "1.26.4"),
        ("attrs", "23.1.0"),
    ]
    [row] = environments(venv(packages=packages))
    assert row == {
        "name": "mindspore",
        "path": f"{ENVS}/mindspore",
        "provider": "venv",
        "owner": "root",
        "adopted": False,
        "python": "3.11.2",
        "packages": {
            "mindspore": "2.7.1",
            "mindformers": "1.0.2",
            "torch-npu": "2.1.0.post3",
            "te": "0.4.0",
            "numpy": "1.26.4",
        },
        "stack": None,
        "cann_wheels_from": None,
    }


def test_uv_and_stack():
    marker = {
        "name": "x",
        "provider": "uv",
        "stack": {"mindspore": "2.7.1"},
        "cann_wheels_from": "toolkit 8.1.RC1",
    }
    tree = venv("x", marker)
    tree[f"{ENVS}/x/pyvenv.cfg"] = "home = /opt/py\nimplementation = CPython\nuv = 0.5.1\nversion_info = 3.10.14\n"
    [row] = environments(tree)
    assert (row["provider"], row["owner"], row["python"], row["stack"]) == (
        "uv",
        "root",
        "3.10.14",
        {"mindspore": "2.7.1"},
    )
    assert row["cann_wheels_from"] == "toolkit 8.1.RC1"


def test_conda():
    base = f"{ENVS}/ms"
    [row] = environments(
        {
            f"{base}/ascend-fleet.json": f'{{"path": "{base}", "provider": "conda", "owner": "root"}}',
            f"{base}/bin/python": RUN,
            f"{base}/conda-meta/python-3.7.16-h7a1cb2a_0.json": "{}",
            f"{base}/conda-meta/mindspore-ascend-1.10.1-py37.json": "{}",
            f"{base}/conda-meta/openssl-3.0.1-h0.json": "{}",
            f"{base}/conda-meta/history": "",
        }
    )
    assert row["python"] == "3.7.16"
    assert row["packages"] == {"mindspore-ascend": "1.10.1"}


def test_interrupted_installations_do_not_count():
    site = {"~indspore-2.6.0.dist-info/METADATA": "", "mindspore-2.7.1.dist-info/METADATA": "Version: 2.7.1\n"}
    [row] = environments(venv(packages=[("mindformers", "1.0.2")], extra=site))
    assert row["packages"] == {"mindformers": "1.0.2"}
    marker = {"name": "mindspore", "unfinished": ["mindformers"]}
    [row] = environments(venv(marker=marker, packages=[("mindformers", "1.0.2"), ("pip", "24.0")]))
    assert row["packages"] == {"pip": "24.0"}


def test_interpreter_that_is_gone():
    tree = venv()
    del tree["/usr/bin/python3"]
    [row] = environments(tree)
    assert row["python"] is None


BAD = ["", "not json", "[]", "null", "[" * 100000, "{}", '{"owner": "root"}', '{"path": "/opt/ascend/envs/mindspore"}']


@pytest.mark.parametrize("marker", [*BAD, '{"path": "/opt/ascend/envs/other", "owner": "root"}'])
def test_a_record_that_does_not_say_this_place_makes_nothing_ours(marker):
    tree = venv()
    tree[f"{ENVS}/mindspore/ascend-fleet.json"] = marker
    assert environments(tree) == []
    assert probe.foreign_environments(DictView(tree), ENVS) == [
        {"name": "mindspore", "path": f"{ENVS}/mindspore", "what": "a Python 3.11 environment", "owner": "root"}
    ]


def test_shapes_that_are_wrong_are_read_over():
    marker = {"provider": 7, "stack": "x", "unfinished": [{"a": 1}], "cann_wheels_from": []}
    [row] = environments(venv(marker=marker, packages=[("te", "0.4.0")]))
    assert (row["provider"], row["stack"], row["packages"]) == ("venv", None, {"te": "0.4.0"})


def test_an_environment_that_is_being_made_has_no_python_yet():
    [row] = environments(venv(marker={"creating": True}))
    assert row["python"] is None


def test_one_that_was_taken_over():
    [row] = environments(venv(marker={"adopted": True}))
    assert row["adopted"] is True


@pytest.mark.parametrize(
    "mode, uid, owner", [("0757", 0, "root"), ("0775", 0, "root"), ("0755", 1000, "alice"), ("0777", 1000, "alice")]
)
def test_a_folder_that_others_write_is_not_ours(mode, uid, owner):
    view = DictView(venv())
    status = {"owner": owner, "group": "users", "uid": uid, "gid": 100, "mode": mode, "type": "dir"}
    plain = view.stat_owner
    view.stat_owner = lambda path: status if path == f"{ENVS}/mindspore" else plain(path)
    assert probe.environments(view, ENVS, CANN) == []


def test_folders_without_our_marker_are_not_ours():
    tree = {
        f"{ENVS}/other/bin/python": RUN,
        f"{ENVS}/empty": None,
        f"{ENVS}/file": "x",
        f"{ENVS}/link": Link("/srv"),
        f"{ENVS}/.one.lock": "",
    }
    assert environments(tree) == []
    rows = probe.foreign_environments(DictView(tree), ENVS)
    assert [(row["name"], row["what"]) for row in rows] == [
        ("file", "a file"),
        ("link", "a symbolic link"),
        ("other", "a folder with 1 entry"),
    ]
    assert environments({}) == [] and probe.foreign_environments(DictView(), ENVS) == []


@pytest.mark.parametrize("link", ["lib", "lib/python3.11", "lib/python3.11/site-packages", "site/numpy-1.0.dist-info"])
def test_no_link_in_it_is_followed(link):
    tree = {
        f"{ENVS}/x/ascend-fleet.json": json.dumps({"path": f"{ENVS}/x", "owner": "root"}),
        f"{ENVS}/x/{link}": Link("/secret"),
    }
    if link.startswith("site/"):
        tree = {**tree, f"{ENVS}/x/lib/python3.11/site-packages/numpy-1.0.dist-info": Link("/secret")}
    secret = {"/secret/METADATA": "Version: hunter2\n", "/secret/RECORD": ""}
    [row] = environments({**tree, **secret, "/secret/numpy-3.0.dist-info/RECORD": ""})
    assert "hunter2" not in str(row) and "3.0" not in str(row["packages"])


@pytest.mark.parametrize(
    "url, origin",
    [
        ("file:///usr/local/Ascend/nnae/8.3.RC1/lib64/te-0.4.0-py3-none-any.whl", "nnae 8.3.RC1"),
        ("file:///usr/local/Ascend/nnae/latest/lib64/te-0.4.0-py3-none-any.whl", None),
        ("file:///usr/local/Ascend/nnae/8.3.RC10/lib64/te-0.4.0-py3-none-any.whl", None),
        ("file:///tmp/te-0.4.0-py3-none-any.whl", None),
    ],
)
def test_where_the_operator_wheels_came_from(url, origin):
    extra = {"te-0.4.0.dist-info/direct_url.json": json.dumps({"url": url, "archive_info": {}})}
    [row] = environments(venv(packages=[("te", "0.4.0")], extra=extra))
    assert row["cann_wheels_from"] == origin


def test_the_marker_goes_before_the_record_of_pip():
    url = "file:///usr/local/Ascend/nnae/8.3.RC1/lib64/te-0.4.0-py3-none-any.whl"
    extra = {"te-0.4.0.dist-info/direct_url.json": json.dumps({"url": url})}
    marker = {"name": "mindspore", "cann_wheels_from": "toolkit 8.5.0"}
    [row] = environments(venv(marker=marker, packages=[("te", "0.4.0")], extra=extra))
    assert row["cann_wheels_from"] == "toolkit 8.5.0"


def test_a_real_tree_is_read_without_waiting_or_following(tmp_path):
    inside = tmp_path / "env"
    (inside / "lib").mkdir(parents=True)
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "file").write_text("hunter2")
    (inside / "plain").write_text("text")
    (inside / "link").symlink_to(tmp_path / "secret" / "file")
    (inside / "folder").symlink_to(tmp_path / "secret")
    os.mkfifo(inside / "fifo")
    view = HostView(str(tmp_path))
    assert view.read_inside("/env", "plain") == "text" and view.read_inside("/env", "plain", 2) == "te"
    for name in ("link", "folder/file", "fifo", "lib", "nothing", "plain/x", "a\0b"):
        assert view.read_inside("/env", name) is None, name
