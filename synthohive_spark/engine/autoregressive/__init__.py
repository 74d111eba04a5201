"""The autoregressive engine."""
