"""Alembic's migrations: the database's way from one release to the next."""
