"""Service bindings: ``fetch``, methods, props and the Worker's own exports."""

from __future__ import annotations

import asyncio
from typing import Any

from pyworkers_sdk import (
    BindingError,
    ConversionError,
    Fetcher,
    Request,
    RpcError,
    RpcStub,
    Service,
    WorkersError,
)

from .kit import cases, only, raises
from .workers import AppEnv
from .workers.rpc import Callee

NODE = "the Worker of the Node worlds is JavaScript's"
WORLDS = ("fake", "workerd")


def untyped(app: AppEnv) -> Fetcher:
    return Service(app.js_object.CALLEE)


# HTTP


@only(*WORLDS, reason=NODE)
async def test_fetch_takes_a_url_and_options(app: AppEnv) -> None:
    response = await untyped(app).fetch(
        "https://any.example/a?b=c", method="PUT", headers={"x-sent": "q"}, body="text"
    )
    assert response.status == 201
    assert response.headers["x-got"] == "q"
    assert await response.text() == "PUT https://any.example/a?b=c text"


@only(*WORLDS, reason=NODE)
async def test_fetch_takes_a_request(app: AppEnv) -> None:
    request = Request("https://any.example/r", method="POST", body=b"bytes")
    response = await untyped(app).fetch(request)
    assert await response.text() == "POST https://any.example/r bytes"
    assert request.body_used
    plain = await untyped(app).fetch("https://any.example")
    assert await plain.text() == "GET https://any.example/ "


@only(*WORLDS, reason=NODE)
async def test_fetched_response_has_the_standard_status_text(app: AppEnv) -> None:
    expected = {
        200: "OK",
        209: "Successful",
        304: "Not Modified",
        399: "Redirection",
        404: "Not Found",
        413: "Payload Too Large",
        418: "I'm a teapot",
        422: "Unprocessable Entity",
        499: "Client Error",
        503: "Service Unavailable",
        599: "Server Error",
    }
    url = "https://any.example/status"
    texts = {
        status: (await untyped(app).fetch(f"{url}/{status}")).status_text for status in expected
    }
    assert texts == expected


@only(*WORLDS, reason=NODE)
async def test_fetch_raises_what_the_handler_raised(app: AppEnv) -> None:
    with raises(WorkersError, match="LookupError: no such page") as caught:
        await untyped(app).fetch("https://any.example/fail")
    assert caught.value.js_name == "PythonError"


@only(*WORLDS, reason=NODE)
async def test_fetch_of_an_invalid_url_is_refused(app: AppEnv) -> None:
    with raises(WorkersError, match="Invalid URL"):
        await untyped(app).fetch("no url")


# Methods


@only(*WORLDS, reason=NODE)
async def test_methods_are_called_with_arguments(app: AppEnv) -> None:
    assert await app.CALLEE.add(1, 2) == 3
    assert await app.CALLEE.add(1) == 11
    assert await untyped(app).plain() == "not async"
    assert await untyped(app).import_() == "a reserved word"
    assert await untyped(app).calls_itself() == 3
    assert await untyped(app).through_env() == 3


