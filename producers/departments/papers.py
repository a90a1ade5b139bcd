"""草稿和附件: what a handler has typed and attached, kept until it is submitted; no step of the
complaint.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from producers.departments.persons import handler
from schemas import RectificationSubmitted
from schemas.rectification import ATTACHMENTS_MOST
from workflow.complaint import Complaint, Event
from workflow.door import listed
from workflow.errors import InvalidInput
from workflow.file_kinds import kind_of, shown_name
from workflow.ledger import Actor, Ledger, Posting
from workflow.legal import UNSAID, illegal, in_scope
from workflow.loop import BEFORE_FEEDBACK
from workflow.storage import desk
from workflow.storage.desk import Attachment
from workflow.storage.vault import with_salt

BYTES_MOST = 10 * 1024 * 1024
DRAFT_MOST = 10_000
"""Characters of a field that a draft keeps; what is submitted is held to less."""

WAITING_MOST = 2 * ATTACHMENTS_MOST
"""Files an order may have that wait to be submitted, together with those already submitted."""


def save_draft(
    ledger: Ledger, subject: str, *, account: str, unit: str, values: Mapping[str, str]
) -> int:
    """Keeps what has been typed; answers when (microseconds UTC). Raises UnknownComplaint,
    NotPermitted for an assisting unit, IllegalStep once nothing can be submitted any more.
    """
    actor = handler(ledger, account, unit)
    typed = {name: text[:DRAFT_MOST] for name, text in values.items() if text}
    with ledger.transaction() as posting:
        order = _order(ledger, posting, subject, actor)
        draft = desk.Draft(posting.now, typed)
        desk.keep_draft(posting.conn, ledger.vault, subject, order, account, draft)
        return posting.now


def attach(
    ledger: Ledger, subject: str, *, account: str, unit: str, name: str, content: bytes
) -> Attachment:
    """Keeps a file for the feedback that is being written. Raises InvalidInput for one that is
    empty, too large, one too many, or of a kind that is not taken; else like `save_draft`.
    """
    actor = handler(ledger, account, unit)
    if not content:
        raise InvalidInput("附件", "", "文件是空的")
    if len(content) > BYTES_MOST:
        raise InvalidInput("附件", "", "超过10MB，请压缩或拆分后再传")
    kind = kind_of(content)
    with ledger.transaction() as posting:
        order = _order(ledger, posting, subject, actor)
        files = desk.files_of(posting.conn, ledger.vault, subject)
        if sum(file.order_no == order for file in files) >= WAITING_MOST:
            raise InvalidInput("附件", "", f"已有{WAITING_MOST}个，请先删去不用的")
        about = Attachment(
            secrets.token_hex(16),
            *(subject, order, str(actor.unit), account, kind, len(content), ""),
            *(posting.now, None, shown_name(name, kind)),
        )
        desk.keep_file(posting.conn, ledger.vault, about, with_salt(content))
    return about


def detach(ledger: Ledger, subject: str, file_id: str, *, account: str, unit: str) -> None:
    """Deletes a file that has not been submitted. Raises InvalidInput for any other."""
    actor = handler(ledger, account, unit)
    with ledger.transaction() as posting:
        order = _order(ledger, posting, subject, actor)
        file = desk.file_of(posting.conn, ledger.vault, file_id)
        if file is None or (file.order_no, file.unit) != (order, actor.unit):
            raise InvalidInput("附件", "", "没有这个附件")
        if file.version is not None:
            raise InvalidInput("附件", "", "已随反馈提交，不能删除；不用它，这次不勾选即可")
        desk.drop_file(posting.conn, file_id)


def attached(
    ledger: Ledger, subject: str, actor: Actor, ids: Sequence[str]
) -> list[dict[str, str]]:
    """These files as the event states them. Raises InvalidInput for one that is not this unit's for
    this complaint.
    """
    if not listed("附件", ids):
        return []
    if len(ids) > ATTACHMENTS_MOST:
        raise InvalidInput("附件", f"{len(ids)}个", f"最多{ATTACHMENTS_MOST}个")
    with ledger.database.read() as conn:
        files = desk.files_of(conn, ledger.vault, subject)
    digests = {file.id: file.digest for file in files if file.unit == actor.unit}
    if missing := [one for one in ids if one not in digests]:
        raise InvalidInput("附件", "", f"有{len(missing)}个附件不在了，请重新上传")
    return [{"id": one, "digest": digests[one]} for one in dict.fromkeys(ids)]


def settle(posting: Posting, subject: str, ids: Sequence[str]) -> None:
    """The feedback has been recorded: its files go along, drafts and files left beside it go.
    Raises InvalidInput where somebody has deleted one of them meanwhile.
    """
    complaint = posting.complaint(subject)
    if not desk.take_along(posting.conn, str(complaint.order), complaint.version, ids):
        raise InvalidInput("附件", "", "有附件刚被删除，请看过再提交")


def _order(ledger: Ledger, posting: Posting, subject: str, actor: Actor) -> str:
    """The order's number, if this unit may write its feedback now, or soon: once acknowledged."""
    complaint = posting.complaint(subject)
    name = RectificationSubmitted.__name__
    event = Event(name, UNSAID, actor.name, actor.role, posting.now, actor.unit)
    in_scope(complaint, event)
    if complaint.state not in BEFORE_FEEDBACK:
        raise illegal(complaint, event, _policy(ledger, complaint), "已提交，或不在本单位手里")
    return str(complaint.order)


def _policy(ledger: Ledger, complaint: Complaint) -> Any:
    return ledger.rulebook.of(complaint).policy
