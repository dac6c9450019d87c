"""The differential run of D1."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from hypothesis import Phase, strategies as st
from hypothesis.stateful import rule

from pyworkers_sdk import D1
from pyworkers_sdk.testing.fakes.d1 import FakeD1Database
from tests.differential.known_divergences import KNOWN
from tests.differential.machine import Machine, Name, call, maybe, shown
from tests.real.remote import RemoteD1Database

Texts = st.SearchStrategy[str]


def one(*texts: str) -> Texts:
    return st.sampled_from(texts)


def filled(template: str, **parts: Texts) -> Texts:
    """The template with a drawn part for each of its names."""
    return st.fixed_dictionaries(parts).map(lambda drawn: template.format(**drawn))


def joined(parts: Texts, at_least: int = 1, at_most: int = 3) -> Texts:
    return st.lists(parts, min_size=at_least, max_size=at_most).map(", ".join)


# SQL --------------------------------------------------------------------------------------------

SCHEMA = """
CREATE TABLE t(id INTEGER PRIMARY KEY, i INTEGER, r REAL, x TEXT, b BLOB, n NUMERIC, a)
CREATE TABLE u(k TEXT PRIMARY KEY NOT NULL, v UNIQUE CHECK (length(v) < 5), ref REFERENCES t(id))
CREATE TABLE s(i INT NOT NULL DEFAULT 7, r REAL, x TEXT, b BLOB, y ANY) STRICT
CREATE TABLE z(id INTEGER PRIMARY KEY AUTOINCREMENT)
INSERT INTO t VALUES (1, 2, 2.5, 'a', x'00', 3, NULL)
""".strip()
# AUTOINCREMENT: sqlite_sequence outlives a reset on the real side, so it is there in any case.
COLUMNS = {
    "t": one("id", "i", "r", "x", "b", "n", "a"),
    "u": one("k", "v", "ref"),
    "s": one("i", "r", "x", "b", "y"),
}

numbers = one(
    *("0", "1", "-1", "2", "3", "10", "255", "0x10", "1.0", "1.5", "-0.0", "0.1", "1e3", "1e20"),
    *("1e308", "9007199254740991", "9007199254740993", "1e999", ".5"),
)
texts = one(
    *("'a'", "'b'", "''", "'1'", "'1.0'", "' 1 '", "'1e3'", "'abc'", "'it''s'", "'é'", "'😀'"),
    *("'A'", "'%'", "'a_c'", "'0x10'", "'a' || char(0) || 'b'", "CAST(x'ff61' AS TEXT)"),
    *("'[1, \"a\", null]'", '\'{"a": {"b": [1, 2.5]}}\'', "'{'", "'null'", "'true'"),
)
blobs = one("x''", "x'00'", "x'00ff'", "x'616263'", "zeroblob(3)")
literals = st.one_of(numbers, texts, texts, blobs, one("NULL", "NULL", "true", "false"))

functions_of_1 = one(
    *("abs", "length", "lower", "upper", "typeof", "hex", "quote", "trim", "unicode", "round"),
    *("ifnull", "sign", "nope", "octet_length", "unhex", "concat", "unistr", "unistr_quote"),
    *("char", "coalesce", "max", "min", "sum", "count", "total", "avg", "group_concat", "nope"),
    *("floor", "sqrt", "sqlite_version", "load_extension", "likely"),
)
documents = one(
    *("'[1, \"a\", null]'", '\'{"a": {"b": [1, 2.5]}}\'', "'null'", "'true'", "' 1 '"),
    *("'\"é\"'", "'1e3'", "'-0'", "'9007199254740993'"),
)
paths = one("'$'", "'$.a'", "'$.a.b[0]'", "'$[1]'", "'$[#-1]'", "'$.nope'")
json = st.one_of(
    filled("json_extract({d}, {p})", d=documents, p=paths),
    filled("({d} {op} {p})", d=documents, op=one("->", "->>"), p=paths),
    filled("{f}({d})", f=one("json", "json_valid", "json_type", "json_array_length"), d=documents),
    filled(
        "{f}({d}, {p})",
        f=one("json_type", "json_remove", "json_array_length"),
        d=documents,
        p=paths,
    ),
    filled(
        "{f}({d}, {p}, {v})",
        f=one("json_set", "json_insert", "json_replace"),
        d=documents,
        p=one("'$.a'", "'$.a.b[0]'", "'$[1]'", "'$.nope'"),
        v=one("1", "'x'", "NULL", "2.0", "json('[1]')"),
    ),
    filled("json_patch({a}, {b})", a=documents, b=documents),
    filled("json_array({a}, {b})", a=documents, b=one("1", "2.5", "NULL", "'é'")),
    filled("json_object('k', {a})", a=documents),
    filled("json_quote({a})", a=one("1", "'a\"b'", "NULL", "2.0")),
)

moments = one(
    *("'2024-02-29'", "'2024-12-30 23:59:59.987'", "'2024-02-30'", "'15:00'", "2460000.5", "0"),
    *("'2024-01-31T12:00Z'", "'2024-01-31 12:00+02:00'", "1704067200", "'-4713-11-24'", "'x'"),
)
modifiers = one(
    *("'+1 month'", "'ceiling'", "'floor'", "'subsec'", "'localtime'", "'utc'", "'unixepoch'"),
    *("'auto'", "'julianday'", "'weekday 1'", "'start of year'", "'-0001-02-03 04:05:06'", "'x'"),
)
dates = st.one_of(
    filled("{f}({m})", f=one("date", "time", "datetime", "julianday", "unixepoch"), m=moments),
    filled(
        "{f}({m}, {a}, {b})",
        f=one("date", "time", "datetime", "julianday", "unixepoch"),
        m=moments,
        a=modifiers,
        b=modifiers,
    ),
    filled(
        "strftime('%{f} %{g}', {m})",
        f=one(*"dfFgGHIjJklmMpPRsSTuUVwWYeZ%"),
        g=one(*"dQ"),
        m=moments,
    ),
    filled("timediff({a}, {b})", a=moments, b=moments),
)

functions_of_2 = one(
    *("coalesce", "ifnull", "nullif", "max", "min", "instr", "substr", "round", "trim", "ltrim"),
    *("printf", "group_concat", "string_agg", "pow", "mod", "concat", "concat_ws", "iif"),
    *("format", "octet_length", "unhex"),
)
functions_of_3 = one(
    *("substr", "iif", "coalesce", "max", "printf"),
)
operators = one(
    *("+", "-", "*", "/", "%", "||", "=", "==", "<>", "<", "<=", ">", ">=", "IS", "IS NOT", "AND"),
    *("OR", "&", "|", "<<", ">>"),
)
types = one("INTEGER", "REAL", "TEXT", "BLOB", "NUMERIC", "INT", "VARCHAR(3)", "")


def expressions(columns: Texts) -> Texts:
    leaves = st.one_of(literals, literals, columns, columns, one("?"))
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            filled("({a} {op} {b})", a=inner, op=operators, b=inner),
            filled("{f}({a})", f=functions_of_1, a=inner),
            filled("{f}({a}, {b})", f=functions_of_2, a=inner, b=inner),
            filled("{f}({a}, {b}, {c})", f=functions_of_3, a=inner, b=inner, c=inner),
            filled("CAST({a} AS {t})", a=inner, t=types),
            filled("CASE WHEN {a} THEN {b} ELSE {c} END", a=inner, b=inner, c=inner),
            filled("{a} {is_}IN ({b})", a=inner, is_=one("", "NOT "), b=joined(inner)),
            filled("({a} BETWEEN {b} AND {c})", a=inner, b=inner, c=inner),
            filled("{op}{a}", op=one("-", "NOT ", "~", "+"), a=inner),
            filled("({a} IS NULL)", a=inner),
            filled("(SELECT {a})", a=inner),
            filled("replace({a}, {b}, {c})", a=inner, b=one("'a'", "'1'", "'é'", "'%'"), c=inner),
            filled("({a} {op} {b})", a=texts, op=one("LIKE", "NOT LIKE", "GLOB"), b=texts),
            filled("{f}({a})", f=one("json", "json_valid", "json_type", "jsonb"), a=inner),
            filled("{f}({a}, {p})", f=one("json_extract", "json_remove"), a=inner, p=inner),
            json,
            dates,
            filled("({a} COLLATE {c})", a=inner, c=one("NOCASE", "RTRIM", "BINARY", "nope")),
        ),
        max_leaves=4,
    )


bare = expressions(one("a", "nope", "1"))
conflicts = one("", "", "", " OR IGNORE", " OR REPLACE", " OR FAIL", " OR ABORT", " OR ROLLBACK")


def of_table(table: str) -> Texts:
    columns = COLUMNS[table]
    some = expressions(columns)
    where = st.one_of(one(""), filled(" WHERE {e}", e=some), one(" WHERE rowid = 1"))
    returning = st.one_of(
        one("", ""), one(" RETURNING *"), filled(" RETURNING {e}", e=joined(some))
    )
    upsert = st.one_of(
        one("", "", "", " ON CONFLICT DO NOTHING"),
        filled(" ON CONFLICT DO UPDATE SET {c} = excluded.{d}", c=columns, d=columns),
        filled(" ON CONFLICT({c}) DO UPDATE SET {d} = {e}", c=columns, d=columns, e=some),
    )
    order = one("", "", " ORDER BY 1", " ORDER BY rowid DESC", " ORDER BY 2 COLLATE NOCASE, 1")
    limit = one("", "", " LIMIT 1", " LIMIT 2 OFFSET 1", " LIMIT ?", " LIMIT -1", " LIMIT 'a'")
    rows = st.integers(1, 3).flatmap(
        lambda width: filled(
            "({c}) VALUES {v}",
            c=joined(columns, width, width),
            v=joined(filled("({e})", e=joined(bare, width, width)), 1, 2),
        )
    )
    return st.one_of(
        filled(
            f"INSERT{{o}} INTO {table}{{v}}{{u}}{{r}}", o=conflicts, v=rows, u=upsert, r=returning
        ),
        filled(f"INSERT{{o}} INTO {table}{{v}}{{r}}", o=conflicts, v=rows, r=returning),
        filled(
            f"UPDATE{{o}} {table} SET {{c}} = {{e}}{{w}}{{r}}",
            o=conflicts,
            c=columns,
            e=some,
            w=where,
            r=returning,
        ),
        filled(f"DELETE FROM {table}{{w}}{{r}}", w=where, r=returning),
        filled(
            f"SELECT {{d}}{{e}} FROM {table}{{w}}{{o}}{{l}}",
            d=one("", "", "DISTINCT "),
            e=joined(some),
            w=where,
            o=order,
            l=limit,
        ),
        filled(f"SELECT * FROM {table}{{w}}{{o}}{{l}}", w=where, o=order, l=limit),
        filled(f"SELECT {{g}}, count(*), {{e}} FROM {table} GROUP BY 1", g=columns, e=some),
    )


others = one(
    "CREATE TABLE v(a PRIMARY KEY, b DEFAULT 'x', c GENERATED ALWAYS AS (b || 1)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS v(id INTEGER PRIMARY KEY AUTOINCREMENT, a, b)",
    "CREATE TABLE t(a)",
    "CREATE TABLE v AS SELECT * FROM t",
    "DROP TABLE v",
    "DROP TABLE IF EXISTS u",
    "DROP TABLE t",
    "CREATE INDEX by_i ON t(i, x)",
    "CREATE UNIQUE INDEX by_x ON t(x) WHERE i > 0",
    "DROP INDEX by_i",
    "CREATE VIEW w AS SELECT id, x || 'v' AS y FROM t",
    "SELECT * FROM w ORDER BY id",
    "DROP VIEW w",
    "CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO s(i, x) VALUES (1, new.x); END",
    "CREATE TRIGGER h BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'kept'); END",
    "DROP TRIGGER g",
    "DROP TRIGGER h",
    "ALTER TABLE t ADD COLUMN z TEXT DEFAULT 'new'",
    "ALTER TABLE t RENAME COLUMN a TO aa",
    "ALTER TABLE t RENAME TO t2",
    "ALTER TABLE t DROP COLUMN n",
    "INSERT INTO v(a) VALUES (1), (2)",
    "INSERT INTO v(a, b) SELECT id, x FROM t",
    "SELECT * FROM v",
    "SELECT name, type FROM sqlite_master ORDER BY name",
    "SELECT t.id, u.k FROM t LEFT JOIN u ON u.ref = t.id ORDER BY 1, 2",
    "SELECT id FROM t UNION SELECT ref FROM u ORDER BY 1",
    "SELECT 1 UNION ALL SELECT 'a' UNION ALL SELECT NULL",
    "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 5) SELECT n FROM c",
    "SELECT id, row_number() OVER (ORDER BY id DESC) AS place FROM t",
    'SELECT key, value, type, atom FROM json_each(\'[1, "a", null, 2.5, {"b": []}]\')',
    'SELECT fullkey, value FROM json_tree(\'{"a": [1, {"b": 2}]}\')',
    "SELECT json('{')",
    "SELECT json_extract('', '$.a')",
    "SELECT 1 AS a, 2 AS a, 3 AS '1', 4 AS '0'",
    "VALUES (1, 'a'), (2.5, NULL)",
    "PRAGMA table_info(t)",
    "PRAGMA foreign_keys = off",
    "PRAGMA defer_foreign_keys = on",
    "PRAGMA journal_mode",
    "BEGIN",
    "COMMIT",
    "SAVEPOINT p",
    "ATTACH ':memory:' AS m",
    "VACUUM",
    "REINDEX",
    "EXPLAIN QUERY PLAN SELECT 1",
    "DELETE FROM sqlite_master",
    "CREATE TABLE _cf_x(a)",
    "SELECT * FROM _cf_METADATA",
    "CREATE TEMP TABLE tt(a)",
    "",
    " ",
    ";",
    "-- nothing",
    "/* nothing */",
    "SELECT 1;",
    "SELECT 1; SELECT 2",
    "SELECT 1;;",
    "SELECT 1 -- one",
    "SELECT 'a;b'",
    "INSERT INTO s(i) VALUES (1); SELECT count(*) FROM s",
    "INSERT INTO s(i) VALUES (1); INSERT INTO s(i) VALUES (NULL)",
    "SELECT ?; SELECT 1",
    "SELECT 1 WHERE",
    "SELECT 'unclosed",
    'SELECT "nope"',
    "SELECT `a`, [b] FROM t",
    "SELECT max(1, 2, 3), likely(1)",
)
good = st.one_of(
    *map(of_table, COLUMNS), of_table("t"), filled("SELECT {e}", e=joined(bare)), others
)


@st.composite
def spoiled(draw: st.DrawFn) -> str:
    """A statement with one piece removed, repeated or replaced."""
    pieces = draw(good).split(" ")
    at = draw(st.integers(0, len(pieces) - 1))
    there = pieces[at]
    pieces[at : at + 1] = draw(
        st.sampled_from([[], [there, there], ["nope"], ["("], [")"], ["#"], ["'"], [there + ";"]])
    )
    return " ".join(pieces)


sql = st.one_of(good, good, good, good, spoiled())
bindings = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 300),
    st.sampled_from([2**53 - 1, 2**53, -0.0, 0.1, 1e20, 1e308, float("nan"), float("inf")]),
    st.integers(-(10**6), 10**6).map(lambda thousandths: thousandths / 1000),
    st.text(max_size=3),
    st.sampled_from(["", "1", "1.0", "abc", "é", "😀", "a\0b", "\ufeff", "\ud800", "x" * 100]),
    st.binary(max_size=3),
    st.sampled_from([b"", b"\0", b"abc", [1], {}, (1,)]),
)
ends = one(
    *("all()", "all()", "all()", "run()", "first()", "raw()", "raw(column_names=True)"),
    *("first('a')", "first('id')", "first('nope')"),
)


@st.composite
def statements(draw: st.DrawFn, on: str = "db") -> str:
    """``db.prepare(…).bind(…)``, mostly with as many values as there are parameters."""
    text = draw(sql)
    slots = text.count("?")
    if named := draw(one("", "", "?1", ":a", "@b", "$c", "?2", "?100", "?101", "?0")):
        text = text.replace("?", named, draw(st.integers(1, 3)))
        slots = min(slots, draw(st.integers(1, 3)))
    bound = st.lists(bindings, min_size=slots, max_size=slots)
    values = draw(st.one_of(bound, bound, bound, st.lists(bindings, max_size=3)))
    given = f".bind({', '.join(map(shown, values))})" if values or draw(st.booleans()) else ""
    return f"{on}.prepare({text!r}){given}"


class D1Machine(Machine):
    binding = "d1"
    signature = "db: D1"
    known = KNOWN["d1"]
    phases: ClassVar[list[Phase]] = [Phase.generate]  # to shrink SQL takes many minutes

    def answered(self, fake: str) -> None:
        """After the largest rowid there is, SQLite gives random ones."""
        self.over = self.over or "'last_row_id': 9.22337" in fake

    def sides(self) -> tuple[dict[str, Any], dict[str, Any]]:
        self.remote.own("emptyD1", on="DB")
        self.sessions = ["db"]
        real = D1(RemoteD1Database(self.remote))
        return {"db": D1(FakeD1Database())}, {"db": real}

    def __init__(self) -> None:
        super().__init__()
        self.do(call("db.exec", SCHEMA))

    @rule(data=st.data(), end=ends)
    def query(self, data: Any, end: str) -> None:
        on = data.draw(st.sampled_from(self.sessions))
        self.do(f"await {data.draw(statements(on))}.{end}")

    @rule(statement=statements(), end=ends)
    def query_database(self, statement: str, end: str) -> None:
        self.do(f"await {statement}.{end}")

    @rule(data=st.data())
    def batch(self, data: Any) -> None:
        on = data.draw(st.sampled_from(self.sessions))
        listed = data.draw(st.lists(statements(), max_size=4))
        self.do(f"await {on}.batch([{', '.join(listed)}])")

    @rule(lines=st.lists(sql, max_size=4), between=one("\n", "\n", "\n\n", "; ", "\r\n"))
    def exec(self, lines: list[str], between: str) -> None:
        self.do(call("db.exec", between.join(lines)))

    @rule(start=maybe(one("first-primary", "first-unconstrained", "", "nope")), data=st.data())
    def session(self, start: str | None, data: Any) -> None:
        given = [Name(f"{name}.get_bookmark()") for name in self.sessions if name != "db"]
        start = data.draw(st.sampled_from([start, *given]))
        into = self.new("session")
        if self.do(f"db.with_session({'' if start is None else shown(start)})", into):
            self.sessions.append(into)
            self.do(f"{into}.get_bookmark() is None")

    def teardown(self) -> None:
        for table in COLUMNS:
            self.do(f"await db.prepare('SELECT * FROM {table}').raw(column_names=True)")


@pytest.mark.real
def test_fake_and_real_d1_answer_alike(compare: Any) -> None:
    compare(D1Machine)
