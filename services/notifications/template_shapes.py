"""What stands in a wording, walked through with made-up values: every branch, taken or not.

The list says what is possible: to print, decide and repeat, and to call the building blocks of
mails. So a small draft can make no large work: it keeps nothing, repeats only what lies in what it
was given, and puts no building block into another.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from jinja2 import nodes
from markupsafe import escape

from services.notifications.contents import macros

DEEPEST = 3  # loops within loops: paragraphs, their lines, their pieces
LONGEST_CUT = 1000  # characters that `truncate` may leave
ANYTHING: Any = object()  # a value of which the made-up data tell nothing
_LOOP = {"first": True, "last": False, "index": 1, "index0": 0, "length": 1}
_RESERVED = {"loop", "self", "super", "caller", "lang", "preferences", "replies"}
_PLAIN = {"upper", "lower", "capitalize", "title", "trim"}
FILTERS = {*_PLAIN, "truncate", "length", "default", "join"}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not possible, or would not work, in a line."""

    line: int
    code: str
    detail: str = ""


@dataclass(slots=True)
class Seen:
    """What a walk found; `blocks` are lines of HTML with every branch in it, by their number."""

    faults: list[Fault] = field(default_factory=list)
    blocks: list[list[tuple[int, str]]] = field(default_factory=list)


Scope = Mapping[str, Any]


def walk(tree: nodes.Template, values: Scope, *, frame: bool) -> Seen:
    """Look at all of a part; with a `frame` it is HTML in our layout."""
    return _Walk(tree, frame=frame).all(values)


@cache
def _building_blocks() -> dict[str, tuple[str, ...]]:
    """What `parts.html` exports: each name with those of its arguments."""
    return macros("parts.html")


