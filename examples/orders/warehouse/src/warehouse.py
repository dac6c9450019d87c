"""The warehouse: a Worker without HTTP routes; other Workers call it over RPC."""

from __future__ import annotations

from pyworkers_sdk import D1, Env, WorkerEntrypoint

__all__ = ["Default"]


class WarehouseEnv(Env):
    DB: D1


class Default(WorkerEntrypoint[WarehouseEnv]):
    """The stock. Every method is idempotent, because a Workflow may run a step twice."""

    async def reserve(self, order_id: str, item: str, quantity: int) -> bool:
        """Reserve a quantity for an order; return False if not enough is left."""
        await (
            self.env.DB.prepare(
                """INSERT OR IGNORE INTO reservations (order_id, item, quantity)
            SELECT ?1, item, ?3 FROM stock WHERE item = ?2 AND quantity >= ?3 + (
              SELECT coalesce(sum(quantity), 0) FROM reservations WHERE item = ?2
            )"""
            )
            .bind(order_id, item, quantity)
            .run()
        )
        query = "SELECT count(*) FROM reservations WHERE order_id = ?"
        return bool(await self.env.DB.prepare(query).bind(order_id).first(column="count(*)"))

    async def ship(self, order_id: str) -> None:
        """Mark the reservation of an order as shipped."""
        query = "UPDATE reservations SET shipped = 1 WHERE order_id = ?"
        await self.env.DB.prepare(query).bind(order_id).run()

    async def left(self, item: str) -> int:
        """Return how many are neither reserved nor shipped."""
        query = """SELECT quantity - (
          SELECT coalesce(sum(quantity), 0) FROM reservations WHERE item = ?1
        ) AS n FROM stock WHERE item = ?1"""
        return int(await self.env.DB.prepare(query).bind(item).first(column="n") or 0)
