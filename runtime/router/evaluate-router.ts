import { setFlagsFromString } from 'node:v8';
import { compileFunction } from 'node:vm';
import type { RouterModule } from '../../schema/router.ts';
import { Failure } from '../failure.ts';

/**
 * Turns the source of a router, the body of a function, into the module that it returns.
 *
 * V8's compilation cache is off around the call: with it every swap keeps its source and code for good.
 */
export function evaluateRouter(source: string, file: string): RouterModule {
  setFlagsFromString('--no-compilation-cache');
  try {
    return compileFunction(source, [], { filename: file })() as RouterModule;
  } catch (error) {
    throw new Failure('router-broken', [`\`${file}\` can't be evaluated: ${(error as Error).message}`], 'compile the policy again');
  } finally {
    setFlagsFromString('--compilation-cache');
  }
}
