"""What subscribers read: a word's figures, hot and rising words, suggestions, forecasts; and the audit."""
