"""Reports read from a real database: the circular's own tables, the text's figures, a what-if."""

import csv
import io
import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import pytest
from city import HANDLER, SUPERVISOR, rating, service
from rich.cells import cell_len
from rich.console import Console
from sqlalchemy import insert, select
from typer.testing import CliRunner

import schemas as s
from console.accounts.unit_sheet import units_sheet
from console.cli import app
from console.reports.annex3 import annex3_rows, render_annex3
from console.reports.annex4 import annex4_rows
from console.reports.delays import delays_of
from console.reports.indicators import Question, indicators
from console.reports.periods import months_between, parse_period
from console.reports.whatif import Change, what_if
from consumers.metrics import Metrics
from workflow.clock import micros
from workflow.errors import InvalidInput
from workflow.storage.models import complaint_facts, events, parked, sequences, tallies
from workflow.units import load

DATA = Path(__file__).parents[1] / "data"
ANNEX3 = (DATA / "annex3_township_2021.csv").read_text(encoding="utf-8")
ANNEX4 = (DATA / "annex4_departments_2021Q3.csv").read_text(encoding="utf-8")
Q3 = parse_period("2021Q3")
SHIPPED = load()


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def drained(city):
    city.drain([Metrics(city.office.rulebook.policies)])
    return city.office.database


def figures(city, as_of=None, **scope):
    with drained(city).read() as conn:
        ask = Question(
            Q3,
            scope.get("tier", "部门"),
            scope.get("area", "张店区"),
            city.clock(),
            None if as_of is None else at(as_of),
        )
        return indicators(conn, city.office.units, city.office.rulebook.policies, ask)


def at(text):
    return micros(datetime.fromisoformat(f"2021-{text}+08:00"))


def printed(found, formula):
    return str(found.figure(formula).rate)


def bihuan(folder, *args):
    return CliRunner().invoke(app, ["--data", str(folder), *args], catch_exceptions=False)


def assigned(city, when="2021-09-16T10:05:00+08:00"):
    """A valid complaint, its order dispatched at this time."""
    city.travel("2021-09-16T10:00:00+08:00")
    subject = city.portal.bad_review()
    city.hotline.receives(subject)
    city.hotline.confirms(subject)
    city.travel(when)
    city.hotline.assigns(subject)
    return subject


def submitted(city, subject, when):
    city.travel(when)
    city.department.submits(subject)
    city.hotline.accepts(subject)


@pytest.fixture
def annexes(city):
    """A database whose tallies are the circular's annexes."""
    of_area = {unit.area: unit.code for unit in SHIPPED.of("镇办")}
    rows = [
        {
            "day": f"{r['month']}-15",
            "unit": of_area[r["district"]],
            "services": int(r["services_A"]),
            "ratings": int(r["ratings_M"]),
            "onsite": int(r["onsite_active_P"]),
            "bad": int(r["bad_D"]),
        }
        for r in rows_of(ANNEX3)
    ]
    rows += [
        {
            "day": "2021-08-31",
            "unit": SHIPPED.resolve(r["department"], "张店区").code,
            "services": int(r["ratings_entered"]),
            "ratings": int(r["ratings_entered"]),
            "onsite": 0,
            "bad": 0,
        }
        for r in rows_of(ANNEX4)
        if r["ratings_entered"] != "0"
    ]
    valid = {
        "subject": "CP21-0001",
        "unit": of_area["临淄区"],
        "area": "临淄区",
        "day": "2021-09-15",
        "level": 1,
        "real_name": True,
        "state": "CLOSED",
        "verdict": "valid",
        "collected_at": 0,
        "round": 1,
        "min_calls": 3,
        "call_spacing": 0,
    }
    with city.office.database.write() as conn:
        conn.execute(insert(tallies), rows)
        conn.execute(insert(complaint_facts), [valid])
    return city