@only(*WORLDS, reason=NODE)
async def test_keyword_arguments_find_their_positions(app: AppEnv) -> None:
    assert await app.CALLEE.add(1, second=5) == 6
    assert await app.CALLEE.add(second=5, first=2) == 7
    assert await app.CALLEE.add(first=2) == 12
    with raises(TypeError, match="unexpected keyword argument 'nope'"):
        await app.CALLEE.add(1, nope=5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


@only(*WORLDS, reason=NODE)
async def test_keyword_arguments_without_a_class_are_refused(app: AppEnv) -> None:
    with raises(TypeError, match=r"add\(\): keyword arguments need the signature"):
        await untyped(app).add(1, second=5)


@only(*WORLDS, reason=NODE)
async def test_a_binding_is_made_typed_by_hand(app: AppEnv) -> None:
    made = Service[Callee](app.js_object.CALLEE)
    assert await made.add(1, second=2) == 3
    assert isinstance(app.CALLEE, Fetcher)


@only(*WORLDS, reason=NODE)
async def test_calls_run_side_by_side(app: AppEnv) -> None:
    assert [*await asyncio.gather(app.CALLEE.add(1, 1), app.CALLEE.add(2, 2))] == [2, 4]


@only(*WORLDS, reason=NODE)
@cases(["nope", "constant", "toJSON"])
async def test_missing_method_raises(app: AppEnv, case: str) -> None:
    with raises(RpcError, match=f"^Method {case} does not exist$") as caught:
        await getattr(untyped(app), case)()
    assert caught.value.js_name == "TypeError"
    assert caught.value.remote


@only(*WORLDS, reason=NODE)
@cases(["dup", "alarm", "webSocketMessage", "webSocketClose", "webSocketError"])
async def test_method_named_by_a_reserved_word_takes_an_underscore(app: AppEnv, case: str) -> None:
    with raises(RpcError, match=f"^'{case}' is a reserved method and cannot be called over RPC.$"):
        await getattr(untyped(app), case)()


@only(*WORLDS, reason=NODE)
async def test_private_name_raises_attribute_error(app: AppEnv) -> None:
    with raises(AttributeError, match="_private"):
        _ = untyped(app)._private


@only(*WORLDS, reason=NODE)
async def test_attribute_of_an_entrypoint_reads_as_a_function(app: AppEnv) -> None:
    add = await untyped(app).add
    assert isinstance(add, RpcStub)
    assert await add(1, 2) == 3
    constant = await untyped(app).constant
    with raises(RpcError, match="Method constant does not exist"):
        await constant()


@only(*WORLDS, reason=NODE)
async def test_value_that_cannot_be_sent_is_refused_before_the_call(app: AppEnv) -> None:
    with raises(ConversionError, match=r"^argument 1 of echo\(\)\.a\[0\]: an object cannot cross"):
        await app.CALLEE.echo({"a": [object()]})
    with raises(RpcError, match=r"^the result of unclonable\(\)\.a\[0\]: an object") as caught:
        await app.CALLEE.unclonable()
    assert caught.value.js_name == "ConversionError"


# Errors

FAILURES: dict[str, tuple[str, str]] = {
    "ValueError": ("ValueError", "boom"),
    "TypeError": ("TypeError", "not this"),
    "Mine": ("Mine", "my own"),
    "KeyError": ("KeyError", "'key'"),
    "WorkersError": ("RangeError", "theirs"),
    "empty": ("ValueError", ""),
    "CancelledError": ("CancelledError", ""),
    "Halt": ("Halt", "no further"),
}


@only(*WORLDS, reason=NODE)
@cases(list(FAILURES))
async def test_an_error_keeps_its_class_and_message(app: AppEnv, case: str) -> None:
    with raises(RpcError) as caught:
        await app.CALLEE.fail(case)
    assert (caught.value.js_name, caught.value.message) == FAILURES[case]
    assert caught.value.remote


@only(*WORLDS, reason=NODE)
async def test_an_error_keeps_its_cause(app: AppEnv) -> None:
    with raises(RpcError, match="^outer$") as caught:
        await app.CALLEE.fail_for("why")
    assert isinstance(caught.value.cause, RpcError)
    assert (caught.value.cause.js_name, caught.value.cause.message) == ("LookupError", "why")


# Props and exports


@only(*WORLDS, reason=NODE)
async def test_props_without_configuration_are_empty(app: AppEnv) -> None:
    assert await app.CALLEE.props() == {}


@only("workerd", reason="the fake's props are given by FakeRuntime.service, in tests")
async def test_props_of_the_binding_reach_the_callee(app: AppEnv) -> None:
    assert await app.ADMIN.who() == {"role": "admin"}


@only(*WORLDS, reason=NODE)
async def test_the_worker_calls_its_own_exports(app: AppEnv) -> None:
    found = await app.ADMIN.through_exports()
    assert found == [3, {}, {"user": "ann", "roles": ["a", None]}]


@only(*WORLDS, reason=NODE)
async def test_env_named_in_quotes_is_found(app: AppEnv) -> None:
    assert await app.ADMIN.through_env() == ["AdminEnv", 3]


@only(*WORLDS, reason=NODE)
async def test_missing_export_raises_binding_error(app: AppEnv) -> None:
    with raises(RpcError, match="^the Worker does not export Nobody$") as caught:
        await app.ADMIN.missing_export()
    assert caught.value.js_name == BindingError.__name__


# Another party, in JavaScript

JAVASCRIPT = "the other party is in JavaScript"


@only("workerd", reason=JAVASCRIPT)
async def test_methods_and_properties_of_javascript(app: AppEnv) -> None:
    assert await app.PARTY.add(1, 2) == 3
    assert await app.PARTY.answer == 42
    assert await app.PARTY.import_() == "a reserved word"
    assert await app.PARTY.get() == "a name that proxies have too"
    with raises(RpcError, match='does not implement the method "nope"'):
        await app.PARTY.nope()
    with raises(RpcError, match='"answer" is not a function'):
        await app.PARTY.answer()


JS_FAILURES: dict[str, tuple[str, str]] = {
    "custom": ("MyError", "mine"),
    "text": ("Error", "only text"),
    "null": ("Error", "null"),
    "range": ("RangeError", "too far"),
    "cause": ("Error", "outer"),
}


@only("workerd", reason=JAVASCRIPT)
@cases(list(JS_FAILURES))
async def test_error_of_javascript_keeps_its_class(app: AppEnv, case: str) -> None:
    with raises(RpcError) as caught:
        await app.PARTY.fail(case)
    assert (caught.value.js_name, caught.value.message) == JS_FAILURES[case]
    assert caught.value.remote
    if case == "cause":
        assert caught.value.cause
        assert (caught.value.cause.js_name, caught.value.cause.message) == ("TypeError", "inner")


@only("workerd", reason=JAVASCRIPT)
async def test_javascript_receives_errors_of_python(app: AppEnv) -> None:
    found = await app.PARTY.attemptCallee("fail", "Mine")
    assert found == ["Mine", "my own", True, True]
    found = await app.PARTY.attemptCallee("fail", "TypeError")
    assert found == ["TypeError", "not this", True, True]
    assert await app.PARTY.attemptCallee("import") == ["ok", "a reserved word"]


@only("workerd", reason=JAVASCRIPT)
async def test_values_of_javascript_arrive_as_python_values(app: AppEnv) -> None:
    found: dict[str, Any] = await app.PARTY.values()
    error, nested = found.pop("error"), found.pop("nested")
    when = found.pop("when")
    assert when.isoformat() == "1970-01-01T00:00:00.005000+00:00"
    assert found == {
        "big": 10**20,
        "map": {"a": None},
        "set": {None, 1},
        "nothing": None,
        "bytes": b"\x01\x02",
        "constructor": 1,
    }
    assert (error.js_name, error.message) == ("TypeError", "inside")
    assert await nested[0]["counter"].increment(2) == 2
    assert await nested[0]["add"](1, 2) == 3
