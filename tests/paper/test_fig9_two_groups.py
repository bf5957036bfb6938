"""Section 5.2 and the caption of Fig. 9, and the region that the paper leaves out."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import fairgames as fg
from fairgames.mechanism.two_player.two_groups import KINDS, two_group_optima
from fairgames.report.paper import two_users
from fairgames.report.paper.two_users import two_user_mean


@pytest.fixture(scope="module")
def found():
    return two_users.optima(0, 1, two_users.STEPS)


@pytest.fixture(scope="module")
def window():
    return two_users.optima(*two_users.WINDOW, 160)


def kinds(found):
    first, second = np.meshgrid(found.first_costs, found.second_costs, indexing="ij")
    return first, second, np.array(KINDS)[found.kind]


def test_both_take_part_where_costs_are_small_and_close(found):
    first, second, kind = kinds(found)
    cheaper, dearer = np.minimum(first, second), np.maximum(first, second)
    assert (kind[(dearer < 0.25) & (2 * dearer - cheaper < 0.33)] == "both").all()
    assert (dearer[kind == "both"] < 1 / 3 + 1e-9).all()


def test_a_large_difference_engages_one_user_even_there(found):
    first, second, kind = kinds(found)
    apart = (first < 0.05) & (second > 0.2) & (second < 1 / 3)
    assert apart.any()
    assert (kind[apart] == "user 1 alone").all()


def test_above_a_third_only_the_cheaper_user_takes_part_however_small_the_difference(found):
    first, second, kind = kinds(found)
    inside = (np.minimum(first, second) > 1 / 3 + 1e-9) & (np.minimum(first, second) < 2 / 3 - 1e-9)
    assert (kind[inside & (first > second)] == "user 2 alone").all()
    assert (kind[inside & (first < second)] == "user 1 alone").all()


def test_above_two_thirds_nobody_takes_part(found):
    first, second, kind = kinds(found)
    beyond = np.minimum(first, second) > 2 / 3 + 1e-9
    assert (kind[beyond] == "nobody").all()
    assert (found.value[beyond] == 0).all()


def test_values_are_the_closed_form(found):
    a, b = np.sort(np.stack(np.meshgrid(found.first_costs, found.second_costs, indexing="ij")), axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        half_mixed = np.where((a > 0) & (b <= 4 * a / 3), (1 - 2 * a) * (2 - b / a), 0)
    expected = np.max([1 - 2 * b, 2 / 3 - a, half_mixed, 0 * a], axis=0)
    assert found.value == pytest.approx(expected, abs=1e-12)


def test_half_mixed_region_is_where_it_is_derived_to_be(window):
    first, second, kind = kinds(window)
    a, b = np.minimum(first, second), np.maximum(first, second)
    edge = a * (2 - (2 / 3 - a) / (1 - 2 * a))
    inside = (a > 0.25) & (a < 1 / 3) & (b > a) & (b < edge)
    clear = (np.abs(b - edge) > 1e-9) & (np.abs(a - 0.25) > 1e-9) & (b - a > 1e-9)
    assert ((kind == "half-mixed") == inside)[clear].all()
    assert inside.sum() > 500


def test_in_the_half_mixed_region_the_dearer_user_shares_surely(window):
    first, second, kind = kinds(window)
    upper = (kind == "half-mixed") & (second > first)
    assert window.absent[1][upper] == pytest.approx(0, abs=1e-9)
    assert window.absent[0][upper] == pytest.approx((3 * second / first - 3)[upper], abs=1e-9)
    assert window.alpha[upper] == pytest.approx(2 * first[upper])


@pytest.mark.parametrize(("c1", "c2"), [("3/10", "31/100"), ("1/10", "1/5"), ("1/2", "2/5"), ("9/10", "4/5")])
def test_points_agree_with_exact_enumeration(c1, c2):
    exact = fg.optimal_alpha(two_user_mean(), [[0, c1], [0, c2]])
    point = two_group_optima(two_user_mean(), [float(Fraction(c1))], [float(Fraction(c2))])
    assert point.value.item() == pytest.approx(float(exact.value), abs=1e-12)
    assert two_users.paid_to_user_2(point).item() == pytest.approx(float(exact.payments[1]), abs=1e-12)


def test_payments_and_share_add_up_to_the_utility(found):
    first_absent, second_absent = found.absent
    to_user_1 = found.alpha * (1 - first_absent) * (second_absent * 2 / 3 + (1 - second_absent) / 2)
    assert found.value + to_user_1 + two_users.paid_to_user_2(found) == pytest.approx(found.utility, abs=1e-9)


def test_map_is_drawn_as_written(read_rows):
    panels, regions = two_users.fig9()
    image = panels.figure.axes[1].images[0].get_array()
    rows = read_rows(panels)
    written = np.array([float(row["platform_keeps"]) for row in rows]).reshape(two_users.STEPS + 1, -1)
    assert np.asarray(image) == pytest.approx(written.T, abs=1e-9)
    assert {row["kind"] for row in read_rows(regions)} == {
        "both",
        "user 1 alone",
        "user 2 alone",
        "nobody",
        "half-mixed",
    }