def test_every_report_says_what_it_leaves_out_for_want_of_a_unit(city, folder):
    nameless = {"proDepart": "", "areaName": ""}
    city.portal.sends(rating("A", 5, **nameless), rating("B", 1, **nameless), rating("C", 5))
    city.hotline.receives("CP21-0001")
    city.hotline.confirms("CP21-0001")
    drained(city)
    told = "未计入：本期单位待定（或不在现行名册）的评价 2 条，其中差评 1 条，有效差评 1 件"
    months, quarter = ("--from", "2021-07", "--to", "2021-09"), ("--period", "2021Q3")
    for asked in (
        ("annex3", *months),
        ("annex4", *quarter),
        ("indicators", *quarter),
        ("indicators", *quarter, "--as-of", "2021-12-01T09:00:00+08:00"),
        ("whatif", *quarter, "--set", "rectify=3 working days"),
    ):
        assert told in bihuan(folder, "report", *asked).stdout
        shown = json.loads(bihuan(folder, "report", *asked, "--json").stdout)
        assert shown["unplaced"] == {"ratings": 2, "bad": 1, "valid": 1}
    for asked in (("annex3", *months), ("annex4", *quarter)):
        shown = bihuan(folder, "report", *asked, "--format", "csv")
        assert "未计入" not in shown.stdout
        assert shown.stderr == f"{told}\n"
    earlier = ("--period", "2021Q2")
    assert "未计入" not in bihuan(folder, "report", "indicators", *earlier).stdout


@pytest.mark.usefixtures("annexes")
def test_annex_3_comes_out_as_the_circular_s_own_file(folder):
    shown = bihuan(
        folder, "report", "annex3", "--from", "2021-05", "--to", "2021-09", "--format", "csv"
    )
    assert shown.exit_code == 0
    assert shown.stdout == ANNEX3
    assert shown.stderr == ""


@pytest.mark.usefixtures("annexes")
def test_annex_4_comes_out_as_the_circular_s_own_file(folder):
    shown = bihuan(folder, "report", "annex4", "--period", "2021Q3", "--format", "csv")
    assert shown.stdout == ANNEX4


def test_months_without_anything_are_listed_with_zeros(city):
    with city.office.database.read() as conn:
        rows = annex3_rows(conn, city.office.units, "2021-11", "2022-01")
    assert len(rows) == 11 * 3
    assert [r.month for r in rows[:3]] == ["2021-11", "2021-12", "2022-01"]
    assert {r.printed for r in rows} == {"0"}


@pytest.mark.parametrize("columns", [20, 40, 60])
def test_a_narrow_terminal_shows_every_value_all_the_same(annexes, folder, monkeypatch, columns):
    def words(*asked):
        shown = bihuan(folder, "report", *asked)
        assert shown.exit_code == 0
        assert "…" not in shown.stdout
        return set(shown.stdout.replace("-", " ").split())

    for asked in (
        ("annex3", "--from", "2021-05", "--to", "2021-06"),
        ("annex4", "--period", "2021Q3"),
        ("indicators", "--period", "2021Q3"),
    ):
        monkeypatch.setenv("COLUMNS", "200")
        wide = {word for word in words(*asked) if word.isdecimal() or word.endswith("%")}
        monkeypatch.setenv("COLUMNS", str(columns))
        assert wide - words(*asked) == set()


def test_one_value_a_line_where_a_table_does_not_fit(annexes):
    with annexes.office.database.read() as conn:
        rows = annex3_rows(conn, SHIPPED, "2021-09", "2021-09")
    console = Console(file=io.StringIO(), width=40)
    render_annex3(console, rows, narrow=True)
    zhangdian = next(row for row in rows if row.district == "张店区")
    lines = console.file.getvalue().splitlines()
    place = lines.index("张店区")
    assert lines[place + 1 : place + 3] == [
        f"  办件总数A {zhangdian.services}",
        f"  评价总数M {zhangdian.ratings}",
    ]


@pytest.mark.parametrize(("narrow", "lines"), [(True, 5 * (11 + 4)), (False, 11 + 3)])
def test_the_annex_aligns_in_a_chinese_terminal_wide_or_by_month(annexes, narrow, lines):
    with annexes.office.database.read() as conn:
        rows = annex3_rows(conn, annexes.office.units, "2021-05", "2021-09")
    console = Console(file=io.StringIO(), width=80 if narrow else 296)
    render_annex3(console, rows, narrow)
    text = console.file.getvalue().splitlines()
    assert len(text) == lines
    body = [line for line in text if line.startswith(("张店区", "文昌湖", "高青县"))]
    assert len({cell_len(line) for line in body}) == 1
    assert all(cell_len(line) <= console.width for line in text)


