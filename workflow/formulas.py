"""指标: each published rate: numerator, denominator, cohort, zero rule, rounding; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from workflow.formula_terms import NOTHING, Cohort, ComplaintFact, Counts, OrderFact, Rate

__all__ = [
    "FORMULAS",
    "NOTHING",
    "Cohort",
    "ComplaintFact",
    "Counts",
    "Formula",
    "OrderFact",
    "Rate",
]

Measure = Callable[[Cohort], Rate]


@dataclass(frozen=True, slots=True)
class Formula:
    """A published rate as it is declared to the reader; the texts are Chinese."""

    id: str
    name: str
    numerator: str
    denominator: str
    cohort: str
    measure: Measure
    zero: str = "分母为零印“–”"
    rounding: str = "四舍五入到整数百分比；未满百不印100%，不为零不印0%，位数加到看得出为止"


def _in_time(done: int | None, due: int) -> bool:
    return done is not None and done <= due


def _counts(due: int | None, withdrawn_at: int | None, as_of: int) -> bool:
    """Whether something has fallen due by then, and had not been withdrawn before it did."""
    return due is not None and due <= as_of and (withdrawn_at is None or withdrawn_at > due)


def _of_due(cases: Iterable[tuple[int | None, int | None, int | None, bool]], as_of: int) -> Rate:
    """Of (due, done, withdrawn, good): done by the due time and good, over all due as of then."""
    met = [
        good and _in_time(done, due)
        for due, done, withdrawn_at, good in cases
        if due is not None and _counts(due, withdrawn_at, as_of)
    ]
    return Rate(sum(met), len(met))


def _evaluation(c: Cohort) -> Rate:
    return Rate(c.counts.ratings, c.counts.services)


def _onsite(c: Cohort) -> Rate:
    return Rate(c.counts.onsite, c.counts.ratings)


def _invalid_share(c: Cohort) -> Rate:
    return Rate(len(c.judged("invalid")), c.counts.bad)


def _good_of_all(c: Cohort) -> Rate:
    return Rate(c.counts.ratings - c.counts.bad, c.counts.ratings)


def _good_but_valid(c: Cohort) -> Rate:
    return Rate(c.counts.ratings - len(c.judged("valid")), c.counts.ratings)


def _verified(c: Cohort) -> Rate:
    """Each verification of a complaint counts: a dismissal taken back is verified once more."""
    each = (
        one for x in c.complaints for one in (*x.verified_before, (x.verify_due_at, x.verified_at))
    )
    return _of_due(((due, done, None, True) for due, done in each), c.as_of)


def _acknowledged(c: Cohort) -> Rate:
    cases = ((o.acknowledge_due_at, o.acknowledged_at, o.withdrawn_at, True) for o in c.orders)
    return _of_due(cases, c.as_of)


def _called_back(c: Cohort) -> Rate:
    cases = (
        (o.callback_due_at, o.called_back_at, o.withdrawn_at, True) for o in c.orders if o.real_name
    )
    return _of_due(cases, c.as_of)


def _rectified(c: Cohort) -> Rate:
    """The last order of a valid complaint decides: a second round still open is not rectified."""
    last: dict[str, OrderFact] = {}
    for order in c.orders:
        before = last.get(order.subject)
        if order.withdrawn_at is None and (before is None or before.number < order.number):
            last[order.subject] = order
    valid = c.judged("valid")
    done = [x for x in valid if x.subject in last and last[x.subject].accepted_at is not None]
    return Rate(len(done), len(valid))


def _rectified_in_time(c: Cohort) -> Rate:
    cases = (
        (o.rectify_due_at, o.submitted_at, o.withdrawn_at, o.accepted_at is not None)
        for o in c.orders
    )
    return _of_due(cases, c.as_of)


def _satisfied(levels: Iterable[int | None]) -> Rate:
    answered = [level for level in levels if level is not None]
    return Rate(sum(level >= 3 for level in answered), len(answered))


def _satisfied_first(c: Cohort) -> Rate:
    return _satisfied(x.first_level for x in c.judged("valid"))


def _satisfied_final(c: Cohort) -> Rate:
    return _satisfied(x.final_level for x in c.judged("valid"))


_RATINGS = "本期评价（按评价日期）"
_COMPLAINTS = "本期评价引起的差评件"
_ORDERS = "本期差评件的工单，一轮一单，已撤回的不计"
_DUE = "截至统计时刻已到期的"

_ALL = (
    Formula(
        "evaluation",
        "评价率",
        "评价总数 M",
        "办件总数 A",
        "办件按办理日期，评价按评价日期",
        _evaluation,
    ),
    Formula("onsite", "现场主动评价率", "现场主动评价数 P", "评价总数 M", _RATINGS, _onsite),
    Formula(
        "good_all",
        "好评率（扣除全部差评）",
        "（评价总数 M－差评 D）",
        "评价总数 M",
        _RATINGS,
        _good_of_all,
    ),
    Formula(
        "good_valid",
        "好评率（扣除有效差评）",
        "（评价总数 M－有效差评 T）",
        "评价总数 M",
        _RATINGS,
        _good_but_valid,
    ),
    Formula(
        "invalid_share",
        "无效占比",
        "核实为无效（不含恶意、无法核实）",
        "差评 D",
        _COMPLAINTS,
        _invalid_share,
    ),
    Formula(
        "verify",
        "按时核实率",
        "到期前已有核实结论",
        _DUE + "核实",
        _COMPLAINTS + "；结案后重新核实的，每次各算一次",
        _verified,
    ),
    Formula("acknowledge", "按时签收率", "到期前已签收", _DUE + "签收", _ORDERS, _acknowledged),
    Formula(
        "callback",
        "按时回访率",
        "到期前接通或打满规定次数",
        _DUE + "实名回访",
        _ORDERS,
        _called_back,
    ),
    Formula("rectified", "整改率", "整改已审核通过", "有效差评 T", _COMPLAINTS, _rectified),
    Formula(
        "rectify",
        "按期整改率",
        "到期前提交且审核通过",
        _DUE + "工单，含逾期未结",
        _ORDERS,
        _rectified_in_time,
    ),
    Formula(
        "satisfied_first",
        "整改满意率（首轮）",
        "首轮答复基本满意以上",
        "首轮已答复",
        "有效差评",
        _satisfied_first,
    ),
    Formula(
        "satisfied_final",
        "整改满意率（最终）",
        "最终答复基本满意以上",
        "已答复",
        "有效差评",
        _satisfied_final,
    ),
)

FORMULAS: Mapping[str, Formula] = MappingProxyType({f.id: f for f in _ALL})
"""Every published rate by its id: volume, quality, verification, rectification, satisfaction."""
