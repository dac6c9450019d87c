"""The Protocols of pyworkers_sdk/_js, and whether tests/typing/fakes.py holds all of them."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pyworkers_sdk

PACKAGE = Path(pyworkers_sdk.__file__).parent
PROTOCOLS = sorted((PACKAGE / "_js").glob("[!_]*.py"))
CHECKS = Path(__file__).parent / "typing" / "fakes.py"

WITHOUT_FAKE = {
    "D1Result": "the fake answers with a dict, as it does for every plain object",
    "TraceItem": "testing/runtime/traces.py builds a SimpleNamespace from JSON",
}
WITHOUT_PROTOCOL = {
    "FakeDurableObjectClass": "opaque: JavaScript has no member to call",
    "FakeExports": "its members are the exports of the Worker under test",
    "FakeLoopbackDurableObjectClass": "opaque: JavaScript has no member to call",
    "FakeObject": "the engine of one Durable Object, which no JavaScript reaches",
    "FakeRuntime": "the runtime of a test, which no JavaScript reaches",
}


def _classes(file: Path) -> list[ast.ClassDef]:
    return [node for node in ast.parse(file.read_text()).body if isinstance(node, ast.ClassDef)]


def _checks() -> list[tuple[str, str]]:
    """Return each class that is checked and its Protocol, in the order of the file."""
    checks: list[tuple[str, str]] = []
    for node in ast.parse(CHECKS.read_text()).body:
        if isinstance(node, ast.AnnAssign):
            assert isinstance(node.annotation, ast.Subscript), ast.unparse(node)
            assert node.value is not None, ast.unparse(node)
            protocol, fake = ast.unparse(node.annotation.slice), ast.unparse(node.value)
            checks.append((fake.rpartition(".")[2], protocol.removeprefix("_js.")))
    return checks


def test_each_protocol_is_held_by_a_fake_or_has_a_reason() -> None:
    bases = {
        protocol.name: [ast.unparse(base) for base in protocol.bases]
        for file in PROTOCOLS
        for protocol in _classes(file)
    }
    held: set[str] = set()
    reached = [protocol for _, protocol in _checks()]
    while reached:  # a class that satisfies a Protocol satisfies its bases
        protocol = reached.pop()
        held.add(protocol)
        reached += bases.get(protocol, [])
    assert set(bases) - held == set(WITHOUT_FAKE)


def test_each_fake_is_held_to_a_protocol_or_has_a_reason() -> None:
    fakes = {
        fake.name
        for file in (PACKAGE / "testing").rglob("*.py")
        for fake in _classes(file)
        if fake.name.startswith("Fake")
    }
    assert fakes - {fake for fake, _ in _checks()} == set(WITHOUT_PROTOCOL)


def test_checks_stand_in_the_order_of_the_protocols() -> None:
    order = [protocol.name for file in PROTOCOLS for protocol in _classes(file)]
    checked = [protocol for _, protocol in _checks()]
    assert checked == sorted(checked, key=order.index)


def test_files_of_protocols_import_each_other_without_a_circle() -> None:
    imports = {
        file.stem: [
            str(node.module)
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.ImportFrom) and node.level
        ]
        for file in PROTOCOLS
    }
    TopologicalSorter(imports).prepare()  # raises CycleError
