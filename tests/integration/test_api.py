"""Other systems bring ratings, take steps and read: what is answered is committed, a repeat is
harmless, and another unit's complaint does not exist.
"""

from __future__ import annotations

import asyncio
import json
import time
from types import SimpleNamespace

import httpx
import pytest
import served
from city import CITIZEN, CLOCK, OPERATOR, UNIT
from desks import Desks, hidden_of
from sqlalchemy import delete, func, select, update
from systems import RATING, SERVICE, Systems, problem

import schemas as s
from console.accounts.tokens import Scope, make_token, revoke_token, system_of
from console.web.api import app as api
from console.web.api import following
from console.web.api.granted import Limits
from console.web.limiting import MOST_STREAMS, Buckets, Streams, TooOften
from workflow.collection import MOST
from workflow.errors import Away
from workflow.storage.models import events, ratings, receipts, refused, tokens, views
from workflow.unit_files import of_table
from workflow.units import seed

OTHER_UNIT = "张店医保分局"
OTHERWISE = {**RATING, "writingEvaluation": "不是这样说的"}


@pytest.fixture
def systems(city):
    return Systems(city)


def count(city, table):
    with city.office.database.read() as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()


def sent(client, rows, kind="ratings", source="bihuan", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(f"/{kind}", params={"source": source}, json=rows, headers=named)


def outcomes(response):
    assert response.status_code == 200, response.text
    return [row["outcome"] for row in response.json()["rows"]]


def many(n):
    return [
        {**RATING, "projectNo": f"M{i}", "satisfaction": "5", "evalDetail": ""} for i in range(n)
    ]


# bringing ratings


@pytest.mark.guarantee("G1")
def test_a_rating_and_its_service_are_brought_and_a_repeat_is_one(systems):
    client = systems.client(Scope.INTAKE)
    assert outcomes(sent(client, SERVICE, "services")) == ["accepted"]
    first = sent(client, RATING).json()
    assert first["rows"] == [{"row": 1, "outcome": "accepted", "complaint": "CP21-0001"}]
    again = sent(client, RATING).json()
    assert again["rows"] == [{"row": 1, "outcome": "repeat", "complaint": "CP21-0001"}]
    assert count(systems.city, ratings) == 1
    assert systems.city.damage() == []


def test_a_repeat_names_the_complaint_also_within_its_batch(systems):
    client = systems.client()
    happy = {**RATING, "projectNo": "B", "satisfaction": "5", "evalDetail": ""}
    told = sent(client, [RATING, RATING, happy, happy, {**RATING, "projectNo": "C"}]).json()
    named = [(row["outcome"], row.get("complaint")) for row in told["rows"]]
    first, second = ("accepted", "CP21-0001"), ("accepted", "CP21-0002")
    again = ("repeat", "CP21-0001")
    assert named == [first, again, ("accepted", None), ("repeat", None), second]
    whole = sent(client, [RATING, happy, {**RATING, "projectNo": "C"}]).json()
    assert [row.get("complaint") for row in whole["rows"]] == ["CP21-0001", None, "CP21-0002"]
    unit = systems.client(unit="区人社局", name="大厅")
    assert sent(unit, RATING).json()["rows"] == [{"row": 1, "outcome": "repeat"}]


def test_each_row_of_a_batch_is_answered_and_a_bad_one_stops_no_other(systems):
    rows = [RATING, OTHERWISE, {**RATING, "mobile": "13800001234", "x": 1}, 5]
    told = sent(systems.client(), rows).json()
    assert [row["outcome"] for row in told["rows"]] == [
        "accepted",
        "conflict",
        "refused",
        "refused",
    ]
    assert (told["accepted"], told["conflict"], told["refused"]) == (1, 1, 2)
    assert told["rows"][2]["field"] == "x"
    assert told["rows"][2]["reason"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [("null", "空值 null"), ("3", "文字或数字"), ('"x"', "文字或数字"), ("true", "是或否")],
)
def test_a_body_of_another_kind_is_named_in_words(systems, body, kind):
    answer = systems.client().post("/ratings?source=bihuan", content=body)
    told = problem(answer, 400, "bad-body")
    assert told["detail"] == f"正文：应为对象的数组（收到：{kind}）"


def test_a_refused_value_comes_back_masked(systems):
    rows = [{**RATING, "assessTime": "13800001234"}, {**RATING, "13800001234": "x"}]
    told = sent(systems.client(), rows)
    assert outcomes(told) == ["refused", "refused"]
    assert "13800001234" not in told.text


def test_a_single_row_that_is_not_taken_in_is_a_refusal(systems):
    client = systems.client()
    told = problem(sent(client, {**RATING, "satisfaction": "9"}), 422, "invalid-input")
    assert (told["row"], told["field"]) == (1, "satisfaction")
    sent(client, RATING)
    problem(sent(client, OTHERWISE), 409, "other-content")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[", b"[]", b"{},{}", b"null", b"3", b'"x"', b"\xff", b"[" * 100_000, b"\x00"],
)
def test_what_is_no_delivery_is_refused_as_a_whole(systems, body):
    answer = systems.client().post("/ratings?source=bihuan", content=body)
    problem(answer, 400, "bad-body")
    assert count(systems.city, ratings) == count(systems.city, refused) == 0


@pytest.mark.parametrize("hidden", ["\\u0000", "\\ud800", "\\u202e"])
def test_half_characters_and_hidden_ones_do_no_harm(systems, hidden):
    body = json.dumps([RATING]).replace("P1", "P1" + hidden).encode()
    answer = systems.client().post("/ratings?source=bihuan", content=body)
    assert answer.status_code == 200, answer.text
    assert systems.city.damage() == []


def test_an_unknown_source_is_refused(systems):
    assert problem(sent(systems.client(), RATING, source="nope"), 422, "invalid-input")[
        "field"
    ] == ("source")


def test_more_than_five_thousand_rows_or_sixteen_megabytes_are_refused(systems):
    client = systems.client()
    problem(sent(client, [{}] * 5001), 400, "bad-body")
    answer = client.post("/ratings?source=bihuan", content=b" " * (16 << 20) + b"[]")
    problem(answer, 413, "too-large")
    problem(client.post("/search", content=b" " * (257 << 10)), 413, "too-large")


def test_a_large_delivery_goes_in_by_a_thousand_and_is_answered_in_order(systems):
    rows = many(MOST * 2 + 1)
    rows[MOST] = {**RATING, "satisfaction": "0"}
    told = sent(systems.client(), rows).json()
    assert [row["row"] for row in told["rows"]] == list(range(1, len(rows) + 1))
    assert (told["accepted"], told["refused"]) == (len(rows) - 1, 1)
    with systems.city.office.database.read() as conn:
        query = select(func.count()).where(events.c.type == "BatchCollected")
        assert conn.execute(query).scalar_one() == 3


def test_a_repeat_of_a_key_gets_the_first_answer(systems):
    client = systems.client()
    first = sent(client, [RATING, {}], Idempotency_Key="k-1")
    assert outcomes(first) == ["accepted", "refused"]
    again = sent(client, [RATING, {}], Idempotency_Key="k-1")
    assert again.content == first.content
    assert count(systems.city, refused) == 1
    problem(sent(client, [RATING], Idempotency_Key="k-1"), 409, "key-reused")
    problem(sent(client, [RATING], "services", Idempotency_Key="k-1"), 409, "key-reused")


def test_another_systems_key_is_its_own_and_a_key_is_forgotten_after_a_week(systems):
    client, other = systems.client(), systems.client(name="另一个")
    assert outcomes(sent(client, RATING, Idempotency_Key="k")) == ["accepted"]
    assert outcomes(sent(other, RATING, Idempotency_Key="k")) == ["repeat"]
    systems.city.travel(days=8)
    assert outcomes(sent(client, [RATING], Idempotency_Key="k2")) == ["repeat"]
    assert count(systems.city, receipts) == 1


@pytest.mark.guarantee("G9")
def test_with_the_database_away_in_the_middle_nothing_is_acknowledged_and_a_second_try_is_whole(
    systems, monkeypatch
):
    client, database, calls = systems.client(), systems.city.office.database, []
    rows, write = many(MOST + 1), type(database).write

    def failing(self, **how):
        calls.append(1)
        if len(calls) == 3:  # the token's use, the first thousand, the rest
            raise Away
        return write(self, **how)

    monkeypatch.setattr(type(database), "write", failing)
    answer = sent(client, rows, Idempotency_Key="k")
    problem(answer, 503, "away")
    assert answer.headers["retry-after"]
    monkeypatch.undo()
    assert count(systems.city, ratings) == MOST
    assert outcomes(sent(client, rows, Idempotency_Key="k")) == ["repeat"] * MOST + ["accepted"]
    assert outcomes(sent(client, rows, Idempotency_Key="k")) == ["repeat"] * MOST + ["accepted"]
    assert count(systems.city, ratings) == MOST + 1
    assert systems.city.damage() == []


def test_a_units_token_brings_its_units_rows_and_does_not_learn_which_are_complaints(systems):
    client = systems.client(Scope.INTAKE, unit=UNIT)
    foreign = {**RATING, "projectNo": "P2", "proDepart": OTHER_UNIT}
    unnamed = {**RATING, "projectNo": "P3", "proDepart": ""}
    told = sent(client, [RATING, foreign, unnamed])
    assert outcomes(told) == ["accepted", "refused", "refused"]
    assert "CP21" not in told.text
    assert count(systems.city, ratings) == 1


# reading


def test_complaints_come_page_by_page(systems):
    numbers = [systems.city.portal.bad_review() for _ in range(5)]
    client, found, after = systems.client(Scope.READ), [], None
    while True:
        page = client.get("/complaints", params={"limit": 2} | ({"after": after} if after else {}))
        found += [item["id"] for item in page.json()["items"]]
        if (after := page.json()["next"]) is None:
            break
    assert found == numbers


def test_a_units_token_reads_its_own_and_those_it_assists_in_one_order(systems):
    city = systems.city
    numbers = [city.portal.bad_review() for _ in range(4)]
    city.drain()
    for n, subject in enumerate(numbers):
        city.hotline.confirms(subject)
        units = (UNIT, "ZD-YBJ") if n % 2 else ("ZD-YBJ", UNIT)
        order = city.complaint(subject).next_order
        given = {"order": order, "unit": units[0], "assisting": units[1:], "rule": "person"}
        city.step(subject, s.DepartmentAssigned, OPERATOR, **given)
    client, found, after = systems.client(Scope.READ, unit=UNIT), [], {}
    while page := client.get("/complaints", params={"limit": 1, **after}).json():
        found += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert found == numbers


def test_complaints_are_chosen_by_state_unit_and_time(systems):
    city = systems.city
    early = city.portal.bad_review()
    city.travel(days=1)
    late = city.portal.bad_review()
    city.drain()
    city.hotline.confirms(late)
    city.drain()
    client = systems.client()

    def ids(**params):
        return [item["id"] for item in client.get("/complaints", params=params).json()["items"]]

    assert ids(state="VERIFYING") == [early]
    assert ids(unit="区人社局") == [late]
    assert ids(since="2021-09-17T00:00:00+08:00") == [late]
    problem(client.get("/complaints?state=x"), 422, "invalid-input")
    for told in ("2021-09-17T00:00:00", "20210917", "1631836800"):
        problem(client.get(f"/complaints?since={told}"), 422, "invalid-input")
    problem(client.get("/complaints?unit="), 422, "invalid-input")
    problem(client.get("/complaints?after=CP21-9999"), 422, "invalid-input")
    problem(client.get("/complaints?unit=没有这个局"), 422, "invalid-input")
    for nothing in ("%00", "%20", "%E2%80%8B"):
        problem(client.get(f"/complaints?unit={nothing}"), 422, "invalid-input")


def test_one_complaint_is_shown_and_the_look_recorded(systems):
    complaint = systems.city.portal.bad_review("又让我开证明")
    shown = systems.client(Scope.READ, name="热线").get(f"/complaints/{complaint}").json()
    assert (shown["id"], shown["version"]) == (complaint, 1)
    assert shown["about"]["原话"] == "又让我开证明"
    with systems.city.office.database.read() as conn:
        seen = conn.execute(select(views.c.subject, views.c.actor, views.c.what)).one()
    assert tuple(seen) == (complaint, "token:热线", "timeline")


@pytest.mark.parametrize(
    "no", ["CP21-9999", "%00", "%F0%9F%98%80", "x" * 500, "..%2F..", "CP21-0001%0A"]
)
def test_a_complaint_that_is_none_is_not_found(systems, no):
    systems.city.portal.bad_review()
    client = systems.client()
    assert client.get(f"/complaints/{no}").status_code == 404
    assert client.post(f"/complaints/{no}/steps/hotline/claim").status_code == 404


def test_another_units_complaint_does_not_exist_for_a_units_token(systems):
    city = systems.city
    mine, foreign = city.portal.bad_review(), city.portal.bad_review()
    city.drain()
    for complaint in (mine, foreign):
        city.hotline.confirms(complaint)
    city.drain()
    city.hotline.assigns(foreign, unit="ZD-YBJ")
    client = systems.client(unit=UNIT)
    (item,) = client.get("/complaints").json()["items"]
    assert (item["id"], item["collected"]) == (mine, None)
    shown = client.get(f"/complaints/{item['order']}")
    assert shown.json()["about"]["评价人"] == "依法保密，请勿查找"
    assert "群众甲" not in shown.text
    assert "19900001234" not in shown.text
    problem(client.get(f"/complaints/{foreign}"), 404, "unknown-complaint")
    problem(client.get(f"/complaints?after={foreign}"), 422, "invalid-input")
    problem(client.get("/complaints?since=2021-09-01T00:00:00Z"), 422, "invalid-input")
    problem(
        client.post(f"/complaints/{foreign}/steps/department/acknowledge"), 404, "unknown-complaint"
    )
    assert client.post("/search", json={"q": foreign}).json() == []
    assert client.post("/search", json={"q": "1234"}).json() == []
    problem(client.get("/events"), 403, "not-permitted")
    problem(client.get("/figures/2021Q3"), 403, "not-permitted")


def test_what_is_read_leaves_the_trace_it_leaves_in_the_console(systems):
    """A list none, one complaint and each that a search finds one."""
    city = systems.city
    complaint = city.portal.bad_review()
    desk = Desks(city).sits(OPERATOR.name, OPERATOR.role)
    system = systems.client(Scope.READ, Scope.SEARCH, name="热线")

    def left_by(*asked):
        with city.office.database.write() as conn:
            conn.execute(delete(views))
        for answer in asked:
            assert answer().status_code in (200, 303)
        with city.office.database.read() as conn:
            return conn.execute(select(views.c.subject, views.c.what).order_by(views.c.id)).all()

    csrf = hidden_of(desk.get("/hotline").text)
    lists = left_by(lambda: system.get("/complaints"), lambda: desk.get("/hotline"))
    assert lists == []
    for theirs, ours, what in (
        (
            lambda: system.get(f"/complaints/{complaint}"),
            lambda: desk.get(f"/c/{complaint}"),
            "timeline",
        ),
        (
            lambda: system.post("/search", json={"q": "P0001"}),
            lambda: desk.client.post("/search", data=csrf | {"q": "P0001"}),
            "number",
        ),
    ):
        assert left_by(theirs, ours) == [(complaint, what)] * 2


def test_a_search_by_the_last_four_digits_is_recorded(systems):
    complaint = systems.city.portal.bad_review(mobile="13800001234")
    client = systems.client(Scope.SEARCH)
    assert [found["id"] for found in client.post("/search", json={"q": "1234"}).json()] == [
        complaint
    ]
    with systems.city.office.database.read() as conn:
        assert conn.execute(select(views.c.what)).scalar_one() == "last4"


def test_the_figures_say_how_they_are_formed(systems):
    systems.city.portal.bad_review()
    systems.city.drain()
    told = systems.client(Scope.FIGURES).get("/figures/2021Q3").json()
    assert (told["M"], told["D"]) == (1, 1)
    assert all({"n", "d", "numerator", "denominator"} <= set(one) for one in told["figures"])
    problem(systems.client(name="x").get("/figures/2021Q9"), 422, "invalid-input")


def test_where_no_area_is_named_the_figures_are_those_of_the_office(systems):
    with systems.city.office.database.write() as conn:
        row = ["LS-001", "县人社局", "临朐县", "部门"]
        seed(conn, of_table(["代码", "名称", "区县", "层级"], [(2, row)], "v2"))
    told = systems.client(Scope.FIGURES).get("/figures/2021Q3").json()
    assert told["area"] == "临朐县"


# steps


def test_a_hotlines_own_system_goes_round_the_loop_with_a_units(systems):
    city = systems.city
    hotline = systems.client(Scope.STEPS, Scope.READ, name="热线")
    unit = systems.client(Scope.STEPS, unit=UNIT, name="人社")
    no = city.portal.bad_review()
    city.drain()

    def step(client, path, **body):
        done = client.post(f"/complaints/{no}/steps/{path}", json=body)
        assert done.status_code == 200, done.text
        city.drain()
        return done.json()

    assert step(hotline, "hotline/link-ticket", ticket="T-1", role="hotline")["version"] == 4
    step(hotline, "hotline/call", outcome="answered")
    done = step(hotline, "hotline/confirm", reason_code="109", case_class="clear")
    assert done["event"] == "ComplaintConfirmed"
    step(unit, "department/acknowledge")
    step(
        unit,
        "department/submit",
        facts="多要证明",
        cause="不熟",
        measures="已培训",
        reply="抱歉",
        signed_by="张局长",
        post="window",
    )
    step(hotline, "hotline/accept-feedback")
    assert step(hotline, "hotline/reevaluate", level=5, solved=True)["state"] == "CLOSED"
    actors = {entry["actor"] for entry in hotline.get(f"/complaints/{no}").json()["timeline"]}
    assert {"token:热线", "token:人社"} <= actors
    assert city.damage() == []


def test_a_repeat_of_a_steps_key_is_done_once_and_its_key_is_not_anothers(systems):
    city, no = systems.city, systems.city.portal.bad_review()
    city.drain()
    client, other = systems.client(), systems.client(name="另一个")
    path, key = f"/complaints/{no}/steps/hotline/call", {"Idempotency-Key": "k"}
    first = client.post(path, json={"outcome": "busy"}, headers=key).json()
    again = client.post(path, json={"outcome": "busy"}, headers=key).json()
    assert (first["version"], first["repeated"]) == (again["version"], not again["repeated"])
    problem(client.post(path, json={"outcome": "answered"}, headers=key), 409, "key-reused")
    assert other.post(path, json={"outcome": "answered"}, headers=key).status_code == 200


def test_a_unit_finds_no_sign_of_what_is_hidden_from_it_in_any_answer(systems):
    """A report of retaliation and a warning to the hotline count for no version that it is told."""
    city, no = systems.city, systems.city.assigned()
    unit = systems.client(Scope.STEPS, Scope.READ, unit=UNIT)
    steps = f"/complaints/{no}/steps/department"

    def taken():
        return unit.post(f"{steps}/acknowledge", headers={"Idempotency-Key": "k"}).json()

    before = taken()["now"]
    city.step(no, s.RetaliationReported, CITIZEN, words="他们来找我")
    city.step(no, s.Reminded, CLOCK, limit="verify")
    assert taken()["now"] == before
    shown = unit.get(f"/complaints/{no}").json()
    assert shown["version"] == before["version"]
    assert {entry["version"] for entry in shown["timeline"]} == {None}
    guessed = {"question": "哪份证明？", "expected_version": before["version"] + 1}
    told = problem(unit.post(f"{steps}/ask-clarification", json=guessed), 409, "stale-version")
    assert (told["current"], told["changed"]) == (before["version"], [])
    guessed["expected_version"] = before["version"]
    assert unit.post(f"{steps}/ask-clarification", json=guessed).status_code == 200


def test_a_stale_step_says_what_changed_and_an_illegal_one_what_is_allowed(systems):
    city, no = systems.city, systems.city.portal.bad_review()
    city.drain()
    city.hotline.calls(no)
    client = systems.client()
    body = {"outcome": "busy", "expected_version": 3}
    told = problem(
        client.post(f"/complaints/{no}/steps/hotline/call", json=body), 409, "stale-version"
    )
    assert (told["expected"], told["current"]) == (3, 4)
    assert told["changed"] == [{"event": "CallAttempted", "name": "记一次通话"}]
    told = problem(
        client.post(f"/complaints/{no}/steps/hotline/accept-feedback"), 409, "illegal-step"
    )
    paths = [path for step in told["allowed"] for path in step["steps"]]
    assert "steps/hotline/confirm" in paths
    assert client.post(f"/complaints/{no}/{paths[1]}").status_code == 200


def test_a_step_needs_the_scope_and_the_unit_it_belongs_to(systems):
    city, no = systems.city, systems.city.portal.bad_review()
    city.drain()
    hotline = systems.client(Scope.STEPS)
    unit = systems.client(Scope.STEPS, unit=UNIT, name="单位")
    problem(hotline.post(f"/complaints/{no}/steps/supervisor/remind"), 403, "not-permitted")
    problem(hotline.post(f"/complaints/{no}/steps/department/acknowledge"), 403, "not-permitted")
    problem(unit.post(f"/complaints/{no}/steps/hotline/claim"), 403, "not-permitted")
    rulings = systems.client(Scope.RULINGS, name="监督")
    assert rulings.post(f"/complaints/{no}/steps/supervisor/remind").status_code == 200
    problem(rulings.post(f"/complaints/{no}/steps/hotline/claim"), 403, "not-permitted")


def test_a_body_that_does_not_fit_is_refused_field_by_field(systems):
    no = systems.city.portal.bad_review()
    path = f"/complaints/{no}/steps/hotline/call"
    client = systems.client()
    told = problem(client.post(path, json={"outcome": "x", "more": 1}), 422, "invalid-input")
    assert [one["field"] for one in told["errors"]] == ["outcome", "more"]
    for told in ("2021-09-17T09:00:00", "20210917", 1631870000):
        body = {"outcome": "call_later", "next_call_at": told}
        answer = problem(client.post(path, json=body), 422, "invalid-input")
        assert answer["errors"][0]["reason"].endswith("如 2021-10-21T15:00:00+08:00")
    problem(client.post(path, content=b"{"), 400, "bad-body")
    headers = {"content-type": "application/json"}
    half = client.post(path, content=b'{"outcome":"busy","note":"\\ud800"}', headers=headers)
    told = problem(half, 422, "invalid-input")
    assert told["errors"] == [{"field": "note", "reason": "须是文字，不能有半个字符"}]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"outcome":"busy","outcome":"answered"}', "同一字段出现两次"),
        (b'{"outcome":"\xff"}', "不是合格的 UTF-8 JSON"),
        (b'{"outcome":' + b"[" * 9000 + b"]" * 9000 + b"}", "不是合格的 UTF-8 JSON"),
    ],
)
def test_a_steps_body_that_cannot_be_told_records_nothing(systems, body, reason):
    no = systems.city.portal.bad_review()
    client, before = systems.client(), systems.city.timeline(no)
    told = problem(
        client.post(f"/complaints/{no}/steps/hotline/call", content=body), 400, "bad-body"
    )
    assert (told["field"], told["reason"]) == ("正文", reason)
    assert systems.city.timeline(no) == before


