import fc from 'fast-check';
import { stringify } from 'yaml';
import { expect, test } from 'vitest';
import { formatImport, formatImportJson } from '../../../compiler/cli/formats/format-import.ts';
import { paintFor } from '../../../compiler/cli/formats/paint.ts';
import { formatYaml } from '../../../compiler/cli/format-yaml.ts';
import { importLitellm } from '../../../compiler/import/import-litellm.ts';
import { writeKeyPath } from '../../../compiler/import/key-path.ts';
import { KNOWN_KEYS } from '../../../compiler/import/known-keys.ts';
import { understand } from '../../../compiler/understand.ts';

const PLAIN = paintFor({ env: {}, stdout: { write: () => true } });
const SECRET = 'CANARY-9f';

const name = fc.constantFrom('a', 'b', 'c', 'gpt-4o', '1', 'true', '__proto__', 'openai/*', 'two words', 'ünï');
const scalar = fc.oneof(
  fc.integer({ min: -5, max: 200_000 }),
  fc.double({ noNaN: true }),
  fc.boolean(),
  fc.constant(null),
  name,
  fc.constant('os.environ/A_KEY'),
);
const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(name, fc.constantFrom(...KNOWN_KEYS)), tie('value'), { maxKeys: 3 }),
  ),
})).value;
/** Mostly what belongs there, sometimes anything. */
const mostly = <T>(usual: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 15, arbitrary: usual }, { weight: 1, arbitrary: anything });

const prefix = fc.constantFrom(
  'openai/',
  'anthropic/',
  'gemini/',
  'ollama/',
  'hosted_vllm/',
  'groq/',
  'azure/',
  'bedrock/',
  'openai/responses/',
  '',
  'litellm_proxy/',
);
const base = fc.constantFrom(
  'https://llm.example.com/v1',
  'http://10.0.0.1:8000',
  'os.environ/BASE',
  'half',
  'https://api.openai.com/v1',
  `https://u:${SECRET}@x.example`,
  '',
  'http://[::1]:80/v1/',
  'https://x/${Y}',
);
const secret = fc.constantFrom(SECRET, 'os.environ/A_KEY', 'os.environ/not a name', 'none', '');
const seconds = fc.oneof(fc.double({ min: 0, max: 200_000, noNaN: true }), fc.integer({ min: 0, max: 700 }));
const cost = fc.constantFrom(0, 1e-6, 1.5e-7, '3e-06', -1, 5, 'x');
const duration = fc.constantFrom('1d', '30d', '1mo', '7d', '1h', '', 'x');
const more = fc.dictionary(fc.oneof(fc.constantFrom(...KNOWN_KEYS), name), anything, { maxKeys: 3 });
const withMore = (model: fc.Arbitrary<object>): fc.Arbitrary<object> => fc.tuple(more, model).map(([extra, own]) => ({ ...extra, ...own }));
const some = <T extends Record<string, fc.Arbitrary<unknown>>>(model: T): fc.Arbitrary<object> =>
  fc.record(model, {
    requiredKeys: ['model_list', 'model_name', 'litellm_params', 'model'].filter((key) => Object.hasOwn(model, key)) as never[],
  });

