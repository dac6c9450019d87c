"""The types of Web Crypto: checked by mypy and pyright, never run."""

from __future__ import annotations

from typing import assert_type

from pyworkers_sdk import CryptoKey, CryptoKeyPair, JsonWebKey, crypto
from pyworkers_sdk.crypto import EcdsaParams, KeyAlgorithm, KeyType, KeyUsage


async def keys(secret: bytes, jwk: JsonWebKey, jwks: dict[str, object]) -> CryptoKey:
    subtle = crypto.subtle
    hmac = await subtle.import_key(
        "raw", secret, {"name": "HMAC", "hash": "SHA-256"}, False, ["sign", "verify"]
    )
    assert_type(hmac, CryptoKey)
    assert_type(hmac.type, KeyType)
    assert_type(hmac.algorithm, KeyAlgorithm)
    assert_type(hmac.usages, list[KeyUsage])
    await subtle.import_key("jwk", jwk, {"name": "ECDSA", "named_curve": "P-256"}, True, [])
    await subtle.import_key("jwk", jwks, "Ed25519", True, ("verify",))
    await subtle.import_key("raw", secret, "PBKDF2", False, ["deriveBits"])
    await subtle.import_key("raw", secret, hmac.algorithm["name"], False, [])  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    await subtle.import_key("raw", jwk, "AES-GCM", True, ["encrypt"])  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    await subtle.import_key("raw", secret, "AES-GCM", True, ["derive_key"])  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]

    aes = await subtle.generate_key({"name": "AES-GCM", "length": 256}, True, ["encrypt"])
    assert_type(aes, CryptoKey)
    mac = await subtle.generate_key({"name": "HMAC", "hash": "SHA-1"}, True, ["sign"])
    assert_type(mac, CryptoKey)
    pair = await subtle.generate_key({"name": "ECDSA", "named_curve": "P-256"}, True, ["sign"])
    assert_type(pair, CryptoKeyPair)
    pair = await subtle.generate_key("Ed25519", True, ["sign"])
    assert_type(pair.private_key, CryptoKey)
    pair = await subtle.generate_key(
        {
            "name": "RSA-OAEP",
            "modulus_length": 2048,
            "public_exponent": b"\1\0\1",
            "hash": "SHA-256",
        },
        True,
        ["encrypt", "decrypt"],
    )

    assert_type(await subtle.export_key("jwk", aes), JsonWebKey)
    assert_type(await subtle.export_key("raw", aes), bytes)
    return await subtle.derive_key(
        {"name": "ECDH", "public": pair.public_key},
        pair.private_key,
        {"name": "AES-KW", "length": 128},
        False,
        ["wrapKey"],
    )


async def operations(key: CryptoKey, data: bytes) -> None:
    subtle = crypto.subtle
    gcm = await subtle.encrypt({"name": "AES-GCM", "iv": data, "tag_length": 96}, key, data)
    assert_type(gcm, bytes)
    await subtle.decrypt("RSA-OAEP", key, bytearray(data))
    await subtle.encrypt({"name": "AES-GCM"}, key, data)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await subtle.encrypt("AES-GCM", key, data)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await subtle.encrypt({"name": "AES-GCM", "iv": "x"}, key, data)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await subtle.encrypt({"name": "AES-GCM", "iv": data}, key, "x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ecdsa: EcdsaParams = {"name": "ECDSA", "hash": {"name": "SHA-384"}}
    assert_type(await subtle.verify(ecdsa, key, data, memoryview(data)), bool)
    await subtle.sign({"name": "RSA-PSS", "salt_length": 32}, key, data)
    await subtle.sign("ECDSA", key, data)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pbkdf2 = await subtle.derive_bits(
        {"name": "PBKDF2", "hash": "SHA-256", "salt": data, "iterations": 100_000}, key, 256
    )
    assert_type(pbkdf2, bytes)
    assert_type(await subtle.digest("MD5", data), bytes)
    await subtle.digest("SHA256", data)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    wrapped = await subtle.wrap_key("pkcs8", key, key, {"name": "AES-CBC", "iv": data})
    await subtle.unwrap_key("raw", wrapped, key, "AES-KW", "AES-GCM", True, ["encrypt"])
    assert_type(subtle.timing_safe_equal(data, wrapped), bool)
    assert_type(crypto.get_random_values(16), bytes)
    assert_type(crypto.random_uuid(), str)
    stream = crypto.DigestStream("crc32c")
    await stream.write(data)
    assert_type(await stream.digest, bytes)
    assert_type(stream.bytes_written, int)
