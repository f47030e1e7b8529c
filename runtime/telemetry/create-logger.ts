import { type DestinationStream, destination, type Logger, pino } from 'pino';
import type { LogLevel } from '../config/config.ts';
import type { Redactor } from './redact.ts';

/** How long a line may wait in memory, in ms. */
const FLUSH = 250;

export interface LogSink {
  readonly log: Logger;
  /** Writes what waits and stops the timer. */
  close(): void;
}

/**
 * Structured logs, one JSON object a line, on standard output. Lines are written in groups, since a write for each would cost a
 * tenth of a request; every line passes the redactor.
 */
export function createLogger(level: LogLevel, redactor: Redactor): LogSink {
  const stream = destination({ dest: 1, sync: false, minLength: 4_096, maxLength: 16 << 20 });
  // A log that nobody reads any more must not end the server.
  stream.on('error', () => {});
  const clean: DestinationStream = { write: (line: string) => stream.write(redactor.redact(line)) };
  const log = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    clean,
  );
  const timer = setInterval(() => stream.flush(), FLUSH);
  timer.unref();
  return {
    log,
    close() {
      clearInterval(timer);
      try {
        stream.flushSync();
      } catch {
        // The reader is gone, or the descriptor never opened: there is nobody to tell.
      }
    },
  };
}
