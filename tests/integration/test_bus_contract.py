"""What every bus must keep, whatever carries the events: order, effects once, nothing dropped.

Each kind of bus is one class with `drain`; all stories run on all kinds.
"""

import threading
import time

import pytest
from city import OPERATOR
from reactions import EFFECTS, EVERYTHING, Analysing, Counting, Failing, effects
from sqlalchemy import delete, inspect, select, update

import schemas as s
from workflow.bus import parking
from workflow.bus import progress as progress_module
from workflow.bus.copies import Copies
from workflow.bus.embedded import EmbeddedBus
from workflow.bus.kafka import Publisher
from workflow.bus.progress import Share, join_source
from workflow.bus.pulse import Pulse
from workflow.bus.rebuild import rebuild
from workflow.bus.relay import Relay
from workflow.bus.runner import Runner
from workflow.bus.topic import Following
from workflow.errors import Away, Busy, InvalidInput
from workflow.recent import Recent
from workflow.record import bare, record_of
from workflow.storage.log import lane_of
from workflow.storage.models import events, lanes, parked, progress

pytestmark = pytest.mark.usefixtures("effects_kept")


class Embedded:
    """The log itself, read by one runner for all consumers."""

    def __init__(self, city):
        self.city = city

    def drain(self, *consumers):
        assert EmbeddedBus(self.city.ledger, consumers).drain()


class Topic:
    """The relay brings the log to a topic, and every consumer follows that."""

    def __init__(self, city, broker):
        self.city, self.broker = city, broker
        self.publisher, self.stopped = Publisher(broker), threading.Event()
        self.relay = Relay(city.ledger, self.publisher, broker.partitions)
        self.copies, self.members = Copies(broker), {}
        with city.office.database.write() as conn:
            join_source(conn, self.relay.name, "beginning")

    def drain(self, *consumers):
        while any([self._relayed(), *map(self._followed, consumers)]):
            pass

    def _relayed(self):
        return self.relay.step()

    def _followed(self, consumer):
        """How far it came; whatever it reads, it reads from the topic."""
        member = self.members.get(consumer.name)
        if member is None:
            with self.city.office.database.write() as conn:
                join_source(conn, consumer.name, consumer.start)
            made = Pulse(consumer.name), self.broker, self.copies, self.stopped
            member = self.members[consumer.name] = Following(
                Runner(self.city.ledger, consumer), *made
            )
        member.runner.consumer = consumer
        moved, deadline = 0, time.monotonic() + 60
        while not at_the_relay(self.city, consumer):
            assert time.monotonic() < deadline
            moved += member.once(0.5)
        return moved

    def close(self):
        for member in self.members.values():
            member.close()
        self.copies.close()
        self.publisher.close()


def at_the_relay(city, consumer):
    with city.office.database.read() as conn:
        mine = progress_module.stands(conn, consumer.name)
        return all(mine[k][0] >= v[0] for k, v in progress_module.stands(conn, "relay").items())


@pytest.fixture(params=["embedded", "kafka"])
def bus(request, city, monkeypatch):
    if request.param == "embedded":
        yield Embedded(city)
        return
    topic = Topic(city, request.getfixturevalue("broker"))
    monkeypatch.setattr(Runner, "step", lambda *_: pytest.fail("read from the log"))
    yield topic
    topic.close()


def done_by(city, consumer):
    with city.office.database.read() as conn:
        return effects(conn, consumer.name)


def log_of(city, handles=EVERYTHING):
    """Every (subject, version) of these types, by lane and position."""
    query = select(events.c.subject, events.c.version).where(events.c.type.in_(handles))
    with city.office.database.read() as conn:
        return [tuple(r) for r in conn.execute(query.order_by(events.c.lane, events.c.pos))]


def by_subject(pairs):
    found = {}
    for subject, version in pairs:
        found.setdefault(subject, []).append(version)
    return found


def rows_of(city, table, **where):
    query = select(table).where(*(table.c[name] == value for name, value in where.items()))
    with city.office.database.read() as conn:
        return conn.execute(query).all()


