"""Types of Web Crypto: the parameters of each algorithm, and the parts of a key.

An algorithm is its name, or a dict with its name and parameters, as in JavaScript:
``{"name": "AES-GCM", "iv": iv}``. The keys have this package's spelling: ``additional_data``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NotRequired, TypeAlias, TypedDict

if TYPE_CHECKING:
    from . import CryptoKey

__all__ = [
    "AesCbcParams",
    "AesCtrParams",
    "AesGcmParams",
    "AesKeyParams",
    "Bytes",
    "Curve",
    "DeriveParams",
    "DerivedKeyParams",
    "EcKeyParams",
    "EcdhKeyDeriveParams",
    "EcdsaParams",
    "EncryptParams",
    "HashAlgorithm",
    "HashAlgorithmIdentifier",
    "HashName",
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
    "WrapParams",
]

Bytes: TypeAlias = bytes | bytearray | memoryview

KeyFormat: TypeAlias = Literal["raw", "pkcs8", "spki", "jwk"]
"""The encoding of a key: its bytes, a private key's DER, a public key's DER, or JSON Web Key."""

KeyType: TypeAlias = Literal["secret", "public", "private"]
"""The kind of a key: symmetric, or one half of a pair."""

KeyUsage: TypeAlias = Literal[
    "encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey"
]
"""An operation that a key is for, spelled as in JavaScript and in a JSON Web Key."""

HashName: TypeAlias = Literal["SHA-1", "SHA-256", "SHA-384", "SHA-512", "MD5"]
Curve: TypeAlias = Literal["P-256", "P-384", "P-521"]
RsaName: TypeAlias = Literal["RSASSA-PKCS1-v1_5", "RSA-PSS", "RSA-OAEP"]
AesName: TypeAlias = Literal["AES-GCM", "AES-CBC", "AES-CTR", "AES-KW"]


class HashAlgorithm(TypedDict):
    """A hash function. JS: SubtleCryptoHashAlgorithm."""

    name: HashName


HashAlgorithmIdentifier: TypeAlias = HashName | HashAlgorithm
"""The name of a hash function, or a dict with the name. MD5 is for compatibility only."""


class AesGcmParams(TypedDict):
    """AES-GCM: ``iv`` of 12 bytes, never used twice with one key, and the authenticated extras.

    The tag, 16 bytes by default, is at the end of the ciphertext.
    """

    name: Literal["AES-GCM"]
    iv: Bytes
    additional_data: NotRequired[Bytes]
    tag_length: NotRequired[Literal[32, 64, 96, 104, 112, 120, 128]]
    """Bits, 128 by default."""


class AesCbcParams(TypedDict):
    """AES-CBC: a random ``iv`` of 16 bytes. It does not authenticate: prefer AES-GCM."""

    name: Literal["AES-CBC"]
    iv: Bytes


class AesCtrParams(TypedDict):
    """AES-CTR: a ``counter`` block of 16 bytes, of which the last ``length`` bits count.

    It does not authenticate: prefer AES-GCM.
    """

    name: Literal["AES-CTR"]
    counter: Bytes
    length: int
    """Bits, from 1 to 128."""


class RsaOaepParams(TypedDict):
    """RSA-OAEP, with an optional ``label`` that decryption needs too."""

    name: Literal["RSA-OAEP"]
    label: NotRequired[Bytes]


class _AesKw(TypedDict):
    name: Literal["AES-KW"]


EncryptParams: TypeAlias = (
    AesGcmParams | AesCbcParams | AesCtrParams | RsaOaepParams | Literal["RSA-OAEP"]
)
"""The algorithms of ``encrypt`` and ``decrypt``."""

WrapParams: TypeAlias = EncryptParams | Literal["AES-KW"] | _AesKw
"""The algorithms of ``wrap_key`` and ``unwrap_key``."""


class RsaPssParams(TypedDict):
    """RSA-PSS: the length of the random salt in bytes, mostly that of the hash (32 for SHA-256)."""

    name: Literal["RSA-PSS"]
    salt_length: int


class EcdsaParams(TypedDict):
    """ECDSA: the hash of the data. A signature is r and s in a row, as in a JWT."""

    name: Literal["ECDSA"]
    hash: HashAlgorithmIdentifier


class _PlainSign(TypedDict):
    name: Literal["HMAC", "RSASSA-PKCS1-v1_5", "Ed25519", "NODE-ED25519"]


SignParams: TypeAlias = (
    Literal["HMAC", "RSASSA-PKCS1-v1_5", "Ed25519", "NODE-ED25519"]
    | RsaPssParams
    | EcdsaParams
    | _PlainSign
)
"""The algorithms of ``sign`` and ``verify``."""


class Pbkdf2Params(TypedDict):
    """PBKDF2, for passwords: a random ``salt`` of 16 bytes, and the number of iterations.

    The service allows at most 100,000 iterations.
    """

    name: Literal["PBKDF2"]
    hash: HashAlgorithmIdentifier
    salt: Bytes
    iterations: int


class HkdfParams(TypedDict):
    """HKDF, for secrets that are random already: ``salt`` and ``info`` may be empty."""

    name: Literal["HKDF"]
    hash: HashAlgorithmIdentifier
    salt: Bytes
    info: Bytes


class EcdhKeyDeriveParams(TypedDict):
    """ECDH or X25519: the other side's public key."""

    name: Literal["ECDH", "X25519"]
    public: CryptoKey


