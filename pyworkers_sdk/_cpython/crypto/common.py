"""Parts that all algorithms of Web Crypto share: usages, hashes, parameters, and errors."""

# JavaScript's values have no types here.
# pyright: basic
from __future__ import annotations

import re
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterable
from importlib import import_module
from typing import Any, NamedTuple

from ..js_exception import JsException

__all__ = [
    "DERIVATION",
    "PRIVATE",
    "PUBLIC",
    "SIGNATURE",
    "CryptoKey",
    "Hash",
    "bits_of",
    "checked_usages",
    "field",
    "from_base64url",
    "hash_of",
    "integer",
    "library",
    "refused",
    "to_base64url",
]

USAGES = (
    "encrypt",
    "decrypt",
    "sign",
    "verify",
    "deriveKey",
    "deriveBits",
    "wrapKey",
    "unwrapKey",
)
"""All usages, in the order in which a key lists them."""

PUBLIC = {"encrypt", "verify", "wrapKey"}
PRIVATE = {"decrypt", "sign", "unwrapKey", "deriveKey", "deriveBits"}
DERIVATION = {"deriveKey", "deriveBits"}
SIGNATURE = {"sign", "verify"}

# workerd's own words
UNKNOWN_HASH = "Unrecognized or unimplemented digest algorithm requested."
OUT_OF_RANGE = "Value out of range. Must be between -2147483648 and 2147483647 (inclusive)."


def refused(name: str, message: str) -> JsException:
    """Return a DOMException; ``name`` is without its suffix "Error"."""
    return JsException(f"{name}Error", message)


def library(module: str) -> Any:
    """Import a module of the package cryptography, below ``hazmat.primitives``."""
    try:
        return import_module(f"cryptography.hazmat.primitives.{module}")
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "crypto.subtle: expected the package cryptography for AES, RSA and elliptic curves, "
            "got no such package; pip install 'pyworkers-sdk[testing]'"
        ) from None


class CryptoKey:
    """JS: CryptoKey. A subclass has the material and the operations of an algorithm.

    An operation is called only on a key that has its usage, and a key has only usages of its
    algorithm. So a subclass lacks the other operations.
    """

    js_tag = "CryptoKey"

    def __init__(
        self,
        algorithm: dict[str, Any],
        type: str,
        extractable: bool,
        usages: list[str],
    ) -> None:
        self._algorithm = algorithm
        self._usages = usages
        self.name: str = algorithm["name"]
        self.type: str = type
        self.extractable = extractable

    @property
    def algorithm(self) -> Any:
        return {**self._algorithm}

    @property
    def usages(self) -> Any:
        return [*self._usages]


class Hash(NamedTuple):
    """A hash function, by its names in Web Crypto and in hashlib; the sizes are in bytes."""

    name: str
    hashlib: str
    size: int
    block: int


_HASHES = {
    each.name: each
    for each in (
        Hash("SHA-1", "sha1", 20, 64),
        Hash("SHA-256", "sha256", 32, 64),
        Hash("SHA-384", "sha384", 48, 128),
        Hash("SHA-512", "sha512", 64, 128),
        Hash("MD5", "md5", 16, 64),
    )
}


def hash_of(identifier: Any) -> Hash:
    """Return the hash of a name, or of an object with a name."""
    name = identifier.get("name", "") if isinstance(identifier, dict) else identifier
    if str(name).upper() not in _HASHES:
        raise refused("NotSupported", UNKNOWN_HASH)
    return _HASHES[str(name).upper()]


def field(algorithm: dict[str, Any], name: str, place: str = "algorithm") -> Any:
    """Return a required parameter."""
    if algorithm.get(name) is None:
        raise JsException("TypeError", f'Missing field "{name}" in "{place}".')
    return algorithm[name]


def integer(value: Any) -> int:
    """Return a number as JavaScript's conversion to a 32-bit integer does."""
    if not -(2**31) <= value < 2**31:
        raise JsException("TypeError", OUT_OF_RANGE)
    return int(value)


def checked_usages(
    context: str, name: str, actual: Iterable[str], allowed: Iterable[str]
) -> list[str]:
    """Return usages in their order, each once.

    Args:
        context: The operation, for the message: "generate", "import public" …
        name: The name of the algorithm.
        actual: The usages that were requested.
        allowed: The usages that the algorithm has.
    """
    requested = [*actual]
    for usage in requested:
        if usage not in allowed:
            message = f'Attempt to {context} {name} key with invalid usage "{usage}".'
            raise refused("Syntax", message)
    return [usage for usage in USAGES if usage in requested]


def bits_of(secret: bytes, length: int | None) -> bytes:
    """Return the first bits of a secret; the unused bits of the last byte are zero."""
    length = len(secret) * 8 if length is None else length
    if length > len(secret) * 8:
        raise refused(
            "Operation",
            f"Derived key length ({length} bits) is too long (should be at most "
            f"{len(secret) * 8} bits).",
        )
    return cut(secret, length)


def cut(data: bytes, length: int) -> bytes:
    """Return the bytes of ``length`` bits; the unused bits of the last byte are zero."""
    size = -(-length // 8)
    unused = size * 8 - length
    number = int.from_bytes(data[:size]) >> unused << unused
    return number.to_bytes(size)


_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")


def from_base64url(value: Any) -> bytes | None:
    """Return the bytes of base64 text in either alphabet, padded or not; None if it is invalid."""
    if value is None:
        return None
    text = "".join(str(value).split()).replace("-", "+").replace("_", "/")
    digits = text.rstrip("=")
    padded = len(text) > len(digits)
    if not _BASE64.fullmatch(text) or len(digits) % 4 == 1 or (padded and len(text) % 4):
        return None
    return b64decode(digits + "=" * (-len(digits) % 4))


def to_base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
