"""How the runtime reads the numbers in options."""

from __future__ import annotations

from math import isfinite

from ..._cpython.js_exception import JsException

__all__ = ["int32"]


def int32(value: float | None) -> int | None:
    """Convert a number as the runtime does for an option of the C++ type ``int``.

    A fraction is cut off, and NaN and infinities become 0, as in Web IDL. Integers beyond 32 bits
    are refused rather than wrapped (contract: test_an_expiration_beyond_32_bits_is_refused).
    """
    if value is None:
        return None
    number = int(value) if isfinite(value) else 0
    if not -(2**31) <= number < 2**31:
        bounds = "between -2147483648 and 2147483647 (inclusive)"
        raise JsException("TypeError", f"Value out of range. Must be {bounds}.")
    return number
