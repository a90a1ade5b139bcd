"""指标: the two statements that fold one event into a complaint's and an order's facts row."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sqlalchemy import Table, TextClause, text

KEEP: Final = -1
KEEP_TEXT: Final = "="
NO_LONGER_DUE: Final = -2
"""A due time nobody waits for any more: gone, unless it had already passed."""
MET: Final = -3
"""A due time that was met: kept; a paused one stands as due when it was met."""
FROM_DISPATCH: Final = -4
"""Withdrawn as if never dispatched."""

COMPLAINT_KEYS: Final = (
    "subject",
    "state",
    "collected_at",
    "unit",
    "area",
    "day",
    "level",
    "real_name",
    "verdict",
    "ground",
    "verify_due_at",
    "verified_at",
    "outcome",
    "round",
    "first_level",
    "final_level",
    "ended_at",
    "min_calls",
    "call_spacing",
)
_COMPLAINT_DEFAULTS: Final = {
    "unit": KEEP_TEXT,
    "area": KEEP_TEXT,
    "day": KEEP_TEXT,
    "level": KEEP,
    "real_name": False,
    "verdict": KEEP_TEXT,
    "ground": KEEP_TEXT,
    "verify_due_at": KEEP,
    "verified_at": KEEP,
    "outcome": KEEP_TEXT,
    "round": 0,
    "first_level": KEEP,
    "final_level": KEEP,
    "ended_at": KEEP,
    "min_calls": KEEP,
    "call_spacing": KEEP,
}
_COMPLAINT_KEPT: Final = tuple(_COMPLAINT_DEFAULTS.values())
ORDER_KEYS: Final = (
    "subject",
    "number",
    "at",
    "day",
    "round",
    "unit",
    "next_round",
    "acknowledge_due_at",
    "acknowledged_at",
    "rectify_due_at",
    "original_due_at",
    "submitted_at",
    "accepted_at",
    "callback_due_at",
    "called_back_at",
    "last_call_at",
    "level",
    "answered_at",
    "withdrawn_at",
)
_ORDER_DEFAULTS: Final = {
    "day": KEEP_TEXT,
    "round": KEEP,
    "unit": KEEP_TEXT,
    "next_round": 0,
    "acknowledge_due_at": KEEP,
    "acknowledged_at": KEEP,
    "rectify_due_at": KEEP,
    "original_due_at": KEEP,
    "submitted_at": KEEP,
    "accepted_at": KEEP,
    "callback_due_at": KEEP,
    "called_back_at": None,
    "last_call_at": None,
    "level": KEEP,
    "answered_at": KEEP,
    "withdrawn_at": KEEP,
}


def complaint_row(subject: str, state: str, at: int, changed: dict[str, Any]) -> tuple[Any, ...]:
    """One event's row for the complaint's statement; what is not named in `changed` is kept."""
    rest = (_COMPLAINT_DEFAULTS | changed).values() if changed else _COMPLAINT_KEPT
    return (subject, state, at, *rest)


def order_row(
    subject: str, number: int | None, at: int, changed: dict[str, Any]
) -> tuple[Any, ...]:
    """One event's row for the order's statement; `number` None is the complaint's last order."""
    return (subject, number, at, *(_ORDER_DEFAULTS | changed).values())


class Statements(NamedTuple):
    """One statement a table, so that a subject's rows run in the order they were queued."""

    complaint: TextClause
    order: TextClause


def statements(complaints: Table, orders: Table) -> Statements:
    """The statements for these tables: the facts themselves, or their shadows while rebuilding."""
    return Statements(_complaint_statement(complaints), _order_statement(complaints, orders))


def _kept(column: str, keep: str = "-1") -> str:
    return (
        f"{column} = CASE WHEN excluded.{column} = {keep} THEN f.{column}"
        f" ELSE excluded.{column} END"
    )


