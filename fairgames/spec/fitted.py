"""Fill in from ``[data]`` what a specification leaves out: users and variances."""

from __future__ import annotations

from fairgames.errors import DataError, InputError
from fairgames.fitting.spec_text import user_name
from fairgames.spec.document import Document, FederatedMeanSection, UserSection
from fairgames.spec.problems import Problems
from fairgames.spec.specification import DataSource

_VARIANCES = ("between_variance", "within_variance")


def filled_in(document: Document, data: DataSource | None, problems: Problems) -> tuple[Document, tuple[str, ...]]:
    """Fit what is missing; what is written wins, and that is said.

    Parameters
    ----------
    document : Document
        As read.
    data : DataSource or None
        The data behind it.
    problems : Problems
        Receives what is wrong.

    Returns
    -------
    document : Document
        With users and variances, where the data give them.
    notes : tuple of str
        Where the numbers come from.
    """
    section = document.utility
    if document.data is not None and section is not None and not isinstance(section, FederatedMeanSection):
        problems.add(("data",), 'belongs to kind = "federated-mean" only')
    if data is None or not isinstance(section, FederatedMeanSection):
        return document, ()
    absent = [key for key in _VARIANCES if getattr(section, key) is None and not problems.known(("utility", key))]
    no_users = not document.users and not problems.known(("users",))
    written = [f"the {key.replace('_', ' ')}" for key in _VARIANCES if getattr(section, key) is not None]
    written += ["the users"] if document.users else []
    name = data.file.name
    notes = [f"{_listed(written)} as written in this file, not fitted anew to {name}."] if written else []
    if not absent and not no_users:
        return document, tuple(notes)

    from fairgames.fitting.federated_mean import fit_federated_mean

    try:
        fit = fit_federated_mean(str(data.file), data.group, data.value, **data.options)  # type: ignore[arg-type]
    except (DataError, InputError) as error:
        problems.add(("data",), str(error))
        return document, ()
    if "between_variance" in absent and not fit.between_variance > 0:
        reason = "the groups' means differ no more than chance would make them; write a value here"
        problems.add(("utility", "between_variance"), f"is fitted as {fit.between_variance:.4g}, not above 0: {reason}")
        absent.remove("between_variance")
    found = {key: getattr(fit, key) for key in absent}
    notes += [f"Fitted to {name}: {key.replace('_', ' ')} {value:.5g}." for key, value in found.items()]
    notes += [f"Warning: {warning}." for warning in fit.warnings]
    users = document.users
    if no_users:
        users = [
            UserSection(name=user_name(data.group, label), samples=samples)
            for label, samples in zip(fit.group_names, fit.samples.tolist(), strict=True)
        ]
    return document.model_copy(update={"utility": section.model_copy(update=found), "users": users}), tuple(notes)


def _listed(parts: list[str]) -> str:
    text = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"{text[0].upper()}{text[1:]} {'is' if parts == parts[:1] and parts[0] != 'the users' else 'are'}"
