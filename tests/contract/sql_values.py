"""Values of SQL functions, and numbers of parameters. D1 and Durable Objects have the same."""

from __future__ import annotations

from typing import Any

__all__ = ["NUMBERED", "SPACES", "VALUES"]

VALUES: dict[str, Any] = {
    "date('2024-02-30')": "2024-03-01",
    "date('2024-01-31', '+1 month', 'ceiling')": "2024-03-02",
    "date('2024-01-31', '+1 month', 'floor')": "2024-02-29",
    "datetime('2024-01-01 12:00:00.123', 'subsec')": "2024-01-01 12:00:00.123",
    "datetime('2024-01-01 12:00:00', 'localtime')": "2024-01-01 12:00:00",
    "datetime('2024-01-01 12:00:00', 'LocalTime', 'UTC')": "2024-01-01 12:00:00",
    "datetime('2024-01-01 12:00:00', 'localtime', 'nope')": None,
    "time('now') = time('now', 'localtime')": 1,
    "unixepoch('2024-01-01 00:00:00.5', 'subsec')": 1704067200.5,
    "typeof(unixepoch('subsec'))": "real",
    "typeof(unixepoch('now', 'subsecond'))": "real",
    "strftime('%F %T', '2024-01-01')": "2024-01-01 00:00:00",
    "strftime('%G-%V', '2024-12-30')": "2025-01",
    "strftime('%I %p', '2024-01-01 15:00')": "03 PM",
    "timediff('2024-03-01', '2024-02-28')": "+0000-00-02 00:00:00.000",
    "julianday('2000-01-01 12:00')": 2451545,
    "length(CURRENT_TIMESTAMP)": 19,
    "abs(unixepoch() - unixepoch(CURRENT_TIMESTAMP)) <= 1": 1,
    "concat('a', NULL, 1)": "a1",
    "concat_ws('-', 'a', NULL, 1)": "a-1",
    "iif(1, 'yes')": "yes",
    "string_agg('a', ',')": "a",
    "octet_length('\u00e9')": 2,
    "unhex('c3a9') = CAST('\u00e9' AS BLOB)": 1,
    "json(jsonb('[1, 2]'))": "[1,2]",
    "json_extract('{a: 1,}', '$.a')": 1,
    "'{\"a\": null}' ->> '$.a'": None,
    "1 IS DISTINCT FROM NULL": 1,
    "0x7fffffffffffffff = 9223372036854775807": 1,
    "format('%,d', 1234567)": "1,234,567",
    "printf(NULL, 1)": None,
    "1_000": 1000,
}

OUT_OF_RANGE = "variable number must be between ?1 and ?100 at offset {}: SQLITE_ERROR"
TOO_MANY = "too many SQL variables at offset {}: SQLITE_ERROR"
MISCOUNTED = "Wrong number of parameter bindings for SQL query."

# SQL, the number of values (0, 1, ...) and the row or the error
NUMBERED: dict[str, tuple[str, int, Any]] = {
    "?101": ("SELECT ?101", 101, OUT_OF_RANGE.format(7)),
    "?1, ?101": ("SELECT ?1, ?101", 101, OUT_OF_RANGE.format(11)),
    "?150": ("SELECT ?150", 150, OUT_OF_RANGE.format(7)),
    "?0": ("SELECT ?0", 1, OUT_OF_RANGE.format(7)),
    "?99999999999": ("SELECT ?99999999999", 1, OUT_OF_RANGE.format(7)),
    "?100, ?": ("SELECT ?100, ?", 101, TOO_MANY.format(13)),
    "?99, ?, ?": ("SELECT ?99, ?, ?", 101, TOO_MANY.format(15)),
    ":a after ?100": ("SELECT ?100, :a", 101, TOO_MANY.format(13)),
    "101 times ?": (f"SELECT {', '.join('?' * 101)}", 101, TOO_MANY.format(307)),
    "?100": ("SELECT ?100", 100, (99,)),
    "100 times ?": (f"SELECT {' + '.join('?' * 100)}", 100, (4950,)),
    "?2": ("SELECT ?2", 2, (1,)),
    "?2 with one value": ("SELECT ?2", 1, MISCOUNTED),
    "?2, ?1, ?": ("SELECT ?2, ?1, ?", 3, (1, 0, 2)),
    "?1, ?1": ("SELECT ?1, ?1 AS b", 1, (0, 0)),
    ":a, :b, :a": ("SELECT :a, :b, :a AS c", 2, (0, 1, 0)),
    "@a, $a, :a": ("SELECT @a, $a, :a", 3, (0, 1, 2)),
    ":a, ?, ?1": ("SELECT :a, ?, ?1", 2, (0, 1, 0)),
    "?5, :a": ("SELECT ?5, :a", 6, (4, 5)),
    ":\u00e9": ("SELECT :\u00e9", 1, (0,)),
    "?1 as text": ("SELECT '?1', ?1", 1, ("?1", 0)),
}

# Characters around statements: SQL, and its row or its error
NOTHING = "SQL code did not contain a statement."
SPACES: dict[str, tuple[str, Any]] = {
    "a vertical tab after the end": ("SELECT 1;\v", (1,)),
    "a form feed after the end": ("SELECT 1;\f", (1,)),
    "all space after the end": ("SELECT 1; \t\n\v\f\r", (1,)),
    "a vertical tab between": ("SELECT 1;\vSELECT 2", (2,)),
    "a vertical tab and a semicolon": ("SELECT 1;\v;", NOTHING),
    "a comment with a vertical tab": ("SELECT 1; -- \v", NOTHING),
    "a vertical tab before": ("\vSELECT 1", 'unrecognized token: "\v" at offset 0: SQLITE_ERROR'),
    "a vertical tab inside": ("SELECT\v1", 'unrecognized token: "\v" at offset 6: SQLITE_ERROR'),
    "a vertical tab without an end": (
        "SELECT 1\v",
        'unrecognized token: "\v" at offset 8: SQLITE_ERROR',
    ),
    "a form feed before": ("\fSELECT 1", (1,)),
    "a space of another script after the end": (
        "SELECT 1;\xa0",
        'near "\xa0": syntax error at offset 0: SQLITE_ERROR',
    ),
    "a byte order mark after the end": ("SELECT 1;\ufeff", NOTHING),
    "a byte order mark before": ("\ufeffSELECT 1", (1,)),
}
