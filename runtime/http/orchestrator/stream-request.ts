import type { FastifyRequest } from 'fastify';
import { OrchestratorError } from '../../orchestrator/orchestrator-error.ts';
import type { Frames, StreamState } from '../../orchestrator/stream/frames.ts';
import type { Start } from '../../orchestrator/stream/stream-reader.ts';

/** What a reader asked for, looked up. */
export interface StreamRequest {
  /** In the order in which they were named. */
  readonly states: readonly StreamState[];
  readonly starts: ReadonlyMap<string, Start>;
  /** Streams that come to be, too: those that the caller may read. */
  readonly all: ((state: StreamState) => boolean) | null;
}

/** Streams that one request may name. */
const MOST_NAMED = 256;
/** Streams that are there when all are asked for. */
const MOST_LISTED = 1_024;

/** Which streams a caller may read: its own, and those that are nobody's; with the scope `admin`, or where nobody has a key, all. */
export function readerOf({ router, caller }: FastifyRequest): {
  readonly name: string;
  /** Whose what it makes is; null: nobody's, where nobody has a key. */
  readonly owner: string | null;
  readonly everything: boolean;
} {
  const config = router.manifest.callers[caller];
  if (config === undefined) return { name: 'anonymous', owner: null, everything: true };
  return { name: config.name, owner: config.name, everything: config.scopes.includes('admin') };
}

/**
 * Looks up what a request for streams names.
 *
 * @throws OrchestratorError 422 where it cannot be read, 404 where there is no such stream for this caller.
 */
export async function findStreams(frames: Frames, request: FastifyRequest): Promise<StreamRequest> {
  const query = request.query as Readonly<Record<string, unknown>>;
  const { id } = request.params as { id?: string };
  const { name, everything } = readerOf(request);
  const mayRead = (state: StreamState): boolean => everything || state.owner === null || state.owner === name;
  if (id === undefined && query.streams === 'all') return findAll(frames, query, everything ? null : name, mayRead);
  const names = id !== undefined ? [id] : readNames(query.streams);
  const after = id !== undefined ? new Map<string, Start>() : readPlaces(query.after);
  const found = await Promise.all(names.map((stream) => frames.state(stream)));
  const unknown = names.filter((_, row) => found[row] === null || !mayRead(found[row]));
  if (unknown.length > 0) {
    const message = `there is no stream ${unknown.map((stream) => `\`${stream.slice(0, 128)}\``).join(', ')} [unknown-stream] help: a stream is there from its first frame on`;
    throw new OrchestratorError(404, 'unknown_stream', message);
  }
  const states = found as StreamState[];
  const starts = states.map((state): [string, Start] => [
    state.stream,
    id !== undefined ? readStart(query, state, request.headers['last-event-id']) : (after.get(state.stream) ?? null),
  ]);
  return { states, starts: new Map(starts), all: null };
}

async function findAll(
  frames: Frames,
  query: Readonly<Record<string, unknown>>,
  owner: string | null,
  mayRead: (state: StreamState) => boolean,
): Promise<StreamRequest> {
  const after = readPlaces(query.after);
  const states = await frames.list(owner, MOST_LISTED);
  // Who asks for all is told what comes; what was there before only where it says from where on.
  const starts = states.map(({ stream, newest }): [string, Start] => [stream, after.get(stream) ?? newest + 1]);
  return { states, starts: new Map(starts), all: mayRead };
}

function readNames(given: unknown): string[] {
  const names = typeof given === 'string' ? [...new Set(given.split(',').filter((name) => name !== ''))] : [];
  if (names.length > 0 && names.length <= MOST_NAMED) return names;
  throw refuse('streams', `\`streams\` is \`all\`, or 1 to ${MOST_NAMED} names with commas between them`);
}

/** `a:12,b:40`: the last numbers that were read. */
function readPlaces(given: unknown): Map<string, Start> {
  const places = new Map<string, Start>();
  if (given === undefined) return places;
  for (const place of String(given).split(',')) {
    const [, stream, seq] = /^(.+):(\d{1,15})$/.exec(place) ?? [];
    if (stream === undefined) throw refuse('after', '`after` is `<stream>:<seq>` with commas between them: the last that were read');
    places.set(stream, Number(seq) + 1);
  }
  return places;
}

function readStart({ from, after }: Readonly<Record<string, unknown>>, { newest }: StreamState, lastEvent: unknown): Start {
  const last = after ?? lastEvent;
  if (from === 'new') return newest + 1;
  if (from === undefined && last === undefined) return null;
  const [key, text] = from !== undefined ? ['from', from] : ['after', last];
  const seq = typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(seq)) throw refuse(key as string, `\`${key}\` is the number of a frame${key === 'from' ? ', or `new`' : ''}`);
  return Math.max(1, key === 'from' ? seq : seq + 1);
}

function refuse(path: string, words: string): OrchestratorError {
  return new OrchestratorError(422, 'bad_value', `${words} [bad-value] help: GET /openapi.json describes the request`, {
    fields: [{ path, message: words }],
  });
}
