from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from fairgames import Payments, fair_payments
from fairgames.report.tables import payment_columns, rows_to_dicts, sentence
from fairgames.scenario.users import UserRow, priced_rows, user_rows


def row(**changes):
    fields = {
        "name": "institution 12",
        "count": 1,
        "samples": 23,
        "level": 2,
        "level_name": "direct",
        "payment": 0.5,
        "standard_error": 0.0,
        "cost": Fraction(1, 5),
    }
    return UserRow(**(fields | changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, 'institution 12, 23 patients: paid 0.5 at level "direct"; its privacy cost is 0.2, so it gains 0.3.'),
        (
            {"payment": Fraction(1, 8)},
            'institution 12, 23 patients: paid 0.125 at level "direct"; its privacy cost is 0.2, so it loses 0.075.',
        ),
        (
            {"payment": 0.2 + 1e-12},
            'institution 12, 23 patients: paid 0.2 at level "direct", which just covers its privacy cost.',
        ),
        (
            {"payment": -0.25, "cost": 0},
            'institution 12, 23 patients: charged 0.25 at level "direct"; its privacy cost is 0, so it loses 0.25.',
        ),
        (
            {"level": 0, "level_name": "absent", "payment": 0.0},
            "institution 12, 23 patients: takes no part (absent) and is paid nothing.",
        ),
        (
            {"cost": None, "samples": None, "standard_error": 0.0123},
            'institution 12: paid 0.5 at level "direct" (standard error 0.012).',
        ),
        (
            {"count": 1000, "samples": 1_234, "cost": None},
            'institution 12 (1,000 users), 1,234 patients each: paid 0.5 at level "direct".',
        ),
    ],
)
def test_a_payment_is_said_in_words(changes, words):
    assert sentence(row(**changes), unit="patients") == words


def test_users_of_one_group_and_level_are_one_row(five_users):
    payments = [0.1, 0.2, 0.1, 0.0, 0.3]
    rows = user_rows(five_users, (1, 2, 1, 0, 2), payments)
    assert [(entry.name, entry.count, entry.level_name, entry.payment) for entry in rows] == [
        ("phones", 1, "absent", 0.0),
        ("phones", 2, "low", 0.1),
        ("phones", 1, "high", 0.2),
        ("clinic", 1, "high", 0.3),
    ]
    assert rows[1].gain == pytest.approx(0.09)
    assert rows[1].label == "phones (2 users)"


def test_payments_by_user_and_by_type_and_level_give_the_same_rows(five_users):
    by_user = fair_payments(five_users.utility, (1, 1, 1, 1, 2))
    values = np.full((len(five_users.utility.type_sizes), 3), math.nan)
    types = five_users.utility.types
    values[types[0], 1], values[types[4], 2] = by_user.values[0], by_user.values[4]
    by_type = Payments(values=values, utility=by_user.utility, alpha=1, standard_errors=np.full(values.shape, 0.5))
    first, second = (priced_rows(five_users, (1, 2), payments) for payments in (by_user, by_type))
    assert [entry.payment for entry in first] == pytest.approx([entry.payment for entry in second])
    assert [entry.count for entry in first] == [4, 1]
    assert [entry.standard_error for entry in second] == [0.5, 0.5]


def test_the_table_shows_only_columns_that_say_something():
    headers, cells = payment_columns([row(), row(name="B", samples=None)], "patients")
    assert headers == ["user", "patients", "level", "payment", "privacy cost", "gain"]
    assert cells[1] == ("B", "-", "direct", "0.50000", "0.20000", "0.30000")
    headers, cells = payment_columns([row(count=3, samples=None, cost=None, standard_error=0.1)], "samples")
    assert headers == ["user", "users", "level", "payment", "standard error"]
    assert cells == [("institution 12", "3", "direct", "0.50000", "0.10")]


def test_rows_have_a_plain_form():
    (plain,) = rows_to_dicts([row(payment=Fraction(1, 2))])
    assert plain["gain"] == Fraction(3, 10)
    assert plain["level_name"] == "direct"
