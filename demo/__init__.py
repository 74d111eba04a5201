"""A real table in, a synthetic table out: ``python -m demo fit``, then ``python -m demo sample``."""
