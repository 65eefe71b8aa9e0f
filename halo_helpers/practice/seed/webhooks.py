"""Fields of webhooks and of their deliveries."""

from __future__ import annotations

from datetime import timedelta

from .values import EPOCH, Record, Seeded, guid, stamp


class Webhooks(Seeded):
    """Webhooks of one tenant, and what they delivered."""

    def webhook(self, number: int) -> Record:
        """Return a webhook (Webhook) that another product registered; Neo registers its own (facts 1.6)."""
        return {
            "id": guid(self.seed, "webhook", number),
            "name": "Monitoring hub",
            "type": 0,
            "url": "https://hooks.monitoring.example/halo",
            "content_type": "application/json",
            "method": 0,
            "authentication_type": 1,
            "basic_username": "hub",
            "active": True,
            "events": [],
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

    def webhook_event(self, number: int) -> Record:
        """Return one delivery of the webhook (WebhookEvent)."""
        return {
            "id": guid(self.seed, "delivery", number),
            "webhook_id": self.webhook(1)["id"],
            "notification_id": 0,
            "integation_method_name": "",
            "status": 200,
            "timestamp": stamp(EPOCH + timedelta(hours=number)),
        }
