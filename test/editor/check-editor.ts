import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * Asks a real yaml-language-server what editors show for policy files and tests: nothing under what is right, a line under what is not,
 * and keys to complete. Run by hand, as the server is no dependency: `node test/editor/check-editor.ts <path of yaml-language-server>`.
 */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const [bin] = process.argv.slice(2);
if (bin === undefined) {
  console.error('usage: node test/editor/check-editor.ts <path of yaml-language-server>');
  process.exit(2);
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: {
    readonly uri?: string;
    readonly diagnostics?: readonly { readonly message: string; readonly range: { start: { line: number } } }[];
    items?: unknown[];
  };
  readonly result?: { readonly items?: readonly { readonly label: string }[] } | readonly { readonly label: string }[];
}

const server = spawn(process.execPath, [bin, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
const waiting: ((message: Message) => boolean)[] = [];
let buffer = Buffer.alloc(0);
server.stdout.on('data', (chunk: Buffer) => {
  buffer = Buffer.concat([buffer, chunk]);
  // Language Server Protocol, "Base Protocol": a header with the length, an empty line, JSON.
  for (;;) {
    const head = buffer.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/Content-Length: (\d+)/i.exec(buffer.subarray(0, head).toString())![1]);
    if (buffer.length < head + 4 + length) return;
    const message = JSON.parse(buffer.subarray(head + 4, head + 4 + length).toString()) as Message;
    buffer = buffer.subarray(head + 4 + length);
    // What the server asks of an editor: it has no settings.
    if (message.id !== undefined && message.method !== undefined)
      send({ id: message.id, result: message.params?.items?.map(() => ({})) ?? null });
    for (const [row, take] of [...waiting.entries()].reverse()) if (take(message)) waiting.splice(row, 1);
  }
});

function send(message: object): void {
  const text = JSON.stringify({ jsonrpc: '2.0', ...message });
  server.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
}

const next = (take: (message: Message) => boolean): Promise<Message> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the server said nothing for 30 s')), 30_000);
    waiting.push((message) => {
      if (!take(message)) return false;
      clearTimeout(timer);
      resolve(message);
      return true;
    });
  });

let ids = 0;
async function ask(method: string, params: object): Promise<Message> {
  const id = ++ids;
  const answer = next((message) => message.id === id && message.method === undefined);
  send({ id, method, params });
  return await answer;
}

/** Messages under the text of a file that is not there but would stand in `policies/`. */
async function underline(name: string, text: string): Promise<string[]> {
  const uri = pathToFileURL(`${ROOT}policies/${name}`).href;
  const published = next((message) => message.method === 'textDocument/publishDiagnostics' && message.params?.uri === uri);
  send({ method: 'textDocument/didOpen', params: { textDocument: { uri, languageId: 'yaml', version: 1, text } } });
  return ((await published).params?.diagnostics ?? []).map(({ message, range }) => `${range.start.line + 1}: ${message}`);
}

async function complete(name: string, line: number, character: number): Promise<string[]> {
  const uri = pathToFileURL(`${ROOT}policies/${name}`).href;
  const { result } = await ask('textDocument/completion', { textDocument: { uri }, position: { line, character } });
  return ((Array.isArray(result) ? result : (result as { items: { label: string }[] } | null)?.items) ?? []).map(({ label }) => label);
}

const failures: string[] = [];
function expect(what: string, holds: boolean, got: unknown): void {
  console.log(`${holds ? '✓' : '✗'} ${what}`);
  if (!holds) failures.push(`${what}: ${JSON.stringify(got)}`);
}

await ask('initialize', {
  processId: process.pid,
  rootUri: pathToFileURL(ROOT).href,
  capabilities: { workspace: { configuration: true } },
});
send({ method: 'initialized', params: {} });
for (const file of [
  'backends',
  'categories',
  'models',
  'traffic',
  'slas',
  'tiers',
  'routing.test',
  'tasks.test',
  'models.test',
  'limits.test',
]) {
  const found = await underline(`${file}.yaml`, readFileSync(`${ROOT}policies/${file}.yaml`, 'utf8'));
  expect(`nothing is underlined in ${file}.yaml`, found.length === 0, found);
}
const POLICY = '# yaml-language-server: $schema=../schema/policy.schema.json\n';
const TESTS = '# yaml-language-server: $schema=../schema/tests.schema.json\n';
const wrong = await underline('wrong.yaml', `${POLICY}backends:\n  box: { type: ollama, modles: {} }\n`);
expect(
  'a misspelled key of a policy is underlined',
  wrong.some((found) => found.startsWith('3: ') && found.includes('modles')),
  wrong,
);
const misspelt = await underline(
  'wrong.test.yaml',
  `${TESTS}tests:\n  - name: one\n    request: { model: auto }\n    expect: { decison: route }\n`,
);
expect(
  'a misspelled expectation is underlined',
  misspelt.some((found) => found.startsWith('5: ') && found.includes('decison')),
  misspelt,
);
await underline('new.yaml', `${POLICY}traffic:\n  - name: one\n    \n`);
const keys = await complete('new.yaml', 3, 4);
expect(
  'keys of a traffic policy are completed',
  ['match', 'privacy', 'min_tier'].every((key) => keys.includes(key)),
  keys,
);
await underline('new.test.yaml', `${TESTS}tests:\n  - name: one\n    request: { model: auto }\n    expect:\n      decision: \n`);
const values = await complete('new.test.yaml', 5, 16);
expect(
  'decisions are completed',
  ['route', 'queue', 'reject'].every((value) => values.includes(value)),
  values,
);
server.kill();
for (const failure of failures) console.error(failure);
process.exitCode = failures.length === 0 ? 0 : 1;
