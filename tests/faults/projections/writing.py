"""Writers who do to decks what people do, in every way that a read model takes notice of."""

import asyncio
import random
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import orjson

from commands import messages as m
from commands.bus import Request
from commands.ports import ANY_VERSION, Append, Caller, EventWrite, StreamWrite
from domain.errors import DomainError
from domain.session import CollaborationSession
from infra.bootstrap import WriteSide

# Seconds that a writer thinks between two commands, on average.
PAUSE = 0.02
TEXTS = 6


class Writer:
    """One person with one deck after the other, and friends who come and go."""

    def __init__(self, side: WriteSide, name: str, picked: random.Random, done: Counter[str]) -> None:
        self._side = side
        self._name = name
        self._picked = picked
        self._done = done
        self._slides: list[UUID] = []
        self._texts: list[UUID] = []
        self._threads: list[UUID] = []
        self._theme: UUID | None = None
        self._project = uuid4()

    async def run(self, stop: asyncio.Event) -> None:
        """Write until told to stop; what is refused is refused."""
        while not stop.is_set():
            await self._begin()
            for _ in range(self._picked.randint(20, 60)):
                if stop.is_set():
                    return
                await self._next()
                await asyncio.sleep(self._picked.uniform(0, 2 * PAUSE))

    async def _do(self, command: m.Command, *, machine: bool = False) -> dict[str, Any]:
        caller = Caller(self._name, "machine" if machine else "person")
        request = Request(caller, uuid4(), bytes(32), (command,), keyed=False)
        try:
            answer = await self._side.bus.run(request)
        except DomainError as refused:
            self._done[f"refused: {refused.code}"] += 1
            return {}
        self._done[command.NAME] += 1
        document: dict[str, Any] = orjson.loads(answer.body)
        return document

    async def _begin(self) -> None:
        self._project = uuid4()
        self._slides, self._texts, self._threads = [], [], []
        await self._do(m.CreateProject(title=f"A deck of {self._name}", project_id=self._project))
        for _ in range(2):
            slide = uuid4()
            await self._do(self._command(m.AddBlock, type="slide", content={"title": "One"}, block_id=slide))
            self._slides.append(slide)
        await self._add()

    def _command(self, kind: type[m.Command], **fields: Any) -> m.Command:
        return kind.model_validate_json(orjson.dumps({"project_id": self._project, **fields}))

    async def _add(self) -> None:
        text, slide = uuid4(), self._picked.choice(self._slides)
        await self._do(
            self._command(m.AddBlock, type="text", content={"text": "a b c"}, block_id=text, parent_id=slide)
        )
        self._texts.append(text)

    async def _next(self) -> None:
        picked = self._picked
        deeds = (
            self._edit,
            self._edit,
            self._edit_late,
            self._structure,
            self._project_itself,
            self._comment,
            self._themes,
            self._job,
            self._session,
            self._past,
        )
        await picked.choice(deeds)()

    async def _edit(self) -> None:
        text = " ".join(self._picked.choices("abcdef", k=5))
        await self._do(
            self._command(m.EditBlock, block_id=self._picked.choice(self._texts), changes={"text": text})
        )

    async def _edit_late(self) -> None:
        """Edit what has changed since: conflicts, and suggestions of a machine."""
        block, machine = self._picked.choice(self._texts), self._picked.random() < 0.5
        for text in ("one two", "three four"):
            edit = self._command(m.EditBlock, block_id=block, changes={"text": text}, base_version=1)
            await self._do(edit, machine=machine and text != "one two")

    async def _structure(self) -> None:
        block = self._picked.choice(self._texts)
        match self._picked.randrange(4):
            case 0 if len(self._texts) < TEXTS:
                await self._add()
            case 1:
                await self._do(self._command(m.DeleteBlock, block_id=block))
            case 2:
                await self._do(self._command(m.UndeleteBlock, block_id=block))
            case _:
                slide = self._picked.choice(self._slides)
                await self._do(self._command(m.MoveBlock, block_id=block, parent_id=slide))

    async def _project_itself(self) -> None:
        friend = f"friend {self._picked.randrange(3)} of {self._name}"
        match self._picked.randrange(5):
            case 0:
                await self._do(self._command(m.RenameProject, title=f"Title {self._picked.random()}"))
            case 1:
                role = self._picked.choice(["viewer", "editor"])
                await self._do(self._command(m.GrantAccess, user=friend, role=role))
            case 2:
                await self._do(self._command(m.RevokeAccess, user=friend))
            case 3:
                await self._do(self._command(m.NameVersion, name=f"Version {self._picked.random()}"))
            case _:
                await self._do(self._command(m.ArchiveProject))
                await self._do(self._command(m.UnarchiveProject))

    async def _comment(self) -> None:
        if not self._threads:
            opened = await self._do(self._command(m.OpenComment, text="First"))
            if opened:
                self._threads.append(UUID(opened["result"]["thread_id"]))
            return
        thread = self._picked.choice(self._threads)
        if self._picked.random() < 0.7:
            await self._do(self._command(m.ReplyComment, thread_id=thread, text="More"))
        else:
            resolved = self._picked.random() < 0.5
            await self._do(self._command(m.ResolveComment, thread_id=thread, resolved=resolved))

    async def _themes(self) -> None:
        if self._theme is None:
            defined = await self._do(m.DefineTheme(name=f"Theme of {self._name}"))
            self._theme = UUID(defined["result"]["theme_id"]) if defined else None
        elif self._picked.random() < 0.5:
            revised = m.ReviseTheme(theme_id=self._theme, name=f"Theme {self._picked.random()}")
            await self._do(revised)
        else:
            await self._do(self._command(m.ApplyTheme, theme_id=self._theme))

    async def _job(self) -> None:
        asked = await self._do(self._command(m.RequestThinking, instruction="Think"))
        if asked:
            await self._do(self._command(m.CancelJob, job_id=asked["result"]["job_id"]))

    async def _session(self) -> None:
        """Come, as a gateway writes it down."""
        session = uuid4()
        event = CollaborationSession.join(
            session, project_id=self._project, user=self._name, client=f"socket {session}"
        )
        append = Append(
            caller=self._name,
            command_id=uuid4(),
            request_hash=bytes(32),
            status=200,
            body=b"{}",
            metadata={"actor": {"id": self._name, "kind": "person"}},
            writes=[StreamWrite(session, self._project, ANY_VERSION)],
            events=[EventWrite(0, event, uuid4())],
            keyed=False,
        )
        await self._side.log.append(append)
        self._done["session"] += 1

    async def _past(self) -> None:
        await self._do(self._command(self._picked.choice([m.Undo, m.Redo])))
