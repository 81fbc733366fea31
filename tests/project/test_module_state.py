"""What a process keeps: caches and mutable objects of modules, which several networks share.

A cache of a function must not depend on the network of the moment unless its arguments say which
it is; a mutable object of a module must not hold what is of one network. What stands here is known,
and the reason why it separates networks stands beside it.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from tests.support.advice import require_none
from tests.support.fixed_clock import fixed_clock

pytestmark = fixed_clock

CHECKOUT: Final = Path(__file__).parents[2]
PACKAGE: Final = CHECKOUT / "outreach"
CACHES: Final = frozenset(
    {"cache", "lru_cache", "functools.cache", "functools.lru_cache", "remember"}
)
# What the result of a function depends on without being an argument.
SURROUNDINGS: Final = (
    "outreach.network_profile.current",
    "outreach.web.context.config",
    "outreach.web.context.store",
    "outreach.web.context.key_store",
)
# Parameters that a cache would keep alive, and with them the connections of one network.
HOLDERS: Final = frozenset({"Session", "Store", "KeyStore", "Config", "Flask"})

KNOWN_CACHES: Final = {
    "outreach.domain.change_sessions._listen": "names of fields; the network has only a default",
    "outreach.domain.locations.gazetteer._load": "by countries; its places ask for one when read",
    "outreach.domain.locations.spelling._load_names": "by the countries that it reads",
    "outreach.domain.network.help_lines._load": "by the whole profile, whose countries it checks",
    "outreach.domain.search.workshop_list._count_by_day": "a statement, by the shape of filters",
    "outreach.domain.search.workshop_list._select_around": "a statement, by the shape of filters",
    "outreach.domain.search.workshop_list._select_by_day": "a statement, by the shape of filters",
    "outreach.domain.search.workshop_list._select_counts": "a statement, by the shape of filters",
    "outreach.domain.search.workshop_list._select_dates": "a statement, by the shape of filters",
    "outreach.domain.search.workshop_list._select_from_anywhere": "a statement, by the filters",
    "outreach.i18n._as_markup": "by the catalogues, whose messages it has",
    "outreach.i18n._load_translator": "by the catalogues; its locale is asked for when used",
    "outreach.web.api.serializers._text": "by the default language of the network",
}

# Calls that make an object which changes, and which a module keeps.
MAKERS: Final = frozenset(
    {
        "BoundedSemaphore", "Lock", "MemoryCache", "LRUCache", "SharedTemplates",
        "WeakKeyDictionary", "WeakSet", "WeakValueDictionary", "count", "defaultdict", "deque",
        "threading.Lock", "threading.RLock", "threading.local", "ContextVar", "Counter",
        "OrderedDict", "dict", "list", "set", "Queue",
    }
)  # fmt: skip
KNOWN_OBJECTS: Final = {
    "outreach.audio.encoder.conversion_lock": "one conversion at a time in a process: its memory",
    "outreach.db.store._stores": "the stores of SQLite, found by the URL of their file",
    "outreach.feeds.event_writer._memories": "by engine, and no two networks have one",
    "outreach.feeds.event_writer._memories_lock": "guards the dictionary, and no query",
    "outreach.i18n._used": "the language of a block",
    "outreach.memory_cache._is_silent": "whether the search of a block leaves nothing behind",
    "outreach.reader_zone._used": "the zone of who reads what is written in a block",
    "outreach.network_profile._used": "the profile of a block: what separates networks",
    "outreach.web.middleware.rate_limits._suggestions_lock": "guards counts of each application",
    "outreach.web.presentation.template_code.SHARED_TEMPLATES": "code, by name and checksum",
    "outreach.web.staff.workshops.workshop_edit._GIVEN_FIELDS": "a table of constants",
    "outreach.web.staff.imports.calendar_link_pages._fetches": "one calendar at a time",
    "outreach.outbound.guarded_client._lookups": "how many names a process resolves at once",
}
# Classes whose attributes change while the program runs.
KNOWN_HOLDERS: Final = {
    "outreach.network_profile._Process": "set at the start; none where there are several networks",
    "outreach.pdf.typesetting._Mode": "set at the start: whether typst has a process of its own",
}


@dataclass
class Program:
    """The names that the modules of the package define, and what each of them refers to."""

    imports: dict[str, dict[str, str]] = field(default_factory=dict)  # by module and local name
    nodes: dict[str, tuple[str, ast.stmt]] = field(default_factory=dict)  # by dotted name

    def resolve(self, module: str, node: ast.expr) -> str | None:
        """The dotted name of a name or an attribute of a module; None for anything else."""
        if isinstance(node, ast.Name):
            return self._follow(self.imports[module].get(node.id, f"{module}.{node.id}"))
        if isinstance(node, ast.Attribute):
            base = self.resolve(module, node.value)
            return None if base is None else self._follow(f"{base}.{node.attr}")
        return None

    def _follow(self, name: str) -> str:
        """The name where it is defined: packages hand on names of their modules."""
        for _ in range(9):
            module, _dot, own = name.rpartition(".")
            if name in self.nodes or own not in self.imports.get(module, {}):
                return name
            name = self.imports[module][own]
        return name

    def reach(self, name: str) -> set[str]:
        """All that a definition refers to, and what that refers to."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            here = waiting.pop()
            if here in found or here not in self.nodes:
                continue
            found.add(here)
            module, statement = self.nodes[here]
            for node in ast.walk(statement):
                if isinstance(node, ast.Name | ast.Attribute):
                    there = self.resolve(module, node)
                    if there is not None:
                        waiting.append(there)
        return found


