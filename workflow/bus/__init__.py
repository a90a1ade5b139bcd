"""The bus: how consumers are handed the records of the log, and how far each has come."""
