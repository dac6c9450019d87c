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


_AGGREGATE = r"\b(avg|count|group_concat|max|min|sum|total)\("

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
        IgnoredDifference(
            r" at offset \d+",
            "sqlite3 does not tell where in SQL an error is, so the fake reckons it, and may take"
            " another place where the same name stands",
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
            r"\bVALUES\b",
            r'^raises D1Error\(.*near "[^"]+": syntax error',
            r"^raises D1Error\(.*all VALUES must have the same number of terms",
            "of a short row of VALUES and a syntax error behind it newer versions of SQLite name"
            " the first, and older ones the second",
        ),
        Known(
            r"\w\([^;]*\bORDER BY\b",
            r'^raises D1Error\(.*near "ORDER": syntax error',
            r'^raises D1Error\(.*near "[^"]+": syntax error',
            "newer versions of SQLite take ORDER BY among a function's arguments, and find the"
            " syntax error behind it",
        ),
        Known(
            _AGGREGATE,
            r"^raises D1Error\(.*misuse of aggregate(:| function) \w+\(\)",
            r"^raises D1Error\(.*(no such function: nope\b|no such collation sequence: nope\b"
            r"|wrong number of arguments to function)",
            "of a misused aggregate and a name that is none, or a call with other arguments, in one"
            " statement older versions of SQLite name the first, and newer ones the second",
        ),
        Known(
            r"\bIN \(.*COLLATE nope",
            r"^(?!raises.*no such collation)",
            r"^raises D1Error\(.*no such collation sequence: nope",
            "older versions of SQLite look for no collation in the list of IN, where none counts",
            ends_example=True,
        ),
        Known(
            r"\b(printf|format)\(",
            r"\b(printf|format)\(.*: None",
            r"\b(printf|format)\(.*: \\?''",
            "printf() without a format is NULL in older versions of SQLite, and '' in newer ones",
        ),
        Known(
            r"\b(INTO|FROM|UPDATE( OR \w+)?) [su]\b.*\bRETURNING\b.*\bIS NULL\b",
            r" IS NULL\)\\?': 0",
            r" IS NULL\)\\?': 1",
            "of a table whose first column is NOT NULL, SQLite 3.40 takes no column in a RETURNING"
            " for NULL; 3.54 alone gives what the real one gives",
        ),
        Known(
            r"\.prepare\(.*\.bind\(",
            r"^raises D1Error\(.*(duplicate column name: |already exists|no such (table|column): )",
            r"^raises D1Error\(.*Wrong number of parameter bindings",
            "the local runtime keeps a statement that it compiled once, and counts its parameters"
            " before it sees that the schema has changed and the statement fits it no more",
            repeated=True,
        ),
        IgnoredDifference(
            r"misuse of aggregate(:| function) \w+\(\)",
            "of which of two misused aggregates SQLite complains depends on its version",
            call=rf"{_AGGREGATE}.*{_AGGREGATE}",
        ),
        IgnoredDifference(
            r"(JSON path error near|bad JSON path:) \\?'[^']*'",
            "SQLite's words are those of the version that Python has",
        ),
        IgnoredDifference(
            r"\bInf\b|\b9\.0e\+999\b",
            "quote() of infinity is Inf in older versions of SQLite",
            call=r"\bquote\(",
        ),
    ],
    "r2": [
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
        "JSON functions of a BLOB or of NULL, with a malformed path, with a key twice, and those"
        " that change the root: SQLite 3.45 has others, and Python may have an older one",
        "malformed JSON in a query of a table: whether SQLite comes to it depends on its version",
        "replace() of nothing, or of what begins with NUL: newer versions make text of a number",
        "the order of PRAGMA table_list, which is that of a hash table",
        "what is inserted after the largest rowid: SQLite gives it a random one",
        "IN in RETURNING: with a column that is NULL, SQLite 3.40 answers 0 or 1",
        "IS true and IS false in VALUES after the first row: SQLite 3.47 compares with 1 and 0",
        "numbers of more than 15 digits as text: newer versions round otherwise",
        "LIKE and GLOB of a BLOB: distributions build SQLite so that it never matches",
        "?, ?1 and :a in one statement: sqlite3 takes either, so the fake rewrites them, which a"
        " column without a name of its own tells",
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