def test_a_cell_that_contradicts_itself_is_said_and_not_altered(annexes, folder):
    with annexes.office.database.write() as conn:
        wrong = {"day": "2021-05-02", "unit": "WCH-ZJ", "services": 0, "ratings": 9, "bad": 0}
        conn.execute(insert(tallies), [{**wrong, "onsite": 90}])
    month = ("report", "annex3", "--from", "2021-05", "--to", "2021-05")
    text = bihuan(folder, *month).stdout
    assert "文昌湖 2021-05：现场主动评价数P 111 大于评价总数M 38" in text
    assert "文昌湖 2021-05：评价总数M 38 大于办件总数A 33" in text
    assert "文昌湖,2021-05,33,38,111,292,0,0" in bihuan(folder, *month, "--format", "csv").stdout


def test_every_report_says_as_of_when_whose_data_and_the_heads_of_the_chains(annexes, folder):
    with annexes.office.database.write() as conn:
        conn.execute(insert(sequences), [{"name": "synthetic", "value": 1}])
    for report in (
        ("annex3", "--from", "2021-05", "--to", "2021-06"),
        ("annex4", "--period", "2021Q3"),
        ("indicators", "--period", "2021Q3"),
        ("whatif", "--period", "2021Q3", "--set", "rectify=3 working days"),
    ):
        text = bihuan(folder, "report", *report).stdout
        assert "合成数据" in text
        assert "统计时刻：" in text
        assert "15:0/" in text
        machine = json.loads(bihuan(folder, "report", *report, "--json").stdout)
        assert machine["synthetic"] is True
        assert len(machine["chain_heads"]) == 16
        assert machine["as_of"].endswith("+08:00")


def test_departments_of_synthetic_data_have_no_evaluation_rate(annexes, folder):
    ask = ("report", "indicators", "--period", "2021Q3", "--json")
    assert json.loads(bihuan(folder, *ask).stdout)["A"] == 421_714
    with annexes.office.database.write() as conn:
        conn.execute(insert(sequences), [{"name": "synthetic", "value": 1}])
    shown = json.loads(bihuan(folder, *ask).stdout)
    assert (shown["A"], shown["M"]) == (None, 421_714)
    assert "evaluation" not in {figure["id"] for figure in shown["figures"]}
    towns = json.loads(bihuan(folder, *ask, "--tier", "镇办").stdout)
    assert (towns["A"], towns["M"], towns["P"], towns["D"]) == (13_150, 13_117, 8_906, 4)
    assert {f["id"]: f["printed"] for f in towns["figures"]}["onsite"] == "68%"


@pytest.mark.usefixtures("annexes")
def test_what_only_others_know_is_shown_as_theirs_and_only_for_its_own_period(folder):
    text = bihuan(folder, "report", "indicators", "--period", "2021Q3").stdout
    for figure in ("51万余条", "98.97", "16.1%", "99.83%"):
        assert figure in text
    assert "98.97" not in bihuan(folder, "report", "indicators", "--period", "2021Q2").stdout


def test_six_of_nine_orders_were_rectified_in_time(city):
    on_time = [assigned(city) for _ in range(6)]
    late = assigned(city)
    for _ in range(2):
        assigned(city)
    assigned(city, "2021-09-27T09:00:00+08:00")
    for subject in on_time:
        submitted(city, subject, "2021-09-24T17:30:00+08:00")
    submitted(city, late, "2021-09-26T09:00:00+08:00")
    city.travel("2021-09-28T09:00:00+08:00")
    found = figures(city)
    assert printed(found, "rectify") == "6/9"
    assert dict(found.figure("rectify").beside) == {
        "逾期提交": 1,
        "逾期未结": 2,
        "按期待审": 0,
        "未到期": 1,
    }
    assert printed(found, "rectified") == "7/10"
    assert (found.bad, found.valid) == (10, 10)
    assert city.damage() == []


