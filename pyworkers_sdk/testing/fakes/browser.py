"""Browser Rendering with scripted answers: ``FakeBrowserRun``, and ``browser`` for its script.

Nothing of this fake was verified against the service; it follows Cloudflare's documentation. A
script answers quick actions and requests, in place of a browser. Sessions and their pages stay in
memory, and end only when they are closed.
"""

from __future__ import annotations

import json
import uuid
from base64 import b64encode
from collections.abc import Awaitable, Callable
from fnmatch import fnmatchcase
from inspect import isawaitable
from typing import Any, NamedTuple, TypeAlias

from ..._border import from_js, raw, web
from ..._cpython.js_exception import JsException
from ...browser import QUICK_ACTIONS, Browser
from ...http import Request, Response
from .._clock import Clock
from ..runtime.rpc import FakeStub
from ..runtime.scheduling import yields_to_others
from .image_headers import make_image

__all__ = ["BrowserCall", "BrowserScript", "FakeBrowserRun", "browser"]

Answer: TypeAlias = "Callable[[dict[str, Any]], Any] | Any"
Handler: TypeAlias = "Callable[[Request], Response | Awaitable[Response]]"

# Messages of the fake. The stand-in of the real worlds (tests/real/stand_ins/browser.mjs) has the
# same.
NEITHER_URL_NOR_HTML = "Provide url or html, one of the two"
SESSION_NOT_FOUND = "Session not found: {}"
TARGET_NOT_FOUND = "Target not found: {}"
TARGET_ACTIVATED = "Target activated"
TARGET_CLOSING = "Target is closing"

# The default size of a page, and the number of sessions that may be open, as documented.
VIEWPORT = {"width": 1920, "height": 1080}
MAX_SESSIONS = 10

# The smallest file that readers accept as a PDF with one empty page.
_PDF = b"""\
%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>endobj
trailer<</Root 1 0 R>>
%%EOF
"""


class BrowserCall(NamedTuple):
    """A call of a quick action, "script" or "scriptInSession".

    The options have their JavaScript names. For a script they include its ``code``.
    """

    action: str
    options: dict[str, Any]


class BrowserScript:
    """The script of one binding, returned by ``browser``."""

    def __init__(self) -> None:
        self.calls: list[BrowserCall] = []
        """The calls so far, oldest first."""
        self._rules: list[tuple[str, str, Answer]] = []
        self.handler: Handler | None = None

    def on(self, action: str, answer: Answer, *, url: str = "*") -> None:
        """Set the answer of an action for pages whose URLs match.

        If several rules match a call, the last one counts.

        Args:
            action: The name of a quick action, "script" or "scriptInSession".
            answer: The ``result`` in the JSON of the response; ``bytes`` of a file; a ``Response``,
                returned unchanged; or a function of the options, async or not, that returns one of
                them.
            url: A pattern such as ``"https://example.com/*"``.

        Raises:
            ValueError: The action is unknown.
        """
        if action not in (known := (*QUICK_ACTIONS, "script", "scriptInSession")):
            raise ValueError(f"action: expected one of {', '.join(known)}, got {action!r}")
        self._rules.append((action, url, answer))

    def on_fetch(self, handler: Handler) -> None:
        """Set the handler of the binding's ``fetch``, and of a connection's ``web_socket``."""
        self.handler = handler

    async def answered(self, action: str, options: dict[str, Any]) -> Any:
        """Return the service's response to an action, as a JavaScript Response."""
        self.calls.append(BrowserCall(action, options))
        if not action.startswith("script") and ("url" in options) == ("html" in options):
            errors = [{"message": NEITHER_URL_NOR_HTML, "code": 400}]
            return _json({"success": False, "errors": errors}, 400)
        for rule_action, pattern, rule in reversed(self._rules):
            if rule_action == action and fnmatchcase(options.get("url", ""), pattern):
                answer = rule(options) if callable(rule) else rule
                answer = await answer if isawaitable(answer) else answer
                return _response(action, answer)
        return _response(action, _default_answer(action, options))


def browser(binding: Browser) -> BrowserScript:
    """Script a fake browser: ``browser(env.BROWSER).on("links", ["https://a.example/"])``.

    Without a script, a screenshot is a grey image of the right size, a PDF has one empty page, and
    the content of ``html`` is that HTML. Any other action raises WorkersError.

    Raises:
        TypeError: ``binding`` is not a Browser that ``fake()`` returned.
    """
    inside = raw(binding)
    if not isinstance(inside, FakeBrowserRun):
        raise TypeError(
            f"browser(): expected a Browser that fake() made, got {type(inside).__name__}"
        )
    return inside.answers


