"""The part of the benchmark that runs inside Pyodide: bench.mjs calls it."""

from __future__ import annotations

import gc
import json
import os
import sys
from array import array
from collections.abc import Awaitable, Callable
from importlib import _bootstrap_external, import_module
from statistics import median
from typing import Any, TypedDict

Call = Callable[[], Awaitable[Any]]
Clock = Callable[[], float]
# Private, but the only function that makes bytecode which Python does not check against its source.
_hash_pyc: Any = vars(_bootstrap_external)["_code_to_hash_pyc"]

# name -> rows that a call reads, calls in one sample
CASES = {
    "kv.get": (0, 25),
    "first": (1, 25),
    "query": (1, 25),
    "all 10": (10, 15),
    "all 1,000": (1000, 2),
    "all 1,000 typed": (1000, 2),
    "r2.get small": (0, 15),
    "r2.put small": (0, 15),
    "r2.get large": (0, 1),
    "r2.put large": (0, 1),
    "ai.run 100": (0, 1),
    "queue.send 100": (0, 2),
    "queue.receive 100": (0, 2),
    "vectorize.query": (0, 25),
    "vectorize.query array": (0, 25),
}
SMALL, LARGE = bytes(1024), bytes(10 * 1024 * 1024)
TEXTS = [f"Text {n}, some words of it, as notes have them" for n in range(100)]
EMBEDDING = "@cf/baai/bge-base-en-v1.5"
JOBS = [{"order": n, "name": f"Person {n}", "note": None} for n in range(100)]
VECTOR = [n / 1024 for n in range(768)]
FLOATS = array("f", VECTOR)
SQL = "SELECT * FROM items WHERE id >= ? LIMIT "


class Item(TypedDict):
    id: int
    name: str
    email: str | None
    score: float
    price: float | None
    count: int | None
    note: str | None
    created_at: str


# The code of each competitor's user --------------------------------------------------------------


def raw(env: Any) -> dict[str, Call]:
    kv, db = env.KV, env.DB
    one, ten, thousand = (db.prepare(f"{SQL}{rows}").bind(0) for rows in (1, 10, 1000))

    async def first() -> Any:
        return (await one.first()).to_py()

    async def query() -> Any:
        return (await db.prepare(f"{SQL}1").bind(0).first()).to_py()

    async def ten_rows() -> Any:
        return (await ten.all()).results.to_py()

    async def thousand_rows() -> Any:
        return (await thousand.all()).results.to_py()

    return {
        "kv.get": lambda: kv.get("key", type="text", cacheTtl=60),
        "first": first,
        "query": query,
        "all 10": ten_rows,
        "all 1,000": thousand_rows,
        "all 1,000 typed": thousand_rows,
        **_raw_rest(env),
    }


def _raw_rest(env: Any) -> dict[str, Call]:
    from js import Object
    from pyodide.ffi import to_js

    async def get(key: str) -> bytes:
        data: bytes = (await (await env.R2.get(key)).arrayBuffer()).to_bytes()
        return data

    async def put(data: bytes) -> None:
        await env.R2.put("key", to_js(data))

    async def send() -> None:
        messages = [{"body": job, "contentType": "json"} for job in JOBS]
        await env.QUEUE.sendBatch(to_js(messages, dict_converter=Object.fromEntries))

    async def receive() -> list[Any]:
        bodies = []
        for message in env.QUEUE.batch().messages:
            bodies.append(message.body.to_py())
            message.ack()
        return bodies

    async def query(vector: Any) -> Any:
        return (await env.INDEX.query(to_js(vector), topK=5, returnMetadata="all")).to_py()

    async def embed() -> Any:
        inputs = to_js({"text": TEXTS}, dict_converter=Object.fromEntries)
        return (await env.AI.run(EMBEDDING, inputs)).to_py()

    return _rest(get, put, send, receive, query, embed)


def _rest(
    get: Any, put: Any, send: Call, receive: Call, query: Any, embed: Call
) -> dict[str, Call]:
    return {
        "ai.run 100": embed,
        "vectorize.query": lambda: query(VECTOR),
        "vectorize.query array": lambda: query(FLOATS),
        "r2.get small": lambda: get("small"),
        "r2.put small": lambda: put(SMALL),
        "r2.get large": lambda: get("large"),
        "r2.put large": lambda: put(LARGE),
        "queue.send 100": send,
        "queue.receive 100": receive,
    }


