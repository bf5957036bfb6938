"""Numbers as the package holds them: float64 arrays, or object arrays of Fractions.

Integers, Fractions, Decimals and text such as ``"2/3"`` are exact; one float among them makes the whole
array a float array. Infinity (where it is allowed) leaves an array exact. `as_number` is the only reader of
numbers from text, and `plain` the only door by which arrays, nested lists, frames and series come in.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fairgames.errors import FairGamesError, InputError, SizeError
from fairgames.memory import require_memory

Array: TypeAlias = NDArray[Any]
Number: TypeAlias = Fraction | float

MOST_AXES = 32
"""As many as NumPy walks through, and more than a table of two levels could have."""
LARGEST_POWER = 300
"""Numbers are 0 or from 10**-300 to 10**300: floats hold them in full, and nobody waits for a huge power."""

LARGEST_PAYOFF_POWER = 4000
"""Exact payoffs of a game, and the strategies that they make, never become floats."""

_EXPECTED = 'must be a number such as 0.2, 3, "2/3" or a Fraction'
_RANGE = f"must be 0 or of a size between 1e-{LARGEST_POWER} and 1e{LARGEST_POWER}"
_LARGEST = 10**LARGEST_POWER
_SMALLEST = 1e-300
_BITS = _LARGEST.bit_length()
_MOST_DIGITS = 1000
_MOST_LISTED = 1 << 24
_LEAVES = frozenset({int, float, str, Fraction})
_NUMBERS = "must be numbers: an array, nested lists, a frame or a series"


def as_number(value: object, name: str, *, allow_inf: bool = False, power: int = LARGEST_POWER) -> Number:
    """Read one number; ints, Fractions, Decimals and text give a Fraction, floats stay floats.

    Parameters
    ----------
    value : int, float, Fraction, Decimal, str or NumPy scalar
        The number. Text is a rational (``"2/3"``), a decimal (``"0.2"`` is 1/5), or ``"inf"``.
    name : str
        The argument's name, for the error message.
    allow_inf : bool
        Whether plus infinity is meaningful here.
    power : int
        Exact numbers other than 0 lie between 10**-power and 10**power.

    Returns
    -------
    Fraction or float
        Infinity is always returned as the float ``inf``.

    Raises
    ------
    InputError
        For NaN, booleans, text that is not a number, infinity where it is not allowed, numbers beyond 10**300,
        and exact ones other than 0 below 10**-300.

    Examples
    --------
    >>> as_number("0.2", "alpha"), as_number(0.2, "alpha")
    (Fraction(1, 5), 0.2)
    """
    number = _parse(value, name, power)
    if isinstance(number, float):
        if math.isnan(number):
            raise InputError(name, "must be a number, not NaN")
        if math.isinf(number):
            if not (allow_inf and number > 0):
                raise InputError(name, "must be finite", number)
        elif abs(number) > _LARGEST:
            raise InputError(name, _RANGE, number)
    return number


def _parse(value: object, name: str, power: int) -> Number:
    if isinstance(value, np.ndarray) and value.ndim == 0 and not np.ma.is_masked(value):
        value = value.item()
    if isinstance(value, (bool, np.bool_)):
        raise InputError(name, "must be a number, not a boolean", value)
    # What is common first: asking an abstract class takes as long as reading the number.
    if isinstance(value, float):
        return float(value)
    if isinstance(value, (str, Decimal)):
        return _from_text(value, name, power)
    if isinstance(value, (int, Fraction, numbers.Rational)):
        above, below = int(value.numerator), int(value.denominator)
        # Bits first: they are free, while a comparison of Fractions costs as much as reading one.
        if above and abs(above.bit_length() - below.bit_length()) >= _BITS - 1:
            large, small = (abs(above), below) if abs(above) > below else (below, abs(above))
            if large > small * 10**power:
                raise InputError(name, _RANGE, value)
        return value if type(value) is Fraction else Fraction(above) if below == 1 else Fraction(above, below)
    if isinstance(value, numbers.Real):
        return float(value)
    raise InputError(name, _EXPECTED, value)


def _from_text(value: str | Decimal, name: str, power: int) -> Number:
    if isinstance(value, str) and len(value) > _MOST_DIGITS + 2 * (power - LARGEST_POWER):
        raise InputError(name, f"must have at most {_MOST_DIGITS:,} digits", value)
    try:
        if isinstance(value, str) and "/" in value:
            above, _, below = value.partition("/")
            return _parse(Fraction(int(above), int(below)), name, power)
        decimal = Decimal(value)
    except (ValueError, InvalidOperation, ZeroDivisionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(name, _EXPECTED, value) from None
    if not decimal.is_finite():
        return float("nan" if decimal.is_nan() else decimal)
    if decimal and abs(decimal.adjusted()) > power:
        raise InputError(name, _RANGE, value)
    return _parse(Fraction(decimal), name, power)


def plain(values: Any, name: str) -> Any:
    """Take labels and wrappers off what is given as numbers: only what it shows remains, or it is refused.

    Parameters
    ----------
    values : array_like, frame or series
        A number, nested lists or tuples, an array, or whatever narwhals knows (pandas, polars, pyarrow). Rows or
        columns labelled 0, 1, … are put into that order; other labels stay in the order shown.
    name : str
        The argument's name, for the error message.

    Returns
    -------
    scalar, list or ndarray
        Nested lists stay lists, since rows may differ in length where that means something.

    Raises
    ------
    InputError
        If something is masked, or labelled by other whole numbers than 0, 1, …; for sparse matrices and labelled
        arrays, raw bytes, sets, mappings, iterators, lists that hold themselves, and whatever holds no numbers.
    SizeError
        If there is too much of it.

    Examples
    --------
    >>> plain([(0, "2/3"), np.array([0, 1])], "costs")
    [[0, '2/3'], array([0, 1])]
    """
    if type(values) in _LEAVES or isinstance(values, np.generic):
        return values
    if type(values) is np.ndarray and values.dtype.kind in "biuf" and values.ndim <= MOST_AXES:
        return _plain_array(values, name) if values.size > _MOST_LISTED else values
    if type(values) is list and len(values) <= _MOST_LISTED:
        kinds = set(map(type, values))
        if kinds <= _LEAVES:
            return values
        if (
            kinds == {list}
            and sum(map(len, values)) <= _MOST_LISTED - len(values)
            and all(_LEAVES.issuperset(map(type, row)) for row in values)
        ):
            return values
    left, first = _MOST_LISTED, values
    for _ in range(MOST_AXES):
        # A short list that holds another one twice, which holds …, is a long one: its first entries tell.
        if not (isinstance(first, (list, tuple)) and first):
            break
        left, first = left // len(first), first[0]
    if left == 0 and isinstance(first, (int, float)):
        raise SizeError(f"{name}: lists of more than {_MOST_LISTED:,} numbers; give a NumPy array")
    left = _MOST_LISTED

    def entry(value: Any, depth: int) -> Any:
        nonlocal left
        if type(value) in _LEAVES:
            return value
        if isinstance(value, (list, tuple, range)):
            left -= len(value)
            if depth == MOST_AXES:
                raise InputError(name, f"must have at most {MOST_AXES} axes, and no list that holds itself")
            if left < 0:
                raise SizeError(f"{name}: lists of more than {_MOST_LISTED:,} numbers; give a NumPy array")
            return [one if type(one) in _LEAVES else entry(one, depth + 1) for one in value]
        if isinstance(value, np.ndarray):
            return _plain_array(value, name)
        if depth and isinstance(value, (numbers.Number, Decimal, np.generic)):
            return value
        return _foreign(value, name)

    return values if values is None or isinstance(values, (numbers.Number, Decimal)) else entry(values, 0)


def _plain_array(array: Array, name: str) -> Array:
    if isinstance(array, np.ma.MaskedArray):
        if np.ma.is_masked(array):
            raise InputError(
                name, f"must not be masked, but {np.ma.getmaskarray(array).sum()} entries are: say what they are"
            )
        array = array.data
    array = np.asarray(array)
    if array.dtype.kind not in "biufUO":
        raise InputError(name, f"must be numbers, not {array.dtype}")
    if array.ndim > MOST_AXES:
        raise InputError(name, f"must have at most {MOST_AXES} axes", array.ndim)
    if array.size > _MOST_LISTED:
        # A view may claim any shape without memory of its own.
        require_memory(array.size * 8, f"{name}: {array.size:,} numbers", "fewer")
    return array.astype(object) if array.dtype.kind == "U" else array


def _foreign(value: Any, name: str) -> Any:
    """Read what another library holds, or refuse it."""
    kind = type(value).__name__
    if isinstance(value, (type, bytes, bytearray, memoryview, str)) or callable(value):
        raise InputError(name, _NUMBERS, value)
    try:
        import narwhals as nw

        native = nw.from_native(value, allow_series=True, pass_through=True)
        if isinstance(native, nw.LazyFrame):
            native = native.collect()
        if isinstance(native, (nw.DataFrame, nw.Series)):
            index = nw.maybe_get_index(native)
            rows = _in_order(range(len(native)) if index is None else list(index), name)
            if isinstance(native, nw.Series):
                return _objects(native.to_list())[rows]
            columns = [_objects(column.to_list()) for column in native.iter_columns()]
            order = _in_order(list(native.columns), name)
            return np.stack([columns[place] for place in order], axis=1)[rows] if columns else np.empty((len(rows), 0))
        labelled = any(hasattr(value, word) for word in ("toarray", "todense", "dims"))
        listed = isinstance(value, Sequence)
        held: Any = list(value) if listed else np.asarray(value) if hasattr(value, "__array__") else None
    except FairGamesError:
        raise
    except Exception as error:  # whatever a foreign object raises
        raise InputError(name, f"{_NUMBERS}; reading this {kind} raised {type(error).__name__}") from error
    if labelled:
        raise InputError(name, f"must not be a sparse or labelled array; give its .toarray() or .values, not {kind}")
    if held is None:
        raise InputError(name, _NUMBERS, value)
    return plain(held, name) if listed else _plain_array(held, name)


def _objects(entries: list[Any]) -> Array:
    column = np.empty(len(entries), dtype=object)
    column[:] = entries
    return column


def _in_order(labels: Sequence[Any], name: str) -> list[int]:
    """Places of the labels 0, 1, …; of all in the order shown where none is a whole number."""
    whole = [
        int(label) if isinstance(label, (int, np.integer)) or (isinstance(label, str) and label.isdecimal()) else None
        for label in labels
    ]
    if all(number is None for number in whole):
        return list(range(len(labels)))
    if sorted(-1 if number is None else number for number in whole) != list(range(len(labels))):
        shown = ", ".join(str(label) for label in labels[:5])
        raise InputError(
            name,
            f"has rows or columns labelled {shown}…: must be 0 to {len(labels) - 1}, each once, or names; "
            "give .to_numpy() where the order shown is meant",
        )
    return sorted(range(len(labels)), key=lambda place: whole[place] or 0)


def as_array(values: object, name: str, *, allow_inf: bool = False, power: int = LARGEST_POWER) -> Array:
    """Read an array of numbers, exact when every entry is.

    Parameters
    ----------
    values : array_like
        What `plain` takes.
    name : str
        The argument's name, for the error message.
    allow_inf : bool
        Whether plus infinity is meaningful here.
    power : int
        As in `as_number`; larger than floats hold only where they are never needed.

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
    read = plain(values, name)
    if isinstance(read, np.ndarray) and read.dtype.kind == "f":
        result: Array = read.astype(float)
    else:
        try:
            raw = np.array(read, dtype=object)
        except ValueError:
            raise InputError(name, _RECTANGULAR) from None
        entries = raw.ravel().tolist()
        if any(isinstance(entry, list) or (isinstance(entry, np.ndarray) and entry.ndim) for entry in entries):
            raise InputError(name, _RECTANGULAR)
        try:
            found = [as_number(entry, name, allow_inf=allow_inf, power=power) for entry in entries]
        except InputError:
            for index in np.ndindex(raw.shape):
                as_number(raw[index], _entry(name, index), allow_inf=allow_inf, power=power)
            raise
        inexact = float in set(map(type, found)) and any(isinstance(one, float) and math.isfinite(one) for one in found)
        try:
            result = np.array(found, dtype=float if inexact else object).reshape(raw.shape)
        except OverflowError:
            raise InputError(name, f"beside floats {_RANGE}") from None
    if result.dtype.kind == "f":
        size = np.abs(result)
        held = ((size >= _SMALLEST) & (size < float(_LARGEST))) | (size == 0)
        if allow_inf:
            held |= result == np.inf
        if not held.all():
            first = tuple(np.argwhere(~held)[0].tolist())
            as_number(float(result[first]), _entry(name, first), allow_inf=allow_inf)
            raise InputError(_entry(name, first), _RANGE, float(result[first]))
    result.flags.writeable = False
    return result


