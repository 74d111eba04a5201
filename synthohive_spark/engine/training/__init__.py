"""What training takes, whichever engine: progress, checkpoints, torch."""
