import { hostname } from 'node:os';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { offerOf, readNodeCap, readNodeLabels } from '../../../runtime/orchestrator/capacity/node-options.ts';
import { readRunIdentity } from '../../../runtime/orchestrator/local/run-identity.ts';
import { listClosedFolders } from '../../../runtime/orchestrator/local/list-closed-folders.ts';
import { readRunners } from '../../../runtime/orchestrator/read-runners.ts';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeTree } from './tree.ts';

const GIB = 2 ** 30;
const NOTHING = { cpuMillis: null, memoryBytes: null, gpus: null };
const CARD = { name: 'T4', vendor: 'nvidia', memoryBytes: null, freeMemoryBytes: null, load: null } as const;
const machine = { cpuCores: 8, memoryBytes: 16 * GIB, freeMemoryBytes: 8 * GIB, load: 0, gpus: [CARD, CARD] };

function read<T>(reader: (problems: string[]) => T): { value: T; problems: string[] } {
  const problems: string[] = [];
  return { value: reader(problems), problems };
}

describe('labels of a node', () => {
  test('what it is, and what was written; what was written wins', () => {
    const { value, problems } = read((found) =>
      readNodeLabels('zone=restricted, region=eu ,host=desk,topology.kubernetes.io/zone=a', found),
    );
    expect(problems).toEqual([]);
    expect(value).toEqual({
      os: 'linux',
      arch: process.arch,
      host: 'desk',
      zone: 'restricted',
      region: 'eu',
      'topology.kubernetes.io/zone': 'a',
    });
    expect(read((found) => readNodeLabels('', found)).value.host).toBe(hostname().toLowerCase());
  });

  test('all mistakes at once', () => {
    expect(read((found) => readNodeLabels('zone,=x,a=b c,ok=1,ok=2', found)).problems).toHaveLength(4);
    expect(read((found) => readNodeLabels(Array.from({ length: 65 }, (_, i) => `l${i}=x`).join(), found)).problems).toHaveLength(1);
  });
});

describe('what is offered', () => {
  test('all but a reserve: a tenth, within bounds', () => {
    expect(offerOf(machine, NOTHING)).toEqual({ cpuMillis: 7_200, memoryBytes: 16 * GIB - Math.ceil(1.6 * GIB), gpus: 2 });
    expect(offerOf({ ...machine, memoryBytes: 256 * GIB }, NOTHING).memoryBytes).toBe(254 * GIB);
    expect(offerOf({ ...machine, cpuCores: 0.5, memoryBytes: GIB }, NOTHING)).toMatchObject({ cpuMillis: 400, memoryBytes: 0.75 * GIB });
    expect(offerOf({ ...machine, cpuCores: 0.05, memoryBytes: GIB / 8 }, NOTHING)).toMatchObject({ cpuMillis: 0, memoryBytes: 0 });
  });

  test('a cap lowers it, and never raises it', () => {
    expect(offerOf(machine, read((found) => readNodeCap('cpu=4,memory=8GiB,gpu=1', found)).value)).toEqual({
      cpuMillis: 4_000,
      memoryBytes: 8 * GIB,
      gpus: 1,
    });
    expect(offerOf(machine, read((found) => readNodeCap('cpu=400,memory=8TiB,gpu=9', found)).value)).toEqual(offerOf(machine, NOTHING));
    expect(offerOf(machine, read((found) => readNodeCap('cpu=0,memory=0', found)).value)).toMatchObject({ cpuMillis: 0, memoryBytes: 0 });
  });

  test.each([
    ['cpu=0.5', { ...NOTHING, cpuMillis: 500 }],
    ['cpu=250m', { ...NOTHING, cpuMillis: 250 }],
    ['memory=1.5GiB', { ...NOTHING, memoryBytes: 1.5 * GIB }],
    ['memory=1000', { ...NOTHING, memoryBytes: 1000 }],
    ['memory=2GB', { ...NOTHING, memoryBytes: 2e9 }],
    ['', NOTHING],
  ])('`%s`', (text, cap) => expect(read((found) => readNodeCap(text, found))).toEqual({ value: cap, problems: [] }));

  test.each([
    'cpu',
    'cpu=',
    'cpu=-1',
    'cpu=1.2345',
    'cpu=0.5m',
    'memory=8Gi',
    'memory=1e9',
    'memory=99999999TiB',
    'gpu=0.5',
    'disk=1',
    'cpu=1,cpu=2',
  ])('`%s` is no capacity', (text) => expect(read((found) => readNodeCap(text, found)).problems).toHaveLength(1));

  test('law: an offer is never negative and never more than there is', () => {
    const amount = fc.option(fc.nat(), { nil: null });
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 1024, noNaN: true }),
        fc.nat({ max: 2 ** 45 }),
        fc.record({ cpuMillis: amount, memoryBytes: amount, gpus: amount }),
        (cpuCores, memoryBytes, cap) => {
          const offer = offerOf({ ...machine, cpuCores, memoryBytes }, cap);
          for (const one of Object.values(offer)) expect(Number.isInteger(one) && one >= 0).toBe(true);
          expect(offer.cpuMillis).toBeLessThanOrEqual(cpuCores * 1000);
          expect(offer.memoryBytes).toBeLessThanOrEqual(memoryBytes);
          expect(offer.gpus).toBeLessThanOrEqual(2);
        },
      ),
    );
  });
});

describe('as whom runs are', () => {
  const root = { uid: 0, gid: 0 };
  const user = { uid: 1000, gid: 1000 };
  test('nobody under root, the same user elsewhere', () => {
    expect(read((found) => readRunIdentity(null, found, root))).toEqual({ value: { uid: 65_534, gid: 65_534 }, problems: [] });
    expect(read((found) => readRunIdentity(null, found, user))).toEqual({ value: null, problems: [] });
    expect(read((found) => readRunIdentity('2000:2001', found, root))).toEqual({ value: { uid: 2000, gid: 2001 }, problems: [] });
    expect(read((found) => readRunIdentity('1000:1000', found, user))).toEqual({ value: null, problems: [] });
  });

  test.each([
    ['0:0', root],
    ['0:5', root],
    ['nobody', root],
    ['65534', root],
    ['4294967295:1', root],
    ['65534:65534', user],
  ])('`%s` is refused', (text, own) => expect(read((found) => readRunIdentity(text, found, own)).problems).toHaveLength(1));

  test('folders that they may not pass are told', () => {
    const at = makeTree({});
    chmodSync(at, 0o755);
    mkdirSync(join(at, 'a/b'), { recursive: true });
    expect(listClosedFolders(join(at, 'a/b'), { uid: 65_534, gid: 65_534 })).toEqual([]);
    chmodSync(join(at, 'a'), 0o700);
    expect(listClosedFolders(join(at, 'a/b'), { uid: 65_534, gid: 65_534 })).toEqual([join(at, 'a')]);
    expect(listClosedFolders(join(at, 'a/b'), { uid: process.getuid!(), gid: 1 })).toEqual([]);
  });
});

test('the list of runners', () => {
  expect(read((found) => readRunners('kubernetes, local', found))).toEqual({ value: ['local', 'kubernetes'], problems: [] });
  expect(read((found) => readRunners('none', found))).toEqual({ value: [], problems: [] });
  expect(read((found) => readRunners('docker,,none', found)).problems).toHaveLength(3);
});
