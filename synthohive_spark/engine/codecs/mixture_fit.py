"""Fitting a mixture codec: range, step, and the modes of a variational Gaussian mixture."""

from __future__ import annotations

import math
import threading
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.codecs.arrow_numbers import Numbers
from synthohive_spark.engine.codecs.column_sample import ColumnSample
from synthohive_spark.engine.codecs.mixture import MixtureCodec
from synthohive_spark.engine.codecs.numeric import NumericCodec
from synthohive_spark.engine.codecs.numeric_common import shares_of
from synthohive_spark.engine.codecs.numeric_fit import fit_numeric, read_numbers, step_of, true_ends
from synthohive_spark.engine.noise import derive_seed

ROWS = 20_000
MODES = 10
LEAST_WEIGHT = 0.005
_CONCENTRATION = 0.001
_ROUNDS = 100
_LEAST_SCALE = 1e-9
_one_at_a_time = threading.Lock()


def fit_mixture(sample: ColumnSample) -> MixtureCodec | NumericCodec:
    """Fit a codec of modes; a column in which none can be told, such as a constant, gets that of `fit_numeric`."""
    type_, statistics, privacy = sample.column.type, sample.statistics, sample.privacy
    seed = derive_seed(sample.seed, "mixture", sample.column.name)
    numbers, fields = read_numbers(type_, sample.values, privacy)
    ends = _range(numbers, true_ends(type_, statistics, privacy, fields["shift"]), privacy)
    modes = _modes(shares_of(numbers, *ends), privacy.min_rows, seed) if ends else {}
    if ends is None or not modes:
        return fit_numeric(replace(sample, most_values=0))
    step = step_of(numbers, np.concatenate(ends), type_)
    return MixtureCodec(low=ends[0].item(), high=ends[1].item(), step=step, **modes, **fields)


def _range(numbers: Numbers, known: tuple[Any, Any] | None, privacy: Privacy) -> tuple[Numbers, Numbers] | None:
    """The smallest and the largest of sorted numbers that may be kept; None where too few numbers lie between."""
    trim = privacy.trim
    inside = numbers[trim : len(numbers) - trim]
    if len(inside) < MODES:
        return None
    low, high = inside[:1], inside[-1:]
    if known is not None:
        low, high = np.minimum(low, known[0]), np.maximum(high, known[1])
    return (low, high) if low < high and math.isfinite(float(high[0]) - float(low[0])) else None


def _modes(shares: npt.NDArray[np.float64], at_least: int, seed: int) -> dict[str, Any]:
    """The modes that hold a noticeable share of the numbers and enough rows, as fields; empty where there are none."""
    sample = shares
    if len(shares) > ROWS:
        sample = np.random.default_rng(seed).choice(shares, ROWS, replace=False)
    center, scale = sample.mean(), max(sample.std(), _LEAST_SCALE)
    mixture, rows = _fit_modes((sample - center) / scale, seed)
    kept = (mixture.weights_ > LEAST_WEIGHT) & (rows >= at_least)
    if not kept.any():
        return {}
    weights = mixture.weights_[kept] / mixture.weights_[kept].sum()
    means = center + scale * mixture.means_[kept, 0]
    stds = scale * np.sqrt(mixture.covariances_[kept, 0, 0])
    return {"weights": tuple(weights.tolist()), "means": tuple(means.tolist()), "stds": tuple(stds.tolist())}


def _fit_modes(numbers: Numbers, seed: int) -> tuple[Any, npt.NDArray[np.float64]]:
    """A fitted mixture, and how many of the numbers, in parts, each of its modes stands for."""
    # Late, as it takes a second that the default encoding should not cost.
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415
    from sklearn.mixture import BayesianGaussianMixture  # noqa: PLC0415
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    mixture = BayesianGaussianMixture(
        n_components=MODES,
        weight_concentration_prior_type="dirichlet_process",
        weight_concentration_prior=_CONCENTRATION,
        max_iter=_ROUNDS,
        n_init=1,
        random_state=seed % 2**32,
    )
    # Columns are fitted in threads: the warning filters and the number of BLAS threads, which sklearn sets as well,
    # belong to the process and are put back in order only by one at a time. One thread is faster on one column, and
    # more would add up in any order.
    with _one_at_a_time, threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture.fit(numbers[:, None])
        rows = mixture.predict_proba(numbers[:, None]).sum(axis=0)
    return mixture, rows
