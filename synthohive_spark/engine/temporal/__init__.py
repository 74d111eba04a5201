"""Dates and timestamps as parts with a meaning."""
