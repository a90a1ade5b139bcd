"""The administrator's page: accounts and units, by roster, looked at before anything is changed."""

from __future__ import annotations

import html
import io
import re
import zipfile
from base64 import b64decode
from typing import Any

import openpyxl
import pytest
from city import UNIT, City, rating
from console_pages import PASSWORD, Browser, signed_up
from papers import repacked
from sqlalchemy import select
from test_supervisors_pages import open_one

from console.accounts.record import Outcome, latest
from console.accounts.roster_reading import HEADER
from console.accounts.sheets import sheet
from producers import supervisors
from schemas.envelope import Role
from workflow.storage.models import accounts

ON = ("sqlite",)
HTMX = {"hx-request": "true"}


@pytest.fixture
def browser(city: City) -> Browser:
    """Signed in as the administrator, the page open."""
    signed_up(city.office, "admin", Role.ADMINISTRATOR)
    made = Browser(city)
    made.signs_in("admin")
    assert made.opens("/units") == 200
    return made


def file(*rows: Any, header: Any = HEADER, name: str = "名册.xlsx") -> Any:
    return {"file": (name, sheet(header, rows))}


def test_the_list_that_came_with_it_is_no_roster_of_the_office_s_own(browser):
    browser.opens("/")
    assert ">导入本地的单位名册（现在是随附的淄博市 2021 年名册" in browser.page
    browser.opens("/units/list")
    whole = browser.client.get("/units/units.xlsx").content
    browser.sends("/units/list/check", {"file": ("淄博.xlsx", whole)})
    took = browser.sends("/units/list/take", {"file": ("淄博.xlsx", whole)}, digest=digest(browser))
    assert "现行名册：淄博" in took.text
    browser.opens("/")
    assert "✓</span> 单位名册就位" in browser.page


def digest(browser: Browser) -> str:
    found = re.search(r'name="digest" value="(\w+)"', browser.page)
    assert found
    return found[1]


def known(city: City) -> list[str]:
    with city.office.database.read() as conn:
        return list(conn.execute(select(accounts.c.account).order_by(accounts.c.account)).scalars())


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.SUPERVISOR, Role.AUDITOR, Role.IT])
def test_the_page_is_the_administrators_alone(city: City, role: Role) -> None:
    signed_up(city.office, "甲", role)
    browser = Browser(city)
    browser.signs_in("甲")
    assert browser.opens("/") == 200
    assert "/units" not in browser.page
    for place in ("/units", "/units/list", "/units/accounts.xlsx", "/units/units.xlsx"):
        assert browser.opens(place) == 403
    browser.opens("/")
    for place in ("/units/accounts", "/units/accounts/take", "/units/list/take", "/units/find"):
        assert browser.sends(place, account="甲", act="link").status_code == 403


def test_a_roster_is_shown_before_it_is_taken(city: City, browser: Browser) -> None:
    rows = (
        ("甲", "话务员甲", "话务员", "", ""),
        ("乙", "联络员乙", "责任单位", "区人社局", "19900004321"),
    )
    assert browser.sends("/units/accounts/check", file(*rows)).status_code == 200
    assert "会新建 2 个" in browser.page
    assert "19900004321" not in browser.page
    assert known(city) == ["admin"]
    answer = browser.sends("/units/accounts/take", file(*rows), digest=digest(browser))
    assert answer.status_code == 200
    assert "新建 2 个" in browser.page
    assert known(city) == ["admin", "乙", "甲"]
    link = re.search(r'href="data:[^,]+base64,([^"]+)"', browser.page)
    assert link
    lines = list(openpyxl.load_workbook(io.BytesIO(b64decode(link[1]))).active.values)
    place = str(lines[1][3]).removeprefix("http://127.0.0.1:8000")
    person = Browser(city)
    person.opens(place)
    assert person.sends(place, new=PASSWORD, again=PASSWORD).status_code == 303
    browser.opens("/units")
    assert "data:" not in browser.page


def test_another_file_than_was_shown_is_shown_first(city: City, browser: Browser) -> None:
    browser.sends("/units/accounts/check", file(("甲", "话务员甲", "话务员", "", "")))
    seen = digest(browser)
    other = file(("乙", "话务员乙", "话务员", "", ""))
    browser.sends("/units/accounts/take", other, digest=seen)
    assert "会新建 1 个" in browser.page
    assert known(city) == ["admin"]


