/** Handlers of an operator's own, for tests: each payload says what the agent is to do. */
interface Task {
  readonly id: string;
  readonly type: string;
  readonly payload: Record<string, unknown> | null;
  readonly attempt: number;
}
interface Context {
  readonly signal: AbortSignal;
  readonly held: symbol;
  log(message: string): void;
  call(service: string, body?: unknown): Promise<unknown>;
}

const kept: unknown[] = [];

async function general({ payload, attempt }: Task, context: Context): Promise<unknown> {
  const asked = payload ?? {};
  if (asked.once === true && attempt > 1) return { attempt };
  switch (asked.do) {
    case 'sleep':
      await new Promise((resolve) => setTimeout(resolve, Number(asked.ms)));
      return { slept: asked.ms };
    case 'throw':
      throw new Error('as I was told');
    case 'throw outside':
      setTimeout(() => {
        throw new Error('outside of everything');
      }, 10);
      return new Promise(() => {});
    case 'exit':
      process.exit(3);
      return null;
    case 'loop':
      for (;;);
    case 'exhaust':
      for (const all: unknown[] = []; ; ) all.push(Array.from({ length: 10_000 }, Math.random));
    case 'leak':
      kept.push(new Uint8Array(Number(asked.mib) * 2 ** 20).fill(1));
      return { kept: kept.length };
    case 'mark':
      (globalThis as Record<string, unknown>).mark = asked.mark;
      process.env.MARK = String(asked.mark);
      return null;
    case 'look':
      return { mark: (globalThis as Record<string, unknown>).mark ?? null, env: Object.keys(process.env), cwd: typeof process.cwd() };
    case 'log':
      console.log('printed', asked.text);
      context.log(String(asked.text));
      return null;
    case 'wait for abort':
      await new Promise((_, reject) => context.signal.addEventListener('abort', () => reject(context.signal.reason)));
      return null;
    case 'ignore abort':
      return new Promise(() => {});
    default:
      return context.held;
  }
}

export const handlers = { general };
