"""The coverage of the Workers runtime's API by the package: ``docs/bindings.md``.

``docs/binding-surface.json`` lists every JavaScript member. By default, its Python counterpart has
the same name in the class of the same name. ``docs/surface_map.toml`` lists the other counterparts,
and the reasons for members without one. ``scripts/coverage-table`` runs the contract checks on the
fakes to record which members each check calls, and writes the table.
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
# Packages without public counterparts.
HIDDEN = ("_border", "_js", "_cpython", "testing")
# Tiers in which every member needs a counterpart or a reason.
STRICT = ("core", "common")


class Counterpart(NamedTuple):
    """The Python side of a member: an attribute such as ``KV.put``, or one of its parameters."""

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
    """A member of a JavaScript interface, with its counterparts or the reason for having none."""

    group: str
    interface: str
    name: str
    data: dict[str, Any]
    counterparts: tuple[Counterpart, ...]
    reason: str | None
    later: bool  # the map lists it under not_yet

    def __str__(self) -> str:
        return f"{self.interface}.{self.name}"


@cache
def modules() -> dict[str, ModuleType]:
    """Return the package's modules by their names, with dots replaced by underscores."""
    by_name = {
        info.name.removeprefix("pyworkers_sdk.").replace(".", "_"): import_module(info.name)
        for info in pkgutil.walk_packages(pyworkers_sdk.__path__, "pyworkers_sdk.")
        if info.name.split(".")[1] not in HIDDEN
    }
    return {name: by_name[name] for name in sorted(by_name)}


@cache
def objects() -> dict[str, Any]:
    """Return every class and function by its name; names of the package itself take precedence."""
    by_name: dict[str, Any] = {}
    for name, module in modules().items():
        for key, value in vars(module).items():
            home = getattr(value, "__module__", None) == module.__name__
            if home and not key.startswith("_") and not name.startswith("_"):
                by_name.setdefault(key, value)
    return by_name | {name: getattr(pyworkers_sdk, name) for name in pyworkers_sdk.__all__}


def names_of(value: Any) -> dict[str, str]:
    """Return the names in a class, a function or a module, each with its kind of counterpart."""
    if isinstance(value, Base):
        base_class: Any = value.__mro_entries__(())[0]
        handlers = [name for name, *_ in base_class._handlers.values()]
        return dict.fromkeys([*handlers, "ctx", "env", "__init__"], "attribute")
    if isinstance(value, ModuleType):
        return dict.fromkeys(vars(value), "attribute")
    if not isinstance(value, type):
        return dict.fromkeys(_parameters(value), "parameter")
    kinds: dict[str, str] = {}
    own = [base for base in value.__mro__ if base.__module__.startswith("pyworkers_sdk")]
    for base in reversed(own):
        for maker in ("__init__", "__new__"):
            if inspect.isfunction(base.__dict__.get(maker)):
                kinds |= dict.fromkeys(_parameters(base.__dict__[maker]), "parameter")
    for base in reversed(own):
        kinds |= dict.fromkeys(inspect.get_annotations(base), "attribute")
        kinds |= dict.fromkeys(base.__dict__, "attribute")
    return kinds


def _parameters(function: Any) -> Iterable[str]:
    try:
        return [*inspect.signature(function).parameters]
    except (TypeError, ValueError):
        return []


