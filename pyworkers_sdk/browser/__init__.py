"""Browser Rendering: pages in a real browser, and browser sessions: ``Browser``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, overload

from .._border import binding, text, to_js
from .._border.rpc import member
from .._options import js_bag, js_options, json_of, list_of, named_tuple
from .._remote_object import RemoteObject
from ..errors import ConversionError
from ..http import Request, Response, send
from . import quick_actions as actions
from .sessions import (
    BrowserRunAcquireGuardrails,
    BrowserRunAcquireResult,
    BrowserRunActiveSession,
    BrowserRunCloseSessionResult,
    BrowserRunConnectionGuardrails,
    BrowserRunDevtools,
    BrowserRunLimits,
    BrowserRunLiveView,
    to_connection,
    to_session,
    to_settings,
    to_targets,
)

if TYPE_CHECKING:
    from typing import Unpack

    from .. import _js
    from .._http_body import BodyInit
    from ..abort import AbortSignal
    from ..headers import HeadersInit
    from ..services import Fetcher
    from .sessions import BrowserRunConnection, BrowserRunLiveViewMode, BrowserRunSession

__all__ = ["Browser"]


class Browser(RemoteObject[Any]):
    """The browser binding: ``Browser(env.BROWSER)``. ::

        response = await browser.quick_action("screenshot", url="https://example.com")
        return Response(response.body, headers={"content-type": "image/png"})

    Every method raises WorkersError if the service refuses the request.

    Not available in local runtimes: the fake follows Cloudflare's documentation and has not been
    verified against the service.

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
        """Send an HTTP request to the service, as libraries for browsers do.

        JS: BrowserRun.fetch.
        """
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
        **options: Unpack[actions.BrowserRunScreenshotOptions],
    ) -> Response: ...
    @overload
    async def quick_action(
        self, action: Literal["pdf"], **options: Unpack[actions.BrowserRunPDFOptions]
    ) -> Response: ...
    @overload
    async def quick_action(
        self,
        action: Literal["content", "markdown"],
        **options: Unpack[actions.BrowserRunCommonOptions],
    ) -> Response: ...
    @overload
    async def quick_action(
        self, action: Literal["scrape"], **options: Unpack[actions.BrowserRunScrapeOptions]
    ) -> Response: ...
    @overload
    async def quick_action(
        self, action: Literal["links"], **options: Unpack[actions.BrowserRunLinksOptions]
    ) -> Response: ...
    @overload
    async def quick_action(
        self, action: Literal["snapshot"], **options: Unpack[actions.BrowserRunSnapshotOptions]
    ) -> Response: ...
    @overload
    async def quick_action(
        self, action: Literal["json"], **options: Unpack[actions.BrowserRunJsonOptions]
    ) -> Response: ...
    @overload
    async def quick_action(
        self,
        action: Literal["accessibilityTree"],
        **options: Unpack[actions.BrowserRunAccessibilityTreeOptions],
    ) -> Response: ...
    async def quick_action(self, action: str, **options: Any) -> Response:
        """Load a page, and perform one action on it.

        "screenshot" and "pdf" return a file, the other actions JSON:
        ``await response.json(BrowserRunLinksSuccessResponse)``. An error is a response too; check
        ``response.ok``, and load it as BrowserRunErrorResponse. The types of responses and options
        are in ``pyworkers_sdk.browser.quick_actions``.

        Args:
            action: The name of the action.
            options: Either ``url`` or ``html``, and the options of the action.

        Raises:
            ConversionError: The action or a key of an option is unknown.
            TypeError: An option is unknown.

        JS: BrowserRun.quickAction.
        """
        options_type = QUICK_ACTIONS.get(action)
        if options_type is None:
            from .._spelling import did_you_mean  # only errors need it

            known = ", ".join(QUICK_ACTIONS)
            hint = did_you_mean(action, QUICK_ACTIONS)
            raise ConversionError(f"action: expected one of {known}, got {action!r}{hint}")
        for name in options:
            if name not in options_type.__annotations__:
                from .._spelling import did_you_mean  # only errors need it

                hint = did_you_mean(name, options_type.__annotations__)
                raise TypeError(f"quick_action({action!r}): unknown option {name!r}{hint}")
        js = json_of(js_bag(options, options_type, "options", _INNER))
        return Response.from_js(await self._call("quickAction", action, js))

    async def acquire(
        self,
        *,
        keep_alive: int | timedelta | None = None,
        recording: bool | None = None,
        location: str | None = None,
        outbound_by_host: Mapping[str, Fetcher] | None = None,
        guardrails: BrowserRunAcquireGuardrails | None = None,
        targets: bool | None = None,
        live_view_url_expires_in_ms: int | timedelta | None = None,
    ) -> BrowserRunAcquireResult:
        """Start a session.

        Args:
            keep_alive: The time without use after which the session ends, as a timedelta or in ms.
            recording: Record the session.
            location: The location of the browser.
            outbound_by_host: Services that answer requests to these hosts, in place of the network.
            guardrails: The domains that the session may visit.
            targets: Return the pages of the session.
            live_view_url_expires_in_ms: The lifetime of live view URLs, as a timedelta or in ms.

        JS: BrowserRun.acquire.
        """
        options = _acquire_options(
            keep_alive=keep_alive,
            recording=recording,
            location=location,
            outbound_by_host=outbound_by_host,
            guardrails=guardrails,
            targets=targets,
            live_view_url_expires_in_ms=live_view_url_expires_in_ms,
        )
        session = await self._ask("acquire", options)
        return named_tuple(BrowserRunAcquireResult, session, targets=to_targets)

    async def launch(
        self,
        *,
        keep_alive: int | timedelta | None = None,
        recording: bool | None = None,
        location: str | None = None,
        outbound_by_host: Mapping[str, Fetcher] | None = None,
        guardrails: BrowserRunAcquireGuardrails | None = None,
        targets: bool | None = None,
        live_view_url_expires_in_ms: int | timedelta | None = None,
    ) -> BrowserRunConnection:
        """Start a session and connect to it.

        Args:
            keep_alive: The time without use after which the session ends, as a timedelta or in ms.
            recording: Record the session.
            location: The location of the browser.
            outbound_by_host: Services that answer requests to these hosts, in place of the network.
            guardrails: The domains that the session may visit.
            targets: Return the pages of the session.
            live_view_url_expires_in_ms: The lifetime of live view URLs, as a timedelta or in ms.

        JS: BrowserRun.launch.
        """
        options = _acquire_options(
            keep_alive=keep_alive,
            recording=recording,
            location=location,
            outbound_by_host=outbound_by_host,
            guardrails=guardrails,
            targets=targets,
            live_view_url_expires_in_ms=live_view_url_expires_in_ms,
        )
        return to_connection(await self._call("launch", options))

    async def connect_session(
        self, session_id: str, *, target_id: str | None = None
    ) -> BrowserRunConnection:
        """Connect to a session, or to one page of it. JS: BrowserRun.connectSession."""
        options = json_of(js_options({"target_id": target_id}))
        args = (text(session_id, "session_id"), options)
        return to_connection(await self._call("connectSession", *args))

    async def get_live_view(
        self,
        session_id: str,
        *,
        mode: BrowserRunLiveViewMode | None = None,
        target_id: str | None = None,
        expires_in_ms: int | timedelta | None = None,
        guardrails: BrowserRunConnectionGuardrails | None = None,
    ) -> BrowserRunLiveView:
        """Return URLs at which a running session can be viewed.

        Args:
            session_id: The id of the session.
            mode: The kind of view: "devtools", "tab" or "full".
            target_id: The page to view.
            expires_in_ms: The lifetime of the URLs, as a timedelta or in ms.
            guardrails: The restrictions for viewers.

        JS: BrowserRun.getLiveView.
        """
        options = {
            "mode": mode,
            "target_id": target_id,
            "expires_in_ms": expires_in_ms,
            "guardrails": guardrails
            and js_bag(guardrails, BrowserRunConnectionGuardrails, "guardrails"),
        }
        args = (text(session_id, "session_id"), json_of(js_options(options)))
        view = await self._ask("getLiveView", *args)
        return named_tuple(BrowserRunLiveView, view, options=to_settings)

    async def list_sessions(
        self, *, limit: int | None = None, offset: int | None = None
    ) -> list[BrowserRunSession]:
        """List the open sessions. JS: BrowserRun.listSessions."""
        return await self._sessions("listSessions", limit, offset)

    async def history(
        self, *, limit: int | None = None, offset: int | None = None
    ) -> list[BrowserRunSession]:
        """List open and closed sessions, newest first. JS: BrowserRun.history."""
        return await self._sessions("history", limit, offset)

    async def limits(self) -> BrowserRunLimits:
        """Return the limits of the account and their use. JS: BrowserRun.limits."""
        limits = await self._ask("limits")
        return named_tuple(BrowserRunLimits, limits, active_sessions=list_of(_active_session))

    async def get_session(self, session_id: str) -> BrowserRunSession | None:
        """Return a session, or None if it is missing. JS: BrowserRun.getSession."""
        session = await self._ask("getSession", text(session_id, "session_id"))
        return None if session is None else to_session(session)

    async def close_session(self, session_id: str) -> BrowserRunCloseSessionResult:
        """Close a session. JS: BrowserRun.closeSession."""
        result = await self._ask("closeSession", text(session_id, "session_id"))
        return named_tuple(BrowserRunCloseSessionResult, result)

    async def script(
        self,
        code: str,
        *,
        library: Literal["playwright", "puppeteer"] | None = None,
        timeout: int | timedelta | None = None,  # noqa: ASYNC109
        keep_alive: int | timedelta | None = None,
        lab: bool | None = None,
        recording: bool | None = None,
    ) -> Response:
        """Run a JavaScript script in a new session.

        The JSON of the response is a BrowserRunScriptSuccessResponse.

        Args:
            code: The script.
            library: The library that the script uses.
            timeout: The time limit of the script, as a timedelta or in ms.
            keep_alive: The time without use after which the session ends, as a timedelta or in ms.
            lab: The option ``lab`` of the service.
            recording: Record the session.

        JS: BrowserRun.script.
        """
        options = {
            "library": library,
            "timeout": timeout,
            "keep_alive": keep_alive,
            "lab": lab,
            "recording": recording,
        }
        args = (text(code, "code"), json_of(js_options(options)))
        return Response.from_js(await self._call("script", *args))

    async def script_in_session(
        self,
        session_id: str,
        code: str,
        *,
        library: Literal["playwright", "puppeteer"] | None = None,
        timeout: int | timedelta | None = None,  # noqa: ASYNC109
        target_id: str | None = None,
    ) -> Response:
        """Run a JavaScript script in an open session.

        The JSON of the response is a BrowserRunScriptSuccessResponse.

        Args:
            session_id: The id of the session.
            code: The script.
            library: The library that the script uses.
            timeout: The time limit of the script, as a timedelta or in ms.
            target_id: The page that the script runs in.

        JS: BrowserRun.scriptInSession.
        """
        options = {"library": library, "timeout": timeout, "target_id": target_id}
        args = (text(session_id, "session_id"), text(code, "code"), json_of(js_options(options)))
        return Response.from_js(await self._call("scriptInSession", *args))

    @property
    def devtools(self) -> BrowserRunDevtools:
        """The pages ("targets") of sessions. JS: BrowserRun.devtools."""
        return BrowserRunDevtools(member(self._js, "devtools"))

    async def _sessions(
        self, method: str, limit: int | None, offset: int | None
    ) -> list[BrowserRunSession]:
        options = json_of(js_options({"limit": limit, "offset": offset}))
        return list_of(to_session)(await self._ask(method, options))


