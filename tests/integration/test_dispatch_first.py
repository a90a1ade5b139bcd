"""Where the order goes out first, the hotline verifies beside the unit's work, held to the same."""

import re

import pytest
from city import HANDLER, OPERATOR, REVIEWER, SECOND, SUPERVISOR, UNIT

import schemas as s
from console import queues
from console.reports import facts
from console.timeline import timeline
from producers.departments import clerks
from schemas.codes import REASONS
from schemas.envelope import Role
from workflow.bus.rebuild import rebuild
from workflow.errors import IllegalStep
from workflow.storage.models import order_facts


@pytest.fixture
def city(under):
    """A city in Jiangsu."""
    return under("jiangsu")


@pytest.fixture
def dispatched(city):
    subject = city.portal.bad_review()
    city.drain()
    assert city.state(subject) == "待签收"
    return subject


def test_an_operator_calls_and_confirms_while_the_unit_works(city, dispatched):
    grounds = {"by": "call", "reason_code": "115", "case_class": "clear"}
    with pytest.raises(IllegalStep, match="还没有打通过电话"):
        city.step(dispatched, s.ComplaintConfirmed, OPERATOR, **grounds)
    city.department.acknowledges(dispatched)
    assert tasks(city, "operator") == [("核实", "verify")]
    city.hotline.confirms(dispatched)
    assert (city.state(dispatched), city.complaint(dispatched).verdict) == ("整改中", "valid")
    assert tasks(city, "operator") == []


def test_what_was_found_valid_is_not_dismissed_by_one_operator_afterwards(city, dispatched):
    city.hotline.confirms(dispatched)
    duplicate = {"verdict": "invalid", "ground": "duplicate", "note": "同一件事"}
    steps = (
        (s.ComplaintDismissed, duplicate),
        (s.ComplaintConfirmed, {"by": "call", "reason_code": "115", "case_class": "complex"}),
        (s.MaliceAlleged, {"reason": "疑似"}),
    )

    def nothing_is_left_to_say():
        for kind, said in steps:
            with pytest.raises(IllegalStep, match="已有核实结论"):
                city.step(dispatched, kind, SECOND, **said)

    nothing_is_left_to_say()
    city.department.submits(dispatched)
    city.hotline.accepts(dispatched)
    nothing_is_left_to_say()
    city.citizen.rates(dispatched, 1)
    city.drain()
    assert city.complaint(dispatched).round == 2
    nothing_is_left_to_say()
    city.step(dispatched, s.RulingCalled, SUPERVISOR, ground="manual")
    ruled = {"decision": "dismiss", "verdict": "invalid", "ground": "duplicate", "reason": "重复"}
    city.step(dispatched, s.RulingGiven, SUPERVISOR, **ruled)
    city.step(dispatched, s.DismissalReversed, SUPERVISOR, reason="并不重复")
    city.hotline.dismisses(dispatched, **duplicate)
    assert city.state(dispatched) == "核实结案", "verifying anew brings a verdict of its own"


def test_what_a_reviewer_refused_a_unit_an_operator_does_not_give_it(city, dispatched):
    duplicate = {"verdict": "invalid", "ground": "duplicate", "note": "同一件事"}
    city.step(dispatched, s.AppealLodged, HANDLER, reason="窗口没有错")
    city.step(dispatched, s.AppealRejected, REVIEWER, reason="证据不足")
    with pytest.raises(IllegalStep, match="申诉没有成立"):
        city.step(dispatched, s.ComplaintDismissed, OPERATOR, **duplicate)
    city.hotline.confirms(dispatched)
    assert city.complaint(dispatched).verdict == "valid"


def test_misoperation_takes_the_citizens_own_word_here_too(city, dispatched):
    given = {"verdict": "invalid", "ground": "misoperation", "note": "像是按错了"}
    with pytest.raises(IllegalStep, match="误操作须由群众在电话中确认"):
        city.step(dispatched, s.ComplaintDismissed, OPERATOR, **given)
    city.hotline.calls(dispatched)
    city.step(dispatched, s.ComplaintDismissed, OPERATOR, **given)
    assert city.state(dispatched) == "核实结案"


def test_nobody_answers_and_after_the_required_calls_it_cannot_be_verified(city, dispatched):
    given = {"verdict": "unverifiable", "note": "三次无人接听"}
    for _ in range(2):
        city.hotline.calls(dispatched, "no_answer")
        city.travel(hours=2)
    with pytest.raises(IllegalStep, match="现有2次"):
        city.step(dispatched, s.ComplaintDismissed, OPERATOR, **given)
    city.hotline.calls(dispatched, "no_answer")
    city.step(dispatched, s.ComplaintDismissed, OPERATOR, **given)
    assert city.complaint(dispatched).verdict == "unverifiable"


