"""The links: D1 stores them, and KV caches the popular ones."""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from typing import TypedDict

from pyworkers_sdk import D1, KV

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,49}")
_RESERVED = {"api"}  # the path of the API


class Link(TypedDict):
    id: int
    slug: str
    url: str
    hits: int
    created_at: datetime


class Links:
    def __init__(self, db: D1, cache: KV, cache_seconds: int) -> None:
        self._db = db
        self._cache = cache
        self._cache_seconds = cache_seconds

    async def add(self, url: str, slug: str) -> Link:
        """Insert a link and return it. Raise D1ConstraintError if the slug is taken."""
        sql = "INSERT INTO links (url, slug) VALUES (?, ?) RETURNING *"
        link = await self._db.prepare(sql, Link).bind(url, slug).first()
        assert link is not None  # RETURNING yields the inserted row
        return link

    async def get(self, slug: str) -> Link | None:
        return await self._db.prepare("SELECT * FROM links WHERE slug = ?", Link).bind(slug).first()

    async def newest(self, limit: int, before: int | None = None) -> list[Link]:
        """Return links, newest first; with ``before``, only those with a smaller id."""
        sql = "SELECT * FROM links WHERE ?1 IS NULL OR id < ?1 ORDER BY id DESC LIMIT ?2"
        return (await self._db.prepare(sql, Link).bind(before, limit).all()).results

    async def delete(self, slug: str) -> bool:
        """Delete a link; return False if it does not exist.

        In other locations, KV may return a deleted link for up to a minute.
        """
        result = await self._db.prepare("DELETE FROM links WHERE slug = ?").bind(slug).run()
        await self._cache.delete(slug)
        return result.meta.changes > 0

    async def count_hit(self, slug: str) -> None:
        await self._db.prepare("UPDATE links SET hits = hits + 1 WHERE slug = ?").bind(slug).run()

    async def cached_url(self, slug: str) -> str | None:
        return await self._cache.get(slug)

    async def cache_url(self, slug: str, url: str) -> None:
        await self._cache.put(slug, url, expiration_ttl=self._cache_seconds)


def is_slug(text: str) -> bool:
    return _SLUG.fullmatch(text) is not None and text not in _RESERVED


def random_slug() -> str:
    """Return seven random letters and digits (34 bits), without look-alikes such as 1 and l."""
    return "".join(secrets.choice("23456789abcdefghijkmnpqrstuvwxyz") for _ in range(7))
