"""Print fields of the JSON on standard input, one a line: `pick results.0.id next`. Stops at a path that is not there."""

import json
import sys

document = json.load(sys.stdin)
for path in sys.argv[1:]:
    found = document
    for key in path.split("."):
        try:
            found = found[int(key)] if isinstance(found, list) else found[key]
        except (KeyError, IndexError, TypeError, ValueError):
            sys.exit(f"there is no {path} in {json.dumps(document, ensure_ascii=False)[:600]}")
    print(found if isinstance(found, str) else json.dumps(found, ensure_ascii=False))
