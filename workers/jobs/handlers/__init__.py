"""What does the work of each kind of job."""