def _default_answer(action: str, options: dict[str, Any]) -> Any:
    """Return the answer to an action without a rule."""
    if action == "screenshot":
        screenshot = options.get("screenshotOptions", {})
        # A clip is a part of the page; without it the screenshot shows the viewport.
        size = screenshot.get("clip") or options.get("viewport") or VIEWPORT
        content_type = f"image/{screenshot.get('type', 'png')}"
        data = make_image(content_type, int(size["width"]), int(size["height"]))
        if screenshot.get("encoding") == "base64":
            return _file(b64encode(data), "text/plain")
        return _file(data, content_type)
    if action == "pdf":
        return _file(_PDF, "application/pdf")
    if action == "content" and "html" in options:
        return options["html"]
    raise JsException(
        "Error",
        f"the fake browser has no answer to {action}; set one: "
        f"browser(binding).on({action!r}, …) from pyworkers_sdk.testing",
    )


def _file(data: bytes, content_type: str) -> Response:
    return Response(data, headers={"content-type": content_type})


_FILE_TYPES = {"screenshot": "image/png", "pdf": "application/pdf"}


def _response(action: str, answer: Any) -> Any:
    """Convert an answer of the script to the Response of the service."""
    if isinstance(answer, Response):
        # A body can be read once, but a rule may answer many calls.
        return raw(answer.clone())
    if isinstance(answer, bytes):
        return raw(_file(answer, _FILE_TYPES.get(action, "text/plain")))
    body: dict[str, Any] = {"success": True, "result": answer}
    if not action.startswith("script"):  # the result of a script does not describe a page
        body["meta"] = {"status": 200, "title": ""}
    return _json(body)


def _json(data: Any, status: int = 200) -> web.Response:
    headers = [["content-type", "application/json"]]
    return web.Response.new(json.dumps(data), status=status, headers=headers)


@yields_to_others
class FakeBrowserRun:
    """JS: BrowserRun."""

    def __init__(self, *, clock: Clock) -> None:
        self.clock = clock
        self.answers: BrowserScript = BrowserScript()
        self.sessions: dict[str, dict[str, Any]] = {}
        self.targets: dict[str, list[dict[str, Any]]] = {}
        self.devtools: FakeDevtools = FakeDevtools(self)

    async def fetch(self, resource: Any, /, **init: Any) -> Any:
        request = web.Request.new(resource, **init)
        return await self._fetch([request])

    async def quickAction(self, action: str, options: dict[str, Any], /) -> Any:
        return await self.answers.answered(action, options)

    async def acquire(self, options: dict[str, Any], /) -> Any:
        id = str(uuid.uuid4())
        self.sessions[id] = {"sessionId": id, "startTime": self.clock.now()}
        self.targets[id] = []
        await self.devtools.newTarget(id, "about:blank", {})
        return {"sessionId": id, **self._targets_field(id, options)}

    async def launch(self, options: dict[str, Any], /) -> Any:
        id = (await self.acquire(options))["sessionId"]
        return {**await self.connectSession(id, {}), **self._targets_field(id, options)}

    async def connectSession(self, sessionId: str, options: dict[str, Any], /) -> Any:
        session = self.open(sessionId)
        session["connectionId"] = str(uuid.uuid4())
        session["connectionStartTime"] = self.clock.now()
        # In production the web socket is the RPC stub of a service.
        return {"sessionId": sessionId, "webSocket": FakeStub(self._deliver)}

    async def getLiveView(self, sessionId: str, options: dict[str, Any], /) -> Any:
        self.open(sessionId)
        target = options.get("targetId", self.targets[sessionId][0]["id"])
        settings = {"mode": options.get("mode", "devtools")}
        if "guardrails" in options:
            settings["guardrails"] = options["guardrails"]
        return {**_urls(sessionId, target), "id": target, "options": settings}

    async def listSessions(self, options: dict[str, Any], /) -> Any:
        return _page_of(self._open_sessions(), options)

    async def history(self, options: dict[str, Any], /) -> Any:
        return _page_of([*reversed(self.sessions.values())], options)

    async def limits(self) -> Any:
        sessions = self._open_sessions()
        return {
            "activeSessions": [{"id": session["sessionId"]} for session in sessions],
            "maxConcurrentSessions": MAX_SESSIONS,
            # The fake reports the limit, but does not enforce it.
            "allowedBrowserAcquisitions": max(0, MAX_SESSIONS - len(sessions)),
            "timeUntilNextAllowedBrowserAcquisition": 0,
        }

    async def getSession(self, sessionId: str, /) -> Any:
        return from_js(self.sessions.get(sessionId))

    async def closeSession(self, sessionId: str, /) -> Any:
        session = self.open(sessionId)
        # A closed session stays in ``history``.
        session.update(
            {"endTime": self.clock.now(), "closeReason": 1, "closeReasonText": "NormalClosure"}
        )
        return {"status": "closed"}

    async def script(self, code: str, options: dict[str, Any], /) -> Any:
        return await self.answers.answered("script", {"code": code, **options})

    async def scriptInSession(self, sessionId: str, code: str, options: dict[str, Any], /) -> Any:
        self.open(sessionId)
        return await self.answers.answered("scriptInSession", {"code": code, **options})

    def open(self, id: str) -> dict[str, Any]:
        """Return a session that is open."""
        session = self.sessions.get(id)
        if session is None or "endTime" in session:
            raise JsException("Error", SESSION_NOT_FOUND.format(id))
        return session

    def _open_sessions(self) -> list[dict[str, Any]]:
        return [session for session in self.sessions.values() if "endTime" not in session]

    def _targets_field(self, id: str, options: dict[str, Any]) -> dict[str, Any]:
        return {"targets": from_js(self.targets[id])} if options.get("targets") else {}

    async def _deliver(self, method: str, args: list[Any]) -> Any:
        return await self._fetch(args)

    async def _fetch(self, args: list[Any]) -> Any:
        if self.answers.handler is None:
            raise JsException(
                "Error",
                "the fake browser has no handler for fetch; set one: "
                "browser(binding).on_fetch(…) from pyworkers_sdk.testing",
            )
        response = self.answers.handler(Request.from_js(args[0]))
        return raw(await response if isawaitable(response) else response)