def _complaint_statement(complaints: Table) -> TextClause:
    moved = [_kept(c) for c in ("verified_at", "final_level", "ended_at")]
    moved += [_kept(c, f"'{KEEP_TEXT}'") for c in ("ground", "outcome")]
    return text(
        f"""
        INSERT INTO {complaints.name} AS f ({", ".join(COMPLAINT_KEYS)})
        VALUES ({", ".join(f":{key}" for key in COMPLAINT_KEYS)})
        ON CONFLICT (subject) DO UPDATE SET
          state = excluded.state,
          real_name = f.real_name OR excluded.real_name,
          round = f.round + excluded.round,
          verdict = CASE WHEN excluded.verdict <> '{KEEP_TEXT}' OR excluded.verdict IS NULL
            THEN excluded.verdict
            WHEN excluded.state = 'CLOSED' THEN coalesce(f.verdict, 'valid')
            ELSE f.verdict END,
          verify_due_at = CASE excluded.verify_due_at
            WHEN {KEEP} THEN f.verify_due_at
            WHEN {MET} THEN coalesce(f.verify_due_at, excluded.collected_at)
            WHEN {NO_LONGER_DUE} THEN
              CASE WHEN f.verify_due_at < excluded.collected_at THEN f.verify_due_at END
            ELSE excluded.verify_due_at END,
          first_level = CASE
            WHEN excluded.first_level = {KEEP} OR f.round > 1 THEN f.first_level
            ELSE coalesce(f.first_level, excluded.first_level) END,
          {", ".join(moved)}
        """
    )


_MOVED_BY_RULE: Final = f"""
          next_round = CASE WHEN excluded.next_round = 1 THEN 1 ELSE f.next_round END,
          rectify_due_at = CASE excluded.rectify_due_at
            WHEN {KEEP} THEN f.rectify_due_at
            WHEN {NO_LONGER_DUE} THEN
              CASE WHEN f.rectify_due_at < excluded.assigned_at THEN f.rectify_due_at END
            ELSE excluded.rectify_due_at END,
          callback_due_at = CASE excluded.callback_due_at
            WHEN {KEEP} THEN f.callback_due_at
            WHEN {NO_LONGER_DUE} THEN CASE WHEN f.callback_due_at < excluded.assigned_at
              OR f.called_back_at IS NOT NULL THEN f.callback_due_at END
            ELSE excluded.callback_due_at END,
          withdrawn_at = CASE
            WHEN excluded.withdrawn_at = {KEEP} OR f.accepted_at IS NOT NULL THEN f.withdrawn_at
            WHEN excluded.withdrawn_at = {FROM_DISPATCH} THEN f.assigned_at
            ELSE coalesce(f.withdrawn_at, excluded.withdrawn_at) END"""


def _calls(complaints: Table) -> str:
    """A call-back is a call answered, or the last one the complaint's profile requires."""
    complaint = f"FROM {complaints.name} WHERE subject = f.subject"
    counted = f"""CASE WHEN excluded.last_call_at IS NULL OR f.last_call_at >
            excluded.last_call_at - (SELECT call_spacing {complaint}) THEN 0 ELSE 1 END"""
    return f"""
          called_back_at = CASE
            WHEN f.called_back_at IS NOT NULL THEN f.called_back_at
            WHEN excluded.called_back_at IS NOT NULL THEN excluded.called_back_at
            WHEN excluded.last_call_at IS NOT NULL
              AND f.calls + {counted} >= (SELECT min_calls {complaint})
            THEN excluded.last_call_at END,
          calls = f.calls + {counted},
          last_call_at = CASE WHEN {counted} = 1 THEN excluded.last_call_at
            ELSE f.last_call_at END"""


def _order_statement(complaints: Table, orders: Table) -> TextClause:
    """`f` is the order's row so far. What only a new order needs is looked up where it is not
    given; parameters are not repeated more than they must be: SQLite takes thrice as long.
    """
    due = ("acknowledge_due_at", "acknowledged_at", "original_due_at")
    kept = [_kept(c) for c in (*due, "submitted_at", "accepted_at", "level", "answered_at")]
    given = ORDER_KEYS[ORDER_KEYS.index("unit") :]
    return text(
        f"""
        INSERT INTO {orders.name} AS f
          (subject, number, day, round, calls, assigned_at, {", ".join(given)})
        VALUES (:subject,
          coalesce(:number, (SELECT max(number) FROM {orders.name} WHERE subject = :subject)),
          coalesce(:day, (SELECT day FROM {complaints.name} WHERE subject = :subject)),
          coalesce(:round, (SELECT round + next_round FROM {orders.name}
            WHERE subject = :subject AND number = :number - 1), 1),
          0, :at, {", ".join(f":{key}" for key in given)})
        ON CONFLICT (subject, number) DO UPDATE SET
          {_MOVED_BY_RULE}, {_calls(complaints)}, {", ".join(kept)}
        """
    )
