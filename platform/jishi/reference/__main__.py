"""`python -m jishi.reference`: write the pages."""

import django

django.setup()

from jishi.reference import FOLDER, MODULES, made  # noqa: E402 (Django first)

for name in MODULES:
    page, text = made(name)
    (FOLDER / page).write_text(text, encoding="utf-8")
    print(f"{page}: {len(text.splitlines())} lines")
