"""How errors of JavaScript become errors of this package."""

from __future__ import annotations

from typing import Any

import pytest

from pyworkers_sdk import (
    AbortError,
    AbortTimeoutError,
    D1ConstraintError,
    D1Error,
    DurableObjectError,
    ImagesError,
    KVError,
    MediaError,
    R2Error,
    RpcError,
    StreamBindingError,
    WorkersError,
    WorkflowError,
)
from pyworkers_sdk._cpython.js_exception import JsException
from pyworkers_sdk.errors import from_js_error


def js_error(name: str, message: str, code: Any = None) -> JsException:
    error = JsException(name, message)
    if code is not None:
        error.code = code
    return error


@pytest.mark.parametrize("family", [ImagesError, MediaError, DurableObjectError])
@pytest.mark.parametrize(
    ("name", "number", "kind"),
    [("AbortError", 20, AbortError), ("TimeoutError", 23, AbortTimeoutError)],
)
def test_abort_of_a_family_has_no_number_of_a_dom_exception(
    family: type[WorkersError], name: str, number: int, kind: type[WorkersError]
) -> None:
    error = from_js_error(family, js_error(name, "aborted", number))
    assert type(error) is kind
    assert error.code is None


@pytest.mark.parametrize(
    ("family", "name", "message", "js_code", "kind", "code"),
    [
        (ImagesError, "Error", "IMAGES: failed", 9523, ImagesError, 9523),
        (KVError, "Error", "KV PUT failed: 413 too long", None, KVError, 413),
        (KVError, "AbortError", "aborted", 20, KVError, None),
        (R2Error, "Error", "put: no such upload (10024)", None, R2Error, 10024),
        (D1Error, "Error", "D1_ERROR: x: SQLITE_ERROR", None, D1Error, "SQLITE_ERROR"),
        (
            D1Error,
            "Error",
            "UNIQUE: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)",
            None,
            D1ConstraintError,
            "SQLITE_CONSTRAINT_UNIQUE",
        ),
        (D1Error, "Error", "MY_SQLITE_CONSTRAINT", None, D1Error, None),
        (RpcError, "Error", "boom", 7, RpcError, None),
        (StreamBindingError, "Error", "NotFoundError: gone", 10003, StreamBindingError, 10003),
        (
            WorkflowError,
            "Error",
            "(instance.not_found) x",
            None,
            WorkflowError,
            "instance.not_found",
        ),
    ],
)
def test_error_has_the_class_and_the_code_of_its_family(
    family: type[WorkersError],
    name: str,
    message: str,
    js_code: int | None,
    kind: type[WorkersError],
    code: int | str | None,
) -> None:
    error = from_js_error(family, js_error(name, message, js_code))
    assert type(error) is kind
    assert error.code == code
