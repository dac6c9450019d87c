"""Random cases of Web Crypto: the fake and another implementation get the same calls.

Deterministic results must be equal. Of a random result, such as a signature, each side must accept
the other's. A refusal must have the same name on both sides, or be a known divergence.
"""

from __future__ import annotations

import asyncio
import random
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from pyworkers_sdk import CryptoError, CryptoKey, CryptoKeyPair, crypto
from tests.differential.crypto_divergences import reason_of
from tests.differential.machine import Report, Tally
from tests.real.web_crypto import Engine, RemoteCrypto

__all__ = ["compare_crypto"]

HASHES = ("SHA-1", "SHA-256", "SHA-384", "SHA-512")
SIZES = {"SHA-1": 20, "SHA-256": 32, "SHA-384": 48, "SHA-512": 64}
CURVES = {"P-256": 32, "P-384": 48, "P-521": 66}
USAGES = (
    *("encrypt", "decrypt", "sign", "verify"),
    *("deriveKey", "deriveBits", "wrapKey", "unwrapKey"),
)
FORMATS = ("raw", "jwk", "pkcs8", "spki")


class CryptoDifference(AssertionError):
    """The two sides answered differently."""


class Both(NamedTuple):
    """A value of the fake, and the other side's counterpart: a key of either."""

    fake: Any
    real: Any


class Refused(NamedTuple):
    """The name of a refusal."""

    name: str | None


class Material(NamedTuple):
    """A key to import anywhere: its data by format, and its algorithm."""

    algorithm: Any
    private: dict[str, Any]
    """The data of a secret or private key, by format."""
    public: dict[str, Any]
    usages: tuple[str, ...]
    """The usages of the secret or private key."""
    public_usages: tuple[str, ...] = ()


