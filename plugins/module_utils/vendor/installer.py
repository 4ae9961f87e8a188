# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the vendor's installers are called, and what their exit code and words are worth.

Pure. Options and exit codes: the driver's install scripts (hicann/driver), the CANN parameter pages, and recorded
installations. Two rules run through this file: an option is only passed where the package is known to take it, and
no exit code or sentence makes a change a success unless the version files agree.
"""

import re

from ansible_collections.ascend.fleet.plugins.module_utils import defaults, versions
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import complaints as vendor_errors
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import files as vendor_files

# Exit code 2: installed, but the devices were not reset: a reboot brings the new version to life.
OK_CODES = (0, 2)

_SUCCESS = re.compile(
    r"(?:un)?install(?:ed|ation)? (?:successfully|success\b|finished|succeeded|complete)"
    r"|upgraded? (?:successfully|success\b|finished)|successfully (?:un)?(?:installed|upgraded)",
    re.IGNORECASE,
)
# A lone [ERROR] line is no verdict: pip prints such lines in the middle of successful installations.
_FAILURE = re.compile(
    r"failed to (?:un)?(?:install|upgrade)|\b(?:un)?install(?:ation)?(?: package)? fail|\bupgrade fail|_install failed"
    r"|ERR_NO:\s*0x",
    re.IGNORECASE,
)
_ALREADY = re.compile(r"already (?:been )?installed|has been installed already|same version .*installed", re.IGNORECASE)
_REBOOT = re.compile(
    r"reboot (?:is )?(?:needed|required|now)|(?:please|need to|must) reboot|needs? (?:a )?reboot|check after reboot"
    r"|restart the (?:system|server|host)[^.\n]*(?:effect|complete)",
    re.IGNORECASE,
)
_PROMPT = re.compile(
    r"\[\s*y(?:es)?\s*/\s*n(?:o)?\s*\]|\(\s*y(?:es)?\s*/\s*n(?:o)?\s*\)|\by/n\b|do you want to|do you accept"
    r"|press (?:any key|enter|y)|\bcontinue\s*\?",
    re.IGNORECASE,
)
# Options that a package may not know and that it installs without: who may use the devices, and what is done about
# those who use them now.
_DISPENSABLE = ("--install-for-all", "--force")
_UNKNOWN_OPTION = (
    r"(?:unrecogni[sz]ed|unknown|unsupported|invalid|not support(?:ed)?|illegal)[^\n]*{0}"
    r"|{0}[^\n]*(?:unrecogni[sz]ed|unknown|unsupported|invalid|not (?:be )?support|illegal|cannot be used)"
)
_UNNAMED_OPTION = re.compile(r"Unrecognized parameters\.", re.IGNORECASE)
# The archive itself compares options with its list, and prints that: no code, no line of the installer's.
_USAGE = re.compile(r"\A\s*(?:Unrecognized flag[^\n]*\n\s*)?Usage:[^\n]*\[options\]", re.IGNORECASE)
_INSTALLER_LINE = re.compile(r"^\s*\[[A-Za-z]", re.MULTILINE)
_OPTION = re.compile(r"--[a-z][\w-]*")
_BAD_ANSWER = re.compile(r"input error|please input|invalid input|ERR_NO:\s*0x0002", re.IGNORECASE)
_STAMP = re.compile(r"\[[\d: -]+\]")
_OVER_AND_OVER = 40
_ERROR_LINE = re.compile(r"^.*\[ERROR\].*$", re.MULTILINE)
# upgradePercentage:40% of driver and firmware. An archive's own "Verifying ... 100%" is another matter.
_PROGRESS = re.compile(r"^.*(?:percent|progress).*$", re.IGNORECASE | re.MULTILINE)
_PERCENT = re.compile(r"(?<![0-9.-])([0-9]{1,3})(?:\.[0-9]+)?[ \t]*%")
# The vendor's standing advice at the start of every run is about powering off, not about a reboot that is due.
_NO_VERDICT = re.compile(r"Do not power off or restart", re.IGNORECASE)


def refuses_for_all(file_name, chip=None):
    """The SoC flavour of 310b does not know --install-for-all (recorded on an Atlas 200I DK A2)."""
    name = (file_name or "").lower()
    return "-soc" in name or chip == "310b" or "hdk-310b" in name


def install_argv(situation):
    """The command that brings a component to the package's version.

    Args:
        situation: {"component", "package" (path), "file_name", "chip", "install_path", "install_for_all", "username",
            "usergroup", "extra_args", "installed" (bool), "downgrade" (bool), "recorded_path" (where the vendor's own
            record says the component is, or None), "recorded_user", "recorded_group", "recorded_for_all" (whom the
            record names), "fresh" (bool: install as if nothing were there), "force" (bool), "without" (options that
            the package does not know)}.

    Returns:
        A list of words for bash: the file needs no execute permission and no executable file system.
    """
    component = situation["component"]
    words = ["bash", situation["package"]]
    custom = situation["install_path"] != defaults.INSTALL_PATH
    for_all = situation["install_for_all"] and not refuses_for_all(situation["file_name"], situation["chip"])
    upgrade = situation["installed"] and not situation.get("fresh")
    if component in vendor_files.HDK:
        # Without the vendor's record --upgrade takes the default path, whatever path the version file was found in.
        if upgrade and (situation["recorded_path"] or not custom):
            words += ["--upgrade"]
        else:
            words += ["--full"]
            if component == "driver":
                # The installer takes no other user than the recorded one, and a recorded root only by name (0x0091).
                user = situation["username"] or situation.get("recorded_user")
                group = situation["usergroup"] or (not situation["username"] and situation.get("recorded_group"))
                if user:
                    words += ["--install-username=" + user, "--install-usergroup=" + (group or user)]
                of_root = user == "root" and not situation["username"] and situation.get("recorded_for_all")
                words += ["--install-for-all"] if for_all or of_root else []
                words += ["--install-path=" + situation["install_path"]] if custom else []
        words += ["--force"] if situation.get("force") and component == "driver" else []
    else:
        # Releases live side by side: an older one is put beside the newer one, it does not upgrade it.
        words += ["--upgrade" if upgrade and not situation.get("downgrade") else "--install"]
        words += ["--install-for-all"] if for_all else []
        if custom and not situation["recorded_path"]:
            words += ["--install-path=" + situation["install_path"]]
    words = [word for word in words if word not in situation.get("without", ())]
    return words + ["--quiet"] + list(situation["extra_args"])


def uninstall_argv(situation):
    """The command that removes a component, or None when there is no way to.

    Args:
        situation: as for install_argv, with "uninstall": the installed uninstall script or None, "package" may be None.
    """
    script = situation["uninstall"]
    if script:
        # cann_uninstall.sh and its relatives take no arguments at all.
        return ["bash", script] + (["--quiet"] if situation["component"] in vendor_files.HDK else [])
    if not situation["package"]:
        return None
    words = ["bash", situation["package"], "--uninstall"]
    if situation["component"] not in vendor_files.HDK and situation["install_path"] != defaults.INSTALL_PATH:
        words += ["--install-path=" + situation["install_path"]]
    return words


def refused_options(text, argv):
    """The options in a command that the package says it does not know, as given; [] when it says no such thing.

    An archive says so by its usage, which lists those that it knows (recorded); an installer by name, or, of one that
    it does not name, by a sentence: then it may be any of the dispensable ones.
    """
    options = [word for word in argv[2:] if word.startswith("--")]
    if _is_usage(text):
        known = set(_OPTION.findall(text[_USAGE.search(text).end() :]))
        return [word for word in options if word.partition("=")[0] not in known]
    named = [word for word in options if _names_unknown(word, text)]
    if not named and _UNNAMED_OPTION.search(text):
        return [word for word in options if word in _DISPENSABLE]
    return named


def _names_unknown(word, text):
    # Some installers leave out the dashes: what is left of other options are everyday words.
    name = word.lstrip("-") if word in _DISPENSABLE else word.partition("=")[0]
    pattern = r"(?<![\w])%s(?![\w-])" % re.escape(name)
    return bool(re.search(_UNKNOWN_OPTION.format(pattern), text, re.IGNORECASE))


def dispensable(options):
    """Whether a package installs without any of these options."""
    return all(option in _DISPENSABLE for option in options)


def _is_usage(text):
    return bool(_USAGE.search(text)) and not _INSTALLER_LINE.search(text)


def matches(wanted, state):
    """Whether the version read back is the wanted one. Newest drivers keep a number beside the release's name."""
    return any(versions.same(value, wanted) for value in (state.get("version"), state.get("package_version")))


