"""Web Crypto on plain CPython. AES, RSA and curves need the package cryptography.

The errors are workerd's, in its words and order. tests/contract/test_crypto.py compares both, and
tests/differential/test_crypto.py compares the results with Node.
"""

# JavaScript's values have no types here.
# pyright: basic
from __future__ import annotations

import hashlib
import hmac
import json
import os
import uuid
from typing import Any, NamedTuple, cast

from ..js_exception import JsException
from .aes import AesKey
from .common import CryptoKey, hash_of, refused
from .digest_stream import DigestStream
from .elliptic import EllipticKey, OkpKey
from .rsa import RsaKey
from .secret_keys import HmacKey, KdfKey, derived_length

__all__ = ["Crypto", "CryptoKey", "DigestStream", "SubtleCrypto", "crypto"]

# workerd's own words
NO_SECRET_USAGE = "Secret/private CryptoKeys must have at least one usage."
NO_PRIVATE_USAGE = "Attempt to generate asymmetric keys with no valid private key usages."
NOT_BYTES = (
    'Import data provided for "raw", "pkcs8", or "spki" import formats must be a buffer source.'
)
NOT_JWK = 'Import data provided for "jwk" import format must be a JsonWebKey.'
CORRUPT_JWK = 'Missing "kty" field or corrupt JSON unwrapping key?'


class _Family(NamedTuple):
    name: str
    cls: Any


_FAMILIES = {
    family.name.upper(): family
    for family in (
        _Family("AES-CTR", AesKey),
        _Family("AES-CBC", AesKey),
        _Family("AES-GCM", AesKey),
        _Family("AES-KW", AesKey),
        _Family("HMAC", HmacKey),
        _Family("PBKDF2", KdfKey),
        _Family("HKDF", KdfKey),
        _Family("RSASSA-PKCS1-v1_5", RsaKey),
        _Family("RSA-PSS", RsaKey),
        _Family("RSA-OAEP", RsaKey),
        _Family("ECDSA", EllipticKey),
        _Family("ECDH", EllipticKey),
        _Family("NODE-ED25519", OkpKey),
        _Family("Ed25519", OkpKey),
        _Family("X25519", OkpKey),
    )
}


class SubtleCrypto:
    """JS: SubtleCrypto."""

    async def encrypt(self, algorithm: Any, key: Any, data: Any, /) -> Any:
        algorithm = _allowed(algorithm, key, "encrypt")
        return key.encrypt(algorithm, data)

    async def decrypt(self, algorithm: Any, key: Any, data: Any, /) -> Any:
        algorithm = _allowed(algorithm, key, "decrypt")
        return key.decrypt(algorithm, data)

    async def sign(self, algorithm: Any, key: Any, data: Any, /) -> Any:
        algorithm = _allowed(algorithm, key, "sign")
        return key.sign(algorithm, data)

    async def verify(self, algorithm: Any, key: Any, signature: Any, data: Any, /) -> bool:
        algorithm = _allowed(algorithm, key, "verify")
        valid: bool = key.verify(algorithm, signature, data)
        return valid

    async def digest(self, algorithm: Any, data: Any, /) -> Any:
        hash = hash_of(_normal(algorithm))
        return hashlib.new(hash.hashlib, data, usedforsecurity=False).digest()

    async def generateKey(self, algorithm: Any, extractable: bool, usages: Any, /) -> Any:
        algorithm = _normal(algorithm)
        family = _FAMILIES.get(algorithm["name"].upper())
        if family is None or not hasattr(family.cls, "generate"):
            name = algorithm["name"]
            message = f'Unrecognized key generation algorithm "{name}" requested.'
            raise refused("NotSupported", message)
        made = family.cls.generate(family.name, algorithm, extractable, usages)
        if isinstance(made, CryptoKey) and not usages:
            raise refused("Syntax", NO_SECRET_USAGE)
        if isinstance(made, dict) and not made["privateKey"].usages:
            raise refused("Syntax", NO_PRIVATE_USAGE)
        return made

    async def deriveKey(
        self,
        algorithm: Any,
        baseKey: Any,
        derivedKeyAlgorithm: Any,
        extractable: bool,
        usages: Any,
        /,
    ) -> Any:
        algorithm = _allowed(algorithm, baseKey, "deriveKey")
        derived = _normal(derivedKeyAlgorithm)
        secret = baseKey.derive(algorithm, derived_length(derived))
        return _imported("raw", secret, derived, extractable, usages)

    async def deriveBits(self, algorithm: Any, baseKey: Any, length: int | None, /) -> Any:
        algorithm = _normal(algorithm)
        if length is not None and length < 0:
            message = "deriveBits length must be an unsigned long integer."
            raise JsException("TypeError", message)
        return baseKey.derive(_allowed(algorithm, baseKey, "deriveBits"), length)

    async def importKey(
        self, format: str, keyData: Any, algorithm: Any, extractable: bool, usages: Any, /
    ) -> Any:
        return _imported(format, keyData, _normal(algorithm), extractable, usages)

    async def exportKey(self, format: str, key: Any, /) -> Any:
        return _exported(format, key)

    async def wrapKey(self, format: str, key: Any, wrappingKey: Any, wrapAlgorithm: Any, /) -> Any:
        algorithm = _allowed(wrapAlgorithm, wrappingKey, "wrapKey")
        exported = _exported(format, key)
        if isinstance(exported, dict):
            exported = json.dumps(exported, separators=(",", ":")).encode()
        return wrappingKey.wrap(algorithm, exported)

    async def unwrapKey(
        self,
        format: str,
        wrappedKey: Any,
        unwrappingKey: Any,
        unwrapAlgorithm: Any,
        unwrappedKeyAlgorithm: Any,
        extractable: bool,
        usages: Any,
        /,
    ) -> Any:
        algorithm = _allowed(unwrapAlgorithm, unwrappingKey, "unwrapKey")
        data = unwrappingKey.unwrap(algorithm, wrappedKey)
        if format == "jwk":
            data = _parsed(data)
        return _imported(format, data, _normal(unwrappedKeyAlgorithm), extractable, usages)

    def timingSafeEqual(self, a: Any, b: Any, /) -> bool:
        if len(a) != len(b):
            raise JsException("TypeError", "Input buffers must have the same byte length.")
        return hmac.compare_digest(a, b)


