"""Reads: the report by source, paths, one order's path, and the audit."""
