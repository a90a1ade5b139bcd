"""附件: a file of a feedback, for its unit and for those who review it; looking is recorded."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy import Connection
from starlette.exceptions import HTTPException

from console.accounts import Signed
from console.scope import complaint_for
from console.traces import looked
from console.web.access import Allowed, SiteHere
from console.web.navigation import AUDITOR, OPERATOR, REVIEWER, SUPERVISOR, UNIT
from schemas.envelope import Role
from workflow.errors import UnknownComplaint
from workflow.file_kinds import MEDIA_TYPES
from workflow.storage import desk
from workflow.storage.desk import Attachment

router = APIRouter()
ATTACHMENTS = Allowed("附件", OPERATOR, REVIEWER, SUPERVISOR, AUDITOR, UNIT)


@router.get("/attachments/{file_id}")
def attachment(
    site: SiteHere, viewer: Annotated[Signed, Depends(ATTACHMENTS)], file_id: str
) -> Response:
    """The file, to be saved; never shown in the console's own name. 404 for whoever may not."""
    office = site.office
    with office.database.read() as conn:
        file = desk.file_of(conn, office.vault, file_id) if file_id.isascii() else None
        if file is None or not _may_read(conn, viewer, file):
            raise HTTPException(404)
        content = desk.content_of(conn, office.vault, file_id)
    looked(office, viewer.actor, "attachment", file.subject)
    return Response(content, media_type=MEDIA_TYPES[file.kind], headers=_headers(file))


def _may_read(conn: Connection, viewer: Signed, file: Attachment) -> bool:
    """A unit its own; the others what has been submitted; of complaints that exist for them."""
    try:
        complaint_for(conn, viewer.actor, file.subject)
    except UnknownComplaint:  # it would say which complaint the file belongs to
        return False
    if viewer.role is Role.DEPARTMENT:
        return file.unit == viewer.unit
    return file.version is not None


def _headers(file: Attachment) -> dict[str, str]:
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