def read_words(text):
    """What an installer's output says: {"success", "failure", "already", "reboot", "prompt"}, lines or None.

    Of success and failure only the later one is given: a CANN installer reports success once per part.
    """
    words = {"success": None, "failure": None, "already": None, "reboot": None, "prompt": None}
    last = None
    for row in text.split("\n"):
        row = row.strip()
        if not row or _NO_VERDICT.search(row):
            continue
        last = row
        if _ALREADY.search(row):
            words["already"] = row
        if _PROMPT.search(row):
            words["prompt"] = row
        if _REBOOT.search(row):
            words["reboot"] = row
        if _FAILURE.search(row):
            words["failure"], words["success"] = row, None
        elif _SUCCESS.search(row):
            words["success"], words["failure"] = row, None
    # A prompt in other words: the output stops at a question.
    if last and last.rstrip().endswith(("?", "\uff1f", ":", "\uff1a")) and not words["success"]:
        words["prompt"] = words["prompt"] or last
    return {key: value[:300] if value else None for key, value in words.items()}


def percentage(text):
    """How far an installer says it is, by the last line that says so: 0 to 100, or None."""
    for row in reversed(_PROGRESS.findall(text)):
        numbers = [int(number) for number in _PERCENT.findall(row) if int(number) <= 100]
        if numbers:
            return numbers[-1]
    return None


