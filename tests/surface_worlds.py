"""Which member of the package the contract checks call, and so in which worlds it is checked.

Seen in the fake world, by profiling: a check that calls a method there calls it in every world that
it runs in. An option counts where it is not its default; what has no code of its own, such as a
field, counts in a check that names it and calls something of the field's module.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, cast

import pytest

import pyworkers_sdk
from pyworkers_sdk.entrypoints import Base
from tests.contract import kit
from tests.surface import Found, resolve

PACKAGE = str(Path(pyworkers_sdk.__file__).parent)
CHECKS = str(Path(kit.__file__).parent)
MADE_BY = {"_tail_stream_events.py": "tail_stream.py"}
"""Where the objects of a module are made by another."""


class Recording:
    """A plugin of pytest."""

    def __init__(self) -> None:
        self.called: dict[CodeType, set[str]] = defaultdict(set)
        self.options: dict[tuple[CodeType, str], set[str]] = defaultdict(set)
        self.handlers: dict[str, set[str]] = defaultdict(set)
        self.modules: dict[str, set[str]] = defaultdict(set)
        self.named: dict[str, set[str]] = defaultdict(set)
        self.worlds: dict[str, tuple[str, ...]] = {}
        self._defaults: dict[CodeType, dict[str, Any]] = {}
        self._check = ""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Function) -> Iterator[None]:
        name = item.name.partition("[")[0]
        self._check = f"{item.module.__name__}.{name}"
        check = getattr(item.module, name)
        if self._check not in self.worlds:
            places = (kit.World(world) for world in kit.WORLDS)
            self.worlds[self._check] = tuple(
                place.name for place in places if kit.why_not(check, place) is None
            )
            self.named[self._check] = _names(check)
        sys.setprofile(self._profile)
        try:
            yield
        finally:
            sys.setprofile(None)

    def _profile(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "call":
            return
        code = frame.f_code
        if code.co_filename.startswith(CHECKS) and code.co_varnames[:1] == ("self",):
            self.handlers[code.co_name].add(self._check)
        if not code.co_filename.startswith(PACKAGE):
            return
        self.modules[code.co_filename].add(self._check)
        made = MADE_BY.get(Path(code.co_filename).name)
        if made is not None:
            self.modules[str(Path(PACKAGE, made))].add(self._check)
        self.called[code].add(self._check)
        for name, default in self._defaults.get(code, {}).items():
            if frame.f_locals.get(name, default) is not default:
                self.options[code, name].add(self._check)

    def watch(self, found: Found) -> None:
        """Look at the options of what was found, too."""
        if found.kind == "parameter" and (function := _function(found)) is not None:
            parameters = inspect.signature(function).parameters
            self._defaults[function.__code__] = {
                name: None if one.default is one.empty else one.default
                for name, one in parameters.items()
            }

    def worlds_of(self, found: Found) -> list[str]:
        checks = self._checks(found)
        seen = {world for check in checks for world in self.worlds[check]}
        return [world for world in kit.WORLDS if world in seen]

    def _checks(self, found: Found) -> set[str]:
        if isinstance(resolve(_place(found)), Base):
            return self.handlers[found.name] if found.kind != "class" else set()
        function = _function(found)
        if function is None:
            return self._by_name(found)
        if found.kind == "parameter":
            return self.options[function.__code__, found.name]
        return self.called[function.__code__]

    def _by_name(self, found: Found) -> set[str]:
        value = resolve(_place(found))
        try:
            file = inspect.getfile(value)
        except (TypeError, OSError):
            return set()
        name = found.name or getattr(value, "__name__", "")
        return {check for check in self.modules[file] if name in self.named[check]}


def _place(found: Found) -> str:
    place = found.place
    return place if "." in place or place[:1].isupper() else f"{place}."


def _function(found: Found) -> Any:
    """The Python function behind a counterpart, if it is one."""
    value = resolve(_place(found))
    if found.kind in ("parameter", "class") and isinstance(value, type):
        for maker in ("__init__", "__new__"):
            made = inspect.getattr_static(value, maker)
            if inspect.isfunction(made) and made.__code__.co_filename.startswith(PACKAGE):
                return made
        return None
    if found.kind == "attribute" and not isinstance(value, Base):
        try:
            value = inspect.getattr_static(value, found.name)
        except AttributeError:
            return None
        value = getattr(value, "fget", None) or getattr(value, "__func__", value)
    value = inspect.unwrap(value) if callable(value) else value
    return value if inspect.isfunction(value) else None


def _names(check: Any) -> set[str]:
    """Every attribute, keyword and short text in the source of a check, and the fields of what its
    cases are."""
    tree = ast.parse(inspect.getsource(check))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.keyword) and node.arg:
            found.add(node.arg)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found.union(_fields([*(kit.marks(check).cases or {}).values()]))


def _fields(value: Any) -> Iterator[str]:
    """Of the NamedTuples in a value."""
    if isinstance(value, (list, tuple)):
        yield from getattr(value, "_fields", ())
        for one in cast("Iterable[Any]", value):
            yield from _fields(one)


def recorded(surface_members: list[Any]) -> Recording:
    """What a run of the contract checks in the fake world calls; it may not fail."""
    recording = Recording()
    for member in surface_members:
        for found in member.found:
            recording.watch(found)
    options = ["-q", "--no-header", "-p", "no:cacheprovider", "--world", "fake"]
    status = pytest.main([*options, CHECKS], plugins=[recording])
    if status not in (0, 1):
        raise SystemExit(f"pytest ended with {status}")
    return recording
