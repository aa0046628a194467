"""Decides which of the folders that were found are units, what these are called, and what has to be said of them."""

import hashlib
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from functools import partial
from typing import Any

from packaging.utils import canonicalize_name

from orchestrator.adoption.look import Place, SamDeployment
from orchestrator.adoption.reasons import LeftOut, Reason
from orchestrator.adoption.references import References
from orchestrator.build.paths.look import Look as TemplateLook
from orchestrator.build.paths.look import look_at
from orchestrator.build.platforms.functions import functions_of
from orchestrator.build.platforms.intrinsics import variables_of
from orchestrator.build.platforms.scope import Scope
from orchestrator.build.platforms.unit import Resolved, Users, resolve_environments, users_of
from orchestrator.build.project import check_python, read_project
from orchestrator.build.template import WELL_KNOWN_PARAMETERS
from orchestrator.config.load import parse_toml
from orchestrator.config.names import qualified_name, unit_name
from orchestrator.config.organization import Lambda
from orchestrator.config.platform import Platform
from orchestrator.config.project import project_table
from orchestrator.config.reserved import unreserved
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.releases.path_properties import FUNCTIONS
from orchestrator.releases.template_code import property_of
from orchestrator.source.discovery import Finder
from orchestrator.source.facts import PYPROJECT
from orchestrator.source.repository import Entry

_RUNTIME = re.compile(r"python(3\.1[1-9])")


@dataclass(frozen=True)
class ProposedUnit:
    """A unit.

    Attributes:
        place: where it is.
        name: what it is called.
        table: what has to be said of it in `orchestrator.toml`.
        open_parameters: of its template, those that nothing gives a value.
        sam_default: what `samconfig.toml` says without an environment of ours.
    """

    place: Place
    name: str
    table: Mapping[str, Any] = field(default_factory=dict)
    open_parameters: tuple[str, ...] = ()
    sam_default: SamDeployment | None = None

    @property
    def is_open(self) -> bool:
        """Whether more could be said of it than is known."""
        return bool(self.open_parameters or (self.sam_default and self.sam_default.stack))


@dataclass
class Proposer:
    """Proposes units.

    Args:
        title: what a unit at the root is named after.
        environments: names of those that there are.
        left_out: what is no unit, and why; what is refused here is added.
        everything: all paths of the commit that are usually looked at.
        finder: looks at the others.
    """

    title: str
    environments: tuple[str, ...]
    left_out: LeftOut
    everything: Mapping[str, Entry]
    finder: Finder

    def __call__(self, places: list[Place]) -> tuple[list[ProposedUnit], Lambda]:
        """The units in order of their folders, and the platform that most of them are for."""
        platform = platform_of(places)
        units = [unit for place in self._apart(places) if (unit := self._unit(place, platform.platform))]
        return list(_with_unique_names(units)), platform

    def _apart(self, places: list[Place]) -> Iterator[Place]:
        """Those that lie in no other one, which come before it; one at the root gives way to all others."""
        folders = {place.folder for place in places if place.folder}
        for place in places:
            parts = place.folder.split("/")
            outer = next((one for n in range(1, len(parts)) if (one := "/".join(parts[:n])) in folders), None)
            if outer:
                is_unit = outer not in self.left_out.reasons
                why = "which is a unit: a unit holds no other one." if is_unit else "which is left out."
                self.left_out.add(place.folder, Reason.WITHIN, f"lies within {outer}, {why}")
            else:
                yield place

    def _unit(self, place: Place, platform: Platform) -> ProposedUnit | None:
        try:
            look = None if place.document is None else look_at(place.document, place.path)
            users = users_of(self._resolved(place, look, platform) if look else ())
        except ConfigurationError as problem:
            self.left_out.add(place.folder, Reason.CODE, *problem.problems)
            return None
        if look and (problems := list(self._missing(place, look))):
            self.left_out.add(place.folder, Reason.MISSING, *problems)
            return None
        return self._named(place, look, users)

    def _missing(self, place: Place, look: TemplateLook) -> Iterator[str]:
        """What the template names and the repository does not hold."""
        references = References(self.everything, self.finder, place.folder)
        paths = [*look.code, *look.files]
        away = [path for path in paths if _leads_out(posixpath.join(place.folder, path))]
        yield from (f"names {path!r}, which is not in the repository." for path in away)
        yield from references.missing(path for path in paths if path not in away)
        # What a project's package holds is known once it is made.
        if place.document and not away and not _is_of_package(place):
            yield from references.without_handler(place.document)

    def _named(self, place: Place, look: TemplateLook | None, users: Users) -> ProposedUnit | None:
        derived = unit_name(place.folder.rsplit("/", 1)[-1] or self.title)
        try:
            name = self._name(place, derived, users)
        except ConfigurationError as problem:
            self.left_out.add(place.folder, Reason.PROJECT, *problem.problems)
            return None
        stacks = {one: sam.stack for one, sam in place.sam.items() if one in self.environments and sam.stack}
        values = {one: _values(place, sam) for one, sam in place.sam.items() if one in self.environments}
        table = {
            "name": name if name != derived or not place.folder else None,
            "depends_on": list(dict.fromkeys(_outside(place, look))) if look else [],
            "stack_name": stacks,
            "parameters": {one: found for one, found in values.items() if found},
        }
        filled = set.intersection(*map(set, values.values())) if values.keys() == set(self.environments) else set()
        unfilled = tuple(one for one in _without_default(place) if one not in filled)
        default = place.sam.get("default") if "default" not in self.environments else None
        return ProposedUnit(place, name, {key: one for key, one in table.items() if one}, unfilled, default)

    def _resolved(self, place: Place, look: TemplateLook, platform: Platform) -> tuple[Resolved, ...]:
        scope = partial(_scope, place, look.document, platform)
        return resolve_environments(look.document, self.environments, scope, platform, place.path)

    @staticmethod
    def _name(place: Place, derived: str, users: Users) -> str:
        """The name that the folder gives, or that a project has already: both must say the same."""
        file = f"{place.folder}/{PYPROJECT}".lstrip("/")
        document = {} if place.project is None else parse_toml(place.project, file)
        project = project_table(document)
        if project is None:
            return unreserved(derived)
        own = project.values.get("name")
        same = not isinstance(own, str) or canonicalize_name(own) == canonicalize_name(derived)
        name = derived if same else unit_name(str(own))
        read_project(str(place.project), file, name)
        check_python(str(place.project), file, users)
        return name


