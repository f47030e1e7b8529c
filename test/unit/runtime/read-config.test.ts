import { expect, test } from 'vitest';
import { isLoopback } from '../../../runtime/config/is-loopback.ts';
import { readConfig } from '../../../runtime/config/read-config.ts';
import { Failure } from '../../../runtime/failure.ts';

test('defaults, variables over them, flags over these', () => {
  expect(readConfig([], {})).toMatchObject({
    policy: 'generated',
    watch: null,
    host: '127.0.0.1',
    port: 8080,
    data: '.policyd',
    allowUnenforced: false,
    logLevel: 'info',
  });
  const env = { POLICYD_PORT: '1', POLICYD_WATCH: 'w', POLICYD_ALLOW_UNENFORCED: 'true', POLICYD_LOG_LEVEL: 'debug', OTHER: 'x' };
  expect(readConfig([], env)).toMatchObject({ port: 1, watch: 'w', allowUnenforced: true, logLevel: 'debug' });
  expect(readConfig(['--port', '2', '--policy=p', '--allow-unenforced'], env)).toMatchObject({
    port: 2,
    policy: 'p',
    allowUnenforced: true,
  });
});

test('every problem at once, each with its place', () => {
  const env = { POLICYD_HOST: '', POLICYD_ALLOW_UNENFORCED: 'yes', POLICYD_TYPO: '1', POLICYD_SERVICE_PORT: '1' };
  try {
    readConfig(['--port', '65536', '--queue-depth', '-1', '--nope', '--port', '1', 'stray', '--watch'], env);
    expect.unreachable();
  } catch (error) {
    expect((error as Failure).problems).toEqual([
      'unknown flag `--nope`',
      'flag `--port` is given twice',
      'unexpected argument `stray`',
      'flag `--watch` needs a value',
      'unknown variable `POLICYD_TYPO`',
      '`POLICYD_HOST` is empty',
      '`--port` must be a whole number from 0 to 65535, not `65536`',
      '`POLICYD_ALLOW_UNENFORCED` must be true or false, not `yes`',
      '`--queue-depth` must be a whole number from 0 to 100000, not `-1`',
    ]);
    expect(error).toBeInstanceOf(Failure);
  }
});

test('what only this machine reaches', () => {
  expect(['127.0.0.1', '127.8.9.1', '::1', 'localhost'].map(isLoopback)).toEqual([true, true, true, true]);
  expect(['0.0.0.0', '::', '10.0.0.1', 'localhost.example', '128.0.0.1', ''].map(isLoopback)).toEqual(Array(6).fill(false));
});
