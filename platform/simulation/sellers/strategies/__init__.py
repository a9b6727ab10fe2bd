"""The ways of keeping a shop, a file each; each begins with what it is, to be read aloud.

A strategy has two functions: `every(scene, mine)`, the days between two mornings at the desk, and
`morning(scene, mine, seen)`, what sellers `mine` wish on such a morning, having `seen` their shops.
"""
