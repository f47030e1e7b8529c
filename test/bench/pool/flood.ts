import { Pool as Connections } from 'undici';

export interface FloodReport {
  readonly accepted: readonly string[];
  readonly refused: number;
  /** Anything that is neither. */
  readonly other: readonly string[];
  /** Ms by refused submission, ascending. */
  readonly refusals: readonly number[];
  readonly withRetryAfter: number;
  /** Most tasks that were seen to wait. */
  readonly deepest: number;
  readonly perSecond: number;
}

/** `count` submissions at full speed over `lanes` connections, while the depth of the queue is looked at. */
export async function flood(url: string, count: number, lanes: number, payload: unknown): Promise<FloodReport> {
  const connections = new Connections(url, { connections: lanes + 1 });
  const body = JSON.stringify({ payload });
  const accepted: string[] = [];
  const other: string[] = [];
  const refusals: number[] = [];
  let refused = 0;
  let withRetryAfter = 0;
  let deepest = 0;
  let left = count;
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      const begun = performance.now();
      const answer = await connections.request({
        method: 'POST',
        path: '/api/coordination/tasks',
        headers: { 'content-type': 'application/json' },
        body,
      });
      const took = performance.now() - begun;
      const said = (await answer.body.json()) as { task_id?: string; detail?: string };
      if (answer.statusCode === 200) accepted.push(said.task_id!);
      else if (answer.statusCode === 429) {
        refused++;
        refusals.push(took);
        if (Number(answer.headers['retry-after']) > 0) withRetryAfter++;
      } else other.push(`${answer.statusCode} ${said.detail}`);
    }
  };
  let over = false;
  const watch = async (): Promise<void> => {
    while (!over) {
      const { body: metrics } = await connections.request({ method: 'GET', path: '/api/coordination/metrics' });
      deepest = Math.max(deepest, ((await metrics.json()) as { queue_length: number }).queue_length);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const watching = watch();
  const begun = performance.now();
  await Promise.all(Array.from({ length: lanes }, lane));
  const perSecond = (count / (performance.now() - begun)) * 1e3;
  over = true;
  await watching;
  await connections.close();
  return { accepted, refused, other, refusals: refusals.sort((one, two) => one - two), withRetryAfter, deepest, perSecond };
}
