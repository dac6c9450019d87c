"""A FastAPI application with blocking operations, for test_blocking_calls.py."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated

import anyio
import anyio.from_thread
from anyio.to_thread import run_sync
from fastapi import BackgroundTasks, Depends, FastAPI, File, UploadFile
from fastapi.responses import FileResponse, StreamingResponse

from pyworkers_sdk import Env, Request, Response, WorkerEntrypoint, asgi

app = FastAPI()
log: list[str] = []
who: ContextVar[str] = ContextVar("who", default="nobody")


def session() -> Iterator[str]:
    log.append("opened")
    yield "session"
    log.append("closed")


@app.get("/log")
async def read_log() -> list[str]:
    entries = log[:]
    log.clear()
    return entries


@app.get("/def")
def read(name: Annotated[str, Depends(session)]) -> dict[str, str]:
    return {"name": name}


@app.get("/fails")
def fails() -> None:
    raise ValueError("from a blocking operation")


@app.get("/stream")
def stream() -> StreamingResponse:
    return StreamingResponse(f"{number}," for number in range(3))


@app.get("/tasks")
def tasks(background: BackgroundTasks) -> str:
    background.add_task(log.append, "task")
    return "answered"


@app.post("/upload")
def upload(file: UploadFile) -> list[str | int | None]:
    return [file.filename, len(file.file.read())]


@app.post("/upload/async")
async def upload_async(file: UploadFile) -> list[str | int | None]:
    return [file.filename, len(await file.read())]


@app.post("/upload/bytes")
def upload_bytes(file: Annotated[bytes, File()]) -> int:
    return len(file)


@app.get("/file")
def send_file() -> FileResponse:
    path = Path(tempfile.gettempdir()) / "blocking_worker.txt"
    path.write_text("in a file")
    return FileResponse(path, media_type="text/plain")


@app.get("/calls")
async def calls() -> list[str]:
    """Return the results of functions that want a thread."""
    loop = asyncio.get_running_loop()
    limiter = anyio.CapacityLimiter(1)
    return [
        await asyncio.to_thread("{}-{}".format, "asyncio", 1),
        await loop.run_in_executor(None, "{}-{}".format, "executor", 1),
        await anyio.to_thread.run_sync("{}-{}".format, "anyio", 1),
        await run_sync("{}".format, "by name", limiter=limiter, abandon_on_cancel=True),
    ]


@app.get("/context")
async def context() -> list[str]:
    """Return the effect of a variable that is set in a blocking call."""

    def change(name: str) -> str:
        before = who.get()
        who.set(name)
        return before

    who.set("Ada")
    results = [await anyio.to_thread.run_sync(change, "Bob"), who.get()]
    results += [await asyncio.to_thread(change, "Cyd"), who.get()]
    return results


@app.get("/order")
async def order() -> list[str]:
    """Return the order of a blocking call and of a task that is ready to run."""
    steps: list[str] = []

    async def other() -> None:
        steps.append("task")

    task = asyncio.ensure_future(other())
    await anyio.to_thread.run_sync(steps.append, "call")
    await task
    return steps


@app.get("/back")
async def back() -> str:
    """Return the error of a blocking call that calls the event loop."""
    try:
        await anyio.to_thread.run_sync(anyio.from_thread.run, anyio.sleep, 0)
    except RuntimeError as error:
        return str(error)
    return "no error"


class Default(WorkerEntrypoint[Env]):
    async def fetch(self, request: Request) -> Response:
        return await asgi.fetch(app, request, self.env, self.ctx)
