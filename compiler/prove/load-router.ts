import type { RouterModule } from '../../schema/router.ts';

/** Runs an emitted text, as the runtime will: the compiler proves what it wrote, not what it meant. */
export function loadRouter(loadable: string): RouterModule {
  return new Function(loadable)() as RouterModule;
}
