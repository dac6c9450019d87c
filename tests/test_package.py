# ruff: noqa: SIM905
"""What the package offers, and what importing it costs."""

from __future__ import annotations

import subprocess
import sys
import types

import pytest

import pyworkers_sdk

NAMES = """
    BindingError Blob ConversionError D1 D1ConstraintError D1DatabaseSession D1Error D1ExecResult
    D1Meta D1PreparedStatement D1Result Env ExecutionContext HTTPMetadata Headers KV KVError
    KVListKey KVListResult KVValueWithMetadata Message MessageBatch MessageSendRequest Queue
    QueueError QueueMetadata QueueMetrics QueueSendResponse R2 R2Checksums R2Conditional R2Error
    R2MultipartUpload R2Object R2ObjectBody R2ObjectRange R2Objects R2Range R2UploadedPart
    ReadableStream Request Response RowError StreamError WorkerEntrypoint WorkersError
""".split()


def test_the_exported_names() -> None:
    assert sorted(pyworkers_sdk.__all__) == sorted(NAMES)
    assert sorted(pyworkers_sdk._HOME) == sorted(NAMES)
    assert set(NAMES) <= set(dir(pyworkers_sdk))


@pytest.mark.parametrize("name", NAMES)
def test_each_name_loads_from_its_module(name: str) -> None:
    found = getattr(pyworkers_sdk, name)
    if isinstance(found, type):
        assert found.__module__ == f"pyworkers_sdk.{pyworkers_sdk._HOME[name]}"
        assert found.__doc__


def test_another_name_is_an_attribute_error() -> None:
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


def test_production_never_loads_testing() -> None:
    loaded = _loaded_by("import pyworkers_sdk as sdk\nfor name in sdk.__all__: getattr(sdk, name)")
    heavy = {"pydantic", "http.client", "typing_extensions", "dataclasses", "pyworkers_sdk.testing"}
    assert not loaded & heavy


def test_every_public_member_of_a_public_class_says_something() -> None:
    silent = [
        f"{name}.{member}"
        for name in NAMES
        if isinstance(kind := getattr(pyworkers_sdk, name), type)
        for member, value in vars(kind).items()
        if isinstance(value, types.FunctionType | property | classmethod | staticmethod)
        and not member.startswith("_")
        and not (value.fget if isinstance(value, property) else value).__doc__
    ]
    assert silent == []
