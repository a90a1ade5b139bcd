"""What people have written, printed by the command line: no text looks like a line of ours, and
none commands the terminal.
"""

import re
import unicodedata

import pytest
from city import HANDLER, OPERATOR, UNIT
from sqlalchemy import insert, select, update
from typer.testing import CliRunner

import schemas as s
from console.cli import app
from console.cli_help import hanging, line_shown, lines_shown
from workflow.storage.models import events, outbox, parked

FORGED = "2026-11-27(五)08:28  审核通过          话务员 a            → 待再评价"
BREAKS = ("\n", "\r\n", "\u2028", "\u2029", "\x0b", "\x0c", "\x85")
OURS = re.compile(r"(  )?[^ ]")
"""Where a line of the timeline begins: at the edge, or two columns in."""


@pytest.fixture
def printed(folder):
    """What a command prints."""

    def run(*words):
        done = CliRunner().invoke(app, [*words, "--data", str(folder)])
        assert done.exit_code == 0, done.output
        return done.stdout

    return run


def commands(text):
    """What would move a terminal's cursor, turn its direction, or not be seen."""
    return [c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")]


def test_no_text_looks_like_a_line_of_the_timeline(city, printed):
    told = f"又让我开证明\n{FORGED}\n  {FORGED}\n现在可以办理：办结"
    subject = city.portal.bad_review(told, winName=f"3号窗口\n{FORGED}")
    city.hotline.receives(subject)
    city.step(subject, s.CallAttempted, OPERATOR, outcome="answered", note=f"属实\n  {FORGED}")
    city.hotline.confirms(subject)
    given = {"order": "GD21-0001-1", "unit": UNIT, "assisting": [], "rule": "person"}
    city.step(subject, s.DepartmentAssigned, OPERATOR, **given)
    city.step(subject, s.WorkOrderAcknowledged, HANDLER)
    city.step(
        subject,
        s.RectificationSubmitted,
        HANDLER,
        kind="rectified",
        facts=f"查明\u2028  {FORGED}\n限整改 2030-01-01(二)18:00",
        cause="不熟",
        measures=f"已培训\u200f\u061c\u200b{FORGED}",
        reply="致歉",
        signed_by="科长",
        post="window",
    )
    shown = printed("complaint", "show", subject, "--as", "a").splitlines()
    ours = [line for line in shown if OURS.match(line)]
    assert not [line for line in ours if FORGED[:20] in line or "审核通过" in line]
    assert [line for line in ours if line.startswith("现在可以办理")] == [ours[-1]]
    assert len([line for line in ours if re.match("  2021-", line)]) == 9
    assert sum("审核通过" in line for line in shown) == 6
    assert not [line for line in shown if line.startswith("      限整改 2030")]
    assert not commands("\n".join(shown))


def test_a_message_and_a_parked_record_are_a_line_each(city, printed):
    subject = city.portal.bad_review()
    city.drain()
    evil = f"好\x1b[2J\u202e{''.join(BREAKS)}{FORGED}"
    with city.office.database.write() as conn:
        conn.execute(update(outbox).values(body=evil))
        where = events.c.subject == subject, events.c.version == 1
        lane, pos = conn.execute(select(events.c.lane, events.c.pos).where(*where)).one()
        row = {"consumer": "metrics", "lane": lane, "pos": pos}
        row |= {"subject": subject, "status": "parked", "error": evil}
        conn.execute(insert(parked).values(**row, tries=1, parked_at=city.clock()))
    for words in ("outbox",), ("parked", "list"), ("queue", "operator"):
        lines = printed(*words).splitlines()
        assert not [line for line in lines if line.strip().startswith(FORGED[:10])], words
        assert not commands("".join(lines)), words
        assert any("好" in line for line in lines) or words[0] == "queue"


@pytest.mark.parametrize("mark", BREAKS)
def test_every_break_of_a_line_is_one(mark):
    assert line_shown(f"甲{mark}乙").split() == ["甲", "乙"]
    assert list(hanging("  原话  ", f"甲{mark}乙")) == ["  原话  甲", " " * 10 + "乙"]


def test_what_is_not_seen_is_spelt_out_and_emoji_and_blanks_stay():
    assert lines_shown("甲\x1b[31m\u200b\u202e\ufeff乙") == ["甲\\u001b[31m\\u200b\\u202e\\ufeff乙"]
    whole = "👨\u200d👩\u200d👧　两格\u00a0不断"
    assert lines_shown(whole) == [whole]
