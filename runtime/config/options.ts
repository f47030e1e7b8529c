import { type Config, LOG_LEVELS } from './config.ts';

/** One setting: its flag is `--<flag>`, its environment variable `POLICYD_<FLAG>` with `_` for `-`. */
export interface Option {
  readonly flag: string;
  readonly key: keyof Config;
  readonly kind: 'text' | 'number' | 'duration' | 'switch' | 'level';
  readonly fallback: string | null;
  /** Bounds of a number, or of a duration in ms, both inclusive. */
  readonly range?: readonly [number, number];
  readonly help: string;
}

const DAY = 86_400_000;

export const OPTIONS: readonly Option[] = [
  { flag: 'policy', key: 'policy', kind: 'text', fallback: 'generated', help: 'artifact folder, as `policyc compile --out` writes it' },
  { flag: 'watch', key: 'watch', kind: 'text', fallback: null, help: 'policy folder to compile on every change' },
  { flag: 'host', key: 'host', kind: 'text', fallback: '127.0.0.1', help: 'address to listen on; without caller keys loopback only' },
  { flag: 'port', key: 'port', kind: 'number', fallback: '8080', range: [0, 65_535], help: 'port to listen on; 0 takes a free one' },
  { flag: 'data', key: 'data', kind: 'text', fallback: '.policyd', help: 'folder for what must be remembered' },
  { flag: 'allow-unenforced', key: 'allowUnenforced', kind: 'switch', fallback: 'false', help: 'start although parts are not enforced' },
  { flag: 'log-level', key: 'logLevel', kind: 'level', fallback: 'info', help: `one of ${LOG_LEVELS.join(', ')}` },
  {
    flag: 'body-limit',
    key: 'bodyLimit',
    kind: 'number',
    fallback: '10485760',
    range: [1024, 1 << 30],
    help: 'most bytes of a request body',
  },
  {
    flag: 'body-memory',
    key: 'bodyMemory',
    kind: 'number',
    fallback: '268435456',
    range: [1024, 2 ** 40],
    help: 'most bytes of all request bodies at once',
  },
  { flag: 'max-requests', key: 'maxRequests', kind: 'number', fallback: '4096', range: [1, 1_000_000], help: 'most requests at once' },
  {
    flag: 'max-streams-per-caller',
    key: 'maxStreamsPerCaller',
    kind: 'number',
    fallback: '1024',
    range: [1, 1_000_000],
    help: 'most streams that one caller may have open',
  },
  {
    flag: 'header-timeout',
    key: 'headerTimeout',
    kind: 'duration',
    fallback: '10s',
    range: [100, DAY],
    help: 'longest time for the headers of a request to arrive',
  },
  {
    flag: 'body-timeout',
    key: 'bodyTimeout',
    kind: 'duration',
    fallback: '60s',
    range: [100, DAY],
    help: 'longest time for a whole request to arrive',
  },
  {
    flag: 'read-timeout',
    key: 'readTimeout',
    kind: 'duration',
    fallback: '30s',
    range: [100, DAY],
    help: 'longest time that a caller may leave an answer unread',
  },
  {
    flag: 'queue-depth',
    key: 'queueDepth',
    kind: 'number',
    fallback: '256',
    range: [0, 100_000],
    help: 'most requests that wait for a target',
  },
  { flag: 'queue-wait', key: 'queueWait', kind: 'number', fallback: '10000', range: [0, DAY], help: 'longest wait for a target, in ms' },
  {
    flag: 'probe-interval',
    key: 'probeInterval',
    kind: 'number',
    fallback: '10000',
    range: [100, DAY],
    help: 'ms between two health probes',
  },
  {
    flag: 'watch-window',
    key: 'watchWindow',
    kind: 'duration',
    fallback: '5m',
    range: [0, DAY],
    help: 'how long a new router is watched; 0 does not watch',
  },
  {
    flag: 'watch-min-decisions',
    key: 'watchMinDecisions',
    kind: 'number',
    fallback: '1000',
    range: [1, 1_000_000_000],
    help: 'decisions from which on a new router is judged',
  },
  {
    flag: 'max-staleness',
    key: 'maxStaleness',
    kind: 'duration',
    fallback: '0',
    range: [0, 30 * DAY],
    help: 'not ready when the policy could not be verified for longer; 0 = always ready',
  },
  { flag: 'allow-upload', key: 'allowUpload', kind: 'switch', fallback: 'false', help: 'take artifacts by PUT without caller keys' },
  {
    flag: 'drain',
    key: 'drain',
    kind: 'number',
    fallback: '600000',
    range: [0, DAY],
    help: 'longest wait for requests at shutdown, in ms',
  },
];

export function toVariable(flag: string): string {
  return `POLICYD_${flag.toUpperCase().replaceAll('-', '_')}`;
}
