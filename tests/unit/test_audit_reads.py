"""The auditor asks for what belongs to a page of rows by an index: a question that read a whole
table each time would take days where there are a million complaints.
"""

from plans import planned

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
