"""Apply the D1 migrations of a configuration, as ``wrangler d1 migrations apply`` does."""

from __future__ import annotations

import re
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._cpython.js_exception import JsException
from ..fakes._apsw import apsw
from .text import JS_SPACES, is_folder

if TYPE_CHECKING:
    from .config import Bound
    from .sections import Worker

__all__ = ["migrate", "split"]


def migrate(database: Any, bound: Bound, worker: Worker) -> None:
    """Apply each migration that the database has not recorded yet, as one transaction.

    Raises:
        ConfigError: The folder is missing, the pattern is outside of it, or a migration fails.
    """
    settings, config = bound.settings, worker.config
    folder = config.folder / (settings.migrations_dir or "migrations")
    if not is_folder(folder):
        if settings.migrations_dir is None:
            return  # the default folder may be missing: not every database has migrations
        message = f"missing folder {settings.migrations_dir}"
        raise config.error(message, *bound.place, "migrations_dir")
    table = '"' + settings.migrations_table.replace('"', '""') + '"'
    # wrangler's own statement
    create_table = (
        f"CREATE TABLE IF NOT EXISTS {table} (id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)"
    )
    _, applied = database.query([(create_table, ()), (f"SELECT name FROM {table}", ())])
    known = {name for (name,) in applied.rows}
    for name in _migrations(folder, bound, worker):
        if name in known:
            continue
        try:
            database.query([(query, ()) for query in _queries(folder / name, name, table)])
        except (JsException, ValueError) as error:
            message = f"{name}: {getattr(error, 'message', error)}"
            raise config.error(message, *bound.place, "migrations_dir") from None


def _migrations(folder: Path, bound: Bound, worker: Worker) -> list[str]:
    """Return the names of the files, ordered by the number at the start of each part."""
    pattern = "*.sql"
    if bound.settings.migrations_pattern is not None:
        start = _path(bound.settings.migrations_dir or "migrations") + "/"
        whole = _path(bound.settings.migrations_pattern)
        if not whole.startswith(start):
            message = f"expected a pattern that begins with {start}, got {whole}"
            raise worker.config.error(message, *bound.place, "migrations_pattern")
        pattern = whole.removeprefix(start)
    files = (
        path.relative_to(folder)
        for path in folder.glob(pattern)
        if path.is_file() and not path.is_symlink()
    )
    visible = [path for path in files if not any(part.startswith(".") for part in path.parts)]
    return [path.as_posix() for path in sorted(visible, key=_order)]


def _path(text: str) -> str:
    return Path(text).as_posix()


def _order(path: Path) -> list[tuple[float, bytes]]:
    numbers = (re.match(r"\s*[+-]?[0-9]+", part.partition("_")[0]) for part in path.parts)
    return [
        (int(number[0]) if number else inf, part.encode("utf-16-be", "surrogatepass"))
        for number, part in zip(numbers, path.parts)
    ]


def _queries(path: Path, name: str, table: str) -> list[str]:
    """Return the statements of a migration, and one that records it."""
    sql = path.read_bytes().decode("utf-8", "replace")
    literal = "'" + name.replace("'", "''") + "'"
    # The statement is added as text: it makes a file without a last ";" a syntax error.
    sql = f"{sql}\nINSERT INTO {table} (name)\nvalues ({literal});"
    if _BEGIN in sql:  # each file is a transaction anyway
        sql = sql.replace(f"{_BEGIN};", "", 1).replace("COMMIT;", "", 1)
        if _BEGIN in sql:
            raise ValueError("several transactions; D1 runs each migration in a transaction")
    has_several = ";" in sql.rstrip()[:-1]
    return (has_several and split(sql)) or [sql]


def split(sql: str) -> list[str]:
    """Split SQL into its statements, as wrangler does. Comments between them are left out."""
    statements: list[str] = []
    start = 0
    for token in _SEMICOLON_OR_QUOTED.finditer(sql):
        if token[0] == ";" and apsw.complete(sql[start : token.end()]):
            statements.append(sql[start : token.start()])
            start = token.end()
    statements.append(sql[start:])
    return [text.strip(JS_SPACES) for text in statements if _COMMENT.sub("", text).strip(_BLANK)]


_BEGIN = "BEGIN TRANSACTION"
_QUOTED = r"""'[^']*(?:'|\Z)|"[^"]*(?:"|\Z)|`[^`]*(?:`|\Z)|\[[^]]*(?:]|\Z)"""
_COMMENT = re.compile(r"--[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_SEMICOLON_OR_QUOTED = re.compile(rf";|{_COMMENT.pattern}|{_QUOTED}", re.DOTALL)
_BLANK = " \r\t\n\f;"