def resolve(place: str) -> Any:
    """Return the object at a place: "KV", "KV.put" or "http.fetch", or the module "http."."""
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
    """Every JavaScript member, matched with its Python counterparts."""

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
        for group, info in self.data["groups"].items():
            for interface, shape in info["interfaces"].items():
                for name, data in shape.get("members", {}).items():
                    counterparts = tuple(self.counterparts(interface, name))
                    section, reason = None, None
                    if not counterparts:
                        section, reason = self.excuse(group, interface, name, shape, data)
                    yield Member(
                        group, interface, name, data, counterparts, reason, section == "not_yet"
                    )

    def places(self, interface: str) -> list[str]:
        """Return the places that may hold the counterparts of an interface's members."""
        mapped = self.map["places"].get(interface)
        if mapped is not None:
            return [mapped] if isinstance(mapped, str) else mapped
        own = interface.split(".")[-1].removesuffix(" (constructor)")
        own = self.map["places"].get(own, own)
        if own not in objects():
            own = own.removeprefix("Ai")
        listed = [own] if isinstance(own, str) else own
        return [
            place for place in listed if place.endswith(".") or place.split(".")[0] in objects()
        ]

    def counterparts(self, interface: str, name: str) -> Iterator[Counterpart]:
        data = self.interfaces[interface]["members"][name]
        python_name = self._python_name(interface, name, data)
        if "." in python_name:
            place, _, attribute = python_name.rpartition(".")
            yield from self._in(place, attribute, attribute, data)
            return
        for place in self._reach(interface):
            yield from self._in(place, python_name, name, data)

    def _python_name(self, interface: str, name: str, data: dict[str, Any]) -> str:
        for key in (f"{interface}.{name}", f"*.{name}"):
            if key in self.map["names"]:
                self.used.add(("names", key))
                python_name: str = self.map["names"][key]
                return python_name
        return str(data["python"])

    def _in(
        self, place: str, name: str, js_name: str, data: dict[str, Any]
    ) -> Iterator[Counterpart]:
        try:
            value = resolve(place)
        except (AttributeError, KeyError):
            raise LookupError(f"docs/surface_map.toml: unknown place {place}") from None
        if data["kind"] == "constructor":
            yield Counterpart(place, "", "class")
        elif data["kind"] == "index":
            if name in names_of(value) or (isinstance(value, type) and issubclass(value, dict)):
                yield Counterpart(place, "", "item")
        else:
            # The keys of plain data keep their JavaScript names.
            names = names_of(value)
            match = next((key for key in (name, js_name) if key in names), None)
            if match is not None:
                yield Counterpart(place.rstrip("."), match, names[match])

    def _reach(self, interface: str) -> list[str]:
        """Return the places of an interface, and the methods that take it as their options."""
        places = self.places(interface)
        if interface in self.map["places"]:
            return places
        for holder, shape in self.interfaces.items():
            for name, data in shape.get("members", {}).items():
                if interface in data.get("takes", ()) and holder != interface:
                    places += [
                        f"{method.place}.{method.name}"
                        for method in self._methods(holder, name, data)
                    ]
        for holder, shape in self.interfaces.items():
            if interface in shape.get("extends", ()):
                places += self._reach(holder)
        return [*dict.fromkeys(places)]

    def _methods(self, holder: str, name: str, data: dict[str, Any]) -> Iterator[Counterpart]:
        python_name = self._python_name(holder, name, data)
        if data["kind"] == "constructor":
            python_name = "__init__"
        if "." in python_name:
            place, _, attribute = python_name.rpartition(".")
            yield Counterpart(place, attribute, "attribute")
            return
        for place in self.places(holder):
            if isinstance(resolve(place), Base):  # the runtime chooses a handler's arguments
                continue
            kind = names_of(resolve(place)).get(python_name)
            if kind == "attribute" or python_name == "__init__":
                yield Counterpart(place, python_name, "attribute")

    def excuse(
        self, group: str, interface: str, name: str, shape: dict[str, Any], data: dict[str, Any]
    ) -> tuple[str | None, str | None]:
        """Return the map's section and reason for a member without a counterpart.

        The map may give the reason for the member, its interface or its whole group.
        """
        for section in ("left_out", "not_yet"):
            for key in (f"{interface}.{name}", interface, f"*.{name}", group):
                if key in self.map[section]:
                    self.used.add((section, key))
                    return section, self.map[section][key]
        if data.get("experimental") or shape.get("experimental"):
            return "left_out", "experimental: needs a flag in every published runtime"
        return None, None

    # Questions of the tests

    def missing(self) -> list[Member]:
        """Return core and common members that have neither a counterpart nor a reason."""
        return [
            member
            for member in self.members
            if self.tier(member.group) in STRICT
            and not member.counterparts
            and member.reason is None
        ]

    def stale(self) -> list[str]:
        """Return the unused lines of the map."""
        _ = self.members
        return [
            f"[{section}] {key}"
            for section in ("names", "left_out", "not_yet")
            for key in self.map[section]
            if (section, key) not in self.used
        ]

    def unknown(self) -> list[str]:
        """Return the lines of the map about unknown interfaces."""
        return [key for key in self.map["places"] if key not in self.interfaces]

    def tier(self, group: str) -> str:
        tier: str = self.data["groups"][group]["tier"]
        return tier

    def totals(self) -> dict[str, Counter[str]]:
        """Count the members of each tier: there, left out, later, open and all."""
        totals: dict[str, Counter[str]] = {}
        for member in self.members:
            counter = totals.setdefault(self.tier(member.group), Counter())
            counter["all"] += 1
            if member.counterparts:
                counter["there"] += 1
            elif member.later:
                counter["later"] += 1
            elif member.reason is not None:
                counter["left out"] += 1
            else:
                counter["open"] += 1
        return totals


