"""Reading the text of configuration files: encodings, numbers, dates and depth, as in wrangler.

The values were seen with wrangler 4.164: ``unstable_readConfig`` and ``unstable_getVarsForDev``.
"""

from __future__ import annotations

import codecs
import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pyworkers_sdk.testing import ConfigError
from pyworkers_sdk.testing.config import dotenv
from pyworkers_sdk.testing.config.config import Config
from pyworkers_sdk.testing.config.jsonc import MAX_DEPTH, read_jsonc
from pyworkers_sdk.testing.config.toml import read_toml
from tests.worker_project import COMPATIBLE, refused, worker, write, written

MARKS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-32-be": codecs.BOM_UTF32_BE}
HEAD = {"name": "app", "main": "src/entry.py", **COMPATIBLE}
TOML = 'name = "app"\nmain = "src/entry.py"\ncompatibility_date = "2026-07-01"\n'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("LOAD_DEV_VARS_FROM_DOT_ENV", "INCLUDE_PROCESS_ENV", "ENV"):
        monkeypatch.delenv(f"CLOUDFLARE_{name}", raising=False)
    return tmp_path


def variables(path: Path | str, environment: str | None = None) -> dict[str, Any]:
    found = Config(Path(path), environment).variables()
    return {name: value for name, (value, _) in found.items()}


def message(path: Path | str) -> str:
    with pytest.raises(ConfigError) as caught:
        variables(path)
    return str(caught.value)


# Encodings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["wrangler.json", "wrangler.jsonc", "wrangler.toml"])
def test_configuration_with_a_byte_order_mark_is_read(name: str) -> None:
    text = f'{TOML}vars.A = "ä"\n' if name.endswith("toml") else json.dumps({"vars": {"A": "ä"}})
    Path(name).write_bytes(codecs.BOM_UTF8 + text.encode())
    assert variables(name) == {"A": "ä"}


@pytest.mark.parametrize("name", [".dev.vars", ".env", ".env.local"])
def test_secrets_after_a_byte_order_mark_are_read(name: str) -> None:
    Path(name).write_bytes(codecs.BOM_UTF8 + "A=ä\r\nB=2\r\n".encode())
    assert variables(write("wrangler.json", "{}")) == {"A": "ä", "B": "2"}


@pytest.mark.parametrize("encoding", MARKS)
@pytest.mark.parametrize("name", ["wrangler.json", "wrangler.toml", ".dev.vars", ".env"])
def test_file_in_another_encoding_is_refused(name: str, encoding: str) -> None:
    write("wrangler.json", "{}")
    Path(name).write_bytes(MARKS[encoding] + "A=1".encode(encoding))
    path = name if name.startswith("wrangler") else "wrangler.json"
    name_of_encoding = encoding[:6].upper()
    assert (
        message(path) == f"{name}:1: expected UTF-8, got {name_of_encoding}; save the file as UTF-8"
    )


@pytest.mark.parametrize("name", ["wrangler.json", "wrangler.toml"])
def test_configuration_that_is_not_utf8_is_refused_with_its_line(name: str) -> None:
    Path(name).write_bytes(b"\n\n\xff")
    assert message(name).startswith(f"{name}:3: expected UTF-8, got the byte 0xff")


@pytest.mark.parametrize("name", [".dev.vars", ".env"])
def test_secrets_that_are_not_utf8_are_replaced(name: str) -> None:
    Path(name).write_bytes(b"A=a\xffb\nB=2\n")
    assert variables(write("wrangler.json", "{}")) == {"A": "a\ufffdb", "B": "2"}


def test_lone_surrogate_arrives_as_a_replacement_character() -> None:
    path = write("wrangler.json", '{"vars": {"A\\ud800": ["\\udc00"], "B": "\\ud83d\\ude00"}}')
    assert variables(path) == {"A\ufffd": ["\ufffd"], "B": "\U0001f600"}


# Numbers and dates -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("1.0", 1),
        ("-0", 0),
        ("-0.0", 0),
        ("1e3", 1000),
        ("2.5", 2.5),
        ("9007199254740991", 2**53 - 1),
        ("9007199254740993", 9007199254740992.0),
        ("12345678901234567890", 12345678901234567000.0),
        ("9" * 400, None),
        ("1e999", None),
        ("-1e999", None),
    ],
)
def test_number_in_json_is_javascripts(literal: str, value: float | None) -> None:
    path = write("wrangler.json", f'{{"vars": {{"A": {literal}, "B": [{literal}]}}}}')
    found = variables(path)
    assert found == {"A": value, "B": [value]}
    assert type(found["A"]) is type(value)


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        *(("1.0", 1), ("1_000", 1000), ("0x1F", 31), ("-0.0", 0), ("inf", None), ("nan", None)),
        *(("9007199254740991", 2**53 - 1), ("-9_007_199_254_740_991", 1 - 2**53), ("1e400", None)),
    ],
)
def test_number_in_toml_is_javascripts(literal: str, value: float | None) -> None:
    assert variables(write("wrangler.toml", f"vars.A = {literal}\n")) == {"A": value}


