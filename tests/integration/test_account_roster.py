"""The roster of accounts: read with every error named, compared, taken whole or not at all."""

from __future__ import annotations

import io
from collections.abc import Sequence

import openpyxl
import pytest
from city import City
from console_pages import PASSWORD, signed_up
from sqlalchemy import select

from console.accounts import roster, setup
from console.accounts.register import Person, listed
from console.accounts.roster import take_roster
from console.accounts.roster_reading import HEADER, SUCCEEDS, Roster, RowError, read_roster
from console.accounts.sessions import session_of
from console.accounts.sheets import sheet
from console.accounts.signing import sign_in
from console.wiring import Office
from schemas.envelope import Role
from workflow.errors import InvalidInput
from workflow.storage.models import staff

PHONE = "19900004321"
FIRST = (
    ("admin", "管理员壬", "管理员", "", ""),
    ("甲", "话务员甲", "话务员、复核人", "", ""),
    ("乙", "联络员乙", "责任单位，单位数据员", "区人社局", PHONE),
)


def read(office: Office, *rows: Sequence[str], header: Sequence[str] = HEADER) -> Roster:
    return read_roster(office, io.BytesIO(sheet(header, rows)), "名册.xlsx")


def people(office: Office) -> list[Person]:
    with office.database.read() as conn:
        return [account.person for account in listed(conn)]


def phones(office: Office) -> list[tuple[str, str, int]]:
    with office.database.read() as conn:
        return [
            tuple(row) for row in conn.execute(select(staff.c.unit, staff.c.account, staff.c.phone))
        ]


def test_new_people_get_a_link_each_and_their_phone_is_kept_as_a_hash(office: Office) -> None:
    found = read(office, *FIRST)
    assert [entry.person.account for entry in found.new] == ["admin", "甲", "乙"]
    secrets = take_roster(office, found, "admin")
    assert sorted(secrets) == ["admin", "乙", "甲"]
    assert Person("乙", "联络员乙", (Role.DEPARTMENT, Role.CLERK), "ZD-RSJ") in people(office)
    assert phones(office) == [("ZD-RSJ", "乙", office.vault.phone_hash(PHONE))]
    assert setup.use_link(office, secrets["甲"], PASSWORD) == "甲"
    written = roster.links_sheet(office, secrets, "https://bihuan.example")
    rows = list(openpyxl.load_workbook(io.BytesIO(written)).active.values)
    assert rows[0] == roster.LINKS_HEADER
    assert ("乙", "联络员乙", "区人社局", f"https://bihuan.example/setup/{secrets['乙']}") in rows


def test_what_is_downloaded_comes_back_as_no_change(office: Office) -> None:
    take_roster(office, read(office, *FIRST), "admin")
    again = read_roster(office, io.BytesIO(roster.roster_sheet(office)), "名册.xlsx")
    assert (again.new, again.changed, again.errors) == ([], [], [])
    assert take_roster(office, again, "admin") == {}
    assert len(phones(office)) == 1


def test_who_moves_takes_the_phone_along_and_signs_in_again(city: City) -> None:
    office = city.office
    signed_up(office, "admin", Role.ADMINISTRATOR)
    take_roster(office, read(office, ("乙", "联络员乙", "责任单位", "区人社局", PHONE)), "admin")
    setup.use_link(office, setup.make_link(office, "乙", "admin"), PASSWORD)
    secret = sign_in(office, "乙", PASSWORD)
    moved = read(office, ("乙", "联络员乙", "责任单位", "区住建局", ""))
    assert [entry.row for entry in moved.changed] == [2]
    take_roster(office, moved, "admin")
    assert session_of(office, secret) is None
    code = office.units.resolve("区住建局")
    assert code is not None
    assert [row[:2] for row in phones(office)] == [(code.code, "乙")]
    take_roster(office, read(office, ("乙", "联络员乙", "信息科", "", "")), "admin")
    assert phones(office) == []


