import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import { AuditPanel } from './audit-panel.ts';
import { BackendsPanel } from './backends-panel.ts';
import { BudgetsPanel } from './budgets-panel.ts';
import { ContextPanel } from './context-panel.ts';
import { DecisionsPanel } from './decisions-panel.ts';
import { FrontierPanel } from './frontier-panel.ts';
import { Guard } from './guard.ts';
import { KeyDialog } from './key-dialog.ts';
import { NowPanel } from './now-panel.ts';
import { PeersPanel } from './peers-panel.ts';
import { PolicyPanel } from './policy-panel.ts';
import { PoolPanel } from './pool-panel.ts';
import { readMetrics, type Samples } from './read-metrics.ts';
import type { Budgets, Health, Policy } from './server-words.ts';
import { sessionKey } from './session-key.ts';
import { Standing } from './standing.ts';
import { TimingPanel } from './timing-panel.ts';
import { usePolled } from './use-polled.ts';
import { WhatIfPanel } from './what-if-panel.ts';
import { WorkloadsPanel } from './workloads-panel.ts';
import type { Peers } from './workload-words.ts';

/** Time between two looks at what changes all the time, and at what rarely does, in ms. */
const OFTEN = 2_000;
const RARELY = 5_000;

const PARTS: readonly (readonly [id: string, title: string])[] = [
  ['decisions', 'Decisions'],
  ['backends', 'Backends'],
  ['budgets', 'Budgets'],
  ['timing', 'Time'],
  ['policy', 'Policy'],
  ['frontier', 'Frontier'],
  ['what-if', 'What if'],
  ['workloads', 'Workloads'],
  ['peers', 'Peers'],
  ['context', 'Context'],
  ['pool', 'Pool'],
  ['audit', 'Audit'],
];

/** The page. Every part asks for its own; what several read is asked for here, once. */
export function App(): VNode {
  const [version, setVersion] = useState(0);
  const [isAsking, setAsking] = useState(false);
  const [hasKey, setHasKey] = useState(sessionKey.read() !== null);
  const health = usePolled<Health>('/health', OFTEN, version);
  const metrics = usePolled<Samples>('/metrics', OFTEN, version, readSamples);
  const policy = usePolled<Policy>('/v1/policy', OFTEN, version);
  const budgets = usePolled<Budgets>('/v1/budgets', RARELY, version);
  const peers = usePolled<Peers>('/v1/peers', RARELY, version);
  const enter = (key: string | null): void => {
    sessionKey.write(key);
    setHasKey(key !== null);
    setAsking(false);
    setVersion(version + 1);
  };
  return html`
    <a class="skip" href="#decisions">Skip to the decisions</a>
    <header class="top">
      <div class="brand"><strong>policyd</strong> <${Standing} health=${health} policy=${policy} /></div>
      <nav aria-label="parts of the page">
        <ul>${PARTS.map(([id, title]) => html`<li key=${id}><a href=${`#${id}`}>${title}</a></li>`)}</ul>
      </nav>
      <button type="button" class="outline" onClick=${() => setAsking(true)}>${hasKey ? 'Change key' : 'Enter key'}</button>
    </header>
    <main>
      <h1 class="unseen">policyd</h1>
      <${Guard} title="Now"><${NowPanel} metrics=${metrics} health=${health.value} budgets=${budgets.value} /></${Guard}>
      <${Guard} title="Decisions"><${DecisionsPanel} version=${version} /></${Guard}>
      <${Guard} title="Backends"><${BackendsPanel} health=${health} samples=${metrics.value} /></${Guard}>
      <${Guard} title="Budgets"><${BudgetsPanel} budgets=${budgets} /></${Guard}>
      <${Guard} title="Decision time"><${TimingPanel} samples=${metrics.value} /></${Guard}>
      <${Guard} title="Pareto frontier"><${FrontierPanel} router=${policy.value?.active.hash ?? null} version=${version} /></${Guard}>
      <${Guard} title="Policy"><${PolicyPanel} policy=${policy} onChange=${() => setVersion(version + 1)} /></${Guard}>
      <${Guard} title="What would happen"><${WhatIfPanel} policy=${policy.value} /></${Guard}>
      <${Guard} title="Workloads"><${WorkloadsPanel} samples=${metrics.value} isAdmin=${policy.value !== null} version=${version} /></${Guard}>
      <${Guard} title="Peers"><${PeersPanel} peers=${peers} /></${Guard}>
      <${Guard} title="Context"><${ContextPanel} health=${health} samples=${metrics.value} /></${Guard}>
      <${Guard} title="Agent pool"><${PoolPanel} version=${version} /></${Guard}>
      <${Guard} title="Audit"><${AuditPanel} version=${version} /></${Guard}>
    </main>
    ${isAsking ? html`<${KeyDialog} hasKey=${hasKey} onEnter=${enter} onClose=${() => setAsking(false)} />` : null}
  ` as VNode;
}

async function readSamples(answer: Response): Promise<Samples> {
  return readMetrics(await answer.text());
}
