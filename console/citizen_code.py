"""查询码: the code by which a citizen opens his page, read out to him by an operator; that it was
read out is recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.scope import complaint_for
from console.traces import looked
from schemas.envelope import Role
from workflow.errors import NotPermitted
from workflow.ledger import Actor
from workflow.links import code_of

if TYPE_CHECKING:
    from console.wiring import Office


def code_for(office: Office, number: str, viewer: Actor) -> str:
    """The complaint's code. Raises NotPermitted for anybody but an operator, UnknownComplaint."""
    if viewer.role is not Role.OPERATOR:
        raise NotPermitted("查询码只由话务员告诉群众")
    with office.database.read() as conn:
        subject = complaint_for(conn, viewer, number).id
    looked(office, viewer, "code", subject)
    return code_of(office.keys.link, subject)