@pytest.mark.parametrize("literal", ["9007199254740992", "-9007199254740992", "0x" + "f" * 16])
@pytest.mark.parametrize("place", ["vars.A = ", "limits.cpu_ms = ", "x = [1,\n", "y = { a = "])
def test_integer_in_toml_that_javascript_lacks_is_refused(place: str, literal: str) -> None:
    path = write("wrangler.toml", f"# first\n{place}{literal}\n")
    line = 3 if "\n" in place else 2
    assert message(path).startswith(
        f"wrangler.toml:{line}: expected an integer up to 9007199254740991, got a larger one"
    )


def test_integer_of_many_digits_is_refused_in_a_short_message() -> None:
    found = message(write("wrangler.toml", f"vars.A = {'9' * 5000}\n"))
    assert len(found) < 200
    assert found.startswith("wrangler.toml:1: expected an integer up to")


@pytest.mark.parametrize(
    "literal",
    ["2026-01-02", "2026-01-02T03:04:05Z", "2026-01-02 03:04:05.5", "03:04:05"],
)
def test_variable_that_is_a_date_is_refused(literal: str) -> None:
    assert message(
        write("wrangler.toml", f"a = 1\n[vars]\nD = {literal}\n".replace("a = 1", ""))
    ) == (
        "wrangler.toml:3: vars.D: expected a value that JSON has, got a date or time; use a string"
    )


def test_date_inside_of_a_variable_is_its_text() -> None:
    dates = "2026-01-02, 2026-01-02T03:04:05Z, 2026-01-02T03:04:05.1234+02:00, 03:04:05"
    path = write("wrangler.toml", f"vars.A = [{dates}, 2026-01-02 03:04:05]\n")
    assert variables(path)["A"] == [
        "2026-01-02",
        "2026-01-02T03:04:05.000Z",
        "2026-01-02T03:04:05.123+02:00",
        "03:04:05.000",
        "2026-01-02T03:04:05.000",
    ]


def test_date_in_place_of_another_setting_is_refused() -> None:
    assert message(write("wrangler.toml", "name = 2026-01-02\n")) == (
        "wrangler.toml:1: name: expected a string, got a date or time; use a string"
    )


def test_proto_is_not_a_variable() -> None:
    path = write("wrangler.json", '{"vars": {"__proto__": "a", "A": {"__proto__": "b", "c": 1}}}')
    write(".dev.vars", "__proto__=1\nB=2\n")
    assert variables(path) == {"A": {"c": 1}, "B": "2"}


# Depth and length --------------------------------------------------------------------------------


def nested(start: str, end: str, levels: int) -> str:
    """Return a configuration with a variable of so many levels."""
    return f'{{"vars": {{"A": {start * levels}1{end * levels}}}}}'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("wrangler.json", nested("[", "]", 1000)),
        ("wrangler.json", nested('{"a":', "}", 1000)),
        ("wrangler.json", "[" * 100_000),
        ("wrangler.toml", "vars.A = " + "[" * 1000 + "]" * 1000),
        ("wrangler.toml", "vars.A = " + "{a=" * 1000 + "1" + "}" * 1000),
        ("wrangler.toml", "[" + ".".join("a" * 1000) + "]"),
        ("wrangler.toml", "vars." + ".".join("a" * 1000) + " = 1"),
        ("wrangler.toml", "[vars]\n" + ".".join(['"a"'] * 1000) + " = 1"),
    ],
)
def test_value_that_is_nested_too_deeply_is_refused(name: str, text: str) -> None:
    assert f"expected at most {MAX_DEPTH} levels, got more" in message(write(name, text))


