"""Fits of pages and notebooks that are bounded alike on every machine."""

import functools

from synthohive_spark import Synthesizer


def fit_by_epochs(monkeypatch, epochs):
    """Let every `Synthesizer.fit` take this many epochs: how far a budget of time comes depends on the processor."""
    fit = Synthesizer.fit

    @functools.wraps(fit)
    def by_epochs(self, source, *, max_seconds=None, **settings):
        return fit(self, source, **settings, epochs=epochs)

    monkeypatch.setattr(Synthesizer, "fit", by_epochs)
