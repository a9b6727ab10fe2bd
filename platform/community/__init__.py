"""Attention earned: what members come to by being there. So far the VIP club."""
