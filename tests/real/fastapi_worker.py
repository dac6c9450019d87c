"""A FastAPI application for test_fastapi.py: its operations are `def` and `async def`."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import (
    BackgroundTasks,
    Depends,
    FastAPI,
    Header,
    HTTPException,
    Request,
    Response,
    UploadFile,
    WebSocket,
    WebSocketDisconnect,
)
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel, Field

from pyworkers_sdk import KV, Env, asgi


class AppEnv(Env):
    CACHE: KV
    SHOP: str


WorkerEnv = Annotated[AppEnv, Depends(asgi.env(AppEnv))]


class Pool:
    """A resource that is opened once."""

    opened = 0

    def __init__(self) -> None:
        Pool.opened += 1
        self.numbers = itertools.count(1)


log: list[str] = []


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    await asyncio.sleep(0.01)
    app.state.pool = Pool()
    yield {"pool": app.state.pool}


app = FastAPI(lifespan=lifespan)


@app.middleware("http")
async def mark(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    response.headers["x-marked"] = request.method
    return response


class Item(BaseModel):
    name: str
    price: float = Field(ge=0)


def session() -> Iterator[str]:
    log.append("opened")
    yield "session"
    log.append("closed")


@app.get("/log")
async def read_log() -> list[str]:
    entries = log[:]
    log.clear()
    return entries


@app.get("/def/{number}")
def blocking(number: int, name: Annotated[str, Depends(session)]) -> list[Any]:
    return [number, name]


@app.get("/pool")
async def pool(request: Request) -> list[Any]:
    same = request.state.pool is request.app.state.pool
    return [same, Pool.opened, next(request.state.pool.numbers)]


@app.put("/items/{key}")
async def put_item(key: str, item: Item, env: WorkerEnv) -> Item:
    await env.CACHE.put(f"{env.SHOP}/{key}", item.model_dump_json())
    return item


@app.get("/items/{key}")
async def get_item(key: str, env: WorkerEnv) -> Item:
    text = await env.CACHE.get(f"{env.SHOP}/{key}")
    if text is None:
        raise HTTPException(404, "no such item")
    return Item.model_validate_json(text)


@app.post("/upload")
async def upload(file: UploadFile) -> list[Any]:
    return [file.filename, file.content_type, len(await file.read())]


@app.post("/upload/def")
def upload_blocking(files: list[UploadFile]) -> list[Any]:
    return [[file.filename, len(file.file.read())] for file in files]


@app.get("/headers")
async def headers(
    response: Response, x_city: Annotated[str, Header()] = "", accept: Annotated[str, Header()] = ""
) -> list[str]:
    response.set_cookie("a", "1", httponly=True)
    response.set_cookie("b", "2")
    return [x_city, accept]


@app.get("/events")
async def events() -> StreamingResponse:
    async def source() -> AsyncIterator[str]:
        try:
            for number in itertools.count():
                yield f"data: {number}\n\n"
                await asyncio.sleep(0.02)
        finally:
            log.append("events closed")

    return StreamingResponse(source(), media_type="text/event-stream")


@app.get("/stream/def")
def stream() -> StreamingResponse:
    return StreamingResponse(f"{number}," for number in range(3))


@app.api_route("/file", methods=["GET", "HEAD"])
def file() -> FileResponse:
    return FileResponse(__file__)


@app.post("/tasks")
async def tasks(background: BackgroundTasks) -> str:
    async def later() -> None:
        await asyncio.sleep(0.05)
        log.append("async task")

    background.add_task(later)
    background.add_task(log.append, "def task")
    return "answered"


@app.get("/fails")
async def fails() -> None:
    raise LookupError("in the operation")


@app.websocket("/chat/{room}")
async def chat(websocket: WebSocket, room: str, env: WorkerEnv) -> None:
    if room == "closed":
        raise HTTPException(403, "closed")
    await websocket.accept(subprotocol="chat", headers=[(b"x-room", room.encode())])
    try:
        while True:
            message = await websocket.receive_json()
            if message == "bye":
                await websocket.close(4000, "you said it")
                return
            await websocket.send_json([env.SHOP, next(websocket.state.pool.numbers) > 0, message])
    except WebSocketDisconnect as error:
        log.append(f"left {error.code}")


Default = asgi.entrypoint(app, AppEnv)
