"""Builds of a unit whose `orchestrator.toml` opens hosts to its code: what merges name, and what machines can do."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.config.network import Network
from orchestrator.confine.features import of_this_machine
from orchestrator.errors import BuildError
from tests.attacks.confined import only_linux
from tests.attacks.hostile_unit import HostileUnit
from tests.attacks.opened import HOST, MODEL, OpenedHost
from tests.unit.build.fakes import ORGANIZATION

pytestmark = only_linux
_ROOT = Path(__file__).parents[2]
_DOWNLOADS = """
import urllib.request
url = 'https://{place}/weights'
print('got', urllib.request.urlopen(url).read().decode(), file=sys.stderr)
"""
_HARM = "print('harm was done', file=sys.stderr)"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[OpenedHost]:
    """The host that is opened."""
    (tmp_path / "host").mkdir()
    opened = OpenedHost(tmp_path / "host")
    yield opened
    opened.close()


def opening(unit: HostileUnit, *hosts: str, units: str = "*") -> HostileUnit:
    """Let the repository's `orchestrator.toml` open hosts to some units."""
    listed = json.dumps(list(hosts))
    unit.repository.write(
        "orchestrator.toml", f'{ORGANIZATION}\n[build]\nnetwork = {listed}\nnetwork_units = ["{units}"]\n'
    )
    return unit


def on_machine(unit: HostileUnit, host: OpenedHost, network: Network) -> HostileUnit:
    """Let the guardrails open some hosts, and the machine trust the host's certificate."""
    environment = {**unit.tools.environment, "SSL_CERT_FILE": str(host.certificate)}
    unit.tools = replace(unit.tools, environment=environment, network=network, reach=host.reach)
    return unit


def test_a_hook_of_the_build_backend_downloads_from_an_opened_host(hostile_unit: HostileUnit, host: OpenedHost) -> None:
    """A real build, whose manifest names the host; without it, the same sources are another release."""
    place = f"{HOST}:{host.port}"
    hostile_unit.hook("pass")
    closed = hostile_unit.build()
    opening(on_machine(hostile_unit, host, Network((place,))), place)
    opened = hostile_unit.build()
    assert (closed.manifest.network, opened.manifest.network) == ((), (place,))
    assert closed.manifest.digest != opened.manifest.digest
    assert closed.release.version != opened.release.version
    assert not opened.reused
    hostile_unit.hook(_DOWNLOADS.format(place=place))
    hostile_unit.build()
    assert hostile_unit.said.count(f"got {MODEL}") == 2
    assert f"[network] {place}: 2 connections, " in hostile_unit.said
    assert host.asked == [f"{place}/weights"] * 2


def test_a_hook_that_reaches_for_another_host_is_told_what_is_opened(
    hostile_unit: HostileUnit, host: OpenedHost
) -> None:
    """With the key that opens it, and who may set it."""
    hostile_unit.hook(_DOWNLOADS.format(place="evil.example.com"))
    place = f"{HOST}:{host.port}"
    opening(on_machine(hostile_unit, host, Network((place,))), place)
    with pytest.raises(BuildError) as refused:
        hostile_unit.build()
    said = str(refused.value)
    assert f"use no network but {place}, by https through the proxy that HTTPS_PROXY names" in said
    assert "[network] refused: evil.example.com:443 is not among the hosts" in said
    assert f"got {MODEL}" not in hostile_unit.said


@pytest.mark.parametrize(
    ("merged", "recorded"),
    [
        (("evil.example.com",), Network()),
        ((HOST, "evil.example.com"), Network((HOST,))),
        (("*.example.com",), Network((HOST,))),
        ((f"{HOST}:8443",), Network((HOST,))),
        ((f"private:{HOST}",), Network((HOST,))),
        ((HOST,), Network((HOST,), ("ml-*",))),
    ],
)
def test_a_merge_opens_nothing_that_the_guardrails_do_not(
    merged: tuple[str, ...], recorded: Network, hostile_unit: HostileUnit
) -> None:
    """Nothing is run, and nothing that was built with it before is found."""
    hostile_unit.hook(_HARM)
    opening(hostile_unit, *merged)
    hostile_unit.tools = replace(hostile_unit.tools, network=recorded)
    with pytest.raises(BuildError, match=r"opens .* to the unit's code, and the guardrails do not.*guardrails apply"):
        hostile_unit.build()
    assert hostile_unit.said == ""


def test_a_release_is_not_found_once_the_guardrails_have_closed_its_host(
    hostile_unit: HostileUnit, host: OpenedHost
) -> None:
    """Its version is there to be promoted by those who name it; as a build of that commit, it is none any more."""
    hostile_unit.hook("pass")
    opening(on_machine(hostile_unit, host, Network((HOST,))), HOST)
    assert not hostile_unit.build().reused
    assert hostile_unit.build().reused
    hostile_unit.tools = replace(hostile_unit.tools, network=Network())
    with pytest.raises(BuildError, match="the guardrails do not"):
        hostile_unit.build()


def test_a_unit_that_is_not_named_is_built_as_before(hostile_unit: HostileUnit, host: OpenedHost) -> None:
    """Without any network, and into the same release."""
    hostile_unit.hook("pass")
    before = hostile_unit.build()
    opening(on_machine(hostile_unit, host, Network((HOST,), ("ml-*",))), HOST, units="ml-*")
    again = hostile_unit.build()
    assert again.reused
    assert again.release.version == before.release.version
    assert again.manifest.network == ()


_BUILD = """
import os, sys
from pathlib import Path
from dataclasses import replace
from orchestrator.build.build import Tools
from orchestrator.build.cache import Cache
from orchestrator.build.environment import clean_environment
from orchestrator.config.network import Network
from orchestrator.confine import system
from orchestrator.errors import BuildError
from tests.attacks.hostile_unit import HostileUnit
from tests.attacks.test_build_hosts import opening, _HARM
import uv
system.call("prctl", 24, 21, 0, 0, 0)  # No program that is started gets CAP_SYS_ADMIN any more.
folder = Path(sys.argv[1])
tools = Tools(uv.find_uv_bin(), sys.executable, clean_environment(os.environ), Cache(folder / "cache"))
unit = opening(HostileUnit(replace(tools, network=Network(("models.example.com",))), folder), "models.example.com")
unit.hook(_HARM)
try: unit.build()
except BuildError as error: print(error)
print("said", unit.said)
"""


@pytest.mark.skipif(not of_this_machine().root, reason="only root can give up to make namespaces, and no more")
def test_where_no_namespace_can_be_made_nothing_is_built(tmp_path: Path) -> None:
    """As in a container that is not privileged: neither with an open network nor without any."""
    done = subprocess.run(
        [sys.executable, "-c", _BUILD, str(tmp_path)],
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    said = re.sub(r"\s+", " ", done.stdout)
    assert "at 'open hosts to the unit's code': [build] network opens models.example.com to this unit" in said, done
    assert "this command was not run, because it cannot be confined: " in said
    assert "'orchestrator bootstrap' has CodeBuild build in it" in said
    assert "harm was done" not in said
