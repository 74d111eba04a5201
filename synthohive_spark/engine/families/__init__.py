"""Rows of one parent: what holds among siblings, and drawing them one after another."""
