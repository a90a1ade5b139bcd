"""The engine: the table of the loop, the one way to change a complaint, and the log."""
