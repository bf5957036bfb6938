from __future__ import annotations

from fractions import Fraction

import pytest

from fairgames.report.paper.printed import Printed, printed_numbers


@pytest.fixture(scope="module")
def numbers():
    return printed_numbers()


def test_every_printed_number_is_confirmed(numbers):
    assert [one for one in numbers if not one.agrees] == []


def test_no_equation_with_numbers_is_left_out(numbers):
    equations = {one.where.removeprefix("eq. ") for one in numbers}
    assert {"10", "11", "12", "28", "31", "32", "35", "36", "37", "91", "92", "93", "94", "95", "96", "97"} <= equations
    assert len({(one.where, one.quantity) for one in numbers}) == len(numbers)


def test_what_is_rational_in_print_is_compared_as_such(numbers):
    by_name = {(one.where, one.quantity): one.computed for one in numbers}
    assert by_name["eq. 11", "Phi_p[2, 2]"] == Fraction(5, 9)
    assert isinstance(by_name["eq. 97", "alpha* at c = 1/2"], Fraction)


def test_a_wrong_number_is_noticed():
    assert not Printed("eq. 0", "x", Fraction(1, 3), Fraction(1, 3) + Fraction(1, 10**6)).agrees
    assert not Printed("eq. 0", "x", Fraction(1, 3), 0.333333).agrees
    assert Printed("eq. 0", "x", Fraction(1, 3), 1 / 3).agrees
