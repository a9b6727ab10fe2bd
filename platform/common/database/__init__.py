"""Django's PostgreSQL backend, with a cheaper sign of life for kept connections."""
