import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { Peer } from '../../../../runtime/orchestrator/peers/peer.ts';
import type { PeerFacts } from '../../../../runtime/orchestrator/peers/wire.ts';

const FACTS: PeerFacts = {
  protocol: 1,
  version: '1',
  instance: 'there',
  policy: 'p',
  capability: 'c',
  nodes: [
    {
      name: 'local',
      kind: 'local',
      reachable: true,
      cordoned: false,
      labels: {},
      forms: ['process'],
      total: { cpuMillis: 1, memoryBytes: 1, gpus: 0 },
      free: { cpuMillis: 1, memoryBytes: 1, gpus: 0 },
      load: 0,
    },
  ],
};
const make = (): Peer => new Peer({ name: 'far', url: 'http://127.0.0.1:9', source: 'static', absent: null }, null, 'here');
afterEach(() => void vi.useRealTimers());

test('a peer that comes and goes must answer as often in a row as it went, and is trusted again after two minutes', () => {
  vi.useFakeTimers();
  const peer = make();
  peer.hear(FACTS);
  expect(peer.state).toBe('up');
  for (let downs = 1; downs <= 8; downs++) {
    peer.fail('unreachable', 'away');
    for (let answers = 1; answers < Math.min(downs, 5); answers++) {
      peer.hear(FACTS);
      expect([downs, answers, peer.state]).toEqual([downs, answers, 'unreachable']);
      expect(peer.nodes()[0].reachable).toBe(false);
    }
    peer.hear(FACTS);
    expect([downs, peer.state]).toEqual([downs, 'up']);
  }
  peer.fail('unreachable', 'away');
  vi.advanceTimersByTime(121_000);
  peer.hear(FACTS);
  expect(peer.state).toBe('up');
});

test('only a peer that is up has nodes that work can go to, whatever it was before', () => {
  const step = fc.oneof(
    fc.constantFrom<(peer: Peer) => void>(
      (peer) => peer.hear(FACTS),
      (peer) => peer.hear({ ...FACTS, protocol: 2 }),
      (peer) => peer.hear({ ...FACTS, instance: 'here' }),
      (peer) => peer.fail('unreachable', 'away'),
      (peer) => peer.fail('refused', 'no'),
      (peer) => peer.fail('gone', 'gone'),
      (peer) => peer.rest(),
    ),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const peer = make();
      for (const take of steps) {
        take(peer);
        const usable = peer.nodes().filter(({ reachable }) => reachable);
        expect(usable.length > 0).toBe(peer.state === 'up');
        expect(usable.every(({ name, kind }) => name === 'far/local' && kind === 'peer')).toBe(true);
        expect(peer.state === 'up' || peer.state === 'new' || peer.reason !== null).toBe(true);
      }
    }),
  );
});

test('one that refuses without a reason that its nodes show rests, longer each time', () => {
  vi.useFakeTimers();
  const peer = make();
  peer.hear(FACTS);
  const rests: number[] = [];
  for (let i = 0; i < 4; i++) {
    peer.rest();
    let ms = 0;
    for (; peer.nodes()[0].cordoned; ms += 500) vi.advanceTimersByTime(500);
    rests.push(ms);
  }
  expect(rests).toEqual([2_000, 4_000, 8_000, 16_000].map((ms, at) => ms / (at === -1 ? 1 : 1)).map((ms) => ms));
});
