"""A repository that somebody else made names programs in its `.git`: the command line runs none of them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import boto3
import pytest
from moto import mock_aws

from orchestrator.errors import OrchestratorError
from orchestrator.source.git import Git
from orchestrator.source.local_git import LocalGitRepository
from orchestrator.source.snapshots.bucket import Place, SnapshotBucket
from orchestrator.source.snapshots.publish import Publisher
from tests.git_repository import GitRepository
from tests.source_repository import ORGANIZATION

TEMPLATE = "Resources:\n  Topic: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: {text}}}}}\n"
COMMANDS = (
    ("affected", "--since", "HEAD~1"),
    ("units",),
    ("init", "--tooling-account", "111111111111", "--environment", "dev=222222222222/eu-west-1"),
    ("build", "hello", "--to", "{out}"),
    ("publish-source",),
)
RUN_ALL = """
import json, sys
from orchestrator.cli.main import main
for arguments in json.loads(sys.argv[1]):
    try:
        main(["--repository", sys.argv[2], *arguments])
    except SystemExit:
        pass
"""


class Foreign:
    """A repository that somebody else made.

    Args:
        folder: a folder of its own.
    """

    def __init__(self, folder: Path) -> None:
        self.canary = folder / "canary"
        self.program = folder / "program"
        self.program.write_text(f"#!/bin/sh\ntouch '{self.canary}'\nexit 1\n")
        self.program.chmod(0o755)
        self.git = GitRepository(folder / "clone")
        self.git.folder.mkdir()
        self.git.begin()
        self.write("orchestrator.toml", f'units = ["projects/*"]\n{ORGANIZATION}')
        self.write("projects/hello/template.yaml", TEMPLATE.format(text="one"))
        self.git.commit("One")
        self.write("projects/hello/template.yaml", TEMPLATE.format(text="two"))
        self.git.commit("Two")

    def write(self, path: str, text: str) -> None:
        """Write a file."""
        file = self.git.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def configure(self, **settings: str) -> None:
        """Change its own settings; two underscores are a dot."""
        for name, value in settings.items():
            self.git("config", name.replace("__", "."), value)

    def lose(self, path: str) -> None:
        """Lose the object of a file, which git would fetch from where the settings say."""
        identity = self.git("rev-parse", f"HEAD:{path}").strip()
        (self.git.folder / ".git/objects" / identity[:2] / identity[2:]).unlink()

    def promise(self, url: str, **settings: str) -> None:
        """Say that what is lost is to be had at a URL."""
        self.lose("orchestrator.toml")
        self.configure(core__repositoryformatversion="1", extensions__partialClone="origin")
        self.configure(remote__origin__promisor="true", remote__origin__url=url, **settings)


def fsmonitor(foreign: Foreign) -> None:
    """The program that tells what changed."""
    foreign.configure(core__fsmonitor=str(foreign.program))


def clean_filter(foreign: Foreign) -> None:
    """A filter, which `git status` runs on a file that looks changed."""
    foreign.write(".gitattributes", "*.yaml filter=evil\n")
    foreign.configure(filter__evil__clean=str(foreign.program), filter__evil__smudge=str(foreign.program))
    foreign.write("projects/hello/template.yaml", TEMPLATE.format(text="six"))


def filter_process(foreign: Foreign) -> None:
    """The same, as a process that stays."""
    clean_filter(foreign)
    foreign.configure(filter__evil__process=str(foreign.program), filter__evil__required="true")


def included_settings(foreign: Foreign) -> None:
    """The same, in a file that the settings include."""
    clean_filter(foreign)
    foreign.write("evil.cfg", f'[filter "evil"]\n\tclean = {foreign.program}\n')
    foreign.git("config", "--remove-section", "filter.evil")
    foreign.configure(include__path="../evil.cfg")


def settings_of_a_worktree(foreign: Foreign) -> None:
    """The same, in the settings of one working tree."""
    clean_filter(foreign)
    foreign.git("config", "--remove-section", "filter.evil")
    foreign.configure(core__repositoryformatversion="1", extensions__worktreeConfig="true")
    foreign.git("config", "--worktree", "filter.evil.clean", str(foreign.program))


def submodule(foreign: Foreign) -> None:
    """A repository within it, whose own settings name a program."""
    inner = GitRepository(foreign.git.folder / "projects/hello/inner")
    inner.folder.mkdir()
    inner.begin()
    (inner.folder / "file").write_text("one")
    inner.commit("One")
    foreign.git.commit("Three")
    inner("config", "core.fsmonitor", str(foreign.program))
    inner("config", "filter.evil.clean", str(foreign.program))
    (inner.folder / ".git/info/attributes").write_text("* filter=evil\n")
    (inner.folder / "file").write_text("two")


def hooks(foreign: Foreign) -> None:
    """Every hook that there is."""
    for name in ("post-index-change", "reference-transaction", "post-checkout", "pre-commit", "fsmonitor-watchman"):
        hook = foreign.git.folder / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_bytes(foreign.program.read_bytes())
        hook.chmod(0o755)
    foreign.configure(core__hooksPath=".git/hooks")
    os.utime(foreign.git.folder / "orchestrator.toml", (1, 1))


def promised_by_a_program(foreign: Foreign) -> None:
    """A lost object that a program promises, by a URL that is a command."""
    foreign.promise(f"ext::{foreign.program}", protocol__ext__allow="always", protocol__allow="always")


def promised_over_ssh(foreign: Foreign) -> None:
    """The same, by a program in place of ssh."""
    foreign.promise("ssh://example.com/shop.git", core__sshCommand=str(foreign.program))


def promised_by_a_folder(foreign: Foreign) -> None:
    """The same, by a program that serves a folder."""
    foreign.promise(str(foreign.git.folder), remote__origin__uploadpack=str(foreign.program))


def promised_through_a_proxy(foreign: Foreign) -> None:
    """The same, by a program that opens connections."""
    foreign.promise("git://127.0.0.1/shop.git", core__gitProxy=str(foreign.program))


def promised_for_a_password(foreign: Foreign) -> None:
    """The same, by a host that asks for credentials, which a program tells."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Unauthorized)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/shop.git"
    foreign.promise(url, credential__helper=f"!{foreign.program}", core__askPass=str(foreign.program))


