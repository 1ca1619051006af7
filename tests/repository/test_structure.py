"""Who may import whom: each floor stands on those below it, and nothing goes round in circles."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# From the ground up. What stands on one floor may import from the floors below and from its own.
FLOORS = [
    {"labseg.errors", "labseg.arguments", "labseg.files", "labseg.tracing", "labseg.progress_line"},
    {"labseg.data", "labseg.metrics", "labseg.layers", "labseg.plot"},
    {"labseg.evaluation", "labseg.models", "labseg.training", "labseg.explorers"},
    {"labseg.exercises"},
    {"labseg.grading"},
    {"labseg.doctor"},
    {"labseg.start"},
    {"labseg.cli"},
    {"labseg_author"},
]
PACKAGES = {"labseg": ROOT / "labseg", "labseg_author": ROOT / "authoring" / "labseg_author"}


def modules():
    """{module's name: its file} of both packages."""
    return {
        ".".join((name, *file.relative_to(folder).with_suffix("").parts)).removesuffix(
            ".__init__"
        ): file
        for name, folder in PACKAGES.items()
        for file in folder.rglob("*.py")
    }


MODULES = modules()


def imports(module, text=None):
    """The modules of ours that a module imports, wherever in its file it does."""
    tree = ast.parse(text or MODULES[module].read_text("utf-8"))
    package = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            base = ".".join(part for part in (above, node.module) if part)
            names = {f"{base}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else base for name in names}
    return {name for name in found if name in MODULES and name != "labseg"} - {module}


def floor(module):
    """The floor a module stands on; None for labseg itself, whose names are looked up lazily."""
    for level, rooms in enumerate(FLOORS):
        if any(module == room or module.startswith(f"{room}.") for room in rooms):
            return level
    return None


@pytest.mark.parametrize("module", sorted(MODULES.keys() - {"labseg"}))
def test_nothing_imports_from_a_floor_above(module):
    assert floor(module) is not None, f"{module} has no floor: add it to FLOORS"
    above = {name for name in imports(module) if floor(name) > floor(module)}
    assert above == set()


def test_no_imports_go_round_in_circles():
    graph = {module: imports(module) for module in MODULES}
    assert set(TopologicalSorter(graph).static_order()) >= set(MODULES)


def test_these_tests_see_imports_of_every_kind():
    seen = imports(
        "labseg.data.fetch", "import labseg.cli\ndef f():\n    from labseg import plot\n"
    )
    assert seen == {"labseg.cli", "labseg.plot"}
    assert imports("labseg.data.fetch", "from . import cache\nfrom ..models import load_model") == {
        "labseg.data.cache",
        "labseg.models",
    }


def test_the_wheel_that_students_install_holds_nothing_of_the_authors():
    assert not any("labseg_author" in name for name in MODULES if name.startswith("labseg."))
    assert {"studio", "release"} & {path.name for path in PACKAGES["labseg"].iterdir()} == set()
