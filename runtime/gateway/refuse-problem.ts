import { PROBLEMS } from '../../schema/intent.ts';
import type { RequestHints } from '../../schema/request.ts';
import { quote } from './explain-rejection.ts';
import { GatewayError } from './gateway-error.ts';

const NO_RETRY = { 'x-should-retry': 'false' };

/** @throws GatewayError where `problem` (an index into `PROBLEMS`) says that there is nothing to route. */
export function refuseProblem(problem: number, model: string, hints: RequestHints): void {
  switch (PROBLEMS[problem]) {
    case 'none':
      return;
    case 'unknown-model':
      throw new GatewayError(
        404,
        'invalid_request_error',
        'model_not_found',
        `the model ${quote(model)} does not exist [unknown-model] help: GET /v1/models lists those that do`,
        { param: 'model', headers: NO_RETRY },
      );
    case 'unknown-category':
      throw refuseHint('X-Nexus-Category', 'category', hints.category);
    case 'unknown-class':
      throw refuseHint('X-Nexus-Class', 'class', hints.class);
    default:
      throw new Error(`the router reports problem ${problem}, which this version does not know`);
  }
}

function refuseHint(header: string, kind: string, value: string | null): GatewayError {
  const message = `header \`${header}\` names ${quote(value ?? '')}, which is no ${kind} of the policy [unknown-${kind}] help: correct it or leave it out`;
  return new GatewayError(400, 'invalid_request_error', `unknown_${kind}`, message, { headers: NO_RETRY });
}
