"""``Browser``: pages loaded in a real browser, and sessions of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, overload

from .._border import binding, from_js, text, to_js
from .._border.rpc import member
from .._options import js_bag, js_options, list_of, named_tuple
from .._remote_object import RemoteObject
from ..errors import ConversionError
from ..http import Request, Response, send
from . import quick_actions as said
from .sessions import (
    BrowserRunAcquireGuardrails,
    BrowserRunAcquireResult,
    BrowserRunActiveSession,
    BrowserRunCloseSessionResult,
    BrowserRunConnectionGuardrails,
    BrowserRunDevtools,
    BrowserRunLimits,
    BrowserRunLiveView,
    connected,
    json_of,
    session_id_of,
    session_of,
    settings_of,
    targets_of,
)

if TYPE_CHECKING:
    from typing import Unpack

    from .. import _js
    from .._http_body import BodyInit
    from ..abort import AbortSignal
    from ..headers import HeadersInit
    from ..services import Fetcher
    from .sessions import BrowserRunConnection, BrowserRunLiveViewMode, BrowserRunSession

__all__ = ["QUICK_ACTIONS", "Browser"]


class Browser(RemoteObject[Any]):
    """The browser binding: ``Browser(env.BROWSER)``. ::

        response = await browser.quick_action("screenshot", url="https://example.com")
        return Response(response.body, headers={"content-type": "image/png"})

    Every method raises WorkersError where the service refuses.
    No local runtime has it: what is said of the service is its documentation's, and was not seen.

    JS: BrowserRun.
    """

    __slots__ = ()

    def __init__(self, browser: _js.BrowserRun) -> None:
        self._js = binding(browser, "Browser", "fetch")

    async def fetch(
        self,
        resource: str | Request,
        *,
        method: str | None = None,
        headers: HeadersInit | None = None,
        body: BodyInit | None = None,
        redirect: Literal["follow", "manual"] | None = None,
        cf: dict[str, Any] | None = None,
        signal: AbortSignal | None = None,
    ) -> Response:
        """Speak to the service by HTTP, as libraries for browsers do. JS: BrowserRun.fetch."""
        return await send(
            self._js.fetch,
            resource,
            method=method,
            headers=headers,
            body=body,
            redirect=redirect,
            cf=cf,
            signal=signal,
        )

    @overload
    async def quick_action(
        self,
        action: Literal["screenshot"],
        **options: Unpack[said.BrowserRunScreenshotOptions],
    ) -> Response: ...
    @overload
    async def quick_action(
        self, action: Literal["pdf"], **options: Unpack[said.BrowserRunPDFOptions]
    ) -> Response: ...
    @overload
    async def quick_action(
        self,
        action: Literal["content", "markdown"],
        **options: Unpack[said.BrowserRunCommonOptions],
    ) -> Response: ...
    @overload
    async def quick_action(
        self, action: Literal["scrape"], **options: Unpack[said.BrowserRunScrapeOptions]
    ) -> Response: ...
    @overload
    async def quick_action(
        self, action: Literal["links"], **options: Unpack[said.BrowserRunLinksOptions]
    ) -> Response: ...
    @overload
    async def quick_action(
        self, action: Literal["snapshot"], **options: Unpack[said.BrowserRunSnapshotOptions]
    ) -> Response: ...
    @overload
    async def quick_action(
        self, action: Literal["json"], **options: Unpack[said.BrowserRunJsonOptions]
    ) -> Response: ...
    @overload
    async def quick_action(
        self,
        action: Literal["accessibilityTree"],
        **options: Unpack[said.BrowserRunAccessibilityTreeOptions],
    ) -> Response: ...
    async def quick_action(self, action: str, **options: Any) -> Response:
        """Load a page, of ``url`` or of ``html``, and do one thing with it.

        "screenshot" and "pdf" answer with the file, the others with JSON: ``await
        response.json(BrowserRunLinksSuccessResponse)``; those types, and the options of each
        action, are in ``pyworkers_sdk.browser_options``. An error is an answer too: see
        ``response.ok`` and BrowserRunErrorResponse. JS: BrowserRun.quickAction.
        """
        kind = QUICK_ACTIONS.get(action)
        if kind is None:
            raise ConversionError(f"action: no {action!r}; there are {', '.join(QUICK_ACTIONS)}")
        for name in options:
            if name not in kind.__annotations__:
                raise TypeError(f"quick_action({action!r}) has no option {name!r}")
        ready = json_of(js_bag(options, kind, "options", _INNER))
        return Response.from_js(await self._call("quickAction", action, ready))

    async def acquire(
        self,
        *,
        keep_alive: int | None = None,
        recording: bool | None = None,
        location: str | None = None,
        outbound_by_host: Mapping[str, Fetcher] | None = None,
        guardrails: BrowserRunAcquireGuardrails | None = None,
        targets: bool | None = None,
        live_view_url_expires_in_ms: int | None = None,
    ) -> BrowserRunAcquireResult:
        """Start a session; it ends after ``keep_alive`` milliseconds without a use.

        ``outbound_by_host`` are services that answer for hosts in place of the network.
        JS: BrowserRun.acquire.
        """
        ready = _acquired(
            keep_alive,
            recording,
            location,
            outbound_by_host,
            guardrails,
            targets,
            live_view_url_expires_in_ms,
        )
        found = from_js(await self._call("acquire", ready))
        return named_tuple(BrowserRunAcquireResult, found, targets=targets_of)

    async def launch(
        self,
        *,
        keep_alive: int | None = None,
        recording: bool | None = None,
        location: str | None = None,
        outbound_by_host: Mapping[str, Fetcher] | None = None,
        guardrails: BrowserRunAcquireGuardrails | None = None,
        targets: bool | None = None,
        live_view_url_expires_in_ms: int | None = None,
    ) -> BrowserRunConnection:
        """Start a session and connect to it; the options are those of ``acquire``.

        JS: BrowserRun.launch.
        """
        ready = _acquired(
            keep_alive,
            recording,
            location,
            outbound_by_host,
            guardrails,
            targets,
            live_view_url_expires_in_ms,
        )
        return connected(await self._call("launch", ready))

    async def connect_session(
        self, session_id: str, *, target_id: str | None = None
    ) -> BrowserRunConnection:
        """Connect to a session, or to one page in it. JS: BrowserRun.connectSession."""
        ready = json_of(js_options({"target_id": target_id}))
        return connected(await self._call("connectSession", session_id_of(session_id), ready))

    async def get_live_view(
        self,
        session_id: str,
        *,
        mode: BrowserRunLiveViewMode | None = None,
        target_id: str | None = None,
        expires_in_ms: int | None = None,
        guardrails: BrowserRunConnectionGuardrails | None = None,
    ) -> BrowserRunLiveView:
        """Where somebody can look at a session as it goes on. JS: BrowserRun.getLiveView."""
        options = {
            "mode": mode,
            "target_id": target_id,
            "expires_in_ms": expires_in_ms,
            "guardrails": guardrails
            and js_bag(guardrails, BrowserRunConnectionGuardrails, "guardrails"),
        }
        found = from_js(
            await self._call("getLiveView", session_id_of(session_id), json_of(js_options(options)))
        )
        return named_tuple(BrowserRunLiveView, found, options=settings_of)

    async def list_sessions(
        self, *, limit: int | None = None, offset: int | None = None
    ) -> list[BrowserRunSession]:
        """The sessions that are open. JS: BrowserRun.listSessions."""
        return await self._sessions("listSessions", limit, offset)

    async def history(
        self, *, limit: int | None = None, offset: int | None = None
    ) -> list[BrowserRunSession]:
        """The sessions that were, the newest first. JS: BrowserRun.history."""
        return await self._sessions("history", limit, offset)

    async def limits(self) -> BrowserRunLimits:
        """What the account may still do. JS: BrowserRun.limits."""
        found = from_js(await self._call("limits"))
        return named_tuple(BrowserRunLimits, found, active_sessions=list_of(_active))

    async def get_session(self, session_id: str) -> BrowserRunSession | None:
        """A session, or None where there is none of that id. JS: BrowserRun.getSession."""
        found = from_js(await self._call("getSession", session_id_of(session_id)))
        return None if found is None else session_of(found)

    async def close_session(self, session_id: str) -> BrowserRunCloseSessionResult:
        """End a session. JS: BrowserRun.closeSession."""
        found = from_js(await self._call("closeSession", session_id_of(session_id)))
        return named_tuple(BrowserRunCloseSessionResult, found)

    async def script(
        self,
        code: str,
        *,
        library: Literal["playwright", "puppeteer"] | None = None,
        timeout: int | None = None,  # noqa: ASYNC109
        keep_alive: int | None = None,
        lab: bool | None = None,
        recording: bool | None = None,
    ) -> Response:
        """Run a script, in JavaScript, in a new session; times are in milliseconds.

        The answer's JSON is a BrowserRunScriptSuccessResponse. JS: BrowserRun.script.
        """
        options = {
            "library": library,
            "timeout": timeout,
            "keep_alive": keep_alive,
            "lab": lab,
            "recording": recording,
        }
        ready = json_of(js_options(options))
        return Response.from_js(await self._call("script", text(code, "code"), ready))

    async def script_in_session(
        self,
        session_id: str,
        code: str,
        *,
        library: Literal["playwright", "puppeteer"] | None = None,
        timeout: int | None = None,  # noqa: ASYNC109
        target_id: str | None = None,
    ) -> Response:
        """Run a script in a session that is open. JS: BrowserRun.scriptInSession."""
        options = {"library": library, "timeout": timeout, "target_id": target_id}
        ready = json_of(js_options(options))
        args = (session_id_of(session_id), text(code, "code"), ready)
        return Response.from_js(await self._call("scriptInSession", *args))

    @property
    def devtools(self) -> BrowserRunDevtools:
        """The pages of sessions. JS: BrowserRun.devtools."""
        return BrowserRunDevtools(member(self._js, "devtools"))

    async def _sessions(
        self, method: str, limit: int | None, offset: int | None
    ) -> list[BrowserRunSession]:
        ready = json_of(js_options({"limit": limit, "offset": offset}))
        return list_of(session_of)(from_js(await self._call(method, ready)))


QUICK_ACTIONS: dict[str, Any] = {
    "screenshot": said.BrowserRunScreenshotOptions,
    "pdf": said.BrowserRunPDFOptions,
    "content": said.BrowserRunCommonOptions,
    "scrape": said.BrowserRunScrapeOptions,
    "links": said.BrowserRunLinksOptions,
    "snapshot": said.BrowserRunSnapshotOptions,
    "json": said.BrowserRunJsonOptions,
    "markdown": said.BrowserRunCommonOptions,
    "accessibilityTree": said.BrowserRunAccessibilityTreeOptions,
}


def _of(kind: type[Any], inner: Any = None) -> Callable[[Any, str], Any]:
    return lambda given, name: js_bag(given, kind, name, inner)


def _list_of(kind: type[Any]) -> Callable[[Any, str], Any]:
    def ready(given: Any, name: str) -> Any:
        return [js_bag(item, kind, f"{name}[{at}]") for at, item in enumerate(given)]

    return ready


_INNER = {
    "add_script_tag": _list_of(said.ScriptTag),
    "add_style_tag": _list_of(said.StyleTag),
    "authenticate": _of(said.Credentials),
    "cookies": _list_of(said.CookieParam),
    "custom_ai": _list_of(said.CustomAI),
    "elements": _list_of(said.ScrapeElement),
    "goto_options": _of(said.GotoOptions),
    "pdf_options": _of(said.PDFOptions, {"margin": _of(said.Margin)}),
    "screenshot_options": _of(said.BrowserRunPuppeteerScreenshotOptions, {"clip": _of(said.Clip)}),
    "viewport": _of(said.Viewport),
    "wait_for_selector": _of(said.WaitForSelector),
}


def _acquired(
    keep_alive: int | None,
    recording: bool | None,
    location: str | None,
    outbound_by_host: Mapping[str, Fetcher] | None,
    guardrails: BrowserRunAcquireGuardrails | None,
    targets: bool | None,
    live_view_url_expires_in_ms: int | None,
) -> Any:
    options = js_options(
        {
            "keep_alive": keep_alive,
            "recording": recording,
            "location": location,
            "targets": targets,
            "live_view_url_expires_in_ms": live_view_url_expires_in_ms,
        }
    )
    if outbound_by_host is not None:
        options["outboundByHost"] = dict(outbound_by_host)
    if guardrails is not None:
        options["guardrails"] = js_bag(guardrails, BrowserRunAcquireGuardrails, "guardrails")
    return to_js(options, "options")


def _active(found: Any) -> BrowserRunActiveSession:
    return named_tuple(BrowserRunActiveSession, found)