def test_a_position_beyond_the_log_is_refused_and_not_waited_at(systems):
    answer = systems.client().get("/events", params={"after": ".".join(["9"] * 16)})
    assert problem(answer, 422, "invalid-input")["field"] == "after"


@pytest.mark.parametrize(
    "place",
    ["/complaints", "/complaints/CP21-0001", "/figures/2021Q3", "/events", "/ratings", "/search"],
)
def test_what_no_document_tells_of_is_refused_in_every_address(systems, place):
    systems.city.portal.bad_review()
    client = systems.client()
    method = "POST" if place in ("/ratings", "/search") else "GET"
    answer = client.request(method, place, json=RATING, params={"source": "bihuan", "stat": "x"})
    told = problem(answer, 422, "invalid-input")
    assert {"field": "stat", "reason": "没有这一项"} in told["errors"]
    assert count(systems.city, ratings) == 1


def test_what_is_asked_twice_in_an_address_is_refused(systems):
    client = systems.client()
    answer = client.post("/ratings?source=shandong&source=bihuan", json=RATING)
    told = problem(answer, 422, "invalid-input")
    assert (told["field"], told["reason"]) == ("source", "网址里写了两次")
    twice = client.get("/complaints?limit=1&limit=2")
    assert problem(twice, 422, "invalid-input")["field"] == "limit"
    assert count(systems.city, ratings) == 0


