"""Floor 2: shop, listing, talk, deal, order, refund."""
