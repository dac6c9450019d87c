"""RSA keys: PKCS #1 v1.5 and PSS signatures, and OAEP encryption."""

# JavaScript's values have no types here.
# pyright: basic
from __future__ import annotations

from typing import Any

from ..js_exception import JsException
from .asymmetric import AsymmetricKey, Loaded, load_asymmetric, pair_usages
from .common import (
    SIGNATURE,
    Hash,
    field,
    from_base64url,
    hash_of,
    integer,
    library,
    refused,
    to_base64url,
)

__all__ = ["RsaKey"]

SMALLEST = 1024
"""Bits below which the package cryptography generates no key."""

# workerd's own words
OAEP_FAILED = "RSA-OAEP failed encrypt/decrypt"
NO_SALT = "Failed to provide salt for RSA-PSS key operation which requires a salt"
PRIMES = (
    "Invalid RSA private key in JSON Web Key; if one Prime Factor or CRT Exponent/Coefficient "
    'parameter is present, then they must all be present ("p", "q", "dp", "dq", "qi").'
)


class RsaKey(AsymmetricKey):
    """A key for RSASSA-PKCS1-v1_5, RSA-PSS or RSA-OAEP."""

    def __init__(
        self, name: str, loaded: Loaded, hash: Hash, exponent: bytes, extractable: bool
    ) -> None:
        algorithm = {
            "name": name,
            "modulusLength": _size(loaded.key) * 8,
            "publicExponent": exponent,
            "hash": {"name": hash.name},
        }
        super().__init__(algorithm, loaded, extractable)
        self._hash = hash
        self.without_primes = False

    @staticmethod
    def generate(
        name: str, algorithm: dict[str, Any], extractable: bool, usages: list[str]
    ) -> dict[str, RsaKey]:
        exponent = field(algorithm, "publicExponent")
        identifier = field(algorithm, "hash")
        length = integer(field(algorithm, "modulusLength"))
        if length <= 0:
            message = f"modulusLength must be greater than zero (requested {length})."
            raise refused("Operation", message)
        hash = hash_of(identifier)
        public, private = pair_usages(name, usages, _usages_of(name))
        _check_length(length)
        value = int.from_bytes(exponent)
        if value not in (3, 65537):
            got = f"got {value}" if value < 2**32 else "got a number larger than 2^32"
            message = f'The "publicExponent" must be either 3 or 65537, but {got}.'
            raise refused("Operation", message)
        if length % 128:
            message = "Can't generate key: RSA key size is required to be a multiple of 128"
            raise refused("Operation", message)
        if length < SMALLEST:
            raise refused(
                "NotSupported",
                f"modulusLength: expected at least {SMALLEST} bits on the fakes, got {length}; "
                "keys this small are broken in seconds",
            )
        key = library("asymmetric.rsa").generate_private_key(value, length)
        halves = Loaded(key.public_key(), False, public), Loaded(key, True, private)
        publicKey, privateKey = (
            RsaKey(name, half, hash, exponent, extractable or not half.private) for half in halves
        )
        return {"publicKey": publicKey, "privateKey": privateKey}

    @staticmethod
    def load(
        name: str,
        format: str,
        data: Any,
        algorithm: dict[str, Any],
        extractable: bool,
        usages: list[str],
    ) -> RsaKey:
        hash = hash_of(field(algorithm, "hash"))

        def read(jwk: dict[str, Any]) -> Any:
            return _from_jwk(jwk, algorithm["name"], hash)

        loaded = load_asymmetric(name, format, data, extractable, usages, _usages_of(name), read)
        if not hasattr(loaded.key, "key_size") or hasattr(loaded.key, "curve"):
            raise refused("Data", "Input was not an RSA key.")
        public = loaded.key.public_key() if loaded.private else loaded.key
        exponent = public.public_numbers().e
        _check_length(_size(loaded.key) * 8)
        if exponent not in (3, 17, 37, 65537):
            _refuse_exponent(exponent)
        key = RsaKey(name, loaded, hash, _bytes_of(exponent), extractable)
        key.without_primes = format == "jwk" and loaded.private and data.get("p") is None
        return key

    def sign(self, algorithm: dict[str, Any], data: bytes) -> bytes:
        size = _size(self._key)
        if self.name == "RSA-PSS":
            self._check_salt(algorithm, size)
        elif self._hash.size + 32 > size:
            raise refused(
                "Operation",
                "key too small for signing with given digest, need at least "
                f"{8 * (self._hash.size + 32)}bits.",
            )
        signature: bytes = self._key.sign(data, self._signing(algorithm), self._library_hash())
        return signature

    def _check_salt(self, algorithm: dict[str, Any], size: int) -> None:
        salt = algorithm.get("saltLength")
        if salt is None:
            raise refused("Data", NO_SALT)
        _check_salt(salt)
        if self._hash.size + 2 > size:
            raise refused("Operation", "key too small for signing with given digest")
        if salt > size - self._hash.size - 2:
            message = "key too small for signing with given digest and salt length"
            raise refused("Operation", message)

    def verify(self, algorithm: dict[str, Any], signature: bytes, data: bytes) -> bool:
        padding = self._signing(algorithm)
        try:
            self._key.verify(signature, data, padding, self._library_hash())
        # InvalidSignature, or ValueError for a key that is too small for the hash.
        except Exception:
            return False
        return True

    def _signing(self, algorithm: dict[str, Any]) -> Any:
        padding = library("asymmetric.padding")
        if self.name == "RSASSA-PKCS1-v1_5":
            return padding.PKCS1v15()
        salt = algorithm.get("saltLength")
        if salt is None:
            raise JsException("TypeError", NO_SALT)
        _check_salt(salt)
        return padding.PSS(padding.MGF1(self._library_hash()), salt)

    def encrypt(self, algorithm: dict[str, Any], data: bytes) -> bytes:
        if _size(self._key) < 2 * self._hash.size + 2:
            raise refused("Operation", f"{OAEP_FAILED}: RSA key size is too small..")
        try:
            encrypted: bytes = self._key.encrypt(data, self._oaep(algorithm))
        except ValueError:
            raise refused("Operation", f"{OAEP_FAILED}.") from None
        return encrypted

    def decrypt(self, algorithm: dict[str, Any], data: bytes) -> bytes:
        if len(data) != _size(self._key):
            raise refused("Operation", f"{OAEP_FAILED}: Invalid RSA signature..")
        try:
            decrypted: bytes = self._key.decrypt(data, self._oaep(algorithm))
        except ValueError:
            raise refused("Operation", f"{OAEP_FAILED}.") from None
        return decrypted

    wrap, unwrap = encrypt, decrypt

    def _oaep(self, algorithm: dict[str, Any]) -> Any:
        if self._hash.name == "MD5":
            message = "RSA-OAEP: expected a SHA hash on the fakes, got MD5"
            raise refused("NotSupported", message)
        padding, hash = library("asymmetric.padding"), self._library_hash()
        return padding.OAEP(padding.MGF1(hash), hash, algorithm.get("label"))

    def _library_hash(self) -> Any:
        return getattr(library("hashes"), self._hash.name.replace("-", ""))()

    def raw(self) -> bytes:
        raise refused("InvalidAccess", f'Cannot export "{self.name}" in "raw" format.')

    def jwk(self) -> dict[str, Any]:
        hash = self._hash.name
        if hash == "MD5":
            message = f'JWK export not supported for hash algorithm "{hash}".'
            raise refused("NotSupported", message)
        alg = {"RSASSA-PKCS1-v1_5": "RS", "RSA-PSS": "PS", "RSA-OAEP": "RSA-OAEP-"}[self.name]
        alg += hash[4:]
        numbers = self.public.public_numbers()
        members: dict[str, Any] = {"n": numbers.n, "e": numbers.e}
        if self.type == "private":
            if self.without_primes:
                raise JsException("Error", "internal error")
            secret = self._key.private_numbers()
            members |= {"d": secret.d, "p": secret.p, "q": secret.q}
            members |= {"dp": secret.dmp1, "dq": secret.dmq1, "qi": secret.iqmp}
        encoded = {name: to_base64url(_bytes_of(number)) for name, number in members.items()}
        return {"kty": "RSA", "alg": "RSA-OAEP" if alg == "RSA-OAEP-1" else alg, **encoded}

    def _pkcs8(self) -> bytes:
        if self.without_primes:
            raise refused("Operation", "Private key export failed.")
        return super()._pkcs8()


