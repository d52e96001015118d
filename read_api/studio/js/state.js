/**
 * What the page knows of a project, and how events change it. Pure: no I/O, no DOM, no clock.
 *
 * Documents carry the position of the last event in them, and an event at or below it is skipped for that
 * document. So snapshots, answers to our own commands and the live stream may overlap in any order.
 */

/**
 * @typedef {"owner" | "editor" | "commenter" | "viewer"} Role
 * @typedef {{user: string, role: Role}} Member
 * @typedef {{id: string, title: string, version: number, position: number, owner: string, members: Member[],
 *   role: Role, archived: boolean, updated_at?: string, updated_by?: string, created_at?: string,
 *   created_by?: string, aspect?: string}} Project
 * @typedef {{id: string, parent_id: string | null, type: string, rank: string, content: Record<string, any>,
 *   version: number, position: number, deleted: boolean}} Block
 * @typedef {{position: number, event: string, stream: {id: string, kind: string, version: number},
 *   project_id: string, actor: {id: string, kind: string}, at: string, command_id: string,
 *   data: Record<string, any>}} DeckEvent
 * @typedef {object} State
 * @property {Project} project
 * @property {Map<string, Block>} blocks  deleted ones too, once seen: they may come back
 * @property {number} position  every event up to here is in
 * @property {boolean} incomplete  an event spoke of a block that we do not hold: load again
 */

/**
 * @param {Project} project
 * @param {Block[]} blocks
 * @param {number} position
 * @returns {State}
 */
export function initialState(project, blocks, position) {
  return { project, blocks: new Map(blocks.map((b) => [b.id, b])), position, incomplete: false };
}

/**
 * Apply one event.
 * @param {State} state
 * @param {DeckEvent} event
 * @param {string} me  the caller's user id: grants to it change its role
 * @returns {State} the same object when the event was in already
 */
export function applyEvent(state, event, me) {
  if (event.position <= state.position) return state;
  const next = { ...state, position: event.position };
  if (event.stream.kind === "block") return applyToBlocks(next, event);
  if (event.stream.kind === "project" && event.position > state.project.position) {
    next.project = { ...projectAfter(state.project, event, me), version: event.stream.version, position: event.position };
  }
  return next;
}

/** @param {State} state a fresh copy, may be changed @param {DeckEvent} event @returns {State} */
function applyToBlocks(state, event) {
  const id = event.stream.id;
  const known = state.blocks.get(id);
  if (known && known.position >= event.position) return state;
  const block = event.event === "block-added" ? addedBlock(id, event.data) : known && blockAfter(known, event);
  if (!block) {
    state.incomplete = true;
    return state;
  }
  state.blocks = new Map(state.blocks).set(id, { ...block, version: event.stream.version, position: event.position });
  return state;
}

/** @param {string} id @param {Record<string, any>} data @returns {Block} */
function addedBlock(id, data) {
  return {
    id, parent_id: data.parent_id ?? null, type: data.type, rank: data.rank, content: data.content ?? {},
    version: 0, position: 0, deleted: false,
  };
}

/** @param {Block} block @param {DeckEvent} event @returns {Block} */
function blockAfter(block, { event, data }) {
  switch (event) {
    case "block-edited":
      return { ...block, content: { ...block.content, ...data.changes } };
    case "block-moved":
      return { ...block, parent_id: data.parent_id ?? null, rank: data.rank };
    case "block-deleted":
      return { ...block, deleted: true };
    case "block-undeleted":
      return { ...block, deleted: false };
    default: // a kind of event newer than this page: it still moves version and position on
      return block;
  }
}

