"""Fetches the modules of a Go unit: by Go, out of its proxy, into a folder that Go then builds from without a network.

Go gets to see `go.mod` and `go.sum` alone, and asks a proxy: it runs no version control on addresses of the unit.
"""

import json
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestrator.build.cache import Cache
from orchestrator.build.functions.stock import Stock, fetched
from orchestrator.build.functions.toolchains import ToolChain
from orchestrator.build.run import Commands
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.releases.sha256 import sha256_of

STEP = "fetch modules of Go"
MOD, SUM, VENDORED = "go.mod", "go.sum", "vendor/modules.txt"
_MODULES, _COMPILED = "go-modules", "go-compiled"
_MACHINES = {"x86_64": "amd64", "arm64": "arm64"}
# Lambda's own module, and what that needs of Go's own library: most of what takes long to compile.
_OF_LAMBDA, _COMMON = "github.com/aws/aws-lambda-go", ("encoding/json", "net/http")
_PROXY, _PUBLIC = "GOPROXY", "https://proxy.golang.org"
# Another Go than the machine's would be fetched, and run; version control runs on whatever a module's name is.
_FETCHING = {"GOTOOLCHAIN": "local", "GOVCS": "*:off", "GOFLAGS": "-modcacherw", "GOWORK": "off"}
_BUILDING = {
    "GOTOOLCHAIN": "local",
    "GOPROXY": "off",
    # What go.sum says is checked; no database has to be asked.
    "GOSUMDB": "off",
    "GOVCS": "*:off",
    "GOENV": "off",
    # What is made then depends on neither the folder nor the C library of the machine.
    "CGO_ENABLED": "0",
}


@dataclass(frozen=True)
class Go:
    """Go, ready to fetch.

    Attributes:
        commands: of tools that fetch.
        chain: Go.
        cache: keeps what was fetched.
        scratch: a folder of tools that fetch.
    """

    commands: Commands
    chain: ToolChain
    cache: Cache
    scratch: Path

    def modules(self, tree: Path, where: str, architecture: str) -> Stock:
        """Fetch what the `go.mod` of a folder names; nothing where the folder has its modules in `vendor`.

        Args:
            tree: the exported tree; it is read alone.
            where: the folder, from the repository's root.
            architecture: what they are compiled for.

        Raises:
            BuildError: they cannot be had.
            ConfigurationError: a module is in a folder that the unit does not have.
        """
        folder = tree / where
        if not (folder / MOD).is_file():
            return Stock(variables={**_BUILDING, "GOFLAGS": "-trimpath"})
        parsed = self._parsed(folder, where)
        required = [one["Path"] for one in parsed.get("Require") or ()]
        compiled = self._compiled(architecture) if _OF_LAMBDA in required else Stock()
        if (folder / VENDORED).is_file():
            return Stock(variables={**_BUILDING, "GOFLAGS": "-trimpath -mod=vendor"}) | compiled
        variables = {**_BUILDING, "GOFLAGS": "-trimpath -mod=readonly"}
        if not required:
            return Stock(variables=variables)
        archive = self._downloaded(where, dict(self._files(tree, where, parsed)))
        return Stock({_MODULES: archive}, {**variables, "GOMODCACHE": f"{{home}}/{_MODULES}"}) | compiled

    def _downloaded(self, where: str, files: Mapping[str, bytes]) -> Path:
        """The archive with the modules that a `go.mod` names."""
        key = sha256_of(repr((sorted(files.items()), self.chain.fingerprint)).encode())

        def fetch(into: Path) -> Path:
            for name, content in files.items():
                (into / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
                (into / "tree" / name).write_bytes(content)
            seen = {**self._variables, "GOMODCACHE": str(into / "modules")}
            command: list[str | Path] = [self.chain.program("go"), "mod", "download"]
            outcome = self.commands.attempt(STEP, command, into / "tree" / where, seen)
            said = f"what {where}/{MOD} names cannot be had from the proxy; Go says why below. Commit a folder vendor "
            self.commands.require(STEP, outcome, f"{said}('go mod vendor') where there is none.")
            (into / "kept" / "cache").mkdir(parents=True)
            (into / "modules" / "cache" / "download").rename(into / "kept" / "cache" / "download")
            return into / "kept"

        return fetched(self.cache, key, self.scratch, fetch)

    def _compiled(self, architecture: str) -> Stock:
        """What Go has compiled of its own library, which it would else compile again in each build."""
        seen = {**self._variables, **_BUILDING, "GOOS": "linux", "GOARCH": _MACHINES[architecture]}
        key = sha256_of(repr((sorted(seen.items()), _COMMON, self.chain.fingerprint)).encode())

        def fetch(into: Path) -> Path:
            command: list[str | Path] = [self.chain.program("go"), "build", "-trimpath", *_COMMON]
            outcome = self.commands.attempt(STEP, command, into, {**seen, "GOCACHE": str(into / "kept")})
            self.commands.require(STEP, outcome, "Go cannot compile its own library; it says why below.")
            return into / "kept"

        return Stock({_COMPILED: fetched(self.cache, key, self.scratch, fetch)}, {"GOCACHE": f"{{home}}/{_COMPILED}"})

    @property
    def _variables(self) -> dict[str, str]:
        """The worker's own proxies, without what would fetch from where a module's name leads."""
        own = self.commands.seen(_PROXY) or _PUBLIC
        proxies = [one for one in own.replace("|", ",").split(",") if one not in ("direct", "off", "")]
        path = self.chain.path(self.commands)
        return {**_FETCHING, "PATH": path, _PROXY: ",".join(proxies) or "off"}

    def _parsed(self, folder: Path, where: str) -> dict[str, Any]:
        """What Go reads in a `go.mod`."""
        command: list[str | Path] = [self.chain.program("go"), "mod", "edit", "-json", folder / MOD]
        outcome = self.commands.attempt(STEP, command, self.scratch, self._variables)
        self.commands.require(STEP, outcome, f"{where}/{MOD} cannot be read; Go says why below.")
        parsed: dict[str, Any] = json.loads(outcome.output)
        return parsed

    def _files(self, tree: Path, where: str, parsed: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
        """`go.mod` and `go.sum` of a folder, and of those that it takes modules from."""
        local = [one["New"]["Path"] for one in parsed.get("Replace") or () if not one["New"].get("Version")]
        for path in (".", *local):
            place = posixpath.normpath(posixpath.join(where, path))
            if place.startswith("..") or path.startswith("/") or not (tree / place / MOD).is_file():
                raise ConfigurationError(
                    f"{where}/{MOD}",
                    f"replaces a module by {path!r}, which this unit does not have: add {place!r} to its depends_on.",
                )
            for name in (MOD, SUM):
                if (tree / place / name).is_file():
                    yield f"{place}/{name}", (tree / place / name).read_bytes()
