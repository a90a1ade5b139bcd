"""The clock: what falls due takes effect once, whoever asks, however often, and however late."""

import threading
import time
from contextlib import suppress
from functools import partial

import pytest
from city import HANDLER, OPERATOR, SUPERVISOR, City
from sqlalchemy import select, text

import schemas as s
from console.processes import clock
from producers.clock import Ticker, recompute, tick
from producers.supervisors.rules import revise_calendar
from workflow.aside import Aside
from workflow.clock import instant
from workflow.errors import Busy
from workflow.storage.models import complaints, deadlines, events


def facts(city, subject, kind):
    query = select(events.c.data).where(events.c.subject == subject, events.c.type == kind)
    with city.office.database.read() as conn:
        found = conn.execute(query.order_by(events.c.version)).scalars().all()
    return [s.BY_TYPE[kind].model_validate_json(data) for data in found]


def alarms(city, subject):
    """Cards and misses in their order: (limit, card)."""
    query = select(events.c.type, events.c.data).where(
        events.c.subject == subject, events.c.type.in_(("DeadlineWarned", "DeadlineMissed"))
    )
    with city.office.database.read() as conn:
        rows = conn.execute(query.order_by(events.c.version)).all()
    found = [s.BY_TYPE[kind].model_validate_json(data) for kind, data in rows]
    return [(fact.limit, getattr(fact, "card", "missed")) for fact in found]


def timers(city):
    with city.office.database.read() as conn:
        return conn.execute(select(deadlines)).all()


def ticks(city):
    """The clock and the reactions by turns until neither has anything left to do."""
    looked_at = 0
    while (found := tick(city.ledger)) > 0:
        looked_at += found
        city.drain()
    return looked_at


def at(city, to):
    city.travel(to)
    return ticks(city)


@pytest.fixture
def verifying(city):
    subject = city.portal.bad_review()
    city.drain()
    return subject


@pytest.fixture
def dispatched(city, verifying):
    city.hotline.confirms(verifying)
    city.drain()
    return verifying


@pytest.fixture
def rectifying(city, dispatched):
    """Dispatched on 9-16: due on 9-24, for 9-18 is worked and 9-19 to 9-21 are not."""
    city.department.acknowledges(dispatched)
    city.drain()
    return dispatched


@pytest.fixture
def reevaluating(city, rectifying):
    city.department.submits(rectifying)
    city.hotline.accepts(rectifying)
    city.drain()
    return rectifying


@pytest.fixture(autouse=True)
def nothing_is_damaged(city):
    yield
    assert city.drain()
    assert city.damage() == []


def test_yellow_missed_and_red_come_once_each_at_their_time(city, rectifying):
    assert at(city, "2021-09-23T08:29:59+08:00") == 0
    at(city, "2021-09-23T08:30:00+08:00")
    assert alarms(city, rectifying) == [("rectify", "yellow")]
    at(city, "2021-09-24T17:30:00+08:00")
    assert alarms(city, rectifying) == [("rectify", "yellow")]
    at(city, "2021-09-24T17:30:01+08:00")
    assert alarms(city, rectifying)[1:] == [("rectify", "missed")]
    at(city, "2021-09-26T08:30:00+08:00")
    assert alarms(city, rectifying)[2:] == [("rectify", "red")]
    assert at(city, "2021-10-15T08:30:00+08:00") == 0
    assert len(alarms(city, rectifying)) == 3


def test_the_ladder_reminds_at_yellow_and_supervises_at_missed(city, rectifying):
    at(city, "2021-09-24T18:00:00+08:00")
    assert [fact.limit for fact in facts(city, rectifying, "SupervisionOrdered")] == ["rectify"]
    assert facts(city, rectifying, "SupervisionOrdered")[0].ground == "overdue"


def test_a_reminder_goes_with_the_yellow_card(city, rectifying):
    at(city, "2021-09-23T09:00:00+08:00")
    assert [fact.limit for fact in facts(city, rectifying, "Reminded")] == ["rectify"]


def test_a_clock_that_slept_shows_no_yellow_card_after_the_due_time(city, rectifying):
    at(city, "2021-09-25T09:00:00+08:00")
    assert alarms(city, rectifying) == [("rectify", "missed")]
    at(city, "2021-09-27T09:00:00+08:00")
    assert alarms(city, rectifying) == [("rectify", "missed"), ("rectify", "red")]


