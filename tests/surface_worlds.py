"""Record which members of the package the contract checks use, and so the worlds that check them.

The checks run in the fake world under a profiler: a check that calls a method there calls it in
every world in which the check runs. An option counts if its value is not the default. A member
without code, such as a field, counts if a check names it and calls something of the field's module.
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
from tests.surface import Counterpart, resolve

PACKAGE = str(Path(pyworkers_sdk.__file__).parent)
CHECKS = str(Path(kit.__file__).parent)
MADE_BY = {"_tail_stream_events.py": "tail_stream.py", "_vectors.py": "vectorize/__init__.py"}
"""Modules that only create the objects of another one: a call counts for both."""


class Recording:
    """A pytest plugin that records the calls of each contract check."""

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
        home = MADE_BY.get(Path(code.co_filename).name)
        if home is not None:
            self.modules[str(Path(PACKAGE, home))].add(self._check)
        self.called[code].add(self._check)
        for name, default in self._defaults.get(code, {}).items():
            if frame.f_locals.get(name, default) is not default:
                self.options[code, name].add(self._check)

    def watch(self, counterpart: Counterpart) -> None:
        """Record the values of this counterpart, too, if it is an option."""
        if counterpart.kind == "parameter" and (function := _function(counterpart)) is not None:
            parameters = inspect.signature(function).parameters
            self._defaults[function.__code__] = {
                name: None if parameter.default is parameter.empty else parameter.default
                for name, parameter in parameters.items()
            }

    def worlds_of(self, counterpart: Counterpart) -> list[str]:
        checks = self._checks(counterpart)
        seen = {world for check in checks for world in self.worlds[check]}
        return [world for world in kit.WORLDS if world in seen]

    def _checks(self, counterpart: Counterpart) -> set[str]:
        if isinstance(resolve(_place(counterpart)), Base):
            return self.handlers[counterpart.name] if counterpart.kind != "class" else set()
        function = _function(counterpart)
        if function is None:
            return self._by_name(counterpart)
        if counterpart.kind == "parameter":
            return self.options[function.__code__, counterpart.name]
        return self.called[function.__code__]

    def _by_name(self, counterpart: Counterpart) -> set[str]:
        value = resolve(_place(counterpart))
        try:
            file = inspect.getfile(value)
        except (TypeError, OSError):
            return set()
        name = counterpart.name or getattr(value, "__name__", "")
        return {check for check in self.modules[file] if name in self.named[check]}


def _place(counterpart: Counterpart) -> str:
    place = counterpart.place
    return place if "." in place or place[:1].isupper() else f"{place}."


def _function(counterpart: Counterpart) -> Any:
    """Return the Python function of a counterpart, or None if it has none."""
    value = resolve(_place(counterpart))
    if counterpart.kind in ("parameter", "class") and isinstance(value, type):
        for maker in ("__init__", "__new__"):
            function = inspect.getattr_static(value, maker)
            if not inspect.isfunction(function):
                continue
            if function.__code__.co_filename.startswith(PACKAGE):
                return function
        return None
    if counterpart.kind == "attribute" and not isinstance(value, Base):
        try:
            value = inspect.getattr_static(value, counterpart.name)
        except AttributeError:
            return None
        value = getattr(value, "fget", None) or getattr(value, "__func__", value)
    value = inspect.unwrap(value) if callable(value) else value
    return value if inspect.isfunction(value) else None


def _names(check: Any) -> set[str]:
    """Return each attribute, name, keyword and string in a check, and the fields of its cases."""
    tree = ast.parse(inspect.getsource(check))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.keyword) and node.arg:
            names.add(node.arg)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names.add(node.value)
    return names.union(_fields([*(kit.marks(check).cases or {}).values()]))


def _fields(value: Any) -> Iterator[str]:
    """Yield the field names of the NamedTuples in a value."""
    if isinstance(value, (list, tuple)):
        yield from getattr(value, "_fields", ())
        for item in cast("Iterable[Any]", value):
            yield from _fields(item)


def record(surface_members: list[Any]) -> Recording:
    """Run the contract checks in the fake world, and return their recorded calls.

    Raises:
        SystemExit: pytest could not run the checks.
    """
    recording = Recording()
    for member in surface_members:
        for counterpart in member.counterparts:
            recording.watch(counterpart)
    # The package is imported before pytest starts, so pytest cannot rewrite its asserts.
    rewriting = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
    options = ["-q", "--no-header", "-p", "no:cacheprovider", "--world", "fake", "-W", rewriting]
    status = pytest.main([*options, CHECKS], plugins=[recording])
    if status not in (0, 1):
        raise SystemExit(f"pytest ended with {status}")
    return recording