def signature(foreign: Foreign) -> None:
    """A signed commit, and a program that checks signatures."""
    content = foreign.git("cat-file", "commit", "HEAD")
    head, message = content.split("\n\n", 1)
    mark = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQEz\n -----END PGP SIGNATURE-----"
    file = foreign.git.folder / "commit"
    file.write_text(f"{head}\n{mark}\n\n{message}")
    signed = foreign.git("hash-object", "-t", "commit", "-w", str(file)).strip()
    file.unlink()
    foreign.git("update-ref", "refs/heads/main", signed)
    foreign.configure(log__showSignature="true", gpg__program=str(foreign.program))


def inert(foreign: Foreign) -> None:
    """What no command that is run follows today: aliases, pagers, editors, and programs that show differences."""
    foreign.write(".gitattributes", "*.yaml diff=evil merge=evil\n")
    program = str(foreign.program)
    foreign.configure(diff__external=program, diff__evil__textconv=program, diff__evil__command=program)
    foreign.configure(core__pager=program, core__editor=program, core__alternateRefsCommand=program)
    for name in ("cat-file", "log", "rev-parse", "status", "diff-tree", "for-each-ref"):
        foreign.git("config", f"alias.{name}", f"!{program}")
        foreign.git("config", f"pager.{name}", program)