class Comparison:
    """A comparison in progress. Each method named ``case_…`` makes one random case."""

    def __init__(self, engine: Engine, seed: int) -> None:
        self.engine = engine
        self.random = random.Random(seed)
        self.real = RemoteCrypto(engine)
        self.tally = Tally()
        self.lines: list[str] = []
        self.calls = 0
        self._pool: dict[str, list[Material]] = {}

    # Calls

    async def outcomes(self, method: str, *args: Any) -> Both:
        """Make a call on both sides, and return the two results or refusals."""
        self.calls += 1
        self.lines.append(f"{method}({', '.join(map(shown, args))})")
        return Both(
            await outcome(crypto.subtle, method, of_side(args, "fake")),
            await outcome(self.real, method, of_side(args, "real")),
        )

    async def same(self, method: str, *args: Any) -> Any:
        """Make a call on both sides that must have the same result.

        Returns:
            The result, keys as ``Both``; a Refused if both sides refused, or if they differ for a
            known reason.
        """
        fake, real = await self.outcomes(method, *args)
        if isinstance(fake, CryptoKeyPair) and isinstance(real, CryptoKeyPair):
            self.equal(description(fake), description(real))
            return [Both(*each) for each in zip(fake, real)]
        if isinstance(fake, CryptoKey) and isinstance(real, CryptoKey):
            self.equal(description(fake), description(real))
            return Both(fake, real)
        if self.equal(plain(fake), plain(real)):
            return fake
        return Refused("different")

    def equal(self, fake: Any, real: Any) -> bool:
        if fake == real:
            return True
        reason = reason_of(self.engine, self.lines[-1], shown(fake), shown(real))
        if reason is not None:
            self.tally.count(reason)
            return False
        lines = "\n".join(f"    {line}" for line in self.lines)
        raise CryptoDifference(f"{lines}\n    # fake: {shown(fake)}\n    # real: {shown(real)}")

    async def load(
        self, format: str, data: Any, algorithm: Any, usages: Any, extractable: bool = True
    ) -> Both:
        """Import a valid key on both sides."""
        key = await self.same("import_key", format, data, algorithm, extractable, [*usages])
        assert isinstance(key, Both), (self.lines, key)
        return key

    async def one(
        self, data: dict[str, Any], algorithm: Any, usages: Any, extractable: bool = True
    ) -> Both:
        """Import a key from one of its formats."""
        format = self.pick(tuple(data))
        return await self.load(format, data[format], algorithm, usages, extractable)

    async def halves(self, material: Material, extractable: bool = True) -> tuple[Both, Both]:
        """Import both keys of a pair, each from a random format."""
        private = await self.one(material.private, material.algorithm, material.usages, extractable)
        public = await self.one(
            material.public, material.algorithm, material.public_usages, extractable
        )
        return private, public

    # Random values

    def pick(self, choices: Any) -> Any:
        return self.random.choice(choices)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def data(self, most: int = 200, least: int = 0) -> bytes:
        sizes = (least, self.random.randint(least, most), self.random.randint(least, most))
        return self.random.randbytes(self.pick(sizes))

    def changed(self, data: bytes) -> bytes:
        """Return data with one bit flipped, one byte more or some bytes less."""
        kind = self.random.random()
        if kind < 0.2 or not data:
            return data + b"\0"
        if kind < 0.4:
            return data[: self.random.randrange(len(data))]
        at = self.random.randrange(len(data))
        return data[:at] + bytes([data[at] ^ 1 << self.random.randrange(8)]) + data[at + 1 :]

    def some(self, items: Any) -> list[Any]:
        return [item for item in items if self.chance(0.5)]

    # Material

    async def material(self, kind: str) -> Material:
        """Return a key of a small pool; half of the keys come from each side."""
        pool = self._pool.setdefault(kind, [])
        if len(pool) < 4:
            subtle = self.real if len(pool) % 2 else crypto.subtle
            pool.append(await MAKERS[kind](self, subtle))
        return self.pick(pool)  # type: ignore[no-any-return]

    def secret(self, algorithm: Any, usages: tuple[str, ...], size: int) -> Material:
        data = self.random.randbytes(size)
        jwk = {"kty": "oct", "k": base64url(data)}
        return Material(algorithm, {"raw": data, "jwk": jwk}, {}, usages)

    def aes(self, mode: str, usages: tuple[str, ...]) -> Material:
        return self.secret({"name": f"AES-{mode}"}, usages, self.pick((16, 24, 32)))

    def cipher(self, mode: str) -> dict[str, Any]:
        """Return valid parameters of an AES mode."""
        if mode == "CBC":
            return {"name": "AES-CBC", "iv": self.random.randbytes(16)}
        if mode == "CTR":
            counter = self.random.randbytes(16)
            if self.chance(0.3):  # near the overflow
                counter = counter[:8] + b"\xff" * 8
            return {
                "name": "AES-CTR",
                "counter": counter,
                "length": self.random.randint(5, 128),
            }
        size = 12 if self.chance(0.5) else self.random.randint(12, 128)
        algorithm: dict[str, Any] = {"name": "AES-GCM", "iv": self.random.randbytes(size)}
        if self.chance(0.5):
            algorithm["additional_data"] = self.data(60)
        if self.chance(0.5):
            algorithm["tag_length"] = self.pick((32, 64, 96, 104, 112, 120, 128))
        return algorithm

    # Cases

    async def case_digest(self) -> None:
        await self.same("digest", self.pick(HASHES), self.data(300))

    async def case_hmac(self) -> None:
        hash = self.pick(HASHES)
        material = self.secret(
            {"name": "HMAC", "hash": hash}, ("sign", "verify"), 1 + len(self.data(200))
        )
        key = await self.one(material.private, material.algorithm, material.usages)
        data = self.data()
        signature = await self.same("sign", "HMAC", key, data)
        for candidate in signature, self.changed(signature), self.data(64):
            await self.same("verify", "HMAC", key, candidate, data)
        await self.same("export_key", self.pick(("raw", "jwk")), key)

    async def case_aes(self) -> None:
        mode = self.pick(("GCM", "CBC", "CTR"))
        material = self.aes(mode, ("encrypt", "decrypt"))
        key = await self.one(material.private, material.algorithm, material.usages)
        algorithm, data = self.cipher(mode), self.data(500)
        ciphertext = await self.same("encrypt", algorithm, key, data)
        if isinstance(ciphertext, Refused):
            return
        assert await self.same("decrypt", algorithm, key, ciphertext) == data, self.lines
        if mode == "GCM" or self.chance(0.5):
            await self.same("decrypt", algorithm, key, self.changed(ciphertext))
        await self.same("export_key", self.pick(("raw", "jwk")), key)

    async def case_wrap(self) -> None:
        kind = self.pick(("AES", "HMAC", "EC", "Ed25519", "X25519", "RSA-PSS"))
        if kind in ("AES", "HMAC"):
            material = (
                self.aes(self.pick(("GCM", "CBC", "CTR", "KW")), ("wrapKey", "unwrapKey"))
                if kind == "AES"
                else self.secret(
                    {"name": "HMAC", "hash": "SHA-256"}, ("sign",), 8 * self.pick((2, 3, 4, 8))
                )
            )
        else:
            material = await self.material(self.pick(CURVE_KINDS) if kind == "EC" else kind)
        format = self.pick(tuple(material.private))
        key = await self.load(format, material.private[format], material.algorithm, material.usages)
        mode = self.pick(("GCM", "CBC", "CTR", "KW", "OAEP"))
        format = self.pick(tuple(material.private))
        wrapping, unwrapping, algorithm = await self._wrapping(mode)
        if format == "jwk":  # the order of a JWK's members differs, and with it the ciphertext
            results = await self.outcomes("wrap_key", format, key, wrapping, algorithm)
            if not self.equal(refusal(results.fake), refusal(results.real)):
                return
        else:
            results = await self.outcomes("wrap_key", format, key, wrapping, algorithm)
            if mode == "OAEP":
                self.equal(refusal(results.fake), refusal(results.real))
            else:
                self.equal(plain(results.fake), plain(results.real))
        for wrapped in results:
            if isinstance(wrapped, bytes):
                back = await self.same(
                    "unwrap_key",
                    format,
                    wrapped,
                    unwrapping,
                    algorithm,
                    material.algorithm,
                    True,
                    [*material.usages],
                )
                if back == Refused("different"):
                    continue
                assert isinstance(back, Both), (self.lines, back)
                exported = await self.same("export_key", format, back)
                assert exported == await self.same("export_key", format, key), self.lines

    async def _wrapping(self, mode: str) -> tuple[Both, Both, Any]:
        """Return the keys to wrap and to unwrap with, and the algorithm."""
        usages = ("wrapKey", "unwrapKey")
        if mode == "OAEP":
            material = await self.material("RSA-OAEP")
            material = material._replace(usages=("unwrapKey",), public_usages=("wrapKey",))
            private, public = await self.halves(material)
            return public, private, "RSA-OAEP"
        material = self.aes(mode, usages)
        key = await self.load("raw", material.private["raw"], material.algorithm, usages)
        return key, key, "AES-KW" if mode == "KW" else self.cipher(mode)

    async def case_derive(self) -> None:
        name = self.pick(("PBKDF2", "HKDF"))
        key = await self.load("raw", self.data(80), name, ("deriveBits", "deriveKey"), False)
        algorithm: dict[str, Any] = {
            "name": name,
            "hash": self.pick(HASHES),
            "salt": self.data(80),
        }
        if name == "HKDF":
            algorithm["info"] = self.data(80)
        else:
            algorithm["iterations"] = self.random.randint(1, 40)
        length = self.pick((None, 0, 7, 8, 128, 8 * self.random.randint(1, 200)))
        await self.same("derive_bits", algorithm, key, length)
        await self._derive_key(algorithm, key)

    async def _derive_key(self, algorithm: Any, key: Both) -> None:
        derived, usages = self.pick(DERIVED)
        made = await self.same("derive_key", algorithm, key, derived, True, usages)
        if isinstance(made, Both):
            await self.same("export_key", "raw", made)

    async def case_agreement(self) -> None:
        kind = self.pick((*ECDH_KINDS, "X25519"))
        ours, theirs = await self.material(kind), await self.material(kind)
        private, _ = await self.halves(ours._replace(usages=("deriveBits", "deriveKey")))
        _, public = await self.halves(theirs)
        algorithm = {"name": "X25519" if kind == "X25519" else "ECDH", "public": public}
        size = CURVES.get(kind.removeprefix("ECDH "), 32) * 8
        length = self.pick((None, 0, 8, self.random.randint(1, size), size, size + 8))
        await self.same("derive_bits", algorithm, private, length)
        if self.chance(0.5):
            await self._derive_key(algorithm, private)

    async def case_signature(self) -> None:
        kind = self.pick((*CURVE_KINDS, *CURVE_KINDS, "Ed25519", "RSASSA-PKCS1-v1_5", "RSA-PSS"))
        material = await self.material(kind)
        private, public = await self.halves(material)
        algorithm: Any = kind
        if kind in CURVE_KINDS:
            algorithm = {"name": "ECDSA", "hash": self.pick(HASHES)}
        elif kind == "RSA-PSS":
            algorithm = {"name": "RSA-PSS", "salt_length": self.pick((0, 20, 32, 62, 200))}
        data = self.data()
        if kind in ("Ed25519", "RSASSA-PKCS1-v1_5"):
            signature = await self.same("sign", algorithm, private, data)
            signatures = [] if isinstance(signature, Refused) else [signature]
        else:
            results = await self.outcomes("sign", algorithm, private, data)
            self.equal(refusal(results.fake), refusal(results.real))
            signatures = [each for each in results if isinstance(each, bytes)]
        for signature in signatures:
            assert await self.same("verify", algorithm, public, signature, data) is True, self.lines
            await self.same("verify", algorithm, public, self.changed(signature), data)
            await self.same("verify", algorithm, public, signature, data + b"x")

    async def case_oaep(self) -> None:
        material = await self.material("RSA-OAEP")
        material = material._replace(usages=("decrypt",), public_usages=("encrypt",))
        hash = self.pick(HASHES)
        private, public = await self.halves(
            material._replace(
                algorithm={"name": "RSA-OAEP", "hash": hash},
                private={name: data for name, data in material.private.items() if name != "jwk"},
                public={name: data for name, data in material.public.items() if name != "jwk"},
            )
        )
        algorithm: dict[str, Any] = {"name": "RSA-OAEP"}
        if self.chance(0.5):
            algorithm["label"] = self.data(40)
        data = self.data(130 - 2 * SIZES[hash] if SIZES[hash] < 64 else 4)
        results = await self.outcomes("encrypt", algorithm, public, data)
        self.equal(refusal(results.fake), refusal(results.real))
        for encrypted in results:
            if isinstance(encrypted, bytes):
                assert await self.same("decrypt", algorithm, private, encrypted) == data
                await self.same("decrypt", algorithm, private, self.changed(encrypted))

    async def case_formats(self) -> None:
        """Export a key in every format, and import the other side's exports."""
        material = await self.material(self.pick(tuple(MAKERS)))
        private, public = await self.halves(material)
        for key, usages in (private, material.usages), (public, material.public_usages):
            for format in FORMATS:
                results = await self.outcomes("export_key", format, key)
                if self.equal(plain(results.fake), plain(results.real)):
                    for data in results:
                        if isinstance(data, bytes | dict):
                            await self.load(format, data, material.algorithm, usages)
                elif isinstance(results.real, dict):  # which member of the JWK differs is known
                    await self.same(
                        "import_key", format, results.real, material.algorithm, True, [*usages]
                    )

    async def case_changed_jwk(self) -> None:
        material = await self.material(self.pick(tuple(MAKERS)))
        half, usages = self.pick(
            ((material.private, material.usages), (material.public, material.public_usages))
        )
        algorithm = material.algorithm
        if self.chance(0.2):
            mode = self.pick(("GCM", "CBC", "CTR", "KW"))
            material = self.aes(mode, ("wrapKey", "unwrapKey"))
            half, usages, algorithm = material.private, material.usages, material.algorithm
        jwk = dict(half["jwk"])
        for _ in range(self.random.randint(1, 2)):
            self._change(jwk)
        await self.same("import_key", "jwk", jwk, algorithm, self.chance(0.5), self._usages(usages))

    def _usages(self, usages: Any) -> list[str]:
        return [*usages] if self.chance(0.8) else self.some(USAGES)

    def _change(self, jwk: dict[str, Any]) -> None:
        """Change a JSON Web Key in place."""
        kind = self.random.random()
        if kind < 0.25:
            jwk.pop(self.pick(tuple(jwk)), None) if jwk else None
        elif kind < 0.75:
            name = self.pick(("alg", "use", "key_ops", "ext", "kty", "crv"))
            jwk[name] = self.pick(JWK_VALUES[name])
        else:
            secrets = [name for name in ("x", "y", "k") if name in jwk]
            if secrets:
                name = self.pick(secrets)
                jwk[name] = self.pick(("", "!", "A", jwk[name][:-2], jwk[name] + "AA"))

    async def case_changed_der(self) -> None:
        material = await self.material(self.pick(tuple(MAKERS)))
        format = self.pick(("raw", "pkcs8", "spki"))
        half = material.private if format == "pkcs8" else material.public
        usages = material.usages if format == "pkcs8" else material.public_usages
        if format not in half:
            return
        data = half[format]
        data = self.pick((data[:-1], data[: len(data) // 2], b"", data + b"\0", data + data))
        await self.same("import_key", format, data, material.algorithm, True, self._usages(usages))

    async def case_generate(self) -> None:
        algorithm, usages = self.pick(GENERATED)
        chosen = [*usages] if self.chance(0.6) else self.some(USAGES)
        await self.same("generate_key", algorithm, self.chance(0.5), chosen)

    async def case_misuse(self) -> None:
        """Use a key for another algorithm, another operation or without the usage."""
        material = await self.material(self.pick(tuple(MAKERS)))
        halves = await self.halves(material._replace(usages=material.usages[:1]), self.chance(0.5))
        key = self.pick(halves)
        algorithm = self.pick(ALGORITHMS)
        method = self.pick(("encrypt", "decrypt", "sign", "verify", "export_key"))
        if method == "export_key":
            await self.same(method, self.pick(FORMATS), key)
        elif method == "verify":
            await self.same(method, algorithm, key, self.data(), self.data())
        else:
            results = await self.outcomes(method, algorithm, key, self.data(20))
            self.equal(refusal(results.fake), refusal(results.real))

    async def case_parameters(self) -> None:
        """Encrypt by AES with parameters that are often invalid."""
        mode = self.pick(("GCM", "CBC", "CTR"))
        material = self.aes(mode, ("encrypt", "decrypt"))
        key = await self.load("raw", material.private["raw"], material.algorithm, material.usages)
        algorithm = self.cipher(mode)
        name = self.pick(("iv", "counter", "length", "tag_length", "additional_data"))
        value: Any = self.data(20)
        if name in ("length", "tag_length"):
            value = self.pick((0, 1, 8, 31, 40, 128, 129, 255))
        if self.chance(0.2):
            algorithm.pop(name, None)
        else:
            algorithm[name] = value
        await self.same(self.pick(("encrypt", "decrypt")), algorithm, key, self.data(100))

    async def run(self, cases: int | None, seconds: float | None) -> None:
        started = time.monotonic()
        kinds = [getattr(self, name) for name in sorted(dir(self)) if name.startswith("case_")]
        while (cases is None or self.tally.operations < cases) and (
            seconds is None or time.monotonic() - started < seconds
        ):
            self.lines = []
            self.tally.operations += 1
            await self.pick(kinds)()


async def outcome(subtle: Any, method: str, args: Any) -> Any:
    try:
        return await getattr(subtle, method)(*args)
    except CryptoError as error:
        return Refused(error.js_name)


def of_side(value: Any, side: str) -> Any:
    """Return arguments for one side: of each ``Both``, its key."""
    if isinstance(value, Both):
        return getattr(value, side)
    if isinstance(value, dict):
        return {name: of_side(item, side) for name, item in value.items()}
    if type(value) is tuple:
        return tuple(of_side(item, side) for item in value)
    return value


def description(value: Any) -> Any:
    if isinstance(value, CryptoKeyPair):
        return [description(key) for key in value]
    return value.type, value.extractable, value.algorithm, sorted(value.usages)


def plain(value: Any) -> Any:
    """Return a result in a form that compares equal where only an order differs."""
    if isinstance(value, dict):
        return {**value, "key_ops": sorted(value.get("key_ops", []))}
    return description(value) if isinstance(value, CryptoKey | CryptoKeyPair) else value


def refusal(value: Any) -> Any:
    return value if isinstance(value, Refused) else "accepted"


def shown(value: Any) -> str:
    if isinstance(value, Both):
        key = value.fake
        return f"<{key.algorithm['name']} {key.type} {'+'.join(key.usages)}>"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name!r}: {shown(item)}' for name, item in value.items())}}}"
    return repr(value)


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def from_base64url(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


# Keys of the pool ---------------------------------------------------------------------------

Maker = Callable[[Comparison, Any], Awaitable[Material]]


def pair(
    algorithm: Any, private: tuple[str, ...], public: tuple[str, ...], generated: Any = None
) -> Maker:
    async def make(comparison: Comparison, subtle: Any) -> Material:
        both = await subtle.generate_key(generated or algorithm, True, [*private, *public])
        halves: list[dict[str, Any]] = []
        for key, formats in (
            (both.private_key, ("pkcs8", "jwk")),
            (
                both.public_key,
                ("spki", "jwk", "raw"),
            ),
        ):
            data: dict[str, Any] = {}
            for format in formats:
                if format == "raw" and "modulus_length" in (generated or {}):
                    continue
                data[format] = await subtle.export_key(format, key)
            jwk = data["jwk"]
            data["jwk"] = {
                name: value for name, value in jwk.items() if name not in ("key_ops", "ext", "alg")
            }
            halves.append(data)
        return Material(algorithm, halves[0], halves[1], private, public)

    return make


def rsa(name: str, private: tuple[str, ...], public: tuple[str, ...]) -> Maker:
    algorithm = {"name": name, "hash": "SHA-256"}
    generated = {**algorithm, "modulus_length": 1024, "public_exponent": b"\1\0\1"}
    return pair(algorithm, private, public, generated)


MAKERS: dict[str, Maker] = {
    "RSASSA-PKCS1-v1_5": rsa("RSASSA-PKCS1-v1_5", ("sign",), ("verify",)),
    "RSA-PSS": rsa("RSA-PSS", ("sign",), ("verify",)),
    "RSA-OAEP": rsa("RSA-OAEP", ("decrypt", "unwrapKey"), ("encrypt", "wrapKey")),
    **{
        f"ECDSA {curve}": pair({"name": "ECDSA", "named_curve": curve}, ("sign",), ("verify",))
        for curve in CURVES
    },
    **{
        f"ECDH {curve}": pair({"name": "ECDH", "named_curve": curve}, ("deriveBits",), ())
        for curve in CURVES
    },
    "Ed25519": pair("Ed25519", ("sign",), ("verify",)),
    "X25519": pair("X25519", ("deriveBits",), ()),
}
CURVE_KINDS = tuple(kind for kind in MAKERS if kind.startswith("ECDSA"))
ECDH_KINDS = tuple(kind for kind in MAKERS if kind.startswith("ECDH"))

DERIVED: list[tuple[Any, list[str]]] = [
    *(
        ({"name": f"AES-{mode}", "length": size}, ["wrapKey"])
        for mode in ("GCM", "CBC", "CTR", "KW")
        for size in (128, 192, 256, 64)
    ),
    *(
        ({"name": "HMAC", "hash": hash, "length": size}, ["sign"])
        for hash in HASHES
        for size in (None, 8, 128, 264)
    ),
    ({"name": "AES-GCM", "length": 128}, []),
    ({"name": "AES-GCM", "length": 128}, ["sign"]),
    ({"name": "HMAC", "hash": "SHA-1"}, ["encrypt"]),
    ({"name": "AES-GCM"}, ["encrypt"]),
    ("HKDF", ["deriveBits"]),
]

GENERATED: list[tuple[Any, tuple[str, ...]]] = [
    *(
        ({"name": f"AES-{mode}", "length": size}, ("wrapKey", "unwrapKey"))
        for mode in ("GCM", "CBC", "CTR", "KW")
        for size in (128, 192, 256, 100)
    ),
    *(
        ({"name": "HMAC", "hash": hash, "length": size}, ("sign", "verify"))
        for hash in HASHES
        for size in (None, 8, 512)
    ),
    *(
        (
            {"name": name, "named_curve": curve},
            ("sign", "verify") if name == "ECDSA" else ("deriveBits",),
        )
        for name in ("ECDSA", "ECDH")
        for curve in (*CURVES, "P-192")
    ),
    ("Ed25519", ("sign", "verify")),
    ("X25519", ("deriveBits", "deriveKey")),
    (
        {"name": "RSA-PSS", "modulus_length": 1024, "public_exponent": b"\3", "hash": "SHA-1"},
        ("sign", "verify"),
    ),
    ({"name": "AES-GCM"}, ("encrypt",)),
    ({"name": "HMAC"}, ("sign",)),
    ({"name": "ECDH"}, ("deriveBits",)),
    ("foo", ("sign",)),
]

ALGORITHMS: list[Any] = [
    {"name": "AES-GCM", "iv": bytes(12)},
    {"name": "AES-CBC", "iv": bytes(16)},
    {"name": "AES-CTR", "counter": bytes(16), "length": 64},
    "RSA-OAEP",
    "HMAC",
    "RSASSA-PKCS1-v1_5",
    {"name": "RSA-PSS", "salt_length": 20},
    {"name": "ECDSA", "hash": "SHA-256"},
    "Ed25519",
]

JWK_VALUES: dict[str, list[Any]] = {
    "alg": [
        *("A128GCM", "A256KW", "HS256", "RS256", "PS256", "RS1", "RSA-OAEP", "RSA-OAEP-256"),
        *("ES256", "ES384", "ES512", "EdDSA", "Ed25519", "foo"),
    ],
    "use": ["sig", "enc"],
    "key_ops": [
        [],
        ["sign"],
        ["verify"],
        ["sign", "verify"],
        ["verify", "verify"],
        ["decrypt", "unwrapKey", "wrapKey", "encrypt"],
        ["deriveBits", "deriveKey"],
    ],
    "ext": [True, False],
    "kty": ["oct", "RSA", "EC", "OKP"],
    "crv": ["P-256", "P-384", "P-521", "Ed25519", "X25519", "foo"],
}


def compare_crypto(
    engine: Engine, seed: int, *, cases: int | None = None, seconds: float | None = None
) -> Report:
    """Compare the fake with Node or workerd, until a difference or the end of the run."""
    started = time.monotonic()
    comparison = Comparison(engine, seed)
    difference = None
    try:
        asyncio.run(comparison.run(cases, seconds))
    except AssertionError as error:
        difference = str(error)
    finally:
        comparison.real.stop()
    spent = time.monotonic() - started
    return Report(f"crypto, {engine}", seed, comparison.tally, spent, difference)