def test_every_wrong_field_of_a_rating_is_named_with_its_reason(systems):
    client, wrong = systems.client(), {"projectNo": "P9", "serviceNumber": "1", "pf": "4"}
    missing = [
        {"field": "satisfaction", "value": "", "reason": "缺少"},
        {"field": "assessTime", "value": "", "reason": "缺少"},
    ]
    told = problem(sent(client, wrong), 422, "invalid-input")
    assert (told["field"], told["reason"], told["errors"]) == ("satisfaction", "缺少", missing)
    assert told["detail"] == "satisfaction：缺少；assessTime：缺少"
    (row,) = sent(client, [wrong]).json()["rows"]
    assert (row["field"], row["reason"], row["errors"]) == ("satisfaction", "缺少", missing)


def test_every_wrong_field_is_told_with_the_value_that_came_and_no_personal_one(systems):
    client, wrong = systems.client(), RATING | {"pf": "8", "evalDetail": "999", "mobile": "1" * 65}
    shown = [("pf", "8"), ("mobile", "111****"), ("evalDetail", "999")]
    told = problem(sent(client, wrong), 422, "invalid-input")
    assert (told["row"], told["field"], told["value"]) == (1, "pf", "8")
    assert [(one["field"], one["value"]) for one in told["errors"]] == shown
    assert told["detail"].startswith("pf：来源 bihuan 没有这个代码，可写：1 电脑端、")
    assert "1" * 5 not in str(told)
    (row,) = sent(client, [wrong]).json()["rows"]
    assert [(one["field"], one["value"]) for one in row["errors"]] == shown