def test_value_of_many_levels_is_read() -> None:
    deep = MAX_DEPTH - 5
    assert str(variables(write("wrangler.json", nested("[", "]", deep)))["A"]).count("[") == deep


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Fail if a block takes far too long: a quadratic reader takes minutes, or never ends."""

    def stop(*_: object) -> None:
        raise AssertionError(f"still running after {seconds} s of processor time")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (dotenv.parse, "\n" * 200_000),
        (dotenv.parse, "A\n" * 100_000),
        (dotenv.parse, "A" + "\n" * 200_000 + "B=1"),
        (dotenv.parse, " \t" * 100_000 + "#"),
        (dotenv.parse, "export\n" * 50_000),
        (dotenv.parse, "A='\\'" * 50_000),
        (read_toml, ".".join("a" * 50_000) + " = 1"),
        (read_toml, "a = [" + "1," * 100_000 + "]"),
        (read_toml, "\n" * 200_000 + "a = 1"),
        (read_jsonc, "[" + "1," * 100_000 + "]"),
        (read_jsonc, "// \n" * 100_000 + "1"),
        (read_jsonc, "{" + "".join(f'"{i}":{{}},\n' for i in range(50_000)) + "}"),
    ],
    ids=range(12),
)
def test_long_text_is_read_in_time_in_proportion(parse: Callable[[str], Any], text: str) -> None:
    with limited(20):
        parse(text)


# Expansion ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "name"),
    [
        ("B=\\$B\nA=x$B\n", 2, "A"),
        ("# first\nB=\\$B\nA=1\nA=x${B}\n", 4, "A"),
        ("A=a\\$A\nB=$A\nC=x$B\n", 3, "C"),
        (
            "A=xx\n" + "".join(f"A{i}=${{A{i - 1 if i else ''}}}" * 2 + "\n" for i in range(40)),
            0,
            "",
        ),
    ],
)
def test_references_that_never_end_are_refused(text: str, line: int, name: str) -> None:
    write(".env", text)
    with limited(20):
        found = message(write("wrangler.json", "{}"))
    assert found.startswith(f".env:{line}: {name}: " if line else ".env:")
    assert found.endswith(
        "expected references that end, got one that never does; write \\$ for a $"
    )


def test_dollar_signs_have_javascripts_meaning() -> None:
    assert dotenv.expand(dotenv.parse("A=a$$b$&c\nB=x${A}y"), {}) == {"A": "a$$&c", "B": "xa$&cy"}
    assert dotenv.expand(dotenv.parse("B=\\$B\nA=$B\nC=$A"), {}) == {"B": "$B", "A": "", "C": ""}


# Paths and names ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["a" * 300 + ".py", "a\0b.py", "../" * 2000 + "a.py", "\ud800.py"])
def test_main_that_cannot_be_a_path_is_refused(path: str) -> None:
    assert "main: missing file" in refused({"main": path})


@pytest.mark.parametrize("path", ["a" * 300, "a\0b", "\ud800"])
def test_assets_directory_that_cannot_be_a_path_is_refused(path: str) -> None:
    assert "assets.directory: missing folder" in refused({"assets": {"directory": path}})


@pytest.mark.parametrize(
    "settings",
    [
        {"migrations_dir": "a" * 300},
        {"migrations_dir": "a\0b"},
        {"migrations_pattern": "migrations/**x"},
        {"migrations_pattern": "migrations//"},
        {"migrations_table": "a\0b"},
        {"migrations_table": ""},
    ],
)
def test_migrations_that_cannot_be_found_are_refused_or_none(settings: dict[str, Any]) -> None:
    write("migrations/1.sql", "CREATE TABLE t (a)")
    try:
        worker({"d1_databases": [{"binding": "DB", **settings}]})
    except ConfigError as error:
        assert str(error).startswith("wrangler.jsonc:")  # noqa: PT017


@pytest.mark.parametrize("name", ["__class__", "__dict__", "__script__", "__init__"])
def test_name_that_code_cannot_read_is_refused(name: str) -> None:
    expected = "expected a name that code can read from env"
    assert expected in refused({"vars": {name: "x"}})
    assert expected in refused({"kv_namespaces": [{"binding": name}]})
    assert expected in refused({"secrets": {"required": [name]}})
    write(".dev.vars", f"{name}=x")
    assert expected in refused({})


def test_name_of_an_attribute_of_the_fake_env_is_free() -> None:
    env = worker({"vars": {"script": "a", "js_object": "b"}}).env.js_object
    assert (env.script, env.js_object) == ("a", "b")


def test_many_faults_are_counted_and_not_listed() -> None:
    lines = refused({f"key{number}": 1 for number in range(5000)}).splitlines()
    assert len(lines) == 21
    assert lines[-1] == "wrangler.jsonc: 4980 more faults"
    assert len(refused({"k" * 100_000: 1})) < 500


def test_project_is_written_with_its_flag() -> None:
    assert json.loads(Path(written()).read_text()) == HEAD
