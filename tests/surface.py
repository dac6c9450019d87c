"""How much of the Workers runtime's API the package has: ``docs/bindings.md``.

``docs/binding-surface.json`` has every member; ``docs/surface_map.toml`` says what its Python
counterpart is, where that is not the member of the same name of the class of the same name, or why
there is none. ``scripts/coverage-table`` runs the contract checks on the fakes, to see which member
each calls, and writes the table.
"""

from __future__ import annotations

import inspect
import json
import pkgutil
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pyworkers_sdk
from pyworkers_sdk.entrypoints import Base

DOCS = Path(__file__).resolve().parents[1] / "docs"
HIDDEN = ("_border", "_js", "_cpython", "testing")
STRICT = ("core", "common")


class Found(NamedTuple):
    """A counterpart: ``KV.put``, and of its parameters perhaps one."""

    place: str
    name: str
    kind: str  # attribute, parameter, class or item

    def __str__(self) -> str:
        if self.kind == "parameter":
            return f"{self.place}({self.name}=)"
        if self.kind in ("class", "item"):
            return self.place + ("()" if self.kind == "class" else "[…]")
        return f"{self.place}.{self.name}"


class Member(NamedTuple):
    group: str
    interface: str
    name: str
    data: dict[str, Any]
    found: tuple[Found, ...]
    reason: str | None
    later: bool

    def __str__(self) -> str:
        return f"{self.interface}.{self.name}"


@cache
def modules() -> dict[str, ModuleType]:
    found = {
        info.name.removeprefix("pyworkers_sdk.").replace(".", "_"): import_module(info.name)
        for info in pkgutil.walk_packages(pyworkers_sdk.__path__, "pyworkers_sdk.")
        if info.name.split(".")[1] not in HIDDEN
    }
    return {name: found[name] for name in sorted(found)}


@cache
def objects() -> dict[str, Any]:
    """Every class and function of the package by its name; one that is public goes first."""
    found: dict[str, Any] = {}
    for name, module in modules().items():
        for key, value in vars(module).items():
            home = getattr(value, "__module__", None) == module.__name__
            if home and not key.startswith("_") and not name.startswith("_"):
                found.setdefault(key, value)
    return found | {name: getattr(pyworkers_sdk, name) for name in pyworkers_sdk.__all__}


def names_of(value: Any) -> dict[str, str]:
    """What is in a class, a function or a module: name to kind."""
    if isinstance(value, Base):
        made: Any = value.__mro_entries__(())[0]
        handlers = [ours for ours, _ in made._handlers.values()]
        return dict.fromkeys([*handlers, "ctx", "env", "__init__"], "attribute")
    if isinstance(value, ModuleType):
        return dict.fromkeys(vars(value), "attribute")
    if not isinstance(value, type):
        return dict.fromkeys(_parameters(value), "parameter")
    found: dict[str, str] = {}
    own = [base for base in value.__mro__ if base.__module__.startswith("pyworkers_sdk")]
    for base in reversed(own):
        for maker in ("__init__", "__new__"):
            if inspect.isfunction(base.__dict__.get(maker)):
                found |= dict.fromkeys(_parameters(base.__dict__[maker]), "parameter")
    for base in reversed(own):
        found |= dict.fromkeys(inspect.get_annotations(base), "attribute")
        found |= dict.fromkeys(base.__dict__, "attribute")
    return found


def _parameters(function: Any) -> Iterable[str]:
    try:
        return [*inspect.signature(function).parameters]
    except (TypeError, ValueError):
        return []


def resolve(place: str) -> Any:
    """``"KV"``, ``"KV.put"``, ``"http.fetch"`` or, with a dot behind it, the module ``"http."``."""
    if place.endswith("."):
        return modules()[place[:-1]]
    first, *rest = place.split(".")
    if first in objects():
        value = objects()[first]
    else:
        value, rest = modules()[first], rest
    for name in rest:
        value = (
            inspect.getattr_static(value, name) if isinstance(value, type) else getattr(value, name)
        )
        value = getattr(value, "__func__", getattr(value, "fget", None) or value)
    return value