def test_a_figure_as_of_then_is_what_it_was_then(city):
    first, second = assigned(city), assigned(city)
    submitted(city, first, "2021-09-17T15:00:00+08:00")
    city.travel("2021-09-25T09:00:00+08:00")
    before = figures(city)
    city.step(second, s.SupervisionOrdered, SUPERVISOR, ground="manual")
    submitted(city, second, "2021-09-26T15:00:00+08:00")
    city.portal.sends(rating("LATE"), service("LATE"))
    city.portal.bad_review(assessTime=datetime.fromisoformat("2021-09-25T12:00:00+08:00"))
    then = figures(city, as_of="09-25T09:00")
    assert printed(then, "rectify") == printed(before, "rectify") == "1/2"
    assert [(f.formula.id, f.rate, f.beside) for f in then.figures] == [
        (f.formula.id, f.rate, f.beside) for f in before.figures
    ]
    assert (then.ratings, then.bad, then.valid) == (before.ratings, before.bad, 2)
    now = figures(city)
    assert (now.ratings, now.bad, printed(now, "rectified")) == (4, 3, "2/2")


def test_what_came_before_its_service_record_was_of_no_unit_then(city):
    nameless = {"proDepart": None, "areaName": None}
    city.portal.sends(service("KNOWN"), rating("KNOWN", **nameless), rating("GOOD", **nameless))
    subject = city.portal.bad_review(project="EARLY", **nameless)
    city.hotline.receives(subject)
    city.hotline.confirms(subject)
    then, before = "09-16T10:00", figures(city)
    assert (before.ratings, before.bad, before.valid) == (1, 0, 0)
    assert asdict(before.unplaced) == {"ratings": 2, "bad": 1, "valid": 1}
    city.travel(days=2)
    city.portal.sends(service("EARLY"), service("GOOD"))
    again = figures(city, as_of=then)
    for asked in ("services", "ratings", "onsite", "bad", "valid", "unplaced"):
        assert getattr(again, asked) == getattr(before, asked), asked
    assert [figure.rate for figure in again.figures] == [figure.rate for figure in before.figures]
    now = figures(city)
    assert (now.ratings, now.bad, now.valid, now.unplaced.ratings) == (3, 1, 1, 0)
    assert figures(city, as_of="09-30T00:00").ratings == 3


def test_a_late_verification_counts_as_late_whatever_becomes_of_its_dismissal(city):
    subject = city.portal.bad_review()
    city.hotline.receives(subject)
    city.travel("2021-09-21T10:00:00+08:00")
    city.hotline.dismisses(subject)
    assert printed(figures(city), "verify") == "0/1"
    city.travel("2021-09-22T09:00:00+08:00")
    city.step(subject, s.DismissalReversed, SUPERVISOR, reason="再核实")
    assert printed(figures(city), "verify") == "0/1"
    city.travel("2021-09-22T10:00:00+08:00")
    city.hotline.dismisses(subject)
    city.travel("2021-09-30T10:00:00+08:00")
    assert printed(figures(city), "verify") == "1/2"
    for when in ("09-21T12:00", "09-22T09:30", "09-22T12:00"):
        assert printed(figures(city, as_of=when), "verify") == "0/1"
    assert city.damage() == []


def test_satisfaction_counts_answers_and_shows_the_others_beside_it(city):
    happy, again = assigned(city), assigned(city)
    for subject, stars in ((happy, 5), (again, 2)):
        submitted(city, subject, "2021-09-17T15:00:00+08:00")
        city.hotline.calls(subject)
        city.citizen.rates(subject, stars)
    found = figures(city)
    assert printed(found, "satisfied_first") == "1/2"
    assert printed(found, "rectified") == "2/2"
    city.hotline.assigns(again)
    assert printed(figures(city), "rectified") == "1/2"
    submitted(city, again, "2021-09-18T15:00:00+08:00")
    city.hotline.calls(again)
    city.citizen.rates(again, 4)
    found = figures(city)
    assert (printed(found, "satisfied_first"), printed(found, "satisfied_final")) == ("1/2", "2/2")
    assert dict(found.figure("satisfied_final").beside)["未答复"] == 0
    assert city.damage() == []


