"""Fields of webhooks and of their deliveries."""

from __future__ import annotations

from datetime import timedelta

from .values import EPOCH, Record, Seeded, guid, stamp


class Webhooks(Seeded):
    """Ids and fields of the webhooks of one tenant, and of what they delivered."""

    def webhook_id(self, number: int) -> str:
        """Return the id of a webhook."""
        return guid(self.seed, "webhook", number)

    def webhook(self, number: int, name: str, url: str, *, active: bool) -> Record:
        """Return a row of the list of webhooks (Webhook); it has no events (W43)."""
        return {
            "id": self.webhook_id(number),
            "name": name,
            "type": 0,
            "url": url,
            "content_type": "application/json",
            "method": 0,
            "authentication_type": 1,
            "basic_username": "hub",
            "active": active,
            "payload_type": 0,
            "custom_payload": False,
            "last_status": 200,
            "log_retention_policy_days": 14,
            "inbound_authentication_type": 0,
            "authentication_header": "",
            "signature_prefix": "",
            "algorithm": 0,
            "digest": 0,
            "batch_method": 0,
            "batch_limit": 0,
            "batch_delay_seconds": 0,
            "auto_disable_attempts": 0,
            "infinite_loop_threshold": 0,
            "initial_verification_type": 0,
            "notify_on_failure": False,
            "group_id": 0,
        }

    def webhook_event(self, webhook: int, number: int, status: int) -> Record:
        """Return one delivery of a webhook (WebhookEvent); a higher number is a later one."""
        return {
            "id": guid(self.seed, "delivery", webhook, number),
            "webhook_id": self.webhook_id(webhook),
            "notification_id": 0,
            "integation_method_name": "",
            "status": status,
            "timestamp": stamp(EPOCH + timedelta(hours=number)),
        }