# The table --------------------------------------------------------------------------------------

INTRO = """# Bindings: coverage of the runtime's API

This table lists every member of the Workers runtime's bindings and its Python counterpart. The
list of members comes from {source}.
`scripts/coverage-table` writes this file from `docs/binding-surface.json`, `docs/surface_map.toml`
and a run of the contract checks. `tests/test_surface.py` fails if a member of a core or common
group has neither a counterpart nor a reason.

"Checked in" lists the worlds in which a contract check uses the member: the fakes, Node (Pyodide
over miniflare's bindings) and workerd. The calls are recorded on the fakes: a check that calls a
method there calls it in every world in which the check runs. An option counts if a check passes a
value other than its default. A field counts if a check names it and calls something of its module.
Members that only other tests use have an empty cell.

| tier | members | covered | left out, with a reason | not yet |
|---|--:|--:|--:|--:|
"""


def render(surface: Surface, recording: Any) -> str:
    lines = [INTRO.format(source=surface.data["source"])]
    for tier, count in surface.totals().items():
        share = f"{count['there']} ({count['there'] / count['all']:.0%})"
        later = count["later"] + count["open"]
        lines.append(f"| {tier} | {count['all']} | {share} | {count['left out']} | {later} |\n")
    by_group: dict[str, dict[str, list[Member]]] = {}
    for member in surface.members:
        by_group.setdefault(member.group, {}).setdefault(member.interface, []).append(member)
    for group, interfaces in by_group.items():
        info = surface.data["groups"][group]
        every = [member for members in interfaces.values() for member in members]
        there = sum(bool(member.counterparts) for member in every)
        lines.append(f"\n## {info['title']}\n\n{info['tier']}, {there} of {len(every)}\n\n")
        lines.append("| JavaScript | Python | checked in |\n|---|---|---|\n")
        for members in interfaces.values():
            lines += [_row(member, recording) for member in members]
    return "".join(lines)


def _row(member: Member, recording: Any) -> str:
    places = ", ".join(f"`{counterpart}`" for counterpart in member.counterparts)
    if not member.counterparts:
        reason = member.reason or "missing"
        places = f"*{reason}*" if member.later or member.reason is None else f"left out: {reason}"
    worlds = {
        world for counterpart in member.counterparts for world in recording.worlds_of(counterpart)
    }
    return f"| `{member}` | {places} | {_shortened(worlds)} |\n"


def _shortened(worlds: set[str]) -> str:
    from tests.contract.kit import WORLDS, World

    labels: list[str] = []
    for engine in ("fake", "node", "workerd"):
        every = [name for name in WORLDS if World(name).engine == engine]
        some = [name for name in every if name in worlds]
        labels += [engine] if some == every else some
    return ", ".join(labels)


def main() -> None:
    from tests.surface_worlds import record

    surface = Surface()
    text = render(surface, record(surface.members))
    (DOCS / "bindings.md").write_text(text)
    for tier, count in surface.totals().items():
        print(f"{tier}: {count['there']} of {count['all']} members, {count['left out']} left out")


if __name__ == "__main__":
    main()
