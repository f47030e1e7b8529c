import { pathToFileURL } from 'node:url';
import { getHeapStatistics } from 'node:v8';
import { type MessagePort, parentPort, threadId, workerData } from 'node:worker_threads';
import type { AgentIdentity, AgentMemory, FromAgent, Service, ToAgent } from './agent-message.ts';
import { HANDLERS } from './handlers/handlers.ts';
import { ServiceError } from './service-error.ts';
import { HELD, type TaskContext, type TaskHandlers } from './task-handler.ts';

/** Under this name every agent marks the global scope that is its own. */
const MARK = Symbol.for('policyd.agent');
const LONGEST_LINE = 1_000;
const MOST_LINES = 100;
/** Characters of a result. */
const LONGEST_RESULT = 1 << 20;

interface Run {
  readonly number: number;
  readonly abort: AbortController;
  lines: number;
}

/** The thread that an agent is: a heap, a global scope and an environment of its own, and a port to the pool. */
await serve(parentPort!, workerData.identity as AgentIdentity, workerData.handlers as string | null);

async function serve(port: MessagePort, identity: AgentIdentity, file: string | null): Promise<void> {
  const handlers: TaskHandlers = { ...HANDLERS, ...(file === null ? {} : await readHandlers(file)) };
  Object.defineProperty(globalThis, MARK, { value: identity.memory_handle_id });
  const calls = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  const say = (message: FromAgent): void => port.postMessage(message);
  let current: Run | null = null;
  let lastCall = 0;

  const makeContext = (run: Run): TaskContext => ({
    signal: run.abort.signal,
    held: HELD,
    call: (service: Service, body: unknown = null) =>
      new Promise((resolve, reject) => {
        const call = ++lastCall;
        calls.set(call, { resolve, reject });
        say({ kind: 'call', run: run.number, call, service, body });
      }),
    log(message) {
      if (run.lines++ < MOST_LINES) say({ kind: 'log', run: run.number, message: String(message).slice(0, LONGEST_LINE) });
    },
  });

  port.on('message', async (message: ToAgent) => {
    switch (message.kind) {
      case 'run': {
        const run: Run = { number: message.run, abort: new AbortController(), lines: 0 };
        current = run;
        try {
          const result = await handlers[message.task.type]!(message.task, makeContext(run));
          if (result === HELD) say({ kind: 'held', run: run.number });
          else say({ kind: 'completed', run: run.number, result: write(result), memory: measure() });
        } catch (error) {
          const { message: words, final } = toError(error);
          say({ kind: 'failed', run: run.number, error: words, final: final === true, memory: measure() });
        }
        // What it still waited for is nobody's.
        calls.clear();
        break;
      }
      case 'abort':
        if (current?.number === message.run) current.abort.abort(new Error(message.reason));
        break;
      case 'answer': {
        const call = calls.get(message.call);
        calls.delete(message.call);
        if (message.problem === undefined) call?.resolve(message.result);
        else call?.reject(new ServiceError(message.result as number, message.problem));
        break;
      }
      case 'ping':
        say({ kind: 'pong', ping: message.ping, memory: measure() });
        break;
      case 'probe': {
        const mark = (globalThis as unknown as Record<symbol, string | undefined>)[MARK] ?? null;
        say({ kind: 'view', ping: message.ping, view: { ...identity, thread: threadId, variables: Object.keys(process.env), mark } });
        break;
      }
    }
  });
  say({ kind: 'ready', types: Object.keys(handlers) });
}

async function readHandlers(file: string): Promise<TaskHandlers> {
  const { handlers } = (await import(pathToFileURL(file).href)) as { handlers?: TaskHandlers };
  if (typeof handlers !== 'object' || handlers === null) throw new Error(`${file} exports no \`handlers\` object`);
  for (const [type, handler] of Object.entries(handlers)) {
    if (!(type in HANDLERS))
      throw new Error(`${file}: there is no type of task \`${type}\`; there are ${Object.keys(HANDLERS).join(', ')}`);
    if (typeof handler !== 'function') throw new Error(`${file}: the handler of \`${type}\` is no function`);
  }
  return handlers;
}

function write(result: unknown): string | null {
  const text = result === undefined ? null : JSON.stringify(result);
  if (text !== null && text !== undefined && text.length > LONGEST_RESULT) {
    throw new Error(`the result has ${text.length} characters, more than ${LONGEST_RESULT}`);
  }
  return text ?? null;
}

function toError(thrown: unknown): { message: string; final?: boolean } {
  if (thrown instanceof Error) return thrown as Error & { final?: boolean };
  return { message: String(thrown) };
}

function measure(): AgentMemory {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return { heap, external };
}
