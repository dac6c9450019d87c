"""The rules of the Workflows engine: durations, configs, names, retry back-off, and its log."""

from __future__ import annotations

import re
from datetime import datetime
from math import inf, isnan, nan
from typing import Any, cast

from ...._cpython.js_exception import JsException
from ...._cpython.rpc_stubs import JsFunction
from . import messages

__all__ = [
    "LARGEST_BATCH",
    "LARGEST_OUTPUT",
    "STEP_LIMIT",
    "check_batch",
    "check_config",
    "check_name",
    "config_for_context",
    "is_addressable",
    "is_id",
    "logged",
    "milliseconds",
    "number_text",
    "over_rpc",
    "retry_delay",
    "with_defaults",
]

STEP_LIMIT = 10_000
"""Steps in one run. It is miniflare's default; a configuration can change it."""
LARGEST_OUTPUT = 1024 * 1024
"""Bytes of a step's result, as structured clone counts them."""
LARGEST_BATCH = 100
"""Instances that one call creates or deletes."""

# The newer form of createBatch refuses these ids (contract: test_invalid_batch_raises).
_RESERVED_IDS = ("batch", "terminate", "terminateAll")

_UNITS = {
    "year": 31_557_600_000,
    "month": 2_592_000_000,
    "week": 604_800_000,
    "day": 86_400_000,
    "hour": 3_600_000,
    "minute": 60_000,
    "second": 1000,
    "m": 1,  # "ms": the pattern takes its "s" for a plural
}


# Durations ---------------------------------------------------------------------------------------


def milliseconds(duration: float | str) -> float:
    """Return the milliseconds of a number or of text; NaN if the text is not a duration.

    Like the engine, count text without a known unit as milliseconds: "1 fortnight" is 1.
    """
    if not isinstance(duration, str):
        return duration
    match = re.fullmatch(r"([^ ]+) +(\w\w*?)s?", duration)
    number, unit = match.groups() if match else (duration, "")
    try:
        return float(number) * _UNITS.get(unit, 1)
    except ValueError:
        return nan


def number_text(value: float) -> str:
    """Return a number as JavaScript writes it, without ".0"."""
    return str(int(value)) if float(value).is_integer() else str(value)


