import type { RequestBody, RequestHints } from '../../schema/request.ts';

/** A request as the interpreter takes it: everything known, nothing bounded. */
export interface Question {
  readonly body: RequestBody;
  readonly hints: RequestHints;
  /** Row of `callers`; the last row is the caller without a key. */
  readonly caller: number;
  /** Exact input tokens. */
  readonly tokens: number;
}

/** What a request asks for, as rows and numbers. With a problem there is nothing to route, and `model` and `policy` may be -1. */
export interface Analyzed {
  /** Row of `names`; -1 if the name is unknown. */
  readonly name: number;
  /** Row of `models`: what the name means. */
  readonly model: number;
  readonly policy: number;
  readonly category: number;
  readonly class: number;
  readonly caller: number;
  /** Set of capability bits. */
  readonly required: number;
  /** A tier below the policy's may serve. */
  readonly flexible: boolean;
  readonly inputTokens: number;
  /** Most output tokens of one answer. */
  readonly outputCap: number;
  /** Expected output tokens of one answer. */
  readonly output: number;
  readonly answers: number;
  /** Score of the task in micros. */
  readonly score: number;
  /** Pico-dollars that an estimate may not exceed; null = no cap. */
  readonly costCap: number | null;
  readonly problem: 'none' | 'unknown-model' | 'unknown-category' | 'unknown-class';
}
