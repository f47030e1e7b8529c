import Type from 'typebox';
import { PRIVACIES } from '../../../schema/vocabulary.ts';

/** Labels and their values as Kubernetes allows them. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
const LABEL = '^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$';
const LABEL_VALUE = '^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$';

const Labels = (description: string) =>
  Type.Unsafe<Record<string, string>>({
    type: 'object',
    description,
    maxProperties: 64,
    propertyNames: { pattern: LABEL },
    additionalProperties: { type: 'string', pattern: LABEL_VALUE },
  });
/** What is in them may be a secret: no message repeats it. */
const Words = (description: string) =>
  Type.Unsafe<string[]>({
    type: 'array',
    description,
    maxItems: 256,
    items: { type: 'string', maxLength: 32_768, 'x-secret': true },
    'x-secret': true,
  });

/** The body of `POST /schedule`. */
export const WorkloadShape = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$', description: 'a DNS label; need not be unique' }),
    image: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9][A-Za-z0-9._/:@-]*$',
        maxLength: 512,
        description: 'container image; without one it runs as a process',
      }),
    ),
    command: Type.Optional(Words("program, and arguments; without one it is the image's own")),
    args: Type.Optional(Words('more arguments')),
    env: Type.Optional(
      Type.Unsafe<Record<string, string>>({
        type: 'object',
        description: 'environment variables',
        maxProperties: 256,
        propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]{0,127}$', 'x-secret': true },
        additionalProperties: { type: 'string', maxLength: 32_768, 'x-secret': true },
        'x-secret': true,
      }),
    ),
    resources: Type.Optional(
      Type.Object(
        {
          cpu: Type.Optional(
            Type.Union([Type.Number(), Type.String({ maxLength: 16 })], { description: 'cores, `0.5` or `"500m"`; default 0.1' }),
          ),
          memory: Type.Optional(
            Type.Union([Type.Number(), Type.String({ maxLength: 24 })], { description: 'bytes, or `"512MiB"`; default 128 MiB' }),
          ),
          gpu: Type.Optional(Type.Integer({ minimum: 0, maximum: 64, description: 'default 0' })),
        },
        { additionalProperties: false },
      ),
    ),
    privacy: Type.Optional(
      Type.Enum([...PRIVACIES], { description: '`restricted` stays on nodes that the policy names; default unrestricted' }),
    ),
    labels: Type.Optional(Labels('of the workload, for lists')),
    node_labels: Type.Optional(Labels('that its node must have')),
    timeout: Type.Optional(Type.String({ maxLength: 16, description: 'longest time that a run may take, like `"5m"`; default none' })),
    retries: Type.Optional(Type.Integer({ minimum: 0, maximum: 100, description: 'runs after the first, where it fails; default 0' })),
    task: Type.Optional(
      Type.Object(
        {
          feature: Type.String({ pattern: '^[A-Za-z0-9][-A-Za-z0-9_.]*$', maxLength: 128 }),
          id: Type.String({ pattern: '^[A-Za-z0-9][-A-Za-z0-9_.]*$', maxLength: 64 }),
        },
        { additionalProperties: false, description: 'what it works at in a Spec-Kit folder' },
      ),
    ),
    context: Type.Optional(
      Type.Object(
        {
          query: Type.String({ minLength: 1, maxLength: 4_096 }),
          tokens: Type.Optional(Type.Integer({ minimum: 1, maximum: 200_000, description: 'default 4,000' })),
        },
        { additionalProperties: false, description: 'makes a context pack before it starts: GET /v1/context/{job_id}' },
      ),
    ),
  },
  { additionalProperties: false },
);
