"""The types of ``request.cf`` and of the option ``cf`` of ``fetch``: JSON with Cloudflare's names.

Every key may be missing. The keys that exist depend on the plan, on the client, and on where the
Worker runs. Cloudflare adds keys at any time, and the types do not prevent unknown keys.
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

# Incoming requests -------------------------------------------------------------------------------


class IncomingRequestCfPropertiesBotManagement(TypedDict, total=False):
    """The results of Bot Management. ``score`` is 1 (a bot) to 99 (a human)."""

    score: int
    verifiedBot: bool
    corporateProxy: bool
    staticResource: bool
    detectionIds: list[int]
    ja3Hash: str


class IncomingRequestCfPropertiesExportedAuthenticatorMetadata(TypedDict, total=False):
    """The messages of the TLS handshake, in hexadecimal."""

    clientHandshake: str
    serverHandshake: str
    clientFinished: str
    serverFinished: str


class IncomingRequestCfPropertiesTLSClientAuth(TypedDict, total=False):
    """The client's certificate. Without it ``certPresented`` is "0" and other keys are empty."""

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
    """The properties of a client and its connection, as Cloudflare reports them.

    ``country`` is a two-letter code of ISO 3166-1, or "T1" for Tor. ``latitude`` and ``longitude``
    are text. ``clientTcpRtt`` is in milliseconds.

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


# Outgoing requests -------------------------------------------------------------------------------


class BasicImageTransformationsGravityCoordinates(TypedDict, total=False):
    """A point of an image. ``x`` is 0 (left) to 1 (right), ``y`` is 0 (top) to 1 (bottom)."""

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
    """A transformation of an image. Sizes are in pixels.

    JS: BasicImageTransformations.
    """

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
    """An image to draw over another image. ``opacity`` is 0 (invisible) to 1 (opaque)."""

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
    """A transformation of the fetched image. ``quality`` is 1 to 100."""

    quality: float | Literal["low", "medium-low", "medium-high", "high"]
    format: Literal["avif", "webp", "json", "jpeg", "png", "baseline-jpeg", "png-force", "svg"]
    anim: bool
    metadata: Literal["keep", "copyright", "none"]
    draw: list[RequestInitCfPropertiesImageDraw]
    compression: Literal["fast"]


class RequestInitCfPropertiesImageMinify(TypedDict, total=False):
    """The types of files to minify."""

    javascript: bool
    css: bool
    html: bool


class RequestInitCfPropertiesR2(TypedDict, total=False):
    """The location of an R2 bucket."""

    bucketColoId: int


class RequestInitCfPropertiesVaryHeader(TypedDict, total=False):
    """The effect of one request header on the cache.

    ``media_types`` applies only to Accept, and ``languages`` only to Accept-Language.
    """

    action: Literal["normalize", "passthrough", "bypass"]
    media_types: list[str]
    languages: list[str]


class RequestInitCfPropertiesVary(TypedDict, total=False):
    """The effect of request headers on the cache, by header name in lower case."""

    default: RequestInitCfPropertiesVaryHeader
    headers: dict[str, RequestInitCfPropertiesVaryHeader]


class RequestInitCfProperties(TypedDict, total=False):
    """Cloudflare's options of an outgoing request. ``cacheTtl`` is in seconds.

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
"""The value of the option ``cf`` of a request."""
