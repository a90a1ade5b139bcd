"""Alembic's environment: runs on the connection it is handed."""

from alembic import context

from workflow.storage.models import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
context.run_migrations()