def test_a_dismissed_complaint_counts_as_invalid_and_in_nothing_else(city):
    subject = city.portal.bad_review()
    city.hotline.receives(subject)
    city.hotline.dismisses(subject)
    found = figures(city)
    assert (found.bad, found.valid, printed(found, "invalid_share")) == (1, 0, "1/1")
    assert printed(found, "good_all") == "0/1"
    assert printed(found, "good_valid") == "1/1"
    with city.office.database.read() as conn:
        towns = annex3_rows(conn, city.office.units, "2021-09", "2021-09")
    assert sum(row.bad for row in towns) == 0


def test_a_complaint_that_came_before_its_service_record_belongs_to_the_record_s_unit(city):
    subject = city.portal.bad_review(project="EARLY", proDepart="")
    city.hotline.receives(subject)
    city.hotline.dismisses(subject)
    assert figures(city).bad == 0
    city.portal.sends(service("EARLY", proDepart="张店区镇（街道）"))
    found = figures(city, tier="镇办")
    assert (found.bad, printed(found, "invalid_share")) == (1, "1/1")
    assert printed(figures(city, as_of="09-30T00:00", tier="镇办"), "invalid_share") == "1/1"


def test_a_valid_one_that_came_before_its_service_record_is_the_township_s_t(city):
    subject = city.portal.bad_review(project="EARLY", proDepart="")
    city.hotline.receives(subject)
    city.hotline.confirms(subject)
    city.portal.sends(service("EARLY", proDepart="张店区镇（街道）"))
    with drained(city).read() as conn:
        row = annex3_rows(conn, city.office.units, "2021-09", "2021-09")[0]
    assert (row.district, row.services, row.ratings, row.bad, row.valid) == ("张店区", 1, 1, 1, 1)


def test_with_three_working_days_two_would_have_been_late(city):
    quick, slow, slower = assigned(city), assigned(city), assigned(city)
    submitted(city, quick, "2021-09-18T17:30:00+08:00")
    submitted(city, slow, "2021-09-23T15:00:00+08:00")
    submitted(city, slower, "2021-09-24T09:00:00+08:00")
    with drained(city).read() as conn:
        change = Change.parse("rectify=3 working days")
        found = what_if(conn, city.office.rulebook, Q3, ["ZD-RSJ"], change, city.clock())
    assert [t.order.subject for t in found.newly_late] == [slow, slower]
    assert found.no_longer_late == ()
    assert (str(found.before), str(found.after)) == ("0/0", "1/3")
    assert {t.due_after for t in found.trials} == {at("09-22T17:30")}
    city.travel("2021-10-08T09:00:00+08:00")
    with drained(city).read() as conn:
        found = what_if(conn, city.office.rulebook, Q3, ["ZD-RSJ"], change, city.clock())
    assert (str(found.before), str(found.after)) == ("3/3", "1/3")


def test_the_delays_of_a_whole_province_s_orders_are_read_however_many_they_are(city):
    subject = assigned(city)
    city.department.acknowledges(subject)
    city.step(subject, s.ExtensionRequested, HANDLER, working_days=2, reason="要补材料")
    city.step(subject, s.ExtensionGranted, SUPERVISOR, working_days=2)
    many = [*(f"CP21-{number:05}" for number in range(10_000, 80_000)), subject]
    with drained(city).read() as conn:
        assert {order: found.days for order, found in delays_of(conn, many).items()} == {
            (subject, 1): 2
        }


def test_an_order_taken_away_is_late_only_if_it_had_fallen_due_before(city):
    subject = assigned(city)
    city.travel("2021-09-23T09:00:00+08:00")
    city.hotline.assigns(subject, "ZD-YBJ")
    with drained(city).read() as conn:
        units, change = ["ZD-RSJ", "ZD-YBJ"], Change.parse("rectify=3 working days")
        found = what_if(conn, city.office.rulebook, Q3, units, change, city.clock())
    assert (str(found.before), str(found.after)) == ("0/0", "0/1")
    assert [(t.order.subject, t.order.number) for t in found.newly_late] == [(subject, 1)]


