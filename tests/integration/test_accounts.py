"""Who may sign in: secrets that are shown once, refusals that tell nothing, sessions that end."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from argon2 import PasswordHasher
from city import City
from console_pages import OTHER, PASSWORD, signed_up
from sqlalchemy import select, update

from console.accounts import passwords, setup, tokens
from console.accounts.record import Outcome, latest
from console.accounts.register import add, change, disable, enable, listed, person, unlock
from console.accounts.sessions import act_as, revoke_all, session_of, sign_out
from console.accounts.signing import change_password, sign_in
from console.accounts.single import Claims, sign_in_as
from console.accounts.tokens import Scope
from console.wiring import Office
from schemas.envelope import Role
from workflow.errors import InvalidInput, NotPermitted, SignInRefused
from workflow.ledger import Actor
from workflow.storage import models

ADMIN = "admin"


def refused(office: Office, account: str, password: str) -> str:
    with pytest.raises(SignInRefused) as error:
        sign_in(office, account, password, "10.0.0.7")
    return str(error.value)


def recorded(office: Office) -> list[Outcome]:
    with office.database.read() as conn:
        return [line.outcome for line in latest(conn)]


def stored(office: Office) -> str:
    """Everything the tables of accounts hold, as text."""
    tables = ("accounts", "setup_links", "sessions", "tokens", "sign_ins")
    with office.database.read() as conn:
        return repr([conn.execute(select(getattr(models, name))).all() for name in tables])


# set-up links


def test_the_first_administrator_begins_with_a_link_and_no_password(office: Office) -> None:
    secret = setup.first_administrator(office, "Admin", "管理员甲", "命令行")
    assert setup.invited(office, secret) == ("admin", "管理员甲")
    refused(office, "admin", PASSWORD)
    assert setup.use_link(office, secret, PASSWORD) == "admin"
    signed = session_of(office, sign_in(office, " ADMIN ", PASSWORD))
    assert signed is not None
    assert signed.actor == Actor("admin", Role.ADMINISTRATOR)
    with pytest.raises(InvalidInput, match="bihuan account link admin"):
        setup.first_administrator(office, "second", "管理员乙", "命令行")


def test_a_link_works_once_for_three_days_and_only_the_last_one(city: City) -> None:
    office = city.office
    add(office, person(office, "甲", "话务员甲", [Role.OPERATOR]), ADMIN)
    void, late = (setup.make_link(office, "甲", ADMIN) for _ in range(2))
    with pytest.raises(InvalidInput, match="用过了或已过期"):
        setup.use_link(office, void, PASSWORD)
    with pytest.raises(InvalidInput, match="须是 10"):
        setup.use_link(office, late, "short")
    city.travel(hours=72)
    with pytest.raises(InvalidInput, match="用过了或已过期"):
        setup.use_link(office, late, PASSWORD)
    good = setup.make_link(office, "甲", ADMIN)
    setup.use_link(office, good, PASSWORD)
    with pytest.raises(InvalidInput, match="用过了或已过期"):
        setup.use_link(office, good, OTHER)
    assert sign_in(office, "甲", PASSWORD)


def test_of_two_who_use_one_link_at_once_one_sets_the_password(office: Office) -> None:
    add(office, person(office, "甲", "话务员甲", [Role.OPERATOR]), ADMIN)
    secret = setup.make_link(office, "甲", ADMIN)
    outcomes = at_once(lambda number: setup.use_link(office, secret, f"{PASSWORD}{number}"), 3)
    assert sorted(map(str, map(type, outcomes))) == sorted(
        map(str, [str, InvalidInput, InvalidInput])
    )


# signing in


def test_every_refusal_reads_the_same(city: City) -> None:
    office = city.office
    for account in ("甲", "乙", "丙"):
        signed_up(office, account, Role.OPERATOR)
    add(office, person(office, "丁", "话务员丁", [Role.OPERATOR]), ADMIN)
    disable(office, "乙", ADMIN)
    for _ in range(5):
        refused(office, "丙", OTHER)
    told = {
        refused(office, "甲", OTHER),
        refused(office, "乙", PASSWORD),
        refused(office, "丙", PASSWORD),
        refused(office, "丁", PASSWORD),
        refused(office, "nobody", PASSWORD),
        refused(office, "", ""),
        refused(office, "甲\0\ud800", "\ud800"),
    }
    assert len(told) == 1
    assert {
        *(Outcome.WRONG_PASSWORD, Outcome.LOCKED_OUT, Outcome.WHILE_LOCKED, Outcome.UNKNOWN),
        *(Outcome.WHILE_DISABLED, Outcome.WITHOUT_PASSWORD),
    } <= set(recorded(office))


def test_a_refusal_takes_one_hash_whatever_the_reason(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_up(office, "甲", Role.OPERATOR)
    signed_up(office, "乙", Role.OPERATOR)
    disable(office, "乙", ADMIN)
    hashes: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, hashed: str, password: str) -> bool:
        hashes.append(hashed)
        return bool(verify(self, hashed, password))

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    for account in ("甲", "乙", "nobody"):
        refused(office, account, OTHER)
    assert len(hashes) == 3
    assert not any(passwords.outdated(hashed) for hashed in hashes)


def test_five_failures_lock_for_a_quarter_of_an_hour(city: City) -> None:
    office = city.office
    signed_up(office, "甲", Role.OPERATOR)
    for _ in range(4):
        refused(office, "甲", OTHER)
    sign_in(office, "甲", PASSWORD)
    for _ in range(5):
        refused(office, "甲", OTHER)
    city.travel(minutes=14)
    refused(office, "甲", PASSWORD)
    city.travel(minutes=1)
    refused(office, "甲", OTHER)
    assert sign_in(office, "甲", PASSWORD)


def test_tried_many_at_once_no_more_than_five_are_looked_at(office: Office) -> None:
    signed_up(office, "甲", Role.OPERATOR)
    outcomes = at_once(lambda _: sign_in(office, "甲", OTHER), 9)
    assert all(isinstance(outcome, SignInRefused) for outcome in outcomes)
    counted = recorded(office)
    looked_at = counted.count(Outcome.WRONG_PASSWORD) + counted.count(Outcome.LOCKED_OUT)
    assert (looked_at, counted.count(Outcome.WHILE_LOCKED)) == (5, 4)


def test_unlocked_by_the_administrator_a_new_password_is_asked_for(office: Office) -> None:
    signed_up(office, "甲", Role.OPERATOR)
    for _ in range(5):
        refused(office, "甲", OTHER)
    unlock(office, "甲", ADMIN)
    secret = sign_in(office, "甲", PASSWORD)
    signed = session_of(office, secret)
    assert signed is not None
    assert signed.must_change
    fresh = session_of(office, change_password(office, secret, PASSWORD, OTHER))
    assert fresh is not None
    assert not fresh.must_change


def test_who_has_no_password_is_asked_for_no_new_one(office: Office) -> None:
    """单点登录: the issuer's users have none here."""
    add(office, person(office, "甲", "话务员甲", [Role.OPERATOR]), ADMIN)
    unlock(office, "甲", ADMIN)
    signed = session_of(office, sign_in_as(office, Claims("subject-1", "甲")))
    assert signed is not None
    assert not signed.must_change


