"""The auditor asks for what belongs to a page of rows by an index: a question that read a whole
table each time would take days where there are a million complaints.
"""

from plans import planned

from console.retaliation import reported, reports
from console.traces import reveals
from schemas.envelope import Role
from workflow.ledger import Actor

BIG = ("events", "vault", "ratings", "services", "complaints", "contacts")


def test_no_question_about_a_page_of_rows_reads_a_table_whole(city):
    subject = city.portal.bad_review()
    city.drain()
    city.hotline.calls(subject)
    city.hotline.confirms(subject)
    city.portal.bad_review()
    city.drain()
    with city.office.database.read() as conn, planned(conn, " IN (") as plans:
        assert city.damage() == []
    assert len({statement for statement, _ in plans}) > 8
    whole = {f"SCAN {table}" for table in BIG}
    assert [plan for plan in plans if plan[1] in whole] == []


def test_who_was_shown_a_number_is_listed_by_an_index_of_these_events_alone(city):
    with city.office.database.read() as conn, planned(conn, "ContactRevealed") as plans:
        reveals(conn, city.office.vault)
        reveals(conn, city.office.vault, "话务员01", "CP21-0001")
    steps = [step for _, step in plans if " events" in step]
    assert len(steps) == 4
    assert [step for step in steps if "INDEX" not in step] == []
    assert all("events_revealed" in step for step in steps[:2])
    assert not [step for _, step in plans if "vault" in step and "SEARCH" not in step]


def test_reports_of_retaliation_are_counted_and_listed_by_an_index_of_these_events_alone(city):
    with city.office.database.read() as conn, planned(conn, "RetaliationReported") as plans:
        reported(conn)
        reports(conn, Actor("监督员丙", Role.SUPERVISOR))
    steps = [step for _, step in plans if " events" in step]
    assert len(steps) == 2
    assert all("events_retaliation" in step for step in steps)
    assert not [step for _, step in plans if "complaints" in step and "SEARCH" not in step]
