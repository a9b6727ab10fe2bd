"""The Express Train's auction, pure: arrays in, places and prices out; no database, no clock, no settings."""
