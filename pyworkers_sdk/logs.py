"""``logging`` in a Worker: each record is one line of JSON, at the console's own level."""

from __future__ import annotations

import json
import logging
from datetime import date, datetime
from functools import cache
from typing import Any, cast

from ._border import platform

__all__ = ["ConsoleHandler", "configure_logging"]


class ConsoleHandler(logging.Handler):
    """A handler that sends each record to the console as one line of JSON.

    Workers Logs indexes the fields of the line: ``level``, ``logger``, ``message``, the names of
    ``extra``, and the traceback of an exception as ``exception``. A value that JSON cannot express
    becomes text. DEBUG goes to ``console.debug``, INFO to ``info``, WARNING to ``warn``, ERROR and
    CRITICAL to ``error``, and levels between DEBUG and INFO to ``log``. Outside Workers the line
    goes to standard error.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record. No content of a record makes this method raise."""
        try:
            line = self.format(record)
        except Exception as error:
            line = json.dumps({"level": "ERROR", "message": f"a log record: {_repr(error)}"})
        platform.console(_method(record.levelno), line)

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line of JSON."""
        fields: dict[str, Any] = {
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
        }
        for name, value in vars(record).items():
            if name not in _own_attributes():
                fields[f"{name}_" if name in _TAKEN else name] = _plain(value, ())
        if record.exc_info and record.exc_info[1] is not None:
            fields["exception"] = _formatter.formatException(record.exc_info)
        if record.stack_info:
            fields["stack"] = record.stack_info
        return json.dumps(fields, ensure_ascii=False).encode(errors="backslashreplace").decode()


def configure_logging(level: int | str = logging.INFO) -> None:
    """Send the records of ``logging``, from ``level`` on, to the console.

    A second call only changes the level.

    ::

        configure_logging()  # at the top of the main module
        log = logging.getLogger(__name__)
        log.info("paid", extra={"order": 7})
        # {"level": "INFO", "logger": "worker", "message": "paid", "order": 7}
    """
    root = logging.getLogger()
    root.setLevel(level)
    if not any(isinstance(handler, ConsoleHandler) for handler in root.handlers):
        root.addHandler(ConsoleHandler())


_formatter = logging.Formatter()


@cache
def _own_attributes() -> frozenset[str]:
    """Return the attributes of every record. No ``extra`` may have their names."""
    return frozenset({*vars(logging.makeLogRecord({})), "message", "asctime"})


_TAKEN = frozenset({"level", "logger", "exception", "stack"})


def _method(level: int) -> str:
    if level >= logging.ERROR:
        return "error"
    if level >= logging.WARNING:
        return "warn"
    if level >= logging.INFO:
        return "info"
    return "log" if level > logging.DEBUG else "debug"


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # the arguments do not fit, or the repr of one raises
        return f"{_repr(record.msg)} % {_repr(record.args)}"


def _plain(value: Any, parents: tuple[int, ...]) -> Any:
    """Return a value for JSON. ``parents``: the ids of the containers around it."""
    if value is None or type(value) in (str, bool, int):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else repr(value)  # not nan, not inf
    if id(value) in parents or len(parents) > _MAX_DEPTH:
        return "…"
    path = (*parents, id(value))
    value_type = cast("type[Any]", type(value))
    if value_type is dict:
        items = cast("dict[Any, Any]", value).items()
        return {key if type(key) is str else _repr(key): _plain(item, path) for key, item in items}
    if value_type in (list, tuple, set, frozenset):
        return [_plain(item, path) for item in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return _repr(value)


_MAX_DEPTH = 20


def _repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception:
        return f"<{type(value).__name__}>"