@pytest.mark.parametrize("key", ["", "a b", "x" * 51, "é"])
def test_a_key_that_cannot_be_one_is_told_what_it_may_be(systems, key):
    headers = {"Idempotency-Key": key.encode("latin-1")}
    answer = systems.client().post("/ratings?source=bihuan", json=RATING, headers=headers)
    told = problem(answer, 422, "invalid-input")
    assert told["field"] == "Idempotency-Key"
    assert told["reason"] == "须是 1 至 50 个英文字母、数字或英文符号，不含空格"


def test_a_refusal_says_in_its_parts_what_and_why(systems):
    city, no = systems.city, systems.city.portal.bad_review()
    city.drain()
    client, key = systems.client(), {"Idempotency-Key": "s1"}
    call = f"/complaints/{no}/steps/hotline/call"
    client.post(call, json={"outcome": "busy"}, headers=key)
    reused = problem(
        client.post(call, json={"outcome": "answered"}, headers=key), 409, "key-reused"
    )
    assert reused["detail"] == "请求键“s1”已用于另一项办理，请换一个键"
    stale = client.post(call, json={"outcome": "busy", "expected_version": 1})
    large = client.post("/search", content=b" " * (257 << 10))
    sent(client, RATING)
    fields = {"key-reused": "Idempotency-Key", "stale-version": "expected_version"}
    for answer in (
        stale,
        large,
        sent(client, OTHERWISE),
        client.post(call.replace("call", "release")),
    ):
        told = answer.json()
        assert told["reason"], told
        name = told["type"].rpartition(":")[2]
        assert told.get("field", "") == fields.get(name, "" if name == "illegal-step" else "正文")
    assert reused["field"] == "Idempotency-Key"
    assert reused["reason"]


