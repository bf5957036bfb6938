"""Fair payments of two users at every profile, as matrices (theorems 1 and 2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from symbolic.closed_form import ClosedForm, Derivation
from symbolic.errors import InputError
from symbolic.exactness import finite
from symbolic.payments import CoalitionUtility, coalition_payment, platform_payment, users_payment


@dataclass(frozen=True, repr=False)
class PaymentMatrices(Derivation):
    """Fair payments of two users at every profile (user 1 on the rows), per unit of alpha."""

    first: ClosedForm
    second: ClosedForm


@dataclass(frozen=True, repr=False)
class CoalitionMatrices(Derivation):
    """Fair shares of the platform and of two users at every profile (user 1 on the rows)."""

    platform: ClosedForm
    first: ClosedForm
    second: ClosedForm


def payment_matrices(U: sp.Matrix) -> PaymentMatrices:
    """Theorem 2 at every profile of two users (eq. 12 in its corrected orientation).

    Parameters
    ----------
    U : sympy.Matrix or nested sequence
        Utilities; row ``k`` is user 1 at level ``k``, column ``l`` user 2 at level ``l``; level 0 is "absent".

    Returns
    -------
    PaymentMatrices
        User 1 on the rows of both matrices.

    Raises
    ------
    InputError
        When an entry is not exact, or nobody's data is worth something.

    Examples
    --------
    >>> payments = payment_matrices([[0, "2/3"], ["2/3", 1]])
    >>> payments.first.expression, payments.second.expression
    (Matrix([
    [  0,   0],
    [2/3, 1/2]]), Matrix([
    [0, 2/3],
    [0, 1/2]]))
    """
    first, second = _matrix_forms(utility_matrix(U), users_payment, "theorem 2, eq. 7")
    return PaymentMatrices(first, second)


def coalition_matrices(U: sp.Matrix) -> CoalitionMatrices:
    """Theorem 1 at every profile of two users and the platform (eq. 11 in its corrected orientation).

    Parameters
    ----------
    U : sympy.Matrix or nested sequence
        Utilities; user 1 on the rows, user 2 on the columns, level 0 is "absent".

    Returns
    -------
    CoalitionMatrices
        User 1 on the rows of all three matrices.

    Raises
    ------
    InputError
        When an entry is not exact, or nobody's data is worth something.

    Examples
    --------
    >>> coalition_matrices([[0, "2/3"], ["2/3", 1]]).platform.expression
    Matrix([
    [  0, 1/3],
    [1/3, 5/9]])
    """
    matrix = utility_matrix(U)
    platform = _matrix_form("Phi_p", matrix, lambda utility: platform_payment(utility, 2), "theorem 1, eq. 5")
    return CoalitionMatrices(platform, *_matrix_forms(matrix, coalition_payment, "theorem 1, eq. 6"))


def utility_matrix(U: sp.Matrix) -> sp.ImmutableMatrix:
    """Check the utilities of two users and make them exact.

    Parameters
    ----------
    U : sympy.Matrix or nested sequence
        User 1 on the rows, user 2 on the columns; entry (0, 0) must be 0.

    Returns
    -------
    sympy.ImmutableMatrix
        Exact.

    Raises
    ------
    InputError
        When an entry is not exact, or nobody's data is worth something.
    """
    rows = U.tolist() if isinstance(U, sp.MatrixBase) else [list(row) for row in U]
    if len({len(row) for row in rows}) != 1:
        raise InputError("U", "must have rows of equal length", [len(row) for row in rows])
    matrix = sp.ImmutableMatrix(
        [[finite(f"U[{k}, {level}]", entry) for level, entry in enumerate(row)] for k, row in enumerate(rows)]
    )
    if matrix[0, 0] != 0:
        raise InputError("U[0, 0]", "must be 0: nobody's data is worth nothing", matrix[0, 0])
    return matrix


def _matrix_forms(
    matrix: sp.ImmutableMatrix, payment: Callable[[CoalitionUtility, int, int], sp.Expr], source: str
) -> tuple[ClosedForm, ClosedForm]:
    return (
        _matrix_form("Phi_1", matrix, lambda utility: payment(utility, 2, 1), source),
        _matrix_form("Phi_2", matrix, lambda utility: payment(utility, 2, 2), source),
    )


def _matrix_form(
    name: str, matrix: sp.ImmutableMatrix, payment: Callable[[CoalitionUtility], sp.Expr], source: str
) -> ClosedForm:
    def entry(row: int, column: int) -> sp.Expr:
        return payment(lambda users: matrix[row if 1 in users else 0, column if 2 in users else 0])

    entries = [[sp.factor(entry(row, column)) for column in range(matrix.cols)] for row in range(matrix.rows)]
    arguments = tuple(sorted(matrix.free_symbols, key=str))
    return ClosedForm(name, sp.ImmutableMatrix(entries), arguments, source)