def test_every_wrong_row_is_named_and_nothing_is_taken(office: Office) -> None:
    found = read(
        office,
        ("甲", "话务员甲", "话务员", "", ""),
        ("a b", "某人", "话务员", "", ""),
        ("丙", "", "话务员", "", ""),
        ("丁", "某人", "局长", "", ""),
        ("戊", "某人", "责任单位", "没有的局", ""),
        ("己", "某人", "责任单位", "区人社局", "12345"),
        ("庚", "某人", "话务员", "", PHONE),
        ("辛", "某人", "管理员、审计员", "", ""),
        ("甲", "又一个", "话务员", "", ""),
        ("壬", "=1+1", "", "", ""),
    )
    assert [(error.row, error.field) for error in found.errors] == [
        (3, "账号"),
        (4, "姓名"),
        (5, "身份"),
        (6, "单位"),
        (7, "手机号"),
        (8, "手机号"),
        (9, "身份"),
        (10, "账号"),
        (11, "身份"),
    ]
    assert not [error for error in found.errors if PHONE in error.reason]
    with pytest.raises(InvalidInput, match="第 3 行"):
        take_roster(office, found, "admin")
    assert people(office) == []


def test_one_takes_over_only_from_another_of_the_same_unit(office: Office) -> None:
    take_roster(office, read(office, *FIRST), "admin")
    header = (*HEADER, SUCCEEDS)
    rows = (
        ("丙", "联络员丙", "责任单位", "区住建局", "", "乙"),
        ("丁", "联络员丁", "责任单位", "区人社局", "", "没有"),
        ("乙", "联络员乙", "责任单位，单位数据员", "区人社局", "", "乙"),
        ("戊", "话务员戊", "话务员", "", "", "甲"),
    )
    wrong = read(office, *rows, header=header)
    assert [(error.row, error.field) for error in wrong.errors] == [
        (n, "接替") for n in range(2, 6)
    ]
    right = ("丙", "联络员丙", "责任单位", "区人社局", "", "乙")
    take_roster(office, read(office, right, header=header), "admin")
    with office.database.read() as conn:
        disabled = {row.person.account for row in listed(conn) if row.disabled_at is not None}
    assert disabled == {"乙"}


def test_every_error_of_a_row_is_named_at_once(office: Office) -> None:
    found = read(
        office,
        ("a b", "", "局长、话务员", "没有的局", "12345"),
        ("己", "某人", "管理员、责任单位", "", ""),
        ("己", "某人", "话务员", "", PHONE),
    )
    assert [(error.row, error.field) for error in found.errors] == [
        (2, "账号"),
        (2, "姓名"),
        (2, "单位"),
        (2, "身份"),
        (2, "手机号"),
        (3, "身份"),
        (3, "单位"),
        (4, "账号"),
        (4, "手机号"),
    ]
    assert not found.entries


def test_five_thousand_rows_are_a_roster_and_one_more_is_refused(office: Office) -> None:
    people = [(f"a{n}", "某人", "话务员", "", "") for n in range(5001)]
    blank = ("", "", "", "", "")
    assert len(read(office, *people[:10], blank, *people[10:5000]).new) == 5000
    with pytest.raises(InvalidInput, match="最多 5000 行"):
        read(office, *people)


def test_a_cell_that_is_a_formula_is_a_wrong_row(office: Office) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active.append(("甲", '=HYPERLINK("http://evil.example")', "话务员", "", ""))
    made = io.BytesIO()
    book.save(made)
    found = read_roster(office, made, "名册.xlsx")
    assert found.errors == [RowError(2, "姓名", "是公式，请复制后粘贴为数值")]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "空文件"),
        (b"PK\x03\x04rubbish", "XLSX"),
        (sheet(HEADER[:4], [("甲", "话务员甲", "话务员", "")]), "表头"),
        (sheet(HEADER, []), "空的"),
    ],
)
def test_a_file_that_is_no_roster_is_refused(office: Office, content: bytes, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        read_roster(office, io.BytesIO(content), "名册.xlsx")


def test_a_roster_may_hand_the_administration_over_and_not_give_it_up(office: Office) -> None:
    take_roster(office, read(office, *FIRST), "admin")
    with pytest.raises(InvalidInput, match="最后一名管理员"):
        take_roster(office, read(office, ("admin", "管理员壬", "信息科", "", "")), "admin")
    handed = read(office, ("admin", "管理员壬", "信息科", "", ""), ("新", "新人", "管理员", "", ""))
    take_roster(office, handed, "admin")
    assert [p.account for p in people(office) if Role.ADMINISTRATOR in p.roles] == ["新"]