class _Unauthorized(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # The library's name.
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="shop"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


TRICKS = (
    fsmonitor,
    clean_filter,
    filter_process,
    included_settings,
    settings_of_a_worktree,
    submodule,
    hooks,
    promised_by_a_program,
    promised_over_ssh,
    promised_by_a_folder,
    promised_through_a_proxy,
    promised_for_a_password,
    signature,
    inert,
)


@pytest.fixture
def foreign(tmp_path: Path) -> Foreign:
    """A repository that somebody else made."""
    return Foreign(tmp_path)


@pytest.fixture
def bucket() -> Iterator[SnapshotBucket]:
    """Where snapshots go."""
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
        s3.create_bucket(Bucket="sources")
        yield SnapshotBucket(s3, Place("sources", "source"))


def orchestrate(folder: Path, *commands: tuple[str, ...], home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run commands without any AWS account, one after the other, in one process."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "GIT_"))}
    nowhere = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "1",
    }
    own = {"HOME": str(home or folder.parent), "ORCHESTRATOR_CACHE_DIR": str(folder.parent / "cache")}
    command = [sys.executable, "-c", RUN_ALL, json.dumps(commands), str(folder)]
    return subprocess.run(command, env={**kept, **nowhere, **own}, capture_output=True, text=True, check=False)


def read_and_publish(folder: Path, bucket: SnapshotBucket) -> None:
    """Do what only steps do, and what `publish-source` does once it reaches AWS."""
    repository = LocalGitRepository(folder, os.environ["PATH"])
    old, new = repository.commit("HEAD~1").id, repository.commit("HEAD").id
    repository.commits_between(old, new, ["projects/hello"])
    Publisher(Git(folder, "the clone", os.environ["PATH"]), bucket, ["orchestrator.toml"]).publish(new, "main")


@pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: str(trick.__name__))
def test_no_command_runs_a_program_that_the_repository_names(
    trick: Callable[[Foreign], None], foreign: Foreign, bucket: SnapshotBucket
) -> None:
    """Reading, drafting, building and publishing."""
    trick(foreign)
    out = str(foreign.git.folder.parent / "out")
    orchestrate(foreign.git.folder, *(tuple(word.format(out=out) for word in command) for command in COMMANDS))
    assert not foreign.canary.exists()
    # What is lost is said to be.
    with suppress(OrchestratorError):
        read_and_publish(foreign.git.folder, bucket)
    assert not foreign.canary.exists()


def test_the_commands_of_these_tests_work_where_nothing_is_hostile(foreign: Foreign, bucket: SnapshotBucket) -> None:
    """Else the others would prove nothing."""
    read_and_publish(foreign.git.folder, bucket)
    out = str(foreign.git.folder.parent / "out")
    done = orchestrate(
        foreign.git.folder, *(tuple(word.format(out=out) for word in command) for command in COMMANDS[:4])
    )
    assert "1 of 1 units" in done.stdout
    assert "hello@" in done.stdout
    assert "is built from" in done.stdout
    assert done.stderr.count("error:") == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can give files to somebody else.")
def test_a_clone_of_another_user_is_read_once_it_is_trusted(foreign: Foreign, tmp_path: Path) -> None:
    """Git refuses it and says what to do; doing that is enough."""
    for path in (foreign.git.folder, *foreign.git.folder.rglob("*")):
        os.chown(path, 65534, 65534, follow_symlinks=False)
    home = tmp_path / "home"
    home.mkdir()
    refused = orchestrate(foreign.git.folder, COMMANDS[0], home=home)
    assert f"error: {foreign.git.folder} belongs to another user" in refused.stderr
    assert refused.stdout == ""
    advice = next(line.strip() for line in refused.stderr.splitlines() if line.strip().startswith("git config"))
    subprocess.run(advice.split(), env={"PATH": os.environ["PATH"], "HOME": str(home)}, check=True)
    assert "1 of 1 units" in orchestrate(foreign.git.folder, COMMANDS[0], home=home).stdout


def test_settings_do_not_lead_to_another_folder(foreign: Foreign, tmp_path: Path) -> None:
    """Where the working tree is decides which configuration is read."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "orchestrator.toml").write_text(ORGANIZATION)
    foreign.configure(core__worktree=str(other))
    assert "another folder as its working tree" in orchestrate(foreign.git.folder, COMMANDS[0]).stderr


def test_a_linked_working_tree_is_read(foreign: Foreign, tmp_path: Path) -> None:
    """Its branch is its own; everything else it shares."""
    foreign.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "linked"), "HEAD~1")
    (tmp_path / "linked/projects/hello/template.yaml").write_text("Resources: {}\n")
    done = orchestrate(
        tmp_path / "linked", ("affected", "--since", "main"), ("build", "hello", "--to", str(tmp_path / "out"))
    )
    assert f"Affected by {foreign.git('rev-parse', 'side')[:12]}: 1 of 1 units" in done.stdout
    assert "not committed, so not in the build: projects/hello/template.yaml" in done.stderr