/** @param {Project} project @param {DeckEvent} event @param {string} me @returns {Project} */
function projectAfter(project, { event, data }, me) {
  switch (event) {
    case "project-renamed":
      return { ...project, title: data.title };
    case "project-archived":
      return { ...project, archived: true };
    case "project-unarchived":
      return { ...project, archived: false };
    case "access-granted": {
      const others = project.members.filter((m) => m.user !== data.user);
      const members = [...others, { user: data.user, role: data.role }];
      return { ...project, members, role: data.user === me ? data.role : project.role };
    }
    case "access-revoked":
      return { ...project, members: project.members.filter((m) => m.user !== data.user) };
    default:
      return project;
  }
}

/**
 * Put in what the answer to our own edit implies, before its event arrives. Only for an edit made exactly on
 * the version that we hold: then nothing of others lies between.
 * @param {State} state
 * @param {string} id
 * @param {Record<string, any>} changes
 * @param {number} version
 * @param {number} position
 * @returns {State}
 */
export function withOwnEdit(state, id, changes, version, position) {
  const block = state.blocks.get(id);
  if (!block || block.version + 1 !== version) return state;
  const edited = { ...block, content: { ...block.content, ...changes }, version, position };
  return { ...state, blocks: new Map(state.blocks).set(id, edited) };
}

/** @param {State} state @param {Block} block a newer document @returns {State} */
export function withBlock(state, block) {
  const known = state.blocks.get(block.id);
  if (known && known.position >= block.position) return state;
  return { ...state, blocks: new Map(state.blocks).set(block.id, block) };
}

/**
 * A fresh snapshot, except where we hold something newer: our own edits may be ahead of it. Deleted blocks,
 * which snapshots leave out, are kept, so that bringing one back needs no loading.
 * @param {State} loaded
 * @param {State} held
 * @returns {State}
 */
export function withNewer(loaded, held) {
  const blocks = new Map(loaded.blocks);
  for (const block of held.blocks.values()) {
    const known = blocks.get(block.id);
    if (known ? known.position < block.position : block.deleted || block.position > loaded.position) blocks.set(block.id, block);
  }
  return { ...loaded, blocks, project: held.project.position > loaded.project.position ? held.project : loaded.project };
}

/** @type {WeakMap<Map<string, Block>, Map<string, Block[]>>} */
const trees = new WeakMap();

/** @param {Block} a @param {Block} b */
function byRank(a, b) {
  // By code unit, as the server compares: a locale's order would differ.
  if (a.rank !== b.rank) return a.rank < b.rank ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

/**
 * The shown children of a block, in order; `null` gives the slides.
 * @param {State} state
 * @param {string | null} parentId
 * @returns {Block[]}
 */
export function childrenOf(state, parentId) {
  let tree = trees.get(state.blocks);
  if (!tree) {
    tree = new Map();
    for (const block of state.blocks.values()) {
      if (block.deleted) continue;
      const key = block.parent_id ?? "";
      const siblings = tree.get(key);
      if (siblings) siblings.push(block);
      else tree.set(key, [block]);
    }
    for (const siblings of tree.values()) siblings.sort(byRank);
    trees.set(state.blocks, tree);
  }
  return tree.get(parentId ?? "") ?? [];
}

/** @param {State} state @returns {Block[]} */
export function slidesOf(state) {
  return childrenOf(state, null);
}

/**
 * The slide that a block is on, or null if it is not shown (deleted, or below something deleted).
 * @param {State} state
 * @param {string} id
 * @returns {Block | null}
 */
export function slideOf(state, id) {
  let block = state.blocks.get(id);
  for (let depth = 0; block && !block.deleted && depth < 8; depth += 1) {
    if (block.parent_id === null) return block;
    block = state.blocks.get(block.parent_id);
  }
  return null;
}

/** Every shown block of a slide, itself first, in reading order. @param {State} state @param {Block} slide @returns {Block[]} */
export function subtreeOf(state, slide) {
  return [slide, ...childrenOf(state, slide.id).flatMap((child) => subtreeOf(state, child))];
}

/** @param {Project} project */
export function canEdit(project) {
  return !project.archived && (project.role === "owner" || project.role === "editor");
}
