import { type Decision, ask, type Question } from './decision.ts';
import { formatDecision, formatHeading } from './decision-table.ts';
import { DemoWorld } from './demo-world.ts';
import { formatRejection } from './format-rejection.ts';
import { paintFor } from './paint.ts';
import { CUSTOMER, FLEXIBLE, IN_BOTH_APIS, STRONG, WHILE_UP } from './requests.ts';
import { runUnderTraffic } from './steady-traffic.ts';

const paint = paintFor(process.stdout.isTTY === true, process.env);
const surprises: string[] = [];

/** The main job on real wire traffic, told as it happens. Every claim is checked; what differs is counted as a surprise. */
async function tell(world: DemoWorld): Promise<void> {
  say('Upstreams on loopback, without a key or a network');
  line(`workstation  ${world.workstationUrl}  speaks Ollama's API`);
  line(`openai       ${world.cloudUrl}  speaks OpenAI's API`);
  line(`claude       ${world.claudeUrl}  speaks Anthropic's API`);

  say('policyc compile policies');
  for (const text of (await world.compile()).split('\n')) line(text);
  await world.serve();
  line(`policyd serves on ${world.url}`);

  say('A dozen requests');
  line(formatHeading(paint));
  for (const request of WHILE_UP) await show(world, request.title, request, request.expect, request.holds);

  say("The gateway speaks Anthropic's API, too, and every caller reaches every backend");
  line(formatHeading(paint));
  for (const request of IN_BOTH_APIS) await show(world, request.title, request, request.expect, request.holds);

  say('The cloud goes down');
  await world.stopCloud();
  const fallback = { status: 200, backend: 'workstation', model: 'qwen2.5-coder', reason: 'failover' } as const;
  await show(world, 'its first fallback', STRONG, fallback);

  say('A policy change, swapped in under traffic: coding asks for tier 4 instead of 3');
  const before = await world.policy();
  await world.editPolicy('traffic.yaml', 'min_tier: 3', 'min_tier: 4');
  const traffic = await runUnderTraffic(world.url, WHILE_UP[0], async () => {
    await world.compile();
    await world.until(async () => (await world.policy()) !== before, 'the new router to serve');
  });
  const after = await world.policy();
  line(`router ${before.slice(0, 12)} → ${after.slice(0, 12)}, ${traffic.answered} requests meanwhile, ${traffic.failed} failed`);
  expectThat(traffic.failed === 0 && traffic.answered > 0, 'no request fails while the router is swapped');
  expectThat(
    traffic.policies.every((hash) => hash === before || hash === after),
    'every request is decided by one of the two routers',
  );
  await show(world, 'the same request', STRONG, { status: 503, backend: 'none', policy: after });
  await show(world, 'willing to take less', FLEXIBLE, { ...fallback, warning: 'tier-fallback', policy: after });

  say('Customer data, while the workstation is down');
  await world.stopWorkstation();
  await world.startCloud();
  const rejected = await show(world, 'customer data', CUSTOMER, { status: 503, backend: 'none', model: 'no_target' });
  for (const text of formatRejection(rejected.body)) line(paint.dim(text));
  expectThat(rejected.body.includes('PrivacyReconciler'), 'the rejection names the stage that keeps the data inside');
  await world.startWorkstation();
  await show(world, 'the workstation is back', CUSTOMER, { status: 200, backend: 'workstation', zone: 'restricted' });
}

async function show(world: DemoWorld, title: string, question: Question, expected: Partial<Decision>, holds = ''): Promise<Decision> {
  const decision = await ask(world.url, question);
  line(formatDecision(title, question.body.model, decision, paint));
  if (decision.warning !== null) line(paint.dim(`${' '.repeat(24)}warning: ${decision.warning}`));
  for (const [name, value] of Object.entries(expected)) {
    const found = decision[name as keyof Decision];
    expectThat(found === value, `${title}: ${name} is ${String(value)}, not ${String(found)}`);
  }
  expectThat(decision.body.includes(holds), `${title}: the answer holds ${holds}`);
  return decision;
}

function expectThat(holds: boolean, claim: string): void {
  if (holds) return;
  surprises.push(claim);
  line(paint.red(`unexpected: ${claim}`));
}

function say(heading: string): void {
  process.stdout.write(`\n${paint.bold(paint.green(heading))}\n`);
}

function line(text: string): void {
  process.stdout.write(`  ${text}\n`);
}

const flags = process.argv.slice(2);
const unknown = flags.filter((flag) => flag !== '--once');
if (unknown.length > 0) {
  process.stderr.write(
    `error: the demo has no flag \`${unknown[0]}\`\nhelp: \`npm run demo\` keeps serving, \`npm run demo -- --once\` ends by itself\n`,
  );
  process.exit(2);
}
const started = performance.now();
const stopped = new Promise<void>((stop) => {
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
});
const world = await DemoWorld.start();
try {
  const told = await Promise.race([tell(world).then(() => true), stopped.then(() => false)]);
  if (told) {
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    say(`${surprises.length === 0 ? 'All as expected' : `${surprises.length} unexpected`}, after ${seconds} s`);
  }
  if (told && !flags.includes('--once')) {
    line('This gateway serves until Ctrl-C:');
    line(`curl -i ${world.url}/v1/chat/completions -H 'content-type: application/json' \\`);
    line(`  -d '{"model":"auto","messages":[{"role":"user","content":"Rename variable x to y"}]}'`);
    line(
      `curl ${world.url}/v1/route -H 'content-type: application/json' -d '{"model":"gpt-5","messages":[{"role":"user","content":"hi"}]}'`,
    );
    line(`curl ${world.url}/v1/messages -H 'content-type: application/json' \\`);
    line(`  -d '{"model":"claude-sonnet-4-5","max_tokens":100,"messages":[{"role":"user","content":"hi"}]}'`);
    line(`curl ${world.url}/metrics`);
    await stopped;
  }
} catch (cause) {
  surprises.push(cause instanceof Error ? cause.message : String(cause));
  process.stderr.write(`error: ${surprises.at(-1)}\n`);
} finally {
  const code = await world.stop();
  if (code !== 0) {
    surprises.push(`policyd ended with ${code}`);
    process.stderr.write(`error: policyd ended with ${code}\n`);
  }
}
process.exitCode = surprises.length === 0 ? 0 : 1;
