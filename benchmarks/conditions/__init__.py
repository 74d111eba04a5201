"""Conditions, filled nulls and exact dependencies."""
