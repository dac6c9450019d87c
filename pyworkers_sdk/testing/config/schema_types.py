"""The types of values in a wrangler configuration. Each rule is wrangler's or the service's."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from .tables import Rule

__all__ = [
    "BucketName",
    "Date",
    "Flags",
    "Json",
    "Names",
    "Rate",
    "Seconds",
    "Text",
    "WorkerName",
    "WorkflowName",
    "between",
]


def between(least: int, most: int) -> Rule:
    """Return the rule that a number is in a range, both ends included."""
    return Rule(f"{least} to {most}", lambda value: least <= value <= most)


def _matching(expected: str, pattern: str) -> Rule:
    expression = re.compile(pattern)
    return Rule(expected, lambda text: expression.fullmatch(text) is not None)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


Json = Any
Names = list[str]
Text = Annotated[str, Rule("a text that is not empty", bool)]
WorkerName = Annotated[
    str,
    # wrangler takes "" too, and then asks for a name when it deploys.
    _matching(
        'lowercase letters, digits, "-" and "_", and no "-" at the start', "[a-z0-9_][a-z0-9_-]*"
    ),
]
BucketName = Annotated[
    str,
    _matching(
        '3 to 63 lowercase letters, digits and "-", and no "-" at either end',
        "[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
    ),
]
WorkflowName = Annotated[
    str,
    _matching(
        '1 to 64 letters, digits, "_" and "-", and no "-" at the start',
        "[A-Za-z0-9_][A-Za-z0-9_-]{0,63}",
    ),
]
# wrangler takes other spellings of a date, such as 2026-7-1. The runtime refuses them.
Date = Annotated[str, Rule("a date like 2026-01-31", _is_date)]
# The runtime does not start with a flag twice, or with a flag and its opposite.
Flags = Annotated[
    Names,
    Rule("each flag once", lambda flags: len({*flags}) == len(flags)),
    Rule(
        "no flag with its opposite", lambda flags: not {f"no_{flag}" for flag in flags} & {*flags}
    ),
]
Seconds = Annotated[int, between(0, 86_400)]
Rate = Annotated[float, between(0, 1)]
