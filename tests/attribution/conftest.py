"""Attribution is told on the street of sellers who advertise; every test ends with all audits."""

from tests.express.conftest import board

__all__ = ["board"]