class Surface:
    def __init__(self) -> None:
        self.data = json.loads((DOCS / "binding-surface.json").read_text())
        self.map = tomllib.loads((DOCS / "surface_map.toml").read_text())
        self.used: set[tuple[str, str]] = set()
        self.interfaces = {
            name: interface
            for group in self.data["groups"].values()
            for name, interface in group["interfaces"].items()
        }

    @cached_property
    def members(self) -> list[Member]:
        return [*self._all()]

    def _all(self) -> Iterator[Member]:
        for group, about in self.data["groups"].items():
            for interface, shape in about["interfaces"].items():
                for name, data in shape.get("members", {}).items():
                    found = tuple(self.counterparts(interface, name))
                    section, reason = None, None
                    if not found:
                        section, reason = self.excuse(group, interface, name, shape, data)
                    yield Member(group, interface, name, data, found, reason, section == "not_yet")

    def places(self, interface: str) -> list[str]:
        """Where the members of an interface are looked for."""
        given = self.map["places"].get(interface)
        if given is not None:
            return [given] if isinstance(given, str) else given
        own = interface.split(".")[-1].removesuffix(" (constructor)")
        own = self.map["places"].get(own, own)
        if own not in objects():
            own = own.removeprefix("Ai")
        listed = [own] if isinstance(own, str) else own
        return [
            place for place in listed if place.endswith(".") or place.split(".")[0] in objects()
        ]

    def counterparts(self, interface: str, name: str) -> Iterator[Found]:
        data = self.interfaces[interface]["members"][name]
        given = self._given(interface, name, data)
        if "." in given:
            place, _, attribute = given.rpartition(".")
            yield from self._in(place, attribute, attribute, data)
            return
        for place in self._reach(interface):
            yield from self._in(place, given, name, data)

    def _given(self, interface: str, name: str, data: dict[str, Any]) -> str:
        for key in (f"{interface}.{name}", f"*.{name}"):
            if key in self.map["names"]:
                self.used.add(("names", key))
                given: str = self.map["names"][key]
                return given
        return str(data["python"])

    def _in(self, place: str, name: str, js_name: str, data: dict[str, Any]) -> Iterator[Found]:
        try:
            value = resolve(place)
        except (AttributeError, KeyError):
            raise LookupError(f"docs/surface_map.toml: there is no {place}") from None
        if data["kind"] == "constructor":
            yield Found(place, "", "class")
        elif data["kind"] == "index":
            if name in names_of(value) or (isinstance(value, type) and issubclass(value, dict)):
                yield Found(place, "", "item")
        else:
            # the keys of plain data keep the names that they have in JavaScript
            names = names_of(value)
            found = next((one for one in (name, js_name) if one in names), None)
            if found is not None:
                yield Found(place.rstrip("."), found, names[found])

    def _reach(self, interface: str) -> list[str]:
        """Its own places, and the methods that take it as their options."""
        places = self.places(interface)
        if interface in self.map["places"]:
            return places
        for holder, shape in self.interfaces.items():
            for name, data in shape.get("members", {}).items():
                if interface in data.get("takes", ()) and holder != interface:
                    places += [
                        f"{one.place}.{one.name}" for one in self._methods(holder, name, data)
                    ]
        for holder, shape in self.interfaces.items():
            if interface in shape.get("extends", ()):
                places += self._reach(holder)
        return [*dict.fromkeys(places)]

    def _methods(self, holder: str, name: str, data: dict[str, Any]) -> Iterator[Found]:
        given = self._given(holder, name, data)
        if data["kind"] == "constructor":
            given = "__init__"
        if "." in given:
            place, _, attribute = given.rpartition(".")
            yield Found(place, attribute, "attribute")
            return
        for place in self.places(holder):
            if isinstance(resolve(place), Base):  # a handler takes what the runtime gives
                continue
            if names_of(resolve(place)).get(given) == "attribute" or given == "__init__":
                yield Found(place, given, "attribute")

    def excuse(
        self, group: str, interface: str, name: str, shape: dict[str, Any], data: dict[str, Any]
    ) -> tuple[str | None, str | None]:
        """Why there is no counterpart: of the member, its interface or its whole group."""
        for section in ("left_out", "not_yet"):
            for key in (f"{interface}.{name}", interface, f"*.{name}", group):
                if key in self.map[section]:
                    self.used.add((section, key))
                    return section, self.map[section][key]
        if data.get("experimental") or shape.get("experimental"):
            return "left_out", "experimental: in no published runtime without a flag"
        return None, None

    # What a test asks

    def missing(self) -> list[Member]:
        """Core and common members that have neither a counterpart nor a reason."""
        return [
            member
            for member in self.members
            if self.tier(member.group) in STRICT and not member.found and member.reason is None
        ]

    def stale(self) -> list[str]:
        """Lines of the map that nothing needs any more."""
        _ = self.members
        return [
            f"[{section}] {key}"
            for section in ("names", "left_out", "not_yet")
            for key in self.map[section]
            if (section, key) not in self.used
        ]

    def unknown(self) -> list[str]:
        """Lines of the map about interfaces that do not exist."""
        return [key for key in self.map["places"] if key not in self.interfaces]

    def tier(self, group: str) -> str:
        tier: str = self.data["groups"][group]["tier"]
        return tier

    def totals(self) -> dict[str, Counter[str]]:
        """By tier: members that are there, left out with a reason, to come, and all."""
        counted: dict[str, Counter[str]] = {}
        for member in self.members:
            into = counted.setdefault(self.tier(member.group), Counter())
            into["all"] += 1
            if member.found:
                into["there"] += 1
            elif member.later:
                into["later"] += 1
            elif member.reason is not None:
                into["left out"] += 1
            else:
                into["open"] += 1
        return counted


