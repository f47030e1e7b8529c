/** Forms in which an answer tells what it cost, whole or as a stream. */
export const WIRES = ['chat', 'embeddings', 'messages', 'responses', 'ollama'] as const;
export type Wire = (typeof WIRES)[number];