# tokens and limits


def test_without_a_good_token_nothing_is_to_be_had(systems):
    answer = systems.anybody().get("/complaints")
    problem(answer, 401, "no-token")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    for said in ("Bearer bh_nope", "Bearer x", "Basic eDp5", "Bearer ", "Bearer bh_\u00ff"):
        header = {"Authorization": said.encode("latin-1")}
        problem(systems.anybody(header).get("/complaints"), 401, "no-token")


@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"q": "1", "q": "2"}', b"[" * 100_000])
def test_who_has_no_token_is_told_so_whatever_he_sends(systems, body):
    """Else he learns which addresses there are, and a bad token looks like a bad body."""
    header = {"content-type": "application/json"}
    steps = "/complaints/CP21-0001/steps/hotline/confirm"
    for nobody in (
        systems.anybody(header),
        systems.anybody(header | {"Authorization": "Bearer x"}),
    ):
        for place in ("/search", steps):
            problem(nobody.post(place, content=body), 401, "no-token")
    client = systems.client()
    problem(client.post("/search", content=body, headers=header), 400, "bad-body")


def test_a_revoked_token_opens_nothing(systems):
    client = systems.client(name="旧")
    assert client.get("/complaints").status_code == 200
    revoke_token(systems.city.office, "旧", "测试")
    problem(client.get("/complaints"), 401, "no-token")


