"""The auditor asks for what belongs to a page of rows by an index: a question that read a whole
table each time would take days where there are a million complaints.
"""

from sqlalchemy import event

BIG = ("events", "vault", "ratings", "services", "complaints", "contacts")


def test_no_question_about_a_page_of_rows_reads_a_table_whole(city):
    subject = city.portal.bad_review()
    city.drain()
    city.hotline.calls(subject)
    city.hotline.confirms(subject)
    city.portal.bad_review()
    city.drain()
    with city.office.database.read() as conn:
        asked = set()

        @event.listens_for(conn.engine, "before_cursor_execute")
        def heard(_conn, _cursor, statement, parameters, *_):
            if " IN (" in statement:
                asked.add((statement, tuple(parameters)))

        assert city.damage() == []
        event.remove(conn.engine, "before_cursor_execute", heard)
        plans = [
            (statement, step.detail)
            for statement, parameters in sorted(asked, key=str)
            for step in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    assert len(asked) > 8
    whole = {f"SCAN {table}" for table in BIG}
    assert [plan for plan in plans if plan[1] in whole] == []
