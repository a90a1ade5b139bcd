"""One bad rating all the way round the loop, twice, to the supervisor's ruling: clicked through by
those whose part it is, each at a browser of his own, the citizen at a phone.
"""

from __future__ import annotations

import json
import logging
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from browser import Person, Size
from city import City
from clicked import Citizen, Decider, Handler, Operator, Reviewer
from systems import API, RATING, Systems

from console.accounts.tokens import Scope

PHONE, NAME, SAID = "13800001234", "群众甲", "又让我回去开证明"
NOT_YET = "还是没有人告诉我要带什么"
TWICE = (
    "ReviewCollected ComplaintAnalysed VerificationRequested ComplaintClaimed CallAttempted "
    "ComplaintConfirmed DepartmentAssigned WorkOrderAcknowledged ExtensionRequested "
    "ExtensionGranted AppealLodged AppealRejected RectificationSubmitted RectificationSentBack "
    "RectificationSubmitted RectificationAccepted ReevaluationInvited ComplaintReevaluated "
    "DepartmentAssigned SupervisionOrdered WorkOrderReturned ReturnRefused RectificationSubmitted "
    "RectificationAccepted ReevaluationInvited ComplaintReevaluated SupervisionOrdered RulingGiven"
)
"""What people did, and what the engine did of itself."""


@dataclass(frozen=True)
class Everybody:
    """Whose part it is."""

    city: City
    operator: Operator
    handler: Handler
    supervisor: Decider
    reviewer: Reviewer
    citizen: Citizen

    def order(self, no: str) -> str:
        return str(self.city.complaint(no).order)


@pytest.fixture
def everybody(city: City, console_here: str, people: Callable[..., Person]) -> Everybody:
    return Everybody(
        city,
        Operator(city, people(console_here), console_here, "话务员甲"),
        Handler(city, people(console_here, Size.SCALED), console_here, "联络员乙"),
        Decider(city, people(console_here), console_here, "监督员丙"),
        Reviewer(city, people(console_here), console_here, "复核人丁"),
        Citizen(city, people(console_here, Size.PHONE)),
    )


def rated(city: City, address: str) -> None:
    """The platform brings a bad rating by the interface."""
    headers = {
        "Authorization": f"Bearer {Systems(city).token(Scope.INTAKE)}",
        "Content-Type": "application/json",
    }
    row = RATING | {"userName": NAME, "writingEvaluation": f"我是{NAME}，{SAID}"}
    url = f"{address}{API}/ratings?source=bihuan"
    sent = urllib.request.Request(url, json.dumps(row).encode(), headers)
    with urllib.request.urlopen(sent) as answer:
        assert json.load(answer)["rows"][0]["outcome"] == "accepted"
    city.drain()


def test_a_bad_rating_goes_round_the_loop_to_its_end(
    everybody: Everybody,
    console_here: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG, "console")
    no = it_comes_in(everybody, console_here)
    the_unit_wants_more_days_and_does_not_agree(everybody, no)
    what_it_did_is_sent_back_once(everybody, no, tmp_path / "培训记录.pdf")
    the_citizen_is_not_satisfied(everybody, no)
    after_a_second_round_the_supervisor_rules(everybody, no)
    assert " ".join(everybody.city.timeline(no)) == TWICE
    assert everybody.city.damage() == []
    nothing_private(everybody, no, caplog.text, *capfd.readouterr())


def it_comes_in(all_: Everybody, address: str) -> str:
    """It stands in the operator's list, and then in the unit's, without being asked for."""
    operator, handler = all_.operator, all_.handler
    operator.opens("/hotline")
    operator.sees("这一栏没有件")
    handler.opens("/orders")
    rated(all_.city, address)
    operator.sees("CP21-0001")
    no = operator.takes_the_next()
    operator.calls()
    operator.confirms()
    handler.sees("未办结 1 件")
    return no


def the_unit_wants_more_days_and_does_not_agree(all_: Everybody, no: str) -> None:
    handler, supervisor = all_.handler, all_.supervisor
    handler.acknowledges()
    supervisor.opens("/decisions")
    supervisor.sees("没有等您裁决的事")
    handler.asks_for_days(all_.order(no), 3, "要向上级核对指南")
    supervisor.sees(no)
    supervisor.decides(no, "同意延期")
    handler.appeals(all_.order(no), "指南里写着要这份证明")
    all_.reviewer.decides(no, "申诉不成立", "指南上月已经改了")


def what_it_did_is_sent_back_once(all_: Everybody, no: str, minutes: Path) -> None:
    operator, handler, order = all_.operator, all_.handler, all_.order(no)
    minutes.write_bytes(b"%PDF-1.7 minutes")
    handler.submits(order, minutes)
    operator.sends_back(no, "没有写今后怎样防止")
    handler.opens(f"/orders/{order}")
    handler.sees("没有写今后怎样防止")
    handler.submits(order, 措施="已培训，并改了办事指南")
    operator.opens(f"/c/{no}")
    operator.sees(minutes.name)
    operator.accepts(no)


def the_citizen_is_not_satisfied(all_: Everybody, no: str) -> None:
    citizen = all_.citizen
    citizen.opens_the_link(no)
    citizen.sees("向您道歉")
    citizen.answers("是", "否", "不满意", NOT_YET)
    assert (all_.city.complaint(no).round, all_.city.state(no)) == (2, "待签收")


def after_a_second_round_the_supervisor_rules(all_: Everybody, no: str) -> None:
    """The unit would be rid of it, and is not; a third round there is none."""
    operator, handler, citizen, order = all_.operator, all_.handler, all_.citizen, all_.order(no)
    handler.returns(order, "不归我们管", "三定方案第二条")
    operator.refuses_the_return(no, "窗口是你们的")
    handler.submits(order, 措施="窗口贴出了清单")
    operator.accepts(no)
    citizen.types_the_code(no)
    citizen.answers("是", "否", "非常不满意", NOT_YET)
    all_.supervisor.decides(no, "终裁", "两轮都没有解决", "按未解决办结")
    citizen.opens_the_link(no)
    citizen.sees("办结")


def nothing_private(all_: Everybody, no: str, *logs: str) -> None:
    """Of the citizen nothing stands in an address, a title, an export or a log."""
    desks = (all_.operator, all_.handler, all_.supervisor, all_.reviewer)
    orders = all_.handler.person.context.request.get("/orders/export.csv").text()
    figures = all_.supervisor.person.context.request.get("/figures/2021Q3/export").text()
    assert all_.order(no) in orders
    titles = [title for one in desks for title in one.titles]
    addresses = [place for one in (*desks, all_.citizen) for place in one.person.addresses]
    assert f"{no} · 闭环" in titles
    assert any(place.endswith(f"/c/{no}") for place in addresses)
    told = (*titles, *addresses, orders, figures, *logs)
    for private in (PHONE, PHONE[-4:], NAME, SAID, NOT_YET):
        assert not [one for one in told if private in one], private
