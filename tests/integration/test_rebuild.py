"""A rebuild beside everything that runs: nobody waits for it, and however it ends the tables are
whole.
"""

import threading
from contextlib import contextmanager

import pytest
from reactions import EFFECTS, Counting
from sqlalchemy import func, inspect, select

from workflow.bus import parking, rebuild
from workflow.bus.embedded import EmbeddedBus
from workflow.bus.rebuild import rebuild as rebuilt
from workflow.errors import Busy
from workflow.storage.models import complaint_facts, order_facts, parked


@pytest.fixture
def grown(city, monkeypatch):
    """A city with forty complaints, and batches small enough that a rebuild takes many."""
    monkeypatch.setattr(rebuild, "PAGE", 5)
    for _ in range(40):
        city.portal.bad_review()
    city.drain()
    return city


def metrics_of(city):
    return next(c for c in city.office.bus().consumers if c.name == "metrics")


def facts(city):
    with city.office.database.read() as conn:
        return [
            conn.execute(select(table).order_by(*table.primary_key)).all()
            for table in (complaint_facts, order_facts)
        ]


def schema(city):
    """Every table with its columns, keys and indexes."""
    with city.office.database.read() as conn:
        seen = inspect(conn)
        return [
            (
                name,
                [column["name"] for column in seen.get_columns(name)],
                seen.get_pk_constraint(name)["constrained_columns"],
                sorted(index["name"] for index in seen.get_indexes(name)),
            )
            for name in sorted(seen.get_table_names())
        ]


@pytest.mark.guarantee("G7")
def test_the_city_works_on_while_its_figures_are_rebuilt(grown):
    bus = grown.office.bus()
    runner = threading.Thread(target=bus.run)
    runner.start()
    shape, seen = schema(grown), []

    def meanwhile(done, total):
        if len(seen) < 10:
            subject = grown.portal.bad_review()
            bus.wake()
            with grown.office.database.read() as conn:
                query = select(func.count()).select_from(complaint_facts)
                seen.append((subject, conn.execute(query).scalar_one()))
        assert done <= total

    rebuilt(grown.ledger, metrics_of(grown), meanwhile)
    bus.stop()
    runner.join()
    assert grown.drain()
    assert len(seen) == 10
    assert all(count >= 40 for _, count in seen), "readers see the old tables, whole"
    assert schema(grown) == shape
    after = facts(grown)
    assert len(after[0]) == 50
    assert grown.damage() == []
    rebuilt(grown.ledger, metrics_of(grown))
    assert facts(grown) == after


def test_nobody_waits_for_longer_than_a_batch(grown):
    database, held, inside = grown.office.database, [], []
    write = database.write

    @contextmanager
    def watched(**how):
        inside.append(True)
        try:
            with write(**how) as conn:
                yield conn
        finally:
            inside.pop()

    database.write = watched
    rebuilt(grown.ledger, metrics_of(grown), lambda _done, _total: held.append(bool(inside)))
    assert len(held) > 10
    assert not any(held), "the writer is free between two batches"


def test_a_parked_record_replayed_meanwhile_makes_it_begin_again(grown):
    make_room = EFFECTS.metadata.create_all
    with grown.office.database.write() as conn:
        make_room(conn)
    poison = "CP21-0007"

    class Fragile(Counting):
        broken = True

        def handle(self, record, work):
            super().handle(record, work)
            if self.broken and (record.subject, record.version) == (poison, 2):
                raise ValueError("坏")

    fragile = Fragile()
    EmbeddedBus(grown.ledger, (fragile,)).drain()
    fragile.broken = False
    with grown.office.database.read() as conn:
        row = conn.execute(select(parked).where(parked.c.status == "parked")).one()
    starts = []

    def meanwhile(done, total):
        if not starts or done < starts[-1]:
            starts.append(done)
        if done == total and len(starts) == 1:
            parking.replay(grown.ledger, fragile, row.lane, row.pos, by="信息科庚")
        else:
            starts[-1] = done

    rebuilt(grown.ledger, fragile, meanwhile)
    with grown.office.database.read() as conn:
        query = select(EFFECTS.c.version).where(EFFECTS.c.subject == poison)
        versions = conn.execute(query.order_by(EFFECTS.c.place)).scalars().all()
    assert versions == sorted(versions) == list(range(1, len(versions) + 1))
    assert len(starts) > 1


@pytest.mark.guarantee("G10")
def test_killed_in_the_middle_the_old_tables_stay_and_the_next_one_clears_up(grown, zygote):
    before, shape = facts(grown), schema(grown)
    folder = str(grown.office.data)
    assert zygote.run("scenarios:rebuild_until_killed", folder=folder, batches=4) == -9
    assert facts(grown) == before
    assert any(name.startswith("shadow_") for name, *_ in schema(grown))
    assert grown.damage() == []
    rebuilt(grown.ledger, metrics_of(grown))
    assert schema(grown) == shape
    assert facts(grown) == before
    assert grown.damage() == []


def test_two_at_once_are_one_too_many(grown):
    def meanwhile(_done, _total):
        with pytest.raises(Busy, match="另一个进程"):
            rebuilt(grown.ledger, metrics_of(grown))

    rebuilt(grown.ledger, metrics_of(grown), meanwhile)
    assert grown.damage() == []