def test_an_extension_stays_granted_under_another_limit(city):
    subject = assigned(city)
    city.department.acknowledges(subject)
    city.step(subject, s.ExtensionRequested, HANDLER, working_days=2, reason="要补材料")
    city.step(subject, s.ExtensionGranted, SUPERVISOR, working_days=2)
    with drained(city).read() as conn:
        change = Change.parse("rectify=3 working days")
        found = what_if(conn, city.office.rulebook, Q3, ["ZD-RSJ"], change, city.clock())
    trial = found.trials[0]
    assert (trial.due_before, trial.due_after) == (at("09-27T17:30"), at("09-24T17:30"))


def test_the_what_if_names_what_would_have_been_late(city, folder):
    subject = assigned(city)
    submitted(city, subject, "2021-09-24T15:00:00+08:00")
    drained(city)
    ask = ("report", "whatif", "--period", "2021Q3", "--set", "rectify=3 working days")
    text = bihuan(folder, *ask).stdout
    assert "按期整改率：现为 100%（1/1），将为 0%（0/1）" in text
    assert subject in text
    assert "区人社局" in text
    shown = json.loads(bihuan(folder, *ask, "--json").stdout)
    assert shown["newly_late"] == [subject]
    assert shown["orders"][0]["due_after"] == "2021-09-22T17:30:00+08:00"


def test_figures_say_what_is_parked_and_not_counted(city, folder):
    subject = city.portal.bad_review()
    drained(city)
    with city.office.database.write() as conn:
        first = conn.execute(select(events).where(events.c.subject == subject)).one()
        row = {"consumer": "metrics", "subject": subject, "status": "parked", "tries": 3}
        row |= {"lane": first.lane, "pos": first.pos, "parked_at": city.clock()}
        conn.execute(insert(parked).values(row))
    said = bihuan(folder, "report", "indicators", "--period", "2021Q3")
    assert "还有 1 条事件没有计入" in said.output
    assert "另有 1 条异常件未处理" in bihuan(folder, "check").output


@pytest.mark.parametrize(
    ("change", "due"),
    [
        ("rectify=3 natural days", "2021-09-22T17:30:00+08:00"),
        ("rectify = 8 working hours", "2021-09-17T10:35:00+08:00"),
        ("rectify=90 minutes", "2021-09-16T11:35:00+08:00"),
        ("rectify=30秒", "2021-09-16T10:05:30+08:00"),
        ("acknowledge=2个工作日", "2021-09-18T17:30:00+08:00"),
    ],
)
def test_a_what_if_takes_every_unit_and_both_limits(city, folder, change, due):
    assigned(city)
    drained(city)
    ask = ("report", "whatif", "--period", "2021Q3", "--set", change, "--json")
    shown = json.loads(bihuan(folder, *ask).stdout)
    assert [order["due_after"] for order in shown["orders"]] == [due]