@cache
def read_program() -> Program:
    program = Program()
    for path in sorted(PACKAGE.rglob("*.py")):
        if "versions" in path.parts:
            continue
        parts = path.relative_to(CHECKOUT).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        tree = ast.parse(path.read_text())
        program.imports[module] = dict(_list_imports(tree))
        for statement in tree.body:
            for name in _defined(statement):
                program.nodes[f"{module}.{name}"] = module, statement
    return program


def _list_imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for each in node.names:
                yield each.asname or each.name, f"{node.module}.{each.name}"


def _defined(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Assign):
        yield from (each.id for each in statement.targets if isinstance(each, ast.Name))
    elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        yield statement.target.id


def _called(node: ast.expr) -> str:
    """The name of what is called, or of a decorator, without its arguments and its type."""
    node = node.func if isinstance(node, ast.Call) else node
    return ast.unparse(node.value if isinstance(node, ast.Subscript) else node)


def _is_cached(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.FunctionDef):
        return any(_called(each) in CACHES for each in statement.decorator_list)
    if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
        return any(
            isinstance(node, ast.Call) and _called(node) in CACHES
            for node in ast.walk(statement.value)
        )
    return False


def _require_known(found: set[str], known: Mapping[str, str], advice: str) -> None:
    require_none(
        sorted(found - known.keys()),
        f"{advice}; where it separates networks, add it and the reason to the table in "
        "tests/project/test_module_state.py",
    )
    require_none(
        sorted(known.keys() - found),
        "these are there no more; take them out of the table in tests/project/test_module_state.py",
    )


def test_no_cache_depends_on_the_network_of_the_moment_unless_it_is_known() -> None:
    program = read_program()
    found = {
        name
        for name, (_module, statement) in program.nodes.items()
        if _is_cached(statement) and not program.reach(name).isdisjoint(SURROUNDINGS)
    }
    _require_known(
        found, KNOWN_CACHES,
        "a cache depends on the network of the moment: give the function what it asks for as an "
        "argument",
    )  # fmt: skip


def test_no_cache_gets_a_session_a_store_or_settings() -> None:
    found = [
        name
        for name, (_module, statement) in read_program().nodes.items()
        if _is_cached(statement) and isinstance(statement, ast.FunctionDef)
        for argument in (*statement.args.args, *statement.args.kwonlyargs)
        if argument.annotation is not None and ast.unparse(argument.annotation) in HOLDERS
    ]
    require_none(found, "a cache keeps its arguments alive: pass ids or values to")


def test_mutable_objects_of_modules_are_known() -> None:
    found = {
        name
        for name, (_module, statement) in read_program().nodes.items()
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        and isinstance(statement.value, ast.Call)
        and _called(statement.value) in MAKERS
    }
    _require_known(
        found, KNOWN_OBJECTS,
        "a module keeps an object that changes: keep it in `app.extensions`, where each network "
        "has its own",
    )  # fmt: skip


def test_no_module_keeps_an_empty_container_or_sets_a_global() -> None:
    """Filled ones are tables of constants, and a test of what they hold would be one of taste."""
    program, found = read_program(), []
    for name, (_module, statement) in program.nodes.items():
        value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
        is_empty = isinstance(value, ast.List | ast.Set | ast.Dict) and not (
            value.keys if isinstance(value, ast.Dict) else value.elts
        )
        is_constant = isinstance(statement, ast.AnnAssign) and "Mapping" in ast.unparse(
            statement.annotation
        )
        if is_empty and not is_constant:
            found.append(name)
        found += [name for node in ast.walk(statement) if isinstance(node, ast.Global)]
    require_none(
        found,
        "a module keeps state: keep it in `app.extensions`, or annotate a constant as Mapping",
    )


def test_classes_that_hold_state_are_known() -> None:
    """An attribute that is set on a class, `_Mode.is_apart = True`, is state of the process."""
    program, found = read_program(), set()
    for _name, (module, statement) in program.nodes.items():
        for node in ast.walk(statement):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Attribute):
                        holder = program.resolve(module, target.value)
                        if holder in program.nodes and isinstance(
                            program.nodes[holder][1], ast.ClassDef
                        ):
                            found.add(holder)
    _require_known(
        found, KNOWN_HOLDERS, "a class holds state of the process: set it on an object instead"
    )


def test_search_finds_a_cache_that_forgets_the_network() -> None:
    program = Program()
    source = "@lru_cache(maxsize=9)\ndef day(value): return label(value)\n" \
        "def label(value): return network_profile.current()\n"  # fmt: skip
    program.imports = {"outreach.x": {"network_profile": "outreach.network_profile"}}
    program.imports["outreach.network_profile"] = {}
    for statement in ast.parse(source).body:
        for name in _defined(statement):
            program.nodes[f"outreach.x.{name}"] = "outreach.x", statement
    program.nodes["outreach.network_profile.current"] = (
        "outreach.network_profile",
        ast.parse("def current(): return 1").body[0],
    )
    assert _is_cached(program.nodes["outreach.x.day"][1])
    assert SURROUNDINGS[0] in program.reach("outreach.x.day")
