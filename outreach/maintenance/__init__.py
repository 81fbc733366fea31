"""The worker and the maintenance of an installation: doctor, backup, restore, move, metrics.

May import `imports`, `migrations` and everything below. Open `worker_steps` first, then `doctor`.
"""
