"""The alliance's verbs, plural: spaces, offers, contracts, links, clicks and views, commissions, payouts."""
