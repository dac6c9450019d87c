"""AI Gateway: ``AiGateway``, and the settings of a call that goes through one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NotRequired, Required, TypeAlias, TypedDict, cast

from .._border import JsWrapper, dumps, from_js, from_json, raising, raw, seconds, text
from ..errors import AIError, ConversionError
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
    "gateway_options",
    "given_headers",
    "given_signal",
]

_raising = raising(AIError)

Metadata: TypeAlias = "Mapping[str, str | int | float | bool | None]"


class GatewayRetries(TypedDict, total=False):
    """What to do where a provider fails: ``max_attempts`` is 1 to 5, ``retry_delay_ms`` 100 to
    5,000. JS: GatewayRetries."""

    max_attempts: int
    retry_delay_ms: int
    backoff: Literal["constant", "linear", "exponential"]


class UniversalGatewayOptions(TypedDict, total=False):
    """How the gateway treats a request: ``cache_ttl`` is in seconds; ``request_timeout_ms`` is how
    long the first part of an answer may take; ``metadata`` goes into the log.

    JS: UniversalGatewayOptions.
    """

    cache_key: str
    cache_ttl: int | timedelta
    skip_cache: bool
    metadata: Metadata
    collect_log: bool
    event_id: str
    request_timeout_ms: int
    retries: GatewayRetries


class GatewayOptions(UniversalGatewayOptions):
    """The same, with the gateway's name: ``{"id": "my-gateway", "cache_ttl": 3600}``.

    JS: GatewayOptions.
    """

    id: str


class AIGatewayUniversalRequest(TypedDict):
    """A request to a provider: ``provider`` such as "openai" or "workers-ai", ``endpoint`` its
    path, ``query`` its body. JS: AIGatewayUniversalRequest."""

    provider: str
    endpoint: str
    headers: NotRequired[Mapping[str, Any]]
    query: Any


class AiGatewayPatchLog(TypedDict, total=False):
    """What to note down beside a log; None takes it away. JS: AiGatewayPatchLog."""

    score: float | None
    feedback: Literal[-1, 1] | None
    metadata: Metadata | None


class AiGatewayLog(TypedDict, total=False):
    """A request that went through the gateway; ``duration`` is in milliseconds, sizes in bytes.

    JS: AiGatewayLog.
    """

    id: Required[str]
    provider: Required[str]
    model: Required[str]
    model_type: str
    path: Required[str]
    duration: Required[float]
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


_OPTIONS = {
    "id": "id",
    "cache_key": "cacheKey",
    "cache_ttl": "cacheTtl",
    "skip_cache": "skipCache",
    "metadata": "metadata",
    "collect_log": "collectLog",
    "event_id": "eventId",
    "request_timeout_ms": "requestTimeoutMs",
    "retries": "retries",
}
_RETRIES = {
    "max_attempts": "maxAttempts",
    "retry_delay_ms": "retryDelayMs",
    "backoff": "backoff",
}


def gateway_options(options: Any, *, named: bool = True) -> Any:
    """The JavaScript object of GatewayOptions; what it does not know is a TypeError, and so is
    that it does not say which gateway, where it has to."""
    name = "gateway"
    made = renamed(options, _OPTIONS, name)
    if named and "id" not in made:  # without one the call would go round every gateway
        raise TypeError(f"{name}: 'id' is missing, the gateway's name")
    if "cacheTtl" in made:
        made["cacheTtl"] = seconds(made["cacheTtl"], f"{name}.cache_ttl")
    if "retries" in made:
        made["retries"] = renamed(made["retries"], _RETRIES, f"{name}.retries")
    return from_json(dumps(made, name))


def renamed(options: Any, names: dict[str, str], where: str) -> dict[str, Any]:
    """Options under JavaScript's names, without those that are None."""
    if not isinstance(options, Mapping):
        raise ConversionError(f"{where}: expected a dict, got {type(options).__name__}")
    given = cast("Mapping[str, Any]", options)
    if unknown := sorted(set(given) - set(names)):
        raise TypeError(f"{where}: there is no option {', '.join(map(repr, unknown))}")
    return {names[name]: value for name, value in given.items() if value is not None}


def given_headers(headers: Any) -> Any:
    """The JavaScript object of extra headers."""
    if not isinstance(headers, Mapping):
        raise ConversionError(f"extra_headers: expected a dict, got {type(headers).__name__}")
    given = cast("Mapping[Any, Any]", headers)
    made = {
        text(name, "extra_headers"): text(value, f"extra_headers[{name!r}]")
        for name, value in given.items()
    }
    return from_json(dumps(made))


def given_signal(signal: Any) -> Any:
    """JavaScript's AbortSignal."""
    js = raw(signal)
    if not hasattr(js, "aborted"):
        raise ConversionError(f"signal: expected AbortSignal, got {type(signal).__name__}")
    return js


def _requests(data: Any) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    listed: Any = [data] if isinstance(data, (Mapping, str)) else data
    for at, request in enumerate(listed):
        if not isinstance(request, Mapping):
            raise ConversionError(f"data[{at}]: expected a dict, got {type(request).__name__}")
        given = cast("Mapping[str, Any]", request)
        if missing := [name for name in ("provider", "endpoint", "query") if name not in given]:
            raise TypeError(f"data[{at}]: {', '.join(map(repr, missing))} missing")
        # the runtime goes through the headers, so they have to be there
        made.append({**given, "headers": given.get("headers", {})})
    return made


class AiGateway(JsWrapper["_js.AiGateway"]):
    """A gateway in front of AI providers: ``ai.gateway("my-gateway")``.

    Every method raises AIError where the service refuses; ``js_name`` is "AiGatewayLogNotFound"
    for a log that is not there. JS: AiGateway.
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
        """Send a request to a provider; of several, the next where the one before fails.

        What the provider answers is the Response, whatever its status. JS: AiGateway.run.
        """
        made = _requests(data)
        options: dict[str, Any] = {}
        if gateway is not None:
            options["gateway"] = gateway_options(gateway, named=False)
        if extra_headers is not None:
            options["extraHeaders"] = given_headers(extra_headers)
        if signal is not None:
            options["signal"] = given_signal(signal)
        with _raising:
            answer = await self._js.run(from_json(dumps(made, "data")), **options)
        return Response.from_js(answer)

    async def patch_log(self, log_id: str, data: AiGatewayPatchLog) -> None:
        """Note a score, feedback or metadata beside a log. JS: AiGateway.patchLog."""
        if unknown := sorted(set(data) - {"score", "feedback", "metadata"}):
            raise TypeError(f"data: there is no {', '.join(map(repr, unknown))} to note")
        with _raising:
            await self._js.patchLog(text(log_id, "log_id"), from_json(dumps(data, "data")))

    async def get_log(self, log_id: str) -> AiGatewayLog:
        """The log of a request, by ``AI.ai_gateway_log_id`` or the header ``cf-aig-log-id``.

        JS: AiGateway.getLog.
        """
        with _raising:
            found = await self._js.getLog(text(log_id, "log_id"))
        log: AiGatewayLog = from_js(found)
        return log

    async def get_url(self, provider: str | None = None) -> str:
        """The gateway's URL for a provider, or the universal one: for a provider's own library.

        JS: AiGateway.getUrl.
        """
        given = [] if provider is None else [text(provider, "provider")]
        with _raising:
            url: str = await self._js.getUrl(*given)
        return url
