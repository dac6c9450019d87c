"""Web Crypto: every algorithm and format, and the refusals of the runtime in its words."""

from __future__ import annotations

import hashlib
from collections import UserDict
from collections.abc import Awaitable, Callable
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from pyworkers_sdk import (
    AbortError,
    ConversionError,
    CryptoError,
    CryptoKey,
    CryptoKeyPair,
    Queue,
    QueueError,
    Response,
    StreamError,
    crypto,
)
from pyworkers_sdk.crypto import JsonWebKey, KeyUsage
from tests.contract.kit import cases, not_in, only, raises

subtle: Any = crypto.subtle  # the checks also pass arguments of wrong types

NODE = "Node refuses with its own words"
NODE_LACKS = "Node has no such member"
F4 = b"\x01\x00\x01"

Call: TypeAlias = Callable[[], Awaitable[object]]


class Refusal(NamedTuple):
    call: Call
    name: str
    message: str


def sevens(size: int) -> bytes:
    return b"\7" * size


async def raw_key(algorithm: Any, size: int, usages: list[KeyUsage], data: int = 7) -> CryptoKey:
    extractable = algorithm not in ("HKDF", "PBKDF2")
    key: CryptoKey = await subtle.import_key(
        "raw", bytes([data]) * size, algorithm, extractable, usages
    )
    return key


async def jwk_key(
    jwk: dict[str, Any], algorithm: Any, usages: list[KeyUsage], extractable: bool = True
) -> CryptoKey:
    key: CryptoKey = await subtle.import_key("jwk", jwk, algorithm, extractable, usages)
    return key


def description(key: CryptoKey) -> tuple[object, ...]:
    return key.type, key.extractable, key.algorithm, set(key.usages)


# Digests, random bytes, comparison ----------------------------------------------------------

DIGESTS = {
    "SHA-1": "a9993e364706816aba3e25717850c26c9cd0d89d",
    "sha-256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "SHA-384": "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
    "8086072ba1e7cc2358baeca134c825a7",
    "SHA-512": "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
}


@cases(DIGESTS)
async def test_digest_of_an_algorithm_is_the_hash(case: str) -> None:
    [name] = [name for name, value in DIGESTS.items() if value == case]
    for algorithm in name, {"name": name}:
        for data in b"abc", bytearray(b"abc"), memoryview(b"abc"), memoryview(b"aXbXcX")[::2]:
            assert (await subtle.digest(algorithm, data)).hex() == case


async def test_digest_of_no_bytes_is_the_empty_hash() -> None:
    assert (await subtle.digest("SHA-256", b"")).hex().startswith("e3b0c44298fc1c14")


@not_in("node", reason="Node has no MD5 in Web Crypto")
async def test_digest_of_md5_is_the_hash() -> None:
    assert (await subtle.digest("MD5", b"abc")).hex() == "900150983cd24fb0d6963f7d28e17f72"


@cases(["SHA-224", "SHA3-256", "SHA256", "foo", ""])
async def test_digest_of_an_unknown_algorithm_is_refused(case: str) -> None:
    with raises(CryptoError) as caught:
        await subtle.digest(case, b"")
    assert caught.value.js_name == "NotSupportedError"


@cases([0, 1, 65_536])
async def test_get_random_values_returns_that_many_bytes(case: int) -> None:
    values = crypto.get_random_values(case)
    assert type(values) is bytes
    assert len(values) == case


async def test_get_random_values_twice_are_different() -> None:
    assert crypto.get_random_values(16) != crypto.get_random_values(16)


async def test_get_random_values_of_too_many_bytes_is_refused() -> None:
    with raises(CryptoError, match="at most 65,536 bytes, got 65,537") as caught:
        crypto.get_random_values(65_537)
    assert caught.value.js_name == "QuotaExceededError"


@cases([-1, 1.5, "3", None, True])
async def test_get_random_values_of_no_length_is_refused(case: Any) -> None:
    with raises(ConversionError, match=r"^length: expected "):
        crypto.get_random_values(case)


async def test_random_uuid_is_of_version_4() -> None:
    uuid = crypto.random_uuid()
    assert [len(part) for part in uuid.split("-")] == [8, 4, 4, 4, 12]
    assert uuid[14] == "4"
    assert uuid != crypto.random_uuid()


@not_in("node", reason=NODE_LACKS)
async def test_timing_safe_equal_compares_bytes() -> None:
    assert crypto.subtle.timing_safe_equal(b"abc", bytearray(b"abc")) is True
    assert crypto.subtle.timing_safe_equal(b"abc", b"abd") is False
    assert crypto.subtle.timing_safe_equal(b"", b"") is True


@not_in("node", reason=NODE_LACKS)
async def test_timing_safe_equal_of_different_lengths_is_refused() -> None:
    with raises(CryptoError, match=r"^Input buffers must have the same byte length\.$") as caught:
        crypto.subtle.timing_safe_equal(b"abc", b"ab")
    assert caught.value.js_name == "TypeError"


@only("node", reason="the others have the member")
async def test_timing_safe_equal_of_a_runtime_without_it_is_an_error() -> None:
    with raises(CryptoError, match="this runtime has no crypto.subtle.timingSafeEqual"):
        crypto.subtle.timing_safe_equal(b"a", b"a")


# DigestStream -------------------------------------------------------------------------------

STREAMED = {
    "SHA-256": "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
    "md5": "25f9e794323b453885f5181f1b624d0b",
    "CRC32": "cbf43926",
    "crc32c": "e3069283",
    "crc64nvme": "ae8b14860a799888",
}


@not_in("node", reason=NODE_LACKS)
@cases(STREAMED)
async def test_digest_stream_hashes_what_was_written(case: str) -> None:
    [name] = [name for name, value in STREAMED.items() if value == case]
    stream = crypto.DigestStream(name)  # type: ignore[arg-type]  # also in lower case
    await stream.write(b"1234")
    await stream.write(memoryview(b"56789"))
    await stream.close()
    assert (await stream.digest).hex() == case
    assert await stream.digest == bytes.fromhex(case)
    assert stream.bytes_written == 9


@not_in("node", reason=NODE_LACKS)
async def test_digest_stream_of_an_unknown_algorithm_is_refused() -> None:
    for name in "foo", "crc-32":
        with raises(CryptoError, match="Unrecognized or unimplemented digest") as caught:
            crypto.DigestStream(name)  # type: ignore[arg-type]
        assert caught.value.js_name == "NotSupportedError"


@not_in("node", reason=NODE_LACKS)
async def test_digest_stream_that_is_closed_takes_no_more() -> None:
    stream = crypto.DigestStream({"name": "SHA-1"})
    await stream.close()
    with raises(StreamError, match=r"This WritableStream has been closed\."):
        await stream.write(b"x")
    with raises(StreamError, match="clos"):
        await stream.close()
    assert (await stream.digest).hex() == "da39a3ee5e6b4b0d3255bfef95601890afd80709"


@not_in("node", reason=NODE_LACKS)
async def test_digest_stream_that_is_aborted_has_no_digest() -> None:
    stream = crypto.DigestStream("SHA-1")
    await stream.write(b"x")
    await stream.abort("no more")
    with raises(AbortError, match="no more"):
        await stream.digest
    with raises(AbortError, match="no more"):
        await stream.write(b"x")


# AES ----------------------------------------------------------------------------------------

SEALED = {
    "iv of 12 bytes": ({"iv": sevens(12)}, "0a2c660833d4ca23c3dd78b12892201d933c026613"),
    "iv of 16 bytes": ({"iv": sevens(16)}, "4a17372ff58159b328b16d4a5b8ae7e4a00d5778e4"),
    "iv of 128 bytes": ({"iv": sevens(128)}, "f352a06c367fc4c5a9c177b25dbec5b8993004e558"),
    "short tag": ({"iv": sevens(12), "tag_length": 32}, "0a2c660833d4ca23c3"),
    "tag of 120 bits": (
        {"iv": sevens(12), "tag_length": 120},
        "0a2c660833d4ca23c3dd78b12892201d933c0266",
    ),
    "additional data": (
        {"iv": sevens(12), "additional_data": sevens(3)},
        "0a2c66083353bf326604645625c0b8fc43a510a84e",
    ),
    "no additional data": (
        {"iv": sevens(12), "additional_data": b"", "tag_length": None},
        "0a2c660833d4ca23c3dd78b12892201d933c026613",
    ),
}
ODD_IVS = {
    "iv of 1 byte": ({"iv": sevens(1)}, "c62d5e6f4ac60473dbe962791916feda2543d5538a"),
    "iv of 129 bytes": ({"iv": sevens(129)}, "780c6a56e4412adc1055208af2cb825de4522038e6"),
    "iv of 300 bytes": ({"iv": sevens(300)}, "1670ae7d6fde97912dd4c184199f11b0534a5a884c"),
}


async def _sealed(case: tuple[dict[str, Any], str]) -> None:
    key = await raw_key("AES-GCM", 16, ["encrypt", "decrypt"])
    parameters, ciphertext = case
    algorithm = {"name": "AES-GCM", **parameters}
    assert (await subtle.encrypt(algorithm, key, b"hello")).hex() == ciphertext
    assert await subtle.decrypt(algorithm, key, bytes.fromhex(ciphertext)) == b"hello"


@cases(SEALED)
async def test_aes_gcm_of_parameters_is_sealed_and_opened(case: Any) -> None:
    await _sealed(case)


@not_in("node", reason="Node takes an iv of 12 to 128 bytes")
@cases(ODD_IVS)
async def test_aes_gcm_of_an_unusual_iv_is_sealed_and_opened(case: Any) -> None:
    await _sealed(case)


async def test_aes_gcm_of_no_bytes_is_a_tag() -> None:
    key = await raw_key("AES-GCM", 16, ["encrypt"])
    sealed = await subtle.encrypt({"name": "AES-GCM", "iv": sevens(12)}, key, b"")
    assert sealed.hex() == "f64af602bede11cf8243b3b30bd90278"


AES_CBC = {
    0: "c6d8f9f26feeb8ded2ae3a09b876ce73",
    15: "d38e3062ad35a8694afcf589e3bcee15",
    16: "0a4dee87e76ce0d47c6e1cdfc76d20a3f6e98805a015d3c11375a99e4c751d7e",
}


async def test_aes_cbc_of_any_length_is_padded() -> None:
    key = await raw_key("AES-CBC", 32, ["encrypt", "decrypt"])
    algorithm = {"name": "AES-CBC", "iv": sevens(16)}
    for size, ciphertext in AES_CBC.items():
        assert (await subtle.encrypt(algorithm, key, sevens(size))).hex() == ciphertext
        assert await subtle.decrypt(algorithm, key, bytes.fromhex(ciphertext)) == sevens(size)


@cases(
    {
        "whole block": (sevens(16), 128, 17, "b34145b59c01dc09a9c5d21874fe9cfa4a"),
        "one bit": (sevens(16), 1, 17, "b34145b59c01dc09a9c5d21874fe9cfa5e"),
        "overflow of one bit": (
            b"\xff" * 16,
            1,
            32,
            "aa3578df8001bd93ef93d2cccf889c057784e73e45986de76da3d942f1f8200f",
        ),
        "overflow of 16 bits": (
            b"\xff" * 16,
            16,
            60,
            "aa3578df8001bd93ef93d2cccf889c05a857833607acc8e4e6f99ca17f2fcff0793e7b9ddd34c1cde517"
            "35d29b36ca9a7b297204714bab5657a5b7ae",
        ),
    }
)
async def test_aes_ctr_of_a_counter_overflows_in_its_bits(case: Any) -> None:
    key = await raw_key("AES-CTR", 24, ["encrypt", "decrypt"])
    counter, length, size, ciphertext = case
    algorithm = {"name": "AES-CTR", "counter": counter, "length": length}
    assert (await subtle.encrypt(algorithm, key, sevens(size))).hex() == ciphertext
    assert await subtle.decrypt(algorithm, key, bytes.fromhex(ciphertext)) == sevens(size)


async def _gcm(**parameters: Any) -> object:
    key = await raw_key("AES-GCM", 16, ["encrypt"])
    return await subtle.encrypt({"name": "AES-GCM", **parameters}, key, b"hello")


async def _opened(name: str, size: int, key_size: int = 16, **parameters: Any) -> object:
    key = await raw_key(name, key_size, ["decrypt"])
    return await subtle.decrypt({"name": name, **parameters}, key, sevens(size))


async def _cbc(iv: bytes) -> object:
    key = await raw_key("AES-CBC", 16, ["encrypt"])
    return await subtle.encrypt({"name": "AES-CBC", "iv": iv}, key, b"hello")


