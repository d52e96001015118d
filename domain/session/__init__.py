"""The collaboration session aggregate: somebody was there, from then to then. Cursors are never events."""

from domain.session.aggregate import CollaborationSession
from domain.session.events import SessionEvent, SessionJoined, SessionLeft

__all__ = ["CollaborationSession", "SessionEvent", "SessionJoined", "SessionLeft"]
