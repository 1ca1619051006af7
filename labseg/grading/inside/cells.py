"""Which statements of a notebook an answer needs: found by reading them, without running any.

The answer to an exercise is what its name stands for, most often a function. Needed is what binds
this name, what binds the names that this uses, and so on: imports, constants and helpers, but no
training and no figure. A helper that is bound again after the exercise's check, for another
purpose, counts as it was at the check.
"""

import __future__

import ast
import functools
import operator
import re
import symtable
from dataclasses import dataclass

from IPython.core.inputtransformer2 import TransformerManager

from .reply import text_of

BODY_MAGICS = {"time", "capture", "prun"}  # the rest of such a cell is Python, run in the notebook
LITERALS = (ast.Dict, ast.Constant, ast.JoinedStr, ast.List, ast.Tuple)
SETTERS = {"setattr", "delattr"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Statement:
    """One statement at the left margin of a cell, and the global names that it touches."""

    cell: int
    node: ast.stmt
    binds: frozenset
    uses: frozenset
    changes: frozenset  # objects changed in place: name.append(…), setattr(name, …)
    is_import: bool
    has_star: bool


@dataclass(frozen=True)
class Slice:
    """What an answer needs: statements in order, and the expression that is the answer."""

    statements: tuple
    answer: ast.expr
    cells: tuple  # those that define it
    name: str = ""  # bound by the statements, where the answer is a name
    flags: int = 0  # of the compiler, from `from __future__ import …`

    @property
    def is_bound(self):
        """Whether a statement binds the name; else there is only its check."""
        return any(self.name in statement.binds for statement in self.statements)


def parse(sources):
    """(statements of all cells, {cell: why it can't be read}) of a notebook's code cells."""
    statements, unreadable = [], {}
    for cell, source in enumerate(sources):
        try:
            tree = ast.parse(python(source), f"<cell {cell + 1}>")
            statements += [_statement(cell, node) for node in tree.body]
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            unreadable[cell] = text_of(error)
    return statements, unreadable


def python(source):
    """A cell as Python: magics and shell commands become calls of get_ipython()."""
    first, _, rest = source.lstrip().partition("\n")
    if first.startswith("%%"):
        source = rest if re.match(r"%%(\w*)", first)[1] in BODY_MAGICS else ""
    return TransformerManager().transform_cell(source)


def _statement(cell, node):
    tables = [symtable.symtable(ast.unparse(node), "cell", "exec")]
    top = tables[0].get_symbols()
    binds = {symbol.get_name() for symbol in top if symbol.is_assigned() or symbol.is_imported()}
    uses = {symbol.get_name() for symbol in top if symbol.is_referenced()}
    for table in tables:  # grows
        tables += table.get_children()
        uses |= {
            s.get_name() for s in table.get_symbols() if table is not tables[0] and s.is_global()
        }
    is_import = isinstance(node, ast.Import | ast.ImportFrom)
    return Statement(
        cell,
        node,
        frozenset(binds),
        frozenset(uses),
        frozenset(_changed(node)),
        is_import,
        has_star=is_import and any(alias.name == "*" for alias in node.names),
    )


def _changed(node):
    """The names of objects that a statement changes in place, functions' own bodies left out."""
    if isinstance(node, FUNCTIONS):
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        called, given = node.value.func, node.value.args
        if isinstance(called, ast.Name) and called.id in SETTERS and given:
            yield _root(given[0])  # any other function may be one that trains or draws
        targets = [called] if isinstance(called, ast.Attribute) else []
    else:
        targets = getattr(node, "targets", []) or [getattr(node, "target", None)]
    for target in targets:
        if isinstance(target, ast.Attribute | ast.Subscript):
            yield _root(target)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from _changed(child)


def _root(node):
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def find(statements, name, is_function):
    """The Slice of an exercise's answer; None if the notebook neither binds nor checks it."""
    binding = [n for n, statement in enumerate(statements) if name in statement.binds]
    checks = [(n, given) for n, s in enumerate(statements) if (given := _checked(s.node, name))]
    if binding:
        answer = ast.Name(name, ast.Load())
        defining = [n for n in binding if _defines(statements[n].node, is_function)] or binding
    elif checks:  # under another name, or written into the call of the check
        answer = checks[-1][1]
        defining = [n for n, s in enumerate(statements) if _names(answer) & s.binds]
    else:
        return None
    last = max([n for n, _ in checks] or binding, default=0)
    last = max([last, *defining[-1:]])
    needed = _closure(statements, last, _names(answer))
    return Slice(
        tuple(statements[n] for n in needed),
        answer,
        tuple(sorted({statements[n].cell for n in defining or [checks[-1][0]]})),
        answer.id if isinstance(answer, ast.Name) else "",
        _flags(statements),
    )


def _flags(statements):
    """As in a notebook, what one cell imports from __future__ holds for all that follow."""
    names = {
        alias.name
        for statement in statements
        if statement.is_import and getattr(statement.node, "module", "") == "__future__"
        for alias in statement.node.names
    }
    features = [getattr(__future__, name) for name in names & {*__future__.all_feature_names}]
    return functools.reduce(operator.or_, (each.compiler_flag for each in features), 0)


def _defines(node, is_function):
    if isinstance(node, FUNCTIONS):
        return is_function
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return False
    return isinstance(node.value, ast.Lambda | ast.Name if is_function else LITERALS)


def _checked(node, name):
    """What a statement gives to labseg.check.<name>; None if it does not call it."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args:
            owner = call.func.value
            owner = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if call.func.attr == name and owner == "check":
                return call.args[0]
    return None


def _names(expression):
    return {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}


def _closure(statements, last, names):
    """The places of all statements that these names need; `last`: the answer and its check."""
    modules = set().union(*(s.binds for s in statements if s.is_import))
    before = set().union(*(s.binds for s in statements[: last + 1]))
    needed, known, new = {n for n, s in enumerate(statements) if s.has_star}, set(), set(names)
    while new:
        known |= new
        for n, statement in enumerate(statements):
            touched = statement.binds | (statement.changes - modules)
            touched = touched if n <= last else touched - before
            if touched & new:
                needed.add(n)
        new = set().union(*(statements[n].uses for n in needed)) - known
    return sorted(needed)