def as_whole(values: object, name: str, requirement: str) -> NDArray[np.intp]:
    """Read an array of whole numbers below 2^62; anything else is refused as ``requirement`` says."""
    read = plain(values, name)
    try:
        array = np.asarray(read.tolist() if isinstance(read, np.ndarray) and read.dtype == object else read)
    except ValueError:
        raise InputError(name, f"{requirement}, rows of equal length", values) from None
    if array.dtype.kind not in "iu" or (array.size and array.max() >= _MOST_WHOLE):
        raise InputError(name, requirement, values)
    return array.astype(np.intp)


_MOST_WHOLE = 1 << 62
_RECTANGULAR = "must be rectangular (every row of the same length)"


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
    exact = [Fraction(value) if math.isfinite(value) else value for value in array.ravel().tolist()]
    return np.array(exact, dtype=object).reshape(array.shape)


def common(*arrays: Array) -> tuple[Array, ...]:
    """Return ``arrays`` unchanged when all are exact, otherwise all as float64."""
    if all(is_exact(array) for array in arrays):
        return arrays
    return tuple(to_float(array) for array in arrays)


def decimals_within(low: Number, high: Number, near: Number) -> Iterator[Fraction]:
    """Decimals of a range, shortest first: with one digit after the point, two, ..., the neighbours of a number.

    Ends where digits no longer tell the range from a point.

    Examples
    --------
    >>> [str(decimal) for decimal in decimals_within(Fraction(2, 7), Fraction(2, 5), Fraction(2, 7))][:3]
    ['3/10', '29/100', '143/500']
    """
    start, stop = Fraction(low), Fraction(high)
    target = min(max(Fraction(near), start), stop)
    scale = 1
    while scale * (stop - start) < 10**_FINEST and scale < 10**_LONGEST_DECIMAL:
        scale *= 10
        place = target * scale
        steps = {math.floor(place), math.floor(place) + 1, math.ceil(place) - 1}
        for step in sorted(steps, key=lambda step: abs(step - place)):
            if start <= Fraction(step, scale) <= stop:
                yield Fraction(step, scale)


