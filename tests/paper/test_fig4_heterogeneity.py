from __future__ import annotations

import numpy as np

from fairgames.report.paper import drawings


def test_means_lie_apart_where_users_are_heterogeneous():
    left, right = drawings.crowds()
    assert left.between_variance > 10 * left.within_variance
    assert right.between_variance < right.within_variance / 10
    for crowd, apart in ((left, True), (right, False)):
        spread = np.ptp(crowd.means)
        noise = crowd.samples.std(axis=1).mean()
        assert bool(spread > 5 * noise) is apart


def test_the_simulation_is_seeded(read_rows):
    (first,), (second,) = drawings.fig4(), drawings.fig4()
    assert read_rows(first) == read_rows(second)
    assert len(read_rows(first)) == 2 * drawings.N_USERS * drawings.N_SAMPLES


def test_the_drawn_dots_are_the_samples():
    found = drawings.crowds()
    for axes, crowd in zip(drawings.draw_crowds(found).axes, found, strict=True):
        dots = [line.get_xdata() for line in axes.lines if len(line.get_xdata()) == drawings.N_SAMPLES]
        assert np.array_equal(dots, crowd.samples)
