import numpy as np
import pytest
from scipy.stats import chi2, f

from fairgames.fitting.federated_mean import between_interval, ratio_interval, summarise, within_interval

UNBALANCED = [2, 3, 3, 5, 9, 12, 1, 4]


def mean_squares(data):
    n = data.samples
    means = np.array([data.values[data.groups == k].mean() for k in range(len(n))])
    within = ((data.values - means[data.groups]) ** 2).sum() / (n.sum() - len(n))
    return n, means, within


def test_within_is_the_chi_square_interval(simulate):
    data = simulate(np.random.default_rng(0), UNBALANCED, 3.0, 5.0)
    n, _, within = mean_squares(data)
    freedom = n.sum() - len(n)
    expected = freedom * within / chi2.ppf([0.95, 0.05], freedom)
    assert within_interval(summarise(data), 0.9) == pytest.approx(expected)


def test_balanced_data_give_the_williams_interval(simulate):
    data = simulate(np.random.default_rng(0), [6] * 9, 3.0, 5.0)
    _, means, within = mean_squares(data)
    between = 6 * means.var(ddof=1)
    F, known = f.ppf([0.95, 0.05], 8, 45), chi2.ppf([0.95, 0.05], 8) / 8
    assert ratio_interval(summarise(data), 0.9) == pytest.approx((between / within / F - 1) / 6)
    assert between_interval(summarise(data), 0.9) == pytest.approx((between - within * F) / (6 * known))


def test_ratio_interval_ends_where_walds_statistic_meets_its_quantiles(simulate):
    data = simulate(np.random.default_rng(1), UNBALANCED, 9.0, 5.0)
    n, means, within = mean_squares(data)
    for ratio, probability in zip(ratio_interval(summarise(data), 0.9), (0.95, 0.05), strict=True):
        w = n / (1 + n * ratio)
        statistic = (w * (means - w @ means / w.sum()) ** 2).sum() / 7 / within
        assert statistic == pytest.approx(f.ppf(probability, 7, n.sum() - 8))


def test_groups_closer_than_chance_give_zero(simulate):
    data = simulate(np.random.default_rng(0), [6] * 9, 0.0, 5.0)
    means = mean_squares(data)[1]
    flat = type(data)(data.names, data.groups, data.values - means[data.groups], data.covariates, 0)
    assert between_interval(summarise(flat), 0.9) == (0.0, 0.0)


def test_a_higher_level_is_a_wider_interval(simulate):
    summary = summarise(simulate(np.random.default_rng(2), UNBALANCED, 9.0, 5.0, (1.0,)))
    for interval in (within_interval, ratio_interval, between_interval):
        (low, high), (lower, higher) = interval(summary, 0.8), interval(summary, 0.99)
        assert lower < low < high < higher


def coverage(simulate, samples, between, within, slopes, *, n_draws, level=0.9):
    rng = np.random.default_rng(5)
    covered = np.zeros(3)
    for _ in range(n_draws):
        summary = summarise(simulate(rng, samples, between, within, slopes))
        for place, (interval, truth) in enumerate(
            ((within_interval, within), (ratio_interval, between / within), (between_interval, between))
        ):
            low, high = interval(summary, level)
            covered[place] += low <= truth <= high
    return covered / n_draws


def test_coverage_in_a_few_simulations(simulate):
    shares = coverage(simulate, UNBALANCED, 3.0, 5.0, (1.0,), n_draws=200)
    assert (np.abs(shares - 0.9) < 0.075).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("samples", "between", "within", "slopes"),
    [
        (UNBALANCED, 3.0, 5.0, ()),
        (UNBALANCED, 0.3, 5.0, (1.0, -2.0)),
        ([36, 23, 20, 19, 18, 17, 16, 14, 13, 9], 1.96, 155.5, ()),
        ([2, 2, 2, 60], 4.0, 1.0, ()),
    ],
)
def test_coverage(simulate, samples, between, within, slopes):
    shares = coverage(simulate, samples, between, within, slopes, n_draws=1000)
    assert (np.abs(shares - 0.9) < 0.03).all()
