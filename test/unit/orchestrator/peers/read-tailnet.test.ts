import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readTailnet } from '../../../../runtime/orchestrator/peers/read-tailnet.ts';
import { Tailscaled } from '../../../peers/tailscaled.ts';

const TAG = 'tag:policyd';

test('what tailscaled says is read: names without their domain, tags that may be absent, when who is away was seen', async () => {
  const tailscaled = await Tailscaled.start({ name: 'me', addresses: ['100.64.0.1'] }, [
    { name: 'six', addresses: ['fd7a:115c:a1e0::2'], tags: ['tag:other', TAG] },
    { name: 'both', addresses: ['fd7a:115c:a1e0::3', '100.64.0.3'], tags: [TAG] },
    { name: 'away', addresses: ['100.64.0.4'], tags: [TAG], online: false, lastSeen: '2026-11-01T00:00:00Z' },
    { name: 'never', addresses: ['100.64.0.5'], tags: [TAG], online: false },
    { name: 'plain', addresses: ['100.64.0.6'] },
    { name: 'prefix', addresses: ['100.64.0.7'], tags: ['tag:policyd-not'] },
  ]);
  try {
    expect(readTailnet(tailscaled.status(), TAG)).toEqual({
      down: null,
      peers: [
        { name: 'away', address: '100.64.0.4', online: false, lastSeen: '2026-11-01T00:00:00Z' },
        { name: 'both', address: '100.64.0.3', online: true, lastSeen: null },
        { name: 'never', address: '100.64.0.5', online: false, lastSeen: null },
        { name: 'six', address: 'fd7a:115c:a1e0::2', online: true, lastSeen: null },
      ],
    });
    tailscaled.self = { ...tailscaled.self, online: false };
    expect(readTailnet(tailscaled.status(), TAG).down).toBe('tailscale runs, but this machine is offline');
    tailscaled.backendState = 'NeedsLogin';
    expect(readTailnet(tailscaled.status(), TAG)).toEqual({ down: 'tailscale is NeedsLogin', peers: [] });
  } finally {
    await tailscaled.stop();
  }
});

test('whatever it says, reading it throws nothing, and gives only names and addresses of one form', () => {
  const member = fc.record(
    {
      DNSName: fc.oneof(fc.string(), fc.anything()),
      TailscaleIPs: fc.oneof(fc.array(fc.oneof(fc.ipV4(), fc.string())), fc.anything()),
      Tags: fc.oneof(fc.constant([TAG]), fc.anything()),
      Online: fc.anything(),
      LastSeen: fc.anything(),
    },
    { requiredKeys: [] },
  );
  const status = fc.record({
    BackendState: fc.anything(),
    Self: fc.anything(),
    Peer: fc.oneof(fc.dictionary(fc.string(), member), fc.anything()),
  });
  fc.assert(
    fc.property(fc.oneof(status, fc.anything()), (said) => {
      for (const { name, address } of readTailnet(said, TAG).peers) {
        expect(name).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
        expect(address).toMatch(/^[0-9a-fA-F.:]+$/);
      }
    }),
    { numRuns: 1_000 },
  );
});
