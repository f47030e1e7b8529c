import type { Manifest } from '../../schema/manifest.ts';
import type { RouterModule } from '../../schema/router.ts';

/** What `policyc compile` wrote, read back, verified and warm. */
export interface Artifact {
  readonly manifest: Manifest;
  readonly module: RouterModule;
}
