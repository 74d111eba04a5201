"""A learned table: codecs, dependencies and engine together."""
