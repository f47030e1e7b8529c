import type { Intent } from '../../schema/intent.ts';
import type { RequestHints } from '../../schema/request.ts';
import type { RouterModule } from '../../schema/router.ts';
import type { Request, RequestTokens } from './request.ts';
import type { TokenCounter } from './token-counter.ts';

/**
 * The intent of a request whose tokens were made with `WORK_IN_PLACE`. At once where its counts are short, as nearly all are; else a
 * promise: the count is made by the counter's thread, and the request is analyzed again with it. `analyze` is pure, and asks for two
 * counts at most.
 */
export function analyzeCounted(
  module: RouterModule,
  request: Request,
  hints: RequestHints,
  caller: number,
  tokens: RequestTokens,
  counter: TokenCounter,
): Intent | Promise<Intent> {
  const intent = module.analyze(request.body, hints, caller, tokens);
  if (tokens.pending === null) return intent;
  return counter.settle(request, tokens).then(() => analyzeCounted(module, request, hints, caller, tokens, counter));
}
