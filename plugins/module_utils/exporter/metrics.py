# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the exporter serves, in Prometheus' text format: asked for, judged line by line, and summed up."""

import http.client
import re
import time

# Bytes; 64 chips have about 400 kB.
_LIMIT = 16 * 1024 * 1024
_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\n"])*"'
_SAMPLE = re.compile(r"(%s)(?:\{((?:%s(?:,%s)*)?,?)\})?[ \t]+(\S+)(?:[ \t]+(-?\d+))?[ \t]*\Z" % (_NAME, _LABEL, _LABEL))
_COMMENT = re.compile(r"#[ \t]*(?:(HELP|TYPE)[ \t]+(%s)(?:[ \t]+(.*))?)?" % _NAME)
_VALUE = re.compile(r"(?i)(?:[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|inf)|nan)\Z")
_TYPES = ("counter", "gauge", "histogram", "summary", "untyped")
_EXPORTER = re.compile(r'exporterVersion="v?([^"_]*)')


class MetricsError(Exception):
    """What was served is no text of Prometheus', or nothing was; the text says what."""


def read(text):
    """What a scrape says.

    Args:
        text: the answer of /metrics.

    Returns:
        dict: samples (how many), chips and unhealthy (how many; None where it does not say), version (of the exporter).

    Raises:
        MetricsError: a line is not in the format; or there is none.
    """
    found = {"samples": 0, "chips": None, "unhealthy": None, "version": None}
    for number, line in enumerate(text.split("\n"), 1):
        line = line.rstrip("\r")
        if not line.strip():
            continue
        if line.startswith("#"):
            said = _COMMENT.match(line)
            if said and said.group(1) == "TYPE" and (said.group(3) or "").strip() not in _TYPES:
                raise MetricsError("line %d names no type: %s" % (number, line[:120]))
            continue
        sample = _SAMPLE.match(line)
        if sample is None or not _VALUE.match(sample.group(3)):
            raise MetricsError("line %d is no sample: %s" % (number, line[:120]))
        found["samples"] += 1
        _take(found, sample.group(1), sample.group(2) or "", sample.group(3))
    if not found["samples"]:
        raise MetricsError("there is no sample in it")
    return found


def _take(found, name, labels, value):
    if name == "machine_npu_nums":
        found["chips"] = int(float(value))
    elif name == "machine_unhealthy_npu_nums":
        found["unhealthy"] = int(float(value))
    elif name == "npu_exporter_version_info":
        said = _EXPORTER.search(labels)
        found["version"] = said.group(1) if said else None


def scrape(address, port, timeout=10):
    """The answer of /metrics as text.

    Raises:
        MetricsError: nobody answers, or with something else than 200.
    """
    connection = http.client.HTTPConnection(address, port, timeout=timeout)
    try:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        body = answer.read(_LIMIT)
    except (OSError, http.client.HTTPException) as exc:
        raise MetricsError("http://%s:%d/metrics does not answer: %s" % (address, port, exc))
    finally:
        connection.close()
    if answer.status != 200:
        raise MetricsError("http://%s:%d/metrics answers with %d" % (address, port, answer.status))
    return body.decode("utf-8", "replace")


def wait(ask, timeout, sleep=time.sleep, clock=time.monotonic):
    """What the first good scrape says; the driver may need a moment after the service began.

    Args:
        ask: returns the text, or raises MetricsError.
        timeout: seconds.

    Raises:
        MetricsError: there was no good one in time; of the last that was tried.
    """
    deadline = clock() + timeout
    while True:
        try:
            return read(ask())
        except MetricsError:
            if clock() >= deadline:
                raise
        sleep(1)
