"""归集: which new ratings open a complaint, and which join one."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from sqlalchemy import insert

from schemas import ContactSupplied, LaterRatingJoined, ReviewCollected
from schemas.rating import Rating
from workflow.clock import instant
from workflow.contact import found_by, kept, phone_of
from workflow.intake import Desk, Ready, opened_private
from workflow.ledger import Ledger, Posting
from workflow.legal import legal_steps
from workflow.recorded import PLATFORM
from workflow.storage.collected import complaints_of
from workflow.storage.models import contacts, vault
from workflow.storage.numbers import next_number
from workflow.storage.vault import Sealed, seal_text

_CONTACT = insert(contacts)
_VAULT = insert(vault)
CONTACT_ROW = ("subject", "phone", "last4", "item", "window", "day")


class Openings:
    """Opens a complaint for each new rating of level 1 or 2; a later rating of the same service
    joins its complaint, with its contact where that had none.
    """

    def __init__(self, posting: Posting, ledger: Ledger, desk: Desk) -> None:
        self.posting, self.ledger, self.desk = posting, ledger, desk
        self.received_at, self.opened = posting.now, 0
        self._fresh: dict[str, str] = {}
        self._of_service: dict[tuple[str, ...], str] = {}

    def open(self, rows: Sequence[Ready]) -> dict[tuple[str, ...], str]:
        """The complaint of each rating that opened or joined one, by the rating's key."""
        known = self.known(rows)
        found: dict[tuple[str, ...], str] = {}
        later: list[Ready] = []
        for row in sorted(rows, key=attrgetter("at")):
            service = row.key[:3]
            if service in known:
                found[row.key] = known[service]
                later.append(row)
            elif row.sent is not None:
                found[row.key] = known[service] = self._open(row, row.sent)
                self._of_service[service] = found[row.key]
        self.posting.prefetch(found[row.key] for row in later)
        for row in later:  # when every new complaint has its contact's row
            self._join(found[row.key], row)
        return found

    def known(self, rows: Sequence[Ready]) -> dict[tuple[str, ...], str]:
        """Complaints of these services, those opened here among them, in one query."""
        projects = list({row.key[1] for row in rows})
        if not projects:
            return {}
        return complaints_of(self.posting.conn, rows[0].key[0], projects) | self._of_service

    def _open(self, row: Ready, rating: Rating) -> str:
        subject = self._next_id()
        text, texts = _sealed(rating.writingEvaluation)
        fact, at = self._collected(row, rating, text), self.received_at
        self.posting.record(subject, fact, PLATFORM, occurred_at=at, texts=texts)
        self._keep_contact(subject, row, rating)
        self._fresh[subject] = row.phone
        self.opened += 1
        return subject

    def _collected(self, row: Ready, rating: Rating, text: str | None) -> ReviewCollected:
        policy = self.ledger.rulebook.in_force(self.received_at)
        named = bool(rating.userName or row.phone or rating.certKey)
        return ReviewCollected(
            source=row.key[0],
            project_no=row.key[1],
            service_number=row.key[2],
            assess_number=row.key[3],
            profile=policy.name,
            profile_version=policy.version,
            level=rating.satisfaction,
            reasons=rating.evalDetail,
            origin=rating.origin,
            assessed_at=row.at,
            received_at=self.received_at,
            unit=row.unit,
            unit_named=rating.proDepart or None,
            area=self._area(row) or rating.areaName or None,
            item=rating.taskName or rating.taskCode or None,
            window=rating.winName or None,
            real_name=named and not rating.anonymityFlag,
            has_phone=bool(row.phone),
            text=text,
        )

    def _area(self, row: Ready) -> str | None:
        unit = None if row.unit is None else self.desk.units.resolve(row.unit)
        return None if unit is None else unit.area

    def _join(self, subject: str, row: Ready) -> None:
        said = opened_private(row.private)
        text, texts = _sealed(said.writingEvaluation)
        level, reasons = row.content[0], row.content[1]
        fact = LaterRatingJoined(
            source=row.key[0],
            project_no=row.key[1],
            service_number=row.key[2],
            assess_number=row.key[3],
            level=level,
            reasons=tuple(reasons.split(",")) if reasons else (),
            assessed_at=row.at,
            received_at=self.received_at,
            text=text,
        )
        self.posting.record(subject, fact, PLATFORM, occurred_at=self.received_at, texts=texts)
        if row.phone and not said.anonymous and self._takes(subject, row.phone):
            self._supply(subject, said.mobile, row.phone)

    def _takes(self, subject: str, phone: str) -> bool:
        """Whether the table takes a contact here. None is taken in the place of another number,
        which he who left it could not have erased then, unless that was called and is wrong; nor
        where somebody was forgotten.
        """
        complaint, conn = self.posting.complaint(subject), self.posting.conn
        policy = self.ledger.rulebook.of(complaint).policy
        who = PLATFORM.role, PLATFORM.name, self.received_at
        if "ContactSupplied" not in legal_steps(complaint, *who, policy):
            return False
        if subject in self._fresh:  # what it was opened with is not written yet
            return self._fresh[subject] in ("", phone)
        if complaint.has_phone:
            same = phone_of(conn, self.ledger.vault, subject) == phone
            if same == complaint.wrong_number:
                return False
        return kept(conn, subject)

    def _supply(self, subject: str, written: str, number: str) -> None:
        text = seal_text(written)
        fact = ContactSupplied(found=True, phone=text.digest)
        at, texts = self.received_at, {"phone": text}
        self.posting.record(subject, fact, PLATFORM, occurred_at=at, texts=texts)
        found_by(self.posting, self.ledger.vault, subject, number)

    def _keep_contact(self, subject: str, row: Ready, rating: Rating) -> None:
        keep = self.ledger.vault
        phone = keep.phone_hash(row.phone) if row.phone else None
        last4 = keep.last4_hash(row.phone) if row.phone else None
        item, window = rating.taskName or rating.taskCode or None, rating.winName or None
        self.posting.run(_CONTACT, CONTACT_ROW, (subject, phone, last4, item, window, row.day))
        if row.private is not None:
            sealed = keep.seal(subject, "contact", row.private)
            self.posting.run(_VAULT, ("owner", "field", "sealed"), (subject, "contact", sealed))

    def _next_id(self) -> str:
        year = instant(self.received_at).astimezone(self.desk.zone).year
        return f"CP{year % 100:02d}-{next_number(self.posting.conn, f'complaint/{year}'):04d}"


def _sealed(words: str) -> tuple[str | None, dict[str, Sealed]]:
    """What somebody wrote: its digest for the event, and itself for the vault, if he did."""
    if not words:
        return None, {}
    text = seal_text(words)
    return text.digest, {"text": text}
