"""What leaves the house: once it is taken it counts, and a kill sends it again under its own id."""

import json
import resource
import signal
import stat
import subprocess
import threading
import time

import pytest
from city import OPERATOR, UNIT
from sqlalchemy import select
from typer.testing import CliRunner

import schemas as s
from console.cli import app
from console.gateway import CHANNELS, NotTaken, ProgramGateway
from producers import hotline
from workflow import outbox
from workflow.aside import Aside
from workflow.errors import IllegalStep, InvalidInput
from workflow.outbox import Message
from workflow.sender import Sender
from workflow.storage.models import complaints, vault
from workflow.storage.models import outbox as table

MESSAGE = Message("CP21-0001-9/message", "CP21-0001", "message", "citizen", "请评价", "19900001234")


def reevaluating(city, **values):
    subject = city.portal.bad_review(**values)
    city.drain()
    city.hotline.confirms(subject)
    city.drain()
    city.department.submits(subject)
    city.hotline.accepts(subject)
    city.drain()
    return subject


def program(folder, lines):
    path = folder / "gateway"
    path.write_text("#!/bin/sh\n" + lines, encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def messages(city):
    with city.office.database.read() as conn:
        query = select(table).where(table.c.recipient == outbox.CITIZEN)
        return conn.execute(query).all()


def invitations(city, subject):
    return city.timeline(subject).count("ReevaluationInvited")


def test_a_program_is_the_gateway(tmp_path):
    gateway = ProgramGateway(program(tmp_path, f"cat > {tmp_path}/seen; echo R-17; echo more"))
    assert gateway.send(MESSAGE) == "R-17"
    seen = json.loads((tmp_path / "seen").read_text(encoding="utf-8"))
    assert (seen["event_id"], seen["phone"], seen["body"]) == (
        "CP21-0001-9/message",
        "19900001234",
        "请评价",
    )
    refusing = ProgramGateway(program(tmp_path, "echo 19900001234 unknown; exit 3"))
    with pytest.raises(NotTaken) as refused:
        refusing.send(MESSAGE)
    assert "1990" not in str(refused.value)


@pytest.mark.parametrize(
    ("lines", "receipt"),
    [
        (r"printf '\267\242\313\315\263\311\271\246\n'", "发送成功"),
        ("echo 发送成功", "发送成功"),
        ("yes 收 | head -c 3000000 | tr -d '\\n'", "收" * 333),
        ("(sleep 60 &); echo R-1", "R-1"),
        ("exec 1>&-; sleep 0.1", ""),
        ("exec 0<&-; echo R-1", "R-1"),
    ],
    ids=["GB18030", "UTF-8", "long", "a child left behind", "closed", "nothing read"],
)
def test_a_receipt_is_read_in_whatever_way_the_program_prints_it(tmp_path, lines, receipt):
    begun = time.monotonic()
    assert ProgramGateway(program(tmp_path, lines)).send(MESSAGE) == receipt
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("lines", ["yes", "exec 1>&-; sleep 60", "sleep 60"])
def test_a_program_that_does_not_end_is_killed_with_what_it_started(tmp_path, monkeypatch, lines):
    """What it prints meanwhile fills no memory."""
    monkeypatch.setattr("console.gateway.SECONDS", 0.5)
    path = program(tmp_path, f"(sleep 1; touch {tmp_path}/late) & {lines}")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(subprocess.TimeoutExpired):
        ProgramGateway(path).send(MESSAGE)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000
    time.sleep(1)
    assert not (tmp_path / "late").exists()


def test_a_receipt_no_database_would_take_is_tidied_and_the_message_goes_out_once(city, tmp_path):
    subject = reevaluating(city)
    hotline.send_invitation(city.ledger, subject, account="a", channel="message")
    path = program(tmp_path, r"cat > /dev/null; printf ' ok\0id1\033[0m \n'")
    gateway = {"message": ProgramGateway(path)}
    assert outbox.deliver(city.ledger, gateway) == 1
    assert [(row.status, row.receipt) for row in messages(city)] == [("sent", "okid1[0m")]
    assert outbox.deliver(city.ledger, gateway) == 0
    assert city.damage() == []


def test_an_operator_has_a_message_sent_and_it_counts_once_it_is_taken(city, tmp_path):
    subject = reevaluating(city)
    before = invitations(city, subject)
    first = hotline.send_invitation(city.ledger, subject, account="a", channel="message")
    assert hotline.send_invitation(city.ledger, subject, account="a", channel="message") == first
    assert invitations(city, subject) == before
    gateway = ProgramGateway(program(tmp_path, "cat > /dev/null; echo R-1"))
    sender = Sender(city.ledger, {"message": gateway}, lambda: None)
    running = threading.Thread(target=sender.run)
    running.start()
    until = time.monotonic() + 60
    while invitations(city, subject) == before and time.monotonic() < until:
        time.sleep(0.02)
    sender.stop()
    running.join()
    (message,) = messages(city)
    assert (message.status, message.receipt) == ("sent", "R-1")
    assert invitations(city, subject) == before + 1
    assert city.damage() == []


def test_a_message_that_has_not_gone_out_is_not_written_again_whatever_was_done_meanwhile(
    city, tmp_path
):
    """Else a slow gateway would send the citizen as many as operators pressed the button."""
    subject = reevaluating(city)
    send = {"account": "a", "channel": "message"}
    first = hotline.send_invitation(city.ledger, subject, **send)
    hotline.link_ticket(city.ledger, subject, account="a", ticket="12345-1")
    assert hotline.send_invitation(city.ledger, subject, **send) == first
    assert len(messages(city)) == 1
    gateway = ProgramGateway(program(tmp_path, "cat > /dev/null; echo R-1"))
    assert outbox.deliver(city.ledger, {"message": gateway}) == 1
    assert hotline.send_invitation(city.ledger, subject, **send) != first
    assert len(messages(city)) == 2


def test_a_message_and_a_link_of_one_moment_go_out_under_two_ids(city, tmp_path):
    """Else a gateway that keeps to the ids would take the second for the first come again."""
    subject = reevaluating(city)
    ids = {
        hotline.send_invitation(city.ledger, subject, account="a", channel=channel)
        for channel in ("message", "link")
    }
    seen = tmp_path / "seen"
    gateway = ProgramGateway(program(tmp_path, f"cat >> {seen}; echo >> {seen}; echo R"))
    assert outbox.deliver(city.ledger, dict.fromkeys(CHANNELS, gateway)) == 2
    sent = {json.loads(line)["event_id"] for line in seen.read_text().splitlines()}
    assert sent == ids
    assert len(ids) == 2


def test_without_a_gateway_a_call_takes_the_place_of_a_message(city):
    subject = reevaluating(city)
    before = invitations(city, subject)
    hotline.send_invitation(city.ledger, subject, account="a", channel="link")
    assert outbox.deliver(city.ledger, {}) == 1
    assert messages(city)[0].status == "failed"
    assert invitations(city, subject) == before + 1


def test_no_message_goes_to_a_number_that_was_called_and_is_wrong(city, tmp_path):
    subject = reevaluating(city)
    hotline.send_invitation(city.ledger, subject, account="a", channel="message")
    city.hotline.calls(subject, "wrong_number")
    sent = tmp_path / "sent"
    gateway = ProgramGateway(program(tmp_path, f"cat > {sent}; echo R-1"))
    assert outbox.deliver(city.ledger, {"message": gateway}) == 1
    (message,) = messages(city)
    assert (message.status, message.receipt) == ("failed", "没有能用的电话号码")
    assert not sent.exists()
    with pytest.raises(InvalidInput, match="号码有误"):
        hotline.send_invitation(city.ledger, subject, account="a", channel="link")
    assert city.damage() == []


def both_invited(city):
    """Two complaints whose citizens a message was written to, the first one's first."""
    subjects = [reevaluating(city, mobile=f"1990000000{n}") for n in (1, 2)]
    for subject in subjects:
        hotline.send_invitation(city.ledger, subject, account="a", channel="message")
    return subjects


def stands(city):
    return [row.status for row in sorted(messages(city), key=lambda row: row.id)]


def test_a_number_that_cannot_be_opened_stops_no_other_message_and_ends_as_a_call(city, tmp_path):
    subject, other = both_invited(city)
    this = vault.c.owner == subject, vault.c.field == "contact"
    with city.office.database.write() as conn:
        sealed = conn.execute(select(vault.c.sealed).where(*this)).scalar_one()
        conn.execute(vault.update().where(*this).values(sealed=b"x" * 40))
    before, written = invitations(city, subject), city.clock.now
    gateway = {"message": ProgramGateway(program(tmp_path, "cat > /dev/null; echo R-1"))}
    for wait in outbox.WAITS:
        assert stands(city)[0] == "waiting"
        city.clock.now = written + wait
        outbox.deliver(city.ledger, gateway)
        assert stands(city)[1] == "sent"
    assert [(row.status, row.receipt) for row in messages(city)] == [
        ("failed", "Damaged"),
        ("sent", "R-1"),
    ]
    assert (invitations(city, subject), invitations(city, other)) == (before + 1, before + 1)
    with city.office.database.write() as conn:
        conn.execute(vault.update().where(*this).values(sealed=sealed))
    assert city.damage() == []


def test_a_complaint_that_cannot_be_read_stops_no_other_message_and_gets_its_own_once_mended(
    city, elsewhere, tmp_path, monkeypatch, caplog
):
    subject = both_invited(city)[0]
    this = complaints.c.id == subject
    with city.office.database.write() as conn:
        fold = conn.execute(select(complaints.c.fold).where(this)).scalar_one()
        conn.execute(complaints.update().where(this).values(fold="{"))
    aside, ledger = Aside(), elsewhere.ledger
    outbox.deliver(ledger, {}, aside=aside)
    assert stands(city) == ["waiting", "failed"]
    assert "left aside" in caplog.text
    assert outbox.deliver(ledger, {}, aside=aside) == 0
    with city.office.database.write() as conn:
        conn.execute(complaints.update().where(this).values(fold=fold))
    monkeypatch.setattr("workflow.aside.RESTS", 0.0)
    before = invitations(city, subject)
    gateway = {"message": ProgramGateway(program(tmp_path, "cat > /dev/null; echo R-1"))}
    assert outbox.deliver(ledger, gateway, aside=aside) == 1
    assert stands(city) == ["sent", "failed"]
    assert invitations(city, subject) == before + 1
    assert city.damage() == []


def test_what_cannot_be_sent_is_refused_at_the_door(city):
    subject = city.portal.bad_review()
    with pytest.raises(IllegalStep):
        hotline.send_invitation(city.ledger, subject, account="a", channel="message")
    with pytest.raises(InvalidInput):
        hotline.send_invitation(city.ledger, subject, account="a", channel="call")
    anonymous = city.portal.bad_review(mobile=None, userName=None)
    city.drain()
    given = {"by": "fact_check", "reason_code": "115", "case_class": "clear"}
    city.step(anonymous, s.ComplaintConfirmed, OPERATOR, **given)
    city.drain()
    city.department.submits(anonymous)
    city.hotline.accepts(anonymous)
    with pytest.raises(InvalidInput, match="channel"):
        hotline.send_invitation(city.ledger, anonymous, account="a", channel="message")
    assert messages(city) == []


@pytest.mark.guarantee("G2")
def test_killed_between_the_gateway_and_the_receipt_it_goes_out_again_under_its_id(
    city, folder, tmp_path, zygote
):
    subject = reevaluating(city)
    before = invitations(city, subject)
    hotline.send_invitation(city.ledger, subject, account="a", channel="message")
    seen = tmp_path / "seen"
    path = program(tmp_path, f"cat >> {seen}; echo >> {seen}; echo R")
    call = "scenarios:send_until_killed"
    assert zygote.run(call, folder=str(folder), program=str(path)) == -signal.SIGKILL
    assert messages(city)[0].status == "waiting"
    outbox.deliver(city.ledger, {"message": ProgramGateway(path)})
    sent = [json.loads(line)["event_id"] for line in seen.read_text().splitlines()]
    assert len(sent) == 2
    assert len(set(sent)) == 1
    assert invitations(city, subject) == before + 1
    assert city.damage() == []


def test_the_outbox_is_read_on_the_command_line(city, folder):
    subject = reevaluating(city)
    hotline.send_invitation(city.ledger, subject, account="a", channel="message")

    def bihuan(*words):
        return CliRunner().invoke(app, [*words, "--data", str(folder)])

    shown = bihuan("outbox", "--to", "role:operator")
    assert f"{subject} 新的差评，请核实" in shown.stdout
    assert "  话务员  " in shown.stdout
    assert "  区人社局  " in bihuan("outbox", "--to", f"unit:{UNIT}").stdout
    assert "  群众  " in bihuan("outbox", "--to", "citizen").stdout
    waiting = json.loads(bihuan("outbox", "--status", "waiting", "--json").stdout)
    assert [row["recipient"] for row in waiting] == ["citizen"]
    assert "1990000" not in bihuan("outbox").stdout
    assert bihuan("outbox", "--status", "lost").exit_code == 2
