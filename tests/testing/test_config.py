"""Reading a wrangler configuration: text, keys, environments, variables and secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pyworkers_sdk.testing import ConfigError, FakeRuntime
from pyworkers_sdk.testing.config import dotenv as dotenv
from pyworkers_sdk.testing.config.config import Config
from pyworkers_sdk.testing.config.jsonc import read_jsonc
from pyworkers_sdk.testing.config.text import SyntaxFault
from pyworkers_sdk.testing.config.toml import read_toml
from tests.worker_project import HEAD, PLAIN, app, refused, text, worker, write, written


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, so that errors say short paths."""
    monkeypatch.chdir(tmp_path)
    for name in ("LOAD_DEV_VARS_FROM_DOT_ENV", "INCLUDE_PROCESS_ENV"):
        monkeypatch.delenv(f"CLOUDFLARE_{name}", raising=False)
    return tmp_path


# The text ----------------------------------------------------------------------------------------


def test_jsonc_has_comments_and_trailing_commas() -> None:
    source = """// first
{
  "a": [1, -2.5e1, true, false, null, "x\\n\\u00e9//", ], /* two
  lines */ "b": {
    "c": {},
  },
}
"""
    value, lines = read_jsonc("\ufeff" + source)
    assert value == {"a": [1, -25.0, True, False, None, "x\né//"], "b": {"c": {}}}
    assert lines[()] == 2
    assert lines["a",] == lines["a", 5] == 3
    assert lines["b",] == 4
    assert lines["b", "c"] == 5


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("", 1, "expected a value, got the end"),
        ("{", 1, 'expected a key in double quotes or "}", got the end'),
        ("{\n a: 1}", 2, "expected a key in double quotes or \"}\", got 'a'"),
        ('{\n "a" 1}', 2, "expected \":\", got '1'"),
        ('{"a": 1\n "b": 2}', 2, 'expected "," or "}", got \'"\''),
        ("[1\n2]", 2, 'expected "," or "]", got \'2\''),
        ("[,]", 1, "expected a value, got ','"),
        ("{} {}", 1, "expected the end, got '{'"),
        ("\n\n/* a", 3, "a comment without an end"),
        ('\n"a', 2, "a string without an end"),
        ('"a\nb"', 1, "a string without an end"),
        ('\n"\\x"', 2, "Invalid \\escape"),
        ('"a\tb"', 1, "Invalid control character at"),
        ("01", 1, "expected the end, got '1'"),
        ("nul", 1, "expected a value, got 'n'"),
    ],
)
def test_invalid_jsonc_is_reported_with_its_line(source: str, line: int, message: str) -> None:
    with pytest.raises(SyntaxFault) as caught:
        read_jsonc(source)
    assert (caught.value.line, str(caught.value)) == (line, message)


def test_toml_keys_have_lines() -> None:
    source = '''# top
name = "x"
vars = { A = 1, "b.c" = [1, 2,
  3], d.e = "}" }  # ]
text = """
[no.table]
a = "\\"" """
other = \'\'\'
[nor.this]\'\'\'
when = 2026-01-02 12:00:00
[[kv_namespaces]]
binding = "A"

[[ kv_namespaces ]]
binding = 'B'
[env.staging]
name = "y"
[[env.staging.queues.consumers]]
queue = "q"
[env.staging.queues.consumers.more]
f = [ [1], {a = 1} ]
'''
    value, lines = read_toml(source.replace("\n", "\r\n"))
    assert value["kv_namespaces"] == [{"binding": "A"}, {"binding": "B"}]
    assert lines["name",] == 2
    assert lines["vars", "b.c"] == 3
    assert lines["vars", "b.c", 2] == lines["vars", "d", "e"] == 4
    assert lines["text",] == 5
    assert lines["other",] == 8
    assert lines["when",] == 10
    assert lines["kv_namespaces",] == 11
    assert lines["kv_namespaces", 0, "binding"] == 12
    assert lines["kv_namespaces", 1] == 14
    assert lines["kv_namespaces", 1, "binding"] == 15
    assert lines["env",] == lines["env", "staging"] == 16
    assert lines["env", "staging", "queues", "consumers", 0, "queue"] == 19
    assert lines["env", "staging", "queues", "consumers", 0, "more"] == 20
    assert lines["env", "staging", "queues", "consumers", 0, "more", "f", 1, "a"] == 21
    assert not {"no", "nor", "a"} & {place[0] for place in lines if place}


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("a = 1\nb 2\n", 2, "Expected '=' after a key in a key/value pair"),
        ("a = 1\n\nb = ", 3, "Invalid value"),
        ("a = 1\na = 2", 2, "Cannot overwrite a value"),
        ("a = 1\n\r\r\nb = 1", 2, "expected a line feed after a carriage return"),
    ],
)
def test_invalid_toml_is_reported_with_its_line(source: str, line: int, message: str) -> None:
    with pytest.raises(SyntaxFault) as caught:
        read_toml(source)
    assert (caught.value.line, str(caught.value)) == (line, message)