class _Walk:
    def __init__(self, tree: nodes.Template, *, frame: bool) -> None:
        self.tree = tree
        self.frame = frame
        self.seen = Seen()
        self.calls: dict[str, tuple[str, ...]] = {}
        self.block = ""

    def all(self, values: Scope) -> Seen:
        self.seen.blocks.append([])
        for node in self.tree.body:
            if not self.frame:
                self._statement(node, values, [])
            elif isinstance(node, nodes.Extends):
                if not _is(node.template, "layout.html"):
                    self._fault(node, "forbidden", "extends")
            elif isinstance(node, nodes.FromImport):
                self._import(node)
            elif isinstance(node, nodes.Block):
                self.seen.blocks.append([])
                self.block = node.name
                self._body(node.body, values, [])
                self.block = ""
            else:
                self._statement(node, values, [])
        return self.seen

    def _import(self, node: nodes.FromImport) -> None:
        known = _building_blocks()
        if not _is(node.template, "parts.html") or node.with_context:
            self._fault(node, "forbidden", "import")
        for name in node.names:
            if isinstance(name, str) and name in known:
                self.calls[name] = known[name]
            else:
                self._fault(node, "forbidden", f"import {name}")

    def _body(self, body: Iterable[nodes.Node], scope: Scope, loops: list[str]) -> None:
        for node in body:
            self._statement(node, scope, loops)

    def _statement(self, node: nodes.Node, scope: Scope, loops: list[str]) -> None:
        match node:
            case nodes.Output():
                for one in node.nodes:
                    self._print(one, scope)
            case nodes.If():
                self._value(node.test, scope)
                for body in (node.body, node.elif_, node.else_):
                    self._body(body, scope, loops)
            case nodes.For():
                self._repeat(node, scope, loops)
            case nodes.CallBlock() if not node.args and not node.defaults:
                self._call(node.call, scope, around=True)
                self._body(node.body, scope, loops)
            case _:
                self._fault(node, "forbidden", type(node).__name__.lower())

    def _repeat(self, node: nodes.For, scope: Scope, loops: list[str]) -> None:
        """Over what was given, and within that only over what lies in it."""
        over = node.iter.node if isinstance(node.iter, nodes.Getattr) else node.iter
        bare = isinstance(over, nodes.Name) and (not loops or over.name == loops[-1])
        target = node.target.name if isinstance(node.target, nodes.Name) else ""
        taken = _RESERVED | self.calls.keys()
        if not bare or not target or target in taken or node.recursive or node.test:
            self._fault(node, "forbidden", "for")
            return
        if len(loops) == DEEPEST:
            self._fault(node, "forbidden", "for … for … for … for")
            return
        found = self._value(node.iter, scope)
        if found is not ANYTHING and not isinstance(found, list):
            self._fault(node, "fails", f"for {target}: no list")
            return
        inner = {**scope, target: _one_of(found), "loop": _LOOP}
        self._body(node.body, inner, [*loops, target])
        self._body(node.else_, scope, loops)

    def _print(self, node: nodes.Node, scope: Scope) -> None:
        if isinstance(node, nodes.TemplateData):
            self._write(node.lineno, node.data)
        elif isinstance(node, nodes.Call):
            self._call(node, scope)
        elif isinstance(node, nodes.CondExpr) and node.expr2 is not None:
            self._value(node.test, scope)
            self._print(node.expr1, scope)
            self._print(node.expr2, scope)
        else:
            value = self._value(node, scope)
            self._write(node.lineno, str(escape("x" if value is ANYTHING else value)))

    def _write(self, line: int, text: str) -> None:
        self.seen.blocks[-1].append((line, text))

    def _call(self, node: nodes.Call, scope: Scope, *, around: bool = False) -> None:
        name = node.node.name if isinstance(node.node, nodes.Name) else ""
        takes = self.calls.get(name)
        strange = node.kwargs or node.dyn_args or node.dyn_kwargs
        if takes is None or strange or around != (name == "paragraph"):
            self._fault(node, "forbidden", f"{name}()")
        elif len(takes) != len(node.args):
            self._fault(node, "fails", f"{name}({', '.join(takes)})")
        else:
            for argument, given in zip(takes, node.args, strict=True):
                self._given(argument, given, scope)

    def _given(self, argument: str, node: nodes.Expr, scope: Scope) -> None:
        """An argument; rows of facts are a list of pairs, all others are texts."""
        if argument != "rows":
            value = self._text(node, scope)
            if argument == "url":  # our own HTML puts it there
                self._write(node.lineno, f'<a href="{escape(value)}"></a>')
        elif isinstance(node, nodes.List):
            for row in node.items:
                pair = row.items if isinstance(row, nodes.Tuple | nodes.List) else []
                if len(pair) != 2:
                    self._fault(row, "fails", 'facts([("…", …)])')
                for one in pair:
                    self._text(one, scope)
        else:
            self._fault(node, "fails", 'facts([("…", …)])')

    def _text(self, node: nodes.Expr, scope: Scope) -> str:
        if isinstance(node, nodes.Concat):
            return "".join(self._text(one, scope) for one in node.nodes)
        if _is_title(node) and self.block not in {"", "title"}:  # not of itself: it would not end
            return "x"
        value = self._value(node, scope)
        return "x" if value is ANYTHING else str(value)

    def _value(self, node: nodes.Node, scope: Scope) -> Any:
        match node:
            case nodes.Const():
                return node.value
            case nodes.Name() if node.name != "self":
                return scope.get(node.name, ANYTHING)  # those not declared are told elsewhere
            case nodes.Getattr():
                return self._attribute(node, scope)
            case nodes.Filter():
                return self._filter(node, scope)
            case nodes.CondExpr(test=test, expr1=first, expr2=nodes.Expr() as second):
                self._value(test, scope)
                return self._both(first, second, scope)
        return self._decision(node, scope)

    def _decision(self, node: nodes.Node, scope: Scope) -> Any:
        match node:
            case nodes.Test(name="defined" | "undefined" | "none", args=[], node=nodes.Name()):
                pass
            case nodes.Not():
                self._value(node.node, scope)
            case nodes.And() | nodes.Or():
                return self._both(node.left, node.right, scope)
            case nodes.Compare(ops=[nodes.Operand(op="eq" | "ne", expr=other)]):
                self._both(node.expr, other, scope)
            case _:
                self._fault(node, "forbidden", _named(node))
        return ANYTHING

    def _both(self, first: nodes.Node, second: nodes.Node, scope: Scope) -> Any:
        """Either may be meant; a text stands for both."""
        values = [self._value(first, scope), self._value(second, scope)]
        return values[0] if type(values[0]) is type(values[1]) else ANYTHING

    def _attribute(self, node: nodes.Getattr, scope: Scope) -> Any:
        owner = self._value(node.node, scope)
        if node.attr.startswith("_"):
            self._fault(node, "forbidden", node.attr)
        elif owner is not ANYTHING and not (isinstance(owner, dict) and node.attr in owner):
            self._fault(node, "undefined", node.attr)
        else:
            return ANYTHING if owner is ANYTHING else owner[node.attr]
        return ANYTHING

    def _filter(self, node: nodes.Filter, scope: Scope) -> Any:
        value = self._value(node.node, scope) if node.node else ANYTHING
        if node.name == "safe":
            self._fault(node, "unescaped")
        elif node.name not in FILTERS:
            self._fault(node, "forbidden", f"|{node.name}")
        elif not _fits(node, value):
            self._fault(node, "fails", f"|{node.name}({', '.join(map(_said, node.args))})")
        return 1 if node.name == "length" else value if node.name == "default" else "x"

    def _fault(self, node: nodes.Node, code: str, detail: str = "") -> None:
        self.seen.faults.append(Fault(node.lineno, code, detail))


