"""The known divergences of fakes and real bindings. Differential runs ignore only these."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["AVOIDED", "KNOWN", "IgnoredDifference", "Known"]


class Known(NamedTuple):
    """A divergence: patterns of the call and of both answers, and the reason."""

    call: str
    fake: str
    real: str
    reason: str
    ends_example: bool = False
    """True if the stored data differs afterwards, so that the example cannot continue."""
    after: str = ""
    """A pattern that an earlier call or the call itself must match."""
    repeated: bool = False
    """True if an earlier call must have had the same statement."""

    def explains(self, call: str, fake: str, real: str, lines: list[str]) -> bool:
        """Return True if it explains these answers to ``call``, the last of the lines."""
        pairs = ((self.call, call), (self.fake, fake), (self.real, real))
        statement = call.partition(".prepare(")[2].partition(").")[0]
        return (
            all(re.search(pattern, text, re.DOTALL) for pattern, text in pairs)
            and any(re.search(self.after, line, re.DOTALL) for line in lines)
            and (not self.repeated or any(f".prepare({statement})" in line for line in lines[:-1]))
        )


class IgnoredDifference(NamedTuple):
    """A part of an answer that may differ, and the reason."""

    piece: str
    reason: str
    call: str = ""

    def without(self, call: str, answer: str) -> str:
        return re.sub(self.piece, "", answer) if re.search(self.call, call) else answer


KNOWN: dict[str, list[Known | IgnoredDifference]] = {
    "kv": [
        Known(
            r"^await kv\.get",
            r"413 Total size of request exceeds the limit of 25MB",
            r"413 Total size of request exceeds the limit of 0\.0009765625MB",
            "while miniflare's clock is driven it holds values to 1,024 bytes, and says so",
        ),
        Known(
            r"^(await kv\.list|\[key async for key in kv\.keys)\(.*prefix='[^']*\\x00",
            r"KVListKey",
            r"^(KVListResult\(keys=)?\[\]",
            "miniflare finds nothing by a prefix with NUL: SQL's length() ends there",
        ),
    ],
    "d1": [
        IgnoredDifference(
            r"; reference = \w+", "workerd gives each internal error a number of its own"
        ),
        Known(
            "",
            "",
            r"^raises D1Error\(.*database table is locked: SQLITE_LOCKED",
            "of several statements in one, an earlier one with rows left stays open in the local"
            " runtime until its garbage is collected, and no table or index can be dropped so long",
            ends_example=True,
            after=r"\b(SELECT|WITH|VALUES|PRAGMA|EXPLAIN|RETURNING)\b.*?; *\w",
        ),
        Known(
            r"\bRETURNING\b",
            r"the fake cannot return text that is not UTF-8 from RETURNING",
            r"",
            "apsw cannot read text that is not UTF-8, and RETURNING cannot be a subquery",
            ends_example=True,
        ),
        Known(
            r"\.prepare\(.*\.bind\(",
            r"^raises D1Error\(.*(duplicate column name: |already exists|no such (table|column): )",
            r"^raises D1Error\(.*Wrong number of parameter bindings",
            "the local runtime keeps a statement that it compiled once, and counts its parameters"
            " before it sees that the schema has changed and the statement fits it no more",
            repeated=True,
        ),
    ],
    "r2": [
        Known(
            r"\.body\b",
            r"^raises StreamError\(.*currently locked to a reader|^\[\]$",
            r"^raises StreamError\(.*disturbed",
            "Node has other words for the stream of a body that was read, and refuses it for an"
            " empty body too; workerd answers as the fake",
        ),
        Known(
            r"^await r2\.get\(.*range=",
            r"The requested range is not satisfiable \(10039\)",
            r"get: Unspecified error \(0\)",
            "of a range of an empty object the local runtime says nothing but that it failed",
        ),
    ],
    "queues": [
        IgnoredDifference(
            r"QueueMetadata\(.*?\)(?=\])",
            "what a batch leaves in the queue, where more came at the same moment: miniflare lets"
            " them in one by one, and the first full batch leaves before the rest is there",
            call=r"^wait",
        ),
    ],
}

# Cases that the differential runs avoid, since the answers would not show the divergence.
AVOIDED: dict[str, list[str]] = {
    "kv": [
        "in the very millisecond in which a key ends, miniflare's get has it no more and its list"
        " still does: the clock is never at a whole second",
    ],
    "d1": [
        "LIKE and GLOB of a BLOB: in apsw's build of SQLite it never matches",
        "the order of PRAGMA table_list, which is that of a hash table",
        "what is inserted after the largest rowid: SQLite gives it a random one",
    ],
    "r2": [
        "a stream that gives its whole length, and then more or breaks off: the local runtime has"
        " stored it by then, and says that the put failed",
        "a stream of length 0 that breaks off: it leaves an empty object in the local runtime",
    ],
    "queues": [
        "how many bytes a very large or small float has as JSON: JavaScript writes it otherwise",
        "how many bytes large and fractional numbers have as v8 in arrays and objects: V8 writes a"
        " small one as a double where a large one was in the same place before",
        "two things at the same millisecond: which comes first depends on the order of miniflare's"
        " timers, so no send shares its millisecond of the second with another, and the consumers'"
        " timeouts are no whole seconds",
    ],
}
