"""演示：a real quarter in synthetic rows, played by simulated people before an audience."""
