"""Traffic bills: what a shop paid, and a web space was paid, for a day's bought visits, down to the page views."""