def _is_duration(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return False
    return not isnan(milliseconds(value)) and (isinstance(value, str) or value >= 0)


def _is_retention(value: float | str) -> bool:
    # Stricter than other durations (contract: test_invalid_batch_raises).
    length = milliseconds(value)
    return length > 0 and (isinstance(value, str) or float(length).is_integer())


# Instances ---------------------------------------------------------------------------------------


def is_id(id: Any) -> bool:
    """Return whether an instance may be created with this id."""
    return isinstance(id, str) and bool(re.fullmatch(r"(?=.{1,100}\Z)\w[\w-]*", id, re.ASCII))


def is_addressable(id: Any) -> bool:
    """Return whether an instance with this id may exist.

    The service makes longer ids with other characters for instances that a cron trigger starts
    (contract: test_delete_batch_accepts_id_of_cron_trigger).
    """
    return isinstance(id, str) and bool(re.fullmatch(r"[\w, */#-]{1,271}", id, re.ASCII))


def check_batch(batch_or_options: Any) -> list[dict[str, Any]]:
    """Return the options of each instance of a batch, or raise the engine's error.

    The older form is an array. The newer form is an object with ``instances`` or ``count``, and has
    other messages.
    """
    if isinstance(batch_or_options, list):
        batch = cast("list[dict[str, Any]]", batch_or_options)
        if not batch:
            raise JsException("Error", messages.EMPTY_ARRAY)
        if len(batch) > LARGEST_BATCH:
            raise JsException("Error", messages.LARGE_ARRAY)
        invalid_id = messages.INVALID_ID
    else:
        batch = _expand_batch(batch_or_options)
        _check_options(batch)
        invalid_id = messages.INVALID_ID_IN_BATCH
    for options in batch:
        if "id" in options and not is_id(options["id"]):
            raise JsException("Error", invalid_id)
    return batch


def _expand_batch(options: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the options of each instance that an object with ``instances`` or ``count`` starts."""
    if "instances" in options:
        instances: list[dict[str, Any]] = options["instances"]
        if not 0 < len(instances) <= LARGEST_BATCH:
            raise JsException("Error", messages.INVALID_BATCH_SIZE)
        return instances
    count = options.get("count")
    if type(count) is not int or count <= 0:
        raise JsException("Error", messages.INVALID_COUNT)
    if count > LARGEST_BATCH:
        raise JsException("Error", messages.LARGE_COUNT)
    shared = {name: value for name, value in options.items() if name != "count"}
    return [{**shared} for _ in range(count)]


def _check_options(batch: list[dict[str, Any]]) -> None:
    for options in batch:
        if not all(map(_is_retention, options.get("retention", {}).values())):
            raise JsException("Error", messages.INVALID_RETENTION)
        if options.get("id") in _RESERVED_IDS:
            raise JsException("Error", messages.INVALID_ID_IN_BATCH)


# Steps -------------------------------------------------------------------------------------------


def check_name(name: str) -> None:
    if len(name) > 256 or re.search(r"[\x00-\x1f]", name):
        raise JsException("Error", messages.INVALID_STEP_NAME.format(name=name))


def check_config(name: str, config: dict[str, Any], kind: str = "Step") -> None:
    if not _is_config(config):
        raise JsException("Error", messages.INVALID_CONFIG.format(kind=kind, name=name))


def _is_config(config: dict[str, Any]) -> bool:
    if not set(config) <= {"retries", "timeout", "sensitive"}:
        return False
    if config.get("sensitive", "output") != "output":
        return False
    if "timeout" in config and (config["timeout"] == 0 or not _is_duration(config["timeout"])):
        return False
    retries: dict[str, Any] = config.get("retries", {"limit": 0, "delay": 0})
    return (
        {"limit", "delay"} <= set(retries) <= {"limit", "delay", "backoff"}
        and not isinstance(retries["limit"], str)
        and _is_duration(retries["limit"])
        and (isinstance(retries["delay"], JsFunction) or _is_duration(retries["delay"]))
        and retries.get("backoff", "linear") in ("constant", "linear", "exponential")
    )


def with_defaults(config: dict[str, Any]) -> dict[str, Any]:
    """Return a step's config with the engine's defaults."""
    retries = {"limit": 5, "delay": 1000, "backoff": "exponential", **config.get("retries", {})}
    return {"timeout": "10 minutes", **config, "retries": retries}


def retry_delay(config: dict[str, Any], attempt: int, delay: Any) -> float:
    """Return the milliseconds from the failure of an attempt to its retry, with the back-off.

    Args:
        config: The step's config with its defaults.
        attempt: The number of the attempt that failed, starting from 1.
        delay: The delay of the config, or the result of its delay function.

    Raises:
        ValueError: The delay is not a duration.
    """
    if not _is_duration(delay):
        raise ValueError(delay)
    # The back-off multiplies the result of a delay function, too (contract:
    # test_delay_function_computes_retry_delay).
    factors = {"exponential": 2.0 ** (attempt - 1), "linear": attempt}
    return milliseconds(delay) * factors.get(config["retries"]["backoff"], 1)


def config_for_context(config: dict[str, Any]) -> dict[str, Any]:
    """Return a step's config as its context shows it: without a delay that is a function."""
    retries = {**config["retries"]}
    if isinstance(retries["delay"], JsFunction):
        del retries["delay"]
    return {**config, "retries": retries}


# Errors and the log ------------------------------------------------------------------------------

_PLATFORM_ERRORS = ("Error", "TypeError", "RangeError", "SyntaxError", "ReferenceError")


def over_rpc(exc: JsException) -> JsException:
    """Return an error as it arrives over RPC. The engine calls the Worker over RPC.

    Classes that the platform does not know become "Error", and precede the message (contract:
    test_exception_of_run_ends_instance).
    """
    if exc.name in _PLATFORM_ERRORS:
        return JsException(exc.name, exc.message)
    return JsException("Error", f"{exc.name}: {exc.message}" if exc.message else exc.name)


def logged(value: Any) -> Any:
    """Return a value as the engine's log stores it: JSON, with some values replaced.

    Seen in the output of instances (contract: test_output_of_instance_is_json).
    """
    return _logged(value, set())


def _logged(value: Any, around: set[int]) -> Any:
    """Do the same for a value inside the containers whose ids are in ``around``."""
    value_type = cast("type[Any]", type(value))
    if value_type is dict or value_type is list:
        if id(value) in around:
            raise JsException("TypeError", messages.CIRCULAR)
        around.add(id(value))
        plain: Any
        if value_type is dict:
            plain = {key: _logged(item, around) for key, item in value.items()}
        else:
            plain = [_logged(item, around) for item in value]
        around.discard(id(value))
        return plain
    if value_type is set:
        return {}
    if value_type is bytes:
        return f"[Uint8Array({len(value)} bytes)]"
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if value_type is float and (isnan(value) or abs(value) == inf):
        return None
    if value_type is int and abs(value) >= 2**53:
        raise JsException("TypeError", messages.BIGINT)
    return value
