"""``Env``: a Worker's bindings and variables, by annotation."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Union, get_args, get_origin, get_type_hints

from . import _row_types as _rows
from ._border import JsWrapper, from_js, named, prop, raw
from .errors import BindingError, RowError

__all__ = ["Env"]


class Env(JsWrapper[Any]):
    """The bindings and variables of the Worker's configuration, typed by annotation.

    ::

        class AppEnv(Env):
            DB: D1
            CACHE: KV | None      # None if it is not configured
            API_KEY: str
            REGION: str = "weur"  # the default if it is not configured

    A binding is wrapped when it is first read. The repr shows names, never values.

    Raises:
        BindingError: A name is missing from the configuration, or a variable does not fit its
            annotation. It is raised when the name is read.
    """

    def __init__(self, env: Any) -> None:
        self._js = raw(env)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        defaults = {name: value for name, value in vars(cls).items() if _is_default(name, value)}
        for name in defaults:
            delattr(cls, name)
        cls._defaults = {**cls._defaults, **defaults}

    _defaults: ClassVar[dict[str, Any]] = {}

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            declared = hints(type(self))
            hint = declared.get(name)
            if hint is None:
                if name.startswith("_"):  # Python looks for many of these
                    raise AttributeError(f"{type(self).__name__} does not declare {name}")
                from ._spelling import undeclared  # only errors need it

                value = prop(self._js, name)
                raise AttributeError(undeclared(type(self).__name__, name, value, declared))
            value = self.__dict__[name] = self._read(name, hint)
            return value

    def _read(self, name: str, hint: Any) -> Any:
        value = prop(self._js, name)
        if get_origin(hint) is not None and type(None) in get_args(hint):
            if value is None:
                return self._defaults.get(name)
            rest = tuple(arg for arg in get_args(hint) if arg is not type(None))
            hint = Union[rest]  # noqa: UP007
        if value is None:
            if name in self._defaults:
                return self._defaults[name]
            raise BindingError(f"{name}: missing in the Worker's configuration")
        if hasattr(get_origin(hint) or hint, "js_object"):
            try:
                return named(hint(value), name)
            except BindingError as error:
                refused = f"{name}: {error}"
            raise BindingError(refused)
        try:
            return _rows.load(hint, from_js(value), name)
        except RowError as error:
            refused = str(error)
        raise BindingError(refused)

    def __repr__(self) -> str:
        names = ", ".join(hints(type(self)))
        return f"<{type(self).__name__}: {names}>"


def _declared(cls: Any) -> dict[str, Any]:
    unknown: dict[str, Any] = {}
    while True:
        try:
            annotations = get_type_hints(cls, localns=unknown or None)
        except NameError as error:
            if error.name is None or error.name in unknown:
                raise
            # A class that only type checkers import: its name is enough.
            unknown[error.name] = type(error.name, (), {})
        else:
            return {name: hint for name, hint in annotations.items() if not name.startswith("_")}


hints: Callable[[Any], dict[str, Any]] = cache(_declared)
"""Return the names that an Env class declares, with their annotations."""


def _is_default(name: str, value: Any) -> bool:
    """Return True if a class attribute is a variable's default: not a method or a property."""
    return not (name.startswith("_") or hasattr(value, "__get__") or isinstance(value, type))
