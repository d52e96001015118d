"""What both APIs share over HTTP: authentication, problems, limits."""
