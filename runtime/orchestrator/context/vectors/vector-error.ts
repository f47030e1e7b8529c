/** What a vector store could not do. `dimensions`: what came has others than what is there. */
export type VectorErrorCode = 'dimensions' | 'vector' | 'full' | 'unreachable' | 'refused' | 'unavailable';

export class VectorError extends Error {
  readonly code: VectorErrorCode;

  constructor(code: VectorErrorCode, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'VectorError';
    this.code = code;
  }
}
