import { UsageDropper } from '../../backends/meter/usage-dropper.ts';
import { openMeter } from '../../backends/meter/open-meter.ts';
import { MeteredBody } from '../metered-body.ts';
import { isEventStream, openBody } from '../open-body.ts';
import type { Way } from './way.ts';

/** Caller and backend both speak OpenAI's API: bytes go on as they came, but for splices. What costs money is metered as it goes by. */
export const PASS: Way = {
  write({ route: { endpoint }, asked }, { backend, config, metered }, cap) {
    return backend.dialect.write(endpoint, asked!, config, cap, metered);
  },
  openBody({ route: { endpoint }, asked }, { backend, metered }, headers) {
    const body = openBody(headers, backend.config.name);
    if (!metered) return body;
    const isStream = isEventStream(headers);
    const drops = isStream && asked!.stream && !asked!.includeUsage && backend.dialect.asksForUsage;
    return new MeteredBody(body, openMeter(endpoint, isStream), drops ? new UsageDropper() : null);
  },
  readFailure: (_exchange, _route, failure) => failure,
};
