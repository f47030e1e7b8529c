import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** The variable that names the file, and the shape of its lines. */
export const POOL_VARIABLE = 'POLICYC_POOL';

/** A prompt that every model of the pool answered. */
export interface Sample {
  readonly id: string;
  /** Sub-task that it was taken from; nothing that is measured sees it but the row that says so. */
  readonly task: string;
  readonly prompt: string;
  /** By model: was the answer right, and its tokens in and out. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  /** 0 to 4, by the hash of its id: fixed before anything was measured. */
  readonly fold: number;
}

export interface Outcome {
  /** 0 or 1. */
  readonly score: number;
  readonly input: number;
  readonly output: number;
}

export const FOLDS = 5;

/** Reads the pool, JSON lines as `{id, task, prompt, o: {model: [score, input tokens, output tokens, …]}}`, gzipped or not. */
export function readPool(path: string): Sample[] {
  const bytes = readFileSync(path);
  const text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, at) => {
      const { id, task, prompt, o } = JSON.parse(line);
      if (typeof id !== 'string' || typeof prompt !== 'string' || o === null || typeof o !== 'object') {
        throw new Error(`line ${at + 1} of ${path} is not a graded prompt`);
      }
      const outcomes = Object.entries(o as Record<string, readonly number[]>).map(
        ([model, [score, input, output]]) => [model, { score, input, output }] as const,
      );
      const fold = createHash('sha256').update(id).digest().readUInt32BE(0) % FOLDS;
      return { id, task: String(task), prompt, outcomes: new Map(outcomes), fold };
    });
}