def test_wrong_rows_are_named_within_the_open_page(city: City, browser: Browser) -> None:
    rows = (("甲", "<script>alert(1)</script>", "局长", "", ""), ("admin", "壬", "审计员", "", ""))
    csrf = re.search(r'name="csrf" value="([^"]+)"', browser.page)
    assert csrf
    answer = browser.client.post(
        "/units/accounts/check",
        data={"csrf": html.unescape(csrf[1])},
        files=file(*rows),
        headers=HTMX,
    )
    assert "第 2 行，身份" in answer.text
    assert "<html" not in answer.text
    assert "<script>alert" not in answer.text
    no_file = browser.sends("/units/accounts/check")
    assert no_file.status_code == 422
    assert "先选一个文件" in browser.told()
    assert (
        browser.sends("/units/accounts/check", {"file": ("a.xlsx", b"rubbish")}).status_code == 422
    )


@pytest.mark.parametrize("door", ["/units/accounts/check", "/units/list/check"])
def test_a_file_that_is_packed_as_no_spreadsheet_is_refused_in_words(
    browser: Browser, door: str
) -> None:
    packed = repacked(sheet(HEADER, []), zipfile.ZIP_LZMA)
    assert browser.sends(door, {"file": ("名册.xlsx", packed)}).status_code == 422
    assert "不是完好的 XLSX" in browser.told()


def test_the_roster_comes_down_as_it_goes_up(city: City, browser: Browser) -> None:
    signed_up(city.office, "乙", Role.DEPARTMENT, Role.CLERK, unit="区人社局")
    answer = browser.client.get("/units/accounts.xlsx")
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    browser.sends("/units/accounts/check", {"file": ("账号名册.xlsx", answer.content)})
    assert "与现在的一样" in browser.page


def test_what_ends_a_persons_work_is_not_one_slip_away(city: City, browser: Browser) -> None:
    signed_up(city.office, "甲", Role.OPERATOR)
    browser.opens("/units")
    folded = "".join(re.findall(r"<details.*?</details>", browser.page, re.DOTALL))
    for act in ("revoke", "disable"):
        button = f'name="act" value="{act}"'
        assert 0 < browser.page.count(button) == folded.count(button)


def test_acts_on_an_account(city: City, browser: Browser) -> None:
    signed_up(city.office, "甲", Role.OPERATOR)
    person = Browser(city)
    person.signs_in("甲")
    browser.sends("/units/accounts", account="甲", act="revoke")
    assert "1 处登录已全部退出" in browser.page
    assert person.client.get("/").headers["location"] == "/login"
    browser.sends("/units/accounts", account="甲", act="link")
    place = re.search(r"http://127\.0\.0\.1:8000(/setup/[\w-]+)", browser.page)
    assert place
    assert person.opens(place[1]) == 200
    browser.sends("/units/accounts", account="甲", act="disable")
    assert "已停用" in browser.page
    assert person.signs_in("甲") == 403
    assert person.opens(place[1]) == 404
    browser.sends("/units/accounts", account="甲", act="enable")
    assert person.signs_in("甲") == 303
    for account, act in (("admin", "disable"), ("nobody", "unlock"), ("甲", "erase")):
        assert browser.sends("/units/accounts", account=account, act=act).status_code == 422
        assert browser.told()


def test_an_account_is_found_by_its_name_which_stands_in_no_address(
    city: City, browser: Browser
) -> None:
    for account in ("甲", "乙", "100%"):
        if account != "100%":
            signed_up(city.office, account, Role.OPERATOR)
    answer = browser.sends("/units/find", q="甲的")
    assert answer.status_code == 200
    assert "甲的人" in browser.page
    assert "乙的人" not in browser.page
    browser.sends("/units/find", q="%")
    assert "没有这样的账号" in browser.page
    browser.opens("/units?state=unset")
    assert "没有这样的账号" in browser.page


