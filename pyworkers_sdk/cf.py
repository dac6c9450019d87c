"""The types of ``request.cf`` and of ``fetch``'s option ``cf``: JSON, under Cloudflare's names.

Every key may be missing: which ones are there depends on the plan, on the client, and on where the
Worker runs. Cloudflare adds keys at any time; the types do not stop other ones from arriving.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, TypedDict

__all__ = [
    "BasicImageTransformations",
    "BasicImageTransformationsGravityCoordinates",
    "CfInit",
    "IncomingRequestCfProperties",
    "IncomingRequestCfPropertiesBotManagement",
    "IncomingRequestCfPropertiesExportedAuthenticatorMetadata",
    "IncomingRequestCfPropertiesTLSClientAuth",
    "RequestInitCfProperties",
    "RequestInitCfPropertiesImage",
    "RequestInitCfPropertiesImageDraw",
    "RequestInitCfPropertiesImageMinify",
    "RequestInitCfPropertiesR2",
    "RequestInitCfPropertiesVary",
    "RequestInitCfPropertiesVaryHeader",
]

# Of a request that came in


class IncomingRequestCfPropertiesBotManagement(TypedDict, total=False):
    """What Bot Management says: ``score`` is 1 (a bot) to 99 (a human being)."""

    score: int
    verifiedBot: bool
    corporateProxy: bool
    staticResource: bool
    detectionIds: list[int]
    ja3Hash: str


class IncomingRequestCfPropertiesExportedAuthenticatorMetadata(TypedDict, total=False):
    """The TLS handshake, in hexadecimal."""

    clientHandshake: str
    serverHandshake: str
    clientFinished: str
    serverFinished: str


class IncomingRequestCfPropertiesTLSClientAuth(TypedDict, total=False):
    """The client's certificate; without one ``certPresented`` is "0" and the rest is empty."""

    certPresented: Literal["0", "1"]
    certVerified: Literal[
        "SUCCESS",
        "NONE",
        "FAILED:self signed certificate",
        "FAILED:unable to verify the first certificate",
        "FAILED:certificate is not yet valid",
        "FAILED:certificate has expired",
        "FAILED",
    ]
    certRevoked: Literal["0", "1"]
    certIssuerDN: str
    certSubjectDN: str
    certIssuerDNRFC2253: str
    certSubjectDNRFC2253: str
    certIssuerDNLegacy: str
    certSubjectDNLegacy: str
    certSerial: str
    certIssuerSerial: str
    certSKI: str
    certIssuerSKI: str
    certFingerprintSHA1: str
    certFingerprintSHA256: str
    certNotBefore: str
    certNotAfter: str
    certRFC9440: str
    certRFC9440TooLarge: bool
    certChainRFC9440: str
    certChainRFC9440TooLarge: bool


class IncomingRequestCfProperties(TypedDict, total=False):
    """What Cloudflare knows of a client and its connection.

    ``country`` is two letters of ISO 3166-1, or "T1" for Tor; ``latitude`` and ``longitude`` are
    text; ``clientTcpRtt`` is in milliseconds.

    JS: IncomingRequestCfProperties.
    """

    asn: int
    asOrganization: str
    clientAcceptEncoding: str
    clientTcpRtt: float
    colo: str
    edgeRequestKeepAliveStatus: Literal[0, 1, 2, 3, 4, 5]
    httpProtocol: str
    requestPriority: str
    tlsVersion: str
    tlsCipher: str
    tlsExportedAuthenticator: IncomingRequestCfPropertiesExportedAuthenticatorMetadata
    country: str
    isEUCountry: Literal["1"]
    continent: Literal["AF", "AN", "AS", "EU", "NA", "OC", "SA"]
    city: str
    postalCode: str
    latitude: str
    longitude: str
    timezone: str
    region: str
    regionCode: str
    metroCode: str
    botManagement: IncomingRequestCfPropertiesBotManagement
    clientTrustScore: int
    hostMetadata: Any
    tlsClientAuth: IncomingRequestCfPropertiesTLSClientAuth


# Of a request that goes out


class BasicImageTransformationsGravityCoordinates(TypedDict, total=False):
    """A point of an image; ``x`` and ``y`` are 0 (left, top) to 1."""

    x: float
    y: float
    mode: Literal["remainder", "box-center"]


