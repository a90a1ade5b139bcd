"""What the engine costs: every figure with its goal, its floor and a peer, measured in one run."""
