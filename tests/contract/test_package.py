"""The package as Pyodide installs it: complete without the parts that serve tests."""

from importlib import import_module
from importlib.util import find_spec
from pkgutil import walk_packages
from sysconfig import get_config_var

import pyworkers_sdk

from .kit import only

ABSENT = {f"pyworkers_sdk.{name}" for name in ("_js", "_cpython", "testing", "cli")}


@only("node", "workerd", reason="plain CPython has the whole package")
async def test_every_module_imports_without_the_parts_for_tests() -> None:
    modules = [module.name for module in walk_packages(pyworkers_sdk.__path__, "pyworkers_sdk.")]
    assert len(modules) > 90
    for name in modules:
        import_module(name)
    for name in ABSENT:
        assert find_spec(name) is None, name


async def test_every_public_name_loads() -> None:
    for name in pyworkers_sdk.__all__:
        assert getattr(pyworkers_sdk, name) is not None, name


@only("node", "workerd", reason="plain CPython is no platform of Pyodide's")
async def test_platform_is_one_that_the_wheels_are_tagged_for() -> None:
    names = ("PYEMSCRIPTEN_PLATFORM_VERSION", "PYODIDE_ABI_VERSION")  # as uv asks
    version = next(filter(None, map(get_config_var, names)))
    assert version in ("2024_0", "2025_0", "2026_0")
