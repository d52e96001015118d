"""Live subscriptions under faults: whatever breaks, each subscriber gets the log, once and in order."""