async def _ctr(size: int = 5, **parameters: Any) -> object:
    key = await raw_key("AES-CTR", 16, ["encrypt"])
    return await subtle.encrypt({"name": "AES-CTR", **parameters}, key, sevens(size))


def failed(size: int, expected: int, name: str) -> str:
    return (
        "Decryption failed. This could be due to a ciphertext authentication failure, bad padding, "
        "incorrect CryptoKey, or another algorithm-specific reason. Input length was "
        f"{size}, output length expected to be {expected} for {name}"
    )


AES_REFUSED: dict[str, Refusal] = {
    "gcm without iv": Refusal(_gcm, "TypeError", 'Missing field "iv" in "algorithm".'),
    "gcm empty iv": Refusal(
        lambda: _gcm(iv=b""), "OperationError", "AES-GCM IV must not be empty."
    ),
    "gcm tag": Refusal(
        lambda: _gcm(iv=sevens(12), tag_length=40),
        "OperationError",
        "Invalid AES-GCM tag length 40.",
    ),
    "gcm zero tag": Refusal(
        lambda: _gcm(iv=sevens(12), tag_length=0),
        "OperationError",
        "Invalid AES-GCM tag length 0.",
    ),
    "gcm too short": Refusal(
        lambda: _opened("AES-GCM", 5, iv=sevens(12)),
        "OperationError",
        "Ciphertext length of 40 bits must be greater than or equal to the size of the AES-GCM tag "
        "length of 128 bits.",
    ),
    "gcm changed": Refusal(
        lambda: _opened("AES-GCM", 20, iv=sevens(12)), "OperationError", failed(4, 4, "AES-GCM")
    ),
    "cbc iv": Refusal(
        lambda: _cbc(sevens(12)),
        "OperationError",
        "AES-CBC IV must be 16 bytes long (provided 12 bytes).",
    ),
    "cbc iv to decrypt": Refusal(
        lambda: _opened("AES-CBC", 16, iv=sevens(17)),
        "OperationError",
        "AES-CBC IV must be 16 bytes long (provided 17).",
    ),
    **{
        f"cbc of {size} bytes": Refusal(
            lambda size=size: _opened("AES-CBC", size, 32, iv=sevens(16)),  # type: ignore[misc]
            "OperationError",
            failed(size, expected, "AES-CBC"),
        )
        for size, expected in {0: 0, 5: 0, 16: 0, 32: 16, 33: 32}.items()
    },
    "ctr without counter": Refusal(
        lambda: _ctr(length=64), "TypeError", 'Missing "counter" member in "algorithm".'
    ),
    "ctr without length": Refusal(
        lambda: _ctr(counter=sevens(16)), "TypeError", 'Missing "length" member in "algorithm".'
    ),
    "ctr counter": Refusal(
        lambda: _ctr(counter=sevens(15), length=64),
        "OperationError",
        "Counter must have length of 16 bytes (provided 15).",
    ),
    **{
        f"ctr length {length}": Refusal(
            lambda length=length: _ctr(counter=sevens(16), length=length),  # type: ignore[misc]
            "OperationError",
            f"Invalid counter of {length} bits length provided.",
        )
        for length in (0, -1, 129, 300)
    },
    "ctr repeats": Refusal(
        lambda: _ctr(33, counter=sevens(16), length=1),
        "OperationError",
        "Counter block values will repeat.",
    ),
}


async def _refused(case: Refusal) -> None:
    with raises(CryptoError) as caught:
        await case.call()
    assert (caught.value.js_name, str(caught.value)) == (case.name, case.message)


@not_in("node", reason=NODE)
@cases(AES_REFUSED)
async def test_aes_of_wrong_parameters_is_refused(case: Refusal) -> None:
    await _refused(case)


# HMAC, PBKDF2, HKDF -------------------------------------------------------------------------


@cases(
    {
        "SHA-256": "b4dbb39f74ea4d28c0b17bd50f5e65f6ee792f1e23f6818e5f5d4f7dd7d22dce",
    }
)
async def test_hmac_signature_is_verified(case: str) -> None:
    key = await raw_key({"name": "HMAC", "hash": "SHA-256"}, 5, ["sign", "verify"])
    signature = await subtle.sign("HMAC", key, b"x")
    assert signature.hex() == case
    assert await subtle.sign({"name": "hmac"}, key, b"x") == signature
    assert await subtle.verify("HMAC", key, signature, b"x") is True
    assert await subtle.verify("HMAC", key, signature, b"y") is False
    assert await subtle.verify("HMAC", key, signature[:-1], b"x") is False
    assert await subtle.verify("HMAC", key, b"", b"x") is False


@not_in("node", reason="Node takes whole bytes only")
async def test_hmac_key_of_bits_has_zeros_in_the_others() -> None:
    algorithm = {"name": "HMAC", "hash": "SHA-256", "length": 37}
    key = await raw_key(algorithm, 5, ["sign"])
    assert (await crypto.subtle.export_key("raw", key)).hex() == "0707070700"
    assert (await subtle.sign("HMAC", key, b"x")).hex().startswith("11ffdb406767bbd5")
    assert key.algorithm.get("length") == 37


PBKDF2 = {"name": "PBKDF2", "salt": sevens(8), "iterations": 10, "hash": "SHA-256"}
HKDF = {"name": "HKDF", "salt": sevens(8), "info": sevens(3), "hash": "SHA-256"}


@cases(
    {
        "pbkdf2": (PBKDF2, 8, 128, "ba6ea0651cb28f32f9c84a3550c999d6"),
        "pbkdf2 one byte": (PBKDF2, 8, 8, "ba"),
        "pbkdf2 nothing": (PBKDF2, 8, 0, ""),
        "pbkdf2 iterations": (
            {**PBKDF2, "iterations": 100_000},
            8,
            128,
            "a9f33b0bf3d7af852e8102cbf4430352",
        ),
        "pbkdf2 no password": (
            {**PBKDF2, "iterations": 1000},
            0,
            128,
            "01ab5dc4c7827595c281643d1b5f2d9f",
        ),
        "pbkdf2 no salt": (
            {**PBKDF2, "iterations": 1000, "salt": b""},
            8,
            128,
            "1b1f381eeab812df3431ea05f2c7732e",
        ),
        "hkdf": (HKDF, 8, 128, "6c7fc1e4ec85c90c382371a843f9626f"),
        "hkdf nothing": (HKDF, 8, 0, ""),
        "hkdf all empty": (
            {**HKDF, "salt": b"", "info": b""},
            0,
            128,
            "eb70f01dede9afafa449eee1b1286504",
        ),
    }
)
async def test_derive_bits_of_a_secret_returns_them(case: Any) -> None:
    algorithm, size, length, bits = case
    key = await raw_key(algorithm["name"], size, ["deriveBits"])
    assert (await subtle.derive_bits(algorithm, key, length)).hex() == bits


async def test_derive_bits_of_the_most_bytes_returns_them() -> None:
    key = await raw_key("HKDF", 8, ["deriveBits"])
    assert len(await subtle.derive_bits(HKDF, key, 255 * 256)) == 8160


@cases(
    {
        "aes": ({"name": "AES-GCM", "length": 256}, "encrypt", 32),
        "aes 192": ({"name": "AES-KW", "length": 192}, "wrapKey", 24),
        "hmac": ({"name": "HMAC", "hash": "SHA-256"}, "sign", 64),
        "hmac 512": ({"name": "HMAC", "hash": "SHA-512"}, "sign", 128),
        "hmac of a length": ({"name": "HMAC", "hash": "SHA-512", "length": 8}, "sign", 1),
    }
)
async def test_derive_key_of_a_secret_has_the_bits(case: Any) -> None:
    algorithm, usage, size = case
    base = await raw_key("PBKDF2", 8, ["deriveKey", "deriveBits"])
    key = await subtle.derive_key(PBKDF2, base, algorithm, True, [usage])
    bits = await subtle.derive_bits(PBKDF2, base, size * 8)
    assert await subtle.export_key("raw", key) == bits
    assert key.usages == [usage]


async def _bits(
    algorithm: dict[str, Any], length: int | None = 128, usage: KeyUsage = "deriveBits"
) -> object:
    key = await raw_key(algorithm["name"], 8, [usage])
    return await subtle.derive_bits(algorithm, key, length)


async def _derived(algorithm: Any, usages: list[str]) -> object:
    key = await raw_key("PBKDF2", 8, ["deriveKey"])
    return await subtle.derive_key(PBKDF2, key, algorithm, False, usages)


def without(algorithm: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in algorithm.items() if key != name}


DERIVATION_REFUSED: dict[str, Refusal] = {
    **{
        f"{algorithm['name']} without {name}": Refusal(
            lambda algorithm=algorithm, name=name: _bits(  # type: ignore[misc]
                without(algorithm, name)
            ),
            "TypeError",
            f'Missing field "{name}" in "algorithm".',
        )
        for algorithm in (PBKDF2, HKDF)
        for name in algorithm
        if name != "name"
    },
    **{
        f"{algorithm['name']} {length} bits": Refusal(
            lambda algorithm=algorithm, length=length: _bits(  # type: ignore[misc]
                algorithm, length
            ),
            "OperationError",
            f"{algorithm['name']} requires a derived key length that is a multiple of eight "
            f"(requested {length}).",
        )
        for algorithm in (PBKDF2, HKDF)
        for length in (7, 12)
    },
    "pbkdf2 no length": Refusal(
        lambda: _bits(PBKDF2, None),
        "OperationError",
        "PBKDF2 cannot derive a key with null length.",
    ),
    "hkdf no length": Refusal(
        lambda: _bits(HKDF, None), "OperationError", "HKDF cannot derive a key with null length."
    ),
    "negative length": Refusal(
        lambda: _bits(HKDF, -8), "TypeError", "deriveBits length must be an unsigned long integer."
    ),
    "hkdf too many": Refusal(
        lambda: _bits(HKDF, 255 * 256 + 8), "OperationError", "HKDF deriveBits failed."
    ),
    "pbkdf2 too many": Refusal(
        lambda: _bits(PBKDF2, 255 * 256 + 8),
        "OperationError",
        "Pbkdf2 failed: derived key length exceeds maximum for this hash",
    ),
    "no iterations": Refusal(
        lambda: _bits({**PBKDF2, "iterations": 0}),
        "OperationError",
        "PBKDF2 requires a positive iteration count (requested 0).",
    ),
    "negative iterations": Refusal(
        lambda: _bits({**PBKDF2, "iterations": -1}),
        "OperationError",
        "PBKDF2 requires a positive iteration count (requested -1).",
    ),
    "huge iterations": Refusal(
        lambda: _bits({**PBKDF2, "iterations": 2**31}),
        "TypeError",
        "Value out of range. Must be between -2147483648 and 2147483647 (inclusive).",
    ),
    "unknown hash": Refusal(
        lambda: _bits({**PBKDF2, "hash": "foo"}),
        "NotSupportedError",
        "Unrecognized or unimplemented digest algorithm requested.",
    ),
    "usage": Refusal(
        lambda: _bits(HKDF, usage="deriveKey"),
        "InvalidAccessError",
        'Requested key usage "deriveBits" does not match any usage listed in this CryptoKey.',
    ),
    "derived aes length": Refusal(
        lambda: _derived({"name": "AES-GCM", "length": 64}, ["encrypt"]),
        "OperationError",
        "Derived AES key must be 128, 192, or 256 bits in length but provided 64.",
    ),
    "derived aes without length": Refusal(
        lambda: _derived("AES-GCM", ["encrypt"]),
        "TypeError",
        'Missing field "length" in "derivedKeyParams".',
    ),
    "derived hmac of no bits": Refusal(
        lambda: _derived({"name": "HMAC", "hash": "SHA-1", "length": 0}, ["sign"]),
        "TypeError",
        "HMAC key length must be a non-zero unsigned long integer.",
    ),
    "derived hmac without hash": Refusal(
        lambda: _derived({"name": "HMAC"}, ["sign"]),
        "TypeError",
        'Missing field "hash" in "derivedKeyParams".',
    ),
    "derived hkdf": Refusal(
        lambda: _derived("HKDF", ["deriveBits"]),
        "OperationError",
        "PBKDF2 cannot derive a key with null length.",
    ),
    "derived ecdsa": Refusal(
        lambda: _derived({"name": "ECDSA", "named_curve": "P-256"}, ["sign"]),
        "NotSupportedError",
        'Unrecognized derived key type "ECDSA" requested.',
    ),
    "derived without usages": Refusal(
        lambda: _derived({"name": "AES-GCM", "length": 128}, []),
        "SyntaxError",
        "Secret/private CryptoKeys must have at least one usage.",
    ),
}


@not_in("node", reason=NODE)
@cases(DERIVATION_REFUSED)
async def test_derivation_of_wrong_parameters_is_refused(case: Refusal) -> None:
    await _refused(case)