def test_an_unreadable_file_is_reported() -> None:
    assert refused('{\n "name": app }') == "wrangler.jsonc:2: expected a value, got 'a'"
    assert refused("[]") == "wrangler.jsonc:1: expected an object, got list"
    with pytest.raises(ConfigError, match=r"^none/wrangler.toml: No such file or directory$"):
        FakeRuntime.from_config("none/wrangler.toml")
    with pytest.raises(ConfigError, match=r"^wrangler.yaml: expected a .jsonc, .json or .toml"):
        FakeRuntime.from_config("wrangler.yaml")
    outside = Path("/nowhere/wrangler.json")
    with pytest.raises(ConfigError, match=r"^/nowhere/wrangler.json: No such file"):
        FakeRuntime.from_config(outside)


# Keys --------------------------------------------------------------------------------------------


def test_an_invalid_value_is_reported_with_its_key_and_line() -> None:
    config = """{
  "name": "app",
  "main": "src/entry.py",
  "queues": {
    "consumers": [
      {
        "queue": "jobs",
        "max_batch_size": 500,
      },
      { "max_retries": "3" }
    ]
  },
}"""
    assert refused(config).splitlines() == [
        "wrangler.jsonc:8: queues.consumers[0].max_batch_size: expected 1 to 100, got 500",
        "wrangler.jsonc:10: queues.consumers[1].queue: missing",
        "wrangler.jsonc:10: queues.consumers[1].max_retries: expected an integer, got a string",
    ]


def test_an_unknown_key_in_toml_is_reported_with_its_line() -> None:
    write("src/entry.py", HEAD + PLAIN)
    write("wrangler.toml", 'name = "app"\n[[d1_databases]]\nbinding = "DB"\nmigration_dir = "m"\n')
    with pytest.raises(ConfigError) as caught:
        FakeRuntime.from_config("wrangler.toml")
    assert str(caught.value) == (
        "wrangler.toml:4: d1_databases[0].migration_dir: unknown key; "
        "did you mean 'migrations_dir'?"
    )


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"kv_namespace": []}, "kv_namespace: unknown key; did you mean 'kv_namespaces'?"),
        ({"xyz": 1}, "xyz: unknown key"),
        (
            {"env": {"a": {"var": {}}}},
            "env.a.var: unknown key; did you mean 'vars'?",
        ),
        (
            {"env": {"a": {"queues": {"producer": []}}}},
            "env.a.queues.producer: unknown key; did you mean 'producers'?",
        ),
        ({"env": {"a": {"dev": {}}}}, "env.a.dev: unknown key"),
        (
            {"durable_objects": {"bindings": [{"name": "A", "class": "B"}]}},
            "durable_objects.bindings[0].class_name: missing\n"
            "wrangler.jsonc:8: durable_objects.bindings[0].class: unknown key; "
            "did you mean 'class_name'?",
        ),
        (
            {"assets": {"html_handling": "never"}},
            'assets.html_handling: expected "auto-trailing-slash", "force-trailing-slash", '
            '"drop-trailing-slash" or "none", got \'never\'',
        ),
        (
            {"observability": {"logs": {"enable": True}}},
            "observability.logs.enable: unknown key; did you mean 'enabled'?",
        ),
        ({"kv_namespaces": {}}, "kv_namespaces: expected a list, got an object"),
        ({"migrations": [{"tag": "v1", "renamed_classes": [{"to": "B"}]}]}, "from: missing"),
        (
            {"routes": [{"patern": "a"}]},
            "wrangler.jsonc:5: routes[0].pattern: missing\n"
            "wrangler.jsonc:6: routes[0].patern: unknown key; did you mean 'pattern'?",
        ),
    ],
)
def test_unknown_and_missing_keys_are_reported(config: dict[str, Any], message: str) -> None:
    assert message in refused(config)


