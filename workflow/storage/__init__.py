"""Storage: the tables, their one writer, the lanes of the log, and the vault."""
