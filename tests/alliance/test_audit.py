"""The audit is silent about a market that worked, and finds each damage done on purpose, by name."""

from __future__ import annotations

from common.batch import execute, rows
from payments import ledger
from search.alliance.queries.audit import RULES, STANDS, audit
from tests.alliance.web import Web

POSTED, CLICKED, SEEN, COUNTED, SPENT, MOVED, TRADED = (rule for rule, _ in RULES)
CHARGE = "UPDATE search_alliance_charge SET"

# what is done, what the audit calls it (every rule it breaks), what each first row names
DAMAGES: list[tuple[str, set[str], dict[str, object]]] = [
    ("DELETE FROM payments_transfer WHERE key = 'alliance:1:alliance_earning'", {POSTED}, {"charge": 1}),
    ("UPDATE payments_transfer SET amount_fen = amount_fen + 1 WHERE key = 'alliance:1:alliance_owner_fee'",
     {POSTED}, {"charge": 1, "kind": "alliance_owner_fee"}),
    ("UPDATE payments_transfer SET key = 'x' WHERE key = 'alliance:1:alliance_seller_fee'", {POSTED}, {"charge": 1}),
    ("""UPDATE payments_transfer SET debit_id = (SELECT id FROM payments_account WHERE code = 'member:{carol}')
         WHERE key = 'alliance:1:alliance_earning'""", {POSTED}, {"charge": 1}),
    ("""INSERT INTO traffic_pageview (at, visitor, page, source, shop_id, section_id, charge_id)
        SELECT at, visitor, page, source, shop_id, section_id, charge_id FROM traffic_pageview
         WHERE charge_id = ~{click}::bigint""", {SEEN}, {"click": "{click}", "page_views": 2}),
    ("DELETE FROM traffic_pageview WHERE charge_id = ~{click}::bigint", {SEEN}, {"click": "{click}", "page_views": 0}),
    ("UPDATE traffic_pageview SET source = 8, charge_id = -999 WHERE source = 9", {SEEN}, {"click": 998}),
    ("UPDATE search_alliance_click SET shop_id = shop_id + 1 WHERE id = {click}",
     {SEEN, CLICKED}, {"click": "{click}"}),
    ("UPDATE search_alliance_click SET verdict = 'repeat', price_fen = 0 WHERE id = {click}",
     {SEEN, CLICKED}, {"click": "{click}"}),
    ("UPDATE search_alliance_click SET price_fen = 51 WHERE id = {click}", {CLICKED}, {"click": "{click}"}),
    (f"{CHARGE} shop_id = shop_id + 1 WHERE kind = 'click'", {CLICKED}, {"click": "{click}"}),
    ("DELETE FROM search_alliance_view WHERE id = 7", {COUNTED}, {"billed": 2000, "counted": 1999}),
    ("UPDATE search_alliance_view SET verdict = 'own' WHERE id = 7", {COUNTED}, {"counted": 1999}),
    (f"{CHARGE} after_view = 1 WHERE kind = 'thousands'", {COUNTED}, {"after_view": 1, "before": 0}),
    (f"{CHARGE} view_count = 1000 WHERE kind = 'thousands'", {COUNTED}, {"billed": 1000}),
    ("UPDATE search_alliance_contract SET spent_fen = spent_fen + 1 WHERE id = {thousand}",
     {SPENT}, {"contract": "{thousand}"}),
    ("UPDATE search_alliance_commission SET paid_fen = paid_fen - 1 WHERE order_id = {settled}",
     {MOVED, STANDS}, {"paid_fen": 989}),
    ("UPDATE search_alliance_commission SET rate_bps = 1, earning_fen = 2000 WHERE order_id = {settled}",
     {STANDS}, {"due_fen": 2000}),
    ("UPDATE search_alliance_commission SET status = 'waiting' WHERE order_id = {settled}",
     {TRADED, STANDS}, {"order_status": "finished"}),
    ("UPDATE search_alliance_commission SET refunded_fen = 0 WHERE order_id = {waiting}", {TRADED}, {}),
    ("UPDATE shops_orderline SET refunded_fen = refunded_fen + 1 WHERE order_id = {returned}",
     {TRADED}, {"order": "{returned}"}),
    ("UPDATE search_alliance_commission SET click_id = {click} WHERE order_id = {waiting}",
     {TRADED}, {"order": "{waiting}"}),
    ("DELETE FROM search_alliance_charge WHERE kind = 'return'", {POSTED, MOVED}, {"kind": "alliance_clawback"}),
]  # fmt: skip


def test_a_market_that_worked_has_nothing_to_find(web: Web) -> None:
    web.busy()
    assert audit() == []
    assert ledger.drift() == []
    kinds = {kind for (kind,) in rows("SELECT DISTINCT kind FROM search_alliance_charge")}
    assert kinds == {"click", "thousands", "commission", "return"}


def test_each_damage_is_found_and_named(web: Web) -> None:
    known = web.busy() | {"carol": web.carol}
    for sql, rules, names in DAMAGES:
        execute("SAVEPOINT sound")
        execute("SET LOCAL session_replication_role = replica")
        assert execute(sql.format(**known)) >= 1, sql
        found = audit()
        assert {row["rule"] for row in found} == rules, sql
        told = {name: str(value) for name, value in found[0].items()}
        expected = {name: str(value).format(**known) for name, value in names.items()}
        assert expected.items() <= told.items(), sql
        execute("ROLLBACK TO SAVEPOINT sound")
    assert audit() == []