def test_each_scope_opens_its_own_and_nothing_else(systems):
    client = systems.client(Scope.FIGURES)
    problem(client.get("/complaints"), 403, "not-permitted")
    problem(client.get("/events"), 403, "not-permitted")
    problem(sent(client, RATING), 403, "not-permitted")
    problem(client.post("/search", json={"q": "1"}), 403, "not-permitted")


def test_whoever_asks_too_often_is_told_when_to_come_again(systems):
    now = [0.0]
    limits = Limits(Buckets(3, 1, lambda: now[0]), Buckets(5, 1, lambda: now[0]))
    systems.app = api.create_api(systems.site, limits)
    client = systems.client()
    client.base_url = "http://testserver"
    answers = [client.get("/complaints").status_code for _ in range(3)]
    answer = client.get("/complaints")
    assert answers == [200] * 3
    problem(answer, 429, "too-often")
    assert int(answer.headers["retry-after"]) == 1
    now[0] += 1
    assert client.get("/complaints").status_code == 200
    nobody = systems.anybody()
    nobody.base_url = "http://testserver"
    assert [nobody.get("/complaints").status_code for _ in range(6)][-1] == 429
    now[0] += 10
    broken = {"content": b"{", "headers": {"content-type": "application/json"}}
    assert [nobody.post("/search", **broken).status_code for _ in range(6)] == [401] * 5 + [429]


