"""分析: what a bad rating seems to be about, and what speaks against taking it at its word."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from sqlalchemy import Connection, Row, bindparam, text

from consumers.analysis_rules import AnalysisRules, Rule, shipped
from schemas import ComplaintAnalysed, Finding, ReviewCollected
from schemas.codes import REASONS
from workflow.bus.consumer import Record, Work
from workflow.clock import DAY, HOUR
from workflow.storage.vault import Vault, opened_text

LONGEST = 4000
OTHER = "其他"
Window = Callable[[ReviewCollected, int], int | None]
"""Until when a service of this instant may be rated by the profile; microseconds UTC."""

_WEIGHTS: tuple[Literal["low", "medium", "high"], ...] = ("low", "medium", "high")


class Analysis:
    """Explains, never decides: each finding names its rule, and its evidence quotes no citizen."""

    name = "analysis"
    handles = frozenset({"ReviewCollected"})
    start: Literal["beginning", "now"] = "beginning"
    replayable = False
    recording = True

    def __init__(
        self, vault: Vault, window: Window | None = None, rules: AnalysisRules | None = None
    ) -> None:
        self.vault, self.window, self.rules = vault, window, rules or shipped()
        self._work: Work | None = None
        self._known: dict[str, list[Row[Any]]] = {}

    def handle(self, record: Record, work: Work) -> None:
        if work is not self._work:
            self._work, self._known = work, _known(work.conn, work.batch or (record,))
        rows = self._known[record.subject]
        work.record(record, self.analysed(record, self._said(record, rows[0].sealed), rows))

    def _said(self, record: Record, sealed: bytes | None) -> str:
        """The rating's text; empty where there was none, or it was erased."""
        if sealed is None or record.fact.text is None:
            return ""
        return opened_text(self.vault.unseal(record.id, "text", sealed))[:LONGEST]

    def analysed(self, record: Record, said: str, rows: Sequence[Row[Any]]) -> ComplaintAnalysed:
        """What the rules say of a rating, its text, and the rows its phone is found in."""
        fact: ReviewCollected = record.fact
        words = self.rules.words.found(said)
        category, found = _category(self.rules, fact, words)
        severity, grave = _severity(self.rules, fact, words)
        suspicions = list(_misoperation(self.rules, fact, said, words))
        earlier = _earlier(record, rows, self.rules.duplicate_hours * HOUR)
        others = [*_duplicate(earlier), *_bulk(self.rules, rows), *_self_rating(rows)]
        others += self._late(fact, rows)
        return ComplaintAnalysed(
            rules_version=self.rules.version,
            category=category,
            severity=severity,
            misoperation=max((f.weight for f in suspicions), key=_WEIGHTS.index, default="low"),
            duplicate_of=earlier,
            findings=(*found, *grave, *suspicions, *others),
        )

    def _late(self, fact: ReviewCollected, rows: Sequence[Row[Any]]) -> Iterator[Finding]:
        """Rated after the time for it: kept and verified like any other, and said so."""
        served_at = rows[0].served_at
        if self.window is None or served_at is None:
            return
        ends_at = self.window(fact, served_at)
        if ends_at is not None and fact.assessed_at > ends_at:
            days = (fact.assessed_at - served_at) // DAY
            evidence = f"办事后第 {days} 天才评价，已过本地的评价期限"
            yield Finding(kind="late", rule="L-WINDOW", evidence=evidence, weight="medium")


def _category(
    rules: AnalysisRules, fact: ReviewCollected, words: Sequence[str]
) -> tuple[str, list[Finding]]:
    """The text goes before the tick; where it speaks of several matters, the ticked one wins."""
    ticked, worded, found = [], [], []
    for rule in rules.categories:
        if (code := rule.ticked(fact.reasons)) is not None:
            ticked.append(rule.category)
            found.append(_finding("category", rule, f"{rule.category}：{_reason(code)}"))
        if (word := rule.worded(words)) is not None:
            worded.append(rule.category)
            found.append(_finding("category", rule, f"{rule.category}：文字中有“{word}”"))
    both = [category for category in ticked if category in worded]
    return (*both, *worded, *ticked, OTHER)[0], found


def _reason(code: str) -> str:
    known = REASONS.get(code)
    return f"勾选原因 {code}" + (f" {known.text}" if known else "")


def _finding(
    kind: Literal["category", "severity", "misoperation"], rule: Rule, evidence: str
) -> Finding:
    return Finding(kind=kind, rule=rule.id, evidence=evidence, weight=rule.weight)


