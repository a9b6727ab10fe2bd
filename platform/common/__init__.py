"""The cellar: money, moments, errors, transitions, set-based SQL. No tables, no rules of the market."""
