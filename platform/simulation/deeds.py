"""Who decided what: the log of an agent's member. What the member did stands in the outbox; whether the bot or a person
did it, the events `seat.taken` and `seat.left` between them tell; why a bot did it, its decisions say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from common.batch import dicts

OWN = ""  # the event has one member, who did it


@dataclass(frozen=True, slots=True)
class Deed:
    """These events are deeds of the member that the payload calls `who`, where `only` holds (SQL on event `e`): without
    it time, the platform or the other side may have done it."""

    who: str
    names: str
    only: str = ""


# fmt: off
DEEDS = (
    #    who       events                                                                          only
    Deed("buyer",  "order.placed order.paid inquiry.asked deal.declined deal.used"),
    Deed("buyer",  "refund.asked refund.changed refund.sent_back refund.disputed dispute.dropped"),
    Deed("buyer",  "order.finished",          "e.at < (SELECT confirm_by FROM shops_order o WHERE o.id = e.subject_id)"),
    Deed("buyer",  "order.cancelled",         "e.payload ->> 'closed_by' = 'buyer'"),
    Deed("buyer",  "order.extended",          "e.payload ->> 'by' = 'buyer'"),
    Deed("buyer",  "refund.closed",           "e.payload ->> 'settled_by' = 'buyer'"),
    Deed("seller", "order.part_shipped order.adjusted inquiry.answered deal.issued deal.withdrawn"),
    Deed("seller", "refund.refused dispute.replied"),
    Deed("seller", "order.shipped",           "jsonb_exists(e.payload, 'shipment')"),
    Deed("seller", "order.cancelled",         "e.payload ->> 'closed_by' = 'seller'"),
    Deed("seller", "order.extended",          "e.payload ->> 'by' = 'seller'"),
    Deed("seller", "refund.agreed",           "e.at < (SELECT answer_by FROM shops_refund r WHERE r.id = e.subject_id)"),
    Deed("seller", "refund.succeeded",        "e.payload ->> 'settled_by' = 'seller'"),
    Deed("rater",  "feedback.left feedback.edited feedback.followed_up"),
    Deed("subject", "feedback.explained feedback.complained"),
    Deed(OWN, "member.verified account.topped_up account.withdrawn interest.shown subscription.bought"),
    Deed(OWN, "shop.opened shop.edited listing.created listing.edited listing.relisted"),
    Deed(OWN, "listing.delisted",             "e.payload ->> 'by' = 'seller'"),
    Deed(OWN, "ads.topped_up ads.withdrawn creative.removed"),
    Deed(OWN, "campaign.created campaign.edited campaign.paused campaign.started campaign.ended"),
    Deed(OWN, "adgroup.created adgroup.edited adgroup.paused adgroup.started adgroup.removed"),
    Deed(OWN, "keyword.added keyword.edited keyword.paused keyword.started keyword.removed"),
    Deed(OWN, "alliance.space_opened alliance.space_closed alliance.space_reopened alliance.linked alliance.paid_out"),
    Deed(OWN, "alliance.placement_added alliance.placement_closed alliance.placement_reopened"),
    Deed(OWN, "seat.taken seat.left"),
)
# fmt: on
NAMES = sorted({name for deed in DEEDS for name in deed.names.split()})


def _one(deed: Deed) -> str:
    named = " OR ".join(f"e.name = '{name}'" for name in deed.names.split())
    did = f"(e.payload ->> '{deed.who}')::bigint = %(member)s" if deed.who else "TRUE"
    return f"({named}) AND {did}" + (f" AND {deed.only}" if deed.only else "")


DID = " OR ".join(f"({_one(deed)})" for deed in DEEDS)

# Numbers of events are the order in which things became true: who sat there is known by them to the deed, not the second.
LOG = f"""
    WITH mine AS (
        SELECT e.id, e.name, e.subject_id, e.at, ({DID}) AS did,
               max(e.id) FILTER (WHERE e.name = 'seat.taken') OVER before AS taken,
               max(e.id) FILTER (WHERE e.name = 'seat.left') OVER before AS left_at
          FROM events_event e WHERE e.members @> ARRAY[%(member)s]::bigint[] AND e.name = ANY(%(names)s)
        WINDOW before AS (ORDER BY e.id)),
    logged AS (
        SELECT m.at, 1 AS place, m.id AS event, m.name, m.subject_id AS subject, '' AS why, '' AS refused,
               CASE WHEN m.taken > coalesce(m.left_at, 0) OR m.name = 'seat.left' THEN t.payload ->> 'person' END AS person
          FROM mine m LEFT JOIN events_event t ON t.id = m.taken WHERE m.did
        UNION ALL
        SELECT d.at, 0, NULL, d.verb, d.subject_id, d.why, d.refused, NULL
          FROM simulation_decision d JOIN simulation_agent a ON a.id = d.agent_id
         WHERE a.member_id = %(member)s AND %(minds)s)
    SELECT * FROM (
        SELECT row_number() OVER (ORDER BY at, place, event, name, subject) AS n, at,
               CASE WHEN person IS NULL THEN 'bot' ELSE 'person' END AS by, person,
               CASE place WHEN 0 THEN 'decision' ELSE 'deed' END AS kind, name, subject, event, why, refused
          FROM logged) numbered
     WHERE n > %(after)s ORDER BY n LIMIT %(limit)s
"""


def decisions(
    member: int, *, minds: bool = True, after: int = 0, limit: int = 1_000_000
) -> list[dict[str, Any]]:
    """What was decided for `member`, in the order of its moments: deeds (events) and, with `minds`, the bot's decisions
    with their reasons, each `by` bot or person. `n` counts them from 1.

    An event does not tell an admin's hand from the member's: what was done with an admin key counts as theirs.
    """
    return dicts(LOG, {"member": member, "names": NAMES, "minds": minds, "after": after, "limit": limit})
