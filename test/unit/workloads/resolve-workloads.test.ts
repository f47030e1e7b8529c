import { describe, expect, test } from 'vitest';
import { compile } from '../../../compiler/compile.ts';
import { LOCAL, setOf, understandText } from '../front/understand-text.ts';

describe('the section of workloads', () => {
  test('without one nothing is limited or protected, local comes first, and restricted workloads stay on this machine', async () => {
    const defaults = { quotas: [], protected: [], prefer: 'local', restrictedLabels: [] };
    expect(setOf(LOCAL).workloads).toEqual(defaults);
    expect(setOf(`${LOCAL}workloads: { placement: {}, quotas: {} }\n`).workloads).toEqual(defaults);
    const { artifact } = await compile([{ file: 'policy.yaml', text: LOCAL }]);
    expect(artifact?.manifest.workloads).toEqual({
      quotas: { jobs: null, cpuMillis: null, memoryBytes: null },
      protected: [],
      prefer: 'local',
      restrictedLabels: {},
    });
  });

  test('units are converted, and everything knows its place', () => {
    const { workloads } = setOf(
      LOCAL,
      'workloads:\n  quotas: { memory: 1.5GiB, cpu: 0.25, jobs_per_token: 0 }\n  protected: ["kube-*", db]\n',
      'workloads:\n  placement:\n    prefer: any\n    restricted_labels: { zone: restricted, disk: "" }\n',
    );
    const at = (file: number, line: number, column: number) => ({ file: `policies/${file}.yaml`, line, column });
    expect(workloads).toEqual({
      quotas: [
        { quota: 'jobs_per_token', limit: 0, place: at(1, 2, 40) },
        { quota: 'cpu', limit: 250, place: at(1, 2, 29) },
        { quota: 'memory', limit: 1.5 * 2 ** 30, place: at(1, 2, 13) },
      ],
      protected: [
        { glob: 'kube-*', place: at(1, 3, 15) },
        { glob: 'db', place: at(1, 3, 25) },
      ],
      prefer: 'any',
      restrictedLabels: [
        { label: 'zone', value: 'restricted', place: at(2, 4, 26) },
        { label: 'disk', value: '', place: at(2, 4, 44) },
      ],
    });
  });

  test('all mistakes are found at once, and none hides the others', () => {
    const { diagnostics } = understandText(
      `${LOCAL}workloads:
  quotas: { cpu: 1.0005, memory: 0GiB }
  protected: ["(a|b)", "ok-*", "*a*b*c*d*"]
  placement: { prefer: locl, restricted_labels: { zone: 1 } }
  protect: x
`,
    );
    expect(diagnostics.map(({ rule, place, message }) => `${place.line} ${rule} ${message}`)).toEqual([
      expect.stringContaining('6 bad-unit `1.0005` is no amount of cores'),
      expect.stringContaining('6 bad-unit `0GiB` is no amount of memory'),
      expect.stringContaining('7 bad-glob `(a|b)`'),
      expect.stringContaining('7 bad-glob `*a*b*c*d*`'),
      expect.stringContaining('8 bad-value `workloads.placement.prefer`'),
      expect.stringContaining('8 wrong-type `workloads.placement.restricted_labels.zone`'),
      expect.stringContaining('9 unknown-key `workloads` has no key `protect`'),
    ]);
  });

  test('a part defined in two files is one finding', () => {
    const { diagnostics } = understandText(LOCAL, 'workloads: { protected: a }\n', 'workloads: { protected: b }\n');
    expect(diagnostics.map(({ rule }) => rule)).toEqual(['duplicate-name']);
  });

  test('labels may have any name, also those that objects have by nature', async () => {
    const text = `${LOCAL}workloads: { placement: { restricted_labels: { __proto__: sealed, constructor: x } } }\n`;
    const { artifact } = await compile([{ file: 'policy.yaml', text }]);
    const { restrictedLabels } = JSON.parse(artifact!.files.get('manifest.json')!).workloads;
    expect(Object.entries(restrictedLabels)).toEqual([
      ['__proto__', 'sealed'],
      ['constructor', 'x'],
    ]);
  });
});

test('the page carries the policy with its words and places, in text that cannot be anything else', async () => {
  const text = `${LOCAL}workloads:\n  quotas: { cpu: 1.5, memory: 512MiB }\n  protected: ["it's-*", "[*]/x"]\n  placement: { restricted_labels: { "a'b": "*/" } }\n`;
  const { artifact } = await compile([{ file: 'policies/w.yaml', text }]);
  const page = artifact!.files.get('router.ts')!;
  const [section] = /\/\*\* Workloads:[\s\S]*?\n};/.exec(page) ?? [];
  expect(section?.split('\n')).toEqual([
    '/** Workloads: what one caller may hold, which are never evicted, where they go. */',
    "const WORKLOADS: RouterData['workloads'] = {",
    '  quotas: [',
    "    { quota: 'cpu', limit: 1500, place: 'policies/w.yaml:6:13' }, // 1.5 cores of one caller",
    "    { quota: 'memory', limit: 536870912, place: 'policies/w.yaml:6:23' }, // 0.5 GiB of one caller",
    '  ],',
    '  protected: [',
    String.raw`    { glob: 'it\'s-*', pattern: '^(?:^(?:it\\\'s\\-[^/]*?)$)$', place: 'policies/w.yaml:7:15' },`,
    String.raw`    { glob: '[*]/x', pattern: '^(?:[*]\\/x)$', place: 'policies/w.yaml:7:25' },`,
    '  ],',
    "  prefer: 'local', // a local node that fits beats every other",
    '  restrictedLabels: [',
    String.raw`    { label: 'a\'b', value: '*/', place: 'policies/w.yaml:8:37' },`,
    '  ], // restricted workloads need all of them',
    '};',
  ]);
});
