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
ORDER_KEYS: Final = (
    "subject",
    "number",
    "at",
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
    return (subject, state, at, *(_COMPLAINT_DEFAULTS | changed).values())


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
    moved += [_kept(c, f"'{KEEP_TEXT}'") for c in ("verdict", "ground", "outcome")]
    return text(
        f"""
        INSERT INTO {complaints.name} AS f ({", ".join(COMPLAINT_KEYS)})
        VALUES ({", ".join(f":{key}" for key in COMPLAINT_KEYS)})
        ON CONFLICT (subject) DO UPDATE SET
          state = excluded.state,
          real_name = f.real_name OR excluded.real_name,
          round = f.round + excluded.round,
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


def _order_statement(complaints: Table, orders: Table) -> TextClause:
    """`c` is the complaint, `p` its last order so far, `f` the row that is folded into."""
    complaint = f"FROM {complaints.name} c WHERE c.subject = :subject"
    last = (
        f"FROM {orders.name} p WHERE p.subject = :subject AND p.number ="
        f" (SELECT max(number) FROM {orders.name} WHERE subject = :subject)"
    )
    spaced = f"p.last_call_at > :last_call_at - (SELECT c.call_spacing {complaint})"
    counted = f"(SELECT CASE WHEN {spaced} THEN 0 ELSE 1 END {last})"
    enough = f"(SELECT p.calls {last}) + {counted} >= (SELECT c.min_calls {complaint})"
    due = ("acknowledge_due_at", "acknowledged_at", "rectify_due_at", "original_due_at")
    moved = [_kept(c) for c in (*due, "submitted_at", "accepted_at", "level", "answered_at")]
    return text(
        f"""
        INSERT INTO {orders.name} AS f (
          subject, number, day, round, next_round, unit, real_name, assigned_at,
          acknowledge_due_at, acknowledged_at, rectify_due_at, original_due_at, submitted_at,
          accepted_at, callback_due_at, called_back_at, calls, last_call_at, level, answered_at,
          withdrawn_at)
        VALUES (:subject,
          CASE WHEN :number IS NULL
            THEN (SELECT max(number) FROM {orders.name} WHERE subject = :subject)
            ELSE :number END,
          CASE WHEN :number IS NULL THEN '{KEEP_TEXT}' ELSE (SELECT c.day {complaint}) END,
          CASE WHEN :number IS NULL THEN 0
            ELSE coalesce((SELECT p.round + p.next_round {last}), 1) END,
          :next_round, :unit,
          CASE WHEN :number IS NULL THEN false ELSE (SELECT c.real_name {complaint}) END, :at,
          :acknowledge_due_at, :acknowledged_at, :rectify_due_at, :original_due_at,
          :submitted_at, :accepted_at, :callback_due_at,
          CASE WHEN :called_back_at IS NOT NULL THEN :called_back_at
            WHEN :last_call_at IS NOT NULL AND {enough} THEN :last_call_at END,
          CASE WHEN :last_call_at IS NULL THEN 0 ELSE {counted} END,
          CASE WHEN :last_call_at IS NOT NULL AND {counted} = 1 THEN :last_call_at END,
          :level, :answered_at, :withdrawn_at)
        ON CONFLICT (subject, number) DO UPDATE SET
          next_round = CASE WHEN excluded.next_round = 1 THEN 1 ELSE f.next_round END,
          callback_due_at = CASE excluded.callback_due_at
            WHEN {KEEP} THEN f.callback_due_at
            WHEN {NO_LONGER_DUE} THEN CASE WHEN f.callback_due_at < excluded.assigned_at
              OR f.called_back_at IS NOT NULL THEN f.callback_due_at END
            ELSE excluded.callback_due_at END,
          called_back_at = coalesce(f.called_back_at, excluded.called_back_at),
          calls = f.calls + excluded.calls,
          last_call_at = coalesce(excluded.last_call_at, f.last_call_at),
          withdrawn_at = CASE
            WHEN excluded.withdrawn_at = {KEEP} OR f.accepted_at IS NOT NULL THEN f.withdrawn_at
            WHEN excluded.withdrawn_at = {FROM_DISPATCH} THEN f.assigned_at
            ELSE coalesce(f.withdrawn_at, excluded.withdrawn_at) END,
          {", ".join(moved)}
        """
    )
