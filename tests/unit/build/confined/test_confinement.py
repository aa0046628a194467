"""What a build may read, write and connect to, as it is worked out."""

import json
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from orchestrator.build.confined.confinement import Confinement


def spec(
    folder: Path, command: list[str | Path], environment: dict[str, str], variables: dict[str, str] | None = None
) -> dict[str, Any]:
    """What the launcher is told."""
    made = Confinement(folder / "scratch", folder / "cache").command(command, environment, 10, variables or {})
    document: dict[str, Any] = json.loads(made[made.index(str(command[0])) - 1])
    return document


def test_only_scratch_and_cache_and_devices_are_written_to(tmp_path: Path) -> None:
    """Whatever the variables name."""
    writable = spec(tmp_path, ["/usr/bin/true"], {"UV_FIND_LINKS": "/wheels", "HOME": "/home/ada"})["writable"]
    assert [path for path in writable if not path.startswith("/dev/")] == [
        str(tmp_path / "scratch"),
        str(tmp_path / "cache"),
    ]


def test_what_arguments_and_variables_name_is_read_and_no_home_folder(tmp_path: Path) -> None:
    """Indexes may be folders, and certificates files."""
    environment = {
        "HOME": "/home/ada",
        "XDG_CONFIG_HOME": "/home/ada/.settings",
        "PATH": "/home/ada/bin:/usr/bin",
        "UV_INDEX": "file:///mirror/simple https://example.com/simple",
        "SSL_CERT_FILE": "/certificates/ca.pem",
    }
    readable = spec(tmp_path, [Path("/tools/uv"), "build", Path("/tree")], environment)["readable"]
    assert {"/tools", "/tree", "/home/ada/bin", "/mirror/simple", "/certificates/ca.pem"} <= set(readable)
    assert {"/home/ada/.settings/uv", "/home/ada/.settings/pip"} <= set(readable)
    assert not {"/", "/home", "/home/ada", "/home/ada/.settings"} & set(readable)


def test_what_a_unit_writes_gives_its_commands_nothing(tmp_path: Path) -> None:
    """Neither files nor ports, whether it stands among arguments or in variables; and the launcher does not see it."""
    theirs = {"SETTINGS": "a /root/.aws b http://169.254.169.254:80/", "LD_PRELOAD": "./evil.so"}
    told = spec(tmp_path, ["/bin/app", "/root/.ssh", "x:/root/.ssh", "y @ file:///root/.ssh"], {}, theirs)
    assert not [path for path in told["readable"] if ".aws" in path or ".ssh" in path or path == "/bin/app"]
    assert told["ports"] == [443]
    assert told["variables"] == theirs


@pytest.mark.parametrize(
    ("environment", "ports"),
    [
        ({}, [443]),
        ({"UV_DEFAULT_INDEX": "https://mirror.example.com:8443/simple"}, [443, 8443]),
        ({"HTTPS_PROXY": "http://proxy.example.com:3128", "UV_INDEX": "http://mirror/simple"}, [80, 443, 3128]),
        ({"HTTPS_PROXY": "http://proxy.example.com:port"}, [443]),
    ],
)
def test_the_ports_are_those_of_indexes_and_proxies(
    tmp_path: Path, environment: dict[str, str], ports: list[int]
) -> None:
    """Port 80 only where an index or a proxy is there: credentials are served on it, too."""
    assert spec(tmp_path, ["/usr/bin/true"], {"HOME": str(tmp_path), **environment})["ports"] == ports


def test_the_worker_s_settings_of_uv_name_ports_too(tmp_path: Path) -> None:
    """A company's own index is usually named there."""
    (tmp_path / ".config" / "uv").mkdir(parents=True)
    (tmp_path / ".config" / "uv" / "uv.toml").write_text('[[index]]\nurl = "https://index.example.com:4443/simple"\n')
    assert 4443 in spec(tmp_path, ["/usr/bin/true"], {"HOME": str(tmp_path)})["ports"]


def test_the_limit_of_processes_counts_what_the_user_runs_already(tmp_path: Path) -> None:
    """The kernel counts all threads of the user: without those that are there, a build could not start one."""

    def limit() -> int:
        return int(spec(tmp_path, ["/usr/bin/true"], {})["processes"])

    done = Event()
    threads = [Thread(target=done.wait) for _ in range(200)]
    before = limit()
    for thread in threads:
        thread.start()
    try:
        # Others on this machine come and go.
        assert 100 < limit() - before < 300
    finally:
        done.set()
