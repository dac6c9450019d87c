"""Fake Durable Objects in memory: namespaces, objects, storage, alarms, WebSockets and facets."""
