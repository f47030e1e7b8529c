import type { Dialect } from '../../backends/dialect.ts';
import type { Exchange } from '../exchange.ts';
import { NATIVE } from './native.ts';
import { PASS } from './pass.ts';
import { TRANSLATE } from './translate.ts';
import type { Way } from './way.ts';

/** The shortest way between what the caller speaks and what the backend does. */
export function chooseWay({ route, entered, intent }: Exchange, dialect: Dialect): Way {
  if (entered !== null) {
    const fits = entered.mayGoNative && (intent!.capSource !== 1 || intent!.outputCap >= entered.leastCap);
    return fits && dialect.natives[route.ingress!.name] !== undefined ? NATIVE : TRANSLATE;
  }
  return (route.endpoint === 'chat' ? dialect.chat : dialect.embeddings) === null ? PASS : TRANSLATE;
}
