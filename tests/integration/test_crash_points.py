"""Killed at every commit there is, just before it and just after, and run again: nothing lost,
nothing doubled. Two complaints go round the whole loop with all of the office's consumers.
"""

import shutil

import pytest
from city import City
from reactions import effects, make_room
from sqlalchemy import select
from zygote import acknowledged

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

KILLED = -9
CALL = "scenarios:quarter"


@pytest.fixture(scope="module")
def start(storage, in_memory):
    """A prepared folder with room for the effects; copied for each crash point."""
    folder = storage.copy(storage.new, in_memory / storage.name / "start" / "data")
    city = City(folder)
    make_room(city.office.database)
    city.close()
    return folder


@pytest.fixture(scope="module")
def undisturbed(storage, start, zygote, in_memory):
    """The same story without a crash: how many commits it makes, and how it ends."""
    place = in_memory / storage.name / "undisturbed"
    folder = storage.copy(start, place / "data")
    given = {"folder": str(folder), "acks": str(place / "acks"), "counted": str(place / "n")}
    assert zygote.run(CALL, **given) == 0
    commits = acknowledged(place / "n")[0]["commits"]
    return commits, end_of(folder, acknowledged(place / "acks"))


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
        if "key" in ack:
            assert keys[ack["key"]] == ack["event"], "an acknowledged step is gone"
            assert ack["event"] in known, "an acknowledged event is gone"
        else:
            assert ack["project"] in there[ack["kind"]], "an acknowledged row is gone"


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


@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G2")
@pytest.mark.guarantee("G10")
@pytest.mark.parametrize("part", range(4))
def test_killed_before_any_commit_and_run_again_it_ends_the_same(
    storage, start, undisturbed, zygote, in_memory, capsys, part
):
    commits, expected = undisturbed
    assert commits > 20, "no crash points were found"
    points = range(1 + part, commits + 1, 4 * storage.stride)
    for point in points:
        place = in_memory / storage.name / f"before-{point}"
        given = killed(storage, start, place, zygote, point, after=False)
        assert zygote.run(CALL, **given) == 0
        ended = end_of(place / "data", acknowledged(place / "acks"))
        assert ended == expected, f"killed before commit {point} of {commits}"
        storage.drop(place / "data")
        shutil.rmtree(place)
    say(capsys, f"{len(points)} of {commits} crash points before a commit, part {part + 1} of 4")


@pytest.mark.guarantee("G1")
@pytest.mark.guarantee("G10")
@pytest.mark.parametrize("part", range(2))
def test_killed_just_after_any_commit_everything_told_is_there_and_nothing_is_half_done(
    storage, start, undisturbed, zygote, in_memory, capsys, part
):
    """On the disk this is what stands before the next commit, from where the story above goes on;
    so it is looked at as it was left.
    """
    commits, _ = undisturbed
    points = range(1 + part, commits + 1, 2 * storage.stride)
    for point in points:
        place = in_memory / storage.name / f"after-{point}"
        killed(storage, start, place, zygote, point, after=True)
        city = City(place / "data")
        nothing_told_is_lost(city, acknowledged(place / "acks"))
        assert city.damage() == [], f"killed after commit {point} of {commits}"
        city.close()
        storage.drop(place / "data")
        shutil.rmtree(place)
    say(capsys, f"{len(points)} of {commits} crash points after a commit, part {part + 1} of 2")


def killed(storage, start, place, zygote, point, after):
    storage.copy(start, place / "data")
    given = {"folder": str(place / "data"), "acks": str(place / "acks")}
    assert zygote.run(CALL, **given, kill_at=point, after=after) == KILLED
    return given


def say(capsys, text):
    with capsys.disabled():
        print(f"\n{text}")  # noqa: T201
