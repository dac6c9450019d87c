"""Keys of bytes, by the standard library: HMAC, and PBKDF2 and HKDF to derive keys."""

# JavaScript's values have no types here.
# pyright: basic
from __future__ import annotations

import hashlib
import hmac
import os
from inspect import unwrap
from typing import Any

from ..js_exception import JsException
from .common import (
    DERIVATION,
    SIGNATURE,
    CryptoKey,
    Hash,
    checked_usages,
    cut,
    field,
    from_base64url,
    hash_of,
    integer,
    refused,
    to_base64url,
)

__all__ = ["HmacKey", "KdfKey", "secret_jwk"]

MAX_PBKDF2_ITERATIONS = 100_000
"""The limit of the service. workerd itself has none."""


def secret_jwk(alg: str, key: CryptoKey, data: bytes) -> dict[str, Any]:
    """Return the JSON Web Key of a secret key. The runtime writes its members in this order."""
    return {
        "kty": "oct",
        "key_ops": key.usages,
        "alg": alg,
        "ext": True,
        "k": to_base64url(data),
    }


class HmacKey(CryptoKey):
    """A key for HMAC."""

    def __init__(
        self, data: bytes, hash: Hash, length: int, extractable: bool, usages: list[str]
    ) -> None:
        # The runtime keeps 16 bits of the length.
        algorithm = {"name": "HMAC", "hash": {"name": hash.name}, "length": length % 2**16}
        super().__init__(algorithm, "secret", extractable, usages)
        self._data = cut(data, length)
        self._hash = hash

    @classmethod
    def generate(
        cls, name: str, algorithm: dict[str, Any], extractable: bool, usages: list[str]
    ) -> HmacKey:
        hash = hash_of(field(algorithm, "hash"))
        usages = checked_usages("generate", name, usages, SIGNATURE)
        length = integer(algorithm.get("length", hash.block * 8))
        if length <= 0:
            raise refused(
                "Operation",
                f"HMAC key length must be a non-zero unsigned long integer (requested {length}).",
            )
        return cls(os.urandom(-(-length // 8)), hash, length, extractable, usages)

    @classmethod
    def load(
        cls,
        name: str,
        format: str,
        data: Any,
        algorithm: dict[str, Any],
        extractable: bool,
        usages: list[str],
    ) -> HmacKey:
        usages = checked_usages("import secret", name, usages, SIGNATURE)
        identifier = field(algorithm, "hash")
        if format == "jwk":
            data = _hmac_jwk(data, identifier)
        elif format != "raw":
            raise refused("NotSupported", f'Unrecognized key import format "{format}".')
        size = len(data) * 8
        length = integer(algorithm.get("length", size))
        if not 0 < length <= size or length <= size - 8:
            raise refused(
                "Data",
                f"Imported HMAC key length ({length}) must be a non-zero value up to 7 bits less "
                f"than, and no greater than, the bit length of the raw key data ({size}).",
            )
        return cls(data, hash_of(identifier), length, extractable, usages)

    def sign(self, algorithm: dict[str, Any], data: bytes) -> bytes:
        return hmac.digest(self._data, data, self._hash.hashlib)

    def verify(self, algorithm: dict[str, Any], signature: bytes, data: bytes) -> bool:
        return hmac.compare_digest(self.sign(algorithm, data), signature)

    def export(self, format: str) -> bytes | dict[str, Any]:
        if format == "raw":
            return self._data
        if format != "jwk":
            raise refused("NotSupported", f'Unimplemented key export format "{format}".')
        hash = self._hash.name
        if hash == "MD5":
            message = f'Unimplemented JWK key export format for key algorithm "{hash}".'
            raise refused("NotSupported", message)
        return secret_jwk(f"HS{hash[4:]}", self, self._data)


def _hmac_jwk(jwk: dict[str, Any], identifier: Any) -> bytes:
    kty = jwk.get("kty", "undefined")
    if kty != "oct":
        raise refused(
            "Data",
            'HMAC "jwk" key import requires a JSON Web Key with Key Type parameter ("kty") equal '
            f'to "oct" (encountered "{kty}").',
        )
    data = from_base64url(jwk.get("k"))
    if data is None:
        message = 'HMAC "jwk" key import requires a base64Url encoding of the key'
        raise refused("Data", message)
    if (alg := jwk.get("alg")) is not None:
        name = str(identifier["name"] if isinstance(identifier, dict) else identifier)
        if not name.startswith("SHA-"):
            message = f"Unrecognized or unimplemented hash algorithm requested{alg}"
            raise refused("NotSupported", message)
        if alg != f"HS{name[4:]}":
            raise refused(
                "Data",
                'HMAC "jwk" key import specifies "alg" that is incompatible with the hash name '
                f'(encountered "{alg}", expected "HS{name[4:]}").',
            )
    return data


class KdfKey(CryptoKey):
    """A password or secret, for PBKDF2 or HKDF."""

    def __init__(self, name: str, data: bytes, usages: list[str]) -> None:
        super().__init__({"name": name}, "secret", False, usages)
        self._data = data

    @classmethod
    def load(
        cls,
        name: str,
        format: str,
        data: Any,
        algorithm: dict[str, Any],
        extractable: bool,
        usages: list[str],
    ) -> KdfKey:
        usages = checked_usages("import secret", name, usages, DERIVATION)
        if extractable:
            raise refused("Syntax", f"{name} key cannot be extractable.")
        if format != "raw":
            end = "." if name == "PBKDF2" else ""
            message = f'{name} key must be imported in "raw" format (requested "{format}"){end}'
            raise refused("NotSupported", message)
        return cls(name, data, usages)

    def derive(self, algorithm: dict[str, Any], length: int | None) -> bytes:
        hash = hash_of(field(algorithm, "hash"))
        salt = field(algorithm, "salt")
        if self.name == "HKDF":
            info = field(algorithm, "info")
            return _hkdf(hash, self._data, salt, info, self._size(length))
        iterations = integer(field(algorithm, "iterations"))
        size = self._size(length)
        if iterations <= 0:
            message = f"PBKDF2 requires a positive iteration count (requested {iterations})."
            raise refused("Operation", message)
        if iterations > MAX_PBKDF2_ITERATIONS:
            raise refused(
                "NotSupported",
                f"Pbkdf2 failed: iteration counts above {MAX_PBKDF2_ITERATIONS} are not supported "
                f"(requested {iterations}).",
            )
        if size > 255 * hash.size:
            message = "Pbkdf2 failed: derived key length exceeds maximum for this hash"
            raise refused("Operation", message)
        if not size:
            return b""
        # The fake runtime hides the function from the code of Workers.
        derived: bytes = unwrap(hashlib.pbkdf2_hmac)(
            hash.hashlib, self._data, salt, iterations, size
        )
        return derived

    def _size(self, length: int | None) -> int:
        """Return a length in bits as bytes."""
        if length is None:
            raise refused("Operation", f"{self.name} cannot derive a key with null length.")
        if length % 8:
            raise refused(
                "Operation",
                f"{self.name} requires a derived key length that is a multiple of eight "
                f"(requested {length}).",
            )
        return length // 8


def _hkdf(hash: Hash, secret: bytes, salt: bytes, info: bytes, size: int) -> bytes:
    """Derive bytes as RFC 5869 does."""
    if size > 255 * hash.size:
        raise refused("Operation", "HKDF deriveBits failed.")
    key = hmac.digest(salt, secret, hash.hashlib)
    derived = block = b""
    for number in range(1, -(-size // hash.size) + 1):
        block = hmac.digest(key, block + info + bytes([number]), hash.hashlib)
        derived += block
    return derived[:size]


def derived_length(algorithm: dict[str, Any]) -> int | None:
    """Return the bits of the key that ``deriveKey`` makes; None for the bits of a shared secret."""
    name = algorithm["name"]
    place = "derivedKeyParams"
    if name.upper() in ("AES-CTR", "AES-CBC", "AES-GCM", "AES-KW"):
        bits = integer(field(algorithm, "length", place))
        if bits not in (128, 192, 256):
            raise refused(
                "Operation",
                f"Derived AES key must be 128, 192, or 256 bits in length but provided {bits}.",
            )
        return bits
    if name.upper() == "HMAC":
        length = algorithm.get("length")
        if length is None:
            return hash_of(field(algorithm, "hash", place)).block * 8
        if length <= 0:
            message = "HMAC key length must be a non-zero unsigned long integer."
            raise JsException("TypeError", message)
        return integer(length)
    if name.upper() in ("HKDF", "PBKDF2"):
        return None
    raise refused("NotSupported", f'Unrecognized derived key type "{name}" requested.')
