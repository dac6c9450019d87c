"""Feature flags, as documented."""

from __future__ import annotations

from typing import Any

from pyworkers_sdk import ConversionError, FlagshipEvaluationDetails, WorkersError
from tests.contract.kit import only, raises
from tests.contract.workers import AppEnv

MENU = {"items": ["a", None], "constructor": "x"}


async def test_values_of_each_type(app: AppEnv) -> None:
    flags = app.FLAGS
    assert await flags.get_boolean_value("on", False) is True
    assert await flags.get_string_value("color", "red") == "teal"
    assert await flags.get_number_value("limit", 1) == 2.5
    assert await flags.get_object_value("menu", {}) == MENU
    assert await flags.get_value("color", "red") == "teal"
    assert await flags.get_value("on", False) is True


async def test_default_for_a_missing_flag_or_another_type(app: AppEnv) -> None:
    flags = app.FLAGS
    assert await flags.get_boolean_value("missing", True) is True
    assert await flags.get_string_value("on", "é") == "é"
    assert await flags.get_number_value("color", 7) == 7
    assert await flags.get_object_value("missing", ["a", {"b": None}]) == ["a", {"b": None}]
    assert await flags.get_value("limit", "text") == "text"


async def test_context_reaches_targeting_rules(app: AppEnv) -> None:
    flags = app.FLAGS
    assert await flags.get_string_value("plan", "", {"plan": "pro"}) == "new"
    assert await flags.get_string_value("plan", "", {"plan": "free", "tags": ("a", None)}) == "old"
    assert await flags.get_string_value("plan", "") == "old"
    details = await flags.get_string_details("plan", "", {"plan": "pro"})
    assert (details.value, details.reason) == ("new", "TARGETING_MATCH")


async def test_details_of_each_type(app: AppEnv) -> None:
    flags = app.FLAGS
    details = await flags.get_boolean_details("on", False)
    assert details == FlagshipEvaluationDetails("on", True, None, "DEFAULT", None, None)
    assert (await flags.get_string_details("color", "")).value == "teal"
    assert (await flags.get_number_details("limit", 0)).value == 2.5
    assert (await flags.get_object_details("menu", {})).value == MENU
    assert (await flags.get_details("limit", 0)).flag_key == "limit"


async def test_details_report_missing_flag_and_type_mismatch(app: AppEnv) -> None:
    missing = await app.FLAGS.get_object_details("missing", [1])
    assert (missing.value, missing.reason, missing.error_code) == ([1], "ERROR", "FLAG_NOT_FOUND")
    wrong = await app.FLAGS.get_details("color", 1)
    assert (wrong.value, wrong.reason, wrong.error_code) == (1, "ERROR", "TYPE_MISMATCH")


@only("node", "workerd", reason="a fake fails only if faults() makes it fail")
async def test_variant_error_message_and_failed_binding(app: AppEnv) -> None:
    assert (await app.FLAGS.get_string_details("plan", "")).variant == "a"
    assert (await app.FLAGS.get_value("on", 1)) == 1
    assert (await app.FLAGS.get_details("missing", 1)).error_message == "no flag missing"
    with raises(WorkersError, match="^binding unreachable$"):
        await app.FLAGS.get_boolean_value("broken", False)


async def test_invalid_arguments_raise(app: AppEnv) -> None:
    with raises(ConversionError, match="^flag_key: expected str, got int$"):
        await app.FLAGS.get_value(1, 2)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with raises(ConversionError, match="^default_value.a: bytes are not JSON"):
        await app.FLAGS.get_object_value("menu", {"a": b""})
    user: Any = "user-42"
    with raises(ConversionError, match="^context: expected a dict, got str$"):
        await app.FLAGS.get_boolean_value("on", False, user)
    with raises(ConversionError, match=r"^context.a: "):
        await app.FLAGS.get_boolean_value("on", False, {"a": object()})
