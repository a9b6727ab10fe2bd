"""The tables say what may be posted; everything else is refused."""

from __future__ import annotations

from itertools import product

import pytest

from common.errors import Invalid
from payments.rules import CHART, POSTINGS, Posting, PostingKind, check, is_of

CODES = (
    "outside:bank",
    "member:1",
    "member:2",
    "escrow:order:1",
    "deposit:1",
    "ads:1",
    "alliance:1",
    "platform:fees",
    "platform:compensation",
)
PAIRS = [
    (rule, debit, credit) for rule in POSTINGS for debit, credit in product(CODES, CODES) if debit != credit
]
WRONG = [(r, d, c) for r, d, c in PAIRS if not (is_of(d, r.debit) and is_of(c, r.credit))]
RIGHT = [(r, d, c) for r, d, c in PAIRS if is_of(d, r.debit) and is_of(c, r.credit)]


def test_every_kind_of_account_has_a_code_in_these_tests() -> None:
    assert {code.partition(":")[0] for code in CODES} == {row.kind for row in CHART}
    assert {rule.kind for rule, _, _ in RIGHT} == {rule.kind for rule in POSTINGS}


@pytest.mark.parametrize("rule", POSTINGS, ids=lambda rule: rule.kind)
def test_a_posting_between_the_wrong_accounts_is_refused(rule: PostingKind) -> None:
    wrong = [(debit, credit) for r, debit, credit in WRONG if r is rule]
    assert wrong
    for debit, credit in wrong:
        with pytest.raises(Invalid) as refused:
            check([Posting(debit, credit, 1, rule.kind, "x")])
        assert refused.value.rule == "posting_moves_as_the_table_says"
        assert refused.value.field in {"debit", "credit"}


def test_a_posting_between_the_right_accounts_is_not() -> None:
    check([Posting(debit, credit, 1, rule.kind, "x") for rule, debit, credit in RIGHT])


def test_a_posting_of_an_unknown_kind_is_refused_by_name_and_row() -> None:
    good = Posting("outside:bank", "member:1", 1, "topup", "x")
    with pytest.raises(Invalid, match="present") as refused:
        check([good, Posting("member:1", "member:2", 1, "present", "x"), good])
    assert refused.value.rows == (1,)


@pytest.mark.parametrize("amount", [0, -1, 10**15 + 1, 1.5, True, "7"])
def test_an_amount_is_a_whole_positive_number_of_fen(amount: object) -> None:
    with pytest.raises(Invalid) as refused:
        check([Posting("outside:bank", "member:1", amount, "topup", "x")])  # type: ignore[arg-type]
    assert refused.value.rule == "amount_is_positive"


def test_nobody_pays_themselves() -> None:
    with pytest.raises(Invalid, match="itself"):
        check([Posting("member:1", "member:1", 1, "after_sale_refund", "x")])
