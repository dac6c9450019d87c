"""The part of the package that a Worker runs, and that the wheels for Pyodide hold.

The builder of the wheels, the real worlds of the tests and scripts/upload-size take it from here.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeGuard

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "pyworkers_sdk"
ABSENT = ("_js", "_cpython", "testing", "cli", "py.typed")
"""What no Worker needs: it is for type checkers, plain CPython and the command line."""

# The conditions of branches whose value on Emscripten is known.
_CONDITIONS = {
    "TYPE_CHECKING": False,
    "not TYPE_CHECKING": True,
    "sys.platform == 'emscripten'": True,
    "sys.platform != 'emscripten'": False,
}
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
_TYPE_CHECKING = {name: value for name, value in _CONDITIONS.items() if "TYPE_CHECKING" in name}


def sources(package: Path = PACKAGE) -> list[Path]:
    """Return every file of the package in a working tree."""
    files = [file for file in package.rglob("*") if "__pycache__" not in file.parts]
    return sorted(file for file in files if file.is_file())


def production_files(files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of each file that a Worker needs, its source blanked.

    Args:
        files: Path ("pyworkers_sdk/d1.py") and content of every file of the package.
    """
    for name, content in files:
        if name.split("/")[1] not in ABSENT:
            yield name, blanked(content) if name.endswith(".py") else content


def lay_out(folder: Path, package: Path = PACKAGE) -> None:
    """Write the production files of a working tree below ``folder``."""
    whole = (
        (f"{PACKAGE.name}/{file.relative_to(package).as_posix()}", file.read_bytes())
        for file in sources(package)
    )
    for name, content in production_files(whole):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


# Blanking ---------------------------------------------------------------------------------------


def blanked(source: bytes) -> bytes:
    """Return the source without docstrings, comments and code for type checkers only.

    Annotations go, too, except those of classes: nothing reads the others at run time. Every
    statement that is left keeps its line and column, so tracebacks stay right. A body that would be
    empty gets a ``pass``.
    """
    lines = source.splitlines(keepends=True)

    def cut(start: _Place, end: _Place, instead: bytes = b"") -> None:
        for number in range(start[0], end[0] + 1):
            line = lines[number - 1]
            before = line[: start[1]] + instead if number == start[0] else b""
            after = line[end[1] :] if number == end[0] else b""
            lines[number - 1] = (before + after).rstrip() + b"\n"

    # From the end, because a cut moves what follows it in its line.
    for start, end, instead in sorted(_cuts(ast.parse(source), lines), reverse=True):
        cut(start, end, instead)
    for token in tokenize.tokenize(io.BytesIO(b"".join(lines)).readline):
        if token.type == tokenize.COMMENT:
            number, characters = token.start  # where ast counts bytes
            column = len(lines[number - 1].decode()[:characters].encode())
            cut((number, column), (number, column + len(token.string.encode())))
    return b"".join(lines)


_Place = tuple[int, int]
_Cut = tuple[_Place, _Place, bytes]


def _cuts(node: ast.AST, lines: list[bytes]) -> Iterator[_Cut]:
    """Yield begin and end of each dead part, and its replacement."""
    bodies = [value for _, value in ast.iter_fields(node) if isinstance(value, list)]
    if isinstance(node, FUNCTION):
        yield from _annotations(node, lines)
    if is_for_checkers(node):
        yield _start(node.body[0]), _end(node.body[-1]), b"pass"
        bodies = [node.orelse]
    for body in bodies:
        dead = [child for child in body if is_dead(child)]
        is_whole = len(dead) == len(body) and not isinstance(node, ast.Module)
        for statement in dead:
            instead = b"pass" if is_whole and statement is dead[0] else b""
            yield _start(statement), _end(statement), instead
        for child in body:
            if is_annotated(child) and not isinstance(node, ast.ClassDef):
                yield _end(child.target), _end(child.annotation), b""
            elif isinstance(child, ast.AST) and child not in dead:
                yield from _cuts(child, lines)


def _annotations(
    function: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[bytes]
) -> Iterator[_Cut]:
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    for argument in [*named, arguments.vararg, arguments.kwarg]:
        if argument is not None and argument.annotation is not None:
            column = argument.col_offset + len(argument.arg.encode())
            yield (argument.lineno, column), _end(argument), b""
    if function.returns is not None:
        number, column = function.returns.lineno, function.returns.col_offset
        arrow = lines[number - 1].rindex(b") ->", 0, column)  # as ruff formats it
        yield (number, arrow + 1), _end(function.returns), b""


def is_string(statement: ast.AST) -> TypeGuard[ast.Expr]:
    """Return True for a docstring, or a string that documents the attribute above it."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def is_dead(statement: ast.AST) -> bool:
    """Return True for a statement that does nothing in production."""
    if is_for_checkers(statement):
        return not statement.orelse
    return is_string(statement) or is_overload(statement)


def is_for_checkers(statement: ast.AST) -> TypeGuard[ast.If]:
    """Return True for ``if TYPE_CHECKING:``."""
    return isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING"


def is_annotated(statement: ast.AST) -> TypeGuard[ast.AnnAssign]:
    """Return True for an assignment of a value whose annotation can be cut out of its line."""
    return (
        isinstance(statement, ast.AnnAssign)
        and statement.value is not None
        and statement.lineno == statement.annotation.end_lineno
    )


def is_overload(statement: ast.AST) -> bool:
    """Return True for a signature that only type checkers read."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return any(ast.unparse(one) == "overload" for one in decorators)


def _start(node: ast.stmt) -> _Place:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    # The @ is part of a decorator, but not of its node.
    places = [(node.lineno, node.col_offset)]
    places += [(one.lineno, one.col_offset - 1) for one in decorators]
    return min(places)


def _end(node: ast.stmt | ast.expr | ast.arg) -> _Place:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return node.end_lineno, node.end_col_offset


# Imports ----------------------------------------------------------------------------------------


def run_time_imports(
    source: bytes | str, *, any_platform: bool = False, called: Callable[[str], bool] | None = None
) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the imports that run on Emscripten, also those inside functions.

    Args:
        source: The source of a module.
        any_platform: Include imports that run on other platforms only.
        called: Tells by its name whether a function is ever called; the imports inside another
            function do not count.
    """
    known = _TYPE_CHECKING if any_platform else _CONDITIONS

    def walk(nodes: Iterable[ast.AST]) -> Iterator[ast.Import | ast.ImportFrom]:
        for node in nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield node
                continue
            if called is not None and isinstance(node, FUNCTION) and not called(node.name):
                continue
            holds = known.get(ast.unparse(node.test)) if isinstance(node, ast.If) else None
            if isinstance(node, ast.If) and holds is not None:
                yield from walk(node.body if holds else node.orelse)
            else:
                yield from walk(ast.iter_child_nodes(node))

    return walk([ast.parse(source)])


def imported_modules(
    name: str,
    source: bytes | str,
    *,
    is_package: bool,
    called: Callable[[str], bool] | None = None,
) -> set[str]:
    """Return the absolute names that a module may import on Emscripten.

    ``from .a import b`` counts as both ``….a`` and ``….a.b``, whichever of them is a module.
    """
    package = name.split(".") if is_package else name.split(".")[:-1]
    names: set[str] = set()
    for node in run_time_imports(source, called=called):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
            continue
        above = package[: len(package) - node.level + 1] if node.level else []
        base = ".".join([*above, *([node.module] if node.module else [])])
        names.update([base, *(f"{base}.{alias.name}" for alias in node.names)])
    return names