@pytest.mark.parametrize("blank", ["         abc", "abc         ", "a b       c"])
def test_blanks_in_a_row_count_once_in_a_password(blank: str) -> None:
    assert "空格只算一个" in str(passwords.weakness(blank, "甲"))
    assert passwords.weakness("a b c d e f", "甲") is None


def test_what_was_typed_for_an_account_that_nobody_has_is_not_kept(office: Office) -> None:
    refused(office, "my-secret-password", "x")
    refused(office, "x", "my-secret-password")
    assert "my-secret-password" not in stored(office)


def test_a_hash_made_with_other_parameters_is_made_anew(
    office: Office, shipped: PasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "HASHER", shipped)
    signed_up(office, "甲", Role.OPERATOR)
    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    with office.database.write() as conn:
        conn.execute(update(models.accounts).values(password=old))
    sign_in(office, "甲", PASSWORD)
    with office.database.read() as conn:
        kept = conn.execute(select(models.accounts.c.password)).scalar_one()
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert sign_in(office, "甲", PASSWORD)


def test_no_secret_is_stored(office: Office) -> None:
    add(office, person(office, "甲", "话务员甲", [Role.OPERATOR]), ADMIN)
    link = setup.make_link(office, "甲", ADMIN)
    setup.use_link(office, link, PASSWORD)
    session = sign_in(office, "甲", PASSWORD)
    token = tokens.make_token(office, "tablets", [Scope.INTAKE], by=ADMIN)
    kept = stored(office)
    assert not [secret for secret in (link, session, token, PASSWORD) if secret in kept]


# sessions


def test_a_session_ends_when_nobody_acts_for_half_an_hour(city: City) -> None:
    office = city.office
    signed_up(office, "甲", Role.OPERATOR)
    secret = sign_in(office, "甲", PASSWORD)
    for _ in range(3):
        city.travel(minutes=29)
        assert session_of(office, secret) is not None
    city.travel(minutes=29)
    assert session_of(office, secret, acts=False) is not None
    city.travel(minutes=1)
    assert session_of(office, secret) is None