def test_calls_made_to_verify_are_none_of_the_call_back(city, dispatched):
    for _ in range(3):
        city.hotline.calls(dispatched, "no_answer")
        city.travel(hours=2)
    city.department.submits(dispatched)
    city.hotline.calls(dispatched, "no_answer")
    assert city.complaint(dispatched).calls == 4
    city.hotline.accepts(dispatched)
    assert city.complaint(dispatched).calls == 0


def test_malice_is_reviewed_by_somebody_else_and_the_work_goes_on_meanwhile(city, dispatched):
    city.step(dispatched, s.MaliceAlleged, OPERATOR, reason="同一号码当日三十件")
    assert city.state(dispatched) == "待签收"
    assert tasks(city, "reviewer") == [("恶意复核", "malice_review")]
    with pytest.raises(IllegalStep, match="先由另一人决定"):
        city.hotline.dismisses(dispatched)
    with pytest.raises(IllegalStep, match="另一人"):
        city.step(dispatched, s.MaliceUpheld, OPERATOR, reason="是恶意")
    city.department.submits(dispatched)
    city.step(dispatched, s.MaliceUpheld, REVIEWER, reason="是恶意")
    complaint = city.complaint(dispatched)
    assert (complaint.verdict, complaint.alleger, complaint.verifier) == (
        "malicious",
        None,
        REVIEWER.name,
    )
    city.drain()
    (order,) = orders(city)
    assert order.withdrawn_at == order.assigned_at


def test_of_two_decisions_that_wait_the_one_that_was_pressed_is_opened(city, dispatched, desks):
    city.step(dispatched, s.MaliceAlleged, OPERATOR, reason="疑似")
    city.step(dispatched, s.AppealLodged, HANDLER, reason="窗口没有错")
    reviewer, place = desks.sits(REVIEWER.name, Role.REVIEWER), f"/decisions/{dispatched}"
    listed = reviewer.get("/decisions").text
    pressed = re.findall(rf'href="({place}\?answer=\w+)">([^<]+)</a>', listed)
    assert len(pressed) == 4
    for there, label in pressed:
        assert unfolded(reviewer.get(there)) == [label]
    firsts = [answers[0] for answers in (pressed[:2], pressed[2:])]
    rows = re.findall(rf'href="({place}[^"]*)" data-row>', listed)
    assert [unfolded(reviewer.get(row)) for row in rows] == [[label] for _, label in firsts]
    refused = reviewer.post(f"{place}/MaliceRejected", f"{place}?answer=MaliceRejected", reason="")
    assert (refused.status_code, unfolded(refused)) == (422, ["恶意不成立"])


def unfolded(page):
    """The answers whose forms stand open."""
    return re.findall(r'<details class="sheet answer" open><summary>([^<]+)<', page.text)


def test_malice_rejected_leaves_everything_where_it_is(city, dispatched):
    city.department.acknowledges(dispatched)
    with pytest.raises(IllegalStep, match="没有待定的恶意复核"):
        city.step(dispatched, s.MaliceRejected, SECOND, reason="不是")
    city.step(dispatched, s.MaliceAlleged, OPERATOR, reason="疑似")
    city.step(dispatched, s.MaliceRejected, SECOND, reason="不是")
    assert city.state(dispatched) == "整改中"
    assert "malice_review" not in city.complaint(dispatched).limits
    city.hotline.confirms(dispatched)


def test_an_allegation_falls_away_when_the_citizen_is_satisfied_first(city, dispatched):
    city.step(dispatched, s.MaliceAlleged, OPERATOR, reason="疑似")
    city.department.submits(dispatched)
    city.citizen.rates(dispatched, 5)
    assert city.complaint(dispatched).alleger is None
    with pytest.raises(IllegalStep):
        city.step(dispatched, s.MaliceUpheld, REVIEWER, reason="迟了")