def test_a_handler_hands_over_and_the_orders_stay_with_the_unit(
    city: City, browser: Browser
) -> None:
    signed_up(city.office, "乙", Role.DEPARTMENT, unit="区人社局")
    browser.sends(
        "/units/accounts", account="乙", act="hand-over", to="丙", name="联络员丙", phone="199"
    )
    assert "手机号码" in browser.told()
    assert known(city) == ["admin", "乙"]
    browser.sends("/units/accounts", account="乙", act="hand-over", to="丙", name="联络员丙")
    assert "由 丙 接手" in browser.page
    assert "/setup/" in browser.page
    person = Browser(city)
    assert person.signs_in("乙") == 403
    browser.opens("/units/list")
    assert "联络员丙" in browser.page
    assert "乙的人" not in browser.page
    browser.sends("/units/accounts", account="admin", act="hand-over", to="丁", name="丁")
    assert "只有单位的人" in browser.told()


def test_units_are_looked_at_and_put_in_the_place_of_the_old_ones(
    city: City, browser: Browser
) -> None:
    city.portal.sends(rating("A", 5))
    content = browser.client.get("/units/units.xlsx").content
    book = openpyxl.load_workbook(io.BytesIO(content))
    page = book.active
    code = {page.cell(row, 2).value: row for row in range(2, page.max_row + 1)}
    page.cell(code["区住建局"], 3).value = "住建局新别名"
    browser.opens("/units/list")
    changed = {"file": ("名册2022.xlsx", saved(book))}
    browser.sends("/units/list/check", changed)
    assert "修改 1 个" in browser.page
    assert "住建局新别名" in browser.page
    browser.sends("/units/list/take", changed, digest=digest(browser))
    assert "现行名册：名册2022" in browser.page
    with city.office.database.read() as conn:
        record = latest(conn, "admin", most=1)[0]
    assert (record.outcome, record.by) == (Outcome.UNITS_CHANGED, "admin")
    found = city.office.units.resolve("住建局新别名")
    assert found is not None
    assert found.name == "区住建局"
    page.delete_rows(code["区人社局"])
    gone = {"file": ("名册2023.xlsx", saved(book))}
    browser.sends("/units/list/check", gone)
    assert "不能从名册中去掉" in browser.told()
    assert "照此导入" not in browser.page
    assert browser.sends("/units/list/check", {"file": ("a.csv", "代码,名称\n1".encode())})
    assert browser.told()


def test_a_unit_that_is_rated_while_its_removal_is_looked_at_stays(
    city: City, browser: Browser
) -> None:
    book = openpyxl.load_workbook(io.BytesIO(browser.client.get("/units/units.xlsx").content))
    page = book.active
    rated = next(row for row in range(2, page.max_row + 1) if page.cell(row, 2).value == "区人社局")
    page.delete_rows(rated)
    gone = {"file": ("名册2023.xlsx", saved(book))}
    browser.opens("/units/list")
    browser.sends("/units/list/check", gone)
    assert "去掉 1 个" in browser.page
    city.portal.sends(rating("A", 5))
    browser.sends("/units/list/take", gone, digest=digest(browser))
    assert "不能从名册中去掉" in browser.told()
    assert city.office.units.resolve("区人社局") is not None


@pytest.mark.parametrize("part", ["main", "assisting", "done"])
def test_a_unit_with_a_work_order_stays_though_nobody_rated_it(
    city: City, browser: Browser, part: str
) -> None:
    units = city.office.units
    (other,) = (unit for unit in units.units if unit.name == "区住建局")
    subject = open_one(city, "assigning")
    main, assisting = (UNIT, (other.code,)) if part == "assisting" else (other.code, ())
    supervisors.assign(city.ledger, subject, account="监督01", unit=main, assisting=assisting)
    if part == "done":
        city.supervisor.calls_for_ruling(subject)
        city.supervisor.rules(subject, "close_unresolved")
        assert city.complaint(subject).ended_at is not None
    rows = [[u.code, u.name, u.area, u.tier] for u in units.units if u is not other]
    gone = {"file": ("名册2023.xlsx", sheet(("代码", "名称", "区县", "层级"), rows))}
    browser.opens("/units/list")
    browser.sends("/units/list/check", gone)
    assert "不能从名册中去掉" in browser.told()
    assert other.code in browser.told()


def saved(book: Any) -> bytes:
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()
