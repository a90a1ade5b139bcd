"""Where people stand: command line, reports, demo; `wiring` puts everything together."""