def test_every_section_of_wrangler_is_accepted() -> None:
    write("public/index.html", "")
    runtime = worker(
        {
            "$schema": "node_modules/wrangler/config-schema.json",
            "compatibility_date": "2026-01-01",
            "compatibility_flags": ["python_workers"],
            "routes": ["example.com/*", {"pattern": "example.com", "custom_domain": True}],
            "triggers": {"crons": ["*/5 * * * *"]},
            "observability": {"enabled": True, "logs": {"head_sampling_rate": 1}},
            "placement": {"mode": "smart"},
            "limits": {"cpu_ms": 50},
            "rules": [{"type": "Text", "globs": ["**/*.html"], "fallthrough": True}],
            "build": {"command": "make", "watch_dir": ["src"]},
            "dev": {"port": 8787},
            "site": {"bucket": "./public"},
            "migrations": [
                {"tag": "v1", "new_sqlite_classes": ["Room"]},
                {"tag": "v2", "renamed_classes": [{"from": "Room", "to": "Hall"}]},
                {"tag": "v3", "deleted_classes": ["Hall"]},
            ],
            "ai": {"binding": "AI"},
            "vectorize": [{"binding": "INDEX", "index_name": "i"}],
            "hyperdrive": [
                {"binding": "PG", "id": "x", "localConnectionString": "postgres://a:b@c/d"}
            ],
            "send_email": [{"name": "MAIL"}],
            "services": [{"binding": "AUTH", "service": "auth", "props": {"a": 1}}],
            "workflows": [
                {
                    "binding": "FLOW",
                    "name": "f",
                    "class_name": "F",
                    "script_name": "elsewhere",
                }
            ],
            "assets": {"directory": "./public", "run_worker_first": ["/api/*"]},
            "ratelimits": [
                {"name": "LIMIT", "namespace_id": "1", "simple": {"limit": 5, "period": 60}}
            ],
            "unsafe": {"bindings": [{"name": "X", "type": "odd", "whatever": 1}]},
            "tail_consumers": [{"service": "tail"}],
            "containers": [{"class_name": "C", "image": "./Dockerfile"}],
            "version_metadata": {"binding": "VERSION"},
        }
    )
    assert runtime.crons == ("*/5 * * * *",)


# Environments ------------------------------------------------------------------------------------

ENVIRONMENTS: dict[str, Any] = {
    "triggers": {"crons": ["0 * * * *"]},
    "vars": {"A": "top", "B": "top"},
    "kv_namespaces": [{"binding": "CACHE", "id": "1"}],
    "env": {
        "staging": {"vars": {"A": "staging"}},
        "named": {
            "name": "other",
            "main": "src/entry.py",
            "triggers": {"crons": []},
            "kv_namespaces": [{"binding": "OTHER"}],
        },
    },
}


def test_an_environment_inherits_settings_but_not_bindings_or_variables() -> None:
    path = Path(written(ENVIRONMENTS))
    top, staging, named = (Config(path, name) for name in (None, "staging", "named"))
    assert [config.name for config in (top, staging, named)] == ["app", "app-staging", "other"]
    crons = [config.settings.triggers.crons for config in (top, staging, named)]
    assert crons == [["0 * * * *"], ["0 * * * *"], []]
    assert [config.settings.main for config in (staging, named)] == ["src/entry.py"] * 2
    assert top.settings.vars == {"A": "top", "B": "top"}
    assert staging.settings.vars == {"A": "staging"}
    assert named.settings.vars == {}
    bound = [[one.binding for one in config.settings.kv_namespaces] for config in (top, named)]
    assert bound == [["CACHE"], ["OTHER"]]
    assert staging.settings.kv_namespaces == []


def test_a_worker_without_a_name_is_named_after_its_folder() -> None:
    path = write("shop/wrangler.jsonc", '{"env": {"a": {}}}')
    assert Config(path).name == "shop"
    assert Config(path, "a").name == "shop-a"


@pytest.mark.asyncio
async def test_from_config_uses_the_environment() -> None:
    path = written(ENVIRONMENTS, app("A: str", "B: str = 'default'", "CACHE: KV | None"))
    runtime: FakeRuntime[Any] = FakeRuntime.from_config(path, environment="staging")
    assert runtime.env.A == "staging"
    assert runtime.env.B == "default"
    assert runtime.env.CACHE is None
    assert await text(runtime, "A") == "\"'staging'\""


def test_an_unknown_environment_is_reported() -> None:
    message = refused(ENVIRONMENTS, environment="stagin")
    assert message == (
        "wrangler.jsonc:19: env: unknown environment 'stagin'; did you mean 'staging'?"
    )
    assert "unknown environment 'a'" in refused({}, environment="a")


def test_a_binding_that_an_environment_does_not_inherit_is_reported_as_missing() -> None:
    message = refused(ENVIRONMENTS, app("A: str", "CACHE: KV"), environment="staging")
    assert message == (
        "wrangler.jsonc:20: env.staging.kv_namespaces: missing binding CACHE for AppEnv.CACHE: KV;"
        " an environment does not inherit bindings"
    )


# Variables ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("A=1\nB = two words \n", {"A": "1", "B": "two words"}),
        ("# A=1\n\nexport B=2 # c\n", {"B": "2"}),
        ("A='a\\n#b'\nB=\"a\\n#b\"", {"A": "a\\n#b", "B": "a\n#b"}),
        ('A="one\ntwo"\r\nB=`"\'`', {"A": "one\ntwo", "B": "\"'"}),
        ("A: 1\nB:2\nC.d-e=\n=1\nF", {"A": "1", "C.d-e": ""}),
        ("A=a#b\nB=x=y\nA=later", {"A": "later", "B": "x=y"}),
    ],
)
def test_dev_vars_are_parsed_as_dotenv_does(source: str, found: dict[str, str]) -> None:
    assert dotenv.parse(source) == found


