"""Cross-check of the payments: the subset sums of theorems 1 and 2 with one symbol for each set of users.

A section of the cross-check (`run`): random tables, priced by the public doors and by the forms of `symbolic`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
        for name, source, form, each, numeric in (
            ("payments among {} users", "theorem 2, eq. 7", "users_payment", True, _among_users),
            ("platform's share, {} users", "theorem 1, eq. 5", "platform_payment", False, _of_platform),
            ("shares beside the platform, {} users", "theorem 1, eq. 6", "coalition_payment", True, _beside_platform),
        ):
            yield Question(name.format(n_users), source, partial(_theorem, form, each, numeric, n_users))
    paid = partial(_matrices, "payment_matrices", ("first", "second"), ((2, 2), (3, 2)), _paid)
    yield Question("payment matrices of two users", "eq. 12, corrected", paid)
    shared = partial(_matrices, "coalition_matrices", ("platform", "first", "second"), ((2, 2),), _shared)
    yield Question("share matrices of two users", "eq. 11, corrected", shared)


def _among_users(table: Array, profile: tuple[int, ...]) -> list[object]:
    return [fair_payments(table, profile).values, payment_table(table)[profile].values]


def _of_platform(table: Array, profile: tuple[int, ...]) -> list[object]:
    return [coalition_payments(table, profile).platform]


def _beside_platform(table: Array, profile: tuple[int, ...]) -> list[object]:
    return [coalition_payments(table, profile).values]


def _theorem(
    name: str, each: bool, numeric: Callable[..., list[object]], n_users: int, draws: Draws
) -> Iterator[Point]:
    """Random tables; first with nobody present, then with everybody, then at any profile."""
    from symbolic import payments

    utility, derive = payments.coalition_utility(n_users), getattr(payments, name)
    users = range(1, n_users + 1)
    forms = [derive(utility, n_users, user) for user in users] if each else [derive(utility, n_users)]
    for place in range(draws.points):
        shape = [draws.integer(2, 3) for _ in users]
        table = draws.table(shape)
        levels = [draws.integer(0, size - 1) for size in shape]
        profile = tuple((0, size - 1, level)[min(place, 2)] for size, level in zip(shape, levels, strict=True))
        values = {
            utility(some): table[tuple(level if user in some else 0 for user, level in enumerate(profile, 1))]
            for some in payments.subsets(users)
            if some
        }
        closed = [form.subs(values) for form in forms]
        for found in numeric(table, profile):
            yield at(f"profile {profile}", closed, found)


def _paid(table: Array) -> list[object]:
    paid = payment_table(table)
    return [paid.user(0), paid.user(1)]


def _shared(table: Array) -> list[object]:
    shares = [coalition_payments(table, profile) for profile in np.ndindex(2, 2)]
    return [[share.platform for share in shares], *([share.values[user] for share in shares] for user in (0, 1))]


def _matrices(
    name: str,
    fields: Sequence[str],
    shapes: Sequence[tuple[int, int]],
    numeric: Callable[[Array], list[object]],
    draws: Draws,
) -> Iterator[Point]:
    import sympy as sp

    from symbolic import two_user_payments

    for shape in shapes:
        symbols = sp.Matrix(*shape, lambda k, level: sp.Symbol(f"U_{k}{level}", real=True) if k or level else 0)
        found = getattr(two_user_payments, name)(symbols)
        forms = [_of_table(getattr(found, field)) for field in fields]
        for _ in range(draws.points):
            table = draws.table(shape)
            yield at(f"utility {table.tolist()}", [at_table(table) for at_table in forms], numeric(table))


def _of_table(form: Any) -> Callable[[Array], Any]:
    entries = [tuple(map(int, symbol.name[2:])) for symbol in form.arguments]
    value = evaluator(form)
    return lambda table: value(*(table[entry] for entry in entries))
