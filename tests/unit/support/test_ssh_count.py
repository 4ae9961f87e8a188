"""Counting what a run did over SSH; the lines are those of a real -vvv run, shortened in their options."""

from tests.support import ssh_count

OPTIONS = "ssh -o ControlMaster=auto -o 'User=\"ops\"' 10.0.0.1"
TMP = "/home/ops/.ansible/tmp/ansible-tmp-1.2-3-4"
BECOME = "sudo -H -S -n  -u root /bin/sh -c echo BECOME-SUCCESS-qxyh ; /usr/bin/python3"


def executed(command):
    return f"<10.0.0.1> SSH: EXEC {OPTIONS} '/bin/sh -c '\"'\"'{command}'\"'\"''"


MODULE = executed(f"{BECOME} && sleep 0")
HOME = executed("echo ~ops && sleep 0")
DISCOVERY = executed("echo PLATFORM; uname; echo FOUND; command -v python3")
FOLDER = executed(f'( umask 77 && mkdir -p "` echo /home/ops/.ansible/tmp `"&& mkdir "` echo {TMP} `" ) && sleep 0')
MODES = executed(f"chmod u+rwx {TMP}/ {TMP}/AnsiballZ_copy.py && sleep 0")
FROM_FILE = executed(f"{BECOME} {TMP}/AnsiballZ_copy.py && sleep 0")
REMOVAL = executed(f"rm -f -r {TMP}/ > /dev/null 2>&1 && sleep 0")
PUT = f"<10.0.0.1> PUT /tmp/ansible-local-1/tmpx TO {TMP}/source"


def test_pipelined_module_is_one_execution():
    assert ssh_count.count(MODULE) == {"10.0.0.1": ssh_count.Count(executions=1)}


def test_set_up_is_counted_apart():
    lines = [DISCOVERY, HOME, FOLDER, PUT, MODES, FROM_FILE, REMOVAL]
    assert ssh_count.count(lines) == {"10.0.0.1": ssh_count.Count(executions=1, setup=5, files=1)}


def test_an_older_ansible_core_asks_twice_for_the_interpreter():
    asked = executed("/usr/bin/python3.11 && sleep 0")
    answer = '<10.0.0.1> (0, b\'{"platform_dist_result": [], "osrelease_content": "ID=debian"}\\n\', b\'\')'
    found = {"10.0.0.1": ssh_count.Count(executions=1, setup=2)}
    assert ssh_count.count([DISCOVERY, asked, answer, MODULE]) == found


def test_other_lines_say_nothing():
    text = "<10.0.0.1> ESTABLISH SSH CONNECTION FOR USER: ops\n<10.0.0.1> (0, b'{}', b'')\n<localhost> EXEC /bin/sh"
    assert ssh_count.count(text) == {}


def test_no_op():
    second = MODULE.replace("10.0.0.1", "10.0.0.2")
    assert ssh_count.check_noop(f"{MODULE}\n{second}", ["10.0.0.1", "10.0.0.2"]) == []
    assert ssh_count.check_noop(f"{MODULE}\n{MODULE}\n{PUT}", ["10.0.0.1", "10.0.0.2"]) == [
        "10.0.0.1: 2 remote executions instead of 1",
        "10.0.0.1: 1 files were sent",
        "10.0.0.2: 0 remote executions instead of 1",
    ]
    assert ssh_count.check_noop(MODULE, []) == ["10.0.0.1 was reached, but is none of the hosts"]
