import { KIND } from '../intent/fields.ts';
import { isNull, readString } from '../intent/read-value.ts';
import type { Request } from '../intent/request.ts';

/** Tiers that cost what the price says, or less. Source: https://platform.openai.com/docs/api-reference/chat/create#chat_create-service_tier */
const PLAIN_TIERS = ['auto', 'default', 'flex'];
const FILE = Buffer.from('"file_id"');

/**
 * Does a request ask for what its tokens and its price do not tell: a faster tier, searches that are charged by the piece, files that only
 * the provider has read? Nobody knows the most that it can cost.
 */
export function mayCostMore({ buffer, fields }: Request): boolean {
  const { service_tier: tier, web_search_options: search } = fields;
  if (tier !== undefined && tier.kind === KIND.STRING && !PLAIN_TIERS.includes(readString(buffer, tier))) return true;
  return (search !== undefined && !isNull(buffer, search)) || buffer.includes(FILE);
}