DeriveParams: TypeAlias = Pbkdf2Params | HkdfParams | EcdhKeyDeriveParams
"""The algorithms of ``derive_bits`` and ``derive_key``."""


class AesKeyParams(TypedDict):
    """An AES key to generate or derive. AES-KW keys wrap other keys."""

    name: AesName
    length: Literal[128, 192, 256]
    """Bits."""


class HmacKeyParams(TypedDict):
    """An HMAC key to generate, derive or import."""

    name: Literal["HMAC"]
    hash: HashAlgorithmIdentifier
    length: NotRequired[int]
    """Bits; the block size of the hash by default, or the length of the imported bytes."""


SecretKeyParams: TypeAlias = AesKeyParams | HmacKeyParams
"""The algorithms for which ``generate_key`` returns one key."""


class RsaHashedKeyGenParams(TypedDict):
    """A pair of RSA keys to generate."""

    name: RsaName
    modulus_length: int
    """Bits, 2048 or more; a multiple of 128."""
    public_exponent: Bytes
    """The number 65537 in big-endian bytes: ``b"\\x01\\x00\\x01"``."""
    hash: HashAlgorithmIdentifier


class EcKeyParams(TypedDict):
    """A pair of keys on an elliptic curve to generate, or a key to import."""

    name: Literal["ECDSA", "ECDH"]
    named_curve: Curve


class _OkpKey(TypedDict):
    name: Literal["Ed25519", "X25519"]


class _NodeEd25519Key(TypedDict):
    name: Literal["NODE-ED25519"]
    named_curve: Literal["NODE-ED25519"]


KeyPairParams: TypeAlias = (
    RsaHashedKeyGenParams | EcKeyParams | _OkpKey | _NodeEd25519Key | Literal["Ed25519", "X25519"]
)
"""The algorithms for which ``generate_key`` returns a pair."""


class RsaHashedImportParams(TypedDict):
    """An RSA key to import, and the hash that it is used with."""

    name: RsaName
    hash: HashAlgorithmIdentifier


class _PlainImport(TypedDict):
    name: Literal["AES-GCM", "AES-CBC", "AES-CTR", "AES-KW", "HKDF", "PBKDF2"]


PlainImport: TypeAlias = Literal[
    "AES-GCM", "AES-CBC", "AES-CTR", "AES-KW", "HKDF", "PBKDF2", "Ed25519", "X25519"
]

ImportParams: TypeAlias = (
    PlainImport
    | _PlainImport
    | _OkpKey
    | _NodeEd25519Key
    | HmacKeyParams
    | RsaHashedImportParams
    | EcKeyParams
    | AesKeyParams
)
"""The algorithms of ``import_key`` and ``unwrap_key``."""


class _Kdf(TypedDict):
    name: Literal["HKDF", "PBKDF2"]


DerivedKeyParams: TypeAlias = SecretKeyParams | Literal["HKDF", "PBKDF2"] | _Kdf
"""The kinds of keys that ``derive_key`` makes."""


class KeyAlgorithm(TypedDict):
    """The algorithm of a key. Which fields exist depends on the name.

    JS: CryptoKeyArbitraryKeyAlgorithm.
    """

    name: str
    length: NotRequired[int]
    """Bits of an AES or HMAC key."""
    hash: NotRequired[HashAlgorithm]
    """The hash of an HMAC or RSA key."""
    named_curve: NotRequired[Curve]
    modulus_length: NotRequired[int]
    """Bits of an RSA key."""
    public_exponent: NotRequired[bytes]


class RsaOtherPrimesInfo(TypedDict, total=False):
    """A further prime of an RSA key. The runtime refuses keys that have any.

    JS: RsaOtherPrimesInfo.
    """

    r: str
    d: str
    t: str


class JsonWebKey(TypedDict, total=False):
    """A key as JSON (RFC 7517). Numbers and bytes in it are unpadded base64url.

    JS: JsonWebKey.
    """

    kty: str
    """The family: "oct" (AES, HMAC), "RSA", "EC" or "OKP" (Ed25519, X25519)."""
    kid: str
    """The name of the key in a set. Web Crypto does not read it."""
    use: str
    key_ops: list[str]
    alg: str
    ext: bool
    crv: str
    x: str
    y: str
    d: str
    n: str
    e: str
    p: str
    q: str
    dp: str
    dq: str
    qi: str
    oth: list[RsaOtherPrimesInfo]
    k: str
