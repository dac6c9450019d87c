"""``FormData``: the names and values of an HTML form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from ._border import JsWrapper, expected, raw, text, web
from .blob import Blob, File
from .errors import ConversionError

if TYPE_CHECKING:
    from . import _js

__all__ = ["FormData"]

T = TypeVar("T")


class FormData(JsWrapper["_js.FormData"]):
    """The fields of a form, in order. A value is text or a File, and a name may repeat.

    As the body of a request or a response it is sent as multipart/form-data, and the platform sets
    the Content-Type with its boundary. ``form[name]`` and ``get`` return the first value of a name,
    ``get_all`` all values. ``form[name] = value`` and ``set`` replace all values. Iteration yields
    a name once for each of its values, and ``len`` counts the values.

    JS: FormData.
    """

    __slots__ = ()

    @overload
    def __init__(self, init: Mapping[str, str | Blob] | None = None) -> None: ...
    @overload
    def __init__(self, init: Iterable[tuple[str, str | Blob]] | FormData) -> None: ...
    def __init__(self, init: Any = None) -> None:
        self._js = web.FormData.new()
        for name, value in _pairs(init):
            self.append(name, value)

    @classmethod
    def from_js(cls, form: Any) -> Self:
        """Wrap a FormData of JavaScript, or of another SDK."""
        self = cls.__new__(cls)
        self._js = raw(form)
        return self

    @overload
    def get(self, name: str) -> str | File | None: ...
    @overload
    def get(self, name: str, default: T) -> str | File | T: ...
    def get(self, name: str, default: Any = None) -> Any:
        """Return the first value of a name, or ``default``.

        JS: FormData.get.
        """
        value = _value(self._js.get(text(name, "name")))
        return default if value is None else value

    def get_all(self, name: str) -> list[str | File]:
        """Return all values of a name.

        JS: FormData.getAll.
        """
        return [_value(value) for value in self._js.getAll(text(name, "name"))]

    def has(self, name: str) -> bool:
        """Return True if the name exists.

        JS: FormData.has.
        """
        return bool(self._js.has(text(name, "name")))

    def append(self, name: str, value: str | Blob, *, filename: str | None = None) -> None:
        """Add a value to a name.

        Args:
            name: The name of the field.
            value: Text, a Blob or a File.
            filename: The name of the file that a Blob becomes. By default it is the File's own
                name, or the platform's default.

        JS: FormData.append.
        """
        self._js.append(*_entry(name, value, filename))

    def set(self, name: str, value: str | Blob, *, filename: str | None = None) -> None:
        """Replace all values of a name by one, at the place of the first.

        JS: FormData.set.
        """
        self._js.set(*_entry(name, value, filename))

    def delete(self, name: str) -> None:
        """Remove a name. A missing name is not an error.

        JS: FormData.delete.
        """
        self._js.delete(text(name, "name"))

    def items(self) -> list[tuple[str, str | File]]:
        """Return the pairs of names and values.

        JS: FormData.entries.
        """
        return [(pair[0], _value(pair[1])) for pair in self._js]

    def keys(self) -> list[str]:
        """Return the names, once for each value.

        JS: FormData.keys.
        """
        return [pair[0] for pair in self._js]

    def values(self) -> list[str | File]:
        """Return the values.

        JS: FormData.values.
        """
        return [_value(pair[1]) for pair in self._js]

    __contains__ = has

    def __setitem__(self, name: str, value: str | Blob) -> None:
        self.set(name, value)

    def __getitem__(self, name: str) -> str | File:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self.delete(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.keys())


def _pairs(init: Any) -> list[tuple[Any, Any]]:
    if init is None:
        return []
    pairs = init.items() if hasattr(init, "items") else init
    try:
        return [(name, value) for name, value in pairs]
    except (TypeError, ValueError):
        raise expected("form", "a mapping or pairs", init) from None


def _entry(name: Any, value: Any, filename: Any) -> list[Any]:
    """Return the arguments of JavaScript's ``append`` and ``set``."""
    name = text(name, "name")
    place = f"form[{name!r}]"
    if isinstance(value, str):
        if filename is not None:
            raise ConversionError(f"{place}: a text cannot have a filename; pass a Blob")
        return [name, text(value, place)]
    js = raw(value)
    if not hasattr(js, "slice"):
        raise expected(place, "str, Blob or File", value)
    return [name, js] if filename is None else [name, js, text(filename, "filename")]


def _value(js_value: Any) -> Any:
    if isinstance(js_value, str):
        return js_value
    file = raw(js_value)
    return None if file is None else File.from_js(file)
