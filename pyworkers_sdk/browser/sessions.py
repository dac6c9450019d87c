"""Browser sessions and the pages in them: ``BrowserRunDevtools``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, TypeAlias, TypedDict

from .._border import from_js, prop, raw, text
from .._options import js_options, json_of, list_of, named_tuple
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
]

BrowserRunLiveViewMode: TypeAlias = Literal["devtools", "tab", "full"]
"""The kind of a live view."""


class BrowserRunAcquireGuardrails(TypedDict, total=False):
    """The domains that a session may visit. JS: BrowserRunAcquireGuardrails."""

    allowed_domains: list[str]
    allowed_domain_sets: list[str]


class BrowserRunConnectionGuardrails(TypedDict):
    """The restrictions for viewers of a live session. JS: BrowserRunConnectionGuardrails."""

    mode: Literal["readonly"]


class BrowserRunLiveViewSettings(TypedDict):
    """The settings of a live view."""

    mode: BrowserRunLiveViewMode
    guardrails: BrowserRunConnectionGuardrails | None


class BrowserRunDevToolsTarget(NamedTuple):
    """A page or a worker in a browser. JS: BrowserRunDevToolsTarget."""

    id: str
    type: str
    url: str
    title: str | None
    description: str | None
    web_socket_debugger_url: str | None
    devtools_frontend_url: str | None


class BrowserRunAcquireResult(NamedTuple):
    """A new session. JS: BrowserRunAcquireResult."""

    session_id: str
    targets: list[BrowserRunDevToolsTarget] | None
    """The pages of the session, if ``targets=True`` was passed."""


class BrowserRunConnection(NamedTuple):
    """A connection to a session. JS: BrowserRunConnection."""

    session_id: str
    web_socket: Fetcher
    """A service whose ``fetch`` with ``Upgrade: websocket`` opens a DevTools connection."""
    targets: list[BrowserRunDevToolsTarget] | None
    """The pages of the session, if ``targets=True`` was passed."""


class BrowserRunLiveView(NamedTuple):
    """The URLs of a live view. JS: BrowserRunLiveView."""

    web_socket_debugger_url: str
    devtools_frontend_url: str
    id: str
    options: BrowserRunLiveViewSettings


class BrowserRunSession(NamedTuple):
    """A session, open or closed. JS: BrowserRunSession."""

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
    """An open session."""

    id: str


class BrowserRunLimits(NamedTuple):
    """The limits of the account, and their use. JS: BrowserRunLimits."""

    active_sessions: list[BrowserRunActiveSession]
    max_concurrent_sessions: int
    allowed_browser_acquisitions: int
    time_until_next_allowed_browser_acquisition: int
    """The time until the next session may start, in milliseconds."""
    used_browser_time_seconds: float | None
    """The time for which browsers were used, in seconds."""


class BrowserRunCloseSessionResult(NamedTuple):
    """The result of closing a session. JS: BrowserRunCloseSessionResult."""

    status: Literal["closing", "closed"]


class BrowserRunTargetActionResult(NamedTuple):
    """The result of an action on a page. JS: BrowserRunTargetActionResult."""

    message: str


class BrowserRunDevToolsVersion(NamedTuple):
    """The version of a browser. JS: BrowserRunDevToolsVersion."""

    browser: str
    protocol_version: str
    user_agent: str
    v8_version: str
    webkit_version: str
    web_socket_debugger_url: str


class BrowserRunDevToolsProtocol(TypedDict, total=False):
    """The description of the DevTools protocol. JS: BrowserRunDevToolsProtocol."""

    domains: list[dict[str, Any]]
    version: dict[str, str]


class BrowserRunDevtools(RemoteObject[Any]):
    """The pages ("targets") of sessions: ``browser.devtools``.

    Every method raises WorkersError if the service refuses the request. JS: BrowserRunDevtools.
    """

    __slots__ = ()

    def __init__(self, devtools: Any) -> None:
        self._js = devtools

    async def get_version(self, session_id: str) -> BrowserRunDevToolsVersion:
        """Return the version of a session's browser. JS: BrowserRunDevtools.getVersion."""
        version: dict[str, str] = await self._ask("getVersion", text(session_id, "session_id"))
        return BrowserRunDevToolsVersion(*(version[name] for name in _VERSION))

    async def get_protocol(self, session_id: str) -> BrowserRunDevToolsProtocol:
        """Return the description of the DevTools protocol. JS: BrowserRunDevtools.getProtocol."""
        protocol: BrowserRunDevToolsProtocol = await self._ask(
            "getProtocol", text(session_id, "session_id")
        )
        return protocol

    async def list_targets(
        self, session_id: str, *, live_view_url_expires_in_ms: int | timedelta | None = None
    ) -> list[BrowserRunDevToolsTarget]:
        """List the pages of a session.

        Args:
            session_id: The id of the session.
            live_view_url_expires_in_ms: The lifetime of live view URLs, as a timedelta or
                in milliseconds.

        JS: BrowserRunDevtools.listTargets.
        """
        options = json_of(js_options({"live_view_url_expires_in_ms": live_view_url_expires_in_ms}))
        return to_targets(await self._ask("listTargets", text(session_id, "session_id"), options))

    async def get_target(self, session_id: str, target_id: str) -> BrowserRunDevToolsTarget:
        """Return a page of a session. JS: BrowserRunDevtools.getTarget."""
        args = (text(session_id, "session_id"), text(target_id, "target_id"))
        return _to_target(await self._ask("getTarget", *args))

    async def new_target(
        self,
        session_id: str,
        url: str | None = None,
        *,
        live_view_url_expires_in_ms: int | timedelta | None = None,
    ) -> BrowserRunDevToolsTarget:
        """Open a page in a session.

        Args:
            session_id: The id of the session.
            url: The URL of the page; an empty page by default.
            live_view_url_expires_in_ms: The lifetime of live view URLs, as a timedelta or
                in milliseconds.

        JS: BrowserRunDevtools.newTarget.
        """
        options = json_of(js_options({"live_view_url_expires_in_ms": live_view_url_expires_in_ms}))
        # The method takes its options after the URL, so an empty page needs one too.
        address = "about:blank" if url is None else text(url, "url")
        args = (text(session_id, "session_id"), address, options)
        return _to_target(await self._ask("newTarget", *args))

    async def activate_target(
        self, session_id: str, target_id: str
    ) -> BrowserRunTargetActionResult:
        """Bring a page to the front. JS: BrowserRunDevtools.activateTarget."""
        args = (text(session_id, "session_id"), text(target_id, "target_id"))
        return named_tuple(BrowserRunTargetActionResult, await self._ask("activateTarget", *args))

    async def close_target(self, session_id: str, target_id: str) -> BrowserRunTargetActionResult:
        """Close a page. JS: BrowserRunDevtools.closeTarget."""
        args = (text(session_id, "session_id"), text(target_id, "target_id"))
        return named_tuple(BrowserRunTargetActionResult, await self._ask("closeTarget", *args))


