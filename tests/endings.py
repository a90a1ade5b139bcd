"""How the story of a quarter ended, to be compared with how it would have without any fault."""

from __future__ import annotations

from city import City
from reactions import effects
from sqlalchemy import select
from zygote import acknowledge

from workflow.storage.models import (
    commands,
    complaint_facts,
    complaints,
    conflicts,
    deadlines,
    events,
    lanes,
    order_facts,
    outbox,
    parked,
    progress,
    ratings,
    services,
    tallies,
)

QUARTER = "scenarios:quarter"


def end_of(folder, acks):
    """How the story ended, but for what a second run may change: times and batch numbers."""
    city = City(folder)
    nothing_told_is_lost(city, acks)
    with city.office.database.read() as conn:
        end = {table.name: told(conn, table, names) for table, names in TOLD.items()}
        end["effects"] = sorted(effects(conn, "counting"))
        end["parked"] = conn.execute(select(parked.c.status)).scalars().all()
        heads = {row.lane: row.pos for row in conn.execute(select(lanes))}
        behind = [r for r in conn.execute(select(progress)) if heads[r.lane] != r.pos]
    assert behind == []
    assert city.damage() == []
    city.close()
    return end


def nothing_told_is_lost(city, acks):
    """Whatever anybody was told, on another file and after the commit only, is in the database."""
    with city.office.database.read() as conn:
        known = {f"{r.subject}-{r.version}" for r in conn.execute(select(events))}
        keys = {r.key: f"{r.subject}-{r.version}" for r in conn.execute(select(commands))}
        there = {
            "Rating": set(conn.execute(select(ratings.c.project_no)).scalars()),
            "ServiceRecord": set(conn.execute(select(services.c.project_no)).scalars()),
        }
    for ack in acks:
        if "event" in ack:
            assert ack["event"] in known, "an acknowledged event is gone"
            if "key" in ack:
                assert keys[ack["key"]] == ack["event"], "an acknowledged step is gone"
        else:
            assert ack["project"] in there[ack["kind"]], "an acknowledged row is gone"


def writes_down(city, acks):
    """Whatever the city's doors answer from now on is written to this file."""
    step, sends = city.step, city.portal.sends

    def steps(*asked, key=None, **values):
        done = step(*asked, key=key, **values)
        acknowledge(acks, **({"key": key} if key else {}), event=done.event_id)
        return done

    def collects(*rows):
        answers = sends(*rows)
        for row, answer in zip(rows, answers.rows, strict=True):
            if answer.outcome in ("accepted", "repeat"):
                acknowledge(acks, kind=type(row).__name__, project=row.projectNo)
        return answers

    city.step, city.portal.sends = steps, collects


TOLD = {
    complaints: ("id", "state", "version", "unit", "round", "project_no"),
    complaint_facts: ("subject", "state", "verdict", "ground", "outcome", "final_level"),
    order_facts: ("subject", "number", "unit", "level"),
    ratings: ("project_no", "assess_number", "level", "unit"),
    services: ("project_no", "unit"),
    tallies: ("day", "unit", "services", "ratings", "onsite", "bad"),
    conflicts: ("kind", "project_no"),
    deadlines: ("subject", "limit_name", "generation"),
    outbox: ("event_id", "channel", "recipient"),
    commands: ("key", "subject", "version"),
}


def told(conn, table, names):
    return sorted(map(tuple, conn.execute(select(*(table.c[name] for name in names)))))