def waits_for_answer(last_line, ended, silent):
    """Whether a program that prints nothing any more waits for an answer that nobody gives.

    Args:
        last_line: the last line of its output.
        ended: whether that line ended with a line break.
        silent: seconds since.
    """
    if _PROMPT.search(last_line):
        return silent >= 30
    # A question in words nobody knows yet; a compiler may be silent for minutes, but not in mid-sentence.
    return not ended and last_line.rstrip().endswith(("?", "\uff1f")) and silent >= 120


def asks_without_end(text):
    """Whether the end of an output is the same complaint about an answer over and over.

    Without anybody at its standard input the driver's installer repeats it some hundred times a second (recorded).
    """
    lines = [_STAMP.sub("", row).strip() for row in text.split("\n") if row.strip()][-_OVER_AND_OVER - 1 : -1]
    return len(lines) == _OVER_AND_OVER and len(set(lines)) == 1 and bool(_BAD_ANSWER.search(lines[0]))


def judge(component, run, text, wanted, before, after, rewritten=True, repair=False):
    """What a run of an installer really did.

    Args:
        component: what was installed or removed; only driver and firmware ever need a reboot.
        run: {"rc", "timed_out", "flooded", "asked", "seconds"} of process_io.run, and perhaps the "argv" it was given.
        text: its output without colour codes.
        wanted: the version that should be there afterwards, None for a removal.
        before, after: installed.component() before and after.
        rewritten: whether the version file was written during the run.
        repair: the component was suspect before, so a right version that was there already proves nothing.

    Returns:
        {"ok", "reboot_required", "untouched", "summary", "cause", "fix", "notes"}.
    """
    words, rc, notes = read_words(text), run["rc"], []
    errors = _complaints(run, text)
    right = matches(wanted, after) and not after.get("damaged") if wanted else _gone(after)
    verdict = None
    if run.get("asked"):
        verdict = (
            "it was ended because it waited for an answer",
            "it asked '%s'" % words["prompt"],
            "the package asks something that --quiet does not answer; look at its --help and use extra_args",
        )
    elif run["timed_out"]:
        last = words["prompt"] or tail_line(text)
        verdict = (
            "it was ended because it had not finished after %d s" % run["seconds"],
            "it hung or was slow" + ("; the last it said is '%s'" % last if last else ""),
            "look at the end of its log; raise timeout if it was still working",
        )
    elif run["flooded"]:
        verdict = (
            "it was ended because it printed without end",
            "it repeats '%s'" % (tail_line(text) or "nothing"),
            "the package asks something that --quiet does not answer; look at its --help",
        )
    elif rc is None or rc > 128:
        verdict = (
            "it was killed" + (" by signal %d" % (rc - 128) if rc else ""),
            "something ended the installer",
            "run again: the unfinished change is repaired",
        )
    elif rc in OK_CODES and right and words["failure"]:
        verdict = ("exit code %d, but it says '%s'" % (rc, words["failure"]), None, None)
    elif rc not in OK_CODES and not (right and words["already"] and not repair):
        verdict = (
            "exit code %d" % rc + (" (although it says '%s')" % words["success"] if words["success"] else ""),
            None,
            None,
        )
    elif not right:
        verdict = _wrong_files(rc, words, wanted, before, after)
    elif repair and wanted and not rewritten and not words["success"]:
        verdict = (
            "exit code %d, but it neither wrote the version file nor said that it installed anything" % rc,
            "the installer did nothing",
            "run again; the component is removed and installed anew then",
        )
    if verdict is None:
        if rc not in OK_CODES:
            notes.append("exit code %d, but it says '%s' and the version files agree" % (rc, words["already"]))
        # Firmware always needs one, in whatever words it says so.
        reboot = component in vendor_files.HDK and (
            rc == 2 or bool(words["reboot"]) or (component == "firmware" and bool(wanted))
        )
        return {
            "ok": True,
            "reboot_required": reboot,
            "untouched": False,
            "summary": "",
            "cause": None,
            "fix": None,
            "notes": notes,
        }
    summary, cause, fix = verdict
    untouched = (
        bool(errors)
        and errors[0]["untouched"]
        and not run["timed_out"]
        # An all-in-one package that is there is refused with 0 (recorded).
        and rc in (0, 1)
        and after.get("version") == before.get("version")
        and after.get("damaged") == before.get("damaged")
    )
    if right:
        notes.append("the version files are right, but that alone does not prove a complete change")
    return {
        "ok": False,
        "reboot_required": False,
        "untouched": untouched,
        "summary": summary,
        "cause": errors[0]["cause"] if errors else cause or error_line(text) or words["failure"] or tail_line(text),
        "fix": errors[0]["fix"]
        if errors
        else fix or "look at log_tail and at the vendor's logs in /var/log/ascend_seclog, then run again",
        "notes": notes,
    }