# The options of each quick action; the fake reads it too.
QUICK_ACTIONS: dict[str, Any] = {
    "screenshot": actions.BrowserRunScreenshotOptions,
    "pdf": actions.BrowserRunPDFOptions,
    "content": actions.BrowserRunCommonOptions,
    "scrape": actions.BrowserRunScrapeOptions,
    "links": actions.BrowserRunLinksOptions,
    "snapshot": actions.BrowserRunSnapshotOptions,
    "json": actions.BrowserRunJsonOptions,
    "markdown": actions.BrowserRunCommonOptions,
    "accessibilityTree": actions.BrowserRunAccessibilityTreeOptions,
}


def _bag_of(bag_type: type[Any], inner: Any = None) -> Callable[[Any, str], Any]:
    return lambda options, place: js_bag(options, bag_type, place, inner)


def _bags_of(bag_type: type[Any]) -> Callable[[Any, str], Any]:
    def convert(items: Any, place: str) -> Any:
        return [js_bag(item, bag_type, f"{place}[{index}]") for index, item in enumerate(items)]

    return convert


_INNER = {
    "add_script_tag": _bags_of(actions.ScriptTag),
    "add_style_tag": _bags_of(actions.StyleTag),
    "authenticate": _bag_of(actions.Credentials),
    "cookies": _bags_of(actions.CookieParam),
    "custom_ai": _bags_of(actions.CustomAI),
    "elements": _bags_of(actions.ScrapeElement),
    "goto_options": _bag_of(actions.GotoOptions),
    "pdf_options": _bag_of(actions.PDFOptions, {"margin": _bag_of(actions.Margin)}),
    "screenshot_options": _bag_of(
        actions.BrowserRunPuppeteerScreenshotOptions, {"clip": _bag_of(actions.Clip)}
    ),
    "viewport": _bag_of(actions.Viewport),
    "wait_for_selector": _bag_of(actions.WaitForSelector),
}


def _acquire_options(
    *,
    outbound_by_host: Mapping[str, Fetcher] | None,
    guardrails: BrowserRunAcquireGuardrails | None,
    **options: Any,
) -> Any:
    js = js_options(options)
    if outbound_by_host is not None:  # its keys are hosts, not names to convert
        js["outboundByHost"] = dict(outbound_by_host)
    if guardrails is not None:
        js["guardrails"] = js_bag(guardrails, BrowserRunAcquireGuardrails, "guardrails")
    # No JSON: a service in outboundByHost is a live object.
    return to_js(js, "options")


def _active_session(session: Any) -> BrowserRunActiveSession:
    return named_tuple(BrowserRunActiveSession, session)
