"""The doors of the keyword market: told to who subscribes, and to the platform."""