def test_a_limit_met_before_the_timers_were_disarmed_is_not_missed(city, rectifying):
    city.travel("2021-09-24T17:30:00+08:00")
    city.department.submits(rectifying)
    city.travel("2021-09-24T17:30:01+08:00")
    tick(city.ledger)
    assert ("rectify", "missed") not in alarms(city, rectifying)


def test_a_limit_moved_since_fires_at_its_new_time_only(city, rectifying):
    city.step(rectifying, s.ExtensionRequested, HANDLER, working_days=3, reason="要等上级批复")
    city.step(rectifying, s.ExtensionGranted, SUPERVISOR, working_days=3)
    city.travel("2021-09-24T18:00:00+08:00")
    tick(city.ledger)
    assert alarms(city, rectifying) == []
    city.drain()
    at(city, "2021-09-28T18:00:00+08:00")
    missed = facts(city, rectifying, "DeadlineMissed")
    assert [(fact.limit, fact.generation) for fact in missed] == [("rectify", 2)]


def test_a_paused_limit_is_not_missed(city):
    subject = city.portal.bad_review(mobile="")
    city.drain()
    city.travel("2021-09-17T17:00:00+08:00")
    city.step(subject, s.ContactRequested, OPERATOR)
    city.travel("2021-09-22T09:00:00+08:00")
    tick(city.ledger)
    assert alarms(city, subject) == []


def test_one_more_feedback_after_the_due_time_is_late_again(city, rectifying):
    at(city, "2021-09-24T18:00:00+08:00")
    city.department.submits(rectifying)
    city.step(rectifying, s.RectificationSentBack, OPERATOR, reason="没有写措施")
    city.drain()
    ticks(city)
    generations = [fact.generation for fact in facts(city, rectifying, "DeadlineMissed")]
    assert generations == [1, 2]


# 再评价未答复


def unanswered(city, subject, calls):
    for _ in range(calls):
        city.travel(hours=2)
        city.hotline.calls(subject, "no_answer")
    city.drain()


def test_after_enough_calls_an_unanswered_complaint_lapses_when_its_time_is_up(city, reevaluating):
    unanswered(city, reevaluating, 3)
    at(city, "2021-09-24T17:30:00+08:00")
    assert city.state(reevaluating) == "待再评价"
    at(city, "2021-09-24T17:30:01+08:00")
    assert city.state(reevaluating) == "办结"
    assert city.complaint(reevaluating).outcome == "unanswered"
    assert ("reevaluate", "missed") not in alarms(city, reevaluating)
    assert timers(city) == []


def test_with_too_few_calls_it_is_missed_and_lapses_with_the_call_that_was_wanting(
    city, reevaluating
):
    unanswered(city, reevaluating, 2)
    at(city, "2021-09-24T18:00:00+08:00")
    assert alarms(city, reevaluating)[-1] == ("reevaluate", "missed")
    city.hotline.calls(reevaluating, "no_answer")
    city.drain()
    ticks(city)
    assert city.complaint(reevaluating).outcome == "unanswered"


def test_a_call_that_is_not_enough_takes_no_red_card_away(city, reevaluating):
    at(city, "2021-09-24T18:00:00+08:00")
    unanswered(city, reevaluating, 1)
    ticks(city)
    at(city, "2021-09-26T08:30:00+08:00")
    assert alarms(city, reevaluating)[-1] == ("reevaluate", "red")
    unanswered(city, reevaluating, 2)
    ticks(city)
    assert city.complaint(reevaluating).outcome == "unanswered"


def test_where_nobody_can_be_asked_nothing_lapses(city):
    subject = city.portal.bad_review(mobile="", userName="", anonymityFlag=True)
    city.drain()
    given = {"by": "fact_check", "reason_code": "115", "case_class": "clear"}
    city.step(subject, s.ComplaintConfirmed, OPERATOR, **given)
    city.drain()
    city.department.submits(subject)
    city.hotline.accepts(subject)
    city.drain()
    at(city, "2021-09-28T09:00:00+08:00")
    assert city.state(subject) == "待再评价"
    assert ("reevaluate", "missed") in alarms(city, subject)


# 阶梯顶端


def test_when_the_citizens_own_clock_runs_out_the_supervisor_rules(city, rectifying):
    at(city, "2021-11-04T09:00:00+08:00")
    assert city.state(rectifying) == "待终裁"
    assert [fact.ground for fact in facts(city, rectifying, "RulingCalled")] == ["overdue"]
    at(city, "2021-12-04T09:00:00+08:00")
    assert len(facts(city, rectifying, "RulingCalled")) == 1