# These names are not in camelCase: they come from Chrome's /json/version.
_VERSION = (
    "Browser",
    "Protocol-Version",
    "User-Agent",
    "V8-Version",
    "WebKit-Version",
    "webSocketDebuggerUrl",
)


# Conversions of answers, for this module and ``Browser`` -----------------------------------------


def _to_target(target: Any) -> BrowserRunDevToolsTarget:
    return named_tuple(BrowserRunDevToolsTarget, target)


to_targets: Callable[[Any], list[BrowserRunDevToolsTarget]] = list_of(_to_target)


def to_settings(settings: Any) -> BrowserRunLiveViewSettings:
    return {"mode": settings["mode"], "guardrails": settings.get("guardrails")}


def to_session(session: Any) -> BrowserRunSession:
    return named_tuple(
        BrowserRunSession,
        session,
        start_time=from_ms,
        end_time=from_ms,
        connection_start_time=from_ms,
        connection_end_time=from_ms,
        last_updated=from_ms,
    )


def to_connection(js_connection: Any) -> BrowserRunConnection:
    # The web socket is a live object, so the connection is read property by property.
    targets = from_js(prop(js_connection, "targets"))
    return BrowserRunConnection(
        from_js(prop(js_connection, "sessionId")),
        Fetcher(raw(prop(js_connection, "webSocket"))),
        None if targets is None else to_targets(targets),
    )