@only("fake", reason="the service has this limit, and the local runtime has none")
async def test_pbkdf2_of_too_many_iterations_is_refused() -> None:
    message = "Pbkdf2 failed: iteration counts above 100000 are not supported (requested 100001)."
    await _refused(
        Refusal(lambda: _bits({**PBKDF2, "iterations": 100_001}), "NotSupportedError", message)
    )


# Generated keys -----------------------------------------------------------------------------


@cases(
    {
        "aes": ({"name": "AES-GCM", "length": 128}, ["encrypt", "decrypt"]),
        "aes 192": ({"name": "aes-cbc", "length": 192}, ["encrypt"]),
        "aes-kw": ({"name": "AES-KW", "length": 256}, ["wrapKey", "unwrapKey"]),
        "hmac": ({"name": "HMAC", "hash": "SHA-384"}, ["sign", "verify"]),
        "hmac of a length": ({"name": "HMAC", "hash": {"name": "SHA-1"}, "length": 8}, ["sign"]),
    }
)
async def test_generate_key_of_a_secret_algorithm_returns_a_key(case: Any) -> None:
    algorithm, usages = case
    key = await subtle.generate_key(algorithm, True, usages)
    assert isinstance(key, CryptoKey)
    assert (key.type, key.extractable, key.usages) == ("secret", True, usages)
    assert key.algorithm["name"] == algorithm["name"].upper()
    assert key.algorithm.get("length") == algorithm.get("length", 1024)
    data = await subtle.export_key("raw", key)
    assert len(data) * 8 == key.algorithm.get("length")
    assert (
        data != await subtle.export_key("raw", await subtle.generate_key(algorithm, True, usages))
        or len(data) == 1
    )


PAIRS: dict[str, tuple[Any, list[str], dict[str, Any], list[str], list[str]]] = {
    "rsassa": (
        {
            "name": "RSASSA-PKCS1-v1_5",
            "modulus_length": 2048,
            "public_exponent": F4,
            "hash": "SHA-256",
        },
        ["sign", "verify"],
        {
            "name": "RSASSA-PKCS1-v1_5",
            "modulus_length": 2048,
            "public_exponent": F4,
            "hash": {"name": "SHA-256"},
        },
        ["verify"],
        ["sign"],
    ),
    "oaep": (
        {
            "name": "RSA-OAEP",
            "modulus_length": 1024,
            "public_exponent": b"\3",
            "hash": {"name": "SHA-1"},
        },
        ["encrypt", "decrypt", "wrapKey", "unwrapKey"],
        {
            "name": "RSA-OAEP",
            "modulus_length": 1024,
            "public_exponent": b"\3",
            "hash": {"name": "SHA-1"},
        },
        ["encrypt", "wrapKey"],
        ["decrypt", "unwrapKey"],
    ),
    **{
        f"ecdsa {curve}": (
            {"name": "ECDSA", "named_curve": curve},
            ["sign", "verify"],
            {"name": "ECDSA", "named_curve": curve},
            ["verify"],
            ["sign"],
        )
        for curve in ("P-256", "P-384", "P-521")
    },
    "ecdh": (
        {"name": "ECDH", "named_curve": "P-256"},
        ["deriveKey", "deriveBits"],
        {"name": "ECDH", "named_curve": "P-256"},
        [],
        ["deriveKey", "deriveBits"],
    ),
    "ed25519": ("Ed25519", ["sign", "verify"], {"name": "Ed25519"}, ["verify"], ["sign"]),
    "x25519": ({"name": "X25519"}, ["deriveBits"], {"name": "X25519"}, [], ["deriveBits"]),
}


@cases(PAIRS)
async def test_generate_key_of_a_pair_returns_both(case: Any) -> None:
    algorithm, usages, of_key, public_usages, private_usages = case
    pair = await subtle.generate_key(algorithm, False, usages)
    assert isinstance(pair, CryptoKeyPair)
    public, private = pair
    assert description(public) == ("public", True, of_key, set(public_usages))
    assert description(private) == ("private", False, of_key, set(private_usages))


@not_in("node", reason="Node has no such name")
async def test_generate_key_of_the_old_name_of_ed25519_returns_a_pair() -> None:
    algorithm = {"name": "NODE-ED25519", "named_curve": "NODE-ED25519"}
    public, private = await subtle.generate_key(algorithm, True, ["sign", "verify"])
    assert public.algorithm == algorithm
    signature = await subtle.sign("NODE-ED25519", private, b"x")
    assert await subtle.verify("NODE-ED25519", public, signature, b"x") is True
    assert "alg" not in await subtle.export_key("jwk", public)


def generated(algorithm: Any, usages: list[str]) -> Call:
    return lambda: subtle.generate_key(algorithm, True, usages)


def rsa(**parameters: Any) -> dict[str, Any]:
    whole = {"modulus_length": 1024, "public_exponent": F4, "hash": "SHA-256", **parameters}
    return {"name": "RSA-PSS", **{name: v for name, v in whole.items() if v is not None}}


NO_PRIVATE_USAGE = "Attempt to generate asymmetric keys with no valid private key usages."
NO_SECRET_USAGE = "Secret/private CryptoKeys must have at least one usage."

GENERATION_REFUSED: dict[str, Refusal] = {
    "unknown": Refusal(
        generated("foo", ["sign"]),
        "NotSupportedError",
        'Unrecognized key generation algorithm "foo" requested.',
    ),
    "pbkdf2": Refusal(
        generated("PBKDF2", ["deriveBits"]),
        "NotSupportedError",
        'Unrecognized key generation algorithm "PBKDF2" requested.',
    ),
    "aes without length": Refusal(
        generated("AES-GCM", ["encrypt"]), "TypeError", 'Missing field "length" in "algorithm".'
    ),
    "aes length": Refusal(
        generated({"name": "AES-GCM", "length": 64}, ["encrypt"]),
        "OperationError",
        "Generated AES key length must be 128, 192, or 256 bits but requested 64.",
    ),
    "aes usage": Refusal(
        generated({"name": "AES-GCM", "length": 128}, ["sign"]),
        "SyntaxError",
        'Attempt to generate AES-GCM key with invalid usage "sign".',
    ),
    "aes without usages": Refusal(
        generated({"name": "AES-GCM", "length": 128}, []), "SyntaxError", NO_SECRET_USAGE
    ),
    "hmac without hash": Refusal(
        generated("HMAC", ["sign"]), "TypeError", 'Missing field "hash" in "algorithm".'
    ),
    "hmac of no bits": Refusal(
        generated({"name": "HMAC", "hash": "SHA-1", "length": 0}, ["sign"]),
        "OperationError",
        "HMAC key length must be a non-zero unsigned long integer (requested 0).",
    ),
    "curve": Refusal(
        generated({"name": "ECDSA", "named_curve": "P-192"}, ["sign"]),
        "NotSupportedError",
        'Unrecognized or unimplemented EC curve "P-192" requested.',
    ),
    "no curve": Refusal(
        generated("ECDH", ["deriveBits"]), "TypeError", 'Missing field "namedCurve" in "algorithm".'
    ),
    "ecdsa to verify only": Refusal(
        generated({"name": "ECDSA", "named_curve": "P-256"}, ["verify"]),
        "SyntaxError",
        NO_PRIVATE_USAGE,
    ),
    "ed25519 usage": Refusal(
        generated("Ed25519", ["encrypt"]),
        "SyntaxError",
        'Attempt to generate Ed25519 key with invalid usage "encrypt".',
    ),
    "x25519 without usages": Refusal(generated("X25519", []), "SyntaxError", NO_PRIVATE_USAGE),
    **{
        f"rsa without {name}": Refusal(
            generated(rsa(**{name: None}), ["sign"]),
            "TypeError",
            f'Missing field "{js_name}" in "algorithm".',
        )
        for name, js_name in {
            "modulus_length": "modulusLength",
            "public_exponent": "publicExponent",
            "hash": "hash",
        }.items()
    },
    "rsa of no bits": Refusal(
        generated(rsa(modulus_length=0), ["sign"]),
        "OperationError",
        "modulusLength must be greater than zero (requested 0).",
    ),
    "rsa of odd bits": Refusal(
        generated(rsa(modulus_length=2047), ["sign"]),
        "OperationError",
        "The modulus length must be a multiple of 8 and between 256 and 16k, but 2047 was "
        "requested.",
    ),
    "rsa of 1032 bits": Refusal(
        generated(rsa(modulus_length=1032), ["sign"]),
        "OperationError",
        "Can't generate key: RSA key size is required to be a multiple of 128",
    ),
    **{
        f"rsa exponent {exponent.hex()}": Refusal(
            generated(rsa(public_exponent=exponent), ["sign"]),
            "OperationError",
            f'The "publicExponent" must be either 3 or 65537, but got {got}.',
        )
        for exponent, got in {
            b"\x11": "17",
            b"": "0",
            b"\1\0\0\0\0\1": "a number larger than 2^32",
        }.items()
    },
    "rsa usage": Refusal(
        generated(rsa(), ["encrypt"]),
        "SyntaxError",
        'Attempt to generate RSA-PSS key with invalid usage "encrypt".',
    ),
    "rsa to verify only": Refusal(generated(rsa(), ["verify"]), "SyntaxError", NO_PRIVATE_USAGE),
}


@not_in("node", reason=NODE)
@cases(GENERATION_REFUSED)
async def test_generate_key_of_wrong_parameters_is_refused(case: Refusal) -> None:
    await _refused(case)


# Import and export --------------------------------------------------------------------------

K16 = "BwcHBwcHBwcHBwcHBwcHBw"
OCT = {"kty": "oct", "k": K16}
EC = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
}
ED = {
    "kty": "OKP",
    "crv": "Ed25519",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
}
X = {
    "kty": "OKP",
    "crv": "X25519",
    "x": "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo",
    "d": "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo",
}

GCM_DESCRIPTION = ("secret", True, {"name": "AES-GCM", "length": 128}, {"encrypt"})


@cases(
    {
        "plain": OCT,
        "padded": {**OCT, "k": K16 + "=="},
        "alg": {**OCT, "alg": "A128GCM"},
        "use": {**OCT, "use": "enc"},
        "key_ops": {**OCT, "key_ops": ["decrypt", "encrypt"]},
        "ext": {**OCT, "ext": True},
        "absent": {**OCT, "alg": None, "use": None, "d": None},
        "kid": {**OCT, "kid": "2026", "x5c": ["…"]},
    }
)
async def test_jwk_of_a_secret_is_imported(case: dict[str, Any]) -> None:
    key = await jwk_key(case, "AES-GCM", ["encrypt"])
    assert description(key) == GCM_DESCRIPTION
    assert await crypto.subtle.export_key("raw", key) == sevens(16)


async def test_jwk_that_may_not_be_exported_is_imported_so() -> None:
    key = await jwk_key({**OCT, "ext": False}, "AES-GCM", ["encrypt"], extractable=False)
    assert key.extractable is False


@cases(
    {
        "aes": ("AES-GCM", ["encrypt", "decrypt"], "A128GCM"),
        "aes-kw": ("AES-KW", ["wrapKey"], "A128KW"),
        "hmac": ({"name": "HMAC", "hash": "SHA-384"}, ["sign", "verify"], "HS384"),
    }
)
async def test_jwk_of_a_secret_is_exported(case: Any) -> None:
    algorithm, usages, alg = case
    jwk = await subtle.export_key("jwk", await raw_key(algorithm, 16, usages))
    assert jwk == {"kty": "oct", "key_ops": usages, "alg": alg, "ext": True, "k": K16}


