import type { Place } from '../../../schema/policy-set.ts';
import type { Quota, Resources } from '../../../schema/workload.ts';
import type { PlacementExplanation } from '../explain-placement.ts';
import type { Paint } from './paint.ts';

/** A placement for people: the answer first, then what was asked, then every node with all its reasons. */
export function formatPlacement({ workload, chosen, nodes, refused }: PlacementExplanation, paint: Paint): string {
  const { privacy, needs, labels, forms } = workload.intent;
  const asked = Object.entries(labels).map(([label, value]) => `${label}: ${value}`);
  const lines = [
    chosen === null ? `${paint.red('nowhere')}: no node can take it` : `${paint.green('place')} on ${paint.bold(chosen)}`,
    '',
    row('workload', `${workload.name}${workload.protected ? ', never evicted' : ''}`),
    row('privacy', privacy),
    row('needs', [tellResources(needs), ...asked].join(', ')),
    row('runs as', forms.join(' or ')),
    '',
  ];
  const widths = [Math.max(0, ...nodes.map(({ node }) => node.length)), Math.max(0, ...nodes.map(({ kind }) => kind.length))] as const;
  for (const { node, kind, score, excluded } of nodes) {
    const told = score > 0 ? `score ${score}` : paint.red('excluded');
    lines.push(`  ${node.padEnd(widths[0])}  ${kind.padEnd(widths[1])}  ${told}${node === chosen ? `  ${paint.green('chosen')}` : ''}`);
    for (const { filter, detail, place } of excluded)
      lines.push(`    ${paint.red('−')} ${detail} ${paint.dim(`[${filter}]`)}${at(place, paint)}`);
  }
  if (nodes.length === 0) lines.push('  there are no nodes');
  if (refused.length > 0) {
    lines.push('', `  ${paint.red('refused')}, whatever its caller holds`);
    for (const { quota, limit, asked: amount, place } of refused) {
      lines.push(
        `    ${paint.red('−')} asks for ${UNITS[quota](amount)}, the quota is ${UNITS[quota](limit)} ${paint.dim(`[${quota}]`)}${at(place, paint)}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

const UNITS: Readonly<Record<Quota, (amount: number) => string>> = {
  jobs_per_token: (jobs) => `${jobs} ${jobs === 1 ? 'job' : 'jobs'}`,
  cpu: (millis) => `${millis / 1000} ${millis === 1000 ? 'core' : 'cores'}`,
  memory: (bytes) => (bytes >= 2 ** 30 ? `${round(bytes / 2 ** 30)} GiB` : `${round(bytes / 2 ** 20)} MiB`),
};

const round = (amount: number): number => Math.round(amount * 100) / 100;

const tellResources = ({ cpuMillis, memoryBytes, gpus }: Resources): string =>
  [UNITS.cpu(cpuMillis), UNITS.memory(memoryBytes), ...(gpus > 0 ? [`${gpus} ${gpus === 1 ? 'GPU' : 'GPUs'}`] : [])].join(', ');

const row = (name: string, value: string): string => `  ${name.padEnd(10)} ${value}`;
const at = (place: Place | null, paint: Paint): string => (place === null ? '' : paint.dim(`  ${place.file}:${place.line}`));
