"""Sessions of a browser: what is known of them, and the pages in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias, TypedDict

from .._border import dumps, from_js, from_json, prop, raw, text
from .._options import js_options, named_tuple
from .._remote_object import RemoteObject
from .._times import from_ms
from ..services import Fetcher

__all__ = [
    "BrowserRunAcquireGuardrails",
    "BrowserRunAcquireResult",
    "BrowserRunActiveSession",
    "BrowserRunCloseSessionResult",
    "BrowserRunConnection",
    "BrowserRunConnectionGuardrails",
    "BrowserRunDevToolsProtocol",
    "BrowserRunDevToolsTarget",
    "BrowserRunDevToolsVersion",
    "BrowserRunDevtools",
    "BrowserRunLimits",
    "BrowserRunLiveView",
    "BrowserRunLiveViewMode",
    "BrowserRunLiveViewSettings",
    "BrowserRunSession",
    "BrowserRunTargetActionResult",
    "connected",
    "json_of",
    "session_id_of",
    "session_of",
    "settings_of",
    "targets_of",
]

BrowserRunLiveViewMode: TypeAlias = Literal["devtools", "tab", "full"]


class BrowserRunAcquireGuardrails(TypedDict, total=False):
    """Where a session may go. JS: BrowserRunAcquireGuardrails."""

    allowed_domains: list[str]
    allowed_domain_sets: list[str]


class BrowserRunConnectionGuardrails(TypedDict):
    """What who looks on may do. JS: BrowserRunConnectionGuardrails."""

    mode: Literal["readonly"]


class BrowserRunLiveViewSettings(TypedDict):
    """How a live view was made."""

    mode: BrowserRunLiveViewMode
    guardrails: BrowserRunConnectionGuardrails | None


class BrowserRunDevToolsTarget(NamedTuple):
    """A page, or a worker, in a browser. JS: BrowserRunDevToolsTarget."""

    id: str
    type: str
    url: str
    title: str | None
    description: str | None
    web_socket_debugger_url: str | None
    devtools_frontend_url: str | None


class BrowserRunAcquireResult(NamedTuple):
    """A new session; ``targets`` if they were asked for. JS: BrowserRunAcquireResult."""

    session_id: str
    targets: list[BrowserRunDevToolsTarget] | None


class BrowserRunConnection(NamedTuple):
    """A session and a way into it: ``web_socket.fetch`` with ``Upgrade: websocket`` speaks the
    DevTools protocol. JS: BrowserRunConnection."""

    session_id: str
    web_socket: Fetcher
    targets: list[BrowserRunDevToolsTarget] | None


class BrowserRunLiveView(NamedTuple):
    """Where a session can be looked at. JS: BrowserRunLiveView."""

    web_socket_debugger_url: str
    devtools_frontend_url: str
    id: str
    options: BrowserRunLiveViewSettings


class BrowserRunSession(NamedTuple):
    """A session that is, or was. JS: BrowserRunSession."""

    session_id: str
    start_time: datetime | None
    end_time: datetime | None
    close_reason: int | None
    close_reason_text: str | None
    connection_id: str | None
    connection_start_time: datetime | None
    connection_end_time: datetime | None
    last_updated: datetime | None
    web_socket_debugger_url: str | None
    devtools_frontend_url: str | None


class BrowserRunActiveSession(NamedTuple):
    """A session that is open."""

    id: str


class BrowserRunLimits(NamedTuple):
    """What the account may still do; the wait for the next session is in milliseconds.

    JS: BrowserRunLimits.
    """

    active_sessions: list[BrowserRunActiveSession]
    max_concurrent_sessions: int
    allowed_browser_acquisitions: int
    time_until_next_allowed_browser_acquisition: int
    used_browser_time_seconds: float | None


class BrowserRunCloseSessionResult(NamedTuple):
    """JS: BrowserRunCloseSessionResult."""

    status: Literal["closing", "closed"]


class BrowserRunTargetActionResult(NamedTuple):
    """JS: BrowserRunTargetActionResult."""

    message: str


class BrowserRunDevToolsVersion(NamedTuple):
    """Which browser it is. JS: BrowserRunDevToolsVersion."""

    browser: str
    protocol_version: str
    user_agent: str
    v8_version: str
    webkit_version: str
    web_socket_debugger_url: str


class BrowserRunDevToolsProtocol(TypedDict, total=False):
    """What the DevTools protocol can say, in its own words. JS: BrowserRunDevToolsProtocol."""

    domains: list[dict[str, Any]]
    version: dict[str, str]


class BrowserRunDevtools(RemoteObject[Any]):
    """The pages ("targets") of sessions; WorkersError where the service refuses.

    JS: BrowserRunDevtools.
    """

    __slots__ = ()

    def __init__(self, devtools: Any) -> None:
        self._js = devtools

    async def get_version(self, session_id: str) -> BrowserRunDevToolsVersion:
        """JS: BrowserRunDevtools.getVersion."""
        found: dict[str, str] = from_js(await self._call("getVersion", session_id_of(session_id)))
        return BrowserRunDevToolsVersion(*(found[name] for name in _VERSION))

    async def get_protocol(self, session_id: str) -> BrowserRunDevToolsProtocol:
        """JS: BrowserRunDevtools.getProtocol."""
        found: BrowserRunDevToolsProtocol = from_js(
            await self._call("getProtocol", session_id_of(session_id))
        )
        return found

    async def list_targets(
        self, session_id: str, *, live_view_url_expires_in_ms: int | None = None
    ) -> list[BrowserRunDevToolsTarget]:
        """The pages of a session. JS: BrowserRunDevtools.listTargets."""
        ready = json_of(js_options({"live_view_url_expires_in_ms": live_view_url_expires_in_ms}))
        return targets_of(
            from_js(await self._call("listTargets", session_id_of(session_id), ready))
        )

    async def get_target(self, session_id: str, target_id: str) -> BrowserRunDevToolsTarget:
        """JS: BrowserRunDevtools.getTarget."""
        args = (session_id_of(session_id), text(target_id, "target_id"))
        return named_tuple(BrowserRunDevToolsTarget, from_js(await self._call("getTarget", *args)))

    async def new_target(
        self,
        session_id: str,
        url: str | None = None,
        *,
        live_view_url_expires_in_ms: int | None = None,
    ) -> BrowserRunDevToolsTarget:
        """Open a page, an empty one unless ``url`` is given. JS: BrowserRunDevtools.newTarget."""
        ready = json_of(js_options({"live_view_url_expires_in_ms": live_view_url_expires_in_ms}))
        address = "about:blank" if url is None else text(url, "url")
        found = await self._call("newTarget", session_id_of(session_id), address, ready)
        return named_tuple(BrowserRunDevToolsTarget, from_js(found))

    async def activate_target(
        self, session_id: str, target_id: str
    ) -> BrowserRunTargetActionResult:
        """Bring a page to the front. JS: BrowserRunDevtools.activateTarget."""
        args = (session_id_of(session_id), text(target_id, "target_id"))
        found = await self._call("activateTarget", *args)
        return named_tuple(BrowserRunTargetActionResult, from_js(found))

    async def close_target(self, session_id: str, target_id: str) -> BrowserRunTargetActionResult:
        """Close a page. JS: BrowserRunDevtools.closeTarget."""
        args = (session_id_of(session_id), text(target_id, "target_id"))
        found = await self._call("closeTarget", *args)
        return named_tuple(BrowserRunTargetActionResult, from_js(found))


_VERSION = (
    "Browser",
    "Protocol-Version",
    "User-Agent",
    "V8-Version",
    "WebKit-Version",
    "webSocketDebuggerUrl",
)


def json_of(options: dict[str, Any]) -> Any:
    return from_json(dumps(options, "options"))


def session_id_of(given: Any) -> str:
    return text(given, "session_id")


def targets_of(found: Any) -> list[BrowserRunDevToolsTarget]:
    return [named_tuple(BrowserRunDevToolsTarget, target) for target in found]


def settings_of(found: Any) -> BrowserRunLiveViewSettings:
    return {"mode": found["mode"], "guardrails": found.get("guardrails")}


def session_of(found: Any) -> BrowserRunSession:
    return named_tuple(
        BrowserRunSession,
        found,
        start_time=from_ms,
        end_time=from_ms,
        connection_start_time=from_ms,
        connection_end_time=from_ms,
        last_updated=from_ms,
    )


def connected(found: Any) -> BrowserRunConnection:
    targets = from_js(prop(found, "targets"))
    return BrowserRunConnection(
        from_js(prop(found, "sessionId")),
        Fetcher(raw(prop(found, "webSocket"))),
        None if targets is None else targets_of(targets),
    )