def at_the_end(city, consumer):
    heads = {row.lane: row.pos for row in rows_of(city, lanes)}
    return heads == {r.lane: r.pos for r in rows_of(city, progress, consumer=consumer.name)}


@pytest.fixture
def busy(city):
    """Thirty complaints, each with several steps."""
    complaints = [city.portal.bad_review() for _ in range(30)]
    for complaint in complaints:
        city.hotline.receives(complaint)
    for complaint in complaints:
        city.hotline.calls(complaint)
        city.step(complaint, s.ComplaintClaimed, OPERATOR)
    return complaints


@pytest.mark.guarantee("G2")
@pytest.mark.guarantee("G4")
def test_every_event_is_seen_once_and_one_complaints_in_order(city, bus, busy):
    counting = Counting()
    bus.drain(counting)
    done = done_by(city, counting)
    assert sorted(done) == sorted(log_of(city))
    assert by_subject(done) == {complaint: [1, 2, 3, 4, 5] for complaint in busy}
    assert at_the_end(city, counting)


@pytest.mark.guarantee("G4")
@pytest.mark.parametrize("size", [1, 2, 7, 200])
def test_order_and_completeness_do_not_depend_on_the_size_of_a_batch(city, busy, size):
    counting = Counting()
    with city.office.database.write() as conn:
        join_source(conn, counting.name, "beginning")
    runner = Runner(city.ledger, counting)
    while runner.step(size):
        pass
    done = done_by(city, counting)
    assert sorted(done) == sorted(log_of(city))
    assert by_subject(done) == {complaint: [1, 2, 3, 4, 5] for complaint in busy}


@pytest.mark.guarantee("G4")
def test_of_two_each_keeps_to_its_own_lanes_and_at_last_takes_the_others(city, busy):
    counting = Counting()
    with city.office.database.write() as conn:
        join_source(conn, counting.name, "beginning")
    alone = Runner(city.ledger, counting, share=Share(1, 2))
    lanes_of = [lane_of(subject) % 2 for subject in busy for _ in range(5)]
    assert 0 < sum(lanes_of) < len(lanes_of), "the story needs complaints in both halves"
    while alone.step():
        pass
    done = [lane_of(subject) % 2 for subject, _ in done_by(city, counting)]
    assert done == sorted(lanes_of, reverse=True)


@pytest.mark.guarantee("G2")
def test_draining_again_does_nothing_again(city, bus, busy):
    counting = Counting()
    for _ in range(3):
        bus.drain(counting)
    assert len(done_by(city, counting)) == 5 * len(busy)


@pytest.mark.guarantee("G2")
@pytest.mark.usefixtures("busy")
def test_a_zombie_that_read_before_another_went_on_does_no_work(city, monkeypatch):
    """Its batch was read, then another runner took the same records; its claim comes to nothing."""
    counting = Counting()
    with city.office.database.write() as conn:
        join_source(conn, counting.name, "beginning")
    zombie, others, beyond = Runner(city.ledger, counting), [], progress_module.beyond

    def work():
        other = Runner(city.ledger, counting)
        while other.step():
            pass

    def meanwhile(*asked):
        found = beyond(*asked)
        if not others:
            others.append(threading.Thread(target=work))
            others[0].start()
            others[0].join()
        return found

    monkeypatch.setattr(progress_module, "beyond", meanwhile)
    assert zombie.step()
    assert not zombie.step()
    assert sorted(done_by(city, counting)) == sorted(log_of(city))
    assert city.damage() == []


@pytest.mark.guarantee("G2")
@pytest.mark.usefixtures("busy")
def test_a_zombie_running_singly_does_no_work_either(city, monkeypatch):
    counting = Counting()
    with city.office.database.write() as conn:
        join_source(conn, counting.name, "beginning")
    other = Runner(city.ledger, counting)
    calls = []

    def meanwhile(row):
        calls.append(row)
        if len(calls) == 3:
            while other.step():
                pass
        return record_of(row)

    monkeypatch.setattr("workflow.bus.singly.record_of", meanwhile)
    zombie = Runner(city.ledger, counting, unclean=True)
    while zombie.step():
        pass
    assert len(calls) >= 3
    assert sorted(done_by(city, counting)) == sorted(log_of(city))


