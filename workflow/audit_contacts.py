"""核对: the hashes a complaint is found by, against the number that lies sealed in the vault."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from workflow.audit_finding import Finding, octets, streamed
from workflow.audit_names import differing
from workflow.audit_rules import Rules, pinned_rules
from workflow.errors import Damaged
from workflow.phones import number_in
from workflow.storage.models import complaints, contacts, events, ratings, vault
from workflow.storage.vault import Keys, Vault, opened_text

_PAGE = 500
_ENDS = ("DISMISSED", "CLOSED")
_SERVICE = ("source", "project_no", "service_number")


def contacted(conn: Connection, keys: Keys) -> Iterator[Finding]:
    """Every complaint is found by its citizen's number, the one supplied last or else the rating's
    own, as far as that still lies in the vault. Without a row it must have been erased.
    """
    box, rules = Vault(keys), pinned_rules()
    subjects = streamed(conn, select(complaints.c.id).order_by(complaints.c.id))
    while page := [row.id for row in islice(subjects, _PAGE)]:
        stored = {
            row.subject: row
            for row in conn.execute(select(contacts).where(contacts.c.subject.in_(page)))
        }
        sent, supplied = _sent(conn, box, page), _supplied(conn, box, page)
        kept = sent.keys() | _unended(conn, set(page) - stored.keys())
        for subject, begun in _begun(conn, page):
            if subject in stored:
                none: dict[str, str | None] = {} if begun["has_phone"] else {subject: ""}
                number = (none | sent | supplied).get(subject)
                expected = _stated(begun, rules) | _hashes(box, number)
                yield from differing("contact", subject, stored[subject], expected)
            elif subject in kept:
                yield Finding("contact", subject, "查找用的联系方式不见了，个人信息却没有删除过")


def _begun(conn: Connection, page: Collection[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    query = select(events.c.subject, events.c.data)
    for row in conn.execute(query.where(events.c.subject.in_(page), events.c.version == 1)):
        yield row.subject, json.loads(row.data)


def _stated(begun: dict[str, Any], rules: Rules) -> dict[str, Any]:
    expected = {"item": begun.get("item"), "window": begun.get("window")}
    pinned = rules.get((begun["profile"], begun["profile_version"]))
    return expected | ({} if pinned is None else {"day": pinned.day_of(begun["assessed_at"])})


def _sent(conn: Connection, box: Vault, page: Collection[str]) -> dict[str, str | None]:
    """The rating's own numbers that are not erased; empty: it was sent without one."""
    query = select(vault).where(vault.c.owner.in_(page), vault.c.field == "contact")
    plain = {row.owner: _opened(box, row) for row in conn.execute(query)}
    return {owner: None if said is None else json.loads(said)[0] for owner, said in plain.items()}


def _supplied(conn: Connection, box: Vault, page: Collection[str]) -> dict[str, str | None]:
    """The numbers supplied last; None: erased since."""
    query = (
        select(events.c.subject, events.c.version, events.c.data)
        .where(events.c.subject.in_(page), events.c.type == "ContactSupplied")
        .order_by(events.c.subject, events.c.version)
    )
    rows = [row for row in conn.execute(query) if json.loads(row.data)["found"]]
    owners = {f"{row.subject}-{row.version}": row.subject for row in rows}
    lying = select(vault).where(vault.c.owner.in_(owners), vault.c.field == "phone")
    plain = {row.owner: _opened(box, row) for row in conn.execute(lying)}
    numbers: dict[str, str | None] = {}
    for owner, subject in owners.items():
        said = plain.get(owner)
        numbers[subject] = None if said is None else opened_text(said)
    return numbers


def _opened(box: Vault, row: Row[Any]) -> bytes | None:
    """None where it does not open: what lies in the vault is looked at by itself."""
    try:
        return box.unseal(row.owner, row.field, octets(row.sealed))
    except Damaged:
        return None


def _hashes(box: Vault, left: str | None) -> dict[str, Any]:
    """What the row must say of what was left; of what is not known any more, nothing."""
    if left is None:
        return {}
    if not (number := number_in(left)):
        return {"phone": None, "last4": None}
    return {"phone": box.phone_hash(number), "last4": box.last4_hash(number)}


def _unended(conn: Connection, asked: Collection[str]) -> set[str]:
    """Those opened by a rating and never ended: only what ended can have been erased."""
    if not asked:
        return set()
    ended = select(events.c.subject).where(events.c.subject.in_(asked), events.c.state.in_(_ENDS))
    still = set(asked) - set(conn.execute(ended.distinct()).scalars())
    same = and_(*(complaints.c[name] == ratings.c[name] for name in _SERVICE))
    query = select(complaints.c.id).join(ratings, same).where(complaints.c.id.in_(still))
    return set(conn.execute(query.distinct()).scalars())