def _severity(
    rules: AnalysisRules, fact: ReviewCollected, words: Sequence[str]
) -> tuple[int, list[Finding]]:
    """1 for 不满意, 2 for 非常不满意, one more for a grave matter; 3 at most."""
    found = []
    for rule in rules.grave:
        if (code := rule.ticked(fact.reasons)) is not None:
            found.append(_finding("severity", rule, _reason(code)))
        elif (word := rule.worded(words)) is not None:
            found.append(_finding("severity", rule, f"文字中有“{word}”"))
    return (2 if fact.level == 1 else 1) + bool(found), found


def _misoperation(
    rules: AnalysisRules, fact: ReviewCollected, said: str, words: Sequence[str]
) -> Iterator[Finding]:
    for rule in rules.misoperation:
        if rule.silent:
            if not said and len(fact.reasons) == 1 and (code := rule.ticked(fact.reasons)):
                evidence = f"没有文字，只{_reason(code)}，是首个显示的选项"
                yield _finding("misoperation", rule, evidence)
        elif (word := rule.worded(words)) is not None and not rule.unless.found(said):
            yield _finding("misoperation", rule, f"差评而文字中有“{word}”")


_KNOWN = text(
    """
    SELECT this.id AS subject, v.sealed AS sealed,
      (SELECT n.ratings FROM raters n WHERE n.day = own.day AND n.phone = own.phone) AS ratings,
      EXISTS (SELECT 1 FROM staff s WHERE s.phone = own.phone) AS of_staff,
      EXISTS (SELECT 1 FROM staff s WHERE s.phone = own.phone AND s.unit = this.handled_by)
        AS of_own_unit,
      (SELECT s.served_at FROM services s WHERE s.source = this.source
         AND s.project_no = this.project_no AND s.service_number = this.service_number)
        AS served_at,
      o.subject AS other, c.collected_at AS collected_at,
      (SELECT min(r.assessed_at) FROM ratings r WHERE r.source = c.source
         AND r.project_no = c.project_no AND r.service_number = c.service_number) AS assessed_at
    FROM complaints this
    LEFT JOIN vault v ON v.owner = this.id || '-1' AND v.field = 'text'
    LEFT JOIN contacts own ON own.subject = this.id AND own.phone IS NOT NULL
    LEFT JOIN contacts o ON o.phone = own.phone AND o.subject <> own.subject
      AND (o.item = own.item OR o."window" = own."window")
    LEFT JOIN complaints c ON c.id = o.subject
    WHERE this.id IN :subjects
    """
).bindparams(bindparam("subjects", expanding=True))


def _known(conn: Connection, batch: Sequence[Record]) -> dict[str, list[Row[Any]]]:
    """Each rating's sealed text and what its phone is known for, in one question for the batch: a
    row at least, and one for each other complaint of the same phone on the same item or window.
    """
    found: dict[str, list[Row[Any]]] = {}
    for row in conn.execute(_KNOWN, {"subjects": [record.subject for record in batch]}).all():
        found.setdefault(row.subject, []).append(row)
    return found


def _earlier(record: Record, rows: Sequence[Row[Any]], within: int) -> str | None:
    """The complaint collected before this one that it seems to repeat; the first if several."""
    mine = (record.occurred_at, len(record.subject), record.subject)
    before = [
        (row.collected_at, len(row.other), row.other)
        for row in rows
        if row.collected_at is not None
        and abs((row.assessed_at or row.collected_at) - record.fact.assessed_at) <= within
    ]
    return min((key for key in before if key < mine), default=(0, 0, None))[2]


def _duplicate(earlier: str | None) -> Iterator[Finding]:
    if earlier is not None:
        evidence = f"同一号码对同一事项或窗口已有 {earlier}"
        yield Finding(kind="duplicate", rule="D-PHONE", evidence=evidence, weight="high")


def _bulk(rules: AnalysisRules, rows: Sequence[Row[Any]]) -> Iterator[Finding]:
    if (rows[0].ratings or 0) >= rules.bulk_a_day:
        evidence = f"同一号码当日评价 {rows[0].ratings} 次（{rules.bulk_a_day} 次起提示）"
        yield Finding(kind="bulk", rule="B-PHONE", evidence=evidence, weight="medium")


def _self_rating(rows: Sequence[Row[Any]]) -> Iterator[Finding]:
    """A number on the staff list; which person's is not said."""
    if rows[0].of_staff:
        own = rows[0].of_own_unit
        whose = "被评价单位" if own else "另一单位"
        yield Finding(
            kind="self_rating",
            rule="S-STAFF",
            evidence=f"号码与{whose}工作人员登记的相同",
            weight="high" if own else "medium",
        )
