import type { NewDocument } from '../document.ts';
import type { McpSession } from './mcp-session.ts';

/** Most resources of a server, and longest text of one, in UTF-16 code units. */
const MOST = 200;
const LONGEST = 1 << 20;

export interface ReadResources {
  readonly documents: readonly NewDocument[];
  /** All that there is was read: what is not among them is gone. */
  readonly isWhole: boolean;
}

/** The texts that a server offers as resources. @throws McpError */
export async function readResources(session: McpSession): Promise<ReadResources> {
  const { resources } = await session.ask((client, options) => client.listResources(undefined, options));
  const documents: NewDocument[] = [];
  let isWhole = resources.length <= MOST;
  for (const { uri, name, mimeType } of resources.slice(0, MOST)) {
    try {
      const { contents } = await session.ask((client, options) => client.readResource({ uri }, options));
      const text = contents
        .map((content) => ('text' in content ? content.text : ''))
        .join('\n')
        .slice(0, LONGEST)
        .toWellFormed();
      if (text.trim() === '') continue;
      const metadata = { name: name.slice(0, 256), ...(mimeType === undefined ? {} : { type: mimeType.slice(0, 256) }) };
      documents.push({ id: uri.slice(0, 1_024), text, metadata });
    } catch (error) {
      if (!session.isConnected) throw error;
      isWhole = false;
    }
  }
  return { documents, isWhole };
}