def one_beyond(city, consumer):
    """The consumer has joined; the first record that lies beyond."""
    with city.office.database.write() as conn:
        join_source(conn, consumer.name, "beginning")
    with city.office.database.read() as conn:
        _, places = progress_module.beyond(conn, consumer, 0, 1)
        return bare(progress_module.rows_at(conn, places)[0])


@pytest.mark.guarantee("G10")
@pytest.mark.usefixtures("busy")
def test_a_try_counted_by_one_who_died_ends_with_whoever_does_the_record(city):
    counting = Counting()
    record = one_beyond(city, counting)
    database, now = city.office.database, city.clock()
    assert parking.count_try(database, counting.name, record, now) == 1
    assert parking.count_try(database, counting.name, record, now) == 2
    survivor = Runner(city.ledger, counting)
    while survivor.step():
        pass
    assert sorted(done_by(city, counting)) == sorted(log_of(city))
    assert rows_of(city, parked) == []


@pytest.mark.guarantee("G10")
@pytest.mark.usefixtures("busy")
def test_no_try_is_counted_of_a_record_that_another_has_done_meanwhile(city):
    counting = Counting()
    record = one_beyond(city, counting)
    while Runner(city.ledger, counting).step():
        pass
    parking.count_try(city.office.database, counting.name, record, city.clock())
    assert rows_of(city, parked) == []


def test_types_that_are_not_handled_are_passed_over(city, bus, busy):
    claims = Counting("claims", {"ComplaintClaimed"})
    bus.drain(claims)
    assert sorted(done_by(city, claims)) == sorted((complaint, 5) for complaint in busy)
    assert at_the_end(city, claims)


def test_one_that_starts_now_sees_only_what_comes_later(city, bus, busy):
    late, whole = Counting("late", start="now"), Counting("whole")
    bus.drain(late, whole)
    assert (done_by(city, late), len(done_by(city, whole))) == ([], 150)
    city.hotline.calls(busy[0], "busy")
    bus.drain(late, whole)
    assert done_by(city, late) == [(busy[0], 6)]
    assert at_the_end(city, late)


@pytest.mark.guarantee("G2")
def test_a_reaction_is_recorded_once_with_its_cause(city, bus):
    complaint = city.portal.bad_review()
    bus.drain(Analysing())
    bus.drain(Analysing())
    types = ["ReviewCollected", "ComplaintAnalysed", "VerificationRequested"]
    assert city.timeline(complaint) == types
    causes = [row.cause for row in rows_of(city, events, subject=complaint)]
    assert causes == [None, f"{complaint}-1", f"{complaint}-2"]
    assert city.damage() == []


@pytest.mark.guarantee("G6")
def test_poison_is_parked_and_what_follows_of_its_complaint_is_held(city, bus, busy):
    poison = busy[3]
    failing = Failing(lambda r: ValueError("坏") if (r.subject, r.version) == (poison, 2) else None)
    counting = Counting()
    bus.drain(failing, counting)
    expected = {complaint: [1, 2, 3, 4, 5] for complaint in busy} | {poison: [1]}
    assert by_subject(done_by(city, failing)) == expected
    assert len(done_by(city, counting)) == 150
    rows = sorted(rows_of(city, parked), key=lambda row: row.pos)
    assert [row.status for row in rows] == ["parked", "held", "held", "held"]
    assert {row.subject for row in rows} == {poison}
    assert rows[0].tries == 3
    assert "ValueError: 坏" in rows[0].error
    assert at_the_end(city, failing)
    assert city.damage() == []


@pytest.mark.guarantee("G6")
def test_poison_whose_error_is_no_text_is_parked_all_the_same(city, bus):
    city.portal.bad_review()
    bus.drain(Failing(lambda _: ValueError("坏\x00\ud800")))
    (row,) = rows_of(city, parked)
    assert (row.status, row.error) == ("parked", "ValueError: 坏\ufffd")