DER = {
    "ecdsa": (
        EC,
        {"name": "ECDSA", "named_curve": "P-256"},
        "sign",
        "verify",
        "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b02010104208e9b109e719098bf980487"
        "df1f5d77e9cb29606ebed2263b5f57c213df84f4b2a144034200047fcdce2770f6c45d4183cbee6fdb4b7b58073335"
        "7be9ef13bacf6e3c7bd15445c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad",
        "3059301306072a8648ce3d020106082a8648ce3d030107034200047fcdce2770f6c45d4183cbee6fdb4b7b58073335"
        "7be9ef13bacf6e3c7bd15445c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad",
        "047fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445c7f144cd1bbd9b7e872cdfedb9ee"
        "b9f4b3695d6ea90b24ad8a4623288588e5ad",
    ),
    "ed25519": (
        ED,
        "Ed25519",
        "sign",
        "verify",
        "302e020100300506032b6570042204209d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    ),
    "x25519": (
        X,
        "X25519",
        "deriveBits",
        None,
        "302e020100300506032b656e0422042077076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
        "302a300506032b656e0321008520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
        "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
    ),
}


@cases(DER)
async def test_key_of_a_curve_is_the_same_in_each_format(case: Any) -> None:
    jwk, algorithm, private_usage, public_usage, *der = case
    pkcs8, spki, raw = (bytes.fromhex(each) for each in der)
    public_jwk = without(jwk, "d")
    public_usages = [public_usage] if public_usage else []
    private = await subtle.import_key("jwk", jwk, algorithm, True, [private_usage])
    assert await subtle.export_key("pkcs8", private) == pkcs8
    again = await subtle.import_key("pkcs8", pkcs8, algorithm, True, [private_usage])
    assert description(again) == description(private)
    exported: JsonWebKey = await subtle.export_key("jwk", again)
    assert {name: exported.get(name) for name in jwk} == jwk
    for format, data in {"jwk": public_jwk, "spki": spki, "raw": raw}.items():
        public = await subtle.import_key(format, data, algorithm, True, public_usages)
        assert public.type == "public"
        assert await subtle.export_key("spki", public) == spki
        assert await subtle.export_key("raw", public) == raw
        exported = await subtle.export_key("jwk", public)
        assert exported.get("ext") is True
        assert exported.get("key_ops") == public_usages
        assert {name: exported.get(name) for name in public_jwk} == public_jwk


async def test_compressed_point_is_imported() -> None:
    point = bytes.fromhex(DER["ecdsa"][6])
    compressed = bytes([2 + point[-1] % 2]) + point[1:33]
    key = await subtle.import_key(
        "raw", compressed, {"name": "ECDSA", "named_curve": "P-256"}, True, ["verify"]
    )
    assert await subtle.export_key("raw", key) == point


async def _rsa_pair(name: str, hash: str, bits: int = 1024) -> tuple[CryptoKeyPair, list[str]]:
    usages = ["encrypt", "decrypt"] if name == "RSA-OAEP" else ["sign", "verify"]
    algorithm = {"name": name, "modulus_length": bits, "public_exponent": F4, "hash": hash}
    return await subtle.generate_key(algorithm, True, usages), usages


RSA_ALGS = {
    "RSASSA-PKCS1-v1_5": ("RS1", "RS256", "RS384", "RS512"),
    "RSA-PSS": ("PS1", "PS256", "PS384", "PS512"),
    "RSA-OAEP": ("RSA-OAEP", "RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512"),
}
HASHES = ("SHA-1", "SHA-256", "SHA-384", "SHA-512")


@cases(dict(zip(RSA_ALGS, RSA_ALGS)))
async def test_rsa_key_is_the_same_in_each_format(case: str) -> None:
    (public, private), usages = await _rsa_pair(case, "SHA-256")
    spki, pkcs8 = await _exported(public, "spki"), await _exported(private, "pkcs8")
    public_usage, private_usage = sorted(usages, key=lambda usage: usage in ("sign", "decrypt"))
    for hash, alg in zip(HASHES, RSA_ALGS[case]):
        algorithm = {"name": case, "hash": hash}
        loaded = await subtle.import_key("pkcs8", pkcs8, algorithm, True, [private_usage])
        jwk = await subtle.export_key("jwk", loaded)
        assert jwk["alg"] == alg
        assert set(jwk) == {
            *("kty", "key_ops", "alg", "ext", "n", "e", "d", "p", "q", "dp", "dq", "qi")
        }
        loaded = await subtle.import_key("jwk", jwk, algorithm, True, [private_usage])
        assert await _exported(loaded, "pkcs8") == pkcs8
        loaded = await subtle.import_key("spki", spki, algorithm, True, [public_usage])
        assert loaded.algorithm == {
            "name": case,
            "modulus_length": 1024,
            "public_exponent": F4,
            "hash": {"name": hash},
        }
        jwk = await subtle.export_key("jwk", loaded)
        assert set(jwk) == {"kty", "key_ops", "alg", "ext", "n", "e"}
        loaded = await subtle.import_key("jwk", jwk, algorithm, True, [public_usage])
        assert await _exported(loaded, "spki") == spki


async def _exported(key: CryptoKey, format: str) -> bytes:
    data: bytes = await subtle.export_key(format, key)
    return data


async def _imported_secret(
    jwk: Any = None, algorithm: Any = "AES-GCM", usage: str = "encrypt", format: str = "jwk"
) -> object:
    return await subtle.import_key(format, jwk, algorithm, True, [usage] if usage else [])


def oct_refused(name: str, message: str, jwk: Any = None, **options: Any) -> Refusal:
    return Refusal(lambda: _imported_secret(OCT if jwk is None else jwk, **options), name, message)


HMAC_256 = {"name": "HMAC", "hash": "SHA-256"}
LENGTH_REFUSED = "Imported AES key length must be 128, 192, or 256 bits but provided {}."
HMAC_LENGTH_REFUSED = (
    "Imported HMAC key length ({}) must be a non-zero value up to 7 bits less than, and no greater "
    "than, the bit length of the raw key data ({})."
)

NOT_A_LIST = (
    "Incorrect type for the '{}' field on 'JsonWebKey': the provided value is not of type 'Array'."
)

SECRET_REFUSED: dict[str, Refusal] = {
    "text of operations": oct_refused(
        "TypeError", NOT_A_LIST.format("key_ops"), {**OCT, "key_ops": "encrypt"}
    ),
    "number of operations": oct_refused(
        "TypeError", NOT_A_LIST.format("key_ops"), {**OCT, "key_ops": 5}
    ),
    "dict of operations": oct_refused(
        "TypeError", NOT_A_LIST.format("key_ops"), {**OCT, "key_ops": {"a": 1}}
    ),
    "number of other primes": oct_refused("TypeError", NOT_A_LIST.format("oth"), {**OCT, "oth": 5}),
    "other operations": oct_refused(
        "DataError",
        '"jwk" key missing usage "encrypt", in "key_ops".',
        {**OCT, "key_ops": [5, "a"]},
    ),
    "falsy ext": oct_refused(
        "DataError",
        'JWK ext field for "AES-GCM" is set to false but extractable is true',
        {**OCT, "ext": 0},
    ),
    "format": oct_refused(
        "NotSupportedError",
        'Unrecognized key import format "foo".',
        b"",
        format="foo",
    ),
    "format behind a flag": oct_refused(
        "NotSupportedError",
        'Key format "raw-secret" requires the webcrypto_modern_algorithms flag.',
        b"",
        format="raw-secret",
    ),
    "spki": oct_refused(
        "NotSupportedError",
        'Unrecognized key import format "spki".',
        b"",
        format="spki",
    ),
    "algorithm": oct_refused(
        "NotSupportedError",
        'Unrecognized key import algorithm "foo" requested.',
        algorithm="foo",
    ),
    "length": oct_refused("DataError", LENGTH_REFUSED.format(120), sevens(15), format="raw"),
    "jwk length": oct_refused(
        "DataError",
        LENGTH_REFUSED.format(24),
        {"kty": "oct", "k": "BwcH"},
    ),
    "usage": oct_refused(
        "SyntaxError",
        'Attempt to import secret AES-GCM key with invalid usage "sign".',
        usage="sign",
    ),
    "kw usage": oct_refused(
        "SyntaxError",
        'Attempt to import secret AES-KW key with invalid usage "encrypt".',
        algorithm="AES-KW",
    ),
    "no usages": oct_refused("SyntaxError", NO_SECRET_USAGE, usage=""),
    "kty": oct_refused(
        "DataError",
        'Symmetric "jwk" key import requires a JSON Web Key with Key Type parameter "kty" equal to '
        '"oct" (encountered "RSA").',
        {**OCT, "kty": "RSA"},
    ),
    "no k": oct_refused(
        "DataError",
        'Symmetric "jwk" key import requires a base64Url encoding of the key.',
        {"kty": "oct"},
    ),
    "bad k": oct_refused(
        "DataError",
        'Symmetric "jwk" key import requires a base64Url encoding of the key.',
        {**OCT, "k": "!!!"},
    ),
    "alg": oct_refused(
        "DataError",
        'Symmetric "jwk" key contains invalid "alg" value "A256GCM", expected "A128GCM".',
        {**OCT, "alg": "A256GCM"},
    ),
    "use": oct_refused(
        "DataError",
        'Symmetric "jwk" key must have a "use" of "enc", not "sig".',
        {**OCT, "use": "sig"},
    ),
    "key_ops": oct_refused(
        "DataError",
        '"jwk" key missing usage "encrypt", in "key_ops".',
        {**OCT, "key_ops": ["decrypt"]},
    ),
    "key_ops twice": oct_refused(
        "DataError",
        'Symmetric "jwk" key contains duplicate value "encrypt", in "key_op".',
        {**OCT, "key_ops": ["encrypt", "encrypt"]},
    ),
    "ext": oct_refused(
        "DataError",
        'JWK ext field for "AES-GCM" is set to false but extractable is true',
        {**OCT, "ext": False},
    ),
    "hmac without hash": oct_refused(
        "TypeError", 'Missing field "hash" in "algorithm".', algorithm="HMAC", usage="sign"
    ),
    "hmac alg": oct_refused(
        "DataError",
        'HMAC "jwk" key import specifies "alg" that is incompatible with the hash name '
        '(encountered "HS512", expected "HS256").',
        {**OCT, "alg": "HS512"},
        algorithm=HMAC_256,
        usage="sign",
    ),
    "hmac kty": oct_refused(
        "DataError",
        'HMAC "jwk" key import requires a JSON Web Key with Key Type parameter ("kty") equal to '
        '"oct" (encountered "EC").',
        {**OCT, "kty": "EC"},
        algorithm=HMAC_256,
        usage="sign",
    ),
    "hmac empty": oct_refused(
        "DataError",
        HMAC_LENGTH_REFUSED.format(0, 0),
        b"",
        algorithm=HMAC_256,
        usage="sign",
        format="raw",
    ),
    **{
        f"hmac length {length}": oct_refused(
            "DataError",
            HMAC_LENGTH_REFUSED.format(length, 40),
            sevens(5),
            algorithm={**HMAC_256, "length": length},
            usage="sign",
            format="raw",
        )
        for length in (0, 32, 41)
    },
    "hmac spki": oct_refused(
        "NotSupportedError",
        'Unrecognized key import format "spki".',
        b"",
        algorithm=HMAC_256,
        usage="sign",
        format="spki",
    ),
    "hmac bad k": oct_refused(
        "DataError",
        'HMAC "jwk" key import requires a base64Url encoding of the key',
        {**OCT, "k": "A"},
        algorithm=HMAC_256,
        usage="sign",
    ),
    "hmac alg of md5": oct_refused(
        "NotSupportedError",
        "Unrecognized or unimplemented hash algorithm requestedHS1",
        {**OCT, "alg": "HS1"},
        algorithm={"name": "HMAC", "hash": "MD5"},
        usage="sign",
    ),
    "hkdf extractable": oct_refused(
        "SyntaxError",
        "HKDF key cannot be extractable.",
        b"",
        algorithm="HKDF",
        usage="deriveBits",
        format="raw",
    ),
    "hkdf jwk": Refusal(
        lambda: subtle.import_key("jwk", OCT, "HKDF", False, ["deriveBits"]),
        "NotSupportedError",
        'HKDF key must be imported in "raw" format (requested "jwk")',
    ),
    "pbkdf2 jwk": Refusal(
        lambda: subtle.import_key("jwk", OCT, "PBKDF2", False, ["deriveBits"]),
        "NotSupportedError",
        'PBKDF2 key must be imported in "raw" format (requested "jwk").',
    ),
}


@not_in("node", reason=NODE)
@cases(SECRET_REFUSED)
async def test_import_of_a_wrong_secret_is_refused(case: Refusal) -> None:
    await _refused(case)


ECDSA_256 = {"name": "ECDSA", "named_curve": "P-256"}
ECDSA_384 = {"name": "ECDSA", "named_curve": "P-384"}
EC_PUBLIC = without(EC, "d")
ED_PUBLIC = without(ED, "d")
X_PUBLIC = without(X, "d")
NO_OPS = (
    "All specified key usages must be present in the JSON Web Key's Key Operations parameter "
    '("key_ops").'
)
SPKI = bytes.fromhex(DER["ecdsa"][5])
PKCS8 = bytes.fromhex(DER["ecdsa"][4])
POINT = bytes.fromhex(DER["ecdsa"][6])


def loaded(
    data: Any, usage: str = "verify", algorithm: Any = ECDSA_256, format: str = "jwk"
) -> Call:
    return lambda: subtle.import_key(format, data, algorithm, True, [usage] if usage else [])


CURVE_REFUSED: dict[str, Refusal] = {
    "kty": Refusal(
        loaded({**EC_PUBLIC, "kty": "RSA"}),
        "DataError",
        'Elliptic curve "jwk" key import requires a JSON Web Key with Key Type parameter "kty" '
        '("RSA") equal to "EC".',
    ),
    "alg of another curve": Refusal(
        loaded({**EC_PUBLIC, "alg": "ES384"}),
        "DataError",
        'JSON Web Key Algorithm parameter "alg" ("ES384") does not match requested curve.',
    ),
    "alg": Refusal(
        loaded({**EC_PUBLIC, "alg": "foo"}),
        "NotSupportedError",
        'Unrecognized or unimplemented algorithm "foo" listed in JSON Web Key Algorithm parameter.',
    ),
    "use": Refusal(
        loaded({**EC_PUBLIC, "use": "enc"}),
        "DataError",
        'Asymmetric "jwk" key import with usages requires a JSON Web Key with Public Key Use '
        'parameter "use" ("enc") equal to "sig".',
    ),
    "key_ops": Refusal(loaded({**EC_PUBLIC, "key_ops": ["sign"]}), "DataError", NO_OPS),
    "key_ops twice": Refusal(
        loaded({**EC_PUBLIC, "key_ops": ["verify", "verify"]}),
        "DataError",
        'A JSON Web Key\'s Key Operations parameter ("key_ops") must not contain duplicates.',
    ),
    "key_ops and use": Refusal(
        loaded({**EC_PUBLIC, "use": "sig", "key_ops": ["verify", "encrypt"]}),
        "DataError",
        'A JSON Web Key should have either a Public Key Use parameter ("use") or a Key Operations '
        'parameter ("key_ops"); otherwise, the parameters must be consistent with each other. A '
        'Public Key Use for ECDSA would allow a Key Operations array with only "sign" and/or '
        '"verify" values (not "encrypt").',
    ),
    "key_ops and another use": Refusal(
        loaded({**EC_PUBLIC, "use": "enc", "key_ops": ["verify"]}, ""),
        "DataError",
        'Asymmetric "jwk" import requires a JSON Web Key with Public Key Use "use" ("enc") equal '
        'to "sig".',
    ),
    "key_ops and use of ecdh": Refusal(
        loaded(
            {**EC_PUBLIC, "use": "enc", "key_ops": ["deriveBits"]},
            "",
            {"name": "ECDH", "named_curve": "P-256"},
        ),
        "DataError",
        'A JSON Web Key should have either a Public Key Use parameter ("use") or a Key Operations '
        'parameter ("key_ops"); otherwise, the parameters must be consistent with each other. For '
        'public ECDH keys, there are no valid usages,so keys with a non-empty "key_ops" '
        "parameter are not allowed.",
    ),
    "bad d": Refusal(
        loaded({**EC, "d": "!"}, "sign"),
        "DataError",
        'Invalid EC key in JSON Web Key; missing or invalid private key component ("d").',
    ),
    "raw compressed": Refusal(
        loaded(b"\2" + bytes(31) + b"\1", format="raw"),
        "DataError",
        "Failed to import raw EC key data: Invalid compressed point. Invalid compressed point..",
    ),
    "spki of ed25519": Refusal(
        loaded(bytes.fromhex(DER["ed25519"][5]), format="spki"),
        "DataError",
        "Input was not an EC key.",
    ),
    "spki of ed25519 as ecdh": Refusal(
        loaded(
            bytes.fromhex(DER["ed25519"][5]),
            "",
            {"name": "ECDH", "named_curve": "P-256"},
            "spki",
        ),
        "DataError",
        "Input was not an EC public key nor a DH key.",
    ),
    "curve of the old name of ed25519": Refusal(
        loaded(ED_PUBLIC, algorithm={"name": "NODE-ED25519", "named_curve": "P-256"}),
        "NotSupportedError",
        'EDDSA curve "P-256" isn\'t supported.',
    ),
    "ext": Refusal(
        loaded({**EC_PUBLIC, "ext": False}),
        "DataError",
        'JWK ext field for "ECDSA" is set to false but extractable is true',
    ),
    "public to sign": Refusal(
        loaded(EC_PUBLIC, "sign"),
        "SyntaxError",
        'Attempt to import public ECDSA key with invalid usage "sign".',
    ),
    "private to verify": Refusal(
        loaded(EC),
        "SyntaxError",
        'Attempt to import private ECDSA key with invalid usage "verify".',
    ),
    "private without usages": Refusal(loaded(EC, ""), "SyntaxError", NO_SECRET_USAGE),
    "no x": Refusal(
        loaded(without(EC_PUBLIC, "x")),
        "DataError",
        'Invalid EC key in JSON Web Key; missing "x".',
    ),
    "bad y": Refusal(
        loaded({**EC_PUBLIC, "y": "!!!!"}),
        "DataError",
        'Invalid EC key in JSON Web Key; missing "y".',
    ),
    "not on the curve": Refusal(
        loaded({**EC_PUBLIC, "y": EC["x"]}),
        "OperationError",
        'Invalid EC key; public key coordinates "x" and "y" are invalid: Point is not on curve..',
    ),
    "private of another public": Refusal(
        loaded({**EC, "d": EC["x"]}, "sign"), "DataError", "Invalid EC key in JSON Web Key."
    ),
    "no curve": Refusal(
        loaded(EC_PUBLIC, algorithm="ECDSA"),
        "TypeError",
        'Missing field "namedCurve" in "algorithm".',
    ),
    "raw to sign": Refusal(
        loaded(POINT, "sign", format="raw"),
        "SyntaxError",
        'Attempt to import public ECDSA key with invalid usage "sign".',
    ),
    "raw of another curve": Refusal(
        loaded(POINT, algorithm=ECDSA_384, format="raw"),
        "DataError",
        "Failed to import raw EC key data: Invalid point encoding..",
    ),
    "raw too short": Refusal(
        loaded(POINT[1:], format="raw"),
        "DataError",
        "Failed to import raw EC key data: Invalid point encoding..",
    ),
    "raw empty": Refusal(
        loaded(b"", format="raw"), "DataError", "Failed to import raw EC key data."
    ),
    "raw not on the curve": Refusal(
        loaded(POINT[:-1] + b"\0", format="raw"),
        "DataError",
        "Failed to import raw EC key data: Point is not on curve..",
    ),
    "spki of another curve": Refusal(
        loaded(SPKI, algorithm=ECDSA_384, format="spki"),
        "DataError",
        '"algorithm.namedCurve" "P-384" does not match the curve specified by the input key data.',
    ),
    "spki with more": Refusal(
        loaded(SPKI + b"\0", format="spki"),
        "DataError",
        "Invalid 1 trailing bytes after SPKI input.",
    ),
    "spki of anything": Refusal(
        loaded(sevens(20), format="spki"), "DataError", "Invalid SPKI input."
    ),
    "spki of nothing": Refusal(loaded(b"", format="spki"), "DataError", "Invalid SPKI input."),
    "spki cut": Refusal(loaded(SPKI[:-1], format="spki"), "DataError", "Invalid SPKI input."),
    "spki of rsa": Refusal(
        loaded(SPKI, algorithm={"name": "RSA-PSS", "hash": "SHA-256"}, format="spki"),
        "DataError",
        "Input was not an RSA key.",
    ),
    "pkcs8 as spki": Refusal(loaded(PKCS8, format="spki"), "DataError", "Invalid SPKI input."),
    "spki as pkcs8": Refusal(
        loaded(SPKI, "sign", format="pkcs8"), "DataError", "Invalid PKCS8 input."
    ),
    "pkcs8 with more": Refusal(
        loaded(PKCS8 + b"\0\0", "sign", format="pkcs8"),
        "DataError",
        "Invalid 2 trailing bytes after PKCS8 input.",
    ),
    "pkcs8 of another curve": Refusal(
        loaded(PKCS8, "deriveBits", {"name": "ECDH", "named_curve": "P-384"}, "pkcs8"),
        "DataError",
        '"algorithm.namedCurve" "P-384", does not match the curve specified by the input key data.',
    ),
    "ecdh usage": Refusal(
        loaded(POINT, "deriveBits", {"name": "ECDH", "named_curve": "P-256"}, "raw"),
        "SyntaxError",
        'Attempt to import public ECDH key with invalid usage "deriveBits".',
    ),
    "okp kty": Refusal(
        loaded({**ED_PUBLIC, "kty": "EC"}, algorithm="Ed25519"),
        "DataError",
        'Ed25519 "jwk" key imports requires a JSON Web Key with Key Type parameter "kty" ("EC") '
        'equal to "OKP".',
    ),
    "okp crv": Refusal(
        loaded({**ED_PUBLIC, "crv": "X25519"}, algorithm="Ed25519"),
        "NotSupportedError",
        'Only Ed25519 is supported but "X25519" was requested.',
    ),
    "okp no crv": Refusal(
        loaded(without(ED_PUBLIC, "crv"), algorithm="Ed25519"),
        "DataError",
        'Missing field "crv" for Ed25519 key.',
    ),
    "okp alg": Refusal(
        loaded({**ED_PUBLIC, "alg": "Ed25519"}, algorithm="Ed25519"),
        "DataError",
        'JSON Web Key Algorithm parameter "alg" ("Ed25519") does not match requested Ed25519 '
        "curve.",
    ),
    "okp no x": Refusal(
        loaded(without(ED, "x"), "sign", "Ed25519"),
        "DataError",
        'Invalid Ed25519 key in JSON WebKey; missing or invalid public key component ("x").',
    ),
    "okp short x": Refusal(
        loaded({**ED_PUBLIC, "x": "AAAA"}, algorithm="Ed25519"),
        "DataError",
        "Invalid length 3 for public key",
    ),
    "okp short d": Refusal(
        loaded({**ED, "d": "AAAA"}, "sign", "Ed25519"),
        "DataError",
        "Invalid length 3 for private key",
    ),
    "okp raw": Refusal(
        loaded(sevens(31), algorithm="Ed25519", format="raw"),
        "DataError",
        "Ed25519 raw keys must be exactly 32-bytes (provided 31).",
    ),
    "x25519 usage": Refusal(
        loaded(sevens(32), "deriveBits", "X25519", "raw"),
        "SyntaxError",
        'Attempt to import public X25519 key with invalid usage "deriveBits".',
    ),
}


@not_in("node", reason=NODE)
@cases(CURVE_REFUSED)
async def test_import_of_a_wrong_key_of_a_curve_is_refused(case: Refusal) -> None:
    await _refused(case)


@only("fake", reason="the runtime takes such a key, and fails with an internal error at its use")
async def test_import_of_another_kind_of_key_as_ed25519_is_refused() -> None:
    with raises(CryptoError, match="Input was not an Ed25519 key"):
        await loaded(SPKI, algorithm="Ed25519", format="spki")()


SMALL = bytes.fromhex(  # a private key of 512 bits
    "30820156020100300d06092a864886f70d0101010500048201403082013c020100024100cd764394cc0b68bce12a"
    "2e9dec961135301c57dba6c6525b4c2e4c29f9bd45b894f949e6890a2245e5d1b7dc521eb9a4f4f98d8c7f604136"
    "e7a55d9386a4c06102030100010241009aef2f8f293f01404d5b0dc431000901dec1c0cef6385f2a518c280b0f34"
    "5739bbc25a8b4a12f673119c029b48fbfad86b12e0d408e26fab0ab3abf198ba5241022100e02fdaa1ad864c44e0"
    "49548e8a0a8c9632ea6928f6236bf2504b74ba4a0fe75d022100ea9e2de890d90e5a53777fec1ba0895d61c12c05"
    "003e181aa962740fe4ba40d5022100b06a77ed8a9388291b2619782180b3a8ee6030689f68b86572722e64fa2b11"
    "b1022100857df4ef13a37cc8261fa3388b4b9f7cf386feede5826f22946801539db7dff5022021e1c6c787d3566b"
    "bfe4d9f8ef83a46c8b758513186cc80dd3e63fcdac67910a"
)
E5 = bytes.fromhex(  # a public key with the exponent 5
    "305a300d06092a864886f70d01010105000349003046024100cd764394cc0b68bce12a2e9dec961135301c57dba6"
    "c6525b4c2e4c29f9bd45b894f949e6890a2245e5d1b7dc521eb9a4f4f98d8c7f604136e7a55d9386a4c061020105"
)


async def _rsa_jwk() -> dict[str, Any]:
    (_, private), _ = await _rsa_pair("RSASSA-PKCS1-v1_5", "SHA-256")
    jwk = await subtle.export_key("jwk", private)
    return {name: jwk[name] for name in ("kty", "n", "e", "d", "p", "q", "dp", "dq", "qi")}


def rsa_refused(
    name: str, message: str, usage: str = "verify", algorithm: Any = None, **changes: Any
) -> Refusal:
    async def call() -> object:
        jwk = await _rsa_jwk()
        if usage == "verify":
            jwk = {part: jwk[part] for part in ("kty", "n", "e")}
        jwk |= changes
        wanted = algorithm or {"name": "RSASSA-PKCS1-v1_5", "hash": "SHA-256"}
        return await subtle.import_key("jwk", jwk, wanted, True, [usage])

    return Refusal(call, name, message)


RSA_REFUSED: dict[str, Refusal] = {
    "kty": rsa_refused(
        "DataError",
        'RSASSA-PKCS1-v1_5 "jwk" key import requires a JSON Web Key with Key Type parameter "kty" '
        '("oct") equal to "RSA".',
        kty="oct",
    ),
    "no n": rsa_refused(
        "DataError",
        'Invalid RSA key in JSON Web Key; missing or invalid Modulus parameter ("n").',
        n=None,
    ),
    "no e": rsa_refused(
        "DataError",
        'Invalid RSA key in JSON Web Key; missing or invalid Exponent parameter ("e").',
        e=None,
    ),
    "alg": rsa_refused(
        "NotSupportedError",
        'Unrecognized or unimplemented algorithm "foo" listed in JSON Web Key Algorithm parameter.',
        alg="foo",
    ),
    "alg of another hash": rsa_refused(
        "DataError",
        'JSON Web Key Algorithm parameter "alg" ("RS512") does not match requested hash algorithm '
        '"RS512".',
        alg="RS512",
    ),
    "no hash": rsa_refused(
        "TypeError", 'Missing field "hash" in "algorithm".', algorithm="RSA-PSS"
    ),
    "more primes": rsa_refused(
        "NotSupportedError", "Multi-prime private keys not supported.", "sign", oth=[]
    ),
    "some primes": rsa_refused(
        "DataError",
        "Invalid RSA private key in JSON Web Key; if one Prime Factor or CRT Exponent/Coefficient "
        'parameter is present, then they must all be present ("p", "q", "dp", "dq", "qi").',
        "sign",
        dp=None,
    ),
    "exponent": rsa_refused(
        "OperationError", "Imported RSA key has invalid publicExponent 5.", e="BQ"
    ),
    "exponent of one": rsa_refused(
        "OperationError", "Imported RSA key has invalid publicExponent 1.", e="AQ"
    ),
    "small": rsa_refused(
        "OperationError",
        "The modulus length must be a multiple of 8 and between 256 and 16k, but 24 was requested.",
        n="xxxx",
    ),
    "huge exponent": rsa_refused(
        "OperationError",
        'The "publicExponent" must be either 3 or 65537, but got a number larger than 2^32.',
        e="AQAAAAAB",
    ),
    "spki of another exponent": Refusal(
        loaded(E5, algorithm={"name": "RSA-PSS", "hash": "SHA-1"}, format="spki"),
        "OperationError",
        "Imported RSA key has invalid publicExponent 5.",
    ),
    "alg of a name in lower case": rsa_refused(
        "NotSupportedError",
        'Unrecognized RSA variant "rsa-pss".',
        algorithm={"name": "rsa-pss", "hash": "SHA-256"},
        alg="PS256",
    ),
    "raw": Refusal(
        loaded(b"", algorithm={"name": "RSA-PSS", "hash": "SHA-1"}, format="raw"),
        "NotSupportedError",
        'Unrecognized key import format "raw".',
    ),
}


@not_in("node", reason=NODE)
@cases(RSA_REFUSED)
async def test_import_of_a_wrong_rsa_key_is_refused(case: Refusal) -> None:
    await _refused(case)


@not_in("node", reason="Node refuses such a key")
async def test_rsa_key_without_primes_signs_and_is_not_exported() -> None:
    jwk = await _rsa_jwk()
    short = {part: jwk[part] for part in ("kty", "n", "e", "d")}
    algorithm = {"name": "RSASSA-PKCS1-v1_5", "hash": "SHA-256"}
    key = await jwk_key(short, algorithm, ["sign"])
    whole = await jwk_key(jwk, algorithm, ["sign"])
    assert await subtle.sign("RSASSA-PKCS1-v1_5", key, b"x") == await subtle.sign(
        "RSASSA-PKCS1-v1_5", whole, b"x"
    )
    with raises(CryptoError, match=r"^Private key export failed\.$"):
        await subtle.export_key("pkcs8", key)
    with raises(CryptoError, match="^internal error"):
        await subtle.export_key("jwk", key)


@not_in("node", reason="Node has no MD5 in Web Crypto")
async def test_ecdsa_of_md5_is_an_internal_error() -> None:
    _, private = await subtle.generate_key(ECDSA_256, True, SIGN_BOTH)
    with raises(CryptoError, match="^internal error"):
        await subtle.sign({"name": "ECDSA", "hash": "MD5"}, private, b"x")


def exported(format: str, algorithm: Any, which: str, usages: list[str]) -> Call:
    async def call() -> object:
        key = await subtle.generate_key(algorithm, True, usages)
        return await subtle.export_key(format, getattr(key, which) if which else key)

    return call


SIGN_BOTH = ["sign", "verify"]
GCM_128 = {"name": "AES-GCM", "length": 128}

EXPORT_REFUSED: dict[str, Refusal] = {
    "aes spki": Refusal(
        exported("spki", GCM_128, "", ["encrypt"]),
        "NotSupportedError",
        'AES-GCM key only supports exporting "raw", "raw-secret" & "jwk", not "spki".',
    ),
    "hmac pkcs8": Refusal(
        exported("pkcs8", HMAC_256, "", ["sign"]),
        "NotSupportedError",
        'Unimplemented key export format "pkcs8".',
    ),
    "hmac of md5 jwk": Refusal(
        exported("jwk", {"name": "HMAC", "hash": "MD5"}, "", ["sign"]),
        "NotSupportedError",
        'Unimplemented JWK key export format for key algorithm "MD5".',
    ),
    "rsa of md5 jwk": Refusal(
        exported("jwk", rsa(hash="MD5"), "public_key", SIGN_BOTH),
        "NotSupportedError",
        'JWK export not supported for hash algorithm "MD5".',
    ),
    "not extractable": Refusal(
        lambda: _not_extractable("AES-GCM", "encrypt"),
        "InvalidAccessError",
        "Attempt to export non-extractable AES-GCM key.",
    ),
    "private spki": Refusal(
        exported("spki", ECDSA_256, "private_key", SIGN_BOTH),
        "InvalidAccessError",
        'Asymmetric spki export requires public key (not "private").',
    ),
    "public pkcs8": Refusal(
        exported("pkcs8", "Ed25519", "public_key", SIGN_BOTH),
        "InvalidAccessError",
        'Asymmetric pkcs8 export requires private key (not "public").',
    ),
    "private raw": Refusal(
        exported("raw", ECDSA_256, "private_key", SIGN_BOTH),
        "InvalidAccessError",
        "Raw export of elliptic curve keys is only allowed for public keys.",
    ),
    "private raw okp": Refusal(
        exported("raw", "X25519", "private_key", ["deriveBits"]),
        "InvalidAccessError",
        "Raw export of X25519 keys is only allowed for public keys.",
    ),
    "rsa raw": Refusal(
        exported("raw", rsa(), "public_key", SIGN_BOTH),
        "InvalidAccessError",
        'Cannot export "RSA-PSS" in "raw" format.',
    ),
    "format behind a flag": Refusal(
        exported("raw-secret", GCM_128, "", ["encrypt"]),
        "NotSupportedError",
        'Key format "raw-secret" requires the webcrypto_modern_algorithms flag.',
    ),
    "unknown": Refusal(
        exported("foo", "Ed25519", "public_key", SIGN_BOTH),
        "InvalidAccessError",
        'Cannot export "Ed25519" in "foo" format.',
    ),
}


async def _not_extractable(algorithm: Any, usage: str) -> object:
    key = await subtle.import_key("raw", sevens(16), algorithm, False, [usage])
    return await subtle.export_key("raw", key)


@not_in("node", reason=NODE)
@cases(EXPORT_REFUSED)
async def test_export_in_a_wrong_format_is_refused(case: Refusal) -> None:
    await _refused(case)


# Signatures, encryption and agreement of pairs ----------------------------------------------

SIGNING: dict[str, tuple[Any, Any, int]] = {
    "rsassa": ({**rsa(), "name": "RSASSA-PKCS1-v1_5"}, "RSASSA-PKCS1-v1_5", 128),
    "pss": (rsa(), {"name": "RSA-PSS", "salt_length": 32}, 128),
    "pss without salt": (rsa(), {"name": "RSA-PSS", "salt_length": 0}, 128),
    "pss of all the room": (rsa(), {"name": "RSA-PSS", "salt_length": 94}, 128),
    **{
        f"ecdsa {curve} {hash}": (
            {"name": "ECDSA", "named_curve": curve},
            {"name": "ECDSA", "hash": hash},
            size,
        )
        for curve, size in {"P-256": 64, "P-384": 96, "P-521": 132}.items()
        for hash in ("SHA-1", "SHA-512")
    },
    "ed25519": ("Ed25519", "Ed25519", 64),
}


@cases(SIGNING)
async def test_signature_of_a_pair_is_verified(case: Any) -> None:
    of_key, algorithm, size = case
    public, private = await subtle.generate_key(of_key, True, SIGN_BOTH)
    signature = await subtle.sign(algorithm, private, b"data")
    assert len(signature) == size
    assert await subtle.verify(algorithm, public, signature, b"data") is True
    assert await subtle.verify(algorithm, public, signature, b"date") is False
    assert await subtle.verify(algorithm, public, bytes(size), b"data") is False
    other = (await subtle.generate_key(of_key, True, SIGN_BOTH)).public_key
    assert await subtle.verify(algorithm, other, signature, b"data") is False


async def test_ed25519_signature_is_that_of_the_rfc() -> None:
    key = await jwk_key(ED, "Ed25519", ["sign"])
    assert (await subtle.sign("Ed25519", key, b"")).hex().startswith("e5564300c360ac729086e2cc806e")


async def test_signature_of_another_length_is_invalid() -> None:
    public, _ = await subtle.generate_key(ECDSA_256, True, SIGN_BOTH)
    for size in 0, 63, 65:
        algorithm = {"name": "ECDSA", "hash": "SHA-256"}
        assert await subtle.verify(algorithm, public, sevens(size), b"") is False
    (public, _), _ = await _rsa_pair("RSASSA-PKCS1-v1_5", "SHA-256")
    for size in 0, 7, 129:
        assert await subtle.verify("RSASSA-PKCS1-v1_5", public, sevens(size), b"") is False


async def test_pss_signature_of_another_salt_length_is_invalid() -> None:
    public, private = await subtle.generate_key(rsa(), True, SIGN_BOTH)
    signature = await subtle.sign({"name": "RSA-PSS", "salt_length": 20}, private, b"")
    for length in 0, 19, 21:
        algorithm = {"name": "RSA-PSS", "salt_length": length}
        assert await subtle.verify(algorithm, public, signature, b"") is False


@not_in("node", reason="Node refuses a salt for which the key has no room")
async def test_pss_signature_of_an_impossible_salt_length_is_invalid() -> None:
    public, _ = await subtle.generate_key(rsa(), True, SIGN_BOTH)
    algorithm = {"name": "RSA-PSS", "salt_length": 1000}
    assert await subtle.verify(algorithm, public, sevens(128), b"") is False


@cases({"no label": None, "label": b"label", "empty label": b""})
async def test_rsa_oaep_encrypts_and_decrypts(case: bytes | None) -> None:
    (public, private), _ = await _rsa_pair("RSA-OAEP", "SHA-256")
    algorithm = {"name": "RSA-OAEP", "label": case}
    for size in 0, 1, 62:
        encrypted = await subtle.encrypt(algorithm, public, sevens(size))
        assert len(encrypted) == 128
        assert await subtle.decrypt(algorithm, private, encrypted) == sevens(size)
    if not case:
        assert await subtle.decrypt("RSA-OAEP", private, encrypted) == sevens(62)


def signed(of_key: Any, algorithm: Any, verify: bool = False, size: int = 64) -> Call:
    async def call() -> object:
        public, private = await subtle.generate_key(of_key, True, SIGN_BOTH)
        if verify:
            return await subtle.verify(algorithm, public, sevens(size), b"x")
        return await subtle.sign(algorithm, private, b"x")

    return call


def oaep(size: int, hash: str = "SHA-256", decrypt: bool = False) -> Call:
    async def call() -> object:
        (public, private), _ = await _rsa_pair("RSA-OAEP", hash)
        if decrypt:
            return await subtle.decrypt("RSA-OAEP", private, sevens(size))
        return await subtle.encrypt("RSA-OAEP", public, sevens(size))

    return call


NO_SALT = "Failed to provide salt for RSA-PSS key operation which requires a salt"
NEGATIVE_SALT = "SaltLength for RSA-PSS must be non-negative (provided -1)."
NO_ROOM = "key too small for signing with given digest and salt length"


def signed_small(algorithm: Any, name: str) -> Call:
    async def call() -> object:
        of_key = {"name": name, "hash": "SHA-512"}
        key = await subtle.import_key("pkcs8", SMALL, of_key, True, ["sign"])
        return await subtle.sign(algorithm, key, b"x")

    return call


PAIR_REFUSED: dict[str, Refusal] = {
    "rsassa by a small key": Refusal(
        signed_small("RSASSA-PKCS1-v1_5", "RSASSA-PKCS1-v1_5"),
        "OperationError",
        "key too small for signing with given digest, need at least 768bits.",
    ),
    "pss by a small key": Refusal(
        signed_small({"name": "RSA-PSS", "salt_length": 0}, "RSA-PSS"),
        "OperationError",
        "key too small for signing with given digest",
    ),
    "ecdsa without hash": Refusal(
        signed(ECDSA_256, "ECDSA"),
        "TypeError",
        'Missing "hash" in AlgorithmIdentifier. (ECDSA requires that the hash algorithm be '
        "specified at call time rather than on the key. This differs from other WebCrypto "
        "algorithms for historical reasons.)",
    ),
    "pss without salt": Refusal(signed(rsa(), "RSA-PSS"), "DataError", NO_SALT),
    "pss without salt to verify": Refusal(signed(rsa(), "RSA-PSS", True), "TypeError", NO_SALT),
    "pss negative salt": Refusal(
        signed(rsa(), {"name": "RSA-PSS", "salt_length": -1}), "DataError", NEGATIVE_SALT
    ),
    "pss negative salt to verify": Refusal(
        signed(rsa(), {"name": "RSA-PSS", "salt_length": -1}, True), "DataError", NEGATIVE_SALT
    ),
    "pss too much salt": Refusal(
        signed(rsa(), {"name": "RSA-PSS", "salt_length": 95}), "OperationError", NO_ROOM
    ),
    "pss of sha-512 too much salt": Refusal(
        signed(rsa(hash="SHA-512"), {"name": "RSA-PSS", "salt_length": 63}),
        "OperationError",
        NO_ROOM,
    ),
    "ed25519 of another length": Refusal(
        signed("Ed25519", "Ed25519", True, 63),
        "OperationError",
        "Invalid Ed25519 signature length 63",
    ),
    "oaep too long": Refusal(oaep(63), "OperationError", "RSA-OAEP failed encrypt/decrypt."),
    "oaep hash too long": Refusal(
        oaep(1, "SHA-512"),
        "OperationError",
        "RSA-OAEP failed encrypt/decrypt: RSA key size is too small..",
    ),
    "oaep of anything": Refusal(
        oaep(128, decrypt=True), "OperationError", "RSA-OAEP failed encrypt/decrypt."
    ),
    "oaep too short": Refusal(
        oaep(127, decrypt=True),
        "OperationError",
        "RSA-OAEP failed encrypt/decrypt: Invalid RSA signature..",
    ),
}


@not_in("node", reason=NODE)
@cases(PAIR_REFUSED)
async def test_operation_of_a_pair_with_wrong_parameters_is_refused(case: Refusal) -> None:
    await _refused(case)


ECDH_256 = {"name": "ECDH", "named_curve": "P-256"}
ECDH_BITS = {
    0: "",
    1: "00",
    7: "08",
    8: "09",
    9: "0980",
    128: "09b43c4932a799d8cc38947c67d90e46",
    256: "09b43c4932a799d8cc38947c67d90e46c9e87f63d3190c6ad0170fbfe63f9e44",
    None: "09b43c4932a799d8cc38947c67d90e46c9e87f63d3190c6ad0170fbfe63f9e44",
}


async def test_ecdh_of_any_length_returns_the_first_bits() -> None:
    private = await jwk_key(EC, ECDH_256, ["deriveBits", "deriveKey"])
    public = await jwk_key(EC_PUBLIC, ECDH_256, [])
    algorithm = {"name": "ECDH", "public": public}
    for length, bits in ECDH_BITS.items():
        assert (await subtle.derive_bits(algorithm, private, length)).hex() == bits
    key = await subtle.derive_key(algorithm, private, GCM_128, True, ["encrypt"])
    assert (await subtle.export_key("raw", key)).hex() == ECDH_BITS[128]
    key = await subtle.derive_key(algorithm, private, "HKDF", False, ["deriveBits"])
    bits = await subtle.derive_bits({**HKDF, "salt": b"", "info": b""}, key, 128)
    assert bits.hex() == "6dc72549490be5764d2c97c461e2bd03"


async def test_x25519_of_any_length_returns_the_first_bits() -> None:
    private = await jwk_key(X, "X25519", ["deriveBits"])
    peer = bytes.fromhex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
    public = await subtle.import_key("raw", peer, "X25519", True, [])
    algorithm = {"name": "X25519", "public": public}
    secret = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"
    for length, bits in {0: "", 7: "4a", 9: "4a00", 256: secret, None: secret}.items():
        assert (await subtle.derive_bits(algorithm, private, length)).hex() == bits


@cases({"P-256": 32, "P-384": 48, "P-521": 66})
async def test_agreement_of_two_pairs_is_the_same_on_both_sides(case: int) -> None:
    curve = {32: "P-256", 48: "P-384", 66: "P-521"}[case]
    of_key = {"name": "ECDH", "named_curve": curve}
    ours = await subtle.generate_key(of_key, False, ["deriveBits"])
    theirs = await subtle.generate_key(of_key, False, ["deriveBits"])
    secrets = [
        await subtle.derive_bits({"name": "ECDH", "public": public}, private)
        for public, private in (
            (theirs.public_key, ours.private_key),
            (ours.public_key, theirs.private_key),
        )
    ]
    assert secrets[0] == secrets[1]
    assert len(secrets[0]) == case


def agreed(public: Any, name: str = "ECDH", length: int | None = 8) -> Call:
    async def call() -> object:
        private = await jwk_key(X if name == "X25519" else EC, _of(name), ["deriveBits"])
        algorithm = {"name": name}
        if public is not None:
            algorithm["public"] = await public()
        return await subtle.derive_bits(algorithm, private, length)

    return call


def _of(name: str) -> Any:
    return ECDH_256 if name == "ECDH" else name


async def _their_p384() -> CryptoKey:
    of_key = {"name": "ECDH", "named_curve": "P-384"}
    key: CryptoKey = (await subtle.generate_key(of_key, True, ["deriveBits"])).public_key
    return key


AGREEMENT_REFUSED: dict[str, Refusal] = {
    "no public": Refusal(
        agreed(None), "TypeError", 'Missing field "public" in "derivedKeyParams".'
    ),
    "private": Refusal(
        agreed(lambda: jwk_key(EC, ECDH_256, ["deriveBits"])),
        "InvalidAccessError",
        'The provided key has type "private", not "public"',
    ),
    "ecdsa": Refusal(
        agreed(lambda: jwk_key(EC_PUBLIC, ECDSA_256, [])),
        "InvalidAccessError",
        'Private key for derivation is using "ECDH" while public key is using "ECDSA".',
    ),
    "other curve": Refusal(
        agreed(_their_p384),
        "InvalidAccessError",
        'Private key for derivation is using curve "P-256" while public key is using "P-384".',
    ),
    "too long": Refusal(
        agreed(lambda: jwk_key(EC_PUBLIC, ECDH_256, []), length=257),
        "OperationError",
        "Derived key length (257 bits) is too long (should be at most 256 bits).",
    ),
    "x25519 and ed25519": Refusal(
        agreed(lambda: jwk_key(ED_PUBLIC, "Ed25519", []), "X25519"),
        "InvalidAccessError",
        'Private key for derivation is using "X25519" while public key is using "Ed25519".',
    ),
    "x25519 and ecdh": Refusal(
        agreed(lambda: jwk_key(EC_PUBLIC, ECDH_256, []), "X25519"),
        "InvalidAccessError",
        "Base X25519 private key cannot be used to derive a key from a peer ECDH public key",
    ),
    "x25519 small order": Refusal(
        agreed(lambda: subtle.import_key("raw", bytes(32), "X25519", True, []), "X25519"),
        "OperationError",
        "Failed to derive EDDH key: public key routines INVALID_PEER_KEY.",
    ),
}


@not_in("node", reason=NODE)
@cases(AGREEMENT_REFUSED)
async def test_agreement_with_a_wrong_key_is_refused(case: Refusal) -> None:
    await _refused(case)


# Keys and operations that do not fit --------------------------------------------------------


def misused(operation: str, algorithm: Any, usages: list[KeyUsage], *data: bytes) -> Call:
    async def call() -> object:
        key = await raw_key("AES-GCM", 16, usages)
        return await getattr(subtle, operation)(algorithm, key, *data)

    return call


NO_USAGE = 'Requested key usage "{}" does not match any usage listed in this CryptoKey.'
MISUSED: dict[str, Refusal] = {
    "another algorithm": Refusal(
        misused("encrypt", {"name": "AES-CBC", "iv": sevens(16)}, ["encrypt"], b""),
        "InvalidAccessError",
        'Requested algorithm "AES-CBC" does not match this CryptoKey\'s algorithm "AES-GCM".',
    ),
    "unknown algorithm": Refusal(
        misused("decrypt", "foo", ["decrypt"], b""),
        "InvalidAccessError",
        'Requested algorithm "foo" does not match this CryptoKey\'s algorithm "AES-GCM".',
    ),
    "usage to encrypt": Refusal(
        misused("encrypt", "AES-GCM", ["decrypt"], b""),
        "InvalidAccessError",
        NO_USAGE.format("encrypt"),
    ),
    "usage to decrypt": Refusal(
        misused("decrypt", "AES-GCM", ["encrypt"], b""),
        "InvalidAccessError",
        NO_USAGE.format("decrypt"),
    ),
    "usage to sign": Refusal(
        misused("sign", "AES-GCM", ["encrypt"], b""), "InvalidAccessError", NO_USAGE.format("sign")
    ),
    "usage to verify": Refusal(
        misused("verify", "AES-GCM", ["encrypt"], b"", b""),
        "InvalidAccessError",
        NO_USAGE.format("verify"),
    ),
}


@not_in("node", reason=NODE)
@cases(MISUSED)
async def test_key_of_another_use_is_refused(case: Refusal) -> None:
    await _refused(case)


# Wrapping -----------------------------------------------------------------------------------

GCM_IV = {"name": "AES-GCM", "iv": sevens(12)}


async def test_wrap_key_encrypts_the_export() -> None:
    key = await raw_key("AES-GCM", 16, ["encrypt", "decrypt"])
    wrapping = await raw_key("AES-GCM", 16, ["wrapKey", "unwrapKey"])
    wrapped = await subtle.wrap_key("raw", key, wrapping, GCM_IV)
    assert wrapped == await subtle.encrypt(GCM_IV, key, sevens(16))
    for format in "raw", "jwk":
        wrapped = await subtle.wrap_key(format, key, wrapping, GCM_IV)
        unwrapped = await subtle.unwrap_key(
            format, wrapped, wrapping, GCM_IV, "AES-GCM", True, ["decrypt"]
        )
        assert description(unwrapped) == (*GCM_DESCRIPTION[:3], {"decrypt"})
        assert await subtle.export_key("raw", unwrapped) == sevens(16)


@not_in("node", reason="Node writes the members of a JSON Web Key in another order")
async def test_wrap_key_of_a_jwk_encrypts_its_text() -> None:
    key = await raw_key("AES-GCM", 16, ["encrypt", "decrypt"])
    wrapping = await raw_key("AES-GCM", 16, ["wrapKey"])
    wrapped = await subtle.wrap_key("jwk", key, wrapping, GCM_IV)
    assert await subtle.decrypt(GCM_IV, key, wrapped) == (
        b'{"kty":"oct","key_ops":["encrypt","decrypt"],"alg":"A128GCM","ext":true,'
        b'"k":"BwcHBwcHBwcHBwcHBwcHBw"}'
    )


async def test_wrap_key_by_aes_kw_is_that_of_the_rfc() -> None:
    key = await raw_key("AES-GCM", 16, ["encrypt"])
    wrapping = await raw_key("AES-KW", 16, ["wrapKey", "unwrapKey"])
    wrapped = await subtle.wrap_key("raw", key, wrapping, "AES-KW")
    assert wrapped.hex() == "2753418ccd0f1cc2e23fa4a30c761ab510fa6d509a2a81f7"
    unwrapped = await subtle.unwrap_key(
        "raw", wrapped, wrapping, "AES-KW", {"name": "HMAC", "hash": "SHA-1"}, True, ["sign"]
    )
    assert await subtle.export_key("raw", unwrapped) == sevens(16)


@cases({"pkcs8": "pkcs8", "jwk": "jwk"})
async def test_wrap_key_of_a_private_key_is_unwrapped(case: str) -> None:
    private = await jwk_key(EC, ECDSA_256, ["sign"])
    wrapping = await raw_key("AES-CBC", 32, ["wrapKey", "unwrapKey"])
    algorithm = {"name": "AES-CBC", "iv": sevens(16)}
    wrapped = await subtle.wrap_key(case, private, wrapping, algorithm)
    unwrapped = await subtle.unwrap_key(
        case, wrapped, wrapping, algorithm, ECDSA_256, False, ["sign"]
    )
    assert description(unwrapped) == ("private", False, ECDSA_256, {"sign"})


async def test_wrap_key_by_rsa_is_unwrapped() -> None:
    algorithm = {**rsa(), "name": "RSA-OAEP"}
    public, private = await subtle.generate_key(algorithm, True, ["wrapKey", "unwrapKey"])
    key = await raw_key("AES-GCM", 32, ["encrypt"])
    wrapped = await subtle.wrap_key("raw", key, public, "RSA-OAEP")
    unwrapped = await subtle.unwrap_key(
        "raw", wrapped, private, "RSA-OAEP", "AES-GCM", True, ["encrypt"]
    )
    assert await subtle.export_key("raw", unwrapped) == sevens(32)


def wrapped(
    key: Callable[[], Awaitable[CryptoKey]],
    algorithm: Any = "AES-KW",
    format: str = "raw",
    usage: KeyUsage = "wrapKey",
) -> Call:
    async def call() -> object:
        name = algorithm if isinstance(algorithm, str) else algorithm["name"]
        wrapping = await raw_key(name, 16, [usage])
        return await subtle.wrap_key(format, await key(), wrapping, algorithm)

    return call


def unwrapped(data: bytes, algorithm: Any = "AES-KW", usages: list[str] | None = None) -> Call:
    async def call() -> object:
        name = algorithm if isinstance(algorithm, str) else algorithm["name"]
        wrapping = await raw_key(name, 16, ["unwrapKey"])
        wanted = ["encrypt"] if usages is None else usages
        return await subtle.unwrap_key("raw", data, wrapping, algorithm, "AES-GCM", True, wanted)

    return call


def hmac_key(size: int) -> Callable[[], Awaitable[CryptoKey]]:
    return lambda: raw_key(HMAC_256, size, ["sign"])


WRAPPING_REFUSED: dict[str, Refusal] = {
    "kw of 7 bytes": Refusal(
        wrapped(hmac_key(7)),
        "OperationError",
        "Unwrapped key bit length must be a multiple of 64 bits but unwrapped key has a length of "
        "56 bits.",
    ),
    "kw of 8 bytes": Refusal(
        wrapped(hmac_key(8)),
        "OperationError",
        "Unwrapped key has length 8 bytes but it should be greater than or equal to 16 and less "
        "than or equal to 18446744073709551607",
    ),
    "usage": Refusal(
        wrapped(hmac_key(16), usage="unwrapKey"), "InvalidAccessError", NO_USAGE.format("wrapKey")
    ),
    "not extractable": Refusal(
        wrapped(lambda: raw_key("HKDF", 16, ["deriveBits"])),
        "InvalidAccessError",
        "Attempt to export non-extractable HKDF key.",
    ),
    "format": Refusal(
        wrapped(hmac_key(16), format="spki"),
        "NotSupportedError",
        'Unimplemented key export format "spki".',
    ),
    "kw unwrap 16": Refusal(
        unwrapped(sevens(16)),
        "OperationError",
        "Provided a wrapped key to unwrap this is 128 bits that is less than the minimal length of "
        "192 bits.",
    ),
    "kw unwrap 25": Refusal(
        unwrapped(sevens(25)),
        "OperationError",
        "Provided a wrapped key to unwrap that is 200 bits which isn't a multiple of 64 bits.",
    ),
    "kw unwrap anything": Refusal(
        unwrapped(sevens(24)), "OperationError", "AES-KW key unwrapping failed."
    ),
    "unwrap without usages": Refusal(
        unwrapped(bytes.fromhex("2753418ccd0f1cc2e23fa4a30c761ab510fa6d509a2a81f7"), usages=[]),
        "SyntaxError",
        NO_SECRET_USAGE,
    ),
}


@not_in("node", reason=NODE)
@cases(WRAPPING_REFUSED)
async def test_wrapping_of_a_wrong_key_is_refused(case: Refusal) -> None:
    await _refused(case)


@not_in("node", reason=NODE)
async def test_unwrap_key_of_invalid_json_is_refused() -> None:
    key = await raw_key("AES-GCM", 16, ["encrypt", "decrypt"])
    wrapping = await raw_key("AES-GCM", 16, ["wrapKey", "unwrapKey"])
    for text, name in {
        b"{": "SyntaxError",
        b"[1": "SyntaxError",
        b"": "SyntaxError",
        b"1": "DataError",
        b'"x"': "DataError",
    }.items():
        data = await subtle.encrypt(GCM_IV, key, text)
        with raises(CryptoError) as caught:
            await subtle.unwrap_key("jwk", data, wrapping, GCM_IV, "AES-GCM", True, ["encrypt"])
        assert (text, caught.value.js_name) == (text, name)


# Arguments of a wrong type never reach JavaScript -------------------------------------------


async def _any_key() -> CryptoKey:
    return await raw_key("AES-GCM", 16, ["encrypt"])


@cases(
    {
        "text": ("x", "data: expected bytes, got str; encode the text first: text.encode()"),
        "None": (None, "data: expected bytes, got None"),
        "list": ([1, 2], "data: expected bytes, got list"),
    }
)
async def test_data_that_is_not_bytes_is_refused(case: Any) -> None:
    data, message = case
    key = await _any_key()
    calls: list[Call] = [
        lambda: subtle.digest("SHA-1", data),
        lambda: subtle.encrypt(GCM_IV, key, data),
        lambda: subtle.sign("HMAC", key, data),
        lambda: subtle.verify("HMAC", key, b"", data),
    ]
    for call in calls:
        with raises(ConversionError) as caught:
            await call()
        assert str(caught.value) == message


@cases(
    {
        "bytes": (b"x", "; crypto.subtle.import_key makes a key of it"),
        "dict": (OCT, "; crypto.subtle.import_key makes a key of it"),
        "text": ("x", "; crypto.subtle.import_key makes a key of it"),
        "None": (None, ""),
    }
)
async def test_key_of_another_type_is_refused(case: Any) -> None:
    key, hint = case
    name = "None" if key is None else type(key).__name__
    with raises(ConversionError) as caught:
        await subtle.encrypt(GCM_IV, key, b"")
    assert str(caught.value) == f"key: expected CryptoKey, got {name}{hint}"


async def test_key_that_is_a_pair_or_not_awaited_is_refused() -> None:
    pair = await subtle.generate_key("Ed25519", True, SIGN_BOTH)
    with raises(ConversionError, match="got CryptoKeyPair; pass its public_key or its private_key"):
        await subtle.sign("Ed25519", pair, b"")
    with raises(ConversionError, match="got the coroutine .*; await it first"):
        await subtle.encrypt(GCM_IV, _any_key(), b"")
    with raises(ConversionError, match=r"^algorithm\.public: expected CryptoKey, got bytes"):
        await subtle.derive_bits({"name": "ECDH", "public": b""}, pair.private_key, 8)


@cases(
    {
        "camelCase": (
            {"name": "AES-GCM", "iv": b"", "additionalData": b""},
            "algorithm: unknown key 'additionalData'; did you mean additional_data?",
        ),
        "text": (
            {"name": "AES-GCM", "iv": "x"},
            "algorithm.iv: expected bytes, got str; encode the text first: text.encode()",
        ),
        "number": (
            {"name": "AES-CTR", "length": "64"},
            "algorithm.length: expected int, got str",
        ),
        "name": ({"name": 5}, "algorithm.name: expected str, got int"),
        "hash": (
            {"name": "ECDSA", "hash": 256},
            'algorithm.hash: expected the hash\'s name, got int; such as "SHA-256"',
        ),
        "exponent": (
            {"name": "RSA-PSS", "public_exponent": 65537},
            "algorithm.public_exponent: expected bytes, got int; the number in big-endian bytes, "
            "such as b'\\x01\\x00\\x01' for 65537",
        ),
        "None": (None, "algorithm: expected the algorithm's name or a dict, got None"),
    }
)
async def test_algorithm_of_wrong_types_is_refused(case: Any) -> None:
    algorithm, message = case
    key = await _any_key()
    calls: list[Call] = [
        lambda: subtle.encrypt(algorithm, key, b""),
        lambda: subtle.import_key("raw", b"", algorithm, True, ["encrypt"]),
        lambda: subtle.generate_key(algorithm, True, ["encrypt"]),
    ]
    for call in calls:
        with raises(ConversionError) as caught:
            await call()
        assert str(caught.value) == message


@cases(
    {
        "text": ("sign", "key_usages: expected a list of usages, got str"),
        "None": (None, "key_usages: expected a list of usages, got None"),
        "snake_case": (["sign", "derive_bits"], "key_usages[1]: expected one of "),
        "number": ([1], "key_usages[0]: expected one of "),
        "list": ([["sign"]], "key_usages[0]: expected one of "),
    }
)
async def test_usages_of_wrong_types_are_refused(case: Any) -> None:
    usages, message = case
    with raises(ConversionError) as caught:
        await subtle.generate_key(GCM_128, True, usages)
    assert str(caught.value).startswith(message)


async def test_key_data_of_another_format_is_refused() -> None:
    with raises(ConversionError, match="key_data: expected bytes, got dict; only the format 'jwk'"):
        await subtle.import_key("raw", OCT, "AES-GCM", True, ["encrypt"])
    with raises(ConversionError, match="key_data: expected dict, got bytes; parse the JSON Web"):
        await subtle.import_key("jwk", b"{}", "AES-GCM", True, ["encrypt"])


class Hash(StrEnum):
    SHA_1 = "SHA-1"


class Key(bytes): ...


async def test_arguments_of_subclasses_are_taken() -> None:
    digest = bytes.fromhex(DIGESTS["SHA-1"])
    for algorithm in Hash.SHA_1, MappingProxyType({"name": Hash.SHA_1}), UserDict(name="SHA-1"):
        assert await subtle.digest(algorithm, Key(b"abc")) == digest
    jwk = MappingProxyType(OCT)
    key = await subtle.import_key("jwk", jwk, {"name": "HMAC", "hash": Hash.SHA_1}, True, {"sign"})
    assert key.algorithm.get("hash") == {"name": "SHA-1"}
    assert await subtle.digest("SHA-1", memoryview(b"abcabc").cast("B", (2, 3))) == (
        await subtle.digest("SHA-1", b"abcabc")
    )


async def test_repr_of_a_key_shows_no_secret() -> None:
    assert repr(await _any_key()) == "<CryptoKey AES-GCM secret, for encrypt>"
    assert repr(await jwk_key(X_PUBLIC, "X25519", [])) == "<CryptoKey X25519 public, for nothing>"


async def test_usages_of_any_iterable_are_taken_once() -> None:
    key = await subtle.generate_key(GCM_128, 1, iter(("encrypt", "decrypt")))
    assert key.usages == ["encrypt", "decrypt"]
    assert key.extractable is True


# A key stays in the isolate that has it -----------------------------------------------------


@not_in("node", reason="a binding there is miniflare's proxy, which sends other things")
async def test_key_in_a_message_is_refused(queue: Queue[Any]) -> None:
    key = await _any_key()
    for message in key, [key], {"key": key}, CryptoKeyPair(key, key):
        for content_type in "v8", "json":
            with raises((ConversionError, QueueError), match="CryptoKey"):
                await queue.send(message, content_type=content_type)
    with raises(ConversionError, match="CryptoKey"):
        Response.json({"key": key})


# Why Web Crypto is needed -------------------------------------------------------------------


@not_in("fake", reason="tests/testing/test_missing_openssl.py checks it inside a Worker")
async def test_hashlib_lacks_the_functions_of_openssl() -> None:
    assert not hasattr(hashlib, "pbkdf2_hmac")
    assert not hasattr(hashlib, "scrypt")
    with raises(ValueError, match="unsupported hash type sha512_256"):
        hashlib.new("sha512_256")
    for name in hashlib.algorithms_guaranteed:
        assert hashlib.new(name).name == name
