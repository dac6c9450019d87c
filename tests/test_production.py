"""The files that a Worker runs: the package without the parts for tests and type checkers."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from scripts import production
from scripts.production import ABSENT, PACKAGE

PRODUCTION = [
    file
    for file in production.sources()
    if file.suffix == ".py" and file.relative_to(PACKAGE).parts[0] not in ABSENT
]


def _name(file: Path) -> str:
    return ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts)


def _places(tree: ast.AST) -> list[tuple[int, int]]:
    nodes = [node for node in ast.walk(tree) if not isinstance(node, ast.Pass)]
    return [
        (node.lineno, node.col_offset) for node in nodes if isinstance(node, ast.stmt | ast.expr)
    ]


class _Stripped(ast.NodeTransformer):
    """The tree that a blanked file must have, worked out another way than from its text."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for field in ("body", "orelse", "finalbody"):
            body = getattr(node, field, None)
            if isinstance(body, list) and body:
                kept = [one for one in body if not production.is_string(one)]
                if not kept and not isinstance(node, ast.Module):
                    kept = [ast.copy_location(ast.Pass(), body[0])]
                setattr(node, field, kept)
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        if ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.copy_location(ast.Pass(), node.body[0])]
        return self.generic_visit(node)


@pytest.mark.parametrize("file", PRODUCTION, ids=_name)
def test_blanked_file_is_the_same_program_on_the_same_lines(file: Path) -> None:
    source = file.read_bytes()
    blanked = production.blanked(source)
    expected, tree = _Stripped().visit(ast.parse(source)), ast.parse(blanked)
    assert ast.dump(tree) == ast.dump(expected)
    assert _places(tree) == _places(expected)
    assert blanked.count(b"\n") == source.count(b"\n")


def test_blanked_source_keeps_strings_that_are_values() -> None:
    source = '''\
"""Module."""
X = 1  # ü
"""What X is."""
TEXT = """# no comment{space}
"""  # ä
class Empty(Exception):
    """Only this."""
def one(): "doc"
def two():
    """One
    two."""
    return "# ß", 'a'  # ö
if TYPE_CHECKING:  # why
    @overload
    def f(): ...
    class C:
        """Doc."""
else:
    """No doc."""
'''
    expected = '''\

X = 1

TEXT = """# no comment{space}
"""
class Empty(Exception):
    pass
def one(): pass
def two():


    return "# ß", 'a'
if TYPE_CHECKING:
    pass



else:
    pass
'''
    blanked = production.blanked(source.replace("{space}", " ").encode())
    assert blanked.decode() == expected.replace("{space}", " ")


@pytest.mark.parametrize("file", PRODUCTION, ids=_name)
def test_production_module_imports_nothing_that_is_absent_on_emscripten(file: Path) -> None:
    is_package = file.name == "__init__.py"
    name = _name(file).removesuffix(".__init__")
    imported = production.imported_modules(name, file.read_bytes(), is_package=is_package)
    absent = tuple(f"{PACKAGE.name}.{folder}" for folder in ABSENT)
    assert [one for one in imported if one in absent or one.startswith(absent)] == []


def test_imports_of_another_platform_and_of_type_checkers_do_not_count() -> None:
    source = """
import a, b.c
if TYPE_CHECKING:
    from . import _js
if sys.platform == "emscripten":
    from .here import x
else:
    from .._cpython.border import *
def lazy():
    from ..d1 import D1
"""
    names = production.imported_modules("pkg._border", source, is_package=True)
    assert names == {"a", "b.c", "pkg._border.here", "pkg._border.here.x", "pkg.d1", "pkg.d1.D1"}
    names = production.imported_modules("pkg.kv", "from .d1 import D1", is_package=False)
    assert names == {"pkg.d1", "pkg.d1.D1"}
