"""Records: the loaders of objects with named fields, from TypedDict to pydantic model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._border import loads
from .cells import Cell, Mismatch, class_of, column, type_name

__all__ = ["Record", "Validated"]

Row = dict[str, Any]


class Record(Cell):
    """The loader of a TypedDict, a dataclass, a NamedTuple or an attrs class.

    Args:
        name: The name of the class.
        fields: The cell of each key.
        required: The keys that an object must have.
        make: Makes the instance of the loaded fields; None for a TypedDict.
        extra: The cell of unknown keys; None ignores them.
        class_: The class of instances that pass unchanged; None for a TypedDict.
        by_position: Whether a list is loaded too, as a NamedTuple crosses.
    """

    __slots__ = ("_by_position", "_class", "_columns", "_extra", "_make", "fields", "required")

    def __init__(
        self,
        name: str,
        fields: dict[str, Cell],
        required: set[str],
        make: Callable[[Row], Any] | None = None,
        *,
        extra: Cell | None = None,
        class_: Any = None,
        by_position: bool = False,
    ) -> None:
        super().__init__(name, (), self._load, structured=True)
        self.fields = fields
        self.required = required
        self._make = make
        self._extra = extra
        self._class = class_
        self._by_position = by_position
        self._columns: tuple[dict[str, Cell], Cell | None] | None = None

    def _load(self, value: Any) -> Any:
        if class_of(value) is not dict:
            return self._of_other(value)
        if not self.required.issubset(value):
            missing = ", ".join(sorted(map(repr, self.required.difference(value))))
            mismatch = Mismatch(f"missing key {missing} (required by {self.name})")
            mismatch.inside = True
            raise mismatch
        row: Row = dict(value)
        fields, extra = self.fields, self._extra
        for name, item in value.items():
            cell = fields.get(name, extra)
            if cell is not None and type(item) not in cell.accepts:
                try:
                    row[name] = cell.convert(item)
                except Mismatch as mismatch:
                    raise mismatch.below(f".{name}" if name in fields else f"[{name!r}]") from None
        return row if self._make is None else self.made(row)

    def _of_other(self, value: Any) -> Any:
        if self._class is not None and isinstance(value, self._class):
            return value
        if self._by_position and type(value) in (list, tuple):
            if len(value) > len(self.fields):
                raise Mismatch(f"expected at most {len(self.fields)} items, got {len(value)}")
            return self._load(dict(zip(self.fields, value)))
        raise Mismatch(f"expected an object for {self.name}, got {type_name(value)}")

    def made(self, row: Row) -> Any:
        """Make the instance. Its own checks may raise any exception: that is a Mismatch too."""
        if self._make is None:
            return row
        fields = self.fields
        try:
            return self._make({name: row[name] for name in row if name in fields})
        except Exception as error:
            raise refused(self.name, error) from None

    def fit(self, value: Any, loaded: Any) -> int:
        return len(value.keys() & self.fields.keys())

    @property
    def is_dict(self) -> bool:
        """True if a loaded row is a dict, as for a TypedDict."""
        return self._make is None

    def columns(self) -> tuple[dict[str, Cell], Cell | None]:
        """Return the cells for the columns of a SQL result, and the one for all other columns."""
        if self._columns is None:
            cells = {name: column(cell) for name, cell in self.fields.items()}
            self._columns = cells, self._extra and column(self._extra)
        return self._columns


class Validated(Cell):
    """The loader of a class or an object that validates by itself, as pydantic's do.

    Args:
        name: The name of the type.
        validate: Returns the loaded value; it may raise any exception.
        one_value: Whether the type may be a single value, so that the only column of a row is
            tried, too.
    """

    __slots__ = ("_validate", "one_value")

    def __init__(self, name: str, validate: Callable[[Any], Any], *, one_value: bool) -> None:
        super().__init__(name, (), self._load, structured=True)
        self._validate = validate
        self.one_value = one_value

    def _load(self, value: Any) -> Any:
        try:
            return self._validate(value)
        except Exception as error:
            reason = error
        if type(value) in (dict, list) and _errors(reason):
            # A model crosses under the names of its fields, not under their aliases.
            validate: Any = self._validate
            try:
                return validate(value, by_alias=True, by_name=True)
            except Exception:  # also of a validator that has no such options
                pass
        mismatch = refused(self.name, reason)
        mismatch.inside = type(value) is dict
        raise mismatch from None

    def fit(self, value: Any, loaded: Any) -> int:
        return len(getattr(loaded, "model_fields_set", ()))

    def row(self, row: Row) -> Any:
        """Load the row of a SQL result, or its only column."""
        try:
            return self._row(row)
        except Mismatch as mismatch:
            if not self.one_value or len(row) != 1:
                raise
            try:
                return column(self).load(*row.values())
            except Mismatch as of_value:
                # A type that loads an object has a reason for a key; other types have not.
                raise mismatch if mismatch.keyed and not of_value.keyed else of_value from None

    def _row(self, row: Row) -> Any:
        try:
            return self._validate(row)
        except Exception as error:
            parsed = _with_json(row, error)
            if parsed is None:
                raise refused(self.name, error) from None
        try:
            return self._validate(parsed)
        except Exception as error:
            raise refused(self.name, error) from None


def _errors(error: Exception) -> list[Any]:
    """Return the single errors of pydantic's ValidationError; none for other exceptions."""
    errors = getattr(error, "errors", None)
    if not callable(errors):
        return []
    try:
        listed: Any = errors(include_input=False, include_url=False)
        return [dict(one) for one in listed]
    except Exception:
        return []  # another library's exception


_MOST_REASONS = 5


def refused(name: str, error: Exception) -> Mismatch:
    """Return the Mismatch for an exception of a class's own checks.

    Its text is not repeated, unless it is pydantic's: it may contain the value. It stays the cause.
    """
    errors = _errors(error)
    if not errors:
        mismatch = Mismatch(f"{name} raised {type(error).__name__}")
        mismatch.cause = error
        return mismatch
    reasons = [
        ": ".join(filter(None, (".".join(map(str, one.get("loc", ()))), one.get("msg"))))
        for one in errors[:_MOST_REASONS]
    ]
    if len(errors) > _MOST_REASONS:
        reasons.append(f"and {len(errors) - _MOST_REASONS} more")
    mismatch = Mismatch("; ".join(reasons))
    mismatch.keyed = any(one.get("loc") for one in errors)
    return mismatch


def _with_json(row: Row, error: Exception) -> Row | None:
    """Return the row with the columns parsed that were refused and are JSON text; None if none."""
    parsed: Row = {}
    for one in _errors(error):
        name = (one.get("loc") or ("",))[0]
        text = row.get(name) if isinstance(name, str) else None
        if isinstance(text, str) and text.lstrip()[:1] in _JSON_CONTAINER:
            try:
                parsed[name] = loads(text)
            except ValueError:
                pass
    return {**row, **parsed} if parsed else None


_JSON_CONTAINER = {"[", "{"}