def test_before_dispatch_there_is_nothing_to_rule_on_and_it_is_supervised(city, verifying):
    at(city, "2021-11-04T09:00:00+08:00")
    assert city.state(verifying) == "核实中"
    grounds = [fact.limit for fact in facts(city, verifying, "SupervisionOrdered")]
    assert sorted(grounds) == ["total", "verify"]


# 下班


def test_a_claim_ends_with_the_offices_day(city, verifying):
    city.step(verifying, s.ComplaintClaimed, OPERATOR)
    city.drain()
    at(city, "2021-09-16T17:29:59+08:00")
    assert city.complaint(verifying).claimer == OPERATOR.name
    at(city, "2021-09-16T17:30:00+08:00")
    assert city.complaint(verifying).claimer is None
    assert [f.reason for f in facts(city, verifying, "ComplaintReleased")] == ["end_of_shift"]


def test_a_claim_after_hours_lasts_to_the_end_of_the_next_working_day(city, verifying):
    city.travel("2021-09-18T20:00:00+08:00")
    city.step(verifying, s.ComplaintClaimed, OPERATOR)
    city.drain()
    at(city, "2021-09-21T17:30:00+08:00")
    assert city.complaint(verifying).claimer == OPERATOR.name
    at(city, "2021-09-22T17:30:00+08:00")
    assert city.complaint(verifying).claimer is None


def test_who_let_go_before_is_not_released_again(city, verifying):
    city.step(verifying, s.ComplaintClaimed, OPERATOR)
    city.step(verifying, s.ComplaintReleased, OPERATOR, reason="done")
    city.drain()
    at(city, "2021-09-16T17:30:00+08:00")
    assert len(facts(city, verifying, "ComplaintReleased")) == 1
    assert not [row for row in timers(city) if row.limit_name == "shift"]


# 恰好一次


