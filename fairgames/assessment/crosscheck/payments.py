"""Cross-check of the payments: the subset sums of theorems 1 and 2 with one symbol for each set of users."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from fairgames.assessment.crosscheck.points import Draws, Point, Question, at, evaluator
from fairgames.exactness import Array
from fairgames.payments.fair import coalition_payments, payment_table
from fairgames.payments.pricing import fair_payments


def questions(everything: bool) -> Iterator[Question]:
    """The theorems for two and three users (four with ``everything``), and the matrices of two users."""
    for n_users in (2, 3, 4) if everything else (2, 3):
        yield Question(f"payments among {n_users} users", "theorem 2, eq. 7", partial(_users, n_users))
        yield Question(f"platform's share, {n_users} users", "theorem 1, eq. 5", partial(_platform, n_users))
        yield Question(f"shares beside the platform, {n_users} users", "theorem 1, eq. 6", partial(_beside, n_users))
    yield Question("payment matrices of two users", "eq. 12, corrected", _matrices)
    yield Question("share matrices of two users", "eq. 11, corrected", _coalition_matrices)


def _users(n_users: int, draws: Draws) -> Iterator[Point]:
    from symbolic import payments

    utility = payments.coalition_utility(n_users)
    forms = [payments.users_payment(utility, n_users, user) for user in range(1, n_users + 1)]
    for table, profile, values in _places(n_users, draws):
        closed = [form.subs(values) for form in forms]
        numeric = [fair_payments(table, profile).values, payment_table(table)[profile].values]
        yield at(f"profile {profile}", [closed, closed], numeric)


def _platform(n_users: int, draws: Draws) -> Iterator[Point]:
    from symbolic import payments

    form = payments.platform_payment(payments.coalition_utility(n_users), n_users)
    for table, profile, values in _places(n_users, draws):
        yield at(f"profile {profile}", form.subs(values), coalition_payments(table, profile).platform)


def _beside(n_users: int, draws: Draws) -> Iterator[Point]:
    from symbolic import payments

    utility = payments.coalition_utility(n_users)
    forms = [payments.coalition_payment(utility, n_users, user) for user in range(1, n_users + 1)]
    for table, profile, values in _places(n_users, draws):
        closed = [form.subs(values) for form in forms]
        yield at(f"profile {profile}", closed, coalition_payments(table, profile).values)


def _places(n_users: int, draws: Draws) -> Iterator[tuple[Array, tuple[int, ...], dict[Any, Any]]]:
    """Random tables; first with nobody present, then with everybody, then at any profile."""
    from symbolic import payments

    utility = payments.coalition_utility(n_users)
    for place in range(draws.points):
        shape = [draws.integer(2, 3) for _ in range(n_users)]
        table = draws.table(shape)
        levels = [draws.integer(0, size - 1) for size in shape]
        profile = tuple((0, size - 1, level)[min(place, 2)] for size, level in zip(shape, levels, strict=True))
        values = {
            utility(users): _exact(table[tuple(level if i + 1 in users else 0 for i, level in enumerate(profile))])
            for users in payments.subsets(range(1, n_users + 1))
            if users
        }
        yield table, profile, values


def _matrices(draws: Draws) -> Iterator[Point]:
    from symbolic import two_user_payments

    for shape in ((2, 2), (3, 2)):
        found = two_user_payments.payment_matrices(_symbols(shape))
        forms = [_of_table(form) for form in (found.first, found.second)]
        for _ in range(draws.points):
            table = draws.table(shape)
            paid = payment_table(table)
            closed = [at_table(table) for at_table in forms]
            yield at(f"utility {table.tolist()}", closed, [paid.user(0), paid.user(1)])


def _coalition_matrices(draws: Draws) -> Iterator[Point]:
    from symbolic import two_user_payments

    found = two_user_payments.coalition_matrices(_symbols((2, 2)))
    forms = [_of_table(form) for form in (found.platform, found.first, found.second)]
    for _ in range(draws.points):
        table = draws.table((2, 2))
        shares = [coalition_payments(table, profile) for profile in np.ndindex(2, 2)]
        numeric = [
            [share.platform for share in shares],
            [share.values[0] for share in shares],
            [share.values[1] for share in shares],
        ]
        yield at(f"utility {table.tolist()}", [at_table(table) for at_table in forms], numeric)


def _symbols(shape: tuple[int, int]) -> Any:
    import sympy as sp

    return sp.Matrix(*shape, lambda k, level: sp.Symbol(f"U_{k}{level}", real=True) if k or level else 0)


def _of_table(form: Any) -> Callable[[Array], Any]:
    entries = [tuple(map(int, symbol.name[2:])) for symbol in form.arguments]
    value = evaluator(form)
    return lambda table: value(*(table[entry] for entry in entries))


def _exact(value: Any) -> Any:
    from symbolic.exactness import exact

    return exact("utility", value)