@pytest.mark.guarantee("G6")
def test_a_parked_record_is_replayed_and_those_behind_it_follow_in_order(city, bus, busy):
    poison, broken = busy[3], [True]
    failing = Failing(
        lambda r: ValueError("坏") if broken and (r.subject, r.version) == (poison, 2) else None
    )
    bus.drain(failing)
    row = rows_of(city, parked, status="parked")[0]
    with pytest.raises(ValueError, match="坏"):
        parking.replay(city.ledger, failing, row.lane, row.pos, by="信息科庚")
    assert by_subject(done_by(city, failing))[poison] == [1]
    broken.clear()
    done = parking.replay(city.ledger, failing, row.lane, row.pos, by="信息科庚")
    assert done == [f"{poison}-{version}" for version in (2, 3, 4, 5)]
    assert by_subject(done_by(city, failing))[poison] == [1, 2, 3, 4, 5]
    with pytest.raises(InvalidInput):
        parking.replay(city.ledger, failing, row.lane, row.pos, by="信息科庚")
    assert by_subject(done_by(city, failing))[poison] == [1, 2, 3, 4, 5]
    city.hotline.calls(poison, "busy")
    bus.drain(failing)
    assert by_subject(done_by(city, failing))[poison] == [1, 2, 3, 4, 5, 6]
    assert city.damage() == []


@pytest.mark.guarantee("G6")
def test_what_comes_in_while_one_is_parked_waits_behind_it(city, bus, busy):
    poison, broken = busy[0], [True]
    failing = Failing(lambda r: ValueError() if broken and r.subject == poison else None)
    bus.drain(failing)
    city.hotline.calls(poison, "busy")
    bus.drain(failing)
    assert by_subject(done_by(city, failing)).get(poison) is None
    broken.clear()
    row = rows_of(city, parked, status="parked")[0]
    parking.replay(city.ledger, failing, row.lane, row.pos, by="信息科庚")
    assert by_subject(done_by(city, failing))[poison] == [1, 2, 3, 4, 5, 6]


@pytest.mark.guarantee("G6")
def test_a_second_poison_behind_the_first_is_parked_in_its_turn(city, bus, busy):
    poison, broken = busy[0], {2, 4}
    failing = Failing(
        lambda r: ValueError() if r.subject == poison and r.version in broken else None
    )
    bus.drain(failing)
    broken.discard(2)
    row = rows_of(city, parked, status="parked")[0]
    done = parking.replay(city.ledger, failing, row.lane, row.pos, by="信息科庚")
    assert done[-1] == f"{poison}-3"
    still = sorted(rows_of(city, parked, subject=poison), key=lambda r: r.pos)
    assert [row.status for row in still] == ["replayed", "replayed", "parked", "held"]
    broken.clear()
    parking.replay(city.ledger, failing, still[2].lane, still[2].pos, by="信息科庚")
    assert by_subject(done_by(city, failing))[poison] == [1, 2, 3, 4, 5]


@pytest.mark.guarantee("G6")
def test_discarding_takes_a_reason_and_lets_the_rest_go_on(city, bus, busy):
    poison = busy[3]
    failing = Failing(lambda r: ValueError() if (r.subject, r.version) == (poison, 2) else None)
    bus.drain(failing)
    row = rows_of(city, parked, status="parked")[0]
    with pytest.raises(InvalidInput):
        parking.discard(city.ledger, failing, row.lane, row.pos, "  ", by="信息科庚")
    parking.discard(city.ledger, failing, row.lane, row.pos, "重复的通知", by="信息科庚")
    assert by_subject(done_by(city, failing))[poison] == [1, 3, 4, 5]
    gone = rows_of(city, parked, pos=row.pos, lane=row.lane)[0]
    assert (gone.status, gone.note) == ("discarded", "信息科庚：重复的通知")
    assert city.damage() == []


