"""The platform's levers: what each is called, what it is set to at a moment, and who set it so."""