def sdk(env: Any) -> dict[str, Call]:
    from pyworkers_sdk import AI, D1, KV, R2, MessageBatch, Queue, Vectorize

    kv, db, r2, queue = KV(env.KV), D1(env.DB), R2(env.R2), Queue(env.QUEUE)
    index, ai = Vectorize(env.INDEX), AI(env.AI)

    async def get(key: str) -> bytes:
        stored = await r2.get(key)
        assert stored is not None
        return await stored.bytes()

    async def receive() -> list[Any]:
        bodies = []
        for message in MessageBatch(env.QUEUE.batch()):
            bodies.append(message.body)
            message.ack()
        return bodies

    def query(vector: Any) -> Any:
        return index.query(vector, top_k=5, return_metadata="all")

    def embed() -> Any:
        return ai.run("@cf/baai/bge-base-en-v1.5", {"text": TEXTS})

    def send() -> Any:
        return queue.send_batch(JOBS)

    rest = _rest(get, lambda data: r2.put("key", data), send, receive, query, embed)
    typed = db.prepare(f"{SQL}1000", Item).bind(0)
    return {
        "kv.get": lambda: kv.get("key", cache_ttl=60),
        **_d1(db),
        "all 1,000 typed": typed.all,
        **rest,
    }


def official(env: Any) -> dict[str, Call]:
    rpc = import_module("workers.rpc")
    # Private, but the wrappers that a Worker gets from this SDK.
    wrap_env, wrap = vars(rpc)["_EnvWrapper"], vars(rpc)["_BindingWrapper"]
    wrapped = wrap_env(env)
    kv, r2, queue = wrapped.KV, wrapped.R2, wrapped.QUEUE

    async def get(key: str) -> bytes:
        return bytes(await (await r2.get(key)).arrayBuffer())

    async def receive() -> list[Any]:
        bodies = []
        for message in wrap(env.QUEUE.batch()).messages:
            bodies.append(message.body)
            message.ack()
        return bodies

    def send() -> Any:
        return queue.sendBatch([{"body": job, "contentType": "json"} for job in JOBS])

    def query(vector: Any) -> Any:  # it does not convert an array.array
        return wrapped.INDEX.query([*vector], topK=5, returnMetadata="all")

    def embed() -> Any:
        return wrapped.AI.run(EMBEDDING, {"text": TEXTS})

    rest = _rest(get, lambda data: r2.put("key", data), send, receive, query, embed)
    kv_get = {"kv.get": lambda: kv.get("key", type="text", cacheTtl=60)}
    return {**kv_get, **_d1(wrapped.DB), **rest}


def crosswind(env: Any) -> dict[str, Call]:
    wrapped = vars(import_module("workers.bindings.env"))["_EnvWrapper"](env)
    kv, r2, queue = wrapped.KV, wrapped.R2, wrapped.QUEUE
    from_rpc = import_module("workers.rpc").python_from_rpc

    async def get(key: str) -> bytes:
        data: bytes = await (await r2.get(key)).bytes()
        return data

    async def receive() -> list[Any]:  # its handlers get the JavaScript batch
        bodies = []
        for message in env.QUEUE.batch().messages:
            bodies.append(from_rpc(message.body))
            message.ack()
        return bodies

    def send() -> Any:
        return queue.send_batch([{"body": job, "contentType": "json"} for job in JOBS])

    def query(vector: Any) -> Any:
        return wrapped.INDEX.query([*vector], top_k=5, return_metadata="all")

    def embed() -> Any:
        return wrapped.AI.run(EMBEDDING, {"text": TEXTS})

    rest = _rest(get, lambda data: r2.put("key", data), send, receive, query, embed)
    return {"kv.get": lambda: kv.get("key", cache_ttl=60), **_d1(wrapped.DB), **rest}


def _d1(db: Any) -> dict[str, Call]:
    one, ten, thousand = (db.prepare(f"{SQL}{rows}").bind(0) for rows in (1, 10, 1000))
    return {
        "first": one.first,
        "query": lambda: db.prepare(f"{SQL}1").bind(0).first(),
        "all 10": ten.all,
        "all 1,000": thousand.all,
        "all 1,000 typed": thousand.all,
    }


