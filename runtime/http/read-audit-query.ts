import type { AuditFilter } from '../orchestrator/audit.ts';
import { type QueryForm, readQuery } from './read-query.ts';

const FORM: QueryForm = {
  fields: ['caller', 'action', 'subject', 'outcome', 'code', 'request', 'trace', 'before'],
  choices: { outcome: ['done', 'refused', 'failed'] },
  statuses: ['status'],
  times: ['since', 'until'],
  usual: 100,
  most: 1_000,
};

/** What `GET /v1/audit` is asked for. @throws GatewayError 400 with every mistake. */
export const readAuditQuery = (query: Readonly<Record<string, unknown>>): { readonly filter: AuditFilter; readonly limit: number } =>
  readQuery(FORM, query);
