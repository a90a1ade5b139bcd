"""The role of the citizen's page on a server takes what he answers, and can read of people nothing
but what units answer them.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import roles
from citizens import Citizens, reevaluating
from city import City
from sqlalchemy import create_engine, make_url, select, text

from workflow.errors import Unwritable
from workflow.settings import ADDRESS
from workflow.storage.models import accounts, contacts, events, outbox, ratings, sessions, vault

ON = ("postgresql",)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def alone(folder):
    """A city, and the folder of the page's process: the same database, in its own role."""
    city = City(folder)
    with roles.made(folder) as addresses:
        page = folder.with_name("page")
        page.mkdir()
        (page / "bihuan.key").write_text((folder / "bihuan.key").read_text())
        (page / ADDRESS).write_text(addresses[roles.CITIZEN])
        yield city, page
    city.close()


def test_the_pages_role_takes_an_answer_and_shows_the_units_reply(alone):
    city, page = alone
    subject = reevaluating(city)
    process = City(page, city.clock)
    phone = Citizens(process).phone()
    phone.opens(subject)
    assert "向您道歉" in phone.page.text
    phone.answers("yes", "no", "1", words="还是要证明")
    assert "重新办理" in phone.page.text
    phone.goes("/r/retaliation")
    phone.submits(words="有人来找我")
    assert city.timeline(subject)[-2:] == ["ComplaintReevaluated", "RetaliationReported"]
    process.close()
    assert city.damage() == []


def test_it_can_read_nobodys_phone_and_nobodys_account(alone):
    city, page = alone
    subject = reevaluating(city)
    process = City(page, city.clock)
    with process.office.database.read() as conn:
        fields = set(conn.execute(select(vault.c.field)).scalars())
    assert fields == {"reply"}
    for table in (accounts, sessions, contacts, ratings, outbox):
        with (
            pytest.raises(Unwritable, match="permission denied"),
            process.office.database.read() as conn,
        ):
            conn.execute(select(table)).all()
    for statement in (
        select(events.c.actor),
        events.delete(),
        vault.delete(),
        vault.insert().values(owner=subject, field="contact", sealed=b"x"),
    ):
        with (
            pytest.raises(Unwritable, match=r"permission denied|row-level security"),
            process.office.database.write() as conn,
        ):
            conn.execute(statement)
    process.close()


def test_it_sees_that_others_write_and_not_who_only_reads(alone):
    city, page = alone
    process = City(page, city.clock)
    writing = process.office.database.writing
    with city.office.database.write() as conn:
        conn.execute(select(events.c.pos)).first()
        assert len(writing()) == 1
    with city.office.database.read() as conn:
        conn.execute(select(events.c.pos)).first()
        assert writing() == frozenset()
    process.close()


@pytest.mark.guarantee("G8")
def test_rights_given_half_are_not_given(folder):
    """Whoever gives them is gone before what was granted on all tables is taken back for some."""
    City(folder).close()
    role = f"bihuan_half_{os.getpid()}"
    engine = create_engine(make_url((folder / ADDRESS).read_text()), isolation_level="AUTOCOMMIT")
    may = text(f"SELECT has_table_privilege('{role}', 'events', 'DELETE')")
    with engine.connect() as giving:
        for statement in (
            roles.BLOCKS[0].replace("bihuan_app", role).partition("REVOKE")[0].splitlines()
        ):
            giving.execute(text(statement))
        giving.invalidate()
    with engine.connect() as conn:
        assert not conn.execute(may).scalar_one()
        conn.execute(text(f"DROP OWNED BY {role}"))
        conn.execute(text(f"DROP ROLE {role}"))
    engine.dispose()


MAKING_ROLES = ("CREATE ROLE", "ALTER ROLE", "SELECT 'CREATE ROLE", "WHERE NOT EXISTS", "\\")
"""How a role itself comes about, which psql does in another way."""


def test_containers_are_given_the_same_rights_and_no_others():
    def rights(said):
        lines = [line for line in said.splitlines() if line and not line.startswith("--")]
        return [line for line in lines if not line.startswith((*MAKING_ROLES, "BEGIN", "COMMIT"))]

    deployed = (ROOT / "deploy" / "roles.sql").read_text()
    assert rights(deployed) == rights("".join(roles.BLOCKS))
