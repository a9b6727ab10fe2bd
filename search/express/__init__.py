"""The Express Train's market: prepaid accounts, campaigns, bids on words, paid positions, clicks and their bill."""
