"""Numbers as the package holds them: float64 arrays, or object arrays of Fractions.

Integers, Fractions and strings such as ``"2/3"`` are exact; one float among them makes the whole
array a float array. Infinity (where it is allowed) leaves an array exact.
"""

from __future__ import annotations

import math
import numbers
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fairgames.errors import InputError

Array: TypeAlias = NDArray[Any]
Number: TypeAlias = Fraction | float

MOST_AXES = 32
"""As many as NumPy walks through, and more than a table of two levels could have."""


def as_number(value: object, name: str, *, allow_inf: bool = False) -> Number:
    """Read one number; ints, Fractions and strings give a Fraction, floats stay floats.

    Parameters
    ----------
    value : int, float, Fraction, str or NumPy scalar
        The number. A string is a rational (``"2/3"``), a decimal (``"0.2"`` is 1/5), or ``"inf"``.
    name : str
        The argument's name, for the error message.
    allow_inf : bool
        Whether plus infinity is meaningful here.

    Returns
    -------
    Fraction or float
        Infinity is always returned as the float ``inf``.

    Raises
    ------
    InputError
        For NaN, booleans, text that is not a number, and infinity where it is not allowed.

    Examples
    --------
    >>> as_number("0.2", "alpha"), as_number(0.2, "alpha")
    (Fraction(1, 5), 0.2)
    """
    number = _parse(value, name)
    if isinstance(number, float):
        if math.isnan(number):
            raise InputError(name, "must be a number, not NaN")
        if math.isinf(number) and not (allow_inf and number > 0):
            raise InputError(name, "must be finite", number)
    return number


def _parse(value: object, name: str) -> Number:
    if isinstance(value, (bool, np.bool_)):
        raise InputError(name, "must be a number, not a boolean", value)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, numbers.Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, str):
        text = value.strip().lower()
        if text in {"inf", "+inf", "infinity"}:
            return math.inf
        try:
            return Fraction(text)
        except (ValueError, ZeroDivisionError):
            pass
    raise InputError(name, 'must be a number such as 0.2, 3, "2/3" or a Fraction', value)


def as_array(values: object, name: str, *, allow_inf: bool = False) -> Array:
    """Read an array of numbers, exact when every entry is.

    Parameters
    ----------
    values : array_like
        Nested lists or an array of ints, floats, Fractions or rational strings.
    name : str
        The argument's name, for the error message.
    allow_inf : bool
        Whether plus infinity is meaningful here.

    Returns
    -------
    ndarray
        float64, or object holding Fractions (and ``inf`` where it is allowed). Read-only.

    Raises
    ------
    InputError
        For ragged input and for any entry that `as_number` refuses; the entry's index is named.

    Examples
    --------
    >>> as_array([0, "2/3"], "values")
    array([Fraction(0, 1), Fraction(2, 3)], dtype=object)
    >>> as_array([0, 0.5], "values")
    array([0. , 0.5])
    """
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        result: Array = values.astype(float)
        bad = np.isnan(result) | (result == -np.inf)
        if not allow_inf:
            bad |= np.isinf(result)
        if bad.any():
            first = tuple(int(i) for i in np.argwhere(bad)[0])
            as_number(float(result[first]), _entry(name, first), allow_inf=allow_inf)
    else:
        raw = _object_array(values, name)
        result = np.empty(raw.shape, dtype=object)
        for index in np.ndindex(raw.shape):
            result[index] = as_number(raw[index], _entry(name, index), allow_inf=allow_inf)
        if any(isinstance(entry, float) and math.isfinite(entry) for entry in result.flat):
            result = result.astype(float)
    result.flags.writeable = False
    return result


def _object_array(values: object, name: str) -> Array:
    try:
        raw = np.asarray(values)
    except ValueError:
        raise InputError(name, "must be rectangular (every row of the same length)") from None
    if raw.ndim > MOST_AXES:
        raise InputError(name, f"must have at most {MOST_AXES} axes", raw.ndim)
    # NumPy turns [0, "2/3"] into text, [1, 0.5] into floats and [0, True] into ints, which loses what was typed.
    return raw if raw is values else np.asarray(values, dtype=object)


def _entry(name: str, index: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def is_exact(array: Array) -> bool:
    """Whether ``array`` holds Fractions rather than floats."""
    return array.dtype == object


def to_float(array: Array) -> NDArray[np.float64]:
    """Return ``array`` as float64 (a view when it already is)."""
    return np.asarray(array, dtype=np.float64)


def to_fractions(array: Array) -> Array:
    """Return ``array`` with every float replaced by the rational that it is, bit for bit."""
    if is_exact(array):
        return array
    exact = np.empty(array.shape, dtype=object)
    exact.reshape(-1)[:] = [Fraction(value) if math.isfinite(value) else value for value in array.ravel().tolist()]
    return exact


def common(*arrays: Array) -> tuple[Array, ...]:
    """Return ``arrays`` unchanged when all are exact, otherwise all as float64."""
    if all(is_exact(array) for array in arrays):
        return arrays
    return tuple(to_float(array) for array in arrays)


def json_number(value: Number | int) -> int | float | str:
    """JSON form of a number: rationals as text (``"2/3"``), infinity as ``"inf"``.

    Text is exact and reads back exactly; a JSON number is a float.
    """
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    number = float(value)
    return number if math.isfinite(number) else ("inf" if number > 0 else "-inf" if number < 0 else "nan")


def json_array(array: Array) -> Any:
    """Nested lists of `json_number`."""
    if array.ndim == 0:
        return json_number(array.item())
    if array.ndim == 1:
        return [json_number(value) for value in array.tolist()]
    return [json_array(row) for row in array]
