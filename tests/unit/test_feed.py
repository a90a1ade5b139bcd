"""What a topic brings: repeats, gaps, any order; the same effects once, in order."""

import random

import pytest
from city import OPERATOR
from reactions import EVERYTHING, Counting, Failing, effects
from sqlalchemy import select

import schemas as s
from workflow.bus import progress as progress_module
from workflow.bus.progress import join_source
from workflow.bus.runner import Runner
from workflow.record import record_of
from workflow.storage.models import events, parked, progress

pytestmark = pytest.mark.usefixtures("effects_kept")


@pytest.fixture
def log(city):
    """Twelve complaints of some steps, as a topic would bring them."""
    complaints = [city.portal.bad_review() for _ in range(12)]
    for complaint in complaints:
        city.hotline.receives(complaint)
        city.hotline.calls(complaint)
        city.step(complaint, s.ComplaintClaimed, OPERATOR)
    with city.office.database.read() as conn:
        query = select(events).order_by(events.c.lane, events.c.pos)
        return [record_of(row) for row in conn.execute(query)]


def runner_of(city, consumer):
    with city.office.database.write() as conn:
        join_source(conn, consumer.name, "beginning")
    return Runner(city.ledger, consumer)


def done_by(city, consumer):
    with city.office.database.read() as conn:
        return effects(conn, consumer.name)


def reached(city, consumer):
    query = select(progress.c.lane, progress.c.pos).where(progress.c.consumer == consumer.name)
    with city.office.database.read() as conn:
        return {lane: pos for lane, pos in conn.execute(query) if pos}


def of_complaints(log):
    return [(r.subject, r.version) for r in log if r.type in EVERYTHING]


def whole(log):
    return {record.lane: record.pos for record in log}


@pytest.mark.guarantee("G2")
def test_in_order_and_again(city, log):
    runner = runner_of(city, counting := Counting())
    assert runner.feed(log) == len(log)
    assert runner.feed(log) == 0
    assert done_by(city, counting) == of_complaints(log)
    assert reached(city, counting) == whole(log)


@pytest.mark.guarantee("G2")
@pytest.mark.guarantee("G4")
@pytest.mark.parametrize("seed", range(6))
def test_doubled_and_in_any_order_in_batches_of_any_size(city, log, seed):
    chance = random.Random(seed)
    runner = runner_of(city, counting := Counting())
    brought = [*log, *chance.sample(log, len(log) // 2)]
    chance.shuffle(brought)
    while brought:
        size = chance.randint(1, 20)
        runner.feed(brought[:size])
        del brought[:size]
    done = done_by(city, counting)
    assert sorted(done) == sorted(of_complaints(log))
    for subject in {subject for subject, _ in done}:
        versions = [version for of, version in done if of == subject]
        assert versions == sorted(versions)
    assert reached(city, counting) == whole(log)


@pytest.mark.guarantee("G2")
def test_a_gap_is_filled_from_the_log_and_only_a_gap_sends_it_there(city, log, monkeypatch):
    runner = runner_of(city, counting := Counting())
    asked = []
    step = runner.step
    monkeypatch.setattr(runner, "step", lambda: asked.append(1) or step())
    lost = next(record for record in log if record.pos == 2)
    before = [record for record in log if record.lane != lost.lane]
    runner.feed(before)
    assert asked == []
    runner.feed([record for record in log if record.lane == lost.lane and record != lost])
    assert asked
    assert sorted(done_by(city, counting)) == sorted(of_complaints(log))


def test_what_it_does_not_handle_is_passed_over(city, log):
    runner = runner_of(city, claims := Counting("claims", {"ComplaintClaimed"}))
    runner.feed(log)
    assert {version for _, version in done_by(city, claims)} == {5}
    assert reached(city, claims) == whole(log)


def test_a_record_without_its_fact_is_read_from_the_log(city, log):
    runner = runner_of(city, counting := Counting())
    runner.feed([record._replace(fact=None) for record in log])
    assert sorted(done_by(city, counting)) == sorted(of_complaints(log))


def test_what_lies_beyond_the_log_is_no_event_of_it(city, log):
    runner = runner_of(city, counting := Counting())
    last = log[-1]
    runner.feed([*log, last._replace(pos=last.pos + 1, version=99)])
    runner.feed([last._replace(pos=last.pos + 7, version=99)])
    assert done_by(city, counting) == of_complaints(log)
    assert reached(city, counting) == whole(log)


@pytest.mark.guarantee("G6")
def test_poison_from_a_topic_is_parked_like_any(city, log):
    poison = log[5].subject
    failing = Failing(lambda r: ValueError("坏") if (r.subject, r.version) == (poison, 2) else None)
    runner_of(city, failing).feed(log)
    with city.office.database.read() as conn:
        rows = conn.execute(select(parked).order_by(parked.c.pos)).all()
    assert [row.status for row in rows][:1] == ["parked"]
    assert {row.subject for row in rows} == {poison}
    expected = [pair for pair in of_complaints(log) if pair[0] != poison or pair[1] < 2]
    assert sorted(done_by(city, failing)) == sorted(expected)


@pytest.mark.guarantee("G2")
def test_a_lane_that_another_had_in_hand_and_let_go_of_is_done_all_the_same(city, log, monkeypatch):
    """The other one locked the row and was then killed: nothing of it was committed."""
    runner = runner_of(city, counting := Counting())
    claim, locked = progress_module.claim, [True]

    def skipped(*asked):
        if locked:
            locked.clear()
            return set()
        return claim(*asked)

    monkeypatch.setattr(progress_module, "claim", skipped)
    runner.feed(log)
    assert sorted(done_by(city, counting)) == sorted(of_complaints(log))
    assert reached(city, counting) == whole(log)
