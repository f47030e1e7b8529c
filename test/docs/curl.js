// Stands in for curl where pages are run as tests, so that they need nothing but Node: `-i`, `-s`, `-N`, `-H`, `-d`, `-X`, one address.
import { readFileSync } from 'node:fs';

const args = process.argv.slice(2);
const headers = new Headers();
let body;
let method;
let url;
let showHead = false;
for (let at = 0; at < args.length; at++) {
  const arg = args[at];
  if (arg === '-s' || arg === '-N') continue;
  if (arg === '-i') showHead = true;
  else if (arg === '-X') method = args[++at];
  else if (arg === '-H') headers.append(...args[++at].split(/:\s*/, 2));
  else if (arg === '-d') body = args[++at].startsWith('@') ? readFileSync(args[at].slice(1), 'utf8') : args[at];
  else if (arg.startsWith('-') || url !== undefined) throw new Error(`this curl does not know \`${arg}\``);
  else url = arg;
}
const answer = await fetch(url, {
  headers,
  method: method ?? (body === undefined ? 'GET' : 'POST'),
  ...(body === undefined ? {} : { body }),
});
if (showHead) {
  const lines = [...answer.headers].map(([name, value]) => `${name}: ${value}\n`);
  process.stdout.write(`HTTP/1.1 ${answer.status} ${answer.statusText}\n${lines.join('')}\n`);
}
process.stdout.write(await answer.text());
