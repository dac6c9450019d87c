"""SQL that workerd's authorizer permits: actions, PRAGMAs, functions and names of tables."""

from __future__ import annotations

import re

from ._apsw import apsw

__all__ = ["Authorizer"]

# The runtime's own words, seen in the real worlds: a quote, never to be improved.
TRANSACTION = (
    "To execute a transaction, please use the state.storage.transaction() or "
    "state.storage.transactionSync() APIs instead of the SQL BEGIN TRANSACTION or SAVEPOINT "
    "statements. The JavaScript API is safer because it will automatically roll back on "
    "exceptions, and because it interacts correctly with Durable Objects' automatic atomic "
    "write coalescing."
)

# Actions of SQLite's authorizer, by the names that are checked: none, one or two.
_ALWAYS = {apsw.SQLITE_SELECT, apsw.SQLITE_ANALYZE, apsw.SQLITE_RECURSIVE}
_ON_A_NAME = {
    apsw.SQLITE_CREATE_TABLE,
    apsw.SQLITE_DELETE,
    apsw.SQLITE_DROP_TABLE,
    apsw.SQLITE_INSERT,
    apsw.SQLITE_CREATE_VIEW,
    apsw.SQLITE_DROP_VIEW,
    apsw.SQLITE_REINDEX,
    apsw.SQLITE_ALTER_TABLE,
    apsw.SQLITE_READ,
    apsw.SQLITE_UPDATE,
}
_ON_TWO_NAMES = {
    apsw.SQLITE_CREATE_INDEX,
    apsw.SQLITE_DROP_INDEX,
    apsw.SQLITE_CREATE_TRIGGER,
    apsw.SQLITE_DROP_TRIGGER,
}

_DATA = {
    apsw.SQLITE_SELECT,
    apsw.SQLITE_READ,
    apsw.SQLITE_INSERT,
    apsw.SQLITE_UPDATE,
    apsw.SQLITE_DELETE,
    apsw.SQLITE_FUNCTION,
    apsw.SQLITE_RECURSIVE,
    apsw.SQLITE_TRANSACTION,
    apsw.SQLITE_SAVEPOINT,
}

# PRAGMAs that take a boolean.
_SWITCHES = {
    "case_sensitive_like",
    "foreign_keys",
    "defer_foreign_keys",
    "ignore_check_constraints",
    "legacy_alter_table",
    "recursive_triggers",
    "reverse_unordered_selects",
}
# PRAGMAs that need the name of a table or an index.
_ON_OBJECTS = {
    "table_info",
    "table_xinfo",
    "foreign_key_list",
    "index_info",
    "index_list",
    "index_xinfo",
}

_BOOLEAN = re.compile(r"(?i)true|false|yes|no|on|off|1|0")

# workerd permits functions by name: sqlite_version(), for one, is missing (contract: D1's
# test_a_function_about_sqlite_cannot_be_used).
_FUNCTIONS = frozenset(
    """
    abs changes char coalesce concat concat_ws format glob hex ifnull iif instr last_insert_rowid
    length like likelihood likely load_extension lower ltrim max_scalar min_scalar nullif
    octet_length printf quote random randomblob replace round rtrim sign soundex substr substring
    total_changes trim typeof unhex unicode unlikely upper zeroblob

    date time datetime julianday unixepoch strftime timediff current_date current_time
    current_timestamp

    avg count group_concat max min string_agg sum total row_number rank dense_rank percent_rank
    cume_dist ntile lag lead first_value last_value nth_value

    acos acosh asin asinh atan atan2 atanh ceil cos cosh degrees exp floor ln log log2 mod pi pow
    radians sin sinh sqrt tan tanh trunc

    json jsonb json_array jsonb_array json_array_length json_extract jsonb_extract -> ->>
    json_insert jsonb_insert json_object jsonb_object json_patch jsonb_patch json_remove
    jsonb_remove json_replace jsonb_replace json_set jsonb_set json_type json_valid json_quote
    json_group_array jsonb_group_array json_group_object jsonb_group_object json_each json_tree

    match highlight bm25 snippet rtreecheck sqlite_rename_column sqlite_rename_table
    sqlite_rename_test sqlite_drop_column sqlite_rename_quotefix
    """.split()  # noqa: SIM905 (a list would be ten times as long)
)


class Authorizer:
    """The callback that SQLite asks while it compiles a statement.

    ``trusted`` permits everything, for the statements of the fake itself. ``reason`` is the message
    of the last refusal, if it has a message other than SQLite's "not authorized".

    The meaning of ``first`` and ``second`` depends on the action:
    https://www.sqlite.org/c3ref/c_alter_table.html
    """

    def __init__(self) -> None:
        self.trusted = False
        self.reason: str | None = None
        self.changes_schema: bool = False
        """True if a statement that was compiled changes the schema, or the plans of queries."""

    def __call__(
        self,
        action: int,
        first: str | None,
        second: str | None,
        database: str | None,
        trigger: str | None,
    ) -> int:
        # For ALTER TABLE the first argument is the database, and the second is the table.
        if action in (apsw.SQLITE_ALTER_TABLE, apsw.SQLITE_DETACH):
            first, database = second, first
        if action not in _DATA:
            self.changes_schema = True
        if self.trusted or self._permits(action, first or "", second, database):
            return apsw.SQLITE_OK
        return apsw.SQLITE_DENY

    def _permits(self, action: int, first: str, second: str | None, database: str | None) -> bool:
        if action in (apsw.SQLITE_TRANSACTION, apsw.SQLITE_SAVEPOINT):
            self.reason = TRANSACTION
            return False
        # ALTER TABLE reads and updates sqlite_temp_master, so that much of "temp" is permitted.
        if database == "temp":
            return action in (apsw.SQLITE_READ, apsw.SQLITE_UPDATE) and _is_public(first)
        if database not in (None, "main"):
            return False
        if action == apsw.SQLITE_PRAGMA:
            return _permits_pragma(first, second)
        if action == apsw.SQLITE_FUNCTION:
            return (second or "").lower() in _FUNCTIONS
        if action in (apsw.SQLITE_CREATE_VTABLE, apsw.SQLITE_DROP_VTABLE):
            return _is_public(first) and (second or "").lower() in ("fts5", "fts5vocab")
        if action in _ON_TWO_NAMES:
            return _is_public(first) and _is_public(second or "")
        return action in _ALWAYS or (action in _ON_A_NAME and _is_public(first))


def _is_public(name: str) -> bool:
    """Return whether a name is not reserved for the runtime's own tables."""
    return not name.lower().startswith("_cf_")


def _permits_pragma(name: str, value: str | None) -> bool:
    if name in ("table_list", "data_version"):
        return name == "table_list" or value is None
    if name in _SWITCHES:
        return value is None or bool(_BOOLEAN.match(value.strip("'\"")))
    if name == "optimize":
        return value is None or bool(re.fullmatch(r"-?\d+|0x[0-9a-fA-F]+", value))
    if name in ("foreign_key_check", "quick_check"):
        return _is_public(value or "")
    return name in _ON_OBJECTS and value is not None and _is_public(value)
