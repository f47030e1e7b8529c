import Type from 'typebox';

/** Shapes that several routes speak of. */
export const ErrorShape = Type.Object({
  error: Type.Object({
    message: Type.String(),
    type: Type.String(),
    param: Type.Union([Type.String(), Type.Null()]),
    code: Type.Union([Type.String(), Type.Null()]),
  }),
});

/** A request in OpenAI's dialect: only what the gateway reads is described, all else is passed on. */
export const ChatRequestShape = Type.Object(
  {
    model: Type.String({ description: 'a model, an alias or a virtual model of the policy' }),
    messages: Type.Array(Type.Object({}, { additionalProperties: true })),
    stream: Type.Optional(Type.Boolean()),
    max_completion_tokens: Type.Optional(Type.Integer({ minimum: 1 })),
    max_tokens: Type.Optional(Type.Integer({ minimum: 1 })),
    n: Type.Optional(Type.Integer({ minimum: 1, maximum: 128 })),
  },
  { additionalProperties: true },
);

export const EmbeddingsRequestShape = Type.Object(
  { model: Type.String(), input: Type.Union([Type.String(), Type.Array(Type.Unknown())]) },
  { additionalProperties: true },
);

/** A request in another API: what is passed on or translated is described by that API. */
export const NamedRequestShape = Type.Object(
  { model: Type.String({ description: 'a model, an alias or a virtual model of the policy' }), stream: Type.Optional(Type.Boolean()) },
  { additionalProperties: true },
);

/** An object whose members are described elsewhere. */
export const OpenShape = Type.Object({}, { additionalProperties: true });

const TEXT = { type: 'string' } as const;

/** Headers of every answer of a proxied route, for the API's description. */
export const NEXUS_HEADERS = {
  'X-Nexus-Backend': { ...TEXT, description: 'the backend that answered, or `none`' },
  'X-Nexus-Backend-Type': { ...TEXT, description: '`local`, `cloud` or `none`' },
  'X-Nexus-Route-Reason': { ...TEXT, description: 'why this backend' },
  'X-Nexus-Privacy-Zone': { ...TEXT, description: '`restricted`, `open` or `none`' },
  'X-Nexus-Cost-Estimated': { ...TEXT, description: 'decimal US dollars; cloud only' },
  'X-Nexus-Policy': { ...TEXT, description: 'hash of the artifact that decided' },
  'X-Nexus-Decision-Time': { ...TEXT, description: 'microseconds' },
  'X-Nexus-Warning': { ...TEXT, description: 'floors that were relaxed, caps that were changed' },
  'X-Nexus-Rejection-Reasons': { ...TEXT, description: 'json array, at most 2 KiB' },
  'X-Request-Id': { ...TEXT, description: "the caller's, or a new one" },
} as const;

/** The same, with what a caller is told to do next. */
export const ERROR_HEADERS = {
  ...NEXUS_HEADERS,
  'Retry-After': { ...TEXT, description: 'seconds until the first target may serve; absent where waiting does not help' },
  'x-should-retry': { ...TEXT, description: '`false` where the same request fails again' },
} as const;