def test_a_session_ends_after_twelve_hours_whatever_is_done(city: City) -> None:
    office = city.office
    signed_up(office, "甲", Role.OPERATOR)
    secret = sign_in(office, "甲", PASSWORD)
    for _ in range(12 * 3 - 1):
        city.travel(minutes=20)
        assert session_of(office, secret) is not None
    city.travel(minutes=20)
    assert session_of(office, secret) is None


def test_signed_out_revoked_or_disabled_it_is_over(office: Office) -> None:
    signed_up(office, "甲", Role.OPERATOR)
    one, two, three = (sign_in(office, "甲", PASSWORD) for _ in range(3))
    sign_out(office, one)
    assert [session_of(office, secret) is None for secret in (one, two, three)] == [
        *(True, False, False)
    ]
    assert revoke_all(office, "甲", ADMIN) == 2
    assert session_of(office, two) is None
    four = sign_in(office, "甲", PASSWORD)
    disable(office, "甲", ADMIN)
    assert session_of(office, four) is None
    enable(office, "甲", ADMIN)
    assert session_of(office, four) is None
    assert sign_in(office, "甲", PASSWORD)


def test_a_new_password_ends_every_other_session(office: Office) -> None:
    signed_up(office, "甲", Role.OPERATOR)
    elsewhere, here = sign_in(office, "甲", PASSWORD), sign_in(office, "甲", PASSWORD)
    with pytest.raises(InvalidInput, match="不同"):
        change_password(office, here, PASSWORD, PASSWORD)
    with pytest.raises(SignInRefused):
        change_password(office, here, OTHER, "还有一个 没人知道的词")
    fresh = change_password(office, here, PASSWORD, OTHER)
    assert session_of(office, elsewhere) is None
    assert session_of(office, here) is None
    assert session_of(office, fresh) is not None
    refused(office, "甲", PASSWORD)
    assert sign_in(office, "甲", OTHER)


def test_who_changes_the_password_leaves_no_link_lying_about(office: Office) -> None:
    signed_up(office, "甲", Role.OPERATOR)
    lying = setup.make_link(office, "甲", ADMIN)
    change_password(office, sign_in(office, "甲", PASSWORD), PASSWORD, OTHER)
    with pytest.raises(InvalidInput, match="用过了或已过期"):
        setup.use_link(office, lying, "第三个 谁也不 知道的词")
    assert sign_in(office, "甲", OTHER)


def test_a_person_acts_in_one_role_at_a_time(office: Office) -> None:
    signed_up(office, "甲", Role.REVIEWER, Role.OPERATOR)
    secret = sign_in(office, "甲", PASSWORD)
    first = session_of(office, secret)
    assert first is not None
    assert first.actor == Actor("甲", Role.OPERATOR)
    switched = act_as(office, secret, Role.REVIEWER)
    assert switched.actor == Actor("甲", Role.REVIEWER)
    assert switched.csrf != first.csrf, "a form opened as operator is not sent as reviewer"
    with pytest.raises(NotPermitted, match="监督员"):
        act_as(office, secret, Role.SUPERVISOR)


def test_whoever_gets_other_roles_or_another_unit_signs_in_again(office: Office) -> None:
    signed_up(office, "乙", Role.DEPARTMENT, unit="区人社局")
    secret = sign_in(office, "乙", PASSWORD)
    signed = session_of(office, secret)
    assert signed is not None
    assert signed.actor == Actor("乙", Role.DEPARTMENT, "ZD-RSJ")
    change(office, person(office, "乙", "另一个名字", signed.roles, "区人社局"), ADMIN)
    assert session_of(office, secret) is not None
    change(office, person(office, "乙", "另一个名字", signed.roles, "区住建局"), ADMIN)
    assert session_of(office, secret) is None


def test_looking_at_a_session_writes_once_a_minute_and_is_cheap(city: City) -> None:
    office = city.office
    signed_up(office, "甲", Role.OPERATOR)
    secret = sign_in(office, "甲", PASSWORD)

    def seen_at() -> int:
        with office.database.read() as conn:
            return int(conn.execute(select(models.sessions.c.seen_at)).scalar_one())

    first = seen_at()
    city.travel(seconds=59)
    session_of(office, secret)
    assert seen_at() == first
    city.travel(seconds=1)
    session_of(office, secret)
    assert seen_at() == first + 60_000_000
    began = time.process_time()
    for _ in range(200):
        session_of(office, secret)
    assert (time.process_time() - began) / 200 < 0.003


# accounts


