"""What the engine of Workflows takes and refuses: durations, configs, names; and what it logs."""

from __future__ import annotations

import re
from datetime import datetime
from math import inf, isnan, nan
from typing import Any, cast

from ...._cpython.js_exception import JsException
from ...._cpython.rpc_stubs import JsFunction

__all__ = [
    "FATAL_NAME",
    "LARGEST_OUTPUT",
    "STEP_LIMIT",
    "check_batch",
    "check_config",
    "check_name",
    "is_addressable",
    "is_id",
    "logged",
    "milliseconds",
    "number_text",
    "over_rpc",
    "resolved",
    "retry_delay",
    "shown",
]

STEP_LIMIT = 10_000
LARGEST_OUTPUT = 1024 * 1024
FATAL_NAME = "WorkflowFatalError"

_UNITS = {
    "year": 31_557_600_000,
    "month": 2_592_000_000,
    "week": 604_800_000,
    "day": 86_400_000,
    "hour": 3_600_000,
    "minute": 60_000,
    "second": 1000,
    "m": 1,
}


def milliseconds(duration: float | str) -> float:
    """A number as it is; text as a number and its unit; NaN where it is neither."""
    if not isinstance(duration, str):
        return duration
    found = re.fullmatch(r"([^ ]+) +(\w\w*?)s?", duration)
    number, unit = found.groups() if found else (duration, "")
    try:
        return float(number) * _UNITS.get(unit, 1)
    except ValueError:
        return nan


def number_text(value: float) -> str:
    """As JavaScript writes a number."""
    return str(int(value)) if float(value).is_integer() else str(value)


def is_id(id: Any) -> bool:
    return isinstance(id, str) and bool(re.fullmatch(r"(?=.{1,100}\Z)\w[\w-]*", id, re.ASCII))


def is_addressable(id: Any) -> bool:
    """An id of an instance that there may be: one that a cron trigger started has a longer one."""
    return isinstance(id, str) and bool(re.fullmatch(r"[\w, */#-]{1,271}", id, re.ASCII))


def check_batch(given: Any) -> list[dict[str, Any]]:
    """The options of each instance of a batch: of an array, or of the newer object."""
    if isinstance(given, list):
        batch = cast("list[dict[str, Any]]", given)
        if not 0 < len(batch) <= 100:
            limit = (
                "only supports 100 instances at a time"
                if batch
                else "should have at least 1 instance"
            )
            raise JsException("Error", f"WorkflowError: batchCreate {limit}")
        invalid = "Workflow instance has invalid id"
    else:
        batch = _batch(given)
        invalid = "WorkflowError: (instance.invalid_id) Instance ID is invalid"
    for one in batch:
        if "id" in one and not is_id(one["id"]):
            raise JsException("Error", invalid)
    return batch


def _batch(given: dict[str, Any]) -> list[dict[str, Any]]:
    count, body = given.get("count"), "WorkflowError: (body)"
    if "instances" in given:
        batch: list[dict[str, Any]] = given["instances"]
        if not 0 < len(batch) <= 100:
            raise JsException("Error", f"{body} Batch size exceeds maximum allowed")
    elif type(count) is not int or count <= 0:
        raise JsException("Error", f"{body} count must be a positive integer")
    elif count > 100:
        raise JsException("Error", f"{body} batchCreate only supports 100 instances at a time")
    else:
        batch = [{name: given[name] for name in given if name != "count"} for _ in range(count)]
    for one in batch:
        if not all(map(_is_retention, one.get("retention", {}).values())):
            raise JsException(
                "Error",
                f"{body} Duration must be a number or a string in format "
                "'{{number}} {{unit}}' where unit is second(s), minute(s), etc.",
            )
        if one.get("id") in ("batch", "terminate", "terminateAll"):
            raise JsException(
                "Error", "WorkflowError: (instance.invalid_id) Instance ID is invalid"
            )
    return batch


def _is_retention(value: float | str) -> bool:
    length = milliseconds(value)
    return length > 0 and (isinstance(value, str) or float(length).is_integer())


def check_name(name: str) -> None:
    if len(name) > 256 or re.search(r"[\x00-\x1f]", name):
        reason = "exceeds max length (256 chars) or invalid characters found"
        raise JsException("Error", f'Step name "{name}" {reason}')


def check_config(name: str, config: dict[str, Any], what: str = "Step") -> None:
    if not _is_config(config):
        raise JsException(
            "Error",
            f'{what} config for "{name}" is in a invalid format. See '
            "https://developers.cloudflare.com/workflows/build/sleeping-and-retrying/",
        )


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


def _is_duration(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return False
    return not isnan(milliseconds(value)) and (isinstance(value, str) or value >= 0)


def resolved(config: dict[str, Any]) -> dict[str, Any]:
    """A step's config with the engine's defaults."""
    retries = {"limit": 5, "delay": 1000, "backoff": "exponential", **config.get("retries", {})}
    return {"timeout": "10 minutes", **config, "retries": retries}


def retry_delay(config: dict[str, Any], attempt: int, delay: Any) -> float:
    """Milliseconds from the failure of that attempt to the next, of what the config says, or its
    function; ValueError where that is none."""
    if not _is_duration(delay):
        raise ValueError(delay)
    backoff = config["retries"]["backoff"]
    factors = {"exponential": 2.0 ** (attempt - 1), "linear": attempt}
    return milliseconds(delay) * factors.get(backoff, 1)


def shown(config: dict[str, Any]) -> dict[str, Any]:
    """A step's config as its context has it."""
    retries = {**config["retries"]}
    if isinstance(retries["delay"], JsFunction):
        del retries["delay"]
    return {**config, "retries": retries}


_KEPT = ("Error", "TypeError", "RangeError", "SyntaxError", "ReferenceError")


def over_rpc(exc: JsException) -> JsException:
    """An error as it arrives on the other side: of the platform's names alone it keeps the name."""
    if exc.name in _KEPT:
        return JsException(exc.name, exc.message)
    return JsException("Error", f"{exc.name}: {exc.message}" if exc.message else exc.name)


def logged(value: Any) -> Any:
    """A value as the engine's log, JSON, has it."""
    kind = cast("type[Any]", type(value))
    if kind is dict:
        return {key: logged(item) for key, item in value.items()}
    if kind is list:
        return [logged(item) for item in value]
    if kind is set:
        return {}
    if kind is bytes:
        return f"[Uint8Array({len(value)} bytes)]"
    if kind is datetime:
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if kind is float and (isnan(value) or abs(value) == inf):
        return None
    if kind is int and abs(value) >= 2**53:
        raise JsException("TypeError", "Do not know how to serialize a BigInt")
    return value
