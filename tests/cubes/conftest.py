"""Tests of the keyword market stand on the board of keyword ads, and end with its audit."""

from tests.express.conftest import board

__all__ = ["board"]
