"""群众页: one question after the other; what was answered so far travels in the address, and says
nothing of whose answer it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.datastructures import FormData

from console.web.stepping import text
from schemas.codes import SCALES

YES, NO, SKIPPED = "yes", "no", "skip"
_TRUTH = {YES: True, NO: False, SKIPPED: None}


class Choice(NamedTuple):
    """An answer to choose: where it leads, what it says."""

    place: str
    label: str


class Question(NamedTuple):
    """One question: its number of three, what it asks, and a word of help."""

    number: int
    asks: str
    help: str
    choices: tuple[Choice, ...]
    back: str


@dataclass(frozen=True, slots=True)
class Answers:
    """What was chosen so far, as it stands in the address; what is none of the choices is not."""

    contacted: str = ""
    solved: str = ""
    level: str = ""

    @classmethod
    def of(cls, scale: str, *sent: str | None) -> Answers:
        """What was sent for the three questions, in their order."""
        contacted, solved, level = sent
        levels = {str(number) for number in SCALES[scale]}
        return cls(
            contacted if contacted is not None and contacted in _TRUTH else "",
            solved if solved is not None and solved in _TRUTH else "",
            level if level is not None and level in levels else "",
        )

    @property
    def place(self) -> str:
        """Where what is not answered yet is asked."""
        names = ("contacted", "solved", "level")
        return _place(**{name: getattr(self, name) for name in names if getattr(self, name)})

    def told(self, scale: str) -> tuple[tuple[str, str, str], ...]:
        """Each answer as it is read again before it is submitted, with where it can be changed."""
        words = {YES: "是", NO: "否", SKIPPED: "没有回答"}
        level = SCALES[scale][int(self.level)]
        return (
            ("单位或热线联系您了吗", words[self.contacted], _place()),
            ("问题解决了吗", words[self.solved], _place(contacted=self.contacted)),
            (
                "满意吗",
                level,
                _place(contacted=self.contacted, solved=self.solved),
            ),
        )

    def values(self) -> dict[str, bool | int | None]:
        """As the door takes them; the level is chosen."""
        return {
            "contacted": _TRUTH.get(self.contacted),
            "solved": _TRUTH.get(self.solved),
            "level": int(self.level),
        }


def sent_with(form: FormData, scale: str | None) -> Answers:
    """What a form brings of them, by the scale he is asked on, if he is."""
    names = ("contacted", "solved", "level")
    return Answers.of(scale or "five", *(text(form, name) for name in names))


def next_question(given: Answers, scale: str) -> Question | None:
    """The first that is not answered yet; None when all are."""
    if not given.contacted:
        help_ = "整改期间，打过电话、发过短信都算"
        return Question(1, "单位或热线联系您了吗？", help_, _yes_no("contacted", {}), "/r/now")
    so_far = {"contacted": given.contacted}
    if not given.solved:
        choices = _yes_no("solved", so_far)
        return Question(2, "您反映的问题解决了吗？", "", choices, _place())
    so_far |= {"solved": given.solved}
    if not given.level:
        levels = SCALES[scale].items()
        choices = tuple(Choice(_place(**so_far, level=str(n)), word) for n, word in levels)
        back = _place(contacted=given.contacted)
        return Question(3, "您对整改结果满意吗？", "", choices, back)
    return None


def _yes_no(name: str, so_far: dict[str, str]) -> tuple[Choice, ...]:
    words = ((YES, "是"), (NO, "否"), (SKIPPED, "说不清，跳过"))
    return tuple(Choice(_place(**so_far, **{name: value}), word) for value, word in words)


def _place(**answers: str) -> str:
    return f"/r/rate?{urlencode(answers)}" if answers else "/r/rate"
