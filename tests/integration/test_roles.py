"""The processes' own role on a server, made by the SQL of docs/operations.md, runs the loop and can
neither change nor delete what is in the log, who signed in, or who looked at what.
"""

import pytest
import roles
from city import City, rating
from console_pages import PASSWORD, signed_up
from sqlalchemy import delete, select, update

from console.accounts.signing import sign_in
from schemas.envelope import Role
from workflow.errors import Unwritable
from workflow.settings import ADDRESS
from workflow.storage.models import events, ratings, sign_ins, vault, views


@pytest.fixture
def restricted(folder, storage):
    """The data folder, its database to be used by the role that the documentation makes, beside
    that of the citizen's page.
    """
    if storage.name != "postgresql":
        pytest.skip("a file has no roles")
    with roles.made(folder) as addresses:
        (folder / ADDRESS).write_text(addresses[roles.APP])
        yield folder


@pytest.mark.guarantee("G8")
def test_the_processes_role_runs_the_loop_and_cannot_touch_the_log(restricted):
    city = City(restricted)
    complaint = city.portal.bad_review()
    city.drain()
    city.hotline.confirms(complaint)
    city.drain()
    city.department.acknowledges(complaint)
    city.drain()
    assert city.state(complaint) == "整改中"
    signed_up(city.office, "甲", Role.OPERATOR)
    assert sign_in(city.office, "甲", PASSWORD)
    for statement in (
        delete(events),
        update(events).values(actor="x"),
        delete(sign_ins),
        update(sign_ins).values(account="乙"),
        delete(views),
        update(views).values(actor="乙"),
    ):
        with (
            pytest.raises(Unwritable, match="permission denied"),
            city.office.database.write() as conn,
        ):
            conn.execute(statement)
    assert city.damage() == []
    city.close()


@pytest.mark.guarantee("G1")
def test_it_takes_in_a_whole_batch_of_ratings_with_phones(restricted):
    city = City(restricted)
    rows = [rating(f"P{n}", 5, mobile=f"139{n:08}", writingEvaluation="很好") for n in range(40)]
    city.portal.sends(*rows, rating("P40", 1, mobile="13800000000"))
    with city.office.database.read() as conn:
        kept = conn.execute(select(vault.c.owner).where(vault.c.field == "rating")).all()
        numbers = {row.batch for row in conn.execute(select(ratings.c.batch))}
    assert len(kept) == 41
    assert len(numbers) == 1
    assert city.damage() == []
    city.close()
