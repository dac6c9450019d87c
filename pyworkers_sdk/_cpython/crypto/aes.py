"""AES keys: GCM, CBC, CTR, and KW for wrapping."""

# JavaScript's values have no types here.
# pyright: basic
from __future__ import annotations

import os
from typing import Any

from ..js_exception import JsException
from .common import CryptoKey, checked_usages, field, from_base64url, integer, library, refused
from .secret_keys import secret_jwk

__all__ = ["AesKey"]

BLOCK = 16
TAG_LENGTHS = (32, 64, 96, 104, 112, 120, 128)
LENGTHS = (128, 192, 256)

# workerd's own words
REPEATS = "Counter block values will repeat."


class AesKey(CryptoKey):
    """An AES key; ``load`` and ``generate`` return the subclass of its mode."""

    def __init__(self, name: str, data: bytes, extractable: bool, usages: list[str]) -> None:
        algorithm = {"name": name, "length": len(data) * 8}
        super().__init__(algorithm, "secret", extractable, usages)
        self._data = data

    @staticmethod
    def generate(
        name: str, algorithm: dict[str, Any], extractable: bool, usages: list[str]
    ) -> AesKey:
        usages = checked_usages("generate", name, usages, _usages_of(name))
        length = integer(field(algorithm, "length"))
        if length not in LENGTHS:
            raise refused(
                "Operation",
                f"Generated AES key length must be 128, 192, or 256 bits but requested {length}.",
            )
        return _MODES[name](name, os.urandom(length // 8), extractable, usages)

    @staticmethod
    def load(
        name: str,
        format: str,
        data: Any,
        algorithm: dict[str, Any],
        extractable: bool,
        usages: list[str],
    ) -> AesKey:
        requested = usages
        usages = checked_usages("import secret", name, usages, _usages_of(name))
        if format == "jwk":
            data = _from_jwk(name, data, requested)
        elif format != "raw":
            raise refused("NotSupported", f'Unrecognized key import format "{format}".')
        _check_length(data)
        return _MODES[name](name, data, extractable, usages)

    def export(self, format: str) -> bytes | dict[str, Any]:
        if format == "raw":
            return self._data
        if format == "jwk":
            return secret_jwk(f"A{len(self._data) * 8}{self.name[4:]}", self, self._data)
        message = (
            f'{self.name} key only supports exporting "raw", "raw-secret" & "jwk", not "{format}".'
        )
        raise refused("NotSupported", message)

    def _cipher(self, mode: Any) -> Any:
        ciphers = library("ciphers")
        return ciphers.Cipher(ciphers.algorithms.AES(self._data), mode)

    def _block(self, block: bytes) -> bytes:
        """Return one encrypted block."""
        ecb: bytes = self._cipher(library("ciphers.modes").ECB()).encryptor().update(block)
        return ecb

    def _failed(self, size: int, expected: int) -> JsException:
        return refused(
            "Operation",
            "Decryption failed. This could be due to a ciphertext authentication failure, bad "
            "padding, incorrect CryptoKey, or another algorithm-specific reason. Input length "
            f"was {size}, output length expected to be {expected} for {self.name}",
        )

    def _stream(self, counter: bytes, bits: int, data: bytes) -> bytes:
        """Encrypt or decrypt by CTR, with a counter in the last bits of a block."""
        count, blocks = 2**bits, -(-len(data) // BLOCK)
        if blocks > count:
            raise refused("Operation", REPEATS)
        start = int.from_bytes(counter)
        size = (count - start % count) * BLOCK  # up to here the counter does not begin anew
        modes = library("ciphers.modes")
        result: bytes = self._cipher(modes.CTR(counter)).encryptor().update(data[:size])
        if len(data) > size:
            zeroed = (start - start % count).to_bytes(BLOCK)
            result += self._cipher(modes.CTR(zeroed)).encryptor().update(data[size:])
        return result


class _Gcm(AesKey):
    def encrypt(self, algorithm: dict[str, Any], data: bytes) -> bytes:
        iv, tag_size, extra = _gcm_parameters(algorithm)
        ciphertext, tag = self._sealed(iv, data, extra)
        return ciphertext + tag[:tag_size]

    def decrypt(self, algorithm: dict[str, Any], data: bytes) -> bytes:
        iv, tag_size, extra = _gcm_parameters(algorithm)
        if len(data) < tag_size:
            raise refused(
                "Operation",
                f"Ciphertext length of {len(data) * 8} bits must be greater than or equal to the "
                f"size of the AES-GCM tag length of {tag_size * 8} bits.",
            )
        size = len(data) - tag_size
        # The stream of CTR is its own inverse; the tag is that of the ciphertext.
        plaintext = self._sealed(iv, data[:size], extra)[0]
        if self._sealed(iv, plaintext, extra)[1][:tag_size] != data[size:]:
            raise self._failed(size, size)
        return plaintext

    wrap, unwrap = encrypt, decrypt

    def _sealed(self, iv: bytes, data: bytes, extra: bytes) -> tuple[bytes, bytes]:
        """Return the ciphertext and the tag of 16 bytes."""
        if not 8 <= len(iv) <= 128:
            return self._sealed_by_hand(iv, data, extra)
        encryptor = self._cipher(library("ciphers.modes").GCM(iv)).encryptor()
        if extra:
            encryptor.authenticate_additional_data(extra)
        return encryptor.update(data) + encryptor.finalize(), encryptor.tag

    def _sealed_by_hand(self, iv: bytes, data: bytes, extra: bytes) -> tuple[bytes, bytes]:
        # The runtime takes an iv of any length; the package cryptography from 8 to 128 bytes.
        key = int.from_bytes(self._block(bytes(BLOCK)))
        start = _ghash(key, _padded(iv) + (len(iv) * 8).to_bytes(BLOCK))
        number = int.from_bytes(start)
        first = (number >> 32 << 32 | (number + 1) % 2**32).to_bytes(BLOCK)
        ciphertext = self._stream(first, 32, data)
        sizes = (len(extra) * 8).to_bytes(8) + (len(data) * 8).to_bytes(8)
        digest = _ghash(key, _padded(extra) + _padded(ciphertext) + sizes)
        return ciphertext, _xor(digest, self._block(start))


def _gcm_parameters(algorithm: dict[str, Any]) -> tuple[bytes, int, bytes]:
    """Return the iv, the size of the tag in bytes, and the additional data."""
    iv = field(algorithm, "iv")
    if not iv:
        raise refused("Operation", "AES-GCM IV must not be empty.")
    tag_length = integer(algorithm.get("tagLength", 128))
    if tag_length not in TAG_LENGTHS:
        raise refused("Operation", f"Invalid AES-GCM tag length {tag_length}.")
    return iv, tag_length // 8, algorithm.get("additionalData", b"")


def _ghash(key: int, data: bytes) -> bytes:
    """Return the hash of GCM (NIST SP 800-38D, 6.4) of whole blocks."""
    digest = 0
    for at in range(0, len(data), BLOCK):
        factor, digest = digest ^ int.from_bytes(data[at : at + BLOCK]), 0
        value = key
        for bit in range(127, -1, -1):
            if factor >> bit & 1:
                digest ^= value
            value = value >> 1 ^ (0xE1 << 120 if value & 1 else 0)
    return digest.to_bytes(BLOCK)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % BLOCK)


def _xor(a: bytes, b: bytes) -> bytes:
    return (int.from_bytes(a) ^ int.from_bytes(b)).to_bytes(len(a))


class _Cbc(AesKey):
    def encrypt(self, algorithm: dict[str, Any], data: bytes) -> bytes:
        size = BLOCK - len(data) % BLOCK
        encryptor = self._mode(algorithm, " bytes").encryptor()
        encrypted: bytes = encryptor.update(data + bytes([size]) * size)
        return encrypted

    def decrypt(self, algorithm: dict[str, Any], data: bytes) -> bytes:
        decryptor = self._mode(algorithm, "").decryptor()
        whole = len(data) // BLOCK * BLOCK
        plaintext: bytes = decryptor.update(data[:whole])
        size = plaintext[-1] if plaintext and whole == len(data) else 0
        if not 0 < size <= BLOCK or plaintext[-size:] != bytes([size]) * size:
            held = BLOCK if data and whole == len(data) else 0
            raise self._failed(len(data), whole - held)
        return plaintext[:-size]

    wrap, unwrap = encrypt, decrypt

    def _mode(self, algorithm: dict[str, Any], unit: str) -> Any:
        iv = field(algorithm, "iv")
        if len(iv) != BLOCK:
            message = f"AES-CBC IV must be 16 bytes long (provided {len(iv)}{unit})."
            raise refused("Operation", message)
        return self._cipher(library("ciphers.modes").CBC(iv))


class _Ctr(AesKey):
    def encrypt(self, algorithm: dict[str, Any], data: bytes) -> bytes:
        counter = _member(algorithm, "counter")
        if len(counter) != BLOCK:
            message = f"Counter must have length of 16 bytes (provided {len(counter)})."
            raise refused("Operation", message)
        bits = integer(_member(algorithm, "length"))
        if not 0 < bits <= 128:
            raise refused("Operation", f"Invalid counter of {bits} bits length provided.")
        return self._stream(counter, bits, data)

    decrypt = wrap = unwrap = encrypt


def _member(algorithm: dict[str, Any], name: str) -> Any:
    if algorithm.get(name) is None:  # the runtime has other words for AES-CTR
        raise JsException("TypeError", f'Missing "{name}" member in "algorithm".')
    return algorithm[name]


class _Kw(AesKey):
    def wrap(self, algorithm: dict[str, Any], data: bytes) -> bytes:
        if len(data) % 8:
            raise refused(
                "Operation",
                "Unwrapped key bit length must be a multiple of 64 bits but unwrapped key has a "
                f"length of {len(data) * 8} bits.",
            )
        if len(data) < 16:
            raise refused(
                "Operation",
                f"Unwrapped key has length {len(data)} bytes but it should be greater than or "
                f"equal to 16 and less than or equal to {2**64 - 9}",
            )
        wrapped: bytes = library("keywrap").aes_key_wrap(self._data, data)
        return wrapped

    def unwrap(self, algorithm: dict[str, Any], data: bytes) -> bytes:
        if len(data) % 8:
            raise refused(
                "Operation",
                f"Provided a wrapped key to unwrap that is {len(data) * 8} bits which isn't a "
                "multiple of 64 bits.",
            )
        if len(data) < 24:
            raise refused(
                "Operation",
                f"Provided a wrapped key to unwrap this is {len(data) * 8} bits that is less than "
                "the minimal length of 192 bits.",
            )
        keywrap = library("keywrap")
        try:
            unwrapped: bytes = keywrap.aes_key_unwrap(self._data, data)
        except keywrap.InvalidUnwrap:
            raise refused("Operation", "AES-KW key unwrapping failed.") from None
        return unwrapped


_MODES = {"AES-GCM": _Gcm, "AES-CBC": _Cbc, "AES-CTR": _Ctr, "AES-KW": _Kw}


def _usages_of(name: str) -> set[str]:
    both = set() if name == "AES-KW" else {"encrypt", "decrypt"}
    return {"wrapKey", "unwrapKey", *both}


def _check_length(data: bytes) -> None:
    if len(data) * 8 not in LENGTHS:
        raise refused(
            "Data",
            f"Imported AES key length must be 128, 192, or 256 bits but provided {len(data) * 8}.",
        )


def _from_jwk(name: str, jwk: dict[str, Any], usages: list[str]) -> bytes:
    kty = jwk.get("kty", "undefined")
    if kty != "oct":
        raise refused(
            "Data",
            'Symmetric "jwk" key import requires a JSON Web Key with Key Type parameter "kty" '
            f'equal to "oct" (encountered "{kty}").',
        )
    data = from_base64url(jwk.get("k"))
    if data is None:
        message = 'Symmetric "jwk" key import requires a base64Url encoding of the key.'
        raise refused("Data", message)
    _check_length(data)
    alg, wanted = jwk.get("alg"), f"A{len(data) * 8}{name[4:]}"
    if alg not in (None, wanted):
        message = f'Symmetric "jwk" key contains invalid "alg" value "{alg}", expected "{wanted}".'
        raise refused("Data", message)
    if usages and jwk.get("use") not in (None, "enc"):
        message = f'Symmetric "jwk" key must have a "use" of "enc", not "{jwk["use"]}".'
        raise refused("Data", message)
    if (operations := jwk.get("key_ops")) is not None:
        for operation in sorted(operations):
            if operations.count(operation) > 1:
                raise refused(
                    "Data",
                    f'Symmetric "jwk" key contains duplicate value "{operation}", in "key_op".',
                )
        for usage in usages:
            if usage not in operations:
                raise refused("Data", f'"jwk" key missing usage "{usage}", in "key_ops".')
    return data
