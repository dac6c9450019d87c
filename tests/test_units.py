"""Every duration takes a timedelta, and its documentation has the unit of a bare number."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import pyworkers_sdk

FOLDER = Path(pyworkers_sdk.__file__).parent
NOT_THE_API = ("_border", "_cpython", "_js", "cli", "config", "fakes")
PRIVATE_BUT_PUBLISHED = ("__init__.py", "_clock.py", "_faults.py", "_fake.py", "_vectors.py")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

DURATION = re.compile(
    r"(^|_)(ttl|timeout|delay|duration|interval|max_age|expiration|keep_alive|retention"
    r"|expires_in|milliseconds|seconds|latency|elapsed)(_|$)|_ms$"
)
UNIT = re.compile(r"\b(second|minute|hour|day|millisecond|ms)s?\b|timedelta|datetime|1970")

NO_DURATIONS = {
    "SpeechStreamInput.utterance_end_ms": "a bool, as the model's page has it",
    "R2Conditional.seconds_granularity": "a bool",
}
OTHER_TYPES = {
    "AiSearchSettings.sync_interval": "one of six numbers, which a checker compares",
    "SpeechStreamOutput.duration": "a field of an answer",
}


class Place(NamedTuple):
    """A parameter or a field of the public API."""

    owner: str
    name: str
    annotation: str
    documentation: str
    is_parameter: bool


def _public_files() -> Iterator[Path]:
    for file in sorted(FOLDER.rglob("*.py")):
        parts = file.relative_to(FOLDER).parts
        is_public = not any(part.startswith("_") and part != "__init__.py" for part in parts[:-1])
        is_private = parts[-1].startswith("_") and parts[-1] not in PRIVATE_BUT_PUBLISHED
        if is_public and not is_private and not {*parts} & {*NOT_THE_API}:
            yield file


def _argument(docstring: str, name: str) -> str:
    """Return the summary of a docstring, and the entry of a parameter in its section Args."""
    entry = re.search(rf"^ +{name}: (.*\n(?: {{16,}}.*\n)*)", docstring + "\n", re.MULTILINE)
    return docstring.partition("\n")[0] + " " + (entry[1] if entry else "")


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef, owner: str) -> Iterator[Place]:
    overload = any("overload" in ast.unparse(each) for each in function.decorator_list)
    docstring = ast.get_docstring(function, clean=False) or ""
    for argument in [*function.args.args, *function.args.kwonlyargs]:
        if DURATION.search(argument.arg) and argument.annotation is not None:
            yield Place(
                f"{owner}{function.name}.",
                argument.arg,
                ast.unparse(argument.annotation),
                "seconds" if overload else _argument(docstring, argument.arg),
                is_parameter=True,
            )


def _fields(cls: ast.ClassDef) -> Iterator[Place]:
    is_input = any(
        "TypedDict" in ast.unparse(base) or "Options" in ast.unparse(base) for base in cls.bases
    )
    following = [*cls.body[1:], ast.Pass()]
    for member, after in zip(cls.body, following, strict=True):
        if isinstance(member, ast.AnnAssign) and DURATION.search(ast.unparse(member.target)):
            is_text = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            yield Place(
                f"{cls.name}.",
                ast.unparse(member.target),
                ast.unparse(member.annotation),
                str(after.value.value) if is_text else "",  # type: ignore[attr-defined]
                is_parameter=is_input and "Result" not in cls.name and "Log" not in cls.name,
            )


def _places() -> Iterator[Place]:
    for file in _public_files():
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, FUNCTIONS) and not node.name.startswith("_"):
                yield from _parameters(node, "")
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield from _fields(node)
                for member in node.body:
                    if isinstance(member, FUNCTIONS) and not member.name.startswith("_"):
                        yield from _parameters(member, f"{node.name}.")


PLACES = {
    name: place for place in _places() if (name := f"{place.owner}{place.name}") not in NO_DURATIONS
}


def test_durations_are_found() -> None:
    assert len(PLACES) > 60
    assert {"KV.put.expiration_ttl", "WorkflowStep.sleep.duration"} < {*PLACES}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_duration_has_its_unit_in_its_documentation(place: Place) -> None:
    assert UNIT.search(place.documentation), place


PASSED = {
    name: place for name, place in PLACES.items() if place.is_parameter and name not in OTHER_TYPES
}


@pytest.mark.parametrize("place", PASSED.values(), ids=PASSED)
def test_duration_that_a_program_passes_may_be_a_timedelta(place: Place) -> None:
    types = ("timedelta", "WorkflowDuration", "WorkflowRetention", "datetime", "Any")
    assert any(each in place.annotation for each in types), place
