from __future__ import annotations

import pytest

from fairgames.report.paper import drawings, ten_users, two_users

# The style is our own; the plugin would otherwise use matplotlib's classic one when it saves.
COMPARED = {"baseline_dir": "baseline", "tolerance": 2, "style": "default", "savefig_kwargs": {"dpi": 60}}


@pytest.mark.mpl_image_compare(filename="fig2.png", **COMPARED)
def test_three_levels_look_as_before():
    return drawings.fig2()


@pytest.mark.mpl_image_compare(filename="fig5a.png", **COMPARED)
def test_payments_look_as_before():
    return ten_users.draw_alike(ten_users.alike())


@pytest.mark.mpl_image_compare(filename="fig8.png", **COMPARED)
def test_regimes_look_as_before():
    return two_users.draw_regimes(*two_users.curves())


def test_fig_1_names_all_that_its_caption_names(all_text):
    text = all_text(drawings.fig1())
    for word in ("Users", "data", "Platform", "privacy", "learning", "utility", "payments"):
        assert word in text
    for payment in ("access to services", "discounts", "money"):
        assert payment in text


def test_fig_2_shows_three_levels_and_what_arrives(all_text):
    text = all_text(drawings.fig2())
    for word in ("$\\rho_i = 0$", "$\\rho_i = 1$", "$\\rho_i = 2$", "nothing", "$\\hat\\theta_f$", "$\\hat\\theta_i$"):
        assert word in text


def test_fig_3_shows_what_each_side_maximises(all_text):
    text = all_text(drawings.fig3())
    assert "$U(\\rho) - \\sum_i t_i(\\rho)$" in text
    assert "$t_i(\\rho_i; \\rho_{-i})$" in text
    assert "u_i = t_i(\\rho) - c_i(\\rho_i)" in text


@pytest.mark.parametrize("name", ["fig1", "fig2", "fig3"])
def test_drawings_have_no_numbers_to_write(name):
    from fairgames.report.paper.plate import plates_of

    (plate,) = plates_of(name)
    assert plate.name == name
    assert plate.figure is not None
    assert not plate.headers