def ends_within(low: Number, high: Number, digits: int = 6) -> tuple[str, str]:
    """Write the ends of a range as decimals inside it, with more digits where it is narrow; a single number as it is.

    Ends in floats hold within rounding, as everywhere.

    Examples
    --------
    >>> ends_within(Fraction(1, 3), Fraction(2, 3)), ends_within(Fraction(2, 7), Fraction(2, 7))
    (('0.333334', '0.666666'), ('2/7', '2/7'))
    """
    start, stop = Fraction(low), Fraction(high)
    for places in range(digits if start < stop else _LONGEST_DECIMAL, _LONGEST_DECIMAL):
        scale = 10**places
        rounding = 0 if isinstance(low, Fraction) else Fraction(math.ulp(max(abs(float(low)), abs(float(high)))))
        steps = math.ceil((start - rounding) * scale), math.floor((stop + rounding) * scale)
        if steps[0] < steps[1] or (steps[0] == steps[1] and places > _FINEST):
            return f"{Decimal(steps[0]).scaleb(-places):f}", f"{Decimal(steps[1]).scaleb(-places):f}"
    return decimal_text(low), decimal_text(high)


_FINEST = 7
_LONGEST_DECIMAL = 18


def decimal_text(number: Number) -> str:
    """Write a number so that it reads back as itself: as a decimal where it is a short one, else as a ratio.

    Examples
    --------
    >>> decimal_text(Fraction(3, 8)), decimal_text(Fraction(2, 3)), decimal_text(0.1)
    ('0.375', '2/3', '0.1')
    """
    if not isinstance(number, Fraction):
        return repr(float(number))
    for places in range(_LONGEST_DECIMAL + 1):
        if (number * 10**places).denominator == 1:
            return f"{Decimal(int(number * 10**places)).scaleb(-places):f}"
    return str(number)


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
