/** Most bytes of a line: an object of etcd is at most 1.5 MiB, managed fields included. */
const MOST = 16 * 1024 * 1024;

/** The lines of a stream. A last one without its end is no line: it was cut off. */
export async function* readLines(body: AsyncIterable<Buffer>, onBytes: () => void): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    onBytes();
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      rest.push(chunk.subarray(start, end));
      const line = Buffer.concat(rest).toString();
      rest = [];
      size = 0;
      start = end + 1;
      if (line !== '') yield line;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
    size += chunk.length - start;
    if (size > MOST) throw new Error(`a line of more than ${MOST} bytes`);
  }
}