@pytest.mark.guarantee("G6")
def test_a_record_that_cannot_be_read_is_parked_whole(city, bus, busy):
    poison = busy[5]
    with city.office.database.write() as conn:
        at = (events.c.subject == poison) & (events.c.version == 4)
        conn.execute(update(events).where(at).values(data='{"outcome": '))
    city.ledger.recent = Recent()  # as another process, which has to read it
    counting = Counting()
    bus.drain(counting)
    expected = {complaint: [1, 2, 3, 4, 5] for complaint in busy} | {poison: [1, 2, 3]}
    assert by_subject(done_by(city, counting)) == expected
    assert sorted(row.status for row in rows_of(city, parked)) == ["held", "parked"]


@pytest.mark.guarantee("G2")
def test_trouble_that_passes_is_tried_again_and_parks_nothing(city, busy):
    left, waited = [2], []

    def passing(record):
        if record.subject == busy[0] and record.version == 3 and left[0]:
            left[0] -= 1
            return Busy()
        return None

    failing = Failing(passing)
    with city.office.database.write() as conn:
        join_source(conn, failing.name, "beginning")
    runner = Runner(city.ledger, failing, pause=waited.append)
    while runner.step():
        pass
    assert sorted(done_by(city, failing)) == sorted(log_of(city))
    assert rows_of(city, parked) == []
    assert len(waited) == 1


@pytest.mark.guarantee("G6")
@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("trouble", [Busy, Away])
def test_a_database_that_is_busy_or_away_for_long_parks_nothing(city, trouble):
    failing, broken = Failing(lambda _: trouble() if broken else None), [True]
    with city.office.database.write() as conn:
        join_source(conn, failing.name, "beginning")
    runner = Runner(city.ledger, failing, pause=lambda _: None)
    with pytest.raises(trouble):
        runner.step()
    assert rows_of(city, parked) == []
    broken.clear()
    while runner.step():
        pass
    assert sorted(done_by(city, failing)) == sorted(log_of(city))


class Ruling(Analysing):
    """Leaves an effect and takes a step that a person may have made unnecessary."""

    def __init__(self):
        super().__init__()
        self.name, self.handles = "ruling", frozenset({"ComplaintConfirmed"})

    def handle(self, record, work):
        Counting.handle(self, record, work)
        given = {"order": f"GD{record.subject[2:]}-1", "unit": "ZD-RSJ", "rule": "handler"}
        work.record(record, s.DepartmentAssigned(**given))


@pytest.mark.guarantee("G3")
def test_a_reaction_overtaken_by_a_person_is_done_with_a_note_and_leaves_nothing(city, bus):
    slow, quick = city.portal.bad_review(), city.portal.bad_review()
    for complaint in (slow, quick):
        city.hotline.receives(complaint)
        city.hotline.confirms(complaint)
    city.hotline.assigns(quick, unit="ZD-YBJ")
    ruling = Ruling()
    bus.drain(ruling)
    assert done_by(city, ruling) == [(slow, 5)]
    assert [row.unit for row in (city.complaint(slow), city.complaint(quick))] == [
        "ZD-RSJ",
        "ZD-YBJ",
    ]
    row = rows_of(city, parked)[0]
    assert (row.subject, row.status) == (quick, "overtaken")
    assert "DISPATCHED" in row.error
    city.department.acknowledges(slow)
    bus.drain(ruling)
    assert city.damage() == []


@pytest.mark.guarantee("G6")
def test_a_reaction_refused_though_nobody_moved_is_parked(city, bus):
    class Wrong(Analysing):
        def handle(self, record, work):
            if record.type == "ReviewCollected":
                work.record(record, s.RectificationAccepted())

    complaint = city.portal.bad_review()
    bus.drain(Wrong())
    assert city.timeline(complaint) == ["ReviewCollected"]
    assert [row.status for row in rows_of(city, parked)] == ["parked"]


