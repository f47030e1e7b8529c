import { Pool as Connections } from 'undici';

/** Ms of each of `count` answers to `GET path` over `lanes` connections, ascending. */
export async function askRepeatedly(url: string, path: string, count: number, lanes: number): Promise<readonly number[]> {
  const connections = new Connections(url, { connections: lanes });
  const times: number[] = [];
  let left = count;
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      const begun = performance.now();
      const { body } = await connections.request({ method: 'GET', path });
      times.push(performance.now() - begun);
      await body.json();
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  await connections.close();
  return times.sort((one, two) => one - two);
}