def _gone(state):
    return state.get("version") is None and not state.get("damaged")


def _wrong_files(rc, words, wanted, before, after):
    """The verdict on an exit code of success that the version files do not confirm."""
    claim = "exit code %d" % rc + (" and '%s'" % words["success"] if words["success"] else "")
    if words["prompt"] and after.get("version") == before.get("version"):
        return (
            claim + ", but nothing was changed",
            "it stopped at a question: '%s'" % words["prompt"],
            "the package asks something that --quiet does not answer; look at its --help and use extra_args",
        )
    if not wanted:
        return (
            claim + ", but %s is still there" % (after.get("version") or after.get("damaged")),
            "the removal did not take place",
            "look at log_tail and run again",
        )
    if after.get("damaged"):
        return claim + ", but the installation is damaged", after["damaged"], "run again: it is repaired"
    if after.get("version") is None:
        return (
            claim + ", but no version file is there",
            "the installer put nothing where its files belong",
            "look at log_tail; check install_path and /etc/ascend_install.info",
        )
    return (
        claim + ", but the version files say %s, not %s" % (after["version"], wanted),
        "the package holds another version than its name says, or the installer did nothing",
        "check where the package comes from and its sha256; set version if the name is wrong",
    )


def _complaints(run, text):
    """vendor_errors.explain's rows; of a usage in place of an installation, what option it was about."""
    if not _is_usage(text) or run["rc"] in OK_CODES:
        return vendor_errors.explain(text)
    refused = refused_options(text, run.get("argv") or [])
    return [
        {
            "name": "unknown-option",
            "cause": "the package does not know %s" % (" and ".join(refused) or "an option it was given"),
            "fix": "leave it out of extra_args; the options it knows are in log_tail",
            "untouched": True,
            "line": "",
        }
    ]


def error_line(text):
    """The last line that an installer calls an error, or None."""
    rows = _ERROR_LINE.findall(text)
    return rows[-1].strip()[:300] if rows else None


def tail_line(text):
    """The last line that says something, or None."""
    rows = [row.strip() for row in text.split("\n") if row.strip()]
    return rows[-1][:300] if rows else None