def _normal(algorithm: Any) -> dict[str, Any]:
    if isinstance(algorithm, str):
        return {"name": algorithm}
    return {"name": "undefined", **algorithm}


def _allowed(algorithm: Any, key: Any, usage: str) -> dict[str, Any]:
    """Return an algorithm, if the key is of it and has the usage."""
    normal = _normal(algorithm)
    name = normal["name"]
    if name.upper() != key.name.upper():
        raise refused(
            "InvalidAccess",
            f'Requested algorithm "{name}" does not match this CryptoKey\'s algorithm '
            f'"{key.name}".',
        )
    if usage not in key.usages:
        message = (
            f'Requested key usage "{usage}" does not match any usage listed in this CryptoKey.'
        )
        raise refused("InvalidAccess", message)
    return normal


def _imported(
    format: str, data: Any, algorithm: dict[str, Any], extractable: bool, usages: list[str]
) -> CryptoKey:
    name = algorithm["name"]
    _check_flag(format)
    if format in ("raw", "pkcs8", "spki"):
        if isinstance(data, dict):
            raise JsException("TypeError", NOT_BYTES)
    elif format == "jwk":
        if not isinstance(data, dict):
            raise JsException("TypeError", NOT_JWK)
        data = _members(cast("dict[str, Any]", data))
        if data.get("ext") is False and extractable:
            message = f'JWK ext field for "{name}" is set to false but extractable is true'
            raise refused("Data", message)
    else:
        raise refused("NotSupported", f'Unrecognized key import format "{format}".')
    family = _FAMILIES.get(name.upper())
    if family is None:
        message = f'Unrecognized key import algorithm "{name}" requested.'
        raise refused("NotSupported", message)
    key: CryptoKey = family.cls.load(family.name, format, data, algorithm, extractable, usages)
    if key.type != "public" and not key.usages:
        raise refused("Syntax", NO_SECRET_USAGE)
    return key


def _check_flag(format: str) -> None:
    if format in ("raw-secret", "raw-public", "raw-private", "raw-seed"):
        message = f'Key format "{format}" requires the webcrypto_modern_algorithms flag.'
        raise refused("NotSupported", message)


def _exported(format: str, key: Any) -> Any:
    _check_flag(format)
    if not key.extractable:
        raise refused("InvalidAccess", f"Attempt to export non-extractable {key.name} key.")
    return key.export(format)


def _members(jwk: dict[str, Any]) -> dict[str, Any]:
    """Return the members of a JSON Web Key, coerced as the runtime coerces them."""
    members = dict(jwk)
    for name in ("key_ops", "oth"):
        if name in members and not isinstance(members[name], (list, tuple)):
            raise JsException(
                "TypeError",
                f"Incorrect type for the '{name}' field on 'JsonWebKey': the provided value is not "
                "of type 'Array'.",
            )
    if "key_ops" in members:
        members["key_ops"] = [str(operation) for operation in members["key_ops"]]
    if "ext" in members:
        members["ext"] = bool(members["ext"])
    return members


def _parsed(data: bytes) -> Any:
    text = data.decode(errors="replace")
    try:
        jwk = json.loads(text)
    except ValueError:
        raise JsException("SyntaxError", f"{json.dumps(text)} is not valid JSON") from None
    if not isinstance(jwk, dict):
        raise refused("Data", CORRUPT_JWK)
    return {name: value for name, value in jwk.items() if value is not None}


class Crypto:
    """JS: Crypto."""

    DigestStream: Any = DigestStream

    def __init__(self) -> None:
        self.subtle = SubtleCrypto()

    def getRandomValues(self, buffer: Any, /) -> Any:
        """Return the array with its new content: bytes cannot be filled in place."""
        return os.urandom(len(buffer))

    def randomUUID(self) -> str:
        return str(uuid.uuid4())


crypto = Crypto()
