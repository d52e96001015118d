"""The collaboration session as a fold of its events, and what may happen to it next."""

from dataclasses import dataclass, replace
from uuid import UUID

from domain.session.events import SessionEvent, SessionJoined, SessionLeft


@dataclass(frozen=True, slots=True)
class CollaborationSession:
    """One session at one version."""

    id: UUID
    project_id: UUID
    version: int
    user: str
    client: str
    active: bool = True

    @staticmethod
    def join(session_id: UUID, *, project_id: UUID, user: str, client: str) -> SessionJoined:
        """Begin a session."""
        return SessionJoined(
            originator_id=session_id,
            originator_version=1,
            project_id=str(project_id),
            user=user,
            client=client,
        )

    @staticmethod
    def evolve(state: "CollaborationSession | None", event: SessionEvent) -> "CollaborationSession":
        """Apply one event. A stream begins with `SessionJoined`, and only there `state` is None."""
        if isinstance(event, SessionJoined):
            return CollaborationSession(
                event.originator_id, UUID(event.project_id), 1, event.user, event.client
            )
        if state is None:
            raise ValueError(f"a session's stream cannot begin with {event.TOPIC}")
        active = state.active and not isinstance(event, SessionLeft)
        return replace(state, version=event.originator_version, active=active)

    def leave(self, reason: str) -> list[SessionEvent]:
        """End the session, once."""
        if not self.active:
            return []
        return [SessionLeft(originator_id=self.id, originator_version=self.version + 1, reason=reason)]