def test_every_refusal_is_told_in_one_style(systems):
    client = systems.client()
    problem(client.get("/nope"), 404, "not-found")
    problem(client.delete("/complaints"), 405, "no-such-method")
    assert client.get("/health").headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["origin", "sec-fetch-site"])
def test_a_system_in_a_browsers_clothes_is_answered_as_any_other(systems, name):
    """No browser adds a token by itself: where it comes from makes no difference."""
    body = {"json": {"q": "13800001234"}, "headers": {name: "cross-site"}}
    assert systems.client().post("/search", **body).status_code == 200
    problem(systems.anybody().post("/search", **body), 401, "no-token")


def test_an_error_of_ours_shows_nothing_of_itself(systems, monkeypatch):
    def broken(*_):
        raise RuntimeError("secret")

    monkeypatch.setattr("console.web.api.complaints.found_by", broken)
    answer = systems.client().post("/search", json={"q": "1"})
    problem(answer, 500, "internal")
    assert answer.headers["connection"] == "close"
    assert "secret" not in answer.text


# following


def follow(systems, most, **params):
    """The first events of a stream, as (id, data)."""
    token = make_token(systems.city.office, f"跟读{time.monotonic_ns()}", list(Scope), by="测试")
    system = system_of(systems.city.office, token)
    start = following.start_of(systems.site, **params)

    asked = SimpleNamespace(headers={"authorization": f"Bearer {token}"})

    async def read():
        found = []
        async for event in following.follow(asked, systems.site, system, start):
            if event.event != "position" and event.comment is None:
                found.append((event.id, event.data))
            if len(found) >= most:
                break
        return found

    return asyncio.run(asyncio.wait_for(read(), 20))


