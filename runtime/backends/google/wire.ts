/**
 * What is sent to `models.generateContent`, as far as we say it.
 * Source: https://ai.google.dev/api/generate-content and https://ai.google.dev/api/caching#Content
 */
export interface Part {
  readonly text?: string;
  readonly inlineData?: { readonly mimeType: string; readonly data: string };
  readonly fileData?: { readonly mimeType?: string; readonly fileUri: string };
  readonly functionCall?: { readonly id?: string; readonly name: string; readonly args: object };
  readonly functionResponse?: { readonly id?: string; readonly name: string; readonly response: object };
  /** Opaque, base64; belongs to the part it came with. */
  readonly thoughtSignature?: string;
}

export interface Content {
  readonly role: 'user' | 'model';
  readonly parts: Part[];
}

export interface GenerateRequest {
  contents: readonly Content[];
  systemInstruction?: { readonly parts: readonly Part[] };
  tools?: readonly object[];
  toolConfig?: object;
  generationConfig?: object;
  cachedContent?: string;
}
