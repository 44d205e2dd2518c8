"""The gate as a service: one process owns an index, and people and their agents ask it by token, over MCP or HTTP."""
