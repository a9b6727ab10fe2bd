"""The calls of `emit` in our source, read as text: names, the keys of their facts, who may see them.

It follows what this house writes: a name that is a constant, a choice of two, a parameter or a table; facts
that are lists of dictionaries, made on the spot or by a function called `…fact` or `…facts`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PARTS = ("payments", "shops", "ratings", "search", "platform")
NAME = re.compile(r"[a-z_]+\.[a-z_]+")
MENTIONS = re.compile(r"\bemit\(|facts?\(|^EVENT\b", re.M)
OWN = {"id", "members", "public"}


@dataclass
class Told:
    """One event: its payload's keys in order of first mention, those who see it, the files that tell it."""

    name: str
    keys: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    public: bool = False
    places: list[str] = field(default_factory=list)

    @property
    def seen_by(self) -> str:
        return "everybody" if self.public else " and ".join(self.members) or "admin and read keys"


@dataclass
class Source:
    """A file: its functions by name, and for each node the function it stands in."""

    path: Path
    tree: ast.Module

    @cached_property
    def functions(self) -> list[ast.FunctionDef]:
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)]

    def calls_of(self, name: str) -> Iterator[tuple[ast.Call, ast.FunctionDef]]:
        for function in self.functions:
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and _last(node.func) == name:
                    yield node, function


class Reader:
    def __init__(self) -> None:
        paths = [path for part in PARTS for path in sorted((ROOT / part).rglob("*.py"))]
        texts = {
            path: path.read_text(encoding="utf-8")
            for path in paths
            if not {"migrations", "reference", "tests"} & set(path.parts)
        }
        self.sources = [
            Source(path, ast.parse(text)) for path, text in texts.items() if MENTIONS.search(text)
        ]
        self.found: dict[str, Told] = {}

    def read(self) -> dict[str, Told]:
        for source in self.sources:
            for call, function in source.calls_of("emit"):
                for name, given in self.names(call.args[0], function, source):
                    self._note(name, call.args[1], function, source, given)
        return self.found

    def _note(
        self, name: str, facts: ast.expr, function: ast.FunctionDef, source: Source, given: ast.Call | None
    ) -> None:
        event = self.found.setdefault(name, Told(name))
        place = f"{source.path.relative_to(ROOT)}"
        if place not in event.places:
            event.places.append(place)
        pairs = list(self.pairs(facts, function, source))
        if given is not None:  # what the caller adds to the facts, such as {"fields": [...]}
            pairs += [
                pair for node in ast.walk(given) if isinstance(node, ast.Dict) for pair in _of_dict(node)
            ]
        for key, value in pairs:
            if key == "public":
                event.public = True
            elif key == "members" and value is not None:
                event.members += [who for who in _who(value) if who not in event.members]
            elif key not in OWN and key not in event.keys:
                event.keys.append(key)

    def names(
        self, node: ast.expr, function: ast.FunctionDef, source: Source
    ) -> Iterator[tuple[str, ast.Call | None]]:
        """The names an expression may be, each with the call that gave it if it came as a parameter."""
        if isinstance(node, ast.Name):
            parameters = [each.arg for each in function.args.args]
            if node.id in parameters:
                place = parameters.index(node.id)
                for call, _ in source.calls_of(function.name):
                    yield from ((name, call) for name in self._constants(call.args[place], source))
                return
            for loop in (each for each in ast.walk(function) if isinstance(each, ast.For)):
                if any(isinstance(t, ast.Name) and t.id == node.id for t in ast.walk(loop.target)):
                    yield from ((name, None) for name in self._constants(loop.iter, source))
            return
        yield from ((name, None) for name in self._constants(node, source))

    def _constants(self, node: ast.expr, source: Source) -> list[str]:
        if isinstance(node, ast.JoinedStr):
            head, choice = node.values[0], node.values[-1]
            if not (isinstance(head, ast.Constant) and isinstance(choice, ast.FormattedValue)):
                return []
            if not isinstance(choice.value, ast.IfExp):
                return []
            ends = (choice.value.body, choice.value.orelse)
            return [f"{head.value!s}{end.value!s}" for end in ends if isinstance(end, ast.Constant)]
        if isinstance(node, ast.Subscript):
            return self._table(_last(node.value))
        found = [c.value for c in ast.walk(node) if isinstance(c, ast.Constant) and isinstance(c.value, str)]
        return [name for name in found if NAME.fullmatch(name)]

    def _table(self, name: str) -> list[str]:
        """The values of a table of names somewhere, such as `EVENT`."""
        for source in self.sources:
            for node in source.tree.body:
                if isinstance(node, ast.Assign) and _last(node.targets[0]) == name:
                    return self._constants(node.value, source)
        return []

    def pairs(
        self, node: ast.AST, function: ast.FunctionDef, source: Source
    ) -> Iterator[tuple[str, ast.expr | None]]:
        """(key, value) of the facts that an expression makes."""
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if key is None:
                    yield from self.pairs(value, function, source)
                elif isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, value
        elif isinstance(node, ast.DictComp):
            yield from self._named(node, function, source)
        elif isinstance(node, ast.Call):
            yield from self._made(node, function, source)
        elif isinstance(node, ast.Name):
            yield from self._assigned(node.id, function, source)
        else:
            for each in _parts(node):
                yield from self.pairs(each, function, source)

    def _named(
        self, node: ast.DictComp, function: ast.FunctionDef, source: Source
    ) -> Iterator[tuple[str, ast.expr | None]]:
        """`{name: row[name] for name in NAMES}`: the names of a constant of the function or the file."""
        wanted = _last(node.generators[0].iter)
        for body in (function.body, source.tree.body):
            for each in body:
                if isinstance(each, ast.Assign) and _last(each.targets[0]) == wanted:
                    yield from (
                        (str(c.value), None) for c in ast.walk(each.value) if isinstance(c, ast.Constant)
                    )
                    return

    def _made(
        self, node: ast.Call, function: ast.FunctionDef, source: Source
    ) -> Iterator[tuple[str, ast.expr | None]]:
        """By a function called …fact or …facts, the file's own first; its keywords are facts too."""
        name = _last(node.func)
        if not name.endswith(("fact", "facts")):
            for each in node.args:
                if isinstance(each, ast.ListComp | ast.GeneratorExp | ast.Name):
                    yield from self.pairs(each, function, source)
            return
        for home in sorted(self.sources, key=lambda other: other is not source):
            makers = [each for each in home.functions if each.name == name and each is not function]
            for maker in makers:
                for back in (each.value for each in ast.walk(maker) if isinstance(each, ast.Return)):
                    if back is not None:
                        yield from self.pairs(back, maker, home)
            if makers:
                break
        if name.endswith("facts"):
            yield from ((k.arg, None) for k in node.keywords if k.arg not in {None, "standing"} and k.arg)

    def _assigned(
        self, name: str, function: ast.FunctionDef, source: Source
    ) -> Iterator[tuple[str, ast.expr | None]]:
        """What the function puts under a name: assigned, appended, or by key."""
        for node in ast.walk(function):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    yield from self._put(target, node.value, name, function, source)
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                yield from self._put(node.target, node.value, name, function, source)
            elif (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "append"
                and _last(node.func.value) == name
            ):
                yield from self.pairs(node.args[0], function, source)

    def _put(
        self, target: ast.expr, value: ast.expr, name: str, function: ast.FunctionDef, source: Source
    ) -> Iterator[tuple[str, ast.expr | None]]:
        if isinstance(target, ast.Name) and target.id == name:
            yield from self.pairs(value, function, source)
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, each in zip(target.elts, value.elts, strict=True):
                yield from self._put(one, each, name, function, source)
        elif (
            isinstance(target, ast.Subscript)
            and isinstance(target.value, ast.Name)
            and target.value.id == name
            and isinstance(target.slice, ast.Constant)
            and isinstance(target.slice.value, str)
        ):
            yield target.slice.value, value


