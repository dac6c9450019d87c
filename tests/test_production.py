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
    """Return line and column of each node; behind an annotation, the line only."""
    places: list[tuple[int, int]] = []
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, in_header = waiting.pop()
        if isinstance(node, ast.stmt | ast.expr) and not isinstance(node, ast.Pass):
            places.append((node.lineno, 0 if in_header else node.col_offset))
        in_header = in_header or isinstance(node, ast.arguments)
        for child in ast.iter_child_nodes(node):
            is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            is_moved = isinstance(node, ast.Assign) and child is node.value
            indent = getattr(child, "col_offset", 0) - getattr(node, "col_offset", 0)
            on_one_line = is_function and isinstance(child, ast.stmt) and indent > 4
            waiting.append((child, in_header or on_one_line or is_moved))
    return places


def _is_dead(node: ast.AST) -> bool:
    is_overload = any(
        isinstance(one, ast.Name) and one.id == "overload"
        for one in getattr(node, "decorator_list", [])
    )
    is_for_checkers = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    return (
        production.is_string(node)
        or is_overload
        or (is_for_checkers and not getattr(node, "orelse", []))
    )


def _plain(node: ast.AST) -> ast.AST:
    """Return an assignment without its annotation, if that ends in the same line."""
    if not (isinstance(node, ast.AnnAssign) and node.value):
        return node
    if node.lineno != node.annotation.end_lineno:
        return node
    return ast.copy_location(ast.Assign([node.target], node.value), node)


class _Stripped(ast.NodeTransformer):
    """The tree that a blanked file must have, worked out another way than from its text."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for field in ("body", "orelse", "finalbody"):
            body = getattr(node, field, None)
            if isinstance(body, list) and body:
                kept = [one for one in body if not _is_dead(one)]
                if not isinstance(node, ast.ClassDef):
                    kept = [_plain(one) for one in kept]
                if not kept and not isinstance(node, ast.Module):
                    kept = [ast.copy_location(ast.Pass(), body[0])]
                setattr(node, field, kept)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

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
@overload
def three(a: int, /) -> int: ...
@overload
def three(*, b: str = ...) -> str: ...
async def three(a: int = 0, /, *rest: int, ü: dict[
    str, int
] | None = None, b: str = "b", **more: Any) -> "int | str":  # why
    x: int = a
    return lambda y: y
class Two:
    x: int = 1
    @overload
    def f(self) -> None: ...
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




async def three(a = 0, /, *rest, ü

 = None, b = "b", **more):
    x = a
    return lambda y: y
class Two:
    x: int = 1


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
