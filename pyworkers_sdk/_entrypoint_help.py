"""The text that ``help(WorkerEntrypoint)`` shows, read from the class that type checkers see."""

from __future__ import annotations

import ast
from inspect import getsource
from sys import modules
from textwrap import indent

__all__ = ["documentation"]


def documentation(module: str, name: str) -> str | None:
    """Return the docstrings of a class that exists only for type checkers, and of its methods.

    None without source code, or without docstrings, as in the wheels for Pyodide.
    """
    try:
        tree = ast.parse(getsource(modules[module]))
    except OSError:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == name:
            return _text(node)
    return None


def _text(node: ast.ClassDef) -> str | None:
    summary = ast.get_docstring(node)
    if summary is None:
        return None
    parts = [summary]
    for member in node.body:
        if not isinstance(member, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if text := ast.get_docstring(member):
            prefix = "async def" if isinstance(member, ast.AsyncFunctionDef) else "def"
            returns = f" -> {ast.unparse(member.returns)}" if member.returns else ""
            signature = f"{prefix} {member.name}({ast.unparse(member.args)}){returns}"
            parts.append(f"{signature}\n{indent(text, '    ')}")
    return "\n\n".join(parts)
