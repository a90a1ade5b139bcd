"""演示：the eight acts, in the order in which they are told."""
