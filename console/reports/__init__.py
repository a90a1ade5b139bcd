"""报表: figures read from the database, each report in a file of its own; the renderers apart."""
