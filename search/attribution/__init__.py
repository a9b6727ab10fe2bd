"""Attribution: which sources a sale passed through, and what each source brought and cost."""
