import pytest

from symbolic.errata import ERRATA, verify_all
from symbolic.erratum import Erratum, Verification


@pytest.mark.parametrize("record", ERRATA, ids=lambda record: record.where)
def test_printed_form_fails_and_corrected_form_holds(record):
    outcome = record.verify()
    assert outcome.printed_holds is False, outcome.evidence
    assert outcome.correct_holds is True, outcome.evidence
    assert outcome.evidence


def test_every_place_is_named_once():
    places = [record.where for record in ERRATA]
    assert len(places) == len(set(places))
    assert len(places) >= 33


def test_a_wrong_claim_is_not_confirmed():
    assert not Verification(True, True, "both hold").confirmed
    assert not Verification(False, False, "neither holds").confirmed


def test_records_run_their_own_check():
    record = Erratum("here", "1", "2", lambda: Verification(False, True, "because"))
    assert record.verify().confirmed


@pytest.mark.slow
def test_all_at_once():
    assert all(outcome.confirmed for _, outcome in verify_all())


def test_what_is_open_in_print_is_not_called_wrong():
    printed = {record.where: record.printed for record in ERRATA}
    assert "ambiguous" in printed["Eqs. 24, 90"]
    assert "no quantifier" in printed["Definition 2"]
    assert "unless levels only are meant" in printed["Fig. 6, caption"]
    assert "Section 4, before 4.1" in printed
