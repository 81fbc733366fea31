"""What is around every request: retry, headers, rate limits, error pages, caches, metrics, health.

May import `context` and everything below `web`. Open `response_headers` and `error_pages` first.
"""
