import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../e2e/policyd.ts';
import { DashboardWorld } from './dashboard-world.ts';
import { ARGUMENTS, findChromium, REMEDY } from './find-chromium.ts';

const program = findChromium();
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const DESK = { viewport: { width: 1280, height: 900 } } as const;
const PHONE = { viewport: { width: 360, height: 780 } } as const;
const IMAGES = new URL('../../docs/images/', import.meta.url).pathname;
/** Pictures for the docs are taken anew where this is set; else the run leaves them as they are. */
const isDrawing = process.env.DRAW === '1';

/** How long something may take to show, in ms: a busy machine shows it late, and it is the same. */
const PATIENCE = 60_000;

/** A page, with everything that it said and asked for. */
interface Visit {
  readonly page: Page;
  readonly faults: string[];
  readonly requests: string[];
}

describe.skipIf(program === null)(`dashboard in Chromium (${REMEDY})`, { timeout: 240_000 }, () => {
  let world: DashboardWorld;
  let browser: Browser;

  beforeAll(async () => {
    world = await DashboardWorld.start();
    browser = await chromium.launch({ executablePath: program!, args: ARGUMENTS });
    await world.ask(21);
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    await world?.stop();
  }, 240_000);

  async function visit(key: string | null, options: BrowserContextOptions = DESK, url = world.policyd.url): Promise<Visit> {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(PATIENCE);
    const page = await context.newPage();
    const faults: string[] = [];
    const requests: string[] = [];
    page.on('pageerror', (error) => faults.push(`${error.stack}`));
    page.on('console', (message) => {
      // A refused question is told in words on the page; the browser notes it by itself.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text());
    });
    page.on('request', (request) => requests.push(request.url()));
    if (key !== null) await page.addInitScript(`sessionStorage.setItem('policyd-key', '${key}')`);
    await page.goto(`${url}/dashboard`);
    return { page, faults, requests };
  }

  const panel = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
  const rows = (page: Page, name: string, table: string) => panel(page, name).getByRole('table', { name: table }).locator('tbody tr');
  async function hashes(): Promise<{ active: string; previous: string | null }> {
    const { active, previous } = (await (await world.call('GET', '/v1/policy')).json()) as {
      active: { hash: string };
      previous: { hash: string } | null;
    };
    return { active: active.hash, previous: previous?.hash ?? null };
  }
  async function findViolations(page: Page, within = 'document'): Promise<string[]> {
    const found = (await page.evaluate(`axe.run(${within}, { resultTypes: ['violations'] })`)) as {
      violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
    };
    return found.violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
    );
  }
  /** What scrolls sideways or leaves its panel. */
  function findWide(page: Page): Promise<string[]> {
    return page.evaluate(`
      (() => {
        const name = (element) => element.tagName.toLowerCase() + ' ' + (element.ariaLabel ?? element.id ?? '') + ' ' + element.className;
        const found = [];
        for (const element of document.querySelectorAll('html, body, main, nav, .panel, .panel *'))
          if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 1 && !['visible', 'hidden'].includes(getComputedStyle(element).overflowX))
            found.push(name(element) + ': ' + element.scrollWidth + ' in ' + element.clientWidth);
        if (document.documentElement.scrollWidth > innerWidth) found.push('the page: ' + document.documentElement.scrollWidth);
        for (const box of document.querySelectorAll('.top, .panel'))
          for (const element of box.querySelectorAll('*'))
            if (!element.closest('.unseen, thead') && element.getBoundingClientRect().right > box.getBoundingClientRect().right + 1)
              found.push(name(element) + ' leaves ' + name(box));
        return found;
      })()`) as Promise<string[]>;
  }
  /** The page's policy forbids scripts from elsewhere, so axe comes in by the browser's own door. */
  async function bringAxe(page: Page): Promise<void> {
    await page.evaluate(readFileSync(AXE, 'utf8'));
  }

  test('the page asks nobody but its server, breaks no rule of its policy, and says so in its headers', async () => {
    const { page, faults, requests } = await visit(world.keys.ops);
    await rows(page, 'Decisions', 'newest decisions first').first().waitFor();
    await page.waitForTimeout(2_500);
    expect(faults).toEqual([]);
    expect(requests.filter((url) => !url.startsWith(`${world.policyd.url}/`) && !url.startsWith('data:'))).toEqual([]);
    expect(requests.length).toBeGreaterThan(30);
    const answer = await fetch(`${world.policyd.url}/dashboard`);
    expect(answer.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    await page.close();
  });

  test('a script from elsewhere does not run, and one in the page does not either', async () => {
    const { page } = await visit(null);
    await page.evaluate(`
      window.violations = [];
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => window.violations.push(effectiveDirective));
      const inline = document.createElement('script'); inline.textContent = 'window.ran = true'; document.body.append(inline);
      const image = new Image(); image.src = 'http://127.0.0.1:9/x.png'; document.body.append(image);
      fetch('http://127.0.0.1:9/x').catch(() => {});
    `);
    await page.waitForFunction('window.violations.length >= 3');
    expect(await page.evaluate('[window.ran ?? false, [...window.violations].sort().join()]')).toEqual([
      false,
      'connect-src,img-src,script-src-elem',
    ]);
    await page.close();
  });

  test('a key is asked for, taken by keyboard alone, and kept for this tab only', async () => {
    const { page } = await visit(null);
    await panel(page, 'Policy').getByText('no api key was given').waitFor();
    // What is open to everybody is there without one.
    await rows(page, 'Backends', 'backends and their targets').first().waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the decisions');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('decisions');
    await page.getByRole('button', { name: 'Enter key' }).focus();
    await page.keyboard.press('Enter');
    // The field has the focus as soon as it is there.
    await page.getByLabel("A caller's key of the policy").waitFor();
    expect(await page.evaluate('document.activeElement.name')).toBe('key');
    await page.keyboard.type(world.keys.ops);
    await page.keyboard.press('Enter');
    await rows(page, 'Policy', 'routers').first().waitFor();
    await rows(page, 'Decisions', 'newest decisions first').first().waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(await page.evaluate(`[sessionStorage.getItem('policyd-key'), localStorage.length, document.cookie]`)).toEqual([
      world.keys.ops,
      0,
      '',
    ]);
    await page.close();
  });

  test('without scope `admin` it reads what it may, and has no way to roll back', async () => {
    const { page } = await visit(world.keys.app);
    await panel(page, 'Policy').getByText('lacks the scope admin').waitFor();
    await rows(page, 'Backends', 'backends and their targets').first().waitFor();
    expect(await page.getByRole('button', { name: 'Roll back' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Decide' }).click();
    await panel(page, 'What would happen').getByText('Under the active policy').waitFor();
    const refused = await world.policyd.post('/v1/policy/rollback', {}, { authorization: `Bearer ${world.keys.app}` });
    expect(refused.status).toBe(403);
    await page.close();
  });

  test('decisions appear as they are made, each with its why: every stage, every target, the line of the policy', async () => {
    const { page } = await visit(world.keys.ops);
    const table = rows(page, 'Decisions', 'newest decisions first');
    await table.first().waitFor();
    await world.policyd.chat('claude-sonnet', {}, { authorization: `Bearer ${world.keys.app}`, 'x-request-id': 'dashboard-reject' });
    const button = page.getByRole('button', { name: 'why: reject of dashboard-reject' });
    await button.click();
    const dialog = page.getByRole('dialog', { name: 'Why' });
    await dialog.getByText('no target is left').waitFor();
    for (const stage of [
      'RequestAnalyzer',
      'PrivacyReconciler',
      'BudgetReconciler',
      'TierReconciler',
      'QualityReconciler',
      'SchedulerReconciler',
    ])
      expect(await dialog.getByRole('rowheader', { name: stage }).count(), stage).toBe(1);
    expect(await dialog.locator('tr', { hasText: 'out' }).textContent()).toMatch(
      /spare\/claude-sonnet.*is down.*policies\/policy\.yaml:\d+/s,
    );
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toContain('why: reject of dashboard-reject');
    await page.getByLabel('Show').selectOption('reject');
    await expect.poll(() => table.filter({ hasText: 'route' }).count(), { timeout: PATIENCE }).toBe(0);
    expect(await table.count()).toBeGreaterThan(0);
    await page.close();
  });

  test('paused, the decisions stand still; resumed, they are all there', async () => {
    const { page } = await visit(world.keys.ops);
    const table = rows(page, 'Decisions', 'newest decisions first');
    await table.first().waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await world.policyd.chat('auto', {}, { authorization: `Bearer ${world.keys.app}`, 'x-request-id': 'while-paused' });
    await page.waitForTimeout(1_000);
    expect(await page.getByRole('button', { name: 'why: route of while-paused' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('button', { name: 'why: route of while-paused' }).waitFor();
    await page.close();
  });

  test('backends tell health and reason, load of capacity, latency', async () => {
    const { page } = await visit(world.keys.ops);
    const table = rows(page, 'Backends', 'backends and their targets');
    await table.filter({ hasText: 'ECONNREFUSED' }).waitFor();
    expect(await table.filter({ hasText: 'workstation' }).textContent()).toMatch(/up.*0 of 8/s);
    await expect.poll(() => table.filter({ hasText: 'qwen2.5-coder' }).textContent(), { timeout: PATIENCE }).toMatch(/ready.*\d m?s/s);
    await page.close();
  });

  test('budgets tell settled, reserved, headroom, burn rate and forecast, as the server does', async () => {
    const { page } = await visit(world.keys.ops);
    const row = rows(page, 'Budgets', 'budgets in their current windows').filter({ hasText: 'team' });
    await row.waitFor();
    const settled = async (): Promise<number> => {
      const { budgets } = (await (await world.call('GET', '/v1/budgets')).json()) as { budgets: { name: string; settled_usd: number }[] };
      return budgets.find(({ name }) => name === 'team')!.settled_usd;
    };
    expect(await settled()).toBeGreaterThan(0);
    // The last calls may be settled between two looks of the page.
    const isTold = async (): Promise<boolean> => {
      const told = Number((await row.locator('td').nth(2).textContent())!.replace('$', ''));
      return Math.abs(told - (await settled())) < 0.00005;
    };
    await expect.poll(isTold, { timeout: PATIENCE }).toBe(true);
    expect(await row.locator('td').count()).toBe(7);
    await page.close();
  });

  test('the histogram of decision times holds every decision, as a picture and as a table', async () => {
    const { page } = await visit(world.keys.ops);
    const timing = panel(page, 'Decision time');
    await timing.getByText('As a table').click();
    const counts = await timing.getByRole('table').locator('tbody td:nth-of-type(1)').allTextContents();
    const all = counts.reduce((sum, text) => sum + Number(text.replaceAll(',', '')), 0);
    expect(await timing.locator('.lead').textContent()).toContain(`of ${all.toLocaleString('en')} over the budget of 1 ms`);
    expect(await timing.getByRole('img').getAttribute('aria-label')).toMatch(/99 % (under|over)/);
    // Something is drawn.
    expect(
      await page.evaluate(
        `(() => { const c = document.querySelector('#timing canvas'); return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((value) => value > 0) })()`,
      ),
    ).toBe(true);
    await page.close();
  });

  test('the frontier of each class is drawn, and told', async () => {
    const { page } = await visit(world.keys.ops);
    const table = rows(page, 'Pareto frontier', 'targets by quality and cost');
    await table.first().waitFor();
    expect(await table.count()).toBe(5);
    expect(await table.filter({ hasText: 'spare/claude-sonnet' }).textContent()).toContain('openai/gpt-5 is as good');
    await panel(page, 'Pareto frontier').getByLabel('Class').selectOption('proof');
    await expect.poll(() => table.count(), { timeout: PATIENCE }).toBe(2);
    expect(await table.allTextContents()).toEqual([expect.stringContaining('on it'), expect.stringContaining('on it')]);
    await page.close();
  });

  test('a policy beside the active one: the shadow diverges, the canary takes its share', async () => {
    await world.upload('?mode=shadow');
    await world.ask(14);
    const { page } = await visit(world.keys.ops);
    await expect
      .poll(() => rows(page, 'Policy', 'decisions that the shadow makes differently').textContent(), { timeout: PATIENCE })
      .toMatch(/loosens.*customer-data.*workstation\/qwen2.5-coder.*openai\/gpt-5/s);
    await world.call('DELETE', '/v1/policy/shadow');
    await world.upload('?canary=50');
    await panel(page, 'Policy').getByText('It serves').waitFor();
    await page.close();
    await world.call('DELETE', '/v1/policy/canary');
  });

  test('a canary is aborted and promoted by its buttons, after a second look', async () => {
    const before = await hashes();
    await world.upload('?canary=50');
    const { page, faults } = await visit(world.keys.ops);
    const policy = panel(page, 'Policy');
    const canary = async (): Promise<string | undefined> =>
      ((await (await world.call('GET', '/v1/policy')).json()) as { canary: { state: string } | null }).canary?.state;
    await policy.getByRole('button', { name: 'Abort the canary' }).click();
    await page.getByRole('dialog', { name: 'Abort' }).getByRole('button', { name: 'Let it go on' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await canary()).toBe('open');
    await policy.getByRole('button', { name: 'Abort the canary' }).click();
    await page.getByRole('dialog', { name: 'Abort' }).getByRole('button', { name: 'Abort' }).click();
    await until(async () => (await canary()) !== 'open', 'the canary to be gone', PATIENCE);
    expect(await hashes()).toEqual(before);
    await policy.getByRole('button', { name: 'Abort the canary' }).waitFor({ state: 'detached' });

    await world.upload('?canary=50');
    await policy.getByRole('button', { name: 'Promote the canary' }).click();
    // Another was faster: what was looked at is not there any more, and the page says so.
    const dialog = page.getByRole('dialog', { name: 'Promote' });
    await dialog.waitFor();
    await world.call('DELETE', '/v1/policy/canary');
    await dialog.getByRole('button', { name: 'Promote' }).click();
    await dialog.getByRole('alert').getByText('there is no canary').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });

    // Or put another in its place: that one nobody has looked at.
    await world.upload('?canary=50');
    await policy.getByRole('button', { name: 'Promote the canary' }).click();
    await dialog.waitFor();
    await world.call('DELETE', '/v1/policy/canary');
    await world.upload('?canary=50', 'all-the-rest');
    await dialog.getByRole('button', { name: 'Promote' }).click();
    await dialog.getByRole('alert').getByText('if-match').waitFor();
    expect([await canary(), await hashes()]).toEqual(['open', before]);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await world.call('DELETE', '/v1/policy/canary');
    // Else its button could still stand when the next one is there.
    await policy.getByRole('button', { name: 'Promote the canary' }).waitFor({ state: 'detached' });

    await world.upload('?canary=50');
    await policy.getByRole('button', { name: 'Promote the canary' }).click();
    await dialog.getByRole('button', { name: 'Promote' }).click();
    await until(async () => (await hashes()).previous === before.active, 'the canary to be in force', PATIENCE);
    await policy.getByText('canary-promoted').first().waitFor();
    await world.call('POST', '/v1/policy/rollback');
    expect(faults).toEqual([]);
    await page.close();
  });

  test('after a swap it tells what changed, decides a request under both policies, and rolls back', async () => {
    const before = await hashes();
    await world.upload();
    const { page, faults } = await visit(world.keys.ops);
    const policy = panel(page, 'Policy');
    await policy.getByRole('button', { name: 'What changed since the previous policy?' }).click();
    await expect
      .poll(() => rows(page, 'Policy', 'classes of requests that are decided differently').first().textContent(), { timeout: 120_000 })
      .toMatch(/loosens.*customer-data.*support-chat/s);
    const request = {
      model: 'support-chat',
      messages: [{ role: 'user', content: 'My order 4711 has not arrived, and nobody answers my letters' }],
    };
    await page.getByLabel('Request, as JSON').fill(JSON.stringify(request));
    await page.getByRole('button', { name: 'Decide' }).click();
    const outcomes = panel(page, 'What would happen');
    await outcomes.getByText('They decide differently.').waitFor();
    expect(await outcomes.locator('summary').allTextContents()).toEqual([
      expect.stringMatching(/active policy:\s+route\s+openai\/gpt-5/),
      expect.stringMatching(/previous policy:\s+route\s+workstation\/qwen2.5-coder/),
    ]);
    await page.getByLabel('Request, as JSON').fill('{');
    await page.getByRole('button', { name: 'Decide' }).click();
    await outcomes.getByText('this is no json').waitFor();

    await policy.getByRole('button', { name: 'Roll back' }).click();
    await page.getByRole('dialog', { name: 'Roll back' }).getByRole('button', { name: 'Keep it' }).click();
    // While it is there, its own button is called the same.
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect((await hashes()).previous).toBe(before.active);
    await policy.getByRole('button', { name: 'Roll back' }).click();
    await page.getByRole('dialog', { name: 'Roll back' }).getByRole('button', { name: 'Roll back' }).click();
    await until(async () => (await hashes()).active === before.active, 'the first policy to serve again', PATIENCE);
    await expect
      .poll(() => rows(page, 'Policy', 'routers').first().textContent(), { timeout: PATIENCE })
      .toContain(before.active.slice(0, 12));
    await policy.getByText('rolled-back').first().waitFor();
    expect(faults).toEqual([]);
    await page.close();
  });

  test('a rollback that somebody else overtook is refused, in words', async () => {
    const { page } = await visit(world.keys.ops);
    await panel(page, 'Policy').getByRole('button', { name: 'Roll back' }).click();
    await world.call('POST', '/v1/policy/rollback');
    await page.getByRole('dialog', { name: 'Roll back' }).getByRole('button', { name: 'Roll back' }).click();
    await page.getByRole('alert').getByText('if-match').waitFor();
    await world.call('POST', '/v1/policy/rollback');
    await page.close();
  });

  test('agents of the pool stand with their states', async () => {
    await world.call('POST', '/api/coordination/pool/initialize', { size: 2 });
    const { page } = await visit(world.keys.ops);
    await expect.poll(() => rows(page, 'Agent pool', 'agents').count(), { timeout: PATIENCE }).toBe(2);
    expect(await rows(page, 'Agent pool', 'agents').first().textContent()).toContain('idle');
    expect(await panel(page, 'Agent pool').getByText('None.').count()).toBe(1);
    await page.close();
  });

  test('jobs stand with their placement and why no other node; they are cancelled, and pods evicted, by who may', async () => {
    await world.waitForPeer();
    const [first, second] = [await world.run('nightly'), await world.run('report')];
    const { page, faults } = await visit(world.keys.ops);
    const workloads = panel(page, 'Workloads');
    const jobs = rows(page, 'Workloads', 'newest jobs first');
    await jobs.filter({ hasText: 'nightly' }).filter({ hasText: 'running' }).filter({ hasText: 'local' }).waitFor();
    await workloads.getByText('2 running').waitFor();
    const nodes = rows(page, 'Workloads', 'nodes and what is free of them');
    await nodes.nth(1).waitFor();
    const peer = `${new URL(world.peer.url).host}/local`;
    await expect
      .poll(() => nodes.locator('th code').allTextContents(), { timeout: PATIENCE })
      .toEqual(['local', 'kubernetes/rack-1', 'kubernetes/rack-2', peer]);
    const told: readonly (readonly [string, RegExp])[] = [
      ['local', /local.*up.*\d+ %.*[\d.]+ of [\d.]+.*\d+ [MG]iB of \d.*os=linux/s],
      ['rack-1', /kubernetes.*up.*0 %16 of 1664 GiB of 64 GiB2 of 2.*zone=rack/s],
      ['rack-2', /kubernetes.*up.*cordoned.*8 of 8/s],
      [peer, /peer.*up.*zone=edge/s],
    ];
    for (const [node, row] of told)
      await expect.poll(() => nodes.filter({ hasText: node }).last().textContent(), { timeout: PATIENCE }).toMatch(row);
    world.cluster.setReady('rack-1', false);
    await nodes.filter({ hasText: 'rack-1' }).filter({ hasText: 'unreachable' }).waitFor();
    world.cluster.setReady('rack-1', true);
    await nodes.filter({ hasText: 'rack-1' }).filter({ hasText: 'up' }).waitFor();

    await workloads.getByRole('button', { name: `nightly: running, ${first}` }).click();
    const whole = page.getByRole('dialog', { name: 'Workload' });
    const placement = whole.getByRole('table', { name: 'nodes by score' }).locator('tbody tr');
    await placement.filter({ hasText: 'chosen' }).waitFor();
    expect(await placement.filter({ hasText: peer }).textContent()).toMatch(/labels.*zone/s);
    await whole.getByRole('table', { name: 'runs of the job' }).getByText(`${first}-1`).waitFor();
    await whole.getByText('/bin/sleep 3600').waitFor();
    await page.keyboard.press('Escape');
    await whole.waitFor({ state: 'detached' });

    await workloads.getByRole('button', { name: `cancel nightly, ${first}` }).click();
    await page.getByRole('dialog', { name: 'Cancel the job' }).getByRole('button', { name: 'Let it go on' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await world.statusOf(first)).toBe('running');
    await workloads.getByRole('button', { name: `cancel nightly, ${first}` }).click();
    const cancelling = page.getByRole('dialog', { name: 'Cancel the job' });
    await cancelling.getByLabel('Reason').fill('the report is enough');
    await cancelling.getByRole('button', { name: 'Cancel the job' }).click();
    await world.reach(first, 'cancelled');
    await jobs.filter({ hasText: 'nightly' }).filter({ hasText: 'the report is enough' }).waitFor();

    await workloads.getByText('Pods, as each place tells them').click();
    await workloads.getByRole('button', { name: `evict ${second}-1` }).click();
    await page.getByRole('dialog', { name: 'Evict the pod' }).getByRole('button', { name: 'Evict the pod' }).click();
    // Done, or refused in words: then the dialog stays.
    await expect.poll(() => page.getByRole('dialog', { name: 'Evict the pod' }).allTextContents(), { timeout: PATIENCE }).toEqual([]);
    await world.reach(second, 'evicted');
    await jobs.filter({ hasText: 'report' }).filter({ hasText: 'evicted from the dashboard' }).waitFor();
    await workloads.getByLabel('State').selectOption('cancelled');
    await expect.poll(() => jobs.count(), { timeout: PATIENCE }).toBe(1);
    // Pods are asked for every ten seconds: that it has ended is seen here last.
    await expect.poll(() => workloads.getByRole('button', { name: /^(cancel|evict) / }).count(), { timeout: PATIENCE }).toBe(0);
    expect(faults).toEqual([]);
    await page.close();
  });

  test('who may read of jobs and no more sees them, and has no button for their end', async () => {
    const job = await world.run('watched');
    const { page } = await visit(world.keys.reader);
    const workloads = panel(page, 'Workloads');
    // A key sees its own jobs, and has none.
    await workloads.getByText('No workload yet.').waitFor();
    await workloads.getByText('None has a job of this key.').waitFor();
    await panel(page, 'Peers').getByText('1 of 2 up').waitFor();
    await panel(page, 'Audit').getByText('lacks the scope admin').waitFor();
    expect(await page.getByRole('columnheader', { name: 'Change', exact: true }).count()).toBe(
      await page.locator('#policy th', { hasText: /^Change$/ }).count(),
    );
    const refused = await world.policyd.post(`/v1/jobs/${job}/cancel`, {}, { authorization: `Bearer ${world.keys.reader}` });
    expect(refused.status).toBe(403);
    await page.close();
    // Nor has who has jobs; of nodes it sees its own job's.
    const own = await world.run('mine', world.keys.worker);
    const { page: worker } = await visit(world.keys.worker);
    const mine = panel(worker, 'Workloads');
    await mine.getByRole('button', { name: `mine: running, ${own}` }).waitFor();
    await mine.getByText('Pods, as each place tells them').click();
    await rows(worker, 'Workloads', 'pods')
      .filter({ hasText: `${own}-1` })
      .waitFor();
    const nodes = rows(worker, 'Workloads', 'nodes and what is free of them').locator('th code');
    await expect.poll(() => nodes.allTextContents(), { timeout: PATIENCE }).toEqual(['local']);
    expect(await rows(worker, 'Workloads', 'newest jobs first').count()).toBe(1);
    expect(await mine.getByRole('button', { name: /^(cancel|evict) / }).count()).toBe(0);
    await worker.close();
    const { page: other } = await visit(world.keys.app);
    await panel(other, 'Workloads').getByText('lacks the scope read:jobs').waitFor();
    await panel(other, 'Peers').getByText('lacks the scope read:jobs').waitFor();
    await other.close();
    await world.endWorkloads();
  });

  test('peers stand with their states, context with what came in, and the audit with who was refused what', async () => {
    const documents = [{ text: 'The lighthouse keeper writes a letter.' }, { text: 'Ships pass at night.' }];
    await world.call('POST', '/v1/context/ingest', { source: 'notes', documents });
    await world.call('GET', '/v1/context/search?q=lighthouse&mode=keyword');
    const refused = await world.policyd.post('/v1/policy/rollback', {}, { authorization: `Bearer ${world.keys.app}` });
    expect(refused.status).toBe(403);
    const { page, faults } = await visit(world.keys.ops);
    const peer = rows(page, 'Peers', 'peers as this policyd sees them').filter({ hasText: new URL(world.peer.url).host });
    await expect
      .poll(() => peer.locator('td').allTextContents(), { timeout: PATIENCE })
      .toEqual([
        'up',
        expect.stringMatching(/^\d+\.\d+\.\d+/),
        '1',
        expect.stringMatching(/^[\d.]+ (µs|ms|s)$/),
        expect.stringMatching(/^now$|ago$/),
      ]);
    expect(await peer.locator('th').textContent()).toContain('static');
    const away = rows(page, 'Peers', 'peers as this policyd sees them').filter({ hasText: '127.0.0.1:9 ' });
    await expect
      .poll(() => away.locator('td').allTextContents(), { timeout: PATIENCE })
      .toEqual([expect.stringMatching(/^unreachable.*ECONNREFUSED/s), '–', '0', '–', 'never']);
    await panel(page, 'Peers').getByText('1 of 2 up').waitFor();
    const figure = (name: string) => panel(page, 'Context').locator('dl > div', { hasText: name });
    await expect.poll(() => figure('documents').locator('strong').textContent(), { timeout: PATIENCE }).toBe('2');
    await expect.poll(() => figure('searches').locator('strong').textContent(), { timeout: PATIENCE }).toBe('1');
    expect(await figure('MCP servers').textContent()).toContain('0 of 0');
    const { context } = (await (await world.call('GET', '/health')).json()) as {
      context: { vectors: { store: string; ok: boolean }; embeddings: { ok: boolean } };
    };
    expect(await figure('vectors').textContent()).toBe(`vectors${context.vectors.ok ? 'ok' : 'behind'}in ${context.vectors.store}`);
    expect(await figure('embeddings').textContent()).toMatch(context.embeddings.ok ? /ok[\d,]+ chunks wait/ : /not made[\d,]+ chunks wait/);
    expect(await figure('searches').textContent()).toContain('0 with less');
    const entries = rows(page, 'Audit', 'newest entries first');
    await entries.filter({ hasText: 'policy.rollback' }).filter({ hasText: 'app' }).first().waitFor();
    expect(await entries.filter({ hasText: 'policy.rollback' }).first().locator('td').allTextContents()).toEqual([
      expect.stringMatching(/^now$|ago$/),
      'refused403',
      'app',
      expect.stringMatching(/^policy\.rollback/),
      expect.stringMatching(/^\d+$/),
      expect.stringMatching(/scope admin/),
    ]);
    await panel(page, 'Audit').getByLabel('Outcome').selectOption('done');
    await entries.filter({ hasText: 'done' }).filter({ hasText: 'ops' }).first().waitFor();
    await expect.poll(() => entries.filter({ hasText: 'refused' }).count(), { timeout: PATIENCE }).toBe(0);
    expect(await entries.count()).toBeLessThanOrEqual(12);
    expect(faults).toEqual([]);
    await page.close();
  });

  test('cut off it says so and keeps what it knows; connected it goes on by itself, and asks for what it missed', async () => {
    // A wire between browser and server that can be cut: streams break as they do in the world.
    const ends = new Set<Socket>();
    let isCut = false;
    const wire = createServer((near) => {
      if (isCut) return near.destroy();
      const far = connect(Number(new URL(world.policyd.url).port), '127.0.0.1');
      for (const end of [near, far]) {
        ends.add(end);
        end.on('error', () => {});
        end.on('close', () => {
          near.destroy();
          far.destroy();
          ends.delete(end);
        });
      }
      return void near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => wire.listen(0, '127.0.0.1', resolve));
    const { page, faults } = await visit(world.keys.ops, DESK, `http://127.0.0.1:${(wire.address() as AddressInfo).port}`);
    const table = rows(page, 'Decisions', 'newest decisions first');
    const ask = (id: string) => world.policyd.chat('auto', {}, { authorization: `Bearer ${world.keys.app}`, 'x-request-id': id });
    await table.first().waitFor();
    await page.getByRole('status').getByText('live').waitFor();
    isCut = true;
    for (const end of ends) end.destroy();
    await page.getByRole('status').getByText('offline').waitFor();
    await ask('while-cut-off');
    expect([(await table.count()) > 0, (await rows(page, 'Backends', 'backends and their targets').count()) > 0]).toEqual([true, true]);
    await page.waitForTimeout(4_000);
    isCut = false;
    await page.getByRole('status').getByText('live').waitFor();
    await page.getByRole('button', { name: 'why: route of while-cut-off' }).waitFor();
    await ask('after-the-cut');
    await page.getByRole('button', { name: 'why: route of after-the-cut' }).waitFor();
    expect(faults).toEqual([]);
    await page.close();
    for (const end of ends) end.destroy();
    wire.close();
  });

  test('nothing is wider than the screen: no panel, and not the way to them', async () => {
    const job = await world.run('seen-everywhere');
    // An entry for the audit.
    await world.policyd.post('/v1/policy/rollback', {}, { authorization: `Bearer ${world.keys.app}` });
    const { page, faults } = await visit(world.keys.ops, { reducedMotion: 'reduce' });
    for (const [name, table] of [
      ['Decisions', 'newest decisions first'],
      ['Backends', 'backends and their targets'],
      ['Budgets', 'budgets in their current windows'],
      ['Pareto frontier', 'targets by quality and cost'],
      ['Policy', 'routers'],
      ['Workloads', 'newest jobs first'],
      ['Workloads', 'nodes and what is free of them'],
      ['Peers', 'peers as this policyd sees them'],
      ['Audit', 'newest entries first'],
    ] as const)
      await rows(page, name, table).first().waitFor();
    await page.getByRole('button', { name: 'Decide' }).click();
    await panel(page, 'What would happen').getByText('Under the active policy').waitFor();
    await page.evaluate('for (const details of document.querySelectorAll("details")) details.open = true');
    await rows(page, 'Workloads', 'pods').filter({ hasText: job }).waitFor();
    for (const colorScheme of ['light', 'dark'] as const)
      for (const width of [390, 768, 1200, 1600]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 900 });
        // Charts follow a moment later.
        await expect.poll(() => findWide(page), { message: `${colorScheme}, ${width} px`, timeout: PATIENCE }).toEqual([]);
      }
    expect(faults).toEqual([]);
    await page.close();
    await world.endWorkloads();
  });

  test.each([
    ['light', { ...DESK, colorScheme: 'light' }],
    ['dark', { ...DESK, colorScheme: 'dark' }],
    ['phone', { ...PHONE, colorScheme: 'light' }],
  ] as const)('no violation of accessibility rules: %s', async (name, options) => {
    const job = await world.run(`seen-${name}`);
    // An entry for the audit.
    await world.policyd.post('/v1/policy/rollback', {}, { authorization: `Bearer ${world.keys.app}` });
    const { page } = await visit(world.keys.ops, { ...options, reducedMotion: 'reduce' });
    await rows(page, 'Decisions', 'newest decisions first').first().waitFor();
    await rows(page, 'Pareto frontier', 'targets by quality and cost').first().waitFor();
    await rows(page, 'Audit', 'newest entries first').first().waitFor();
    await rows(page, 'Peers', 'peers as this policyd sees them').first().waitFor();
    await rows(page, 'Workloads', 'nodes and what is free of them').first().waitFor();
    await panel(page, 'Workloads').getByText('Pods, as each place tells them').click();
    await panel(page, 'Workloads').getByRole('table', { name: 'pods' }).waitFor();
    await bringAxe(page);
    expect(await findViolations(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), 'nothing is wider than the screen').toBe(true);
    await page.getByRole('button', { name: 'Decide' }).click();
    await panel(page, 'What would happen').getByText('Under the active policy').waitFor();
    await page.getByRole('button', { name: /why:/ }).first().click();
    await page.getByRole('dialog', { name: 'Why' }).getByRole('table').first().waitFor();
    expect(await findViolations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await world.reach(job, 'running');
    await panel(page, 'Workloads')
      .getByRole('button', { name: `: running, ${job}` })
      .first()
      .click();
    await page.getByRole('dialog', { name: 'Workload' }).getByRole('table').first().waitFor();
    expect(await findViolations(page), `${name}, with a job`).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await panel(page, 'Workloads')
      .getByRole('button', { name: `, ${job}` })
      .last()
      .click();
    await page.getByRole('dialog', { name: 'Cancel the job' }).waitFor();
    expect(await findViolations(page), `${name}, with a second look`).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Change key' }).click();
    expect(await findViolations(page), `${name}, with the key's dialog`).toEqual([]);
    await page.close();
  });

  test('it paints within a second, and is under 150 KB compressed', async () => {
    const paints: number[] = [];
    let bytes = 0;
    for (let round = 0; round < 5; round++) {
      const { page } = await visit(world.keys.ops);
      await rows(page, 'Decisions', 'newest decisions first').first().waitFor();
      paints.push((await page.evaluate(`performance.getEntriesByName('first-contentful-paint')[0].startTime`)) as number);
      bytes = (await page.evaluate(
        `[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].filter(({ name }) => name.includes('/dashboard')).reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`,
      )) as number;
      await page.close();
    }
    paints.sort((a, b) => a - b);
    process.stdout.write(
      `dashboard: first paint ${paints[0]} ms at best, ${paints[2]} ms at the median of 5, ${(bytes / 1e3).toFixed(1)} kB compressed\n`,
    );
    expect(paints[2]).toBeLessThan(1_000);
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThan(150_000);
  });

  test('10,000 decisions do not make it grow', async () => {
    const { page, faults } = await visit(world.keys.ops);
    const table = rows(page, 'Decisions', 'newest decisions first');
    await table.first().waitFor();
    const session = await page.context().newCDPSession(page);
    const measure = async (): Promise<{ heap: number; nodes: number; listeners: number }> => {
      await page.waitForTimeout(1_500);
      await session.send('HeapProfiler.collectGarbage');
      await session.send('HeapProfiler.collectGarbage');
      const { metrics } = await session.send('Performance.getMetrics');
      const read = (name: string): number => metrics.find((metric) => metric.name === name)!.value;
      return { heap: read('JSHeapUsedSize'), nodes: read('Nodes'), listeners: read('JSEventListeners') };
    };
    await session.send('Performance.enable');
    await session.send('HeapProfiler.enable');
    const heard = async (): Promise<number> =>
      Number(/([\d,]+) heard/.exec((await panel(page, 'Decisions').locator('.lead').textContent())!)![1].replaceAll(',', ''));
    const hear = async (count: number): Promise<void> => {
      const first = await heard();
      // The server tells at most one of each millisecond, and one rejection beside it.
      while ((await heard()) < first + count) await world.flood(2_000);
    };
    await world.flood(1_000);
    // What leaks grows in every round; a panel that filled up late grows once.
    const looks = [await measure()];
    const first = await heard();
    for (let round = 0; round < 2; round++) {
      await hear(5_000);
      looks.push(await measure());
    }
    const grown = (of: 'heap' | 'nodes' | 'listeners'): number => Math.min(looks[1][of] - looks[0][of], looks[2][of] - looks[1][of]);
    process.stdout.write(
      `dashboard: heap ${looks.map(({ heap }) => (heap / 1e6).toFixed(2)).join(' → ')} MB over ${(await heard()) - first} decisions; nodes ${looks.map(({ nodes }) => nodes).join(' → ')}\n`,
    );
    expect(await table.count()).toBe(25);
    expect(grown('heap')).toBeLessThan(looks[0].heap * 0.15 + 200_000);
    expect(grown('nodes')).toBeLessThan(looks[0].nodes * 0.1 + 100);
    expect(grown('listeners')).toBeLessThan(looks[0].listeners * 0.1 + 25);
    expect(faults).toEqual([]);
    await page.close();
  }, 400_000);

  test.runIf(isDrawing)(
    'pictures for the docs',
    async () => {
      for (const name of ['nightly-report', 'index-docs']) await world.run(name);
      for (const [name, options] of [
        ['dashboard', { viewport: { width: 1200, height: 860 }, colorScheme: 'light' }],
        ['dashboard-dark', { viewport: { width: 1200, height: 860 }, colorScheme: 'dark' }],
        ['dashboard-phone', { ...PHONE, colorScheme: 'light' }],
      ] as const) {
        const { page } = await visit(world.keys.ops, options);
        for (let round = 0; round < 10; round++) {
          await world.ask(20 + 10 * (round % 3));
          await page.waitForTimeout(1_500);
        }
        await page.screenshot({ path: `${IMAGES}${name}.png` });
        if (name === 'dashboard') {
          await page
            .getByRole('button', { name: /why: reject/ })
            .first()
            .click();
          await page.getByRole('dialog', { name: 'Why' }).getByRole('table').first().waitFor();
          await page.screenshot({ path: `${IMAGES}dashboard-why.png` });
          await page.keyboard.press('Escape');
          await panel(page, 'Workloads').screenshot({ path: `${IMAGES}dashboard-workloads.png` });
        }
        await page.close();
      }
    },
    180_000,
  );
});
