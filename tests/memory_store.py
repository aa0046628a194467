"""As much of an artifacts bucket as what is kept of branches needs."""

from orchestrator.errors import ArtifactError


class MemoryStore:
    """Keeps bytes by key, and counts how often it is asked."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.reads = 0

    def get(self, key: str) -> bytes:
        """Read what is there."""
        self.reads += 1
        if key not in self.objects:
            raise ArtifactError(f"There is nothing at {key}.")
        return self.objects[key]

    def put(self, key: str, content: bytes) -> None:
        """Write over what is there."""
        self.objects[key] = content
