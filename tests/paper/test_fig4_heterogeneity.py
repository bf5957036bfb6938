from __future__ import annotations

import numpy as np

from fairgames.report.paper import fig4_heterogeneity as fig4


def test_means_lie_apart_where_users_are_heterogeneous():
    left, right = fig4.crowds()
    assert left.between_variance > 10 * left.within_variance
    assert right.between_variance < right.within_variance / 10
    for crowd, apart in ((left, True), (right, False)):
        spread = np.ptp(crowd.means)
        noise = crowd.samples.std(axis=1).mean()
        assert bool(spread > 5 * noise) is apart


def test_the_simulation_is_seeded(read_rows):
    (first,), (second,) = fig4.plates(), fig4.plates()
    assert read_rows(first) == read_rows(second)
    assert len(read_rows(first)) == 2 * fig4.N_USERS * fig4.N_SAMPLES


def test_the_drawn_dots_are_the_samples():
    found = fig4.crowds()
    for axes, crowd in zip(fig4.draw(found).axes, found, strict=True):
        dots = [line.get_xdata() for line in axes.lines if len(line.get_xdata()) == fig4.N_SAMPLES]
        assert np.array_equal(dots, crowd.samples)
