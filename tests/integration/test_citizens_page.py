"""A citizen opens his page by a link or a code: opening it does nothing, an answer counts once, and
nobody guesses his way in.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from itertools import count as counted

import pytest
from citizens import Citizens, reevaluating
from city import CITIZEN, OPERATOR
from console_pages import Browser
from sqlalchemy import func, select

import schemas as s
from console.citizen_code import code_for
from console.gateway import ProgramGateway
from console.web.citizens.asking import Answers
from console.web.citizens.holder import COOKIE, Limits
from console.web.limiting import Buckets
from schemas.envelope import Role
from workflow import links
from workflow.errors import Away, NotPermitted
from workflow.ledger import Actor
from workflow.outbox import Message
from workflow.policy import Policies
from workflow.storage.models import events, views

XSS = "<script>alert(1)</script>\"'&{{70001*70001}}"


@pytest.fixture
def phone(city):
    return Citizens(city).phone()


def size(city):
    with city.office.database.read() as conn:
        return conn.execute(select(func.count()).select_from(events)).scalar_one()


def fact_of(city, subject, kind):
    with city.office.database.read() as conn:
        query = select(events.c.data).where(events.c.subject == subject, events.c.type == kind)
        return json.loads(conn.execute(query.order_by(events.c.version.desc())).scalars().first())


# what is shown


def test_a_link_opens_the_page_and_leaves_the_address(city, phone):
    subject = reevaluating(city, taskName="灵活就业参保")
    token = phone.token(subject)
    page = phone.goes(f"/r/{token}")
    assert page.url.path == "/r/now"
    assert token not in str(page.url) + page.text
    cookie = page.history[0].headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "Path=/r" in cookie
    assert "Max-Age=1800" in cookie
    assert page.headers["referrer-policy"] == "same-origin"
    assert page.headers["cache-control"] == "no-store"


def test_he_sees_how_far_it_is_and_what_the_unit_answers_and_nobodys_name(city, phone):
    subject = reevaluating(city, taskName="灵活就业参保", userName="赵六", mobile="13800001234")
    text = phone.opens(subject).text
    for said in ("灵活就业参保", "区人社局答复您", "向您道歉", "收到评价", "电话核实", "等您评价"):
        assert said in text
    for inside in ("话务员01", "经办01", "负责人", "赵六", "13800001234", subject, "又让我开证明"):
        assert inside not in text
    with city.office.database.read() as conn:
        seen = conn.execute(select(views.c.actor, views.c.what)).all()
    assert ("citizen", "page") in map(tuple, seen)


STATES = {
    "正转给12345热线核实": (),
    "正在核实": ("received",),
    "9月24日前办完": ("received", "confirmed", "acknowledged"),
    "正在审核": ("received", "confirmed", "submitted"),
    "没有作为有效差评办理": ("received", "dismissed"),
}


def brought(city, subject, steps):
    for step in steps:
        {
            "received": lambda: None,
            "confirmed": lambda: city.hotline.confirms(subject),
            "acknowledged": lambda: city.department.acknowledges(subject),
            "submitted": lambda: city.department.submits(subject),
            "dismissed": lambda: city.hotline.dismisses(subject),
        }[step]()
        city.drain()


def assigned(city, no):
    city.drain()
    city.hotline.confirms(no)
    city.drain()


@pytest.mark.parametrize("said", STATES)
def test_he_is_told_in_plain_words_what_is_being_done(city, phone, said):
    subject = city.portal.bad_review()
    if STATES[said]:
        city.drain()
    brought(city, subject, STATES[said])
    page = phone.opens(subject)
    assert page.status_code == 200
    assert said in page.text
    assert "/r/rate" not in page.text
    assert phone.goes("/r/rate").url.path == "/r/now"


def test_what_the_hotline_and_the_unit_have_between_them_is_not_shown(city, phone):
    subject = city.portal.bad_review()
    assigned(city, subject)
    city.step(
        subject,
        s.WorkOrderReturned,
        HANDLER_OF(city, subject),
        reason="不归我局",
        legal_basis="某办法第一条",
    )
    text = phone.opens(subject).text
    assert "正在整改" in text
    assert "退回" not in text
    assert "不归我局" not in text


def HANDLER_OF(city, subject):
    return Actor("经办01", Role.DEPARTMENT, city.complaint(subject).unit)


def test_a_unit_that_is_late_is_said_to_be(city, phone):
    subject = city.portal.bad_review()
    assigned(city, subject)
    city.travel(days=30)
    assert "已超过9月24日的期限" in phone.opens(subject).text


# answering


def test_one_question_after_the_other_and_the_answer_counts(city, phone):
    subject = reevaluating(city)
    before = size(city)
    phone.opens(subject)
    for label in ("评价整改结果", "是", "否", "上一步", "否", "不满意"):
        phone.taps(label) if label != "否" else phone.goes(choice(phone.page.text, "否"))
    assert size(city) == before, "nothing was submitted yet"
    assert "看一遍" in phone.page.text
    phone.submits(words="还是要证明")
    fact = fact_of(city, subject, "ComplaintReevaluated")
    assert (fact["contacted"], fact["solved"], fact["level"], fact["by"]) == (
        True,
        False,
        2,
        "link",
    )
    assert "重新办理" in phone.page.text
    assert city.damage() == []


def choice(text, label):
    found = re.search(rf'<a href="([^"]*)">{label}</a>', text)
    return found[1].replace("&amp;", "&")


def test_what_cannot_be_said_may_be_skipped_and_the_words_left_out(city, phone):
    subject = reevaluating(city)
    phone.opens(subject)
    phone.answers("skip", "skip", "5")
    fact = fact_of(city, subject, "ComplaintReevaluated")
    assert set(fact) == {"level", "by"}
    assert city.state(subject) == "办结"


@pytest.mark.guarantee("G2")
def test_a_double_click_is_one_answer_and_a_second_thought_none(city, phone):
    subject = reevaluating(city)
    phone.opens(subject)
    phone.goes("/r/rate?contacted=yes&solved=yes&level=5")
    sent = phone.fields() | {"words": "好"}
    first = phone.client.post("/r/rate", data=sent)
    again = phone.client.post("/r/rate", data=sent)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.url.path == "/r/thanks"
    changed = phone.client.post("/r/rate", data=sent | {"level": "1"})
    assert changed.status_code == 409
    assert "没有提交" in changed.text
    assert city.timeline(subject).count("ComplaintReevaluated") == 1
    assert fact_of(city, subject, "ComplaintReevaluated")["level"] == 5


def test_only_what_was_recorded_is_thanked_for(city, phone):
    subject = reevaluating(city)
    phone.opens(subject)
    for said in ("of=finish", "of=retaliation", "key=x", "key=%0A", ""):
        assert phone.goes(f"/r/thanks?{said}").url.path == "/r/now", said
    phone.goes("/r/retaliation")
    told = phone.submits(words="窗口的人打电话骂我")
    assert "已交给监督员" in told.text
    assert "已交给监督员" in phone.goes(str(told.url)).text, "as often as he looks"
    key = told.url.params["key"]
    elsewhere = reevaluating(city)
    phone.opens(elsewhere)
    assert phone.goes(f"/r/thanks?key={key}").url.path == "/r/now", "in another complaint"


def test_three_levels_where_the_profile_has_three(city, phone):
    rulebook = city.office.rulebook
    zibo = rulebook.in_force(city.clock.now)
    rulebook.policies = Policies([replace(zibo, scale="three")])
    subject = reevaluating(city)
    phone.opens(subject)
    page = phone.goes("/r/rate?contacted=yes&solved=yes").text
    assert re.findall(r'level=(\d)"', page) == ["5", "3", "1"]
    assert "非常满意" not in page
    assert "满意吗" in phone.goes("/r/rate?contacted=yes&solved=yes&level=4").text, "asked again"
    phone.answers("yes", "yes", "3")
    assert city.state(subject) == "办结"


def test_opening_every_page_does_nothing(city, phone):
    subject = reevaluating(city)
    before, version = size(city), city.complaint(subject).version
    phone.opens(subject)
    for place in (
        "/r",
        "/r/now",
        "/r/rate?contacted=yes&solved=no&level=1",
        "/r/objection",
        "/r/retaliation",
        "/r/thanks?key=x",
        f"/r/{phone.token(subject)}",
    ):
        assert phone.goes(place).status_code == 200
        assert phone.client.head(place).status_code in (200, 405)
    assert (size(city), city.complaint(subject).version) == (before, version)


@pytest.mark.parametrize("scale", ["five", "three"])
@pytest.mark.parametrize("sent", [("x", "1", "9"), ("<b>", "", "-1"), ("yes ", "NO", "5.0")])
def test_what_is_none_of_the_choices_was_not_chosen(scale, sent):
    assert Answers.of(scale, *sent) == Answers()


# when a link is over


def test_after_its_time_a_link_shows_how_far_it_is_and_takes_no_answer(city, phone):
    subject = reevaluating(city)
    token = phone.token(subject)
    city.travel(days=60)
    page = phone.goes(f"/r/{token}")
    assert "评价时间已过" in page.text
    assert '<a href="/r">输入查询码</a>' in page.text
    assert "请您评价。" not in page.text, "the link is over"
    assert "/r/rate" not in page.text


def test_a_link_of_an_earlier_round_takes_no_answer_for_this_one(city, phone):
    subject = reevaluating(city)
    old = phone.token(subject)
    phone.goes(f"/r/{old}")
    phone.goes("/r/rate?contacted=yes&solved=no&level=1")
    city.citizen.rates(subject, 1)
    city.drain()
    city.department.submits(subject)
    city.hotline.accepts(subject)
    city.drain()
    assert "已过" in phone.goes("/r/now").text
    stale = phone.client.post("/r/rate", data={"level": "1", "seal": seal(phone, subject, old)})
    assert stale.status_code == 409
    assert city.complaint(subject).round == 2
    assert phone.opens(subject).text.count('href="/r/rate"') == 1


def seal(phone, subject, held):
    office = phone.city.office
    kept = links.hold(office.keys.link, held, office.wall() + 1)
    phone.client.cookies.set(COOKIE, kept, path="/r")
    phone.goes("/r/retaliation")
    return phone.fields()["seal"]


@pytest.mark.parametrize("token", ["x", "a.b", "....", "%09.%09", "CP21-0001.x", "a" * 5000 + ".b"])
def test_what_is_no_link_is_told_so(city, phone, token):
    page = phone.goes(f"/r/{token}")
    assert page.status_code == 404
    assert "不完整" in page.text


def test_what_is_not_there_tells_a_citizen_nothing_of_the_desks(city):
    """At the console too, beside which the page answers."""
    anybody = Browser(city)
    for method, place in (("DELETE", "/r"), ("PUT", "/r/rate"), ("GET", "/r/now/nothing")):
        answer = anybody.client.request(method, place)
        assert answer.status_code in (404, 405)
        assert "没有这个页面。请再点一次短信里的链接" in answer.text
        assert "今日待办" not in answer.text
    assert "短信里的链接" not in anybody.client.get("/rules/nothing").text


def test_without_a_cookie_nothing_is_shown_and_nothing_submitted(city, phone):
    for place in ("now", "rate", "objection", "retaliation", "thanks"):
        assert phone.goes(f"/r/{place}").status_code == 401
    for place in ("rate", "objection", "retaliation"):
        assert phone.client.post(f"/r/{place}", data={"words": "x"}).status_code == 401


@pytest.mark.parametrize(
    ("sent", "asked"),
    [
        ({}, "第1问"),
        ({"contacted": "yes", "level": "maybe"}, "第2问"),
        ({"contacted": "yes", "solved": "no"}, "第3问"),
        ({"level": "1", "words": "长" * 5000}, "第1问"),
        ({"contacted": "no", "level": "1", "words": "长" * 5000}, "第2问"),
    ],
)
def test_an_answer_sent_without_its_form_is_asked_the_question_that_is_missing(
    city, phone, sent, asked
):
    subject = reevaluating(city)
    phone.opens(subject)
    phone.goes("/r/retaliation")
    before = size(city)
    page = phone.client.post("/r/rate", data=sent | {"seal": phone.fields()["seal"]})
    assert (page.status_code, asked in page.text) == (422, True)
    assert size(city) == before


def test_a_cookie_that_is_bare_altered_or_late_is_as_if_there_were_none(city, phone):
    subject = reevaluating(city)
    code = code_for(city.office, subject, OPERATOR).replace("-", "")
    phone.types(code)
    assert phone.goes("/r/now").status_code == 200
    kept = phone.client.cookies[COOKIE]
    assert code not in kept
    body, proof = kept.split(".")
    other = links.hold(b"another key", code, city.office.wall() + 1_000_000)
    for false in ("", code, phone.token(subject), body, f"{body}.{proof[::-1]}", other, "é"):
        bare = Citizens(city).phone()
        sent = {"Cookie": f"{COOKIE}={false}".encode()}
        assert bare.client.get("/r/now", headers=sent).status_code == 401, false
    city.travel(minutes=29)
    assert phone.client.get("/r/now", headers={"Cookie": f"{COOKIE}={kept}"}).status_code == 200
    city.travel(minutes=1)
    late = Citizens(city).phone()
    assert late.client.get("/r/now", headers={"Cookie": f"{COOKIE}={kept}"}).status_code == 401


def test_the_page_stays_open_as_long_as_it_is_used_and_half_an_hour_more(city, phone):
    phone.opens(reevaluating(city))
    for page in ("rate", "retaliation", "now"):
        city.travel(minutes=25)
        assert phone.goes(f"/r/{page}").status_code == 200
    assert "Max-Age=1800" in phone.page.headers["set-cookie"]
    phone.goes("/r/retaliation")
    city.travel(minutes=25)
    assert phone.submits(words=" ").status_code == 422
    city.travel(minutes=25)
    assert phone.submits(words="窗口的人打电话骂我").url.path == "/r/thanks"
    city.travel(minutes=30)
    closed = phone.goes("/r/now")
    assert closed.status_code == 401
    assert "set-cookie" not in closed.headers


def written_in(page):
    """What stands on the page to be copied, or to be sent again."""
    return [unescape(words) for words in re.findall("<textarea[^>]*>(.*?)</textarea>", page.text)]


@pytest.mark.parametrize("pressed", ["retaliation", "large"])
def test_who_wrote_for_longer_than_his_page_stayed_open_loses_no_word(city, phone, pressed):
    subject = reevaluating(city)
    phone.opens(subject)
    phone.goes("/r/retaliation")
    assert written_in(phone.page) == [""]
    city.travel(minutes=31)
    sent = phone.fields() | {"of": "retaliation", "words": f"窗口的人骂我{XSS}"}
    closed = phone.client.post(f"/r/{pressed}", data=sent)
    assert closed.status_code == 401
    assert written_in(closed) == [sent["words"]]
    assert "还没有提交" in closed.text
    assert XSS not in closed.text
    assert sent["words"] not in str(closed.url)
    assert "RetaliationReported" not in city.timeline(subject)


def test_what_came_too_late_or_from_a_page_of_another_complaint_is_still_there_to_copy(city, phone):
    subject = reevaluating(city)
    phone.opens(subject)
    phone.goes("/r/rate?contacted=yes&solved=no&level=2")
    sent = phone.fields() | {"words": "还是要证明"}
    city.citizen.rates(subject, 5)
    late = phone.client.post("/r/rate", data=sent)
    assert (late.status_code, written_in(late)) == (409, ["还是要证明"])
    phone.opens(reevaluating(city))
    strange = phone.client.post("/r/retaliation", data=sent)
    assert (strange.status_code, written_in(strange)) == (403, ["还是要证明"])


# the code


def test_a_code_read_out_opens_the_page_however_it_is_typed(city, phone):
    subject = reevaluating(city)
    code = code_for(city.office, subject, OPERATOR)
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}", code)
    with city.office.database.read() as conn:
        assert ("话务员01", "code") in map(tuple, conn.execute(select(views.c.actor, views.c.what)))
    wide = code.lower().replace("0", "o").replace("1", "l").replace("-", " ")
    parted = (code.replace("-", sign) for sign in ("", "—", ".", "\u200b", "ー"))
    for typed in (code, *parted, f"  {wide} ", f"查询码：{code}。"):
        assert phone.types(typed).url.path == "/r/now"
    phone.answers("yes", "yes", "4")
    assert city.state(subject) == "办结"


def test_a_code_opens_what_is_asked_then_though_it_was_typed_before(city, phone):
    subject = city.portal.bad_review()
    city.drain()
    assert "正在核实" in phone.types(links.code_of(city.office.keys.link, subject)).text
    city.hotline.confirms(subject)
    city.drain()
    city.department.submits(subject)
    city.hotline.accepts(subject)
    assert 'href="/r/rate"' in phone.goes("/r/now").text


def test_only_an_operator_is_told_a_code(city):
    subject = city.portal.bad_review()
    for role in (Role.SUPERVISOR, Role.AUDITOR, Role.ADMINISTRATOR):
        with pytest.raises(NotPermitted):
            code_for(city.office, subject, Actor("某人", role))


def limited(city, codes, wrong, clock):
    """The page with these limits: so many codes at once and so many a second."""
    buckets = (Buckets(*size, lambda: clock[0]) for size in ((1000, 5), codes, wrong))
    return Citizens(city, Limits(*buckets))


def test_nobody_guesses_codes_at_leisure(city):
    clock, subject = [0.0], reevaluating(city)
    phone = limited(city, (3, 1), (1000, 1), clock).phone()
    assert "请先输入查询码" in phone.types(" ").text, "is no guess"
    answers = [phone.types(f"0000-0000-{n:04d}").status_code for n in range(4)]
    assert answers == [422, 422, 422, 429]
    assert phone.page.headers["retry-after"] == "1"
    code = links.code_of(city.office.keys.link, subject)
    assert phone.types(code).status_code == 429
    clock[0] += 1
    assert phone.types(code).status_code == 200


def test_many_guessers_together_are_no_faster_and_links_still_open(city):
    clock, subject = [0.0], reevaluating(city)
    phone = limited(city, (1000, 1), (3, 1), clock).phone()
    code = links.code_of(city.office.keys.link, subject)
    for _ in range(5):
        assert phone.types(code).status_code == 200, "right ones count for nothing"
    for n in range(3):
        assert phone.types(f"0000-0000-{n:04d}").status_code == 422
    assert phone.types(code).status_code == 429
    assert phone.opens(subject).status_code == 200
    clock[0] += 1
    assert phone.types(code).status_code == 200


# objection, retaliation


def test_he_objects_once_and_inside_his_time(city, phone):
    subject = city.portal.bad_review()
    city.drain()
    city.hotline.dismisses(subject)
    assert "提出异议" in phone.opens(subject).text
    phone.goes("/r/objection")
    phone.submits(words="我没有按错")
    assert city.state(subject) == "核实中"
    assert "/r/objection" not in phone.goes("/r/now").text
    assert phone.goes("/r/objection").url.path == "/r/now"
    late = city.portal.bad_review()
    city.drain()
    city.hotline.dismisses(late)
    city.travel(days=40)
    assert "/r/objection" not in phone.opens(late).text
    assert city.damage() == []


def test_a_second_objection_changes_nothing(city, phone):
    subject = city.portal.bad_review()
    city.drain()
    city.hotline.dismisses(subject)
    phone.opens(subject)
    phone.goes("/r/objection")
    assert phone.client.post("/r/objection", data=phone.fields()).status_code == 422
    sent = phone.fields() | {"words": "我没有按错"}
    assert phone.client.post("/r/objection", data=sent).url.path == "/r/thanks"
    assert phone.client.post("/r/objection", data=sent).url.path == "/r/thanks"
    other = phone.client.post("/r/objection", data=sent | {"key": "another"})
    assert other.status_code == 409
    assert city.timeline(subject).count("CitizenObjected") == 1


def test_retaliation_is_told_to_the_supervisor_and_need_words(city, phone):
    subject = reevaluating(city)
    phone.opens(subject)
    phone.goes("/r/retaliation")
    assert phone.submits(words="  ").status_code == 422
    assert "必填" in phone.page.text
    phone.submits(words="窗口的人打电话骂我")
    assert "监督员" in phone.page.text
    assert city.complaint(subject).retaliation
    assert city.timeline(subject)[-1] == "RetaliationReported"


def test_what_he_typed_stays_where_it_is_refused_and_stays_text(city, phone):
    subject = reevaluating(city, taskName=XSS)
    phone.opens(subject)
    assert "<script>alert" not in phone.page.text
    phone.goes("/r/retaliation")
    refused = phone.submits(words=XSS + "长" * 2000)
    assert refused.status_code == 422
    assert "最多2000字" in refused.text
    assert "<script>alert" not in refused.text
    assert "&lt;script&gt;alert(1)" in refused.text
    assert "4900140001" not in refused.text
    city.step(subject, s.RetaliationReported, CITIZEN, words=XSS)


# forms


def test_a_form_of_another_page_is_not_taken(city, phone):
    subject = reevaluating(city)
    phone.opens(subject)
    phone.goes("/r/retaliation")
    fields = phone.fields() | {"words": "x"}
    assert phone.client.post("/r/retaliation", data=fields | {"seal": "0" * 32}).status_code == 403
    assert phone.client.post("/r/retaliation", data={"words": "x"}).status_code == 403
    foreign = {"Origin": "https://elsewhere.example"}
    assert phone.client.post("/r/retaliation", data=fields, headers=foreign).status_code == 403
    assert "RetaliationReported" not in city.timeline(subject)


def test_with_the_database_away_he_is_told_to_come_again(city, phone, monkeypatch):
    subject = reevaluating(city)
    phone.opens(subject)
    phone.goes("/r/retaliation")

    def away(self, **how):
        raise Away

    monkeypatch.setattr(type(city.office.database), "write", away)
    refused = phone.submits(words="窗口的人打电话骂我")
    assert refused.status_code == 503
    assert refused.headers["retry-after"]
    assert "什么也没有提交" in refused.text
    assert written_in(refused) == ["窗口的人打电话骂我"]


def test_larger_letters_lose_nothing_that_was_typed(city, phone):
    """Who needs them presses the button when he has begun to write."""
    phone.opens(reevaluating(city))
    for page in ("retaliation", "rate?contacted=yes&solved=no&level=2"):
        phone.goes(f"/r/{page}")
        form = phone.fields() | {"of": "finish" if "rate" in page else page, "words": "找上门来"}
        larger = phone.client.post("/r/large", data=form)
        assert larger.status_code == 200
        assert "找上门来</textarea>" in larger.text
        assert ('class="large"' in larger.text) is (page == "retaliation")
    assert 'name="level" value="2"' in larger.text
    assert "/r/large" in larger.text


def test_larger_letters_in_the_middle_of_the_questions_lead_on_from_there(city, phone):
    phone.opens(reevaluating(city))
    page = phone.client.post("/r/large", data={"of": "question", "contacted": "yes"})
    assert "第2问" in page.text
    for other in ({}, {"of": "finish"}, {"of": "https://example.com"}):
        assert phone.client.post("/r/large", data=other).url.path == "/r/now"


def test_large_letters_are_remembered(city, phone):
    assert 'class="large"' not in phone.goes("/r").text
    phone.client.post("/r/large")
    assert 'class="large"' in phone.goes("/r").text
    phone.client.post("/r/large")
    assert 'class="large"' not in phone.goes("/r").text


def test_the_page_alone_has_nothing_else(city, phone):
    for place in ("/login", "/hotline", "/c/CP21-0001", "/api/v1/complaints", "/live", "/orders"):
        assert phone.goes(place).status_code == 404
    assert phone.goes("/").url.path == "/r"
    assert phone.goes("/health").json() == {"state": "ready"}


def test_no_page_asks_for_anything_from_elsewhere_and_none_has_a_script(city, phone):
    subject = reevaluating(city)
    pages = [
        phone.opens(subject),
        phone.goes("/r"),
        phone.goes("/r/retaliation"),
        phone.goes("/r/rate"),
    ]
    for page in pages:
        assert "<script" not in page.text
        assert "style=" not in page.text
        assert all(
            link.startswith(("/", "tel:12345"))
            for link in re.findall(r'(?:href|src|action)="([^"]*)"', page.text)
        )
        assert len(page.content) < 12_000


# the message that brings him


def test_the_gateway_is_handed_the_whole_address_and_the_code(city, tmp_path):
    subject = reevaluating(city)
    seen = tmp_path / "seen"
    program = tmp_path / "gateway"
    program.write_text(f"#!/bin/sh\ncat > {seen}\n", encoding="utf-8")
    program.chmod(0o755)
    numbers = counted()
    for place, channel, url in (
        ("https://hcp.example.gov.cn/r/", "link", "https://hcp.example.gov.cn/r/TOKEN"),
        ("https://hcp.example.gov.cn/r", "message", "https://hcp.example.gov.cn/r"),
        (None, "link", None),
    ):
        link = "TOKEN" if channel == "link" else None
        code = links.code_of(city.office.keys.link, subject)
        message = Message(
            f"{subject}-{next(numbers)}", subject, channel, "citizen", "请评价", "1", link, code
        )
        ProgramGateway(program, place).send(message)
        told = json.loads(seen.read_text(encoding="utf-8"))
        assert (told["url"], told["code"]) == (url, code)
