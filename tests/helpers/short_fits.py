"""Fits of pages and notebooks that are bounded alike on every machine."""

import functools

from synthohive_spark import Synthesizer


def fit_by_epochs(monkeypatch, epochs):
    """Let every `Synthesizer.fit` that names no epochs take so many, for no budget of time is alike on two machines."""
    fit = Synthesizer.fit

    @functools.wraps(fit)
    def by_epochs(self, source, *, max_seconds=None, **settings):
        return fit(self, source, **{"epochs": epochs, **settings})

    monkeypatch.setattr(Synthesizer, "fit", by_epochs)
