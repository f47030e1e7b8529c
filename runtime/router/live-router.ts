import type { Manifest, TargetConfig } from '../../schema/manifest.ts';
import type { RouterModule } from '../../schema/router.ts';
import type { Backend } from '../backends/backend.ts';
import type { LiveState } from './live-state.ts';
import type { RouterTally } from './router-tally.ts';

/** A target with everything that carrying out a decision needs, so that a row number is all a decision has to give. */
export interface Route {
  readonly row: number;
  readonly config: TargetConfig;
  readonly backend: Backend;
  /** `backend/model`. */
  readonly name: string;
  /** An unknown price counts as one. */
  readonly priced: boolean;
  /** Usage is read from its answers, and asked for in its streams. */
  readonly metered: boolean;
}

/** A router that serves, with the world it sees. Requests keep the one they started with. */
export interface LiveRouter {
  readonly hash: string;
  readonly loadedAt: Date;
  /** Folder it was loaded from, or `upload`. */
  readonly source: string;
  /** Id of the trusted key that vouches for it; null where no signature was asked for. */
  readonly signedBy: string | null;
  readonly manifest: Manifest;
  /** What decides: without the constraints where they are only observed, or switched off. */
  readonly module: RouterModule;
  readonly constraints: 'enforce' | 'shadow' | 'off';
  /** The same with its constraints, where they are observed and decide nothing; null where nobody looks. */
  readonly strict: { readonly module: RouterModule; readonly state: LiveState } | null;
  /** Text of `router.js`, for those who compare it with another. */
  readonly text: string;
  readonly state: LiveState;
  readonly backends: readonly Backend[];
  /** By target row. */
  readonly routes: readonly Route[];
  /** Caller rows by the SHA-256 of their key, in hex. */
  readonly callers: ReadonlyMap<string, number>;
  /** Requests that started with it and are not answered. */
  inFlight: number;
  readonly tally: RouterTally;
  /** Its backends may be gone: no request begins with it any more. */
  closed: boolean;
}
