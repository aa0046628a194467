"""Wires what GitHub calls."""

import time
from functools import cached_property, partial
from typing import TYPE_CHECKING

from orchestrator.aws.session import CLIENT
from orchestrator.wiring.wiring import Wiring

if TYPE_CHECKING:
    from orchestrator.steps.webhook import Webhook


class WebhookWiring(Wiring):
    """Puts the webhook together."""

    @cached_property
    def webhook(self) -> "Webhook":
        """What GitHub calls; it remembers its secret for a while."""
        from orchestrator.aws.merge_event import put_push
        from orchestrator.aws.secrets import read_secret
        from orchestrator.source.github.address import GitHubAddress
        from orchestrator.source.github.delivery import Expected
        from orchestrator.steps.webhook import Secrets, Webhook

        secretsmanager = self.session.client("secretsmanager", config=CLIENT)
        number = self.settings["repository_id"]
        address = GitHubAddress.parse(self.settings["repository_url"])
        return Webhook(
            Secrets(lambda: read_secret(secretsmanager, self.settings["webhook_secret"]), time.time),
            Expected(address.full_name, int(number) if number else None, self.settings["branch"]),
            self.ledger.deliveries,
            partial(put_push, self.session.client("events", config=CLIENT)),
            time.time,
        )
