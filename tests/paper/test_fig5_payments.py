"""Each sentence of section 4.1 and of the caption of Fig. 5, on the numbers that are drawn."""

from __future__ import annotations

import pytest
from oracles import shapley

from fairgames.report.paper import ten_users
from fairgames.report.paper.ten_users import PROFILE, SAMPLES, federated_mean

KINDS = [(2, 100), (2, 10), (1, 100), (1, 10)]


@pytest.fixture(scope="module")
def alike():
    return ten_users.alike()


@pytest.fixture(scope="module")
def starred():
    return ten_users.with_a_star()


def differences(paid):
    return {kind: paid.bar(*kind).difference for kind in KINDS}


def test_the_profile_is_the_printed_one():
    assert [PROFILE.count(level) for level in (0, 1, 2)] == [1, 5, 4]
    assert SAMPLES.count(100) == 2
    assert len(SAMPLES) == 10


def test_payments_follow_theorem_2():
    paid = ten_users.alike()[1]
    utility = federated_mean(paid.regime)
    assert paid.bar(2, 100).payment == pytest.approx(shapley(utility, PROFILE)[8])


def test_regimes_are_printed_ones_and_heterogeneity_falls(alike):
    assert [paid.regime[1:] for paid in alike] == [(100, 1), (1, 10), (0.1, 100)]


def test_left_direct_users_are_paid_above_the_average_and_federating_ones_below(alike):
    found = differences(alike[0])
    assert min(found[2, 10], found[2, 100]) > 0 > max(found[1, 10], found[1, 100])


def test_center_all_are_closer_to_the_average_and_more_data_is_favoured_slightly(alike):
    left, center, right = (max(differences(paid).values()) - min(differences(paid).values()) for paid in alike)
    assert center < min(left, right)
    found = differences(alike[1])
    assert all(abs(found[kind]) < abs(differences(alike[0])[kind]) for kind in KINDS)
    assert found[2, 100] > found[2, 10]
    assert found[1, 100] > found[1, 10]


def test_right_users_with_more_data_are_paid_above_the_average_and_the_others_below(alike):
    found = differences(alike[2])
    assert min(found[1, 100], found[2, 100]) > 0 > max(found[1, 10], found[2, 10])


def test_right_direct_users_still_get_more_than_federating_ones_and_much_more_at_100(alike):
    found = differences(alike[2])
    gap = {samples: found[2, samples] - found[1, samples] for samples in (10, 100)}
    assert 0 < gap[10] < gap[100] / 5


def test_right_the_privacy_level_matters_less_than_the_data_do(alike):
    found = differences(alike[2])
    assert found[2, 10] - found[1, 10] < found[1, 100] - found[1, 10]


def test_differences_add_up_to_what_the_absent_user_does_not_get(alike):
    for paid in alike:
        total = sum(bar.difference * ten_users._how_many(bar, None) for bar in paid.bars)
        assert total == pytest.approx(0, abs=1e-9)
        assert paid.bar(0, 10).payment == 0


def test_star_user_gets_by_far_the_most_when_heterogeneity_is_high(starred):
    star = starred[0].bar(2, 100, is_star=True)
    others = [bar.payment for bar in starred[0].bars if not bar.is_star]
    assert star.payment > 50 * max(others)
    assert starred[0].star_share > 0.9


def test_this_is_less_dramatic_as_heterogeneity_falls(starred):
    shares = [starred[0].star_share, ten_users.payday(ten_users.REGIMES[1], 8).star_share, starred[1].star_share]
    assert shares == sorted(shares, reverse=True)
    assert starred[1].star_share < starred[0].star_share / 2


def test_in_homogeneity_federating_users_with_much_data_are_paid_above_the_average_too(starred):
    assert starred[0].bar(1, 100).difference < 0 < starred[1].bar(1, 100).difference


def test_second_and_fourth_are_alike_whoever_the_star_is(starred):
    for kind in [(1, 100), (2, 10), (1, 10)]:
        second, fourth = starred[1].bar(*kind), starred[3].bar(*kind)
        assert second.payment == pytest.approx(fourth.payment, rel=0.06)
    second, fourth = starred[1].bar(2, 100, is_star=True), starred[3].bar(2, 100)
    assert second.payment == pytest.approx(fourth.payment, rel=0.12)


def test_in_homogeneity_users_with_much_data_benefit_whoever_the_star_is(starred):
    for paid in (starred[1], starred[3]):
        above = {bar.samples for bar in paid.bars if bar.difference > 0}
        assert above == {100}


def test_in_heterogeneity_the_star_benefits_even_when_it_federates(starred):
    assert starred[2].bar(1, 10, is_star=True).difference == max(bar.difference for bar in starred[2].bars)


def test_negative_payments_are_real_and_said(starred, all_text):
    assert starred[2].bar(1, 10).payment < 0
    assert "and pay" in all_text(ten_users.draw_with_a_star(starred))


def test_what_is_drawn_is_what_is_written(alike, starred, read_rows):
    for plate, paydays in zip(ten_users.fig5(), (alike, starred), strict=True):
        panels = plate.figure.axes if plate.name == "fig5a" else [plate.figure.axes[i] for i in (0, 2, 1, 3)]
        rows = read_rows(plate)
        for number, (axes, paid) in enumerate(zip(panels, paydays, strict=True), start=1):
            heights = [bar.get_height() for bar in axes.containers[0]]
            written = [row for row in rows if row["panel"] == str(number)]
            assert heights == pytest.approx([bar.difference for bar in paid.bars if bar.level > 0])
            assert heights == pytest.approx([float(row["difference"]) for row in written if row["level"] != "0"])


def test_inputs_of_ours_are_named(alike, all_text):
    assert "Inputs chosen for this reproduction" in all_text(ten_users.draw_alike(alike))
