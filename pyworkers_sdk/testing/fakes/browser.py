"""``browser(binding)``: what the pages behind a fake browser answer, and what was asked for."""

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
from .pictures import picture

__all__ = ["BrowserCall", "BrowserScript", "FakeBrowserRun", "browser"]

Answer: TypeAlias = "Callable[[dict[str, Any]], Any] | Any"
Handler: TypeAlias = "Callable[[Request], Response | Awaitable[Response]]"

_PDF = b"""\
%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>endobj
trailer<</Root 1 0 R>>
%%EOF
"""


class BrowserCall(NamedTuple):
    """What a browser was asked to do: a quick action, "script" or "scriptInSession", with its
    options under their JavaScript names (of a script ``code`` too)."""

    action: str
    options: dict[str, Any]


class BrowserScript:
    """What the pages behind one binding are; made by ``browser``."""

    def __init__(self) -> None:
        self.calls: list[BrowserCall] = []
        """What was asked so far."""
        self._rules: list[tuple[str, str, Answer]] = []
        self.handler: Handler | None = None

    def on(self, action: str, answer: Answer, *, url: str = "*") -> None:
        """Have an action answer so, of pages whose URL matches, as in ``"https://example.com/*"``;
        the rule made last counts.

        ``action`` is a quick action's, "script" or "scriptInSession"; ``answer`` is the ``result``
        in the JSON of the answer, ``bytes`` of a file, or a ``Response``, whatever is in it; or a
        function of the options, async or not, that returns one.
        """
        if action not in (known := (*QUICK_ACTIONS, "script", "scriptInSession")):
            raise ValueError(f"action: no {action!r}; there are {', '.join(known)}")
        self._rules.append((action, url, answer))

    def on_fetch(self, handler: Handler) -> None:
        """Have this answer ``fetch`` of the binding, and of a connection's ``web_socket``."""
        self.handler = handler

    async def answered(self, action: str, options: dict[str, Any]) -> Any:
        """The JavaScript Response of the service."""
        self.calls.append(BrowserCall(action, options))
        if not action.startswith("script") and ("url" in options) == ("html" in options):
            errors = [{"message": "Provide url or html, one of the two", "code": 400}]
            return _json({"success": False, "errors": errors}, 400)
        for wanted, pattern, answer in reversed(self._rules):
            if wanted == action and fnmatchcase(options.get("url", ""), pattern):
                found = answer(options) if callable(answer) else answer
                found = await found if isawaitable(found) else found
                return _response(action, found)
        return _response(action, _page(action, options))


def browser(binding: Browser) -> BrowserScript:
    """What a fake browser answers: ``browser(env.BROWSER).on("links", ["https://a.example/"])``.

    Without a rule a screenshot is a grey picture of the right size, a PDF one empty page, and the
    content of ``html`` that HTML.
    """
    inside = raw(binding)
    if not isinstance(inside, FakeBrowserRun):
        raise TypeError(f"browser() looks into what fake() made, not {type(inside)}")
    return inside.script_of


def _page(action: str, options: dict[str, Any]) -> Any:
    if action == "screenshot":
        shot = options.get("screenshotOptions", {})
        size = shot.get("clip") or options.get("viewport") or {"width": 1920, "height": 1080}
        kind = f"image/{shot.get('type', 'png')}"
        data = picture(kind, int(size["width"]), int(size["height"]))
        encoded = shot.get("encoding") == "base64"
        return _file(b64encode(data), "text/plain") if encoded else _file(data, kind)
    if action == "pdf":
        return _file(_PDF, "application/pdf")
    if action == "content" and "html" in options:
        return options["html"]
    raise JsException(
        "Error",
        f"the fake browser has no answer to {action}: browser(binding).on({action!r}, …) from "
        "pyworkers_sdk.testing gives it one",
    )


def _file(data: bytes, content_type: str) -> Response:
    return Response(data, headers={"content-type": content_type})


def _response(action: str, found: Any) -> Any:
    if isinstance(found, Response):
        return raw(found.clone())
    if isinstance(found, bytes):
        kind = {"screenshot": "image/png", "pdf": "application/pdf"}.get(action, "text/plain")
        return raw(_file(found, kind))
    answer: dict[str, Any] = {"success": True, "result": found}
    if not action.startswith("script"):
        answer["meta"] = {"status": 200, "title": ""}
    return _json(answer)


def _json(data: Any, status: int = 200) -> web.Response:
    headers = [["content-type", "application/json"]]
    return web.Response.new(json.dumps(data), status=status, headers=headers)