def _parts(node: ast.AST) -> list[ast.expr]:
    """The expressions whose facts a list, a comprehension, a union or a choice has."""
    if isinstance(node, ast.ListComp | ast.GeneratorExp):
        drawn = [each.iter for each in node.generators]
        zipped = [
            arg
            for each in drawn
            if isinstance(each, ast.Call) and _last(each.func) == "zip"
            for arg in each.args
        ]
        return [node.elt, *(arg for arg in zipped if isinstance(arg, ast.Call))]
    if isinstance(node, ast.List | ast.Tuple):
        return node.elts
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    return [node.body, node.orelse] if isinstance(node, ast.IfExp) else []


def _of_dict(node: ast.Dict) -> Iterator[tuple[str, ast.expr]]:
    for key, value in zip(node.keys, node.values, strict=True):
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield key.value, value


def _who(node: ast.expr) -> Iterator[str]:
    """`[row["rater_id"], o.owner]` as words: rater, owner."""
    if isinstance(node, ast.List):
        for each in node.elts:
            name = _last(each).removesuffix("_id")
            yield {"id_": "the member", "member": "the member"}.get(name, name)


def _last(node: ast.AST) -> str:
    """The last word of a name, an attribute or a subscript."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Subscript):
        return str(node.slice.value) if isinstance(node.slice, ast.Constant) else _last(node.value)
    return ""


def told() -> dict[str, Told]:
    """Every event, by name."""
    return Reader().read()
