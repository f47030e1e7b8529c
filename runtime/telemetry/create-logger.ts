import { destination, type Logger, pino } from 'pino';
import type { LogLevel } from '../config/config.ts';
import type { Redactor } from './redact.ts';

/** How long a line may wait in memory, in ms. */
const FLUSH = 250;
/** Characters that are written at once; a write goes through another thread, which costs as much as ten lines. */
const GROUP = 32_768;
/** Most characters that wait for a reader that is slow; lines beyond are dropped. */
const MOST = 16 << 20;

/** What JSON lets through and a terminal obeys: controls from 7f on, ends of lines, and what turns the direction of a text. */
const UNSEEN = /[\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;

export interface LogSink {
  readonly log: Logger;
  /** One line of level info from members that are JSON already, such as `"a":1,"b":null`: for what is said with every request. */
  line(members: string, msg: string): void;
  /** Writes what waits and stops the timer. */
  close(): void;
}

/**
 * Structured logs, one JSON object a line, on standard output. Lines are written in groups, since a write for each would cost a
 * tenth of a request; every line passes the redactor.
 */
export function createLogger(level: LogLevel, redactor: Redactor): LogSink {
  const stream = destination({ dest: 1, sync: false, maxLength: MOST });
  // A log that nobody reads any more must not end the server.
  stream.on('error', () => {});
  let waiting = '';
  const pass = (): void => {
    if (waiting !== '') stream.write(redactor.redact(waiting).replace(UNSEEN, spell));
    waiting = '';
  };
  const write = (line: string): void => {
    waiting += line;
    if (waiting.length >= GROUP) pass();
  };
  const log = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    { write },
  );
  const timer = setInterval(pass, FLUSH);
  timer.unref();
  let moment = 0;
  let time = '';
  return {
    log,
    line(members, msg) {
      const now = Date.now();
      if (now !== moment) time = new Date((moment = now)).toISOString();
      write(`{"level":"info","time":"${time}",${members},"msg":"${msg}"}\n`);
    },
    close() {
      clearInterval(timer);
      try {
        pass();
        stream.flushSync();
      } catch {
        // The reader is gone, or the descriptor never opened: there is nobody to tell.
      }
    },
  };
}

function spell(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
