"""Each member of a core or common binding is here, or ``docs/surface_map.toml`` has the reason."""

from __future__ import annotations

import pytest

from tests.surface import Surface, names_of, resolve


@pytest.fixture(scope="module")
def surface() -> Surface:
    return Surface()


def test_every_core_and_common_member_has_a_counterpart_or_a_reason(surface: Surface) -> None:
    assert [str(member) for member in surface.missing()] == []


def test_map_has_no_unused_line(surface: Surface) -> None:
    assert surface.stale() == []


def test_map_names_existing_interfaces(surface: Surface) -> None:
    assert surface.unknown() == []


@pytest.mark.parametrize(
    ("interface", "member", "found"),
    [
        ("KVNamespace", "getWithMetadata", "KV.get_with_metadata"),
        ("KVNamespacePutOptions", "expirationTtl", "KV.put(expiration_ttl=)"),
        ("VectorizeQueryOptions", "topK", "Vectorize.query(top_k=)"),
        ("D1Meta", "rows_read", "D1Meta.rows_read"),
        ("ExportedHandler", "scheduled", "WorkerEntrypoint.scheduled"),
        ("File", "constructor", "File()"),
    ],
)
def test_counterpart_is_found(surface: Surface, interface: str, member: str, found: str) -> None:
    assert found in [str(one) for one in surface.counterparts(interface, member)]


def test_missing_counterpart_is_not_found(surface: Surface) -> None:
    names = surface.interfaces["KVNamespace"]["members"]
    names["purge"] = {"kind": "method", "python": "purge"}
    assert [*surface.counterparts("KVNamespace", "purge")] == []
    assert surface.excuse("kv", "KVNamespace", "purge", {}, {}) == (None, None)
    del names["purge"]
    assert "get" in names_of(resolve("KV"))
    assert "count" not in names_of(resolve("KVListKey"))  # a tuple's own


def test_unknown_place_is_refused(surface: Surface) -> None:
    with pytest.raises(LookupError, match=r"unknown place KV\.purge$"):
        next(surface._in("KV.purge", "x", "x", {"kind": "property"}))