def _size(key: Any) -> int:
    """Return the bytes of a modulus."""
    size: int = -(-key.key_size // 8)
    return size


def _bytes_of(number: int) -> bytes:
    return number.to_bytes(-(-number.bit_length() // 8))


def _usages_of(name: str) -> set[str]:
    return {"encrypt", "decrypt", "wrapKey", "unwrapKey"} if name == "RSA-OAEP" else SIGNATURE


def _check_salt(salt: int) -> None:
    if salt < 0:
        message = f"SaltLength for RSA-PSS must be non-negative (provided {salt})."
        raise refused("Data", message)


def _check_length(length: int) -> None:
    if length % 8 or not 256 <= length <= 16384:
        raise refused(
            "Operation",
            "The modulus length must be a multiple of 8 and between 256 and 16k, but "
            f"{length} was requested.",
        )


def _refuse_exponent(exponent: int) -> None:
    if exponent < 2**32:
        raise refused("Operation", f"Imported RSA key has invalid publicExponent {exponent}.")
    raise refused(
        "Operation",
        'The "publicExponent" must be either 3 or 65537, but got a number larger than 2^32.',
    )


_JWK_HASHES = {
    f"{family}{suffix}": hash
    for family in ("RS", "PS", "RSA-OAEP-")
    for suffix, hash in (("1", "SHA-1"), ("256", "SHA-256"), ("384", "SHA-384"), ("512", "SHA-512"))
} | {"RSA-OAEP": "SHA-1"}
del _JWK_HASHES["RSA-OAEP-1"]


def _from_jwk(jwk: dict[str, Any], name: str, hash: Hash) -> Any:
    kty = jwk.get("kty", "undefined")
    if kty != "RSA":
        raise refused(
            "Data",
            'RSASSA-PKCS1-v1_5 "jwk" key import requires a JSON Web Key with Key Type parameter '
            f'"kty" ("{kty}") equal to "RSA".',
        )
    if (alg := jwk.get("alg")) is not None:
        # Only here the runtime compares the name as it was passed.
        if name not in ("RSASSA-PKCS1-v1_5", "RSA-PSS", "RSA-OAEP"):
            raise refused("NotSupported", f'Unrecognized RSA variant "{name}".')
        if alg not in _JWK_HASHES:
            raise refused(
                "NotSupported",
                f'Unrecognized or unimplemented algorithm "{alg}" listed in JSON Web Key Algorithm '
                "parameter.",
            )
        if _JWK_HASHES[alg] != hash.name:
            raise refused(
                "Data",
                f'JSON Web Key Algorithm parameter "alg" ("{alg}") does not match requested hash '
                f'algorithm "{alg}".',
            )
    return _read_numbers(jwk)


_PARTS = {
    "n": "missing or invalid Modulus parameter",
    "e": "missing or invalid Exponent parameter",
    "d": "missing or invalid Private Exponent parameter",
    "p": "invalid First Prime Factor parameter",
    "q": "invalid Second Prime Factor parameter",
    "dp": "invalid First Factor CRT Exponent parameter",
    "dq": "invalid Second Factor CRT Exponent parameter",
    "qi": "invalid First CRT Coefficient parameter",
}


def _read_numbers(jwk: dict[str, Any]) -> Any:
    def number(name: str) -> int:
        data = from_base64url(jwk.get(name))
        if data is None:
            message = f'Invalid RSA key in JSON Web Key; {_PARTS[name]} ("{name}").'
            raise refused("Data", message)
        return int.from_bytes(data)

    rsa = library("asymmetric.rsa")
    n, e = number("n"), number("e")
    # The package would refuse such numbers with other words.
    _check_length(-(-n.bit_length() // 8) * 8)
    if e not in (3, 17, 37, 65537):
        _refuse_exponent(e)
    public = rsa.RSAPublicNumbers(e, n)
    if jwk.get("d") is None:
        return public.public_key()
    d = number("d")
    present = [jwk.get(name) is not None for name in ("p", "q", "dp", "dq", "qi")]
    if any(present) and not all(present):
        raise refused("Data", PRIMES)
    try:
        if any(present):
            p, q, dp, dq, qi = map(number, ("p", "q", "dp", "dq", "qi"))
        else:
            p, q = rsa.rsa_recover_prime_factors(n, e, d)
            dp, dq, qi = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
        numbers = rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, public)
        return numbers.private_key(unsafe_skip_rsa_key_validation=True)
    except ValueError as exc:
        raise refused("Operation", f"Invalid RSA key in JSON Web Key: {exc}") from None