def test_the_log_is_followed_from_any_position_in_the_order_of_each_complaint(systems):
    city = systems.city
    for _ in range(3):
        city.portal.bad_review()
    city.drain()
    total = count(city, events)
    whole = follow(systems, total, after="0", last_event_id=None)
    ids = [data["id"] for _, data in whole]
    assert len(set(ids)) == total
    by_subject = {}
    for _, data in whole:
        by_subject.setdefault(data["subject"], []).append(data["sequence"])
    assert all(seen == sorted(seen) for seen in by_subject.values())
    cursor = whole[4][0]
    assert follow(systems, total - 5, after="0", last_event_id=cursor) == whole[5:]


def test_whoever_leaves_a_stream_leaves_no_error_behind(systems, capfd):
    for _ in range(10):
        systems.city.portal.bad_review()
    systems.city.drain()
    token = make_token(systems.city.office, "走开", [Scope.READ], by="测试")
    with served.here(systems.city.office) as address:
        for left_after in range(24):
            asked = {"headers": {"Authorization": f"Bearer {token}"}, "params": {"after": "0"}}
            with httpx.stream("GET", f"{address}/api/v1/events", **asked) as answer:
                lines = answer.iter_lines()
                for _ in range(left_after % 8 + 1):
                    next(lines)
    assert "Traceback" not in "".join(capfd.readouterr())


def test_an_event_followed_is_the_one_published(systems):
    systems.city.portal.bad_review("又让我开证明", mobile="13800001234")
    ((_, data),) = [
        one
        for one in follow(systems, 2, after="0", last_event_id=None)
        if one[1]["type"] == "ReviewCollected"
    ]
    assert data["specversion"] == "1.0"
    assert data["dataschema"] == "ReviewCollected.json"
    assert data["data"]["level"] == 1
    assert "verify" in data["limits"]["opened"]
    assert "开证明" not in json.dumps(data, ensure_ascii=False)
    assert "13800001234" not in json.dumps(data)


def test_what_a_citizen_says_of_retaliation_is_not_followed(systems):
    city, no = systems.city, systems.city.portal.bad_review()
    city.step(no, s.RetaliationReported, CITIZEN, words="他们来找我")
    city.hotline.receives(no)
    kinds = [data["type"] for _, data in follow(systems, 4, after="0", last_event_id=None)]
    assert "VerificationRequested" in kinds
    assert "RetaliationReported" not in kinds


def revoked(systems, name):
    revoke_token(systems.city.office, name, "测试")


def expired(systems, name):
    changed(systems, name, expires_at=systems.city.office.wall())


def narrowed(systems, name):
    changed(systems, name, scopes="figures")


def changed(systems, name, **values):
    with systems.city.office.database.write() as conn:
        conn.execute(update(tokens).where(tokens.c.name == name).values(values))


@pytest.mark.parametrize("ends", [revoked, expired, narrowed])
def test_a_stream_ends_with_its_token_though_events_flow_on(systems, monkeypatch, ends):
    systems.city.portal.bad_review()
    office = systems.city.office
    token = make_token(office, "跟读", [Scope.READ], by="测试")
    system, start = system_of(office, token), following.start_of(systems.site, "0")
    (row, *_) = following.beyond(office.database, start)
    monkeypatch.setattr(following, "beyond", lambda *_: [row])
    monkeypatch.setattr(following, "STILL", 0.05, raising=False)
    asked = SimpleNamespace(headers={"authorization": f"Bearer {token}"})

    async def read():
        told = 0
        async for _ in following.follow(asked, systems.site, system, start):
            told += 1
            if told == 5:
                ends(systems, "跟读")
            await asyncio.sleep(0.01)
        return told

    assert asyncio.run(asyncio.wait_for(read(), 5)) >= 5


@pytest.mark.parametrize("after", ["x", "1.2", "-1." + ".".join("0" * 15), "9" * 400])
def test_a_position_that_is_none_is_refused(systems, after):
    problem(systems.client().get("/events", params={"after": after}), 422, "invalid-input")


def test_a_token_has_so_many_streams_and_no_more(systems):
    streams = Streams()
    opened = [streams.one_more("x") for _ in range(MOST_STREAMS + 1)]
    for one in opened[:-1]:
        one.__enter__()
    with pytest.raises(TooOften):
        opened[-1].__enter__()
    opened[0].__exit__(None, None, None)
    with streams.one_more("x"):
        pass
