"""Web Crypto: hashes, signatures, encryption, and keys for them.

A Python Worker has no OpenSSL: ``hashlib`` has neither ``pbkdf2_hmac`` nor ``scrypt``. The
runtime's own cryptography replaces them:

    from pyworkers_sdk import crypto

    key = await crypto.subtle.import_key(
        "raw", secret, {"name": "HMAC", "hash": "SHA-256"}, False, ["sign", "verify"]
    )
    signature = await crypto.subtle.sign("HMAC", key, data)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict, cast, get_args, overload

from .._border import (
    JsWrapper,
    bytes_of,
    expected,
    from_js,
    prop,
    raising,
    raw,
    text,
    to_js,
    unsupported,
    web,
)
from .._border.values import count
from .._options import js_bag
from ..errors import ConversionError, CryptoError
from ..streams import WritableStream
from .algorithms import (
    AesCbcParams,
    AesCtrParams,
    AesGcmParams,
    AesKeyParams,
    Bytes,
    DerivedKeyParams,
    DeriveParams,
    EcdhKeyDeriveParams,
    EcdsaParams,
    EcKeyParams,
    EncryptParams,
    HashAlgorithm,
    HashAlgorithmIdentifier,
    HkdfParams,
    HmacKeyParams,
    ImportParams,
    JsonWebKey,
    KeyAlgorithm,
    KeyFormat,
    KeyPairParams,
    KeyType,
    KeyUsage,
    Pbkdf2Params,
    RsaHashedImportParams,
    RsaHashedKeyGenParams,
    RsaOaepParams,
    RsaOtherPrimesInfo,
    RsaPssParams,
    SecretKeyParams,
    SignParams,
    WrapParams,
)

if TYPE_CHECKING:
    from .. import _js

__all__ = [
    "AesCbcParams",
    "AesCtrParams",
    "AesGcmParams",
    "AesKeyParams",
    "CryptoKey",
    "CryptoKeyPair",
    "DeriveParams",
    "DerivedKeyParams",
    "DigestStream",
    "EcKeyParams",
    "EcdhKeyDeriveParams",
    "EcdsaParams",
    "EncryptParams",
    "HashAlgorithm",
    "HashAlgorithmIdentifier",
    "HkdfParams",
    "HmacKeyParams",
    "ImportParams",
    "JsonWebKey",
    "KeyAlgorithm",
    "KeyFormat",
    "KeyPairParams",
    "KeyType",
    "KeyUsage",
    "Pbkdf2Params",
    "RsaHashedImportParams",
    "RsaHashedKeyGenParams",
    "RsaOaepParams",
    "RsaOtherPrimesInfo",
    "RsaPssParams",
    "SecretKeyParams",
    "SignParams",
    "SubtleCrypto",
    "WrapParams",
    "get_random_values",
    "random_uuid",
    "subtle",
]

_raising = raising(CryptoError)

_MAX_RANDOM = 65_536


class CryptoKey(JsWrapper["_js.CryptoKey"]):
    """A key that the runtime holds. ``subtle.generate_key`` and ``subtle.import_key`` make one.

    It cannot be stored or sent. ``subtle.export_key`` returns its bytes, if it is extractable.

    JS: CryptoKey.
    """

    __slots__ = ()

    def __init__(self, key: _js.CryptoKey) -> None:
        self._js = raw(key)

    @property
    def type(self) -> KeyType:
        """The kind of the key: "secret", or "public" and "private" in a pair.

        JS: CryptoKey.type.
        """
        return cast("KeyType", self._js.type)

    @property
    def extractable(self) -> bool:
        """True if the key may be exported and wrapped.

        JS: CryptoKey.extractable.
        """
        return bool(self._js.extractable)

    @property
    def algorithm(self) -> KeyAlgorithm:
        """The algorithm that the key is for, with its parameters.

        JS: CryptoKey.algorithm.
        """
        fields = {_SNAKE.get(name, name): v for name, v in from_js(self._js.algorithm).items()}
        if "public_exponent" in fields:
            fields["public_exponent"] = bytes(fields["public_exponent"])
        return cast("KeyAlgorithm", fields)

    @property
    def usages(self) -> list[KeyUsage]:
        """The operations that the key may be used for.

        JS: CryptoKey.usages.
        """
        usages: list[KeyUsage] = from_js(self._js.usages)
        return usages

    def __repr__(self) -> str:
        name = self.algorithm["name"]
        return (
            f"<{type(self).__name__} {name} {self.type}, for {' '.join(self.usages) or 'nothing'}>"
        )


_SNAKE = {
    "modulusLength": "modulus_length",
    "namedCurve": "named_curve",
    "publicExponent": "public_exponent",
}


class CryptoKeyPair(NamedTuple):
    """A public key and its private key.

    JS: CryptoKeyPair.
    """

    public_key: CryptoKey
    """The key to verify, encrypt, or derive with on the other side. It may always be exported."""
    private_key: CryptoKey


class SubtleCrypto:
    """The cryptography of the runtime. ``crypto.subtle`` is the only instance.

    Each method raises CryptoError if the runtime refuses; ``js_name`` of the error is the kind:

    - "NotSupportedError": an unknown algorithm, curve or format
    - "SyntaxError": key usages that do not fit the algorithm
    - "InvalidAccessError": a key of another algorithm, without this usage, or not extractable
    - "DataError": a key that cannot be read
    - "OperationError": the operation failed: a wrong key, a changed ciphertext, a bad length
    - "TypeError": a parameter of the algorithm is missing

    A value of a wrong Python type raises ConversionError.

    JS: SubtleCrypto.
    """

    __slots__ = ()

    @property
    def js_object(self) -> Any:
        """The JavaScript object underneath."""
        return web.crypto.subtle

    async def encrypt(self, algorithm: EncryptParams, key: CryptoKey, data: Bytes) -> bytes:
        """Encrypt data.

        Args:
            algorithm: AES-GCM, AES-CBC, AES-CTR or RSA-OAEP, with its parameters.
            key: A key with the usage "encrypt".
            data: The plaintext. RSA-OAEP takes few bytes: 190 for 2048 bits and SHA-256.

        JS: SubtleCrypto.encrypt.
        """
        with _raising:
            buffer = await self.js_object.encrypt(
                _algorithm(algorithm), _key(key, "key"), _js_bytes(data, "data")
            )
        return _bytes(buffer)

    async def decrypt(self, algorithm: EncryptParams, key: CryptoKey, data: Bytes) -> bytes:
        """Decrypt data.

        Args:
            algorithm: The algorithm with the parameters of the encryption.
            key: A key with the usage "decrypt".
            data: The ciphertext.

        Raises:
            CryptoError: "OperationError" for a wrong key, parameter or ciphertext.

        JS: SubtleCrypto.decrypt.
        """
        with _raising:
            buffer = await self.js_object.decrypt(
                _algorithm(algorithm), _key(key, "key"), _js_bytes(data, "data")
            )
        return _bytes(buffer)

    async def sign(self, algorithm: SignParams, key: CryptoKey, data: Bytes) -> bytes:
        """Return the signature of data.

        Args:
            algorithm: "HMAC", "RSASSA-PKCS1-v1_5" or "Ed25519", or a dict with the parameters of
                RSA-PSS or ECDSA.
            key: A secret or private key with the usage "sign".
            data: The data to sign.

        JS: SubtleCrypto.sign.
        """
        with _raising:
            buffer = await self.js_object.sign(
                _algorithm(algorithm), _key(key, "key"), _js_bytes(data, "data")
            )
        return _bytes(buffer)

    async def verify(
        self, algorithm: SignParams, key: CryptoKey, signature: Bytes, data: Bytes
    ) -> bool:
        """Return True if a signature of data is valid. The comparison takes constant time.

        Args:
            algorithm: The algorithm with the parameters of the signature.
            key: A secret or public key with the usage "verify".
            signature: The signature to check.
            data: The signed data.

        JS: SubtleCrypto.verify.
        """
        with _raising:
            return bool(
                await self.js_object.verify(
                    _algorithm(algorithm),
                    _key(key, "key"),
                    _js_bytes(signature, "signature"),
                    _js_bytes(data, "data"),
                )
            )

    async def digest(self, algorithm: HashAlgorithmIdentifier, data: Bytes) -> bytes:
        """Return the hash of data. For data in pieces there are ``DigestStream`` and hashlib.

        Args:
            algorithm: "SHA-256", "SHA-384", "SHA-512", "SHA-1" or "MD5".
            data: The data to hash.

        JS: SubtleCrypto.digest.
        """
        with _raising:
            buffer = await self.js_object.digest(_algorithm(algorithm), _js_bytes(data, "data"))
        return _bytes(buffer)

    @overload
    async def generate_key(
        self, algorithm: SecretKeyParams, extractable: bool, key_usages: Iterable[KeyUsage]
    ) -> CryptoKey: ...
    @overload
    async def generate_key(
        self, algorithm: KeyPairParams, extractable: bool, key_usages: Iterable[KeyUsage]
    ) -> CryptoKeyPair: ...
    async def generate_key(
        self,
        algorithm: SecretKeyParams | KeyPairParams,
        extractable: bool,
        key_usages: Iterable[KeyUsage],
    ) -> CryptoKey | CryptoKeyPair:
        """Generate a random key, or a pair of keys.

        Args:
            algorithm: AES or HMAC for one key; RSA, ECDSA, ECDH, "Ed25519" or "X25519" for a pair.
            extractable: True allows ``export_key`` and ``wrap_key``. A public key always does.
            key_usages: The operations that the key is for. In a pair, each key has the usages that
                fit it, and the private key must have at least one.

        JS: SubtleCrypto.generateKey.
        """
        with _raising:
            js_key = await self.js_object.generateKey(
                _algorithm(algorithm), bool(extractable), _usages(key_usages)
            )
        public = prop(js_key, "publicKey")
        if public is None:
            return CryptoKey(js_key)
        return CryptoKeyPair(CryptoKey(public), CryptoKey(prop(js_key, "privateKey")))

    async def derive_key(
        self,
        algorithm: DeriveParams,
        base_key: CryptoKey,
        derived_key_algorithm: DerivedKeyParams,
        extractable: bool,
        key_usages: Iterable[KeyUsage],
    ) -> CryptoKey:
        """Derive a key from a password, a secret or two parties' keys.

        Args:
            algorithm: PBKDF2, HKDF, ECDH or X25519, with its parameters.
            base_key: A key with the usage "deriveKey".
            derived_key_algorithm: The kind of the new key, with its length in bits.
            extractable: True allows ``export_key`` and ``wrap_key``.
            key_usages: The operations that the new key is for.

        JS: SubtleCrypto.deriveKey.
        """
        with _raising:
            js_key = await self.js_object.deriveKey(
                _algorithm(algorithm),
                _key(base_key, "base_key"),
                _algorithm(derived_key_algorithm, "derived_key_algorithm"),
                bool(extractable),
                _usages(key_usages),
            )
        return CryptoKey(js_key)

    async def derive_bits(
        self, algorithm: DeriveParams, base_key: CryptoKey, length: int | None = None
    ) -> bytes:
        """Derive bytes from a password, a secret or two parties' keys; the length is in bits.

        Args:
            algorithm: PBKDF2, HKDF, ECDH or X25519, with its parameters.
            base_key: A key with the usage "deriveBits".
            length: The number of bits, a multiple of 8 for PBKDF2 and HKDF. None is the whole
                secret of ECDH and X25519.

        JS: SubtleCrypto.deriveBits.
        """
        with _raising:
            buffer = await self.js_object.deriveBits(
                _algorithm(algorithm), _key(base_key, "base_key"), count(length, "length")
            )
        return _bytes(buffer)

    @overload
    async def import_key(
        self,
        format: Literal["jwk"],
        key_data: JsonWebKey | Mapping[str, Any],
        algorithm: ImportParams,
        extractable: bool,
        key_usages: Iterable[KeyUsage],
    ) -> CryptoKey: ...
    @overload
    async def import_key(
        self,
        format: Literal["raw", "pkcs8", "spki"],
        key_data: Bytes,
        algorithm: ImportParams,
        extractable: bool,
        key_usages: Iterable[KeyUsage],
    ) -> CryptoKey: ...
    async def import_key(
        self,
        format: KeyFormat,
        key_data: Bytes | JsonWebKey | Mapping[str, Any],
        algorithm: ImportParams,
        extractable: bool,
        key_usages: Iterable[KeyUsage],
    ) -> CryptoKey:
        """Return the key that bytes or a JSON Web Key represent.

        Args:
            format: "raw" for a secret, a password or a public key of a curve; "pkcs8" and "spki"
                for the DER of a private and of a public key (a PEM file, decoded from base64);
                "jwk" for a dict.
            key_data: The bytes, or the JSON Web Key.
            algorithm: The algorithm that the key is for, with its parameters.
            extractable: True allows ``export_key`` and ``wrap_key``; never for PBKDF2 and HKDF.
            key_usages: The operations that the key is for; none for the public key of ECDH.

        JS: SubtleCrypto.importKey.
        """
        with _raising:
            js_key = await self.js_object.importKey(
                text(format, "format"),
                _key_data(format, key_data),
                _algorithm(algorithm),
                bool(extractable),
                _usages(key_usages),
            )
        return CryptoKey(js_key)

    @overload
    async def export_key(self, format: Literal["jwk"], key: CryptoKey) -> JsonWebKey: ...
    @overload
    async def export_key(
        self, format: Literal["raw", "pkcs8", "spki"], key: CryptoKey
    ) -> bytes: ...
    async def export_key(self, format: KeyFormat, key: CryptoKey) -> bytes | JsonWebKey:
        """Return the bytes of an extractable key, or its JSON Web Key.

        Args:
            format: "jwk", or "raw" for a secret key or a public key of a curve, "pkcs8" for a
                private key, "spki" for a public key.
            key: The key.

        JS: SubtleCrypto.exportKey.
        """
        with _raising:
            exported = await self.js_object.exportKey(text(format, "format"), _key(key, "key"))
        if format != "jwk":
            return _bytes(exported)
        jwk = {name: value for name, value in from_js(exported).items() if value is not None}
        return cast("JsonWebKey", jwk)

    async def wrap_key(
        self, format: KeyFormat, key: CryptoKey, wrapping_key: CryptoKey, algorithm: WrapParams
    ) -> bytes:
        """Export a key, and encrypt the export. The key's bytes never enter Python.

        Args:
            format: The format of the export.
            key: An extractable key.
            wrapping_key: A key with the usage "wrapKey".
            algorithm: The algorithm of the encryption, with its parameters; "AES-KW" has none.

        JS: SubtleCrypto.wrapKey.
        """
        with _raising:
            buffer = await self.js_object.wrapKey(
                text(format, "format"),
                _key(key, "key"),
                _key(wrapping_key, "wrapping_key"),
                _algorithm(algorithm),
            )
        return _bytes(buffer)

    async def unwrap_key(
        self,
        format: KeyFormat,
        wrapped_key: Bytes,
        unwrapping_key: CryptoKey,
        unwrap_algorithm: WrapParams,
        unwrapped_key_algorithm: ImportParams,
        extractable: bool,
        key_usages: Iterable[KeyUsage],
    ) -> CryptoKey:
        """Decrypt a key that ``wrap_key`` wrapped, and import it.

        Args:
            format: The format that ``wrap_key`` used.
            wrapped_key: The result of ``wrap_key``.
            unwrapping_key: A key with the usage "unwrapKey".
            unwrap_algorithm: The algorithm of the encryption, with its parameters.
            unwrapped_key_algorithm: The algorithm that the key is for, with its parameters.
            extractable: True allows ``export_key`` and ``wrap_key``.
            key_usages: The operations that the key is for.

        JS: SubtleCrypto.unwrapKey.
        """
        with _raising:
            js_key = await self.js_object.unwrapKey(
                text(format, "format"),
                _js_bytes(wrapped_key, "wrapped_key"),
                _key(unwrapping_key, "unwrapping_key"),
                _algorithm(unwrap_algorithm, "unwrap_algorithm"),
                _algorithm(unwrapped_key_algorithm, "unwrapped_key_algorithm"),
                bool(extractable),
                _usages(key_usages),
            )
        return CryptoKey(js_key)

    def timing_safe_equal(self, a: Bytes, b: Bytes) -> bool:
        """Compare two secrets in a time that does not depend on their content.

        Raises:
            CryptoError: The lengths differ ("TypeError"). Compare digests if they may.

        JS: SubtleCrypto.timingSafeEqual.
        """
        js = self.js_object
        if prop(js, "timingSafeEqual") is None:
            raise unsupported(CryptoError, "crypto.subtle.timingSafeEqual")
        with _raising:
            return bool(js.timingSafeEqual(_js_bytes(a, "a"), _js_bytes(b, "b")))


subtle: SubtleCrypto = SubtleCrypto()


def get_random_values(length: int) -> bytes:
    """Return random bytes for keys, salts and tokens. JavaScript fills an array instead.

    Args:
        length: The number of bytes, from 0 to 65,536.

    Raises:
        CryptoError: ``length`` is above 65,536 ("QuotaExceededError").

    JS: Crypto.getRandomValues.
    """
    if not isinstance(length, int) or isinstance(length, bool):
        raise expected("length", "int", length)
    if length < 0:
        raise ConversionError(f"length: expected 0 or more bytes, got {length}")
    if length > _MAX_RANDOM:
        raise CryptoError(
            f"length: expected at most 65,536 bytes, got {length:,}; call it several times",
            js_name="QuotaExceededError",
        )
    with _raising:
        return _bytes(web.crypto.getRandomValues(to_js(bytes(length))))


def random_uuid() -> str:
    """Return a random UUID (version 4), such as "7b7d1f0a-6a1c-4c8e-9f62-0f4b1e1a2c3d".

    JS: Crypto.randomUUID.
    """
    with _raising:
        uuid: str = web.crypto.randomUUID()
    return uuid


class DigestStream(WritableStream):
    """A destination of bytes that hashes them, so that they need not be in memory together.

        stream = crypto.DigestStream("SHA-256")
        async for chunk in body:
            await stream.write(chunk)
        await stream.close()
        digest = await stream.digest

    Args:
        algorithm: A hash, or "crc32", "crc32c" or "crc64nvme".

    Raises:
        CryptoError: The algorithm is unknown.

    JS: DigestStream.
    """

    __slots__ = ()

    _js: _js.DigestStream

    def __init__(
        self,
        algorithm: HashAlgorithmIdentifier | Literal["crc32", "crc32c", "crc64nvme"],
    ) -> None:
        js_class = prop(web.crypto, "DigestStream")
        if js_class is None:
            raise unsupported(CryptoError, "crypto.DigestStream")
        with _raising:
            self._js = js_class.new(_algorithm(algorithm))

    @property
    async def digest(self) -> bytes:
        """``await stream.digest`` waits until the stream is closed, and returns the hash.

        Raises:
            AbortError: The stream was aborted.

        JS: DigestStream.digest.
        """
        with _raising:
            return _bytes(await self._js.digest)

    @property
    def bytes_written(self) -> int:
        """The number of bytes that the stream has taken.

        JS: DigestStream.bytesWritten.
        """
        return int(self._js.bytesWritten)


# Arguments ----------------------------------------------------------------------------------


class _AnyAlgorithm(TypedDict):
    name: object
    hash: object
    length: object
    iv: object
    additional_data: object
    tag_length: object
    counter: object
    label: object
    salt_length: object
    salt: object
    iterations: object
    info: object
    public: object
    named_curve: object
    modulus_length: object
    public_exponent: object


def _algorithm(algorithm: Any, place: str = "algorithm") -> Any:
    """Return an algorithm for JavaScript: its name, or an object."""
    if isinstance(algorithm, str):
        return text(algorithm, place)
    if not isinstance(algorithm, Mapping):
        raise expected(place, "the algorithm's name or a dict", algorithm)
    return to_js(js_bag(dict(cast("Any", algorithm)), _AnyAlgorithm, place, _FIELDS), place)


def _hash(value: Any, place: str) -> Any:
    if isinstance(value, str):
        return text(value, place)
    if isinstance(value, Mapping):
        return js_bag(dict(cast("Any", value)), HashAlgorithm, place, {"name": text})
    raise expected(place, "the hash's name", value, 'such as "SHA-256"')


def _buffer(value: Any, place: str) -> Any:
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise expected(place, "bytes", value, _BYTES_HINTS.get(type(cast("object", value)), ""))
    buffer = cast("bytes | bytearray | memoryview[int]", value)
    gaps = isinstance(buffer, memoryview) and not buffer.c_contiguous  # it cannot cross as it is
    return bytes(buffer) if gaps else buffer


_BYTES_HINTS: dict[type[Any], str] = {
    str: "encode the text first: text.encode()",
    int: "the number in big-endian bytes, such as b'\\x01\\x00\\x01' for 65537",
}


def _public_key(value: Any, place: str) -> CryptoKey:
    _key(value, place)
    return cast("CryptoKey", value)


_FIELDS: dict[str, Any] = {
    "name": text,
    "hash": _hash,
    "length": count,
    "iv": _buffer,
    "additional_data": _buffer,
    "tag_length": count,
    "counter": _buffer,
    "label": _buffer,
    "salt_length": count,
    "salt": _buffer,
    "iterations": count,
    "info": _buffer,
    "public": _public_key,
    "named_curve": text,
    "modulus_length": count,
    "public_exponent": _buffer,
}


def _js_bytes(data: Any, place: str) -> Any:
    return to_js(_buffer(data, place), place)


def _bytes(buffer: Any) -> bytes:
    data = bytes_of(buffer)
    assert data is not None
    return data


def _key(key: Any, place: str) -> Any:
    """Return the JavaScript object of a key."""
    if isinstance(key, CryptoKey):
        return key.js_object
    js = None if isinstance(key, CryptoKeyPair) else raw(key)
    if not hasattr(js, "extractable"):
        raise expected(place, "CryptoKey", key, _key_hint(key))
    return js


def _key_hint(key: Any) -> str:
    if isinstance(key, CryptoKeyPair):
        return "pass its public_key or its private_key"
    if isinstance(key, (str, bytes, bytearray, memoryview, dict)):
        return "crypto.subtle.import_key makes a key of it"
    return ""


def _key_data(format: str, key_data: Any) -> Any:
    is_dict = isinstance(key_data, Mapping)
    fields = cast("Mapping[str, Any]", key_data)
    if format != "jwk":
        if is_dict:
            raise expected("key_data", "bytes", fields, "only the format 'jwk' is a dict")
        return _js_bytes(key_data, "key_data")
    if not is_dict:
        raise expected("key_data", "dict", fields, "parse the JSON Web Key first")
    return to_js({name: v for name, v in fields.items() if v is not None}, "key_data")


_USAGES = frozenset[str](get_args(KeyUsage))


def _usages(usages: Any) -> Any:
    if isinstance(usages, str) or not isinstance(usages, Iterable):
        raise expected("key_usages", "a list of usages", usages, "such as ['sign', 'verify']")
    names: list[str] = []
    for usage in cast("Iterable[Any]", usages):
        if not isinstance(usage, str) or usage not in _USAGES:
            place = f"key_usages[{len(names)}]"
            raise ConversionError(
                f"{place}: expected one of {', '.join(sorted(_USAGES))}, got {usage!r}"
            )
        names.append(usage)
    return to_js(names)
