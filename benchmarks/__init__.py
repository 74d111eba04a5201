"""Measurements: this package against the reference package, and how fast executors draw rows."""
