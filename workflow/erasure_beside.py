"""删除: what a person said that was not taken in: other contents of a known rating, messages
that were put aside.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic_core import from_json, to_json
from sqlalchemy import Connection, Row

from workflow.intake import opened_private
from workflow.phones import is_in, number_in
from workflow.storage import erasing, messages
from workflow.storage.erasing import Said
from workflow.storage.messages import Parcel
from workflow.storage.vault import Vault

NOTE = "个人信息已按要求删除"


class Beside(NamedTuple):
    """Of one number. `unread` are messages that are no text: nobody can tell whose they are."""

    conflicts: tuple[Said, ...] = ()
    parcels: tuple[Row[Any], ...] = ()
    unread: tuple[str, ...] = ()


def beside(conn: Connection, vault: Vault, number: str) -> Beside:
    """Every conflict is opened, and every message that still says something."""
    conflicts = tuple(
        Said(field, owner)
        for field, owner, sealed in erasing.sealed_conflicts(conn)
        if number_in(opened_private(vault.unseal(owner, field, sealed)).mobile) == number
    )
    parcels, unread = list[Row[Any]](), list[str]()
    for row in messages.sealed(conn):
        parcel = messages.opened(vault, row)
        texts = _texts(parcel) if parcel is not None else ()
        if any(is_in(text, number) for text in texts):
            parcels.append(row)
        elif parcel is not None and any("\ufffd" in text for text in texts):
            unread.append(parcel.owner)
    return Beside(conflicts, tuple(parcels), tuple(unread))


def forget(conn: Connection, found: Beside, by: str, now: int) -> tuple[int, int]:
    """What these say goes; how many conflicts and how many messages that were."""
    note = f"{by}：{NOTE}"
    gone = sum(messages.forgotten(conn, row, note, now) for row in found.parcels)
    return erasing.of_ratings(conn, found.conflicts), gone


def _texts(parcel: Parcel) -> tuple[str, ...]:
    sent = (parcel.key, parcel.value, *(value for _, value in parcel.headers))
    return tuple(_text(part) for part in sent if part)


def _text(sent: bytes) -> str:
    """As it was meant, where it is JSON, which may spell its signs out."""
    try:
        return to_json(from_json(sent)).decode()
    except ValueError:
        return sent.decode(errors="replace")
