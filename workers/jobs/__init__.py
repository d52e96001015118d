"""Jobs: dispatched from the log, run under leases, ended once."""
