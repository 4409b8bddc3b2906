"""Sending one message to one target: mail by SMTP, webhooks over HTTP. Each try is bounded in time and size."""
