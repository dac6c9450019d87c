"""Every name that a public annotation mentions is public itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import pyworkers_sdk

FOLDER = Path(pyworkers_sdk.__file__).parent
HOMES = {name: f"pyworkers_sdk{home}" for name, home in pyworkers_sdk._HOMES.items()}
NOT_THE_API = ("_border", "_cpython", "_js", "cli", "testing")

# A class that only its subclasses and one annotation name, or an alias of built-in types.
NOT_NAMED_BY_USERS = {
    "Adapter": "what pydantic.TypeAdapter has, for RowType",
    "Address": "an alias of str and tuple",
    "Chunks": "the iterator of a ReadableStream",
    "Content": "an alias of str, Response and streams",
    "Keys": "an alias of str and list",
    "Label": "an alias of str and bytes",
    "Metadata": "an alias of dict",
    "Modules": "an alias of dict",
    "Run": "the type of AI.run, for type checkers alone",
    "Signature": "the signature that a stub's member has, found by itself",
    "Start": "an alias of a function",
    "Typed": "the signature that a stub's member has, found by itself",
}

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Named = tuple[str, str]


class Module:
    """The definitions of a module, and where its other names come from."""

    def __init__(self, file: Path, name: str) -> None:
        self.name = name
        self.nodes: dict[str, ast.AST] = {}
        self.imports: dict[str, Named] = {}
        self.public: list[str] = []
        package = name.split(".") if file.name == "__init__.py" else name.split(".")[:-1]
        tree = ast.parse(file.read_text(encoding="utf-8"))
        functions = {each.name for each in tree.body if isinstance(each, FUNCTIONS)}
        for node in ast.walk(tree):
            if isinstance(node, FUNCTIONS):
                if node.name in functions:
                    self.nodes.setdefault(node.name, node)
            elif isinstance(node, ast.ClassDef):
                self.nodes.setdefault(node.name, node)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                if ast.unparse(node.annotation) == "TypeAlias":
                    self.nodes.setdefault(node.target.id, node)
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                if isinstance(node.value, ast.List):
                    self.public = ast.literal_eval(node.value)
            elif isinstance(node, ast.ImportFrom) and node.level:
                home = [*package[: len(package) - node.level + 1], *filter(None, [node.module])]
                for alias in node.names:
                    self.imports[alias.asname or alias.name] = (".".join(home), alias.name)


def _modules() -> dict[str, Module]:
    modules: dict[str, Module] = {}
    for file in FOLDER.rglob("*.py"):
        parts = file.relative_to(FOLDER).with_suffix("").parts
        if parts[0] not in NOT_THE_API:
            name = ".".join(["pyworkers_sdk", *parts]).removesuffix(".__init__")
            modules[name] = Module(file, name)
    return modules


MODULES = _modules()


def defined(module: str, name: str) -> Named | None:
    """Return the module that defines a name of the package; None for any other name."""
    if module not in MODULES:
        return None
    if name in MODULES[module].imports:
        return defined(*MODULES[module].imports[name])
    return (module, name) if name in MODULES[module].nodes else None


def annotations_of(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the annotations of a function, or of the public members of a class."""
    if isinstance(node, FUNCTIONS):
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        for each in [*every, arguments.vararg, arguments.kwarg]:
            if each is not None and each.annotation is not None:
                yield each.annotation
        if node.returns is not None:
            yield node.returns
    elif isinstance(node, ast.ClassDef):
        for member in ast.walk(ast.Module(node.body, [])):
            if isinstance(member, FUNCTIONS):
                if member.name in ("__init__", "__call__") or not member.name.startswith("_"):
                    yield from annotations_of(member)
            elif isinstance(member, ast.AnnAssign) and not _is_private(member.target):
                yield member.annotation


def _is_private(target: ast.expr) -> bool:
    return ast.unparse(target).startswith(("_", "self"))


def names(annotation: ast.expr) -> Iterator[str]:
    for node in ast.walk(annotation):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                yield from names(ast.parse(node.value, mode="eval").body)
            except SyntaxError:  # text in a Literal
                continue


def mentioned() -> dict[Named, set[str]]:
    """Return every name that a public annotation mentions, with the public names that do."""
    users: dict[Named, set[str]] = {}
    places = [defined(home, name) for name, home in HOMES.items()]
    waiting = [place for place in places if place is not None]
    seen: set[Named] = set()
    while waiting:
        module, name = waiting.pop()
        if (module, name) in seen:
            continue
        seen.add((module, name))
        for annotation in annotations_of(MODULES[module].nodes[name]):
            for each in names(annotation):
                place = defined(module, each)
                if place is None or isinstance(MODULES[place[0]].nodes[place[1]], FUNCTIONS):
                    continue
                users.setdefault(place, set()).add(name)
                waiting.append(place)
    return users


MENTIONED = mentioned()


def in_public_module(module: str, name: str) -> bool:
    """Return True if a module without an underscore lists the name in its ``__all__``."""
    is_public = not any(part.startswith("_") for part in module.split("."))
    return is_public and name in MODULES[module].public


def test_every_name_in_a_public_annotation_is_public() -> None:
    private = {
        f"{module}.{name}": sorted(users)
        for (module, name), users in MENTIONED.items()
        if name not in HOMES
        and name not in NOT_NAMED_BY_USERS
        and not name.startswith("_")
        and not in_public_module(module, name)
    }
    assert not private
    assert len(MENTIONED) > 300


@pytest.mark.parametrize(
    "module", ["ai", "ai.media", "ai.tasks", "ai.text_generation", "workflows"]
)
def test_every_shape_of_a_model_is_a_name_of_the_package(module: str) -> None:
    every = [name for home, name in MENTIONED if home == f"pyworkers_sdk.{module}"]
    shapes = [name for name in every if not name.startswith("_") and name not in NOT_NAMED_BY_USERS]
    assert shapes
    missing = [name for name in shapes if name not in HOMES]
    assert not missing


@pytest.mark.parametrize(
    "name",
    [
        "ChatMessage",
        "TextGenerationInput",
        "TextGenerationOutput",
        "TextGenerationEvent",
        "ToolCall",
        "ChatAnswer",
        "WorkflowDuration",
        "BodyInit",
        "HeadersInit",
        "LocationHint",
        "RowType",
        "SqlValue",
    ],
)
def test_shape_that_programs_annotate_is_a_name_of_the_package(name: str) -> None:
    assert getattr(pyworkers_sdk, name) is not None
    assert name in pyworkers_sdk.__all__
