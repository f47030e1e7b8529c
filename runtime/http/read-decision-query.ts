import type { DecisionFilter } from '../decisions/decision-ring.ts';
import { type QueryForm, readQuery } from './read-query.ts';

const FORM: QueryForm = {
  fields: ['backend', 'policy', 'category', 'decision', 'model', 'caller', 'router', 'request_id'],
  choices: { decision: ['route', 'queue', 'reject'] },
  times: ['since'],
  usual: 100,
  most: 100_000,
};

/** What `GET /v1/decisions` is asked for. @throws GatewayError 400 with every mistake. */
export const readDecisionQuery = (query: Readonly<Record<string, unknown>>): { readonly filter: DecisionFilter; readonly limit: number } =>
  readQuery(FORM, query);
