"""Run one contract check inside Pyodide, in Node and in workerd, and return its outcome."""

from __future__ import annotations

import ast
import asyncio
import importlib.util
import json
import reprlib
import sys
import time
import traceback
from importlib.abc import InspectLoader
from types import FrameType, ModuleType
from typing import Any

from tests.contract import kit

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 300
_short.maxlist = _short.maxtuple = _short.maxdict = 20


async def run(request: str, env: Any) -> str:
    """Run a check; request and result are JSON.

    Args:
        request: ``check`` ("module:function"), ``world``, ``case`` and ``timeout`` (in seconds).
        env: The env of the Worker, or its equivalent in Node.

    Returns:
        ``outcome`` (passed, failed or skipped), ``seconds`` and ``text``.
    """
    options = json.loads(request)
    module, _, name = options["check"].partition(":")
    started = time.perf_counter()
    outcome, text = "passed", ""
    try:
        check = getattr(load(module), name)
        async with asyncio.timeout(options["timeout"]):
            await kit.call(check, kit.World(options["world"]), env, options.get("case"))
    except kit.Skipped as reason:
        outcome, text = "skipped", str(reason)
    except BaseException as error:
        outcome, text = "failed", explain(error, module)
    seconds = round(time.perf_counter() - started, 4)
    return json.dumps({"outcome": outcome, "seconds": seconds, "text": text})


def wants_state(request: str) -> bool:
    """Return True if the check must run inside a Durable Object."""
    module, _, name = json.loads(request)["check"].partition(":")
    return "state" in kit.parameters(getattr(load(module), name))


def explain(error: BaseException, module: str) -> str:
    """Return the traceback from the check on, with the variables of its and of the last frame."""
    trace = error.__traceback__
    while trace and trace.tb_frame.f_globals.get("__name__") != module:
        trace = trace.tb_next
    lines = traceback.format_exception(type(error), error, trace or error.__traceback__)
    # If the check timed out, its frames are in the cause, a CancelledError.
    source = error if trace or error.__cause__ is None else error.__cause__
    frames = [frame for frame, _ in traceback.walk_tb(source.__traceback__)]
    visible = [frame for frame in frames if "__tracebackhide__" not in frame.f_locals]
    checks = [frame for frame in frames if frame.f_globals.get("__name__") == module]
    shown = dict.fromkeys([*checks[:1], *visible[-1:]])
    # The error is first, because pytest's summary shows only one line.
    return "".join([lines[-1], "\n", *lines, *map(_variables, shown)])


def _variables(frame: FrameType) -> str:
    values = [(name, value) for name, value in frame.f_locals.items() if name.isidentifier()]
    listed = "".join(f"    {name} = {_short.repr(value)}\n" for name, value in values)
    return f"{frame.f_code.co_name} had:\n{listed}" if listed else ""


def load(name: str) -> ModuleType:
    """Import a module of checks, with asserts that report the values they compared."""
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.find_spec(name)
    if spec is None or not isinstance(spec.loader, InspectLoader):
        raise ModuleNotFoundError(name)
    tree = _Asserts().visit(ast.parse(spec.loader.get_source(name) or ""))
    code = compile(ast.fix_missing_locations(tree), spec.origin or name, "exec", dont_inherit=True)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        exec(code, module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    return module


class _Asserts(ast.NodeTransformer):
    """Turn `assert a == b` into `(left) = a; (right) = b; assert (left) == (right), "… == …"`."""

    def visit_Assert(self, node: ast.Assert) -> ast.Assert | list[ast.stmt]:
        test = node.test
        if node.msg or not isinstance(test, ast.Compare) or len(test.ops) > 1:
            return node
        sides = {"(left)": test.left, "(right)": test.comparators[0]}
        # Source code cannot contain these names, so they never clash with a check's variables.
        stores: list[ast.stmt] = [
            ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], value), node)
            for name, value in sides.items()
        ]
        left, right = (ast.Name(name, ast.Load()) for name in sides)
        operator = ast.unparse(test).removeprefix(ast.unparse(test.left))
        operator = operator.removesuffix(ast.unparse(test.comparators[0])).strip(" ()")
        message = ast.JoinedStr(
            [
                ast.FormattedValue(left, ord("r")),
                ast.Constant(f" {operator} "),
                ast.FormattedValue(right, ord("r")),
            ]
        )
        rewritten = ast.Assert(ast.Compare(left, test.ops, [right]), message)
        return [*stores, ast.copy_location(rewritten, node)]
