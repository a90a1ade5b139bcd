"""身份：which roles an account may have, and which not together."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable

from console.scope import WHOLE
from schemas.envelope import Role
from schemas.text import clean, tidied
from workflow.errors import InvalidInput
from workflow.states import ROLE_NAMES

ROLES = (
    Role.OPERATOR,
    Role.REVIEWER,
    Role.DEPARTMENT,
    Role.CLERK,
    Role.SUPERVISOR,
    Role.ADMINISTRATOR,
    Role.AUDITOR,
    Role.IT,
)
"""Roles of people; the first of an account's is the one it begins in."""

OF_A_UNIT = frozenset({Role.DEPARTMENT, Role.CLERK})

APART = (
    (frozenset({Role.ADMINISTRATOR}), frozenset({*OF_A_UNIT, *WHOLE}), "管理员不看差评"),
    (frozenset({Role.AUDITOR}), frozenset({Role.SUPERVISOR}), "审计员查的正是监督员"),
    (OF_A_UNIT, WHOLE, "单位的人不能知道评价人"),
)
"""三员分立, and what keeps the rater's name from the unit: no account has a role of both sets."""

_ACCOUNT = re.compile(r"[\w.@-]{1,60}")
_LONGEST_NAME = 60
_BY_NAME = {name: role for role, name in ROLE_NAMES.items()}


def account_key(account: str) -> str:
    """One spelling of an account, however it is typed: NFKC, no capitals, no blanks around."""
    return unicodedata.normalize("NFKC", clean(account)).strip().casefold()


def checked_account(account: str) -> str:
    """The account as it is kept and stands in the log. Raises InvalidInput."""
    key = account_key(account)
    if _ACCOUNT.fullmatch(key) is None or not tidied(key):
        raise InvalidInput("account", account, "须是 1 至 60 个字母、数字、汉字或 . _ - @")
    return key


def checked_person(name: str) -> str:
    """A person's name as it is shown. Raises InvalidInput."""
    shown = unicodedata.normalize("NFC", name).strip()
    if not 0 < len(shown) <= _LONGEST_NAME or not tidied(shown) or not shown.isprintable():
        raise InvalidInput("name", name, f"须是 1 至 {_LONGEST_NAME} 个能印出的字")
    return shown


def role_of(word: str) -> Role:
    """The role of this code or Chinese name. Raises InvalidInput."""
    text = word.strip()
    found = _BY_NAME.get(text)
    if found is None and text in list(ROLES):
        found = Role(text)
    if found not in ROLES:
        known = "、".join(ROLE_NAMES[role] for role in ROLES)
        raise InvalidInput("roles", word, f"没有这种身份；有：{known}")
    return found


def checked_roles(roles: Iterable[Role], unit: str | None) -> tuple[Role, ...]:
    """The roles in their order, without repeats. Raises InvalidInput where they exclude each other
    or the unit, or lack it.
    """
    found = checked_together(roles)
    checked_place(found, unit)
    return found


def checked_together(roles: Iterable[Role]) -> tuple[Role, ...]:
    """The roles in their order, without repeats. Raises InvalidInput where there is none, or where
    they exclude each other.
    """
    given = set(roles)
    found = tuple(role for role in ROLES if role in given)
    if not found or len(found) < len(given):
        raise InvalidInput("roles", "、".join(given), "须有至少一种身份，且都是人的身份")
    for some, others, why in APART:
        left, right = sorted(some & given), sorted(others & given)
        if left and right:
            both = f"{ROLE_NAMES[left[0]]}、{ROLE_NAMES[right[0]]}"
            raise InvalidInput("roles", both, f"这两种身份不能在同一个账号上：{why}")
    return found


def checked_place(roles: Collection[Role], unit: str | None) -> None:
    """Raises InvalidInput where the roles need a unit that is not there, or exclude one that is."""
    if (unit is None) == bool(OF_A_UNIT & set(roles)):
        reason = "责任单位、单位数据员须写单位" if unit is None else "只有单位的人才写单位"
        raise InvalidInput("unit", unit, reason)


def roles_in_words(roles: Iterable[Role]) -> str:
    return "、".join(ROLE_NAMES[role] for role in roles)


def as_text(roles: Iterable[Role]) -> str:
    """Roles as the database keeps them."""
    return " ".join(roles)


def from_text(text: str) -> tuple[Role, ...]:
    return tuple(map(Role, text.split()))
