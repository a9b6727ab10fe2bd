"""The doors of feedback, credit and complaints. Stars come in and never go out but to their own author."""
