"""Starts, finds and stops the embedded cloud. Its state is in memory, and on disk while it is stopped if it is kept."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from orchestrator.errors import LocalCloudError
from orchestrator.frozen import dataclass

DEFAULT_PORT = 4566
_START_SECONDS = 60.0
# Below the ports that systems give to outgoing connections: from 32768 on Linux, from 49152 elsewhere.
_FIRST_PORT, _PORTS = 20_000, 12_000
_STOP_SECONDS = 1.0
# One that keeps its state writes it when it is asked to end; the other one is asked for form's sake.
_KEEP_SECONDS = 30.0
# Only this much of the caller's environment reaches the cloud: no credentials, no proxies.
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "SSL_CERT_FILE", "SSL_CERT_DIR")


class Process(BaseModel):
    """A running cloud, as noted in its state folder. The token tells it from any other process on the port."""

    model_config = ConfigDict(frozen=True)

    pid: int
    port: int
    token: str
    certificate: Path

    @property
    def endpoint_url(self) -> str:
        """What clients are pointed at; they must trust its certificate."""
        return f"https://127.0.0.1:{self.port}"


@dataclass(frozen=True)
class LocalCloud:
    """The embedded cloud of one state folder.

    Args:
        folder: where its process is noted and its log is kept.
        port: the port it listens on, at 127.0.0.1 only.
        keep: whether what is in it outlives a stop. Executions that run at a stop have failed after it, and no event
            tells so; one that is killed forgets what happened since its last start.
    """

    folder: Path
    port: int = DEFAULT_PORT
    keep: bool = False

    @property
    def log_file(self) -> Path:
        """What the cloud and the Lambdas in it say."""
        return self.folder / "cloud.log"

    @property
    def _certificate(self) -> Path:
        return self.folder.absolute() / "certificate.pem"

    @property
    def _key(self) -> Path:
        return self.folder.absolute() / "key.pem"

    @property
    def scratch(self) -> Path:
        """Where it unpacks the code of its Lambdas."""
        return self.folder.absolute() / "tmp"

    @property
    def _note(self) -> Path:
        return self.folder / "cloud.json"

    def running(self) -> Process | None:
        """The cloud that was started from this folder, None when it is not running."""
        try:
            process = Process.model_validate_json(self._note.read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return process if _is_ours(process) else None

    def up(self) -> Process:
        """Start it, unless it is running; returns when it answers.

        Raises:
            LocalCloudError: the port is taken, or it did not start; says what to do.
        """
        if process := self.running():
            return process
        if not _port_is_free(self.port):
            raise LocalCloudError(
                f"Port {self.port} is taken by another program. Stop that program, or choose another port with --port."
            )
        # The library behind it comes with the extra `local` only; every other command does without.
        from orchestrator.local.certificate import make_certificate  # noqa: PLC0415

        self.scratch.mkdir(parents=True, exist_ok=True)
        # A private key and the state of a machine are in it: no business of the repository that it lies in.
        (self.folder / ".gitignore").write_text("*\n")
        self._last_port_file.write_text(str(self.port))
        make_certificate(self._certificate, self._key)
        token = secrets.token_hex(16)
        with self.log_file.open("wb") as log:
            started = subprocess.Popen(
                self._command,
                env=self._environment(token),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process = Process(pid=started.pid, port=self.port, token=token, certificate=self._certificate)
        self._note.write_text(process.model_dump_json())
        self._wait_until_it_answers(started, process)
        return process

    def down(self) -> bool:
        """Stop it with all its Lambdas, and wait until they are gone; False when it was not running."""
        process = self.running()
        if process is None:
            self._note.unlink(missing_ok=True)
            return False
        _end_group(process.pid, _KEEP_SECONDS if self.keep else _STOP_SECONDS)
        self._note.unlink(missing_ok=True)
        shutil.rmtree(self.scratch, ignore_errors=True)
        return True

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of the log."""
        text = self.log_file.read_text(errors="replace") if self.log_file.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    @property
    def last_port(self) -> int | None:
        """The port it was started on last, None when it never was."""
        try:
            return int(self._last_port_file.read_text())
        except (FileNotFoundError, ValueError):
            return None

    @property
    def _last_port_file(self) -> Path:
        return self.folder / "port"

    def forget(self) -> None:
        """Drop what a stopped cloud has kept."""
        shutil.rmtree(self._state, ignore_errors=True)

    @property
    def _state(self) -> Path:
        return self.folder.absolute() / "state"

    @property
    def _command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "hypercorn", "orchestrator.local.serve:app", "--workers", "0"),
            *("--bind", f"127.0.0.1:{self.port}", "--certfile", str(self._certificate), "--keyfile", str(self._key)),
            *("--keep-alive", "75", "--graceful-timeout", "0", "--log-level", "warning"),
        ]

    def _environment(self, token: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        state = {"PERSIST_STATE": "1", "S3_PERSIST": "1", "S3_DATA_DIR": str(self._state / "s3")} if self.keep else {}
        return {
            **kept,
            **state,
            "AUTH": "true",
            "CLOUDTRAIL_RECORDING": "1",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_HOST": "127.0.0.1",
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": str(self._certificate),
            "MINISTACK_SSL_KEY": str(self._key),
            # Its Lambdas inherit this: their clients call the same endpoint.
            "AWS_CA_BUNDLE": str(self._certificate),
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
            # It leaves the unpacked code of its Lambdas behind: here, where `down` finds it.
            "TMPDIR": str(self.scratch),
            "STATE_DIR": str(self._state if self.keep else self.scratch),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "ORCHESTRATOR_LOCAL_CLOUD": token,
        }

    def _wait_until_it_answers(self, started: "subprocess.Popen[bytes]", process: Process) -> None:
        try:
            _until(lambda: started.poll() is not None or _answers(process), _START_SECONDS)
        except RetryError as error:
            self.down()
            raise LocalCloudError(f"The embedded cloud did not answer in time. Its log:\n{self.log_tail()}") from error
        if started.poll() is not None:
            self._note.unlink(missing_ok=True)
            raise LocalCloudError(f"The embedded cloud ended at once. Its log:\n{self.log_tail()}")


def free_port() -> int:
    """A port that nothing listens on right now, out of those the system does not give to outgoing connections.

    A port that the system chooses may be taken by any client's connection before the cloud listens on it.
    """
    ports = (_FIRST_PORT + secrets.randbelow(_PORTS) for _ in range(_PORTS))
    return next(port for port in ports if _port_is_free(port))


def _until(condition: Callable[[], bool], seconds: float) -> None:
    Retrying(retry=retry_if_result(lambda done: not done), wait=wait_fixed(0.05), stop=stop_after_delay(seconds))(
        condition
    )


def _port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _answers(process: Process) -> bool:
    trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=process.certificate))
    # No proxy: the caller's environment may name one, which knows nothing of this machine's own addresses.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), trust)
    try:
        with direct.open(f"{process.endpoint_url}/_ministack/health", timeout=2) as answer:
            return bool(json.load(answer))
    except (urllib.error.URLError, OSError, json.JSONDecodeError):
        return False


def _is_ours(process: Process) -> bool:
    """Whether the process is still the one that was started: process ids are used again."""
    if not _group_is_alive(process.pid):
        return False
    environment = Path(f"/proc/{process.pid}/environ")
    if not environment.exists():
        return _answers(process)
    try:
        return f"ORCHESTRATOR_LOCAL_CLOUD={process.token}".encode() in environment.read_bytes().split(b"\0")
    except PermissionError:
        return False


def _group_is_alive(pid: int) -> bool:
    return _answers_signals(lambda: os.killpg(pid, 0), pid)


def _is_alive(pid: int) -> bool:
    return _answers_signals(lambda: os.kill(pid, 0), pid)


def _answers_signals(send: Callable[[], None], pid: int) -> bool:
    # A child that ended stays a zombie until its parent asks: ask, in case that is us.
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        send()
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _end_group(pid: int, seconds: float) -> None:
    """Ask the cloud to end, and end by force what is left of it and of its Lambdas."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    with contextlib.suppress(RetryError):
        _until(lambda: not _is_alive(pid), seconds)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(RetryError):
        _until(lambda: not _group_is_alive(pid), _STOP_SECONDS)
