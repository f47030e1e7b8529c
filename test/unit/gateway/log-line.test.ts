import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const from = (path: string): string => JSON.stringify(fileURLToPath(new URL(`../../../runtime/telemetry/${path}`, import.meta.url)));

/** What a process writes to its standard output that logs by `script`. */
function run(script: string): string[] {
  const program = `
    import { createLogger } from ${from('create-logger.ts')};
    import { Redactor } from ${from('redact.ts')};
    const redactor = new Redactor();
    redactor.add(['sk-very-secret', 'with"quote-and-more']);
    const sink = createLogger('info', redactor);
    ${script}
    sink.close();`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', maxBuffer: 1 << 28 });
  expect(stderr).toBe('');
  return stdout.split('\n').slice(0, -1);
}

test('a line reads like one of the logger, in the order in which they were written', () => {
  const lines = run(`
    sink.log.info({ a: 1, b: null }, 'one');
    sink.line('"a":1,"b":null', 'one');
    sink.log.warn('two');`).map((line) => JSON.parse(line));
  expect(lines.map(({ msg }) => msg)).toEqual(['one', 'one', 'two']);
  expect(Object.keys(lines[1])).toEqual(Object.keys(lines[0]));
  expect({ ...lines[1], time: '' }).toEqual({ ...lines[0], time: '' });
  expect(Date.parse(lines[1].time) - Date.parse(lines[0].time)).toBeLessThan(5_000);
});

test('no secret stands in a line, in whatever spelling', () => {
  const text = run(`
    sink.line('"error":' + JSON.stringify('key sk-very-secret and with"quote-and-more and Bearer abcdefghijkl'), 'x');`).join('\n');
  expect(JSON.parse(text).error).toBe('key [redacted] and [redacted] and [redacted]');
});

test('more than a group: every line is there, whole and once', () => {
  const lines = run("for (let at = 0; at < 20_000; at++) sink.line('\"at\":' + at, 'many');");
  expect(lines.map((line) => JSON.parse(line).at)).toEqual(Array.from({ length: 20_000 }, (_, at) => at));
});
