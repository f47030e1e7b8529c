import type { Stage } from '../../../schema/vocabulary.ts';
import type { Place } from '../../../schema/policy-set.ts';
import type { Explanation as Explained } from '../../../schema/decision.ts';

/** A decision with what every stage did to every target, as `POST /v1/route` and `GET /v1/decisions/{id}` answer. */
export interface Explanation extends Pick<Explained, 'intent' | 'decision'> {
  readonly links: readonly {
    readonly model: string;
    readonly stages: readonly {
      readonly stage: Stage;
      readonly excluded: readonly {
        /** `backend/model`. */
        readonly target: string;
        readonly axis: string;
        readonly reason: string;
        readonly suggested_action: string;
        readonly place: Place | null;
      }[];
      readonly remaining: readonly string[];
    }[];
    readonly order: readonly string[];
  }[];
  /** Hash of the router. */
  readonly policy: string;
  readonly decision_time_us?: number;
}