def test_a_phone_is_asked_for_while_the_order_is_out_and_the_call_back_becomes_due(city):
    subject = city.portal.bad_review(project="P9", mobile="", userName="")
    city.drain()
    city.step(subject, s.ContactRequested, OPERATOR)
    city.drain()
    city.travel(hours=1)
    assert [w.project_no for w in clerks.contacts_wanted(city.ledger, unit=UNIT)] == ["P9"]
    done = clerks.supply_contact(
        city.ledger, "P9", "1", account="数据员01", unit=UNIT, phone="19900005678"
    )
    assert done is not None
    assert city.complaint(subject).reachable
    city.department.submits(subject)
    city.hotline.accepts(subject)
    city.drain()
    (order,) = orders(city)
    assert order.real_name
    city.hotline.calls(subject)
    city.citizen.rates(subject, 1)
    city.drain()
    before = orders(city)
    assert len(before) == 2
    metrics = next(c for c in city.office.bus().consumers if c.name == "metrics")
    rebuild(city.ledger, metrics)
    assert orders(city) == before


def test_closed_without_a_verdict_it_counts_as_valid_for_nobody_has_refuted_it(city, dispatched):
    city.department.submits(dispatched)
    city.citizen.rates(dispatched, 5)
    city.drain()
    with city.office.database.read() as conn:
        (found,) = facts.complaints(conn)
    assert (found.verdict, found.verified_at) == ("valid", None)
    assert city.complaint(dispatched).verdict == "valid"


def test_two_operators_do_not_call_the_same_citizen(city, dispatched):
    city.step(dispatched, s.ComplaintClaimed, OPERATOR)
    city.department.acknowledges(dispatched)
    with pytest.raises(IllegalStep, match="认领"):
        city.hotline.calls(dispatched, by=SECOND)
    (item,) = queues.queue(city.office, "operator")
    assert item.holder == OPERATOR.name
    city.step(dispatched, s.ComplaintReleased, OPERATOR, reason="done")
    city.hotline.calls(dispatched, by=SECOND)


def test_the_unit_hears_nothing_of_it(city, dispatched):
    city.hotline.calls(dispatched, "no_answer")
    city.step(dispatched, s.MaliceAlleged, OPERATOR, reason="疑似")
    told = timeline(city.office, dispatched, HANDLER)
    assert not {"CallAttempted", "MaliceAlleged"} & {entry.type for entry in told.entries}


def test_the_page_says_who_is_to_verify_while_the_unit_works(city, dispatched, desks):
    one, other = (desks.sits(who.name, Role.OPERATOR) for who in (OPERATOR, SECOND))

    def told(person):
        return re.findall(r'<p class="warn">核实：([^<]+)</p>', person.get(f"/c/{dispatched}").text)

    bar = r'stage-beside">核实 <small>尚未核实'
    assert re.search(bar, one.get(f"/c/{dispatched}").text)
    assert told(one) == []
    city.step(dispatched, s.ComplaintClaimed, OPERATOR)
    assert told(other) == ["已由别人认领，同一位群众不由两人联系。"]
    city.step(dispatched, s.ComplaintReleased, OPERATOR, reason="done")
    city.step(dispatched, s.MaliceAlleged, OPERATOR, reason="疑似")
    assert told(one) == told(other) == ["已报恶意复核，先由另一人决定。"]
    city.step(dispatched, s.MaliceRejected, REVIEWER, reason="不是")
    city.hotline.dismisses(dispatched)
    assert told(one) == []
    city.citizen.objects(dispatched)
    assert told(one) == ["群众提出异议后由另一位话务员核实。"]
    assert told(other) == []
    city.hotline.confirms(dispatched, by=SECOND)
    assert not re.search(bar, one.get(f"/c/{dispatched}").text)


def test_the_unit_reads_what_was_ticked_until_it_is_known_what_is_true(city, desks):
    subject = city.portal.bad_review(satisfaction=2, evalDetail=("213", "209"))
    city.drain()
    unit = desks.sits(HANDLER.name, Role.DEPARTMENT, UNIT)
    ticked = f"213 {REASONS['213'].text}、209 {REASONS['209'].text}（尚未核实）"
    told = dict(timeline(city.office, subject, HANDLER).head)
    assert told["群众勾选"] == ticked
    assert f"群众勾选：{ticked}" in unit.get("/orders").text
    assert ticked in unit.get(f"/orders/{city.complaint(subject).order}").text
    city.hotline.confirms(subject, reason_code="209")
    told = dict(timeline(city.office, subject, HANDLER).head)
    assert "群众勾选" not in told
    assert told["核实原因"].startswith("209")
    assert "群众勾选" not in unit.get("/orders").text


def tasks(city, role):
    return [(item.task, item.limit) for item in queues.queue(city.office, role)]


def orders(city):
    with city.office.database.read() as conn:
        return facts.orders(conn, order_facts.c.subject.is_not(None))