const deployment = withMore(
  some({
    model_name: mostly(name),
    litellm_params: mostly(
      withMore(
        some({
          model: mostly(
            fc.tuple(prefix, fc.constantFrom('gpt-4o', 'claude-sonnet-4-5', 'x', 'nomic-embed', '*')).map((parts) => parts.join('')),
          ),
          api_key: secret,
          api_base: base,
          base_url: base,
          timeout: seconds,
          stream_timeout: seconds,
          order: fc.integer({ min: -1, max: 60 }),
          max_parallel_requests: fc.integer({ min: 0, max: 9 }),
          max_budget: mostly(fc.double({ min: 0, max: 1e8, noNaN: true })),
          budget_duration: duration,
          input_cost_per_token: cost,
          output_cost_per_token: cost,
          litellm_credential_name: fc.constantFrom('main', 'main', 'main', 'lost'),
          rpm: scalar,
        }),
      ),
    ),
    model_info: mostly(
      withMore(
        some({
          mode: fc.constantFrom('chat', 'embedding', 'rerank'),
          max_input_tokens: scalar,
          supports_vision: scalar,
          cache_read_input_token_cost: cost,
        }),
      ),
    ),
  }),
);
const links = fc.array(mostly(name), { maxLength: 6 });
const chains = mostly(fc.array(fc.dictionary(fc.oneof(name, fc.constant('*')), mostly(links), { maxKeys: 3 }), { maxLength: 3 }));
const config = withMore(
  some({
    model_list: mostly(fc.array(mostly(deployment), { minLength: 1, maxLength: 6, size: 'large' })),
    credential_list: mostly(
      fc.constant([{ credential_name: 'main', credential_values: { api_key: SECRET, api_version: 1 }, credential_info: {} }]),
    ),
    router_settings: mostly(
      withMore(
        some({
          model_group_alias: mostly(fc.dictionary(name, mostly(name), { maxKeys: 3 })),
          fallbacks: chains,
          context_window_fallbacks: chains,
          default_fallbacks: mostly(links),
          timeout: seconds,
          provider_budget_config: fc.dictionary(
            fc.constantFrom('openai', 'ollama', 'azure'),
            mostly(some({ budget_limit: seconds, time_period: duration })),
            { maxKeys: 2 },
          ),
        }),
      ),
    ),
    litellm_settings: mostly(
      withMore(
        some({
          fallbacks: chains,
          default_fallbacks: mostly(links),
          request_timeout: seconds,
          max_budget: seconds,
          budget_duration: duration,
        }),
      ),
    ),
    general_settings: mostly(
      withMore(some({ master_key: fc.constant(SECRET), database_url: fc.constant(`postgresql://u:${SECRET}@db/x`) })),
    ),
    environment_variables: fc.constant({ OPENAI_API_KEY: SECRET }),
  }),
);

/** Keys without keys below them, found otherwise than the import does it: in the value, not in the tree. */
function keysOf(value: unknown, path: (string | number)[] = []): string[] {
  const below: [string | number, unknown][] = Array.isArray(value)
    ? value.map((item, at) => [at, item])
    : typeof value === 'object' && value !== null
      ? Object.keys(value).map((key) => [key, (value as Record<string, unknown>)[key]])
      : [];
  const hasKeys = (other: unknown): boolean =>
    Array.isArray(other) ? other.some(hasKeys) : typeof other === 'object' && other !== null && Object.keys(other).length > 0;
  if (!hasKeys(value)) return path.length === 0 ? [] : [writeKeyPath(path)];
  return below.flatMap(([step, item]) => keysOf(item, [...path, step]));
}

test('no configuration is too much, none of its keys is lost, none of its secrets is told', { timeout: 240_000 }, () => {
  let written = 0;
  fc.assert(
    fc.property(config, (value) => {
      const text = stringify(value);
      const imported = importLitellm({ file: 'config.yaml', text });
      expect(imported.diagnostics).toEqual([]);
      const covered = imported.notes.flatMap(({ covers }) => covers);
      expect(new Set(covered).size, 'a key is covered once').toBe(covered.length);
      const told = new Set([...imported.notes.map(({ key }) => key), ...covered]);
      expect(keysOf(value).filter((key) => !told.has(key))).toEqual([]);
      for (const { fate, help } of imported.notes) expect(help === null).toBe(fate === 'carried');

      const files = imported.files.map(({ file, text: policy }) => ({ file, text: formatYaml(policy) }));
      expect(understand(files).diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
      expect(importLitellm({ file: 'config.yaml', text })).toEqual(imported);
      if (files.length > 0) written++;

      const all = `${files.map((file) => file.text).join('')}${formatImport(imported.notes, 'config.yaml', PLAIN)}${formatImportJson(imported)}`;
      expect(all).not.toContain(SECRET);
    }),
    { numRuns: 150 },
  );
  expect(written, 'configurations of which something is carried over').toBeGreaterThan(20);
});
