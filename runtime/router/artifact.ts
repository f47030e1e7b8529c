import type { Manifest } from '../../schema/manifest.ts';
import type { RouterModule } from '../../schema/router.ts';

/** What `policyc compile` wrote, read back, verified and warm. */
export interface Artifact {
  readonly manifest: Manifest;
  readonly module: RouterModule;
  /** Text of `router.js`. It costs nothing to keep: the engine holds the same string for its functions. */
  readonly text: string;
  /** Id of the trusted key that vouches for it; null where no signature was asked for. */
  readonly signedBy: string | null;
}