class _TrimBorder(TypedDict, total=False):
    color: str
    tolerance: float
    keep: float


class _Trim(TypedDict, total=False):
    top: float
    bottom: float
    left: float
    right: float
    width: float
    height: float
    border: bool | _TrimBorder


class _Border(TypedDict, total=False):
    color: str
    width: float
    top: float
    right: float
    bottom: float
    left: float


class BasicImageTransformations(TypedDict, total=False):
    """How to change an image; sizes are in pixels. JS: BasicImageTransformations."""

    width: float
    height: float
    gravity: (
        Literal["face", "left", "right", "top", "bottom", "center", "auto", "entropy"]
        | BasicImageTransformationsGravityCoordinates
    )
    zoom: float
    fit: Literal["scale-down", "scale-up", "contain", "cover", "crop", "pad", "squeeze"]
    trim: Literal["border"] | _Trim
    background: str
    flip: Literal["h", "v", "hv"]
    rotate: Literal[0, 90, 180, 270, 360]
    sharpen: float
    blur: float
    contrast: float
    brightness: float
    gamma: float
    saturation: float
    dpr: float
    border: _Border
    segment: Literal["foreground"]
    upscale: Literal["interpolate", "generate"]


class RequestInitCfPropertiesImageDraw(BasicImageTransformations, total=False):
    """An image to draw over another; ``opacity`` is 0 to 1."""

    url: str
    opacity: float
    repeat: Literal[True, "x", "y"]
    composite: Literal["over", "in", "atop", "out", "xor", "lighter"]
    top: float
    left: float
    bottom: float
    right: float


_ImageNames = TypedDict("_ImageNames", {"origin-auth": Literal["share-publicly"]}, total=False)


class RequestInitCfPropertiesImage(BasicImageTransformations, _ImageNames, total=False):
    """How to change the image that is fetched; ``quality`` is 1 to 100."""

    quality: float | Literal["low", "medium-low", "medium-high", "high"]
    format: Literal["avif", "webp", "json", "jpeg", "png", "baseline-jpeg", "png-force", "svg"]
    anim: bool
    metadata: Literal["keep", "copyright", "none"]
    draw: list[RequestInitCfPropertiesImageDraw]
    compression: Literal["fast"]


class RequestInitCfPropertiesImageMinify(TypedDict, total=False):
    """What to minify."""

    javascript: bool
    css: bool
    html: bool


class RequestInitCfPropertiesR2(TypedDict, total=False):
    """Where an R2 bucket is."""

    bucketColoId: int


class RequestInitCfPropertiesVaryHeader(TypedDict, total=False):
    """What a header of the request means to the cache; ``media_types`` are for Accept and
    ``languages`` for Accept-Language alone."""

    action: Literal["normalize", "passthrough", "bypass"]
    media_types: list[str]
    languages: list[str]


class RequestInitCfPropertiesVary(TypedDict, total=False):
    """What the headers of the request mean to the cache, by name in lower case."""

    default: RequestInitCfPropertiesVaryHeader
    headers: dict[str, RequestInitCfPropertiesVaryHeader]


class RequestInitCfProperties(TypedDict, total=False):
    """Cloudflare's options for a request that goes out; ``cacheTtl`` is in seconds.

    JS: RequestInitCfProperties.
    """

    cacheEverything: bool
    cacheKey: str
    cacheTags: list[str]
    cacheTtl: int
    cacheTtlByStatus: dict[str, int]
    originRangeRequests: Literal["on", "off"]
    vary: RequestInitCfPropertiesVary
    cacheControl: str
    cacheReserveEligible: bool
    respectStrongEtag: bool
    stripEtags: bool
    stripLastModified: bool
    cacheDeceptionArmor: bool
    cacheReserveMinimumFileSize: int
    scrapeShield: bool
    apps: bool
    grpcWeb: Literal["passthrough", "convert"]
    image: RequestInitCfPropertiesImage
    minify: RequestInitCfPropertiesImageMinify
    mirage: bool
    polish: Literal["lossy", "lossless", "off"]
    r2: RequestInitCfPropertiesR2
    resolveOverride: str


CfInit: TypeAlias = RequestInitCfProperties | IncomingRequestCfProperties | Mapping[str, Any]
"""What a request may be given as its ``cf``."""