@yields_to_others
class FakeBrowserRun:
    """JS: BrowserRun. A stand-in: nothing of it was seen on the service.

    Pages are what ``browser(binding)`` says they are. Sessions and their pages are kept in memory:
    they do not end by themselves.
    """

    def __init__(self, *, clock: Clock) -> None:
        self.clock = clock
        self.script_of: BrowserScript = BrowserScript()
        self.sessions: dict[str, dict[str, Any]] = {}
        self.targets: dict[str, list[dict[str, Any]]] = {}
        self.devtools: FakeDevtools = FakeDevtools(self)

    async def fetch(self, resource: Any, /, **init: Any) -> Any:
        request = web.Request.new(resource, **init)
        return await self._fetched([request])

    async def quickAction(self, action: str, options: dict[str, Any], /) -> Any:
        return await self.script_of.answered(action, options)

    async def acquire(self, options: dict[str, Any], /) -> Any:
        id = str(uuid.uuid4())
        self.sessions[id] = {"sessionId": id, "startTime": self.clock.now()}
        self.targets[id] = []
        await self.devtools.newTarget(id, "about:blank", {})
        return {"sessionId": id, **self._told(id, options)}

    async def launch(self, options: dict[str, Any], /) -> Any:
        id = (await self.acquire(options))["sessionId"]
        return {**await self.connectSession(id, {}), **self._told(id, options)}

    async def connectSession(self, sessionId: str, options: dict[str, Any], /) -> Any:
        session = self.open(sessionId)
        session["connectionId"] = str(uuid.uuid4())
        session["connectionStartTime"] = self.clock.now()
        return {"sessionId": sessionId, "webSocket": FakeStub(self._delivered)}

    async def getLiveView(self, sessionId: str, options: dict[str, Any], /) -> Any:
        self.open(sessionId)
        target = options.get("targetId", self.targets[sessionId][0]["id"])
        settings = {"mode": options.get("mode", "devtools")}
        if "guardrails" in options:
            settings["guardrails"] = options["guardrails"]
        return {**_urls(sessionId, target), "id": target, "options": settings}

    async def listSessions(self, options: dict[str, Any], /) -> Any:
        return _page_of([each for each in self._each() if "endTime" not in each], options)

    async def history(self, options: dict[str, Any], /) -> Any:
        return _page_of([*reversed(self._each())], options)

    async def limits(self) -> Any:
        opened = [each for each in self._each() if "endTime" not in each]
        return {
            "activeSessions": [{"id": each["sessionId"]} for each in opened],
            "maxConcurrentSessions": 10,
            "allowedBrowserAcquisitions": max(0, 10 - len(opened)),
            "timeUntilNextAllowedBrowserAcquisition": 0,
        }

    async def getSession(self, sessionId: str, /) -> Any:
        return from_js(self.sessions.get(sessionId))

    async def closeSession(self, sessionId: str, /) -> Any:
        session = self.open(sessionId)
        ended = {"endTime": self.clock.now(), "closeReason": 1, "closeReasonText": "NormalClosure"}
        session.update(ended)
        return {"status": "closed"}

    async def script(self, code: str, options: dict[str, Any], /) -> Any:
        return await self.script_of.answered("script", {"code": code, **options})

    async def scriptInSession(self, sessionId: str, code: str, options: dict[str, Any], /) -> Any:
        self.open(sessionId)
        return await self.script_of.answered("scriptInSession", {"code": code, **options})

    def open(self, id: str) -> dict[str, Any]:
        session = self.sessions.get(id)
        if session is None or "endTime" in session:
            raise JsException("Error", f"Session not found: {id}")
        return session

    def _each(self) -> list[dict[str, Any]]:
        return [*self.sessions.values()]

    def _told(self, id: str, options: dict[str, Any]) -> dict[str, Any]:
        return {"targets": from_js(self.targets[id])} if options.get("targets") else {}

    async def _delivered(self, method: str, args: list[Any]) -> Any:
        return await self._fetched(args)

    async def _fetched(self, args: list[Any]) -> Any:
        if self.script_of.handler is None:
            raise JsException(
                "Error",
                "the fake browser answers no fetch: browser(binding).on_fetch(…) from "
                "pyworkers_sdk.testing has it answer",
            )
        found = self.script_of.handler(Request.from_js(args[0]))
        return raw(await found if isawaitable(found) else found)


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
        return from_js(self._found(sessionId, targetId))

    async def newTarget(self, sessionId: str, url: str, options: dict[str, Any], /) -> Any:
        self._browser.open(sessionId)
        id = uuid.uuid4().hex.upper()
        target = {"id": id, "type": "page", "url": url, "title": "", **_urls(sessionId, id)}
        self._browser.targets[sessionId].append(target)
        return from_js(target)

    async def activateTarget(self, sessionId: str, targetId: str, /) -> Any:
        self._found(sessionId, targetId)
        return {"message": "Target activated"}

    async def closeTarget(self, sessionId: str, targetId: str, /) -> Any:
        self._browser.targets[sessionId].remove(self._found(sessionId, targetId))
        return {"message": "Target is closing"}

    def _found(self, session: str, id: str) -> dict[str, Any]:
        self._browser.open(session)
        for target in self._browser.targets[session]:
            if target["id"] == id:
                return target
        raise JsException("Error", f"Target not found: {id}")


def _urls(session: str, target: str) -> dict[str, str]:
    return {
        "webSocketDebuggerUrl": f"wss://browser.example/{session}/devtools/page/{target}",
        "devtoolsFrontendUrl": f"https://live.browser.example/{session}?target={target}",
    }


def _page_of(found: list[dict[str, Any]], options: dict[str, Any]) -> Any:
    start = options.get("offset", 0)
    page: Any = from_js(found[start : start + options.get("limit", len(found))])
    return page