@pytest.mark.guarantee("G5")
def test_two_clocks_on_one_database_fire_each_timer_once(city, folder):
    subjects = [city.portal.bad_review(mobile=f"199{n:08d}") for n in range(60)]
    city.drain()
    city.travel("2021-09-18T09:00:00+08:00")
    others = [City(folder, city.clock) for _ in range(2)]

    def work(ledger):
        with suppress(Busy):
            while tick(ledger, limit=7):
                pass

    threads = [threading.Thread(target=work, args=(other.ledger,)) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        other.close()
    assert [alarms(city, subject) for subject in subjects] == [
        [("verify", "missed"), ("verify", "red")]
    ] * 60


def test_a_timer_of_a_complaint_that_is_not_there_stops_nothing(city, rectifying):
    with city.office.database.write() as conn:
        conn.execute(
            deadlines.insert(),
            {
                "subject": "CP00-0000",
                "limit_name": "rectify",
                "generation": 1,
                "due_at": 1,
                "next_at": 1,
                "next_step": "missed",
            },
        )
    at(city, "2021-09-24T18:00:00+08:00")
    assert ("rectify", "missed") in alarms(city, rectifying)
    assert {row.subject for row in timers(city)} == {rectifying}


@pytest.mark.guarantee("G5")
def test_a_complaint_that_cannot_be_read_holds_up_nobody_and_its_own_timer_fires_once_mended(
    city, elsewhere, caplog, monkeypatch
):
    """Also where as many as a tick looks at cannot be read."""
    broken, *others = [city.portal.bad_review(mobile=f"199{n:08d}") for n in range(7)]
    city.drain()
    second = others.pop(0)
    whole = {subject: damaged(city, subject) for subject in (broken, second)}
    aside = Aside()
    city.travel("2021-09-18T09:00:00+08:00")
    tick(elsewhere.ledger, limit=2, aside=aside)
    while tick(elsewhere.ledger, limit=2, aside=aside):
        pass
    rung = [("verify", "missed"), ("verify", "red")]
    assert [alarms(city, subject) for subject in others] == [rung] * 5
    assert alarms(city, broken) == alarms(city, second) == []
    assert broken in caplog.text
    assert any(broken in str(finding) for finding in city.damage())
    for subject, fold in whole.items():
        mend(city, subject, fold)
    assert tick(elsewhere.ledger, aside=aside) == 0, "it is tried again after a while"
    monkeypatch.setattr("workflow.aside.RESTS", 0.0)
    while tick(elsewhere.ledger, limit=2, aside=aside):
        pass
    assert alarms(city, broken) == alarms(city, second) == rung


def damaged(city, subject):
    """Its fold is no longer one; answers what it was."""
    this = complaints.c.id == subject
    with city.office.database.write() as conn:
        fold = conn.execute(select(complaints.c.fold).where(this)).scalar_one()
        conn.execute(complaints.update().where(this).values(fold="{"))
    return fold


def mend(city, subject, fold):
    with city.office.database.write() as conn:
        conn.execute(complaints.update().where(complaints.c.id == subject).values(fold=fold))


def test_a_tick_reads_what_is_due_by_its_index(city):
    query = "SELECT * FROM deadlines WHERE next_at <= 5 ORDER BY next_at LIMIT 9"
    with city.office.database.read() as conn:
        if conn.dialect.name == "sqlite":
            plan = " ".join(row[3] for row in conn.execute(text(f"EXPLAIN QUERY PLAN {query}")))
        else:
            conn.execute(text("SET LOCAL enable_seqscan = off"))
            plan = " ".join(row[0] for row in conn.execute(text(f"EXPLAIN {query}")))
    assert "deadlines_next" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


# 时限重算


def notice(city, version, **days):
    return revise_calendar(city.ledger, account="监督01", version=version, notice="通知", **days)


def moved(city, subject):
    return [fact.limit for fact in facts(city, subject, "DeadlineRecomputed")]


def test_a_new_notice_moves_open_limits_and_windows_once_each(city, rectifying):
    due_at = city.complaint(rectifying).limits["rectify"].due_at
    notice(city, "台风", off=["2021-09-23"])
    count = recompute(city.ledger)
    found = moved(city, rectifying)
    assert sorted(found) == ["rectify", "total"]
    assert count == 2
    first = facts(city, rectifying, "DeadlineRecomputed")[0]
    limits = city.complaint(rectifying).limits
    assert first.calendar == limits[first.limit].calendar
    assert limits["rectify"].due_at > due_at
    assert limits["rectify"].generation == 2
    assert recompute(city.ledger) == 0
    city.drain()
    at(city, "2021-09-24T18:00:00+08:00")
    assert alarms(city, rectifying) == [("rectify", "yellow")]
    at(city, "2021-09-26T18:00:00+08:00")
    assert alarms(city, rectifying)[1:] == [("rectify", "missed")]


def test_limits_still_move_after_many_notices(city, rectifying):
    for n in range(30):
        notice(city, f"2021-{n}", off=["2022-06-01"])
    notice(city, "台" * 120, off=["2021-09-23"])
    assert recompute(city.ledger) == 2
    assert recompute(city.ledger) == 0
    notice(city, "照常", working=["2021-09-23"])
    assert recompute(city.ledger) == 2, "its calendar has another name"


def test_windows_are_moved_too_and_what_is_not_touched_stays(city, dispatched):
    limits = city.complaint(dispatched).limits
    notice(city, "台风", off=["2021-09-17"])
    recompute(city.ledger)
    found = moved(city, dispatched)
    assert {"acknowledge", "rectify", "return_window", "appeal_window", "total"} == set(found)
    notice(city, "远期", off=["2022-06-01"])
    assert recompute(city.ledger) == 0
    after = city.complaint(dispatched).limits
    assert after["return_window"].due_at > limits["return_window"].due_at


def test_a_limit_brought_forward_past_now_is_missed_at_the_next_tick(city, rectifying):
    city.travel("2021-09-24T12:00:00+08:00")
    notice(city, "调休", working=["2021-09-19", "2021-09-20"])
    recompute(city.ledger)
    city.drain()
    ticks(city)
    assert alarms(city, rectifying)[0] == ("rectify", "missed")


def test_an_extended_limit_keeps_its_extension(city, rectifying):
    city.step(rectifying, s.ExtensionRequested, HANDLER, working_days=3, reason="要等上级批复")
    city.step(rectifying, s.ExtensionGranted, SUPERVISOR, working_days=3)
    notice(city, "台风", off=["2021-09-23"])
    recompute(city.ledger)
    due_at = instant(city.complaint(rectifying).limits["rectify"].due_at)
    assert due_at.isoformat() == "2021-09-29T09:30:00+00:00"


@pytest.mark.guarantee("G5")
def test_a_recomputation_broken_off_goes_on_and_moves_nothing_twice(city):
    subjects = [city.portal.bad_review(mobile=f"199{n:08d}") for n in range(6)]
    city.drain()
    notice(city, "台风", off=["2021-09-17"])
    patience = iter(range(4))

    class Broken:
        """A host whose clock fails after a while, and the process with it."""

        def __call__(self):
            if next(patience, None) is None:
                raise KeyboardInterrupt
            return city.clock.now

    city.ledger.clock = Broken()
    with pytest.raises(KeyboardInterrupt):
        recompute(city.ledger, limit=1)
    city.ledger.clock = city.clock
    done = [subject for subject in subjects if moved(city, subject)]
    assert 0 < len(done) < 6
    recompute(city.ledger, limit=1)
    assert [sorted(moved(city, subject)) for subject in subjects] == [["total", "verify"]] * 6


def test_a_complaint_that_cannot_be_read_is_looked_at_again_and_the_others_limits_move(
    city, elsewhere, caplog, monkeypatch
):
    subjects = [city.portal.bad_review(mobile=f"199{n:08d}") for n in range(3)]
    city.drain()
    fold, aside = damaged(city, subjects[1]), Aside()
    notice(city, "又一版", off=["2021-09-17"])
    recompute(elsewhere.ledger, aside=aside)
    assert [len(moved(city, subject)) for subject in subjects] == [2, 0, 2]
    assert subjects[1] in caplog.text
    mend(city, subjects[1], fold)
    assert recompute(elsewhere.ledger, aside=aside) == 0
    monkeypatch.setattr("workflow.aside.RESTS", 0.0)
    assert recompute(elsewhere.ledger, aside=aside) == 2
    assert recompute(elsewhere.ledger) == 0


# 钟摆


def test_the_ticker_ticks_recomputes_and_wakes_the_runner(city, rectifying):
    woken = []
    ticker = Ticker(
        city.ledger, city.office.rulebook.in_force(0).zone, wake=lambda: woken.append(1)
    )
    city.travel("2021-09-23T09:00:00+08:00")
    notice(city, "远期", off=["2021-10-14"])
    assert ticker.once() == 2
    assert woken == [1]
    assert ticker.once() == 0
    assert woken == [1]
    assert alarms(city, rectifying) == [("rectify", "yellow")]
    assert moved(city, rectifying) == ["total"]


def test_a_jump_of_the_hosts_clock_is_told(city):
    jumps, passed = [], [0]
    zone = city.office.rulebook.in_force(0).zone
    ticker = Ticker(
        city.ledger, zone, jumped=jumps.append, monotonic_ns=lambda: passed[0] * 1_000_000_000
    )
    ticker.once()
    city.travel(minutes=1)
    ticker.once()
    assert jumps == []
    city.travel(hours=1)
    passed[0] += 5
    ticker.once()
    city.travel(hours=-1)
    ticker.once()
    assert jumps == [3595_000_000, -3600_000_000]


def test_the_ticker_runs_by_itself_until_it_is_stopped(city, rectifying):
    rung = threading.Event()
    zone = city.office.rulebook.in_force(0).zone
    ticker = Ticker(city.ledger, zone, seconds=0.05, wake=rung.set)
    city.travel("2021-09-23T09:00:00+08:00")
    ticker.start()
    assert rung.wait(60)
    ticker.stop()
    assert alarms(city, rectifying) == [("rectify", "yellow")]


def waits_for(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def on_duty(city, monkeypatch):
    """The clock's duty, ticking often; what it should do before each tick."""
    before = []
    monkeypatch.setattr("console.processes.Ticker", partial(Ticker, seconds=0.05))
    monkeypatch.setattr(Ticker, "_watch", lambda _: [act() for act in before])
    duty = clock(city.office)
    worker = threading.Thread(target=duty.run, daemon=True)
    worker.start()
    yield duty, before
    duty.stop()
    worker.join(20)
    assert not worker.is_alive()


def test_a_clock_whose_ticks_fail_is_not_ready_until_one_goes_well(on_duty):
    duty, before = on_duty

    def fails():
        raise RuntimeError("a tick that fails")

    waits_for(lambda: duty.pulse.ready)
    before.append(fails)
    waits_for(lambda: not duty.pulse.ready)
    before.clear()
    waits_for(lambda: duty.pulse.ready)


def test_a_clock_that_is_stuck_is_no_more_alive_than_it_is(on_duty, monkeypatch):
    duty, before = on_duty
    waits_for(lambda: duty.pulse.ready)
    moves_on = threading.Event()
    before.append(moves_on.wait)
    monkeypatch.setattr("producers.clock.ticker.SILENT", 0.5)
    monkeypatch.setattr("workflow.bus.pulse.SILENT", 1.5)
    waits_for(lambda: not duty.pulse.alive)
    moves_on.set()
    before.clear()
    waits_for(lambda: duty.pulse.ready)
