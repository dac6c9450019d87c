"""JSON Web Tokens (RFC 7519): signed by HS256, and verified by HS256, RS256 and ES256."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any, Literal

from pyworkers_sdk import CryptoError, CryptoKey, JsonWebKey, crypto
from pyworkers_sdk.crypto import EcKeyParams, RsaHashedImportParams, SignParams


class InvalidToken(Exception):
    """The token is malformed, expired, or its signature is wrong."""


async def sign_token(claims: dict[str, Any], secret: str) -> str:
    """Return a token with the claims, signed by HS256."""
    signed = ".".join([_encoded({"alg": "HS256", "typ": "JWT"}), _encoded(claims)])
    key = await _secret_key(secret, "sign")
    signature = await crypto.subtle.sign("HMAC", key, signed.encode())
    return f"{signed}.{_base64url(signature)}"


async def verify_token(token: str, secret: str, keys: Sequence[JsonWebKey] = ()) -> dict[str, Any]:
    """Return the claims of a token.

    Args:
        token: The token.
        secret: The secret of HS256.
        keys: The public keys of RS256 and ES256; the header's ``kid`` chooses one.

    Raises:
        InvalidToken: The token is malformed, expired, or its signature is wrong.
    """
    try:
        header_text, claims_text, signature_text = token.split(".")
        header = json.loads(_decoded(header_text))
        claims: dict[str, Any] = json.loads(_decoded(claims_text))
        signature = _decoded(signature_text)
        # Each algorithm has its own kind of key: a public key never verifies HS256.
        algorithm, key = await _key_of(header, secret, keys)
        signed = f"{header_text}.{claims_text}".encode()
        valid = await crypto.subtle.verify(algorithm, key, signature, signed)
        expired = time.time() >= float(claims.get("exp", "inf"))
    except (AttributeError, CryptoError, TypeError, ValueError) as error:
        raise InvalidToken(f"the token is malformed: {error}") from None
    if not valid:
        raise InvalidToken("the signature is wrong")
    if expired:
        raise InvalidToken("the token is expired")
    return claims


async def _key_of(
    header: dict[str, Any], secret: str, keys: Sequence[JsonWebKey]
) -> tuple[SignParams, CryptoKey]:
    match header.get("alg"):
        case "HS256":
            return "HMAC", await _secret_key(secret, "verify")
        case "RS256":
            rsa: RsaHashedImportParams = {"name": "RSASSA-PKCS1-v1_5", "hash": "SHA-256"}
            return "RSASSA-PKCS1-v1_5", await _public_key(header, keys, rsa)
        case "ES256":
            curve: EcKeyParams = {"name": "ECDSA", "named_curve": "P-256"}
            return {"name": "ECDSA", "hash": "SHA-256"}, await _public_key(header, keys, curve)
        case algorithm:
            raise InvalidToken(f"unknown algorithm {algorithm!r}")


async def _secret_key(secret: str, usage: Literal["sign", "verify"]) -> CryptoKey:
    return await crypto.subtle.import_key(
        "raw", secret.encode(), {"name": "HMAC", "hash": "SHA-256"}, False, [usage]
    )


async def _public_key(
    header: dict[str, Any],
    keys: Sequence[JsonWebKey],
    algorithm: RsaHashedImportParams | EcKeyParams,
) -> CryptoKey:
    for jwk in keys:
        if jwk.get("kid") == header.get("kid"):
            return await crypto.subtle.import_key("jwk", jwk, algorithm, False, ["verify"])
    raise InvalidToken("no key has the kid of the token")


def _encoded(value: dict[str, Any]) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode())


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
