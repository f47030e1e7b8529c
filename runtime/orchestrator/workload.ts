import type { Privacy } from '../../schema/vocabulary.ts';
import type { Resources, WorkloadForm } from '../../schema/workload.ts';

/** What somebody asks to be run, as `POST /schedule` says it, with every default filled in. */
export interface Workload {
  /** A DNS label: `^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`. Not unique. */
  readonly name: string;
  /** A container image; null = it cannot run as a container. */
  readonly image: string | null;
  /** Program and arguments. Empty = the image's own; it cannot run as a process then. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly needs: Resources;
  readonly privacy: Privacy;
  /** Labels of the workload itself, for lists. */
  readonly labels: Readonly<Record<string, string>>;
  /** Labels that its node must have. */
  readonly nodeLabels: Readonly<Record<string, string>>;
  /** Ms after which it is ended; null = never. */
  readonly timeout: number | null;
  /** Attempts after the first, where it fails. */
  readonly retries: number;
  /** Feature and task of a Spec-Kit folder that it works at; null = none. */
  readonly task: { readonly feature: string; readonly id: string } | null;
  /** A query that a context pack is made for before it starts; null = none. */
  readonly context: { readonly query: string; readonly tokens: number } | null;
}

/** How a workload can run. */
export function formsOf({ image, command }: Workload): WorkloadForm[] {
  return [...(command.length > 0 ? (['process'] as const) : []), ...(image !== null ? (['container'] as const) : [])];
}
