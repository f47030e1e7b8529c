export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Samples by the name of their metric. */
export type Samples = ReadonlyMap<string, readonly Sample[]>;

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/s;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/gs;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', '\\': '\\', '"': '"' };

/** Reads Prometheus' text format. Source: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function readMetrics(text: string): Samples {
  const samples = new Map<string, Sample[]>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const found = LINE.exec(line);
    if (found === null) continue;
    const [, name, listed = '', value] = found;
    const labels = Object.fromEntries(
      [...listed.matchAll(LABEL)].map(([, label, raw]) => [label, raw.replace(/\\(.)/gs, (_, next: string) => ESCAPES[next] ?? next)]),
    );
    const sample = { labels, value: readValue(value) };
    const same = samples.get(name);
    if (same === undefined) samples.set(name, [sample]);
    else same.push(sample);
  }
  return samples;
}

/** The value of the first sample that has these labels. */
export function findSample(samples: Samples, name: string, labels: Readonly<Record<string, string>>): number | null {
  const wanted = Object.entries(labels);
  const found = samples.get(name)?.find((sample) => wanted.every(([label, value]) => sample.labels[label] === value));
  return found?.value ?? null;
}

function readValue(text: string): number {
  if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  return Number(text);
}
