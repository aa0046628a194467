"""A unit's build steals what the one has that builds: its role, its index's password, its files."""

from dataclasses import replace

from orchestrator.confine.features import of_this_machine
from tests.attacks.confined import CREDENTIALS, metadata_service, only_linux
from tests.attacks.hostile_unit import HostileUnit

pytestmark = only_linux
_PRINTS = "print({what}, file=sys.stderr, flush=True)"


def test_a_hook_of_the_build_backend_reads_no_credentials_of_the_role(hostile_unit: HostileUnit) -> None:
    """It runs in the interpreter that has confined itself, which executes nothing."""
    with metadata_service() as port:
        hostile_unit.hook(
            f"""
import socket
for attempt in (lambda: socket.create_connection(('127.0.0.1', {port})),
                lambda: socket.socket(2, 1, 262).connect(('127.0.0.1', {port})),
                lambda: socket.socket().sendto(b'GET / HTTP/1.0\\r\\n\\r\\n', 0x20000000, ('127.0.0.1', {port}))):
    try: attempt(); print('connected', file=sys.stderr)
    except OSError as error: print('said', type(error).__name__, file=sys.stderr)
"""
        )
        hostile_unit.build()
    assert hostile_unit.said.count("said PermissionError") == 6
    assert "connected" not in hostile_unit.said
    assert CREDENTIALS not in hostile_unit.said


def test_a_hook_of_the_build_backend_has_no_privilege(hostile_unit: HostileUnit) -> None:
    """Neither root's capabilities nor root."""
    hostile_unit.hook(
        "import os\nprint('is', os.getuid(), *(line.split()[1] for line in open('/proc/self/status') "
        "if line.startswith('Cap')), file=sys.stderr)"
    )
    hostile_unit.build()
    _, user, *capabilities = next(line for line in hostile_unit.said.splitlines() if line.startswith("is ")).split()
    assert capabilities == ["0" * 16] * 5
    assert (user == "0") <= (not of_this_machine().users)


def test_the_password_of_the_package_index_is_not_the_unit_s_to_see(hostile_unit: HostileUnit) -> None:
    """Only tools that fetch need it; they have fetched before."""
    secret = {"UV_INDEX_MINE_PASSWORD": "hunter2", "PIP_EXTRA_PASSWORD": "hunter2", "all_proxy": "http://u:hunter2@x"}
    environment = {**hostile_unit.tools.environment, **secret, "NO_PROXY": "*"}
    hostile_unit.tools = replace(hostile_unit.tools, environment=environment)
    hostile_unit.hook(
        """
import glob, os
found = [*os.environ.values()]
for path in glob.glob('/proc/[0-9]*/environ'):
    try: found.append(open(path).read())
    except OSError: pass
print('looked', any('hunter2' in one for one in found), file=sys.stderr)
"""
    )
    hostile_unit.build()
    assert "looked False" in hostile_unit.said
    assert "looked True" not in hostile_unit.said