# The table --------------------------------------------------------------------------------------

INTRO = """# Bindings: what is here

Every member that the Workers runtime's bindings have, by {source}, and its Python counterpart.
`scripts/coverage-table` writes this file from `docs/binding-surface.json`, `docs/surface_map.toml`
and a run of the contract checks; `tests/test_surface.py` fails where a member of a core or common
group has neither a counterpart nor a reason.

"Checked in" are the worlds in which a contract check uses the member: the fakes, Node (Pyodide over
miniflare's bindings) and workerd. It was seen on the fakes: a check that calls a method there calls
it in every world that it runs in. An option counts where a check gives another value than its
default, and a field where a check names it and calls something of its module. What other tests than
contract checks look at has nothing there.

| tier | members | there | left out, with a reason | not yet |
|---|--:|--:|--:|--:|
"""


def written(surface: Surface, recording: Any) -> str:
    lines = [INTRO.format(source=surface.data["source"])]
    for tier, count in surface.totals().items():
        share = f"{count['there']} ({count['there'] / count['all']:.0%})"
        later = count["later"] + count["open"]
        lines.append(f"| {tier} | {count['all']} | {share} | {count['left out']} | {later} |\n")
    by_group: dict[str, dict[str, list[Member]]] = {}
    for member in surface.members:
        by_group.setdefault(member.group, {}).setdefault(member.interface, []).append(member)
    for group, interfaces in by_group.items():
        about = surface.data["groups"][group]
        every = [member for members in interfaces.values() for member in members]
        there = sum(bool(member.found) for member in every)
        lines.append(f"\n## {about['title']}\n\n{about['tier']}, {there} of {len(every)}\n\n")
        lines.append("| JavaScript | Python | checked in |\n|---|---|---|\n")
        for members in interfaces.values():
            lines += [_row(member, recording) for member in members]
    return "".join(lines)


def _row(member: Member, recording: Any) -> str:
    places = ", ".join(f"`{found}`" for found in member.found)
    if not member.found:
        said = member.reason or "not there"
        places = f"*{said}*" if member.later or member.reason is None else f"left out: {said}"
    worlds = {world for found in member.found for world in recording.worlds_of(found)}
    return f"| `{member}` | {places} | {_shortened(worlds)} |\n"


def _shortened(worlds: set[str]) -> str:
    from tests.contract.kit import WORLDS, World

    said: list[str] = []
    for engine in ("fake", "node", "workerd"):
        every = [name for name in WORLDS if World(name).engine == engine]
        some = [name for name in every if name in worlds]
        said += [engine] if some == every else some
    return ", ".join(said)


def main() -> None:
    from tests.surface_worlds import recorded

    surface = Surface()
    text = written(surface, recorded(surface.members))
    (DOCS / "bindings.md").write_text(text)
    for tier, count in surface.totals().items():
        print(f"{tier}: {count['there']} of {count['all']} members, {count['left out']} left out")


if __name__ == "__main__":
    main()
