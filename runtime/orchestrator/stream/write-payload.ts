import { MOST_PAYLOAD } from './frame-limits.ts';

/** A payload as JSON, at most `MOST_PAYLOAD` bytes: of a larger one what it began with, as text, and how large it was. */
export function writePayload(payload: unknown, redact: (text: string) => string): string {
  const json = redact(JSON.stringify(payload ?? null));
  const bytes = Buffer.byteLength(json);
  if (bytes <= MOST_PAYLOAD) return json;
  // Quotes and control characters grow when they are written once more: to six times their size at most.
  for (let most = MOST_PAYLOAD - 128; ; most = Math.floor(most / 2)) {
    const cut = JSON.stringify({
      truncated: true,
      bytes,
      begin: Buffer.from(json)
        .subarray(0, most)
        .toString('utf8')
        .replace(/\uFFFD$/, ''),
    });
    if (Buffer.byteLength(cut) <= MOST_PAYLOAD) return cut;
  }
}