def test_figures_say_when_they_lag_behind_the_log(city, folder):
    assigned(city)
    text = bihuan(folder, "report", "indicators", "--period", "2021Q3").stdout
    assert "条事件没有计入" in text
    drained(city)
    assert "没有计入" not in bihuan(folder, "report", "indicators", "--period", "2021Q3").stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("indicators", "--period", "2021Q5"), "2021Q5"),
        (("indicators", "--period", "2021-13"), "没有 13 月"),
        (("indicators", "--period", "2021-09..2021-07"), "止月早于起月"),
        (("indicators", "--period", "2021Q3", "--tier", "处室"), "处室"),
        (("indicators", "--period", "2021Q3", "--area", "历城区"), "历城区"),
        (("indicators", "--period", "2021Q3", "--as-of", "昨天"), "昨天"),
        (("indicators", "--period", "2021Q3", "--as-of", "2021-10-01T00:00:00"), "时区"),
        (("annex3", "--from", "2021-09", "--to", "2021-05"), "早于起月"),
        (("annex3", "--from", "2021", "--to", "2021-05"), "须是月份"),
        (("whatif", "--period", "2021Q3", "--set", "rectify"), "写成"),
        (("whatif", "--period", "2021Q3", "--set", "coffee=3 working days"), "coffee"),
        (("whatif", "--period", "2021Q3", "--set", "rectify=0 working days"), "大于零"),
        (("whatif", "--period", "2021Q3", "--set", "rectify=3 days"), "时间单位"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_bad_question_is_refused_with_what_is_wrong(folder, args, said):
    refused = bihuan(folder, "report", *args)
    assert refused.exit_code == 2
    assert said in refused.stderr


@pytest.mark.parametrize(
    ("text", "first", "last", "months"),
    [
        ("2021Q3", "2021-07-01", "2021-09-30", 3),
        ("2021q4", "2021-10-01", "2021-12-31", 3),
        ("2024-02", "2024-02-01", "2024-02-29", 1),
        ("2021", "2021-01-01", "2021-12-31", 12),
        ("2021-11..2022-02", "2021-11-01", "2022-02-28", 4),
        ("2021Q3..2021Q4", "2021-07-01", "2021-12-31", 6),
    ],
)
def test_a_period_knows_its_days(text, first, last, months):
    period = parse_period(text)
    assert (period.first, period.last, len(period.months)) == (first, last, months)


@pytest.mark.parametrize(
    "text", ["", "Q3", "21Q3", "2021-9", "2021Q3..", "..2021", "2021年", "9999"]
)
def test_a_period_that_is_none_is_named(text):
    with pytest.raises(InvalidInput):
        parse_period(text)
    with pytest.raises(InvalidInput):
        months_between("2021-05", text)


def test_a_roster_replaces_the_list_in_force_or_nothing_of_it(city, folder, tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text(
        "代码,名称,区县,层级\nA,甲局,张店区,部门\nA,乙局,张店区,部门\n", encoding="utf-8"
    )
    refused = bihuan(folder, "units", "import", str(roster))
    assert refused.exit_code == 2
    assert "第 3 行" in refused.stderr
    assert city.office.units.version == "zibo-2021"
    roster.write_text(
        "代码,名称,区县,层级\nA,甲局,张店区,部门\nB,乙局,张店区,部门\n", encoding="utf-8"
    )
    assert bihuan(folder, "units", "import", str(roster)).exit_code == 0
    shown = json.loads(bihuan(folder, "units", "list", "--json").stdout)
    assert (shown["version"], [u["name"] for u in shown["units"]]) == ("roster", ["甲局", "乙局"])
    with city.office.database.read() as conn:
        rows = annex4_rows(conn, city.office.units, Q3)
    assert [(r.rank, r.name, r.ratings) for r in rows] == [(1, "甲局", 0), (2, "乙局", 0)]


def test_a_list_that_is_not_in_force_yet_is_no_list_of_today(city, folder, tmp_path):
    roster = tmp_path / "next.toml"
    unit = '[[unit]]\ncode = "A"\nname = "甲局"\narea = "张店区"\ntier = "部门"\n'
    roster.write_text(f'version = "next"\neffective = 2999-01-01\n{unit}', encoding="utf-8")
    refused = bihuan(folder, "units", "import", str(roster))
    assert refused.exit_code == 2
    assert "生效日期" in refused.stderr
    assert "还没有到这一天，到时再导入" in refused.stderr
    assert city.office.units.version == "zibo-2021"


def test_a_roster_may_be_the_sheet_that_the_page_gives(city, folder, tmp_path):
    roster = tmp_path / "新名册.xlsx"
    roster.write_bytes(units_sheet(city.office.units))
    before = city.office.units.units
    told = bihuan(folder, "units", "import", str(roster))
    assert (told.exit_code, told.stdout) == (0, f"现行名册：新名册，{len(before)} 个单位\n")
    assert city.office.units.units == before
    roster.write_bytes(b"no sheet")
    refused = bihuan(folder, "units", "import", str(roster))
    assert refused.exit_code == 2
    assert refused.stderr.count("\n") == 1


def test_the_area_that_nobody_names_is_the_lists_own(folder, tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text(
        "代码,名称,区县,层级\nT,某镇,周村区,镇办\nA,甲局,淄川区,部门\n", encoding="utf-8"
    )
    assert bihuan(folder, "units", "import", str(roster)).exit_code == 0
    for asked in (("annex4",), ("indicators",), ("whatif", "--set", "rectify=3 working days")):
        shown = bihuan(folder, "report", *asked, "--period", "2021Q3", "--json")
        assert json.loads(shown.stdout)["area"] == "淄川区"
