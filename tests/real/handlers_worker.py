"""The main Worker of test_handlers.py."""

from __future__ import annotations

import asyncio
import email.message
import gzip
import logging
import sys
from typing import Any

from pyworkers_sdk import (
    EmailMessage,
    Env,
    ExecutionContext,
    ForwardableEmailMessage,
    MessageBatch,
    Request,
    Response,
    ScheduledController,
    WorkerEntrypoint,
    WorkersError,
    asgi,
    configure_logging,
    wsgi,
)

LEVEL = 1
if sys.platform == "emscripten":  # on CPython this would change the test run's own logging
    configure_logging(LEVEL)
log = logging.getLogger("app")


class AppEnv(Env):
    SECRET: str


def deeper(secret: str) -> None:
    raise LookupError("it broke")


COMPRESSED = gzip.compress(b"Hello " * 100)


async def asgi_application(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    headers = [(b"Content-Encoding", b"gzip"), (b"Content-Type", b"text/plain")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": COMPRESSED})


def wsgi_application(environ: Any, start: Any) -> list[bytes]:
    start("200 OK", [("Content-Encoding", "gzip"), ("Content-Type", "text/plain")])
    return [COMPRESSED]


class Broken:
    """A value of a log record that cannot be formatted."""

    def __repr__(self) -> str:
        raise LookupError("not even that")


class Mixin:
    """A base class with a handler: handlers may be inherited."""

    # Like Cloudflare's own examples: handlers may take env and ctx, too.
    async def scheduled(self, controller: ScheduledController, env: Any, ctx: Any) -> None:
        assert env.SECRET == self.env.SECRET  # type: ignore[attr-defined]
        minute = controller.cron.partition(" ")[0]
        log.info("%s %s", controller.cron, controller.scheduled_time.isoformat())
        if minute == "1":
            controller.no_retry()
        if minute == "2":
            raise LookupError("the cron broke")
        if minute == "3":
            ctx.wait_until(self.later())
        if minute == "4":
            self.ctx.wait_until(self.fails())  # type: ignore[attr-defined]

    async def later(self) -> None:
        await asyncio.sleep(0.05)
        log.info("later")

    async def fails(self) -> None:
        await asyncio.sleep(0.05)
        raise LookupError("later it broke")


class Default(Mixin, WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Request, env: AppEnv, ctx: ExecutionContext) -> Response:
        assert (env, ctx) == (self.env, self.ctx)
        action = request.url.rpartition("/")[2].partition("?")[0]
        if action == "pass":
            self.ctx.pass_through_on_exception()
        if action in ("raise", "pass"):
            deeper(self.env.SECRET)
        if action == "later":
            self.ctx.wait_until(self.later())
        if action == "log":
            await self.log()
        if action == "span":
            with self.ctx.tracing.start_span("work") as span:
                span.set_attribute("number", 1)
                span.set_attributes({"text": "é", "ratio": 1.5, "flag": True, "none": None})
                inside = span.is_traced
            return Response.json([inside, span.is_traced])
        if action == "asgi":
            return await asgi.fetch(asgi_application, request)
        if action == "wsgi":
            return await wsgi.fetch(wsgi_application, request)
        return Response("ok")

    async def log(self) -> None:
        log.log(7, "seven")  # uvicorn names level 5
        log.debug("ten")
        log.log(15, "fifteen")
        log.info("é %s", "x", extra={"order": 7, "broken": Broken(), "level": "mine"})
        log.warning("thirty")
        log.error("forty")
        try:
            deeper(self.env.SECRET)
        except LookupError:
            log.exception("caught")
        log.critical("fifty")

    async def queue(self, batch: MessageBatch[int]) -> None:
        log.info("%d of %s", sum(message.body for message in batch), batch.queue)

    async def email(
        self, message: ForwardableEmailMessage, env: Any = None, ctx: Any = None
    ) -> None:
        assert env is self.env
        assert ctx is self.ctx
        source = await message.raw.bytes()
        assert len(source) == message.raw_size
        log.info(
            "email",
            extra={
                "envelope": [message.from_, message.to],
                "subject": message.headers.get("subject"),
                "starts": source[:5].decode(),
            },
        )
        action = message.to.partition("@")[0]
        if action == "reject":
            message.set_reject("no thanks")
        elif action == "raise":
            deeper(self.env.SECRET)
        elif action == "forward":
            receipt = await message.forward("one@example.com")
            assert receipt.message_id
            await message.forward("two@example.com", {"X-Added": "1"})
        elif action == "subject":
            await message.forward("one@example.com", {"Subject": "Mine"})
        elif action == "late":
            await message.forward("one@example.com")
            message.set_reject("too late")
        elif action != "plain":
            try:
                if action == "reply-parts":
                    sent = await message.reply(from_=message.to, subject="Re", text="thanks")
                else:
                    sent = await message.reply(self.answer(message, action))
                assert sent.message_id
                if action == "reply-twice":
                    await message.reply(self.answer(message, action))
            except WorkersError as error:
                log.error("%s: %s", type(error).__name__, error)
                raise

    def answer(self, message: ForwardableEmailMessage, action: str) -> EmailMessage:
        answer = email.message.EmailMessage()
        senders = {"reply-from": "other@example.com", "reply-domain": "reply@elsewhere.com"}
        answer["From"] = senders.get(action, f"Me <{message.to}>")
        answer["To"] = message.from_
        if action != "reply-id":
            answer["Message-ID"] = "<answer@example.com>"
        if action == "reply-received":
            answer["Received"] = "from here"
        if action == "reply-other":
            answer["In-Reply-To"] = "<other@example.com>"
        elif action != "reply-to-nothing":
            answer["In-Reply-To"] = message.headers["message-id"]
        if action == "reply-references":
            answer["References"] = "<other@example.com>"
        if action == "reply-with-references":
            answer["References"] = message.headers["message-id"]
        answer.set_content("thanks, é")
        raw = answer.as_string() if action == "reply-text" else answer
        to = "other@example.com" if action == "reply-elsewhere" else message.from_
        sender = "reply@elsewhere.com" if action == "reply-domain" else message.to
        return EmailMessage(sender, to, raw)
