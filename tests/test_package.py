"""The names that the package offers, and the cost of importing it."""

from __future__ import annotations

import ast
import subprocess
import sys
import types
from pathlib import Path

import pytest

import pyworkers_sdk
from pyworkers_sdk import testing
from scripts import production, public_names


def _source(package: types.ModuleType) -> str:
    return Path(str(package.__file__)).read_text(encoding="utf-8")


NAMES = pyworkers_sdk._HOMES


@pytest.mark.parametrize("package", [pyworkers_sdk, testing])
def test_lazy_table_is_what_type_checkers_see(package: types.ModuleType) -> None:
    names = public_names.public_names(_source(package))
    assert names == package._HOMES
    assert package.__all__ == sorted(names)
    assert set(names) <= set(dir(package))


@pytest.mark.parametrize("package", [pyworkers_sdk, testing])
def test_lazy_table_is_a_literal(package: types.ModuleType) -> None:
    tables = [
        ast.literal_eval(node.value)
        for node in ast.parse(_source(package)).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_HOMES"
    ]
    assert tables == [package._HOMES]


def test_lazy_table_gains_a_name_that_was_imported() -> None:
    before = _source(testing)
    source = before.replace(
        "    from ._fake", "    from .new import New as New\n    from ._fake", 1
    )
    assert '    "New": ".new",\n' in public_names.with_table(source)
    assert public_names.with_table(before) == before


@pytest.mark.parametrize("name", NAMES)
def test_each_name_loads_from_its_module(name: str) -> None:
    found = getattr(pyworkers_sdk, name)
    if isinstance(found, type):
        assert found.__module__ == f"pyworkers_sdk{NAMES[name]}"
        assert found.__doc__


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'pyworkers_sdk' has no attribute 'Nope'"):
        _ = pyworkers_sdk.Nope


def _loaded_by(code: str) -> set[str]:
    printed = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    )
    return set(printed.stdout.split())


def test_importing_the_package_loads_nothing_else_of_weight() -> None:
    loaded = _loaded_by("import pyworkers_sdk")
    heavy = {"pydantic", "pytest", "asyncio", "js", "typing_extensions", "dataclasses"}
    assert not loaded & heavy
    assert {name for name in loaded if name.startswith("pyworkers_sdk")} == {"pyworkers_sdk"}


def test_typing_extensions_is_for_type_checkers_only() -> None:
    # From Python 3.13 on it is not a dependency; below, it would cost an import.
    importing = [
        f"{file.name}:{node.lineno}"
        for file in production.sources()
        if file.suffix == ".py"
        for node in production.run_time_imports(file.read_bytes(), any_platform=True)
        if "typing_extensions" in ast.unparse(node)
    ]
    assert importing == []


def test_production_never_loads_testing() -> None:
    loaded = _loaded_by("import pyworkers_sdk as sdk\nfor name in sdk.__all__: getattr(sdk, name)")
    heavy = {"pydantic", "http.client", "typing_extensions", "dataclasses", "pyworkers_sdk.testing"}
    assert not loaded & heavy


def test_every_public_member_has_a_description() -> None:
    """A docstring is more than the name of the JavaScript member."""
    silent = [
        f"{name}.{member}"
        for name in NAMES
        if isinstance(cls := getattr(pyworkers_sdk, name), type)
        for member, value in vars(cls).items()
        if isinstance(value, types.FunctionType | property | classmethod | staticmethod)
        and not member.startswith("_")
        and not _description(value.fget if isinstance(value, property) else value)
    ]
    assert silent == []


def _description(member: object) -> bool:
    text = (member.__doc__ or "").strip()
    return bool(text) and not text.startswith("JS:")