def _fits(node: nodes.Filter, value: Any) -> bool:
    """Whether a filter takes such a value with such arguments, written down as they are."""
    given = [one.value for one in node.args if isinstance(one, nodes.Const)]
    if len(given) != len(node.args) or node.kwargs or node.dyn_args or node.dyn_kwargs:
        return False
    judge: Callable[..., bool] = {"truncate": _cuts, "default": _texts, "join": _texts}.get(
        node.name, lambda *more: not more
    )
    kinds = {"length": (str, list), "join": (list,), "default": (object,)}.get(node.name, (str,))
    return judge(*given) and (value is ANYTHING or isinstance(value, kinds))


def _cuts(length: Any = 255, killwords: Any = False, end: Any = "...", *more: Any) -> bool:
    whole = type(length) is int and isinstance(killwords, bool) and isinstance(end, str)
    return whole and not more and len(end) < length <= LONGEST_CUT


def _texts(*given: Any) -> bool:
    return len(given) <= 1 and all(isinstance(one, str) for one in given)


def _one_of(found: Any) -> Any:
    """What stands for every item of a list: with what all of them have."""
    if found is ANYTHING or not found:
        return ANYTHING
    if all(isinstance(one, dict) for one in found):
        shared = [key for key in found[0] if all(key in one for one in found)]
        return {key: next(filter(None, (one[key] for one in found)), "") for key in shared}
    if all(isinstance(one, list) for one in found):
        return [one for each in found for one in each]
    return found[0]


def _is_title(node: nodes.Expr) -> bool:
    """`self.title()`, which prints that block again."""
    match node:
        case nodes.Call(
            node=nodes.Getattr(node=nodes.Name(name="self"), attr="title"),
            args=[],
            kwargs=[],
            dyn_args=None,
            dyn_kwargs=None,
        ):
            return True
        case _:
            return False


def _is(node: nodes.Expr, name: str) -> bool:
    return isinstance(node, nodes.Const) and node.value == name


def _said(node: nodes.Expr) -> str:
    return repr(node.value) if isinstance(node, nodes.Const) else "…"


def _named(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Call):
        return f"{node.node.name}()" if isinstance(node.node, nodes.Name) else "()"
    return type(node).__name__.lower()
