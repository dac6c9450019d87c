"""Bindings that need a configuration: options for miniflare, and the same for the fakes."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pyworkers_sdk import Fetcher, Request, Response, WorkerEntrypoint


class Echo(WorkerEntrypoint):
    """The Worker "echo" of a dispatch namespace in the fake world."""

    async def fetch(self, request: Request) -> Response:
        answer = {"method": request.method, "url": request.url, "body": await request.text()}
        return Response.json(answer, headers={"X-Worker": "echo"})


ALLOWED = {
    "destination_address": "team@example.com",
    "allowed_sender_addresses": ["app@example.com", "news@example.com"],
}
SEVERAL = {"allowed_destination_addresses": ["ann@example.com", "bob@example.com"]}


class Greeter(WorkerEntrypoint):
    """The stand-in for the code that tests/contract/test_worker_loader.py loads."""

    async def fetch(self, request: Request) -> Response:
        return Response(f"{self.env.GREETING}, {urlsplit(request.url).path}")

    async def greet(self, name: str) -> str:
        return f"{self.env.GREETING}, {name}"


class Loud(WorkerEntrypoint):
    async def greet(self, name: str) -> str:
        return f"{self.ctx.props['greeting']}, {name}!"


class Bound(WorkerEntrypoint):
    async def fetch(self, request: Request) -> Response:
        return Response(str(await Fetcher(self.env.CALLEE).add(1, 2)))


# The harnesses replace "tcp.example:7" by the echo server of tests/real/outside.mjs.
POSTGRES = "postgres://ann:p%40ss%3Aw%2Fd@tcp.example:7/app"
MYSQL = "mysql://bob:secret@127.0.0.1:1/my%20app"

# The rows of tests/real/stand_ins/analytics.mjs.
REQUESTS: list[dict[str, Any]] = [
    {
        "status": 200,
        "requests": 125430,
        "share": 1,
        "last": "2026-10-07 12:00:00",
        "hosts": ["a.example", None],
        "constructor": "x",
    },
    {"status": 404, "requests": 12, "share": 0.5, "last": None, "hosts": [], "constructor": None},
]
KINDS = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "object"}

OPTIONS: dict[str, Any] = {
    "versionMetadata": "DEPLOYED",
    "workerLoaders": {"LOADER": {}},
    "analyticsEngineDatasets": {"POINTS": {"dataset": "points"}},
    "images": {"binding": "IMAGES"},
    "hyperdrives": {"POSTGRES": POSTGRES, "MYSQL": MYSQL},
    "pipelines": {"STREAM": {"stream": "stream"}},
    "ratelimits": {
        "LIMITER": {"namespace_id": "1", "simple": {"limit": 3, "period": 10}},
        "SAME_LIMITER": {"namespace_id": "1", "simple": {"limit": 1, "period": 10}},
        "PER_MINUTE": {"namespace_id": "2", "simple": {"limit": 2, "period": 60}},
    },
    "secretsStoreSecrets": {
        "SECRET": {"store_id": "store", "secret_name": "token"},
        "NO_SECRET": {"store_id": "store", "secret_name": "missing"},
    },
    "stream": {"binding": "VIDEOS"},
    "email": {
        "send_email": [
            {"name": "MAILER"},
            {"name": "MAILER_ONE", **ALLOWED},
            {"name": "MAILER_SEVERAL", **SEVERAL},
        ]
    },
}


def fakes() -> dict[str, Any]:
    """Return the bindings for the fake world."""
    from pyworkers_sdk import (
        AnalyticsSQL,
        AnalyticsSQLError,
        Artifacts,
        Flagship,
        RateLimit,
    )
    from pyworkers_sdk.testing import (
        AnalyticsQuery,
        analytics_sql,
        dispatch_namespace,
        fake,
        flags,
        hyperdrive,
        push_commit,
        rate_limit,
        secret,
        send_email,
        worker_loader,
    )
    from pyworkers_sdk.testing.fakes.rate_limit import Counters, FakeRateLimit

    counters = Counters()
    flagship = fake(Flagship)
    flags(flagship).update(
        on=True,
        color="teal",
        limit=2.5,
        menu={"items": ["a", None], "constructor": "x"},
        plan=lambda context: "new" if context.get("plan") == "pro" else "old",
    )
    repos = fake(Artifacts)
    for message, index in (("Start", b"# Hello\n"), ("Again", b"# Hello again\n")):
        files = {"docs/a.md": "über\n".encode(), "docs.txt": b"b", "index.md": index}
        push_commit(repos, "site", files, message=message, author=("Ann", "ann@example.com"))

    def parameters(query: AnalyticsQuery) -> list[dict[str, Any]]:
        params = query.params or {}
        named = params.items() if isinstance(params, dict) else enumerate(params)
        return [
            {"name": str(name), "kind": KINDS[type(value)], "value": value} for name, value in named
        ]

    def refused(query: AnalyticsQuery) -> list[dict[str, Any]]:
        error = AnalyticsSQLError("too many queries")
        error.retryable = True
        if query.query.endswith("missing"):
            error = AnalyticsSQLError("unknown dataset events.missing")
        raise error

    stats = fake(AnalyticsSQL)
    analytics_sql(stats).on("*", refused)
    analytics_sql(stats).on("*FROM events.httpRequests*", REQUESTS)
    analytics_sql(stats).on("*FROM events.none*", [])
    analytics_sql(stats).on("*FROM events.parameters*", parameters)
    return {
        "STATS": stats,
        "FLAGS": flagship,
        "REPOS": repos,
        "LOADER": worker_loader(
            {
                **dict.fromkeys(["main.js", "greeter", "plain", "failing"], Greeter),
                "binding.js": Bound,
            }
        ),
        "POSTGRES": hyperdrive(POSTGRES),
        "MYSQL": hyperdrive(MYSQL),
        "USERS": dispatch_namespace({"echo": Echo}),
        "LIMITER": RateLimit(FakeRateLimit(3, 10, counters)),
        "SAME_LIMITER": RateLimit(FakeRateLimit(1, 10, counters)),
        "PER_MINUTE": rate_limit(2),
        "SECRET": secret("s3cret", name="token"),
        "NO_SECRET": secret(None, name="missing"),
        "MAILER_ONE": send_email(**ALLOWED),  # type: ignore[arg-type]
        "MAILER_SEVERAL": send_email(**SEVERAL),  # type: ignore[arg-type]
    }
