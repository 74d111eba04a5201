"""Whether all is there that a fit, a draw and a write need, and what to mend: one concern a module."""
