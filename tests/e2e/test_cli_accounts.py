"""Accounts and tokens on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from console_pages import PASSWORD

from console.accounts import setup
from console.accounts.roster_reading import HEADER
from console.accounts.sheets import sheet
from console.accounts.tokens import system_of
from console.cli import app
from console.wiring import office


@pytest.fixture
def bihuan(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Runs one command on this test's folder: exit code, output, errors."""

    def run(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            app([*" ".join(words).split(), "--data", str(folder)])
        said = capsys.readouterr()
        return int(str(ended.value.code)), said.out, said.err

    return run


def test_from_the_first_administrator_to_a_departments_handler(
    bihuan: Callable[..., Any], folder: Path
) -> None:
    assert "bihuan account first" in bihuan("account list")[1]
    code, out, _ = bihuan("account first --json")
    link = json.loads(out)["link"]
    assert (code, link.startswith("http://127.0.0.1:8000/setup/")) == (0, True)
    with office(folder) as opened:
        assert setup.use_link(opened, link.rpartition("/")[2], PASSWORD) == "admin"
    code, _, err = bihuan("account first --json")
    assert (code, json.loads(err)["error"]) == (2, "InvalidInput")
    added = bihuan("account add 联络员乙 --name 联络员乙 --role 责任单位 --unit 区人社局")
    assert "/setup/" in added[1]
    bihuan("account add 甲 --name 话务员甲 --role operator --role 复核人")
    code, _, err = bihuan("account roles 甲 --role 管理员 --role 话务员")
    assert (code, "管理员不看差评" in err) == (2, True)
    assert bihuan("account roles 甲 --role 话务员")[0] == 0
    assert bihuan("account unlock 甲")[0] == 0
    assert bihuan("account disable 甲")[0] == 0
    assert "已停用" in bihuan("account link 甲")[2]
    rows = json.loads(bihuan("account list --json")[1])
    assert [(row["account"], row["state"]) for row in rows] == [
        ("admin", "可用"),
        ("甲", "停用"),
        ("联络员乙", "未设密码"),
    ]
    assert rows[2]["unit"] == "ZD-RSJ"
    assert bihuan("account disable 甲 --undo")[0] == 0
    assert "最后一名管理员" in bihuan("account disable admin")[2]


def test_a_roster_is_checked_and_then_taken(
    bihuan: Callable[..., Any], folder: Path, tmp_path: Path
) -> None:
    file, links = tmp_path / "roster.xlsx", tmp_path / "links.xlsx"
    good = [("admin", "管理员壬", "管理员", "", ""), ("甲", "话务员甲", "话务员", "", "")]
    file.write_bytes(sheet(HEADER, [*good, ("乙", "联络员乙", "责任单位", "没有的局", "")]))
    code, out, err = bihuan("account import", str(file), "--check")
    assert (code, "第 4 行，单位" in err, "没有办" in out) == (0, True, True)
    assert bihuan("account import", str(file), "--links", str(links))[0] == 2
    assert not links.exists()
    file.write_bytes(sheet(HEADER, good))
    code, _, err = bihuan("account import", str(file))
    assert (code, "--links" in err) == (2, True)
    told = json.loads(bihuan("account import", str(file), "--links", str(links), "--json")[1])
    assert told == {"new": 2, "changed": 0, "errors": []}
    assert links.stat().st_mode & 0o777 == 0o600
    rows = list(openpyxl.load_workbook(links).active.values)
    with office(folder) as opened:
        assert setup.use_link(opened, str(rows[2][3]).rpartition("/")[2], PASSWORD) == "甲"
    assert bihuan("account import", str(tmp_path / "none.xlsx"))[0] == 2


def test_a_token_is_shown_once(bihuan: Callable[..., Any], folder: Path) -> None:
    code, out, _ = bihuan("token add 大厅平板 --scope intake --scope read --json")
    secret = json.loads(out)["token"]
    with office(folder) as opened:
        system = system_of(opened, secret)
    assert code == 0
    assert system is not None
    assert system.scopes == {"intake", "read"}
    assert bihuan("token add 别的 --scope everything")[0] == 2
    listed = bihuan("token list")[1]
    assert "报送办件和评价、读差评件" in listed
    assert secret not in listed
    assert bihuan("token revoke 大厅平板")[0] == 0
    assert json.loads(bihuan("token list --json")[1])[0]["state"] == "作废"
    assert bihuan("token revoke 大厅平板")[0] == 2
