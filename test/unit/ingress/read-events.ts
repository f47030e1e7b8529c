export type Event = { readonly type: string } & Readonly<Record<string, unknown>>;

/** The events of a stream, each with its name beside its data as both APIs send it. */
export function readEvents(bytes: Buffer): readonly Event[] {
  const blocks = bytes.toString().split('\n\n');
  if (blocks.pop() !== '') throw new Error('the last event is not finished');
  return blocks.map((block) => {
    const [name, data, ...rest] = block.split('\n');
    const event = JSON.parse(data.slice('data: '.length)) as Event;
    if (rest.length > 0 || name !== `event: ${event.type}`) throw new Error(`an event is called ${name} and says ${event.type}`);
    return event;
  });
}