@pytest.mark.parametrize(
    ("value", "filled"),
    [
        ("$A-${A}", "1-1"),
        ("\\$A", "$A"),
        ("${NO}|$NO", "|"),
        ("${NO:-d}${NO-e}${A:-d}", "de1"),
        ("${A:+p}${NO:+p}${A+q}", "pq"),
        ("$B", "1"),
        ("$SELF", ""),
    ],
)
def test_dot_env_expands_references(value: str, filled: str) -> None:
    outside = {"A": "1", "B": "$A", "SELF": "$SELF"}
    assert dotenv.expand({"V": value}, outside) == {"V": filled}
    assert dotenv.expand({"A": "2"}, outside) == {"A": "1"}
    assert dotenv.expand({"C": "3", "V": "$C"}, {})["V"] == "3"


def test_secrets_replace_variables_and_arguments_replace_both() -> None:
    path = written({"vars": {"A": "a", "B": "b", "C": 3}}, app("A: str", "B: str", "C: int"))
    write(".dev.vars", "B=secret\n")
    write(".env", "A=not read\n")
    runtime: FakeRuntime[Any] = FakeRuntime.from_config(path)
    assert (runtime.env.A, runtime.env.B, runtime.env.C) == ("a", "secret", 3)
    runtime = FakeRuntime.from_config(path, B="given", C=4)
    assert (runtime.env.A, runtime.env.B, runtime.env.C) == ("a", "given", 4)


def variables(path: str, environment: str | None = None) -> dict[str, Any]:
    found = Config(Path(path), environment).variables()
    return {name: value for name, (value, _) in found.items()}


def test_an_environment_reads_its_own_dev_vars() -> None:
    path = written({"env": {"staging": {}, "live": {}}})
    write(".dev.vars", "A=all\nB=all\n")
    write(".dev.vars.staging", "A=staging\n")
    assert variables(path) == {"A": "all", "B": "all"}
    assert variables(path, "staging") == {"A": "staging"}
    assert variables(path, "live") == {"A": "all", "B": "all"}


def test_dot_env_is_read_if_dev_vars_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    path = written({"env": {"staging": {}}})
    write(".env", "A=1\nB=1\nC=1\nD=$A\n")
    write(".env.local", "B=2\n")
    write(".env.staging", "C=3\n")
    write(".env.staging.local", "D=4\n")
    assert variables(path) == {"A": "1", "B": "2", "C": "1", "D": "1"}
    assert variables(path, "staging") == {"A": "1", "B": "2", "C": "3", "D": "4"}
    monkeypatch.setenv("CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV", "false")
    assert variables(path) == {}


def test_environment_variables_of_the_process_are_read_when_wrangler_reads_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOKEN", "of the process")
    path = written()
    assert "TOKEN" not in variables(path)
    monkeypatch.setenv("CLOUDFLARE_INCLUDE_PROCESS_ENV", "true")
    assert variables(path)["TOKEN"] == "of the process"
    monkeypatch.delenv("CLOUDFLARE_INCLUDE_PROCESS_ENV")
    path = written({"secrets": {"required": ["TOKEN"]}})
    assert variables(path) == {"TOKEN": "of the process"}


def test_declared_secrets_exclude_other_secrets() -> None:
    path = written({"vars": {"A": "a"}, "secrets": {"required": ["B", "C"]}})
    write(".dev.vars", "A=1\nB=2\nD=3\n")
    assert variables(path) == {"A": "1", "B": "2"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            ["LIMIT: int"],
            "wrangler.jsonc:5: vars.LIMIT: expected int, got str",
        ),
        (
            ["LIMIT: str", "LIMTI: int"],
            "wrangler.jsonc:4: vars: missing variable LIMTI for AppEnv.LIMTI: int;"
            " did you mean 'LIMIT'?",
        ),
        (
            ["KEY: str"],
            "wrangler.jsonc:4: vars: missing variable KEY for AppEnv.KEY: str;"
            " put a secret into .dev.vars, or pass KEY=…",
        ),
        (
            ["LIMIT: KV"],
            "wrangler.jsonc:5: vars.LIMIT: expected KV for AppEnv.LIMIT, got a variable",
        ),
        (
            ["SECRET: int | None"],
            ".dev.vars: SECRET: expected int, got str",
        ),
    ],
)
def test_a_variable_that_does_not_fit_the_env_is_reported(fields: list[str], message: str) -> None:
    write(".dev.vars", "SECRET=hush\n")
    said = refused({"vars": {"LIMIT": "300"}}, app(*fields))
    assert said == message
    assert "hush" not in said
