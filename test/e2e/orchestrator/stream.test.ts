import { afterEach, describe, expect, test, vi } from 'vitest';
import { Policyd } from '../policyd.ts';
import { Reader } from './stream-reader.ts';
import { writeFrames } from './write-frames.ts';

// Servers of their own start, and the machine may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const KEYLESS = 'backends:\n  box: { type: ollama, url: "http://127.0.0.1:9", models: { small: {} } }\n';

let policyd: Policyd | null = null;
afterEach(async () => {
  await policyd?.stop();
  policyd = null;
});

describe('a stream over WebSocket', () => {
  test('begins with its status, tells what is there and what comes, and closes after its end', async () => {
    policyd = await Policyd.start(KEYLESS);
    const stream = await writeFrames(policyd, 'job-1', null, ['one', 'two']);
    const reader = await Reader.open(`${policyd.url}/stream/job-1`);
    await reader.until(() => reader.payloads.length === 2);
    expect(reader.frames[0]).toMatchObject({ type: 'status', stream: 'job-1', payload: { state: 'open', oldest: 1, newest: 2 } });
    expect(reader.frames[0]).not.toHaveProperty('seq');
    await stream.append('job-1', null, 'result', { exitCode: 0 });
    await stream.end('job-1');
    expect(await reader.closed).toEqual({ code: 1000, reason: 'ended' });
    expect(reader.seqs).toEqual([1, 2, 3]);
    expect(reader.frames.at(-1)).toMatchObject({ type: 'result', seq: 3, payload: { exitCode: 0 }, ts: expect.any(Number) });
    await stream.close();
  });
});
