"""Subscriptions of the hub (WebSub), requests that await verification, and topics.

May import `outbox` and `calendar` and below; knows no HTTP. Open `subscriptions.py` first.
"""
