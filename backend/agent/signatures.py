"""What stays the same when the same thing goes wrong again, somewhere else in its file, at another time, in another order."""

import re

from backend.domain import CheckReport

_CHANGING = (
    (re.compile(r"\x1b\[[0-9;]*[A-Za-z]"), ""),
    (re.compile(r"^\s*at .*$", re.M), ""),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b", re.I), "#"),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{7,}\b", re.I), "#"),
    (re.compile(r"(?<=[_.-])(?=\w*\d)[0-9a-z]{6,}(?=[._-])", re.I), "#"),
    (re.compile(r"\d+(?:[.,:]\d+)*"), "#"),
    (re.compile(r"#\s?(?:ms|s|seconds?|minutes?|kb|mb|kib|mib|bytes?)\b", re.I), "#"),
    (re.compile(r"\s+"), " "),
)
"""Colours, stack frames, ids, hashes, names of bundles, numbers (lines, ports, timings) with their units, spacing."""


def normalised(message: str) -> str:
    for pattern, instead in _CHANGING:
        message = pattern.sub(instead, message)
    return message.strip().casefold()


def signature(report: CheckReport) -> frozenset[str]:
    """The set of a report's problems."""
    return frozenset(f"{p.level}|{p.file}|{p.route}|{normalised(p.message)}" for p in report.problems)
