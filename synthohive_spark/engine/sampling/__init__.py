"""Rows as a function of their ids."""
