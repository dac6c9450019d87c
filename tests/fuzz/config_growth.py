"""Shapes of long configuration files: reading takes time in proportion to their length."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyworkers_sdk.testing import ConfigError
from pyworkers_sdk.testing.config import dotenv
from pyworkers_sdk.testing.config.config import Config
from pyworkers_sdk.testing.config.jsonc import read_jsonc
from pyworkers_sdk.testing.config.text import SyntaxFault
from pyworkers_sdk.testing.config.toml import read_toml
from pyworkers_sdk.testing.fakes.asset_ignore import Ignored
from pyworkers_sdk.testing.fakes.asset_rules import headers_in, redirects_in
from tests.fuzz.report import Growth

__all__ = ["SHAPES"]


def _expanded(text: str) -> object:
    return dotenv.expand(dotenv.parse(text), {})


def _refused(read: Callable[[str], object]) -> Callable[[str], object]:
    """Return a reader that may refuse its text."""

    def run(text: str) -> object:
        try:
            return read(text)
        except (ConfigError, SyntaxFault):
            return None

    return run


def _in_file(name: str, read: Callable[[Path], object]) -> Callable[[str], object]:
    """Return a reader of text that reads a file of this name."""

    def run(text: str) -> object:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, name)
            path.write_text(text)
            return read(path)

    return _refused(run)


def _config(path: Path) -> object:
    return Config(path, "").variables()


def _json(make: Callable[[int], Any]) -> Callable[[int], str]:
    return lambda size: json.dumps(make(size))


CONFIG = _in_file("wrangler.json", _config)
TOML = _refused(read_toml)
JSONC = _refused(read_jsonc)
HEADERS = _in_file("_headers", headers_in)
REDIRECTS = _in_file("_redirects", redirects_in)
IGNORED = _in_file(
    ".assetsignore", lambda path: [f"a{n}" in Ignored(path.parent) for n in range(5)]
)
SHAPES = (
    Growth(".dev.vars of blank lines", dotenv.parse, lambda n: "\n" * n, 400_000),
    Growth(".dev.vars of names", dotenv.parse, lambda n: "NAME\n" * n, 60_000),
    Growth(".dev.vars of variables", dotenv.parse, lambda n: "NAME='a' # b\n" * n, 30_000),
    Growth(".dev.vars of open quotes", dotenv.parse, lambda n: "A='\\'\n" * n, 40_000),
    Growth(".dev.vars of spaces", dotenv.parse, lambda n: "A=1" + " " * n + "\n\tx", 400_000),
    Growth(".env of references", _expanded, lambda n: "A=1\n" + "B=$A\n" * n, 30_000),
    Growth(
        ".env of many variables",
        _expanded,
        lambda n: "".join(f"A{i}=${{A{i - 1}}}x\n" for i in range(n // 100))
        + "".join(f"B{i}=$B{i - 1}\n" for i in range(n)),
        10_000,
    ),
    Growth(".env that doubles", _expanded, lambda n: "A=xx\n" + "A=$A$A\n" * n, 20_000),
    Growth("TOML of blank lines", TOML, lambda n: "\n" * n, 400_000),
    Growth("TOML of keys", TOML, lambda n: "".join(f"a{i} = 1\n" for i in range(n)), 10_000),
    Growth("TOML of tables", TOML, lambda n: "".join(f"[a{i}]\nb=1\n" for i in range(n)), 5_000),
    Growth("TOML of an array of tables", TOML, lambda n: "[[a]]\nb=1\n" * n, 5_000),
    Growth("TOML of numbers", TOML, lambda n: "a=[" + "1," * n + "]", 20_000),
    Growth("TOML of a dotted key", TOML, lambda n: ".".join("a" * n) + "=1", 100_000),
    Growth("TOML of brackets", TOML, lambda n: "a=" + "[" * n, 100_000),
    Growth("TOML of a long string", TOML, lambda n: 'a="""' + "\\n\n" * n + '"""', 50_000),
    Growth("TOML of digits", TOML, lambda n: "a=" + "9" * n, 400_000),
    Growth("JSON of numbers", JSONC, lambda n: "[" + "1," * n + "]", 20_000),
    Growth("JSON of lines", JSONC, lambda n: "[" + "1,\n" * n + "]", 20_000),
    Growth("JSON of comments", JSONC, lambda n: "/**/ // \n" * n + "1", 40_000),
    Growth("JSON of brackets", JSONC, lambda n: "[" * n, 400_000),
    Growth("JSON of digits", JSONC, lambda n: "9" * n, 400_000),
    Growth("JSON of a long string", JSONC, lambda n: '"' + "\\n\\u00e9" * n + '"', 100_000),
    Growth("variables", CONFIG, _json(lambda n: {"vars": {f"A{i}": i for i in range(n)}}), 10_000),
    Growth("unknown keys", CONFIG, _json(lambda n: {f"a{i}": i for i in range(n)}), 10_000),
    Growth("a long key", CONFIG, _json(lambda n: {"a" * n: 1}), 400_000),
    Growth("a long name", CONFIG, _json(lambda n: {"name": "a" * n + "!"}), 400_000),
    Growth(
        "bindings",
        CONFIG,
        _json(lambda n: {"kv_namespaces": [{"binding": f"A{i}", "id": "1"} for i in range(n)]}),
        5_000,
    ),
    Growth("faults", CONFIG, _json(lambda n: {"kv_namespaces": [{}] * n}), 5_000),
    Growth(
        "Workflows",
        CONFIG,
        _json(
            lambda n: {
                "workflows": [
                    {"binding": f"A{i}", "name": f"a{i}", "class_name": "A"} for i in range(n)
                ]
            }
        ),
        4_000,
    ),
    Growth("environments", CONFIG, _json(lambda n: {"env": {f"a{i}": {} for i in range(n)}}), 999),
    Growth("_headers", HEADERS, lambda n: "/a\n b: c\n" * n, 40_000),
    Growth("headers of one path", HEADERS, lambda n: "/a\n" + "b: c\n" * n, 40_000),
    Growth("headers without a path", HEADERS, lambda n: "b: c\n" * n, 10_000),
    Growth("_redirects", REDIRECTS, lambda n: "/a /b\n" * n, 4_000),
    Growth("a long line", REDIRECTS, lambda n: "/" + "a " * n, 400_000),
    Growth(".assetsignore", IGNORED, lambda n: "a*b*c\n!/x/**/y\n" * n, 1_000),
    Growth(".assetsignore of stars", IGNORED, lambda n: "*a" * n, 2_000),
)  # fmt: skip
