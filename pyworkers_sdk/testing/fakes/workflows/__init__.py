"""Workflows over memory.

``workflow`` has the binding's JavaScript API, and ``engine`` runs one instance: ``step`` takes its
steps, ``records`` has the data that survives a crash, and ``history`` the events for subscriptions.
``rules`` checks arguments and computes retry delays, ``messages`` quotes the runtime, and
``script`` is for tests: introspection, mocks and crashes.
"""
