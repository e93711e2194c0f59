"""The trail is append-only for the application, and whoever tampers with it as superuser is found out (C9, R148)."""

import asyncpg
import pytest
import pytest_asyncio

from canonical.provenance import Entry
from ledger.audit import Audit
from ledger.database import Database, Plain
from ledger.refusals import APPEND_ONLY
from ledger.trail import Problem, verify
from runtime.embedded.postgres import Postgres
from tests.ledger.vendor import ORIGIN


def an_entry(engagement: str = "C-1", **changed: object) -> Entry:
    """One audit entry."""
    origin = ORIGIN.changed(engagement=engagement)
    return Entry.model_validate({"action": "create_project", "origin": origin, "system": "psa", "kind": "project", **changed})


@pytest_asyncio.fixture(autouse=True, loop_scope="function")
async def a_trail(database: Database, superuser: Plain) -> None:
    """Two streams of three, anchored, in an otherwise empty trail."""
    await tamper(superuser, "DELETE FROM audit", "DELETE FROM audit_heads", "DELETE FROM audit_anchors")
    entries = [an_entry(c, key=f"k/{n}", details={"é": "ü€😀", "b": "2", "a:": f"{n}"}) for n in range(3) for c in ("C-1", "C-2")]
    await Audit(database).note(entries)
    await Audit(database).anchor()


async def found(database: Database) -> list[Problem]:
    return [problem async for problem in verify(database)]


async def tamper(superuser: Plain, *statements: str) -> None:
    """What only somebody can do who may disable triggers."""
    await superuser.execute("SET session_replication_role = replica")
    for statement in statements:
        await superuser.execute(statement)


async def test_a_story_is_told_in_order_and_holds_what_was_noted(database: Database) -> None:
    story = await Audit(database).story("C-1")
    assert [(noted.seq, noted.entry.key) for noted in story] == [(1, "k/0"), (2, "k/1"), (3, "k/2")]
    assert story[0].entry == an_entry("C-1", key="k/0", details={"é": "ü€😀", "b": "2", "a:": "0"})
    assert await found(database) == []


async def test_what_belongs_to_no_engagement_has_its_own_stream_and_secrets_are_withheld(database: Database) -> None:
    await Audit(database).note([an_entry("", details={"access_token": "abc"})])
    [noted] = await Audit(database).story("handoff")
    assert noted.entry.details == {"access_token": "(withheld)"}


@pytest.mark.parametrize("table", ["audit", "audit_anchors", "facts"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET at = now()", "DELETE FROM {}", "TRUNCATE {}"])
async def test_nobody_changes_or_removes_what_was_written(
    server: Postgres, database_name: str, database: Database, table: str, statement: str
) -> None:
    said = statement.format(table).replace("at = now()", "fingerprint = ''" if table == "facts" else "at = now()")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.execute(said)
    async with await Database.open(server.dsn(database_name)) as owner:
        with pytest.raises(asyncpg.PostgresError) as refused:
            await owner.execute(said)
    assert refused.value.sqlstate == APPEND_ONLY


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO audit_heads (stream, seq, hash) VALUES ('C-9', 1, '')",
        "UPDATE audit_heads SET hash = ''",
        "DELETE FROM audit_heads",
        "INSERT INTO audit_anchors (seq) VALUES (9)",
        "UPDATE clock SET is_movable = true",
        "DELETE FROM effects",
        "DELETE FROM inbox",
        "CREATE TABLE mine (id integer)",
    ],
)
async def test_the_application_owns_nothing(database: Database, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.execute(statement)


async def test_the_application_cannot_choose_what_a_row_is_chained_to(database: Database) -> None:
    await database.execute(
        "INSERT INTO audit (stream, seq, at, previous_hash, hash) VALUES ('C-1', 77, '2001-01-01', 'forged', 'forged')"
    )
    last = (await Audit(database).story("C-1"))[-1]
    assert last.seq == 4 and last.at.year > 2001 and last.hash != "forged"
    assert await found(database) == []


async def test_a_changed_row_is_found(database: Database, superuser: Plain) -> None:
    await tamper(superuser, "UPDATE audit SET actor = 'somebody else' WHERE stream = 'C-1' AND seq = 2")
    assert [(p.stream, p.seq, p.what) for p in await found(database)] == [("C-1", 2, "its content was changed")]


async def test_a_row_that_was_changed_with_its_hash_is_found(database: Database, superuser: Plain) -> None:
    await tamper(
        superuser,
        "UPDATE audit SET actor = 'somebody else' WHERE stream = 'C-1' AND seq = 2",
        "UPDATE audit a SET hash = audit_hash(a) WHERE stream = 'C-1' AND seq = 2",
    )
    assert [(p.stream, p.seq) for p in await found(database)] == [("C-1", 3)]


async def test_a_row_removed_from_the_middle_is_found(database: Database, superuser: Plain) -> None:
    await tamper(superuser, "DELETE FROM audit WHERE stream = 'C-1' AND seq = 2")
    assert ("C-1", 2, "rows 2 to 2 are gone") in [(p.stream, p.seq, p.what) for p in await found(database)]


async def test_a_removed_tail_is_found_even_where_the_head_was_rewritten(database: Database, superuser: Plain) -> None:
    await tamper(superuser, "DELETE FROM audit WHERE stream = 'C-1' AND seq = 3")
    assert {p.stream for p in await found(database)} == {"C-1"}
    await tamper(
        superuser,
        "UPDATE audit_heads h SET seq = 2, hash = a.hash FROM audit a WHERE h.stream = 'C-1' AND a.stream = 'C-1' AND a.seq = 2",
    )
    assert [(p.stream, p.seq, p.what) for p in await found(database)] == [("C-1", 3, "what anchor 1 bound is gone")]


async def test_a_removed_stream_is_found_even_where_its_head_was_removed(database: Database, superuser: Plain) -> None:
    await tamper(superuser, "DELETE FROM audit WHERE stream = 'C-2'")
    assert ("C-2", 3, "the whole stream is gone") in [(p.stream, p.seq, p.what) for p in await found(database)]
    await tamper(superuser, "DELETE FROM audit_heads WHERE stream = 'C-2'")
    assert [(p.stream, p.seq, p.what) for p in await found(database)] == [("C-2", 3, "what anchor 1 bound is gone")]


async def test_a_changed_anchor_is_found(database: Database, superuser: Plain) -> None:
    await Audit(database).note([an_entry("C-1")])
    await Audit(database).anchor()
    await tamper(superuser, "DELETE FROM audit WHERE stream = 'C-2'", "DELETE FROM audit_heads WHERE stream = 'C-2'")
    await tamper(superuser, "UPDATE audit_anchors SET heads = heads - 'C-2' WHERE seq = 1")
    assert [(p.stream, p.seq) for p in await found(database)] == [("", 1)]
    await tamper(superuser, "DELETE FROM audit_anchors WHERE seq = 1")
    assert [(p.stream, p.seq) for p in await found(database)] == [("", 2)]


async def test_an_anchor_binds_only_what_moved(database: Database) -> None:
    audit = Audit(database)
    first = await audit.anchor()
    assert await audit.anchor() == first
    await audit.note([an_entry("C-2")])
    assert await audit.anchor() != first
    anchors = await database.rows("SELECT heads FROM audit_anchors ORDER BY seq")
    assert [sorted(anchor["heads"]) for anchor in anchors] == [["C-1", "C-2"], ["C-2"]]
    assert await found(database) == []