@pytest.mark.parametrize(
    ("roles", "unit", "why"),
    [
        ([Role.ADMINISTRATOR, Role.OPERATOR], None, "管理员不看差评"),
        ([Role.ADMINISTRATOR, Role.AUDITOR], None, "管理员不看差评"),
        ([Role.ADMINISTRATOR, Role.SUPERVISOR], None, "管理员不看差评"),
        ([Role.ADMINISTRATOR, Role.DEPARTMENT], "区人社局", "管理员不看差评"),
        ([Role.AUDITOR, Role.SUPERVISOR], None, "审计员查的"),
        ([Role.DEPARTMENT, Role.OPERATOR], "区人社局", "不能知道评价人"),
        ([Role.DEPARTMENT], None, "须写单位"),
        ([Role.OPERATOR], "区人社局", "只有单位的人"),
        ([Role.DEPARTMENT], "没有的局", "没有这个单位"),
        ([], None, "至少一种身份"),
        ([Role.CLOCK], None, "人的身份"),
    ],
)
def test_roles_that_exclude_each_other_are_not_on_one_account(
    office: Office, roles: list[Role], unit: str | None, why: str
) -> None:
    with pytest.raises(InvalidInput, match=why):
        person(office, "甲", "某甲", roles, unit)


def test_the_last_administrator_stays(office: Office) -> None:
    for account in ("a1", "a2"):
        signed_up(office, account, Role.ADMINISTRATOR)
    disable(office, "a1", "a2")
    with pytest.raises(InvalidInput, match="最后一名管理员"):
        disable(office, "a2", "a2")
    with pytest.raises(InvalidInput, match="最后一名管理员"):
        change(office, person(office, "a2", "管理员乙", [Role.IT]), "a2")


def test_an_account_is_one_however_it_is_typed(office: Office) -> None:
    signed_up(office, "Zhang.San", Role.IT)
    with pytest.raises(InvalidInput, match="已有这个账号"):
        add(office, person(office, "ＺＨＡＮＧ．san", "另一人", [Role.IT]), ADMIN)
    assert sign_in(office, "ZHANG.san", PASSWORD)
    with office.database.read() as conn:
        assert [account.person.account for account in listed(conn)] == ["zhang.san"]


# tokens


def test_a_token_opens_until_it_is_revoked_or_too_old(city: City) -> None:
    office = city.office
    secret = tokens.make_token(office, "大厅平板", [Scope.INTAKE], days=30, by=ADMIN)
    assert re.fullmatch(r"bh_[\w-]{43}", secret)
    system = tokens.system_of(office, secret)
    assert system is not None
    assert (system.name, system.scopes, system.unit) == ("大厅平板", {Scope.INTAKE}, None)
    assert system.actor == Actor("token:大厅平板", Role.HOTLINE)
    assert tokens.system_of(office, secret[:-1]) is None
    assert tokens.system_of(office, "bh_\ud800") is None
    assert tokens.system_of(office, "") is None
    other = tokens.make_token(office, "人社系统", [Scope.STEPS], "区人社局", by=ADMIN)
    of_unit = tokens.system_of(office, other)
    assert of_unit is not None
    assert of_unit.actor == Actor("token:人社系统", Role.DEPARTMENT, "ZD-RSJ")
    tokens.revoke_token(office, "人社系统", ADMIN)
    assert tokens.system_of(office, other) is None
    city.travel(days=30)
    assert tokens.system_of(office, secret) is None
    with office.database.read() as conn:
        assert [(t.name, t.state(office.wall())) for t in tokens.listed(conn)] == [
            *(("人社系统", "作废"), ("大厅平板", "过期"))
        ]


@pytest.mark.parametrize(
    ("name", "scopes", "unit", "days"),
    [
        ("有 空格", [Scope.READ], None, 1),
        ("a", [], None, 1),
        ("a", [Scope.READ], "没有的局", 1),
        ("a", [Scope.READ], None, 0),
        ("a", [Scope.READ], None, 5000),
    ],
)
def test_a_token_that_will_not_do_is_refused(
    office: Office, name: str, scopes: list[Scope], unit: str | None, days: int
) -> None:
    with pytest.raises(InvalidInput):
        tokens.make_token(office, name, scopes, unit, days=days, by=ADMIN)


def at_once(act: Callable[[int], Any], people: int) -> list[Any]:
    """What it came to for each of so many who act at the same moment."""
    gate, outcomes = threading.Barrier(people), [None] * people

    def one(number: int) -> None:
        gate.wait()
        try:
            outcomes[number] = act(number)
        except Exception as error:
            outcomes[number] = error

    threads = [threading.Thread(target=one, args=(number,)) for number in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
