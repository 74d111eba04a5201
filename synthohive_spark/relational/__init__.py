"""Databases: what is declared of their tables, and learning and drawing them table by table."""
