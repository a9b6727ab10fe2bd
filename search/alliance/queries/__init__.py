"""What the alliance shows: what is let and offered, statements, bills, what lies behind them, and the audit."""