@pytest.mark.guarantee("G6")
def test_a_held_reaction_made_unnecessary_meanwhile_is_overtaken_on_replay(city, bus):
    broken = [True]

    class Late(Ruling):
        def __init__(self):
            super().__init__()
            self.handles |= {"ReviewCollected"}

        def handle(self, record, work):
            if record.type == "ReviewCollected" and broken:
                raise ValueError("坏")
            if record.type == "ComplaintConfirmed":
                super().handle(record, work)

    complaint = city.portal.bad_review()
    city.hotline.receives(complaint)
    city.hotline.confirms(complaint)
    late = Late()
    bus.drain(late)
    city.hotline.assigns(complaint, unit="ZD-YBJ")
    broken.clear()
    row = rows_of(city, parked, status="parked")[0]
    parking.replay(city.ledger, late, row.lane, row.pos, by="信息科庚")
    states = [row.status for row in sorted(rows_of(city, parked), key=lambda r: r.pos)]
    assert states == ["replayed", "overtaken"]
    assert city.complaint(complaint).unit == "ZD-YBJ"
    assert done_by(city, late) == []


@pytest.mark.guarantee("G7")
def test_rebuilding_gives_what_was_there_and_moves_no_progress(city, bus, busy):
    counting = Counting()
    bus.drain(counting)
    city.hotline.calls(busy[0], "busy")  # beyond its progress: not its business yet
    before, stood = done_by(city, counting), rows_of(city, progress)
    with city.office.database.write() as conn:
        conn.execute(delete(EFFECTS).where(EFFECTS.c.subject == busy[1]))
        conn.execute(update(EFFECTS).values(version=1))
    rebuild(city.ledger, counting)
    assert sorted(done_by(city, counting)) == sorted(before)
    assert rows_of(city, progress) == stood
    bus.drain(counting)
    assert sorted(done_by(city, counting)) == sorted(log_of(city))


def test_rebuilding_leaves_out_what_is_parked_so_that_its_replay_does_it_once(city, bus, busy):
    class Fragile(Counting):
        broken = True

        def handle(self, record, work):
            super().handle(record, work)
            if self.broken and (record.subject, record.version) == (busy[2], 3):
                raise ValueError("坏")

    fragile = Fragile()
    bus.drain(fragile)
    fragile.broken = False
    rebuild(city.ledger, fragile)
    assert by_subject(done_by(city, fragile))[busy[2]] == [1, 2]
    row = rows_of(city, parked, status="parked")[0]
    parking.replay(city.ledger, fragile, row.lane, row.pos, by="信息科庚")
    assert by_subject(done_by(city, fragile))[busy[2]] == [1, 2, 3, 4, 5]


def test_a_rebuild_that_fails_leaves_the_old_tables(city, bus, busy):
    class Breaking(Counting):
        broken = False

        def handle(self, record, work):
            super().handle(record, work)
            if self.broken and record.subject == busy[7]:
                raise ValueError("坏")

    breaking = Breaking()
    bus.drain(breaking)
    before = done_by(city, breaking)
    breaking.broken = True
    with pytest.raises(ValueError, match="坏"):
        rebuild(city.ledger, breaking)
    assert done_by(city, breaking) == before
    assert shadows(city) == []


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("asks", ["complaint", "record"])
def test_a_rebuild_knows_the_record_alone(city, bus, asks):
    class Peeping(Counting):
        peeps = False

        def handle(self, record, work):
            if self.peeps and asks == "complaint":
                work.complaint(record.subject)
            elif self.peeps:
                work.record(record, s.ComplaintClaimed())

    peeping = Peeping()
    bus.drain(peeping)
    peeping.peeps = True
    with pytest.raises(RuntimeError, match="重建"):
        rebuild(city.ledger, peeping)


def test_one_that_reacts_is_never_rebuilt(city, bus):
    bus.drain(Analysing())
    with pytest.raises(InvalidInput, match="不能从事件重建"):
        rebuild(city.ledger, Analysing())


def shadows(city):
    """Tables a rebuild has left behind."""
    with city.office.database.read() as conn:
        return [name for name in inspect(conn).get_table_names() if name.startswith("shadow_")]
