"""Publishes a commit of a local clone, which may be a shallow one, as a snapshot in S3."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from orchestrator.errors import SourceError
from orchestrator.frozen import dataclass
from orchestrator.source.cat_file import ObjectReader, lacking
from orchestrator.source.git import Git
from orchestrator.source.repository import Mode
from orchestrator.source.snapshots.bucket import SnapshotBucket
from orchestrator.source.snapshots.changes import tell_past
from orchestrator.source.snapshots.document import read_document, write_document
from orchestrator.source.snapshots.packs import LARGEST_FILE, PACK_BYTES, File, Pack, plan_packs
from orchestrator.source.snapshots.past import read_past
from orchestrator.source.snapshots.stream import write_stream

_AT_ONCE = 16
# Read from git at once.
_BATCH_BYTES = 16 * PACK_BYTES
_LARGEST_DESCRIPTION = 64 * 1024
_DEEPEST = 200


@dataclass(frozen=True)
class Published:
    """What publishing a commit came to.

    Attributes:
        is_new: whether it was not there before.
        written: how many packs were written; the others were there.
        left_out: paths of files that are too large.
    """

    is_new: bool
    written: int = 0
    left_out: tuple[str, ...] = ()


class Publisher:
    """Publishes commits of one clone.

    Args:
        git: runs git in the clone.
        bucket: where snapshots go.
        descriptions: names of the files that every reader of a commit needs, so that they are stored along with it.
    """

    def __init__(self, git: Git, bucket: SnapshotBucket, descriptions: Iterable[str]) -> None:
        self._git = git
        self._objects = ObjectReader(git)
        self._bucket = bucket
        self._descriptions = frozenset(descriptions)

    def publish(self, commit: str, branch: str) -> Published:
        """Write what is not there yet; the commit itself comes last, so that what is there is whole.

        Args:
            commit: full id.
            branch: its newest snapshot tells what need not be written again.

        Raises:
            SourceError: the clone does not hold all files of the commit.
        """
        if self._bucket.get(f"commits/{commit}") is not None:
            return Published(is_new=False)
        trees, files = self._listed(commit)
        left_out = tuple(file.path for file in files if file.size > LARGEST_FILE)
        kept = [file for file in files if file.size <= LARGEST_FILE]
        packs = list(plan_packs(kept))
        written = self._write_packs(packs, {file.id: file.size for file in kept}, self._names_of_newest(branch))
        self._bucket.create(f"history/{commit}", tell_past(self._git, commit))
        along = sorted(file.id for file in kept if self._describes(file))
        objects = self._objects.present([commit, *dict.fromkeys([*trees, *along])])
        self._bucket.create(f"commits/{commit}", write_document(objects, packs, left_out))
        return Published(is_new=True, written=written, left_out=left_out)

    def move(self, branch: str, commit: str, *, force: bool = False) -> str:
        """Move a branch to a published commit, unless it is at a newer one already.

        Args:
            branch: its name.
            commit: full id.
            force: move it back, too.

        Returns:
            The commit that the branch is at now.

        Raises:
            SourceError: others move it at the same time, again and again.
        """
        for _ in range(5):
            there = self._bucket.pointer(branch)
            if there and (there.commit == commit or (not force and self._is_before(commit, there.commit))):
                return there.commit
            # Before it is: killed in between, the branch would be at a commit that counts as not merged later.
            self._bucket.note_newest(branch, commit)
            if self._bucket.move(branch, commit, there):
                return commit
        raise SourceError(
            f"The branch {branch!r} at {self._bucket.place} is moved by others at this moment. Try again."
        )

    def _is_before(self, commit: str, newer: str) -> bool:
        content = self._bucket.get(f"history/{newer}")
        return content is not None and commit in read_past(newer, content)

    def _listed(self, commit: str) -> tuple[list[str], list[File]]:
        """Ids of all trees, the root's first, and all files."""
        root = self._git("rev-parse", f"{commit}^{{tree}}").decode().strip()
        out = self._git("ls-tree", "-r", "-t", "-l", "-z", "--full-tree", "--end-of-options", commit)
        trees, files = [root], []
        for line in filter(None, out.decode("utf-8", "surrogateescape").split("\0")):
            meta, path = line.split("\t", 1)
            if path.count("/") > _DEEPEST:
                raise SourceError(
                    f"{path[:80]!r}... lies in more than {_DEEPEST} folders, which no build can work with."
                )
            mode, _kind, identity, size = meta.split()
            if mode == Mode.FOLDER:
                trees.append(identity)
            elif mode != Mode.SUBMODULE:
                if not size.isdigit():
                    raise lacking(self._git, identity)
                files.append(File(path, identity, int(size)))
        return trees, files

    def _describes(self, file: File) -> bool:
        return file.path.rpartition("/")[2] in self._descriptions and file.size <= _LARGEST_DESCRIPTION

    def _names_of_newest(self, branch: str) -> set[str]:
        """Packs that are there for sure, because a commit is written after its packs."""
        there = self._bucket.pointer(branch)
        content = self._bucket.get(f"commits/{there.commit}") if there else None
        return set(read_document(there.commit, content).packs.values()) if there and content else set()

    def _write_packs(self, packs: Sequence[Pack], sizes: dict[str, int], known: set[str]) -> int:
        new = {pack.name: pack for pack in packs if pack.name not in known}
        written = 0
        with ThreadPoolExecutor(_AT_ONCE) as beside:
            for batch in _batches(new.values(), sizes):
                contents = {
                    one.id: one for one in self._objects.present({blob for pack in batch for blob in pack.blobs})
                }
                streams = (write_stream(contents[blob] for blob in pack.blobs) for pack in batch)
                names = (f"packs/{pack.name}" for pack in batch)
                written += sum(beside.map(self._bucket.create, names, streams))
        return written


def _batches(packs: Iterable[Pack], sizes: dict[str, int]) -> Iterator[list[Pack]]:
    batch: list[Pack] = []
    size = 0
    for pack in packs:
        takes = sum(sizes[blob] for blob in pack.blobs)
        if batch and size + takes > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(pack)
        size += takes
    if batch:
        yield batch
