import { Gauge, type Registry } from 'prom-client';
import type { Admission } from '../gateway/admission.ts';

const GAUGES: readonly [name: string, help: string, read: (admission: Admission) => number][] = [
  ['open_requests', 'requests that are being served', (admission) => admission.requests],
  ['open_streams', 'streams that are open, over all callers', (admission) => admission.streams],
  ['body_bytes', 'bytes of the bodies of requests that are being served', (admission) => admission.bytes],
];

/** What the server's limits are compared with; looked at when somebody asks. */
export function registerAdmissionGauges(registry: Registry, admission: Admission): void {
  for (const [name, help, read] of GAUGES) {
    new Gauge({
      name: `policyd_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read(admission));
      },
    });
  }
}
