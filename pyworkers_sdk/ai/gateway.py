"""AI Gateway: ``AiGateway``, and the options of a call that goes through a gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NotRequired, Required, TypeAlias, TypedDict, cast

from .._border import JsWrapper, dumps, expected, from_js, from_json, raising, raw, seconds, text
from .._options import js_bag, js_options
from ..errors import AIError
from ..http import Response

if TYPE_CHECKING:
    from .. import _js
    from ..abort import AbortSignal

__all__ = [
    "AIGatewayUniversalRequest",
    "AiGateway",
    "AiGatewayLog",
    "AiGatewayPatchLog",
    "GatewayOptions",
    "GatewayRetries",
    "UniversalGatewayOptions",
]

_raising = raising(AIError)

Metadata: TypeAlias = "Mapping[str, str | int | float | bool | None]"


class GatewayRetries(TypedDict, total=False):
    """The retries of a request to a provider that fails. JS: GatewayRetries."""

    max_attempts: int
    """The number of attempts, 1 to 5."""
    retry_delay_ms: int | timedelta
    """The delay between attempts, as a timedelta or in milliseconds; 100 to 5,000 of them."""
    backoff: Literal["constant", "linear", "exponential"]
    """How the delay grows."""


class UniversalGatewayOptions(TypedDict, total=False):
    """The options of a request through a gateway. JS: UniversalGatewayOptions."""

    cache_key: str
    cache_ttl: int | timedelta
    """How long the answer is cached, as a timedelta or in seconds."""
    skip_cache: bool
    metadata: Metadata
    """Values that are stored in the log."""
    collect_log: bool
    event_id: str
    request_timeout_ms: int | timedelta
    """How long the first part of an answer may take, as a timedelta or in milliseconds."""
    retries: GatewayRetries


class GatewayOptions(UniversalGatewayOptions):
    """The gateway of a call, and its options: ``{"id": "my-gateway", "cache_ttl": 3600}``.

    JS: GatewayOptions.
    """

    id: str
    """The name of the gateway."""


class AIGatewayUniversalRequest(TypedDict):
    """A request to a provider. JS: AIGatewayUniversalRequest."""

    provider: str
    """The name of the provider, such as "openai" or "workers-ai"."""
    endpoint: str
    """The path at the provider."""
    headers: NotRequired[Mapping[str, Any]]
    query: Any
    """The body, as JSON."""


class AiGatewayPatchLog(TypedDict, total=False):
    """The notes to store with a log; None removes one. JS: AiGatewayPatchLog."""

    score: float | None
    feedback: Literal[-1, 1] | None
    metadata: Metadata | None


class AiGatewayLog(TypedDict, total=False):
    """The log of a request through the gateway. ``duration`` is in milliseconds, sizes in bytes.

    JS: AiGatewayLog.
    """

    id: Required[str]
    provider: Required[str]
    model: Required[str]
    model_type: str
    path: Required[str]
    duration: Required[float]
    """The duration of the request, in milliseconds."""
    request_type: str
    request_content_type: str
    status_code: Required[int]
    response_content_type: str
    success: Required[bool]
    cached: Required[bool]
    tokens_in: int
    tokens_out: int
    metadata: dict[str, str | int | float | bool | None]
    step: int
    cost: float
    custom_cost: bool
    request_size: Required[int]
    request_head: str
    request_head_complete: Required[bool]
    response_size: Required[int]
    response_head: str
    response_head_complete: Required[bool]
    created_at: Required[datetime]


class AiGateway(JsWrapper["_js.AiGateway"]):
    """A gateway in front of AI providers: ``ai.gateway("my-gateway")``.

    Every method raises AIError if the service refuses the request. For a missing log its
    ``js_name`` is "AiGatewayLogNotFound". JS: AiGateway.
    """

    __slots__ = ()

    def __init__(self, gateway: _js.AiGateway) -> None:
        self._js = raw(gateway)

    async def run(
        self,
        data: AIGatewayUniversalRequest | Sequence[AIGatewayUniversalRequest],
        *,
        gateway: UniversalGatewayOptions | None = None,
        extra_headers: Mapping[str, str] | None = None,
        signal: AbortSignal | None = None,
    ) -> Response:
        """Send a request to a provider and return its Response, whatever the status.

        Args:
            data: The request, or several: if one fails, the gateway sends the next.
            gateway: The options of the request.
            extra_headers: More headers of the request.
            signal: An AbortSignal that cancels the request.

        JS: AiGateway.run.
        """
        requests = _requests(data)
        options = js_options(
            {
                "gateway": js_gateway(gateway, requires_id=False),
                "extra_headers": js_headers(extra_headers),
                "signal": js_signal(signal),
            }
        )
        with _raising:
            response = await self._js.run(from_json(dumps(requests, "data")), **options)
        return Response.from_js(response)

    async def patch_log(self, log_id: str, data: AiGatewayPatchLog) -> None:
        """Store a score, feedback or metadata with a log. JS: AiGateway.patchLog."""
        if unknown := sorted(set(data) - {*AiGatewayPatchLog.__annotations__}):
            names = ", ".join(map(repr, unknown))
            raise TypeError(f"data: unknown key {names}; the keys are score, feedback, metadata")
        with _raising:
            await self._js.patchLog(text(log_id, "log_id"), from_json(dumps(data, "data")))

    async def get_log(self, log_id: str) -> AiGatewayLog:
        """Return the log of a request.

        Args:
            log_id: ``AI.ai_gateway_log_id``, or the header ``cf-aig-log-id`` of a Response.

        JS: AiGateway.getLog.
        """
        with _raising:
            log: AiGatewayLog = from_js(await self._js.getLog(text(log_id, "log_id")))
        return log

    async def get_url(self, provider: str | None = None) -> str:
        """Return the gateway's URL for a provider, for use with the provider's own library.

        Without a provider, return the URL of the universal endpoint. JS: AiGateway.getUrl.
        """
        args = [] if provider is None else [text(provider, "provider")]
        with _raising:
            url: str = await self._js.getUrl(*args)
        return url


# Options of calls, for this module, ``AI`` and ``ToMarkdownService`` -----------------------------


def _js_retries(retries: Any, place: str) -> dict[str, Any]:
    return js_bag(retries, GatewayRetries, place)


_INNER = {"cache_ttl": seconds, "retries": _js_retries}


def js_gateway(options: Any, *, requires_id: bool = True) -> Any:
    """Convert GatewayOptions to a JavaScript object; None stays None.

    Raise ConversionError for unknown keys and, if ``requires_id``, TypeError for a missing id.
    """
    if options is None:
        return None
    bag = js_bag(options, GatewayOptions, "gateway", _INNER)
    if requires_id and "id" not in bag:  # without an id the call would bypass every gateway
        raise TypeError("gateway: missing 'id', the name of the gateway")
    if "cacheTTL" in bag:  # as other services spell it, but this one wants cacheTtl
        bag["cacheTtl"] = bag.pop("cacheTTL")
    return from_json(dumps(bag, "gateway"))


def js_headers(headers: Any) -> Any:
    """Convert extra headers to a JavaScript object; None stays None."""
    if headers is None:
        return None
    if not isinstance(headers, Mapping):
        raise expected("extra_headers", "a dict", headers)
    entries = {
        text(name, "extra_headers"): text(value, f"extra_headers[{name!r}]")
        for name, value in cast("Mapping[Any, Any]", headers).items()
    }
    return from_json(dumps(entries))


def js_signal(signal: Any) -> Any:
    """Return JavaScript's AbortSignal; None stays None."""
    if signal is None:
        return None
    js = raw(signal)
    if not hasattr(js, "aborted"):
        raise expected("signal", "AbortSignal", signal)
    return js


def _requests(data: Any) -> list[dict[str, Any]]:
    requests: list[dict[str, Any]] = []
    # A str is one wrong request, not a sequence of letters.
    listed: Any = [data] if isinstance(data, (Mapping, str)) else data
    for index, request in enumerate(listed):
        if not isinstance(request, Mapping):
            raise expected(f"data[{index}]", "a dict", request)
        fields = cast("Mapping[str, Any]", request)
        if missing := [name for name in ("provider", "endpoint", "query") if name not in fields]:
            raise TypeError(f"data[{index}]: missing {', '.join(map(repr, missing))}")
        # The runtime's client iterates over the headers, so they must exist.
        requests.append({**fields, "headers": fields.get("headers", {})})
    return requests
