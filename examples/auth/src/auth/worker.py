"""The Worker: accounts in KV, passwords as hashes, sessions as tokens."""

from __future__ import annotations

import time
from typing import TypedDict

from pyworkers_sdk import KV, Env, JsonWebKey, Request, Response, RowError, WorkerEntrypoint

from .passwords import hash_password, is_password
from .tokens import InvalidToken, sign_token, verify_token

HOUR = 3600


class KeySet(TypedDict):
    keys: list[JsonWebKey]


class AppEnv(Env):
    USERS: KV
    TOKEN_SECRET: str
    ISSUER_KEYS: KeySet


class Credentials(TypedDict):
    """The body of POST /register and POST /login."""

    name: str
    password: str


class Default(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Request) -> Response:
        path = "/" + request.url.split("/", 3)[3]
        try:
            match request.method, path:
                case "POST", "/register":
                    return await self._register(await request.json(Credentials))
                case "POST", "/login":
                    return await self._login(await request.json(Credentials))
                case "GET", "/me":
                    return await self._me(request)
                case _:
                    return Response.json({"error": "not found"}, status=404)
        except RowError as error:  # the body is not JSON, or does not fit Credentials
            return Response.json({"error": str(error)}, status=422)

    async def _register(self, credentials: Credentials) -> Response:
        name, password = credentials["name"], credentials["password"]
        if len(password) < 8:
            return Response.json({"error": "password: expected 8 or more characters"}, status=422)
        if await self.env.USERS.get(name) is not None:
            return Response.json({"error": "name: it is taken"}, status=409)
        await self.env.USERS.put(name, await hash_password(password))
        return Response.json({"name": name}, status=201)

    async def _login(self, credentials: Credentials) -> Response:
        name, password = credentials["name"], credentials["password"]
        stored = await self.env.USERS.get(name)
        # An unknown name takes as long as a wrong password.
        known = await is_password(password, stored or await hash_password(""))
        if stored is None or not known:
            return Response.json({"error": "the name or the password is wrong"}, status=401)
        claims = {"sub": name, "exp": int(time.time()) + HOUR}
        return Response.json({"token": await sign_token(claims, self.env.TOKEN_SECRET)})

    async def _me(self, request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise InvalidToken("expected a bearer token")
            claims = await verify_token(token, self.env.TOKEN_SECRET, self.env.ISSUER_KEYS["keys"])
        except InvalidToken as error:
            headers = {"www-authenticate": "Bearer"}
            return Response.json({"error": str(error)}, status=401, headers=headers)
        return Response.json(claims)
