"""Apply the D1 migrations of a configuration, as ``wrangler d1 migrations apply`` does."""

from __future__ import annotations

import re
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._cpython.js_exception import JsException
from ..fakes.sql_text import is_empty, split
from .errors import read
from .text import is_folder

if TYPE_CHECKING:
    from .config import Bound
    from .sections import Worker

__all__ = ["migrate"]


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
        if name not in known:
            queries = [(part, ()) for part in _statements(folder / name)]
            try:
                database.query([*queries, (f"INSERT INTO {table} (name) VALUES (?)", (name,))])
            except JsException as error:
                message = f"{name}: {error.message}"
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
    files = (path.relative_to(folder) for path in folder.glob(pattern) if path.is_file())
    visible = [path for path in files if not any(part.startswith(".") for part in path.parts)]
    return [path.as_posix() for path in sorted(visible, key=_order)]


def _path(text: str) -> str:
    return Path(text).as_posix()


def _order(path: Path) -> list[tuple[float, str]]:
    numbers = (re.match(r"[0-9]+", part) for part in path.parts)
    return [(int(number[0]) if number else inf, part) for number, part in zip(numbers, path.parts)]


def _statements(path: Path) -> list[str]:
    sql = read(path)
    if "BEGIN TRANSACTION" in sql:  # each file is a transaction anyway
        sql = sql.replace("BEGIN TRANSACTION;", "", 1).replace("COMMIT;", "", 1)
    return [part for part in split(sql) if not is_empty(part)]
