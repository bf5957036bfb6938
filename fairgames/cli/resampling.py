"""``--bootstrap``: how sure the decision is, given that its variances were estimated."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.console import Console

    from fairgames.assessment.certainty import Certainty
    from fairgames.exactness import Number
    from fairgames.fitting.fit import Fit
    from fairgames.spec.specification import Specification

_MOST_ALTERNATIVES = 5


def resampled(spec: Specification, resamples: int, seed: int, jobs: int | None) -> Certainty:
    """Fit the data behind a specification again, and resample its groups.

    Parameters
    ----------
    spec : Specification
        With ``[data]`` whose groups are its users.
    resamples, seed, jobs : int
        As for `bootstrap_fit`.

    Returns
    -------
    Certainty
        How often the decision is still the best one.
    """
    from fairgames.assessment.bootstrap import bootstrap_fit

    return bootstrap_fit(
        _fit_of(spec),
        spec.costs,
        resamples,
        seed,
        importance=[float(group.importance) for group in spec.groups],
        aggregation=getattr(spec.utility, "aggregation", "uniform"),
        selection=spec.platform.selection,
        actions=spec.actions,
        n_jobs=jobs,
    )


def _fit_of(spec: Specification) -> Fit:
    from fairgames.errors import InputError
    from fairgames.fitting.federated_mean import fit_federated_mean

    if spec.data is None:
        raise InputError("--bootstrap", "needs the data: a [data] section in the specification")
    fit = fit_federated_mean(str(spec.data.file), spec.data.group, spec.data.value, **spec.data.options)  # type: ignore[arg-type]
    written = [group.samples for group in spec.groups]
    if fit.samples.tolist() != written or any(count != 1 for count in spec.counts):
        raise InputError("--bootstrap", f"needs the groups of {spec.data.file.name} to be the users of {spec.source}")
    return fit


def print_certainty(console: Console, spec: Specification, found: Certainty) -> None:
    """Print how often the decision stands, and the intervals of what it pays."""
    from fairgames.report.profiles import level_letters
    from fairgames.report.terminal import print_lines, print_table

    optimum = found.optimum
    rows = [
        _interval_row(found, "alpha", optimum.alpha, found.alphas),
        _interval_row(found, "the platform keeps", optimum.value, found.values),
    ]
    decided = () if optimum.payments is None else zip(optimum.payments.tolist(), found.payments.T, strict=True)
    for name, (payment, drawn) in zip(spec.user_names, decided, strict=True):
        rows.append(_interval_row(found, f"payment to {name}", payment, drawn))
    headers = ("", "decision", f"{100 * found.level:.3g} % interval from", "to")
    title = f"How sure is this? {found.resamples:,} resamples of the groups"
    print_table(console, title, headers, rows)
    letters = level_letters(spec.levels)
    lines = [
        "",
        f"The same levels are the platform's best choice in {100 * found.still_optimal:.3g} % of the resamples; "
        f"nobody would leave them at this alpha in {100 * found.still_equilibrium:.3g} %.",
    ]
    for supports, share in found.alternatives[:_MOST_ALTERNATIVES]:
        if supports != found.supports:
            label = "".join(letters[levels[0]] if len(levels) == 1 else "*" for levels in supports)
            lines.append(f"{label} is best in {100 * share:.3g} %.")
    if found.left_out:
        lines.append(f"{found.left_out:,} resamples were left out: {found.why_left_out}.")
    print_lines(console, lines)


def _interval_row(
    found: Certainty, name: str, decision: Number | None, drawn: NDArray[np.float64]
) -> tuple[str, str, str, str]:
    from fairgames.report.columns import decimals

    low, high = found.interval(drawn)
    decided, start, stop = decimals([decision, float(low), float(high)])
    return name, decided, start, stop
