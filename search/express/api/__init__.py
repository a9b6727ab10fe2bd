"""The doors of keyword ads. A bid, a budget and a quality are shown to their owner and the platform only."""
