"""People for stories told aloud, each at a browser of his own: what they do, they click and type.

After each step the consumers have caught up, as they have a moment later in a running office.
"""

from __future__ import annotations

from pathlib import Path

from browser import Person
from city import UNIT, City
from desks import Desks
from playwright.sync_api import Locator, expect

from console.citizen_code import code_for
from console.web.access import COOKIE
from producers.citizens import token_of
from schemas.envelope import Role
from workflow.ledger import Actor

FEEDBACK = {
    "查明事实": "窗口人员多要了一份证明",
    "原因": "不熟悉办事指南",
    "措施": "已培训",
    "给群众的答复": "向您道歉",
    "签批人姓名": "负责人丁",
    "职务": "分管副局长",
}


class Somebody:
    """Signed in, in one role; `titles` are those of the pages he stood on."""

    ROLE = Role.AUDITOR
    UNIT: str | None = None

    def __init__(self, city: City, person: Person, address: str, account: str) -> None:
        self.city, self.person, self.page, self.account = city, person, person.page, account
        secret = Desks(city).sits(account, self.ROLE, self.UNIT).client.cookies[COOKIE]
        person.context.add_cookies([{"name": COOKIE, "value": secret, "url": address}])
        self.titles: list[str] = []

    def opens(self, place: str) -> None:
        self.page.goto(place)
        self.titles.append(self.page.title())

    def sees(self, words: str) -> None:
        """Within a few seconds, without doing anything."""
        expect(self.page.get_by_role("main")).to_contain_text(words)

    def _done(self, told: Locator, words: str) -> None:
        expect(told).to_contain_text(words)
        self.titles.append(self.page.title())
        self.city.drain()


class Operator(Somebody):
    """At the hotline."""

    ROLE = Role.OPERATOR

    def takes_the_next(self) -> str:
        """By one key from the list; the complaint's number."""
        self.opens("/hotline")
        self.page.keyboard.press("n")
        self.page.wait_for_url("**/c/*")
        return self.page.url.rpartition("/")[2]

    def calls(self, outcome: str = "接通") -> None:
        self.page.keyboard.press("Alt+c")
        self.page.get_by_label(outcome, exact=True).check()
        self.page.get_by_role("button", name="记下这次通话").click()
        self._did("记一次通话")

    def confirms(self, reason: str = "115") -> None:
        self.pane("有效").get_by_label("原因").select_option(reason)
        self.page.get_by_role("button", name="确认有效并派单").click()
        self._did("确认有效")

    def sends_back(self, no: str, reason: str) -> None:
        self.opens(f"/c/{no}")
        self.pane("打回").get_by_label("哪里要补").fill(reason)
        self.page.keyboard.press("Control+Enter")
        self._did("打回")

    def accepts(self, no: str) -> None:
        self.opens(f"/c/{no}")
        self.pane("审核通过").get_by_role("button", name="审核通过").click()
        self._did("审核通过")

    def refuses_the_return(self, no: str, reason: str) -> None:
        self.opens(f"/c/{no}")
        form = self.pane("不同意退回")
        form.get_by_label("不同意的理由").fill(reason)
        form.get_by_role("button", name="不同意退回").click()
        self._did("不同意退回")

    def pane(self, name: str) -> Locator:
        """One of the next steps, chosen."""
        self.page.locator(".chips label").get_by_text(name, exact=True).click()
        return self.page.get_by_role("form", name=name, exact=True)

    def _did(self, name: str) -> None:
        self._done(self.page.locator(".did"), f"已办：{name}")


class Handler(Somebody):
    """At the unit."""

    ROLE, UNIT = Role.DEPARTMENT, UNIT

    def acknowledges(self) -> None:
        """The most pressing, by one key from the list."""
        self.opens("/orders")
        self.page.keyboard.press("Alt+q")
        self._done(self._told(), "已签收")

    def asks_for_days(self, order: str, days: int, reason: str) -> None:
        offer = self._offer(order, "延期")
        offer.get_by_label("申请几个工作日").fill(str(days))
        self._gives(offer, "申请延期", "已申请延期", 理由=reason)

    def appeals(self, order: str, reason: str) -> None:
        self._gives(self._offer(order, "申诉"), "提出申诉", "已提出申诉", 理由=reason)

    def returns(self, order: str, reason: str, basis: str) -> None:
        offer = self._offer(order, "退回")
        self._gives(offer, "退回", "已退回", 理由=reason, 法律依据=basis)

    def submits(self, order: str, *files: Path, **typed: str) -> None:
        self.opens(f"/orders/{order}")
        for name, said in (FEEDBACK | typed).items():
            self.page.locator("#feedback").get_by_label(name).first.fill(said)
        self.page.get_by_label("责任岗位").select_option(label="窗口岗")
        for file in files:
            self.page.set_input_files("#file", file)
            expect(self.page.get_by_label(file.name, exact=True)).to_be_checked()
        self.page.keyboard.press("Control+Enter")
        self._done(self._told(), "整改反馈已提交")

    def _offer(self, order: str, word: str) -> Locator:
        self.opens(f"/orders/{order}")
        offer = self.page.locator("details.offer").filter(
            has=self.page.locator("summary b").get_by_text(word, exact=True)
        )
        offer.locator("summary").click()
        return offer

    def _gives(self, offer: Locator, button: str, told: str, **typed: str) -> None:
        for name, said in typed.items():
            offer.get_by_label(name).fill(said)
        offer.get_by_role("button", name=button, exact=True).click()
        self._done(self._told(), told)

    def _told(self) -> Locator:
        return self.page.locator(".done")


class Decider(Somebody):
    """Whoever has to decide: the supervisor; of appeals the reviewer."""

    ROLE = Role.SUPERVISOR

    def decides(self, no: str, answer: str, reason: str = "", choice: str = "") -> None:
        """From the row of the list."""
        self.opens("/decisions")
        row = self.page.get_by_role("row").filter(has_text=no)
        row.get_by_role("link", name=answer, exact=True).click()
        form = self.page.locator("details.answer[open]")
        if choice:
            form.get_by_label(choice).check()
        if reason:
            form.get_by_label("理由").fill(reason)
        form.get_by_role("button", name=answer, exact=True).click()
        self._done(self.page.locator(".done"), no)


class Reviewer(Decider):
    ROLE = Role.REVIEWER


class Citizen:
    """Whoever rated, at a phone."""

    def __init__(self, city: City, person: Person) -> None:
        self.city, self.person, self.page = city, person, person.page

    def opens_the_link(self, no: str) -> None:
        """As it stands in the message."""
        self.page.goto(f"/r/{token_of(self.city.ledger, self._code(no))}")

    def types_the_code(self, no: str) -> None:
        """As the operator told it."""
        self.page.goto("/r")
        self.page.get_by_label("查询码").fill(self._code(no))
        self.page.get_by_role("button", name="查看").tap()

    def answers(self, contacted: str, solved: str, level: str, words: str) -> None:
        self.page.get_by_role("link", name="评价整改结果").tap()
        for said in (contacted, solved, level):
            self.page.get_by_role("link", name=said, exact=True).tap()
        self.page.get_by_label("还想说的").fill(words)
        self.page.get_by_role("button", name="提交评价").tap()
        self.sees("已收到")
        self.city.drain()

    def sees(self, words: str) -> None:
        expect(self.page.get_by_role("main")).to_contain_text(words)

    def _code(self, no: str) -> str:
        return code_for(self.city.office, no, Actor("话务员甲", Role.OPERATOR))
