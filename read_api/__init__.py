"""The read deployable: queries, history, live streams and the studio."""