COMPETITORS = {"raw": raw, "sdk": sdk, "official": official, "crosswind": crosswind}


# Calls -------------------------------------------------------------------------------------------


async def calls(env: Any, clock: Clock, rounds: int) -> str:
    """Return JSON: case -> competitor -> seconds per call, one figure for each round."""
    competitors = {}
    for name, competitor in COMPETITORS.items():
        sys.path.insert(0, f"/{name}")
        competitors[name] = competitor(env)
        sys.path.remove(f"/{name}")
        for module in [m for m in sys.modules if m.partition(".")[0] == "workers"]:
            del sys.modules[module]  # the module of two competitors
    timed = {}
    for case, (rows, count) in CASES.items():
        by_name = {name: competitors[name][case] for name in COMPETITORS}
        await _check(env, case, rows, by_name)
        timed[case] = await _timed(env, clock, rows, count, by_name, rounds)
    return json.dumps(timed)


async def _check(env: Any, case: str, rows: int, by_name: dict[str, Call]) -> None:
    """Assert that all competitors send the same and return the same. Else times mean nothing."""
    answers = []
    for name, call in by_name.items():
        env.DB.make(rows, 1)
        answer = await call()
        if case == "kv.get":
            assert env.KV.options.cacheTtl == 60, name
        elif "put" in case or "send" in case:
            answer = (env.R2 if "put" in case else env.QUEUE).length
        elif case.startswith("vectorize"):
            answer = env.INDEX.length
        elif case.startswith("ai"):
            answer = [answer["shape"], [[*map(float, vector)] for vector in answer["data"]]]
        elif isinstance(answer, bytes):
            answer = len(answer)
        elif rows > 1:
            answer = list(answer["results"] if isinstance(answer, dict) else answer)
        answers.append(json.dumps(answer, default=lambda null: None))
    assert len(set(answers)) == 1, answers


async def _timed(
    env: Any, clock: Clock, rows: int, count: int, by_name: dict[str, Call], rounds: int
) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in by_name}
    names = list(by_name)
    gc.disable()
    for index in range(-3, rounds):  # the first three warm up
        for name in names:
            call = by_name[name]
            env.DB.make(rows, count)
            started = clock()
            for _ in range(count):
                await call()
            if index >= 0:
                times[name].append((clock() - started) / count)
        names.append(names.pop(0))
        gc.collect()
    gc.enable()
    return times


# Imports -----------------------------------------------------------------------------------------


def imports(name: str, clock: Clock) -> str:
    """Return JSON: the seconds of the first import, and of another one without its modules."""
    folder = f"/{name}"
    for parent, _, files in os.walk(folder):
        for file in files:
            if file.endswith(".py"):
                _compile(f"{parent}/{file}")
    sys.path.insert(0, folder)
    before = set(sys.modules)
    gc.disable()
    first = _imported(name, clock)
    again = []
    for _ in range(5):
        for module in set(sys.modules) - before:
            del sys.modules[module]
        again.append(_imported(name, clock))
    return json.dumps({"first": first, "again": median(again)})


def _imported(name: str, clock: Clock) -> float:
    started = clock()
    if name == "sdk":
        from pyworkers_sdk import D1, KV  # noqa: F401
    else:
        import_module("workers")
    return clock() - started


def _compile(path: str) -> None:
    """Write bytecode beside a source, as vendoring does, but without importing compileall."""
    with open(path, "rb") as source:
        code = compile(source.read(), path, "exec", dont_inherit=True)
    target = _bootstrap_external.cache_from_source(path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "wb") as file:
        file.write(_hash_pyc(code, bytes(8), False))


def compile_stdlib() -> bytes:
    """Return the zip of the standard library, with bytecode in place of sources."""
    from io import BytesIO
    from zipfile import ZipFile

    archive = BytesIO()
    path = next(path for path in sys.path if path.endswith(".zip"))
    with ZipFile(path) as sources, ZipFile(archive, "w") as target:
        for name in sources.namelist():
            data = sources.read(name)
            if name.endswith(".py"):
                try:
                    code = compile(data, f"{path}/{name}", "exec", dont_inherit=True)
                except SyntaxError:  # some tests of the library are broken on purpose
                    continue
                name += "c"
                data = bytes(_hash_pyc(code, bytes(8), False))
            target.writestr(name, data)
    return archive.getvalue()
