import type { TaskType } from '../../../schema/vocabulary.ts';
import type { TaskHandler } from '../task-handler.ts';
import { discovery } from './discovery.ts';
import { general } from './general.ts';
import { heartbeat } from './heartbeat.ts';
import { ingest } from './ingest.ts';
import { research } from './research.ts';

/** What every agent can do; a module of the operator's own (`--pool-handlers`) stands before them, type by type. */
export const HANDLERS: Readonly<Record<TaskType, TaskHandler>> = { discovery, migration: discovery, heartbeat, ingest, research, general };