def platform_of(places: Iterable[Place]) -> Lambda:
    """The Python and the processor of most functions whose code is in the repository."""
    documents = [dict(place.document) for place in places if place.document]
    functions = [
        (document, resource)
        for document in documents
        for resource in document["Resources"].values()
        if isinstance(resource, dict)
        and resource.get("Type") in FUNCTIONS
        and isinstance(property_of(document, resource, FUNCTIONS[resource["Type"]].name), str)
    ]
    runtimes = [_RUNTIME.fullmatch(str(property_of(*one, "Runtime"))) for one in functions]
    pythons = Counter(found[1] for found in runtimes if found)
    processors = Counter(str((property_of(*one, "Architectures") or ["x86_64"])[0]) for one in functions)
    known = [one for one, _ in processors.most_common() if one in ("x86_64", "arm64")]
    return Lambda.model_validate(
        {
            **({"python": pythons.most_common(1)[0][0]} if pythons else {}),
            **({"architecture": known[0]} if known else {}),
        }
    )


def _scope(place: Place, document: Mapping[str, Any], platform: Platform, environment: str) -> Scope:
    """What the proposed unit's template gets in an environment."""
    sam = place.sam.get(environment)
    known = {"Runtime": platform.runtime, "Environment": environment, "Unit": place.folder}
    return Scope(document, {**known, **(_values(place, sam) if sam else {})})


def _values(place: Place, sam: SamDeployment) -> dict[str, str]:
    """The parameters of an environment: those that are overridden there, and those that a platform depends on.

    The stack keeps its value of these, which is the Default if it was never overridden: builds have to know it.
    """
    declared, names = _parameters(place), _of_platforms(place) if sam.stack else ()
    defaults = {name: (declared[name] or {}).get("Default") for name in names if name in declared}
    known = {name: str(value) for name, value in defaults.items() if value is not None}
    return {**known, **_declared(place, sam)}


def _of_platforms(place: Place) -> Iterator[str]:
    """What the runtimes and architectures of functions refer to."""
    for function in functions_of(place.document or {}):
        yield from variables_of([function.properties.get(name) for name in ("Runtime", "Architectures")])


def _outside(place: Place, look: TemplateLook) -> Iterator[str]:
    """Folders of code that do not lie in the unit's own."""
    for path in (*look.code, *look.files) if place.folder else ():
        folder = posixpath.normpath(posixpath.join(place.folder, path))
        if path in look.files or posixpath.splitext(path)[1]:
            # Inputs of a unit are folders.
            folder = posixpath.dirname(folder)
        if folder != place.folder and not folder.startswith(f"{place.folder}/"):
            yield folder


def _leads_out(path: str) -> bool:
    """Whether a path from the repository's root leads out of it."""
    normal = posixpath.normpath(path)
    return normal == ".." or normal.startswith("../")


def _is_of_package(place: Place) -> bool:
    """Whether the unit has a project, whose package functions may run."""
    try:
        return place.project is not None and project_table(parse_toml(place.project, PYPROJECT)) is not None
    except ConfigurationError:
        return True


def _parameters(place: Place) -> Mapping[str, Any]:
    found = (place.document or {}).get("Parameters", {})
    return found if isinstance(found, dict) else {}


def _declared(place: Place, sam: SamDeployment) -> dict[str, str]:
    """What is overridden, as far as the template has it; what it hides is nothing for a file in a repository."""
    declared = _parameters(place)
    hidden = {name for name, one in declared.items() if str((one or {}).get("NoEcho", "")).lower() == "true"}
    return {name: one for name, one in sam.parameters.items() if name in declared.keys() - hidden}


def _without_default(place: Place) -> list[str]:
    declared = _parameters(place)
    return [
        name for name, one in declared.items() if "Default" not in (one or {}) and name not in WELL_KNOWN_PARAMETERS
    ]


def _with_unique_names(units: list[ProposedUnit]) -> Iterator[ProposedUnit]:
    """All units of a name that several have are named after the folders above, too."""
    shared = Counter(unit.name.replace("_", "-") for unit in units)
    given: set[str] = {slug for slug, count in shared.items() if count == 1}
    for unit in units:
        if shared[unit.name.replace("_", "-")] == 1:
            yield unit
            continue
        name = unreserved(qualified_name(unit.place.folder or unit.name))
        if name.replace("_", "-") in given:
            name = f"{name[:31].rstrip('-_')}-{hashlib.sha256(unit.place.folder.encode()).hexdigest()[:8]}"
        given.add(name.replace("_", "-"))
        yield replace(unit, name=name, table={"name": name, **{k: v for k, v in unit.table.items() if k != "name"}})
