"""``FormData``: names and values, as a form sends them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from ._border import JsWrapper, raw, text, web
from .blob import Blob, File
from .errors import ConversionError

if TYPE_CHECKING:
    from . import _js

__all__ = ["FormData"]

T = TypeVar("T")


class FormData(JsWrapper["_js.FormData"]):
    """The fields of a form, in order; a name may come up several times. A value is text or a File.

    As the body of a request or a response it is sent as multipart/form-data, and the platform sets
    the Content-Type with its boundary. ``form[name]`` and ``get`` give the first value of a name,
    ``get_all`` every one; ``form[name] = value`` and ``set`` replace them all. Iteration gives
    names, each as often as it comes up, and ``len`` counts the same.

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
        """Stand over JavaScript's own FormData, or another SDK's."""
        made = cls.__new__(cls)
        made._js = raw(form)
        return made

    @overload
    def get(self, name: str) -> str | File | None: ...
    @overload
    def get(self, name: str, default: T) -> str | File | T: ...
    def get(self, name: str, default: Any = None) -> Any:
        """The first value of a name, or ``default``. JS: FormData.get."""
        found = _value(self._js.get(text(name, "name")))
        return default if found is None else found

    def get_all(self, name: str) -> list[str | File]:
        """Every value of a name. JS: FormData.getAll."""
        return [_value(each) for each in self._js.getAll(text(name, "name"))]

    def has(self, name: str) -> bool:
        """Whether there is such a name. JS: FormData.has."""
        return bool(self._js.has(text(name, "name")))

    def append(self, name: str, value: str | Blob, *, filename: str | None = None) -> None:
        """Add a value to a name.

        A Blob becomes a File called ``filename``, or as it is, or else as the field. JS:
        FormData.append.
        """
        self._js.append(*_entry(name, value, filename))

    def set(self, name: str, value: str | Blob, *, filename: str | None = None) -> None:
        """Set a name's only value, in the place of its first. JS: FormData.set."""
        self._js.set(*_entry(name, value, filename))

    def delete(self, name: str) -> None:
        """Remove a name; a missing one is no error. JS: FormData.delete."""
        self._js.delete(text(name, "name"))

    def items(self) -> list[tuple[str, str | File]]:
        """Names and values. JS: FormData.entries."""
        return [(pair[0], _value(pair[1])) for pair in self._js]

    def keys(self) -> list[str]:
        """The names, each as often as it comes up. JS: FormData.keys."""
        return [pair[0] for pair in self._js]

    def values(self) -> list[str | File]:
        """The values. JS: FormData.values."""
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
        raise ConversionError(
            f"form: expected a mapping or pairs, got {type(init).__name__}"
        ) from None


def _entry(name: Any, value: Any, filename: Any) -> list[Any]:
    """The arguments of JavaScript's append and set."""
    place = f"form[{text(name, 'name')!r}]"
    if isinstance(value, str):
        if filename is not None:
            raise ConversionError(f"{place}: text has no filename; make it a Blob first")
        return [name, text(value, place)]
    js = raw(value)
    if not hasattr(js, "slice"):
        raise ConversionError(f"{place}: expected str, Blob or File, got {type(value).__name__}")
    return [name, js] if filename is None else [name, js, text(filename, "filename")]


def _value(found: Any) -> Any:
    if isinstance(found, str):
        return found
    file = raw(found)
    return None if file is None else File.from_js(file)
