"""The note of an error has the binding, the method, and the key or the SQL, but no values."""

from __future__ import annotations

from pyworkers_sdk import D1, KV, R2, Env, Headers, Request, Response
from pyworkers_sdk.errors import D1ConstraintError, D1Error, KVError, R2Error
from tests.contract.kit import raises


class Named(Env):
    KV: KV
    DB: D1
    R2: R2


SECRET = "a secret"


async def test_error_of_kv_has_a_note_with_the_binding_and_the_key(env: object) -> None:
    with raises(KVError) as caught:
        await Named(env).KV.put("<k>", SECRET, expiration_ttl=1)
    assert caught.value.__notes__ == ["binding KV, KV.put(), key '<k>'"]
    with raises(KVError) as caught:
        await Named(env).KV.get("k" * 600)
    [note] = caught.value.__notes__
    assert note == f"binding KV, KV.get(), key {('k' * 500 + '…')!r}"


async def test_error_of_d1_has_a_note_with_the_binding_and_the_sql(env: object) -> None:
    sql = "SELECT * FROM missing WHERE a = ?"
    db = Named(env).DB
    for method in "first", "all", "run", "raw":
        with raises(D1Error) as caught:
            await getattr(db.prepare(sql).bind(SECRET), method)()
        note = f"binding DB, D1PreparedStatement.{method}(), SQL: {sql}"
        assert caught.value.__notes__ == [note]
        assert SECRET not in str(caught.value)
    with raises(D1Error) as caught:
        await db.exec("SELEC 1")
    assert caught.value.__notes__ == ["binding DB, D1.exec(), SQL: SELEC 1"]
    with raises(D1Error) as caught:
        await db.batch([db.prepare(sql).bind(1)])
    assert caught.value.__notes__ == ["binding DB, D1.batch()"]


async def test_error_of_a_constraint_has_no_value(db: D1) -> None:
    await db.exec("CREATE TABLE t (a TEXT UNIQUE)")
    insert = db.prepare("INSERT INTO t VALUES (?)").bind(SECRET)
    await insert.run()
    with raises(D1ConstraintError) as caught:
        await insert.run()
    assert caught.value.__notes__ == ["D1PreparedStatement.run(), SQL: INSERT INTO t VALUES (?)"]


async def test_error_of_r2_has_a_note_with_the_binding_and_the_key(env: object) -> None:
    with raises(R2Error) as caught:
        await Named(env).R2.put("k" * 1025, SECRET)
    [note] = caught.value.__notes__
    assert note.startswith("binding R2, R2.put(), key 'kkk")


async def test_reprs_are_short_and_have_no_secrets(env: object) -> None:
    named = Named(env)
    assert [repr(named.KV), repr(named.DB), repr(named.R2)] == ["<KV KV>", "<D1 DB>", "<R2 R2>"]
    url = f"https://x.example/a?token={SECRET}"
    request = Request(url, method="POST", headers={"Authorization": SECRET, "Cookie": SECRET})
    assert repr(request) == "<Request POST https://x.example/a?…>"
    assert repr(request.headers) == "<Headers: authorization, cookie>"
    assert repr(Headers()) == "<Headers: >"
    assert repr(Response(None, status=204)) == "<Response 204>"
    assert repr(Response.json({"a": SECRET})) == "<Response 200 application/json>"