@yields_to_others
class FakeDevtools:
    """JS: BrowserRunDevtools."""

    def __init__(self, browser: FakeBrowserRun) -> None:
        self._browser = browser

    async def getVersion(self, sessionId: str, /) -> Any:
        self._browser.open(sessionId)
        return {
            "Browser": "Chrome/140.0.0.0",
            "Protocol-Version": "1.3",
            "User-Agent": "Mozilla/5.0 (fake)",
            "V8-Version": "14.0",
            "WebKit-Version": "537.36",
            **_urls(sessionId, "browser"),
        }

    async def getProtocol(self, sessionId: str, /) -> Any:
        self._browser.open(sessionId)
        return {"domains": [{"domain": "Page"}], "version": {"major": "1", "minor": "3"}}

    async def listTargets(self, sessionId: str, options: dict[str, Any], /) -> Any:
        self._browser.open(sessionId)
        return from_js(self._browser.targets[sessionId])

    async def getTarget(self, sessionId: str, targetId: str, /) -> Any:
        return from_js(self._target(sessionId, targetId))

    async def newTarget(self, sessionId: str, url: str, options: dict[str, Any], /) -> Any:
        self._browser.open(sessionId)
        id = uuid.uuid4().hex.upper()
        target = {"id": id, "type": "page", "url": url, "title": "", **_urls(sessionId, id)}
        self._browser.targets[sessionId].append(target)
        return from_js(target)

    async def activateTarget(self, sessionId: str, targetId: str, /) -> Any:
        self._target(sessionId, targetId)
        return {"message": TARGET_ACTIVATED}

    async def closeTarget(self, sessionId: str, targetId: str, /) -> Any:
        self._browser.targets[sessionId].remove(self._target(sessionId, targetId))
        return {"message": TARGET_CLOSING}

    def _target(self, session_id: str, id: str) -> dict[str, Any]:
        self._browser.open(session_id)
        for target in self._browser.targets[session_id]:
            if target["id"] == id:
                return target
        raise JsException("Error", TARGET_NOT_FOUND.format(id))


def _urls(session: str, target: str) -> dict[str, str]:
    return {
        "webSocketDebuggerUrl": f"wss://browser.example/{session}/devtools/page/{target}",
        "devtoolsFrontendUrl": f"https://live.browser.example/{session}?target={target}",
    }


def _page_of(sessions: list[dict[str, Any]], options: dict[str, Any]) -> Any:
    # from_js copies: a reader must not see later changes of a session.
    start = options.get("offset", 0)
    page: Any = from_js(sessions[start : start + options.get("limit", len(sessions))])
    return page
