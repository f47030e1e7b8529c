import type { BackendType } from '../../schema/vocabulary.ts';

/** How deployments of a LiteLLM provider become a backend. */
export interface Provider {
  readonly type: BackendType;
  /** Root of the server where the file names none; null: the type's own, or, for generic, none. */
  readonly url: string | null;
  /** Variable that LiteLLM reads the key from where the file names none; null: none. */
  readonly variable: string | null;
}

const compatible = (url: string | null, variable: string | null): Provider => ({ type: 'generic', url, variable });

/** By the word before the first `/` of `litellm_params.model` (docs.litellm.ai/docs/providers, read 2026-11-20). */
const PROVIDERS: Readonly<Record<string, Provider>> = {
  openai: { type: 'openai', url: null, variable: 'OPENAI_API_KEY' },
  anthropic: { type: 'anthropic', url: null, variable: 'ANTHROPIC_API_KEY' },
  gemini: { type: 'google', url: null, variable: 'GEMINI_API_KEY' },
  ollama: { type: 'ollama', url: null, variable: null },
  ollama_chat: { type: 'ollama', url: null, variable: null },
  hosted_vllm: { type: 'vllm', url: null, variable: null },
  lm_studio: { type: 'lmstudio', url: null, variable: null },
  llamafile: { type: 'llamacpp', url: null, variable: null },
  groq: compatible('https://api.groq.com/openai', 'GROQ_API_KEY'),
  mistral: compatible('https://api.mistral.ai', 'MISTRAL_API_KEY'),
  deepseek: compatible('https://api.deepseek.com', 'DEEPSEEK_API_KEY'),
  together_ai: compatible('https://api.together.xyz', 'TOGETHERAI_API_KEY'),
  fireworks_ai: compatible('https://api.fireworks.ai/inference', 'FIREWORKS_API_KEY'),
  openrouter: compatible('https://openrouter.ai/api', 'OPENROUTER_API_KEY'),
  xai: compatible('https://api.x.ai', 'XAI_API_KEY'),
  cerebras: compatible('https://api.cerebras.ai', 'CEREBRAS_API_KEY'),
  sambanova: compatible('https://api.sambanova.ai', 'SAMBANOVA_API_KEY'),
  nvidia_nim: compatible('https://integrate.api.nvidia.com', 'NVIDIA_NIM_API_KEY'),
  moonshot: compatible('https://api.moonshot.ai', 'MOONSHOT_API_KEY'),
  litellm_proxy: compatible(null, null),
  openai_like: compatible(null, null),
  custom_openai: compatible(null, null),
  xinference: compatible(null, null),
};

const WRITE_GENERIC =
  'if it has an OpenAI-compatible address, write it as a backend of type `generic` with `url`, `zone` and `api_key_env`';

/** Providers that no backend type speaks to, with what to do instead. */
const STRANGERS: Readonly<Record<string, string>> = {
  azure:
    "Azure's `/openai/v1` speaks OpenAI's API: write a backend of type `generic` with `url: https://<resource>.openai.azure.com/openai/v1`, `zone: open`, `api_key_env`, and the deployment's name as `upstream`",
  azure_ai: 'if the endpoint speaks the API of OpenAI, write a backend of type `generic` with its `url`, `zone: open` and `api_key_env`',
  bedrock:
    'policyd does not sign requests for AWS: keep LiteLLM before Bedrock, and write it as a backend of type `generic` with its `url`',
  sagemaker:
    'policyd does not sign requests for AWS: keep LiteLLM before SageMaker, and write it as a backend of type `generic` with its `url`',
  vertex_ai:
    'policyd has no Google service accounts: use a key of the Gemini API (type `google`), or keep LiteLLM before Vertex AI, as a backend of type `generic`',
};

/** Other providers of LiteLLM, so that their prefix is not taken for a part of a model's name. */
const OTHERS = [
  'ai21',
  'aleph_alpha',
  'anyscale',
  'baseten',
  'clarifai',
  'cloudflare',
  'codestral',
  'cohere',
  'cohere_chat',
  'cometapi',
  'compactifai',
  'dashscope',
  'databricks',
  'datarobot',
  'deepgram',
  'deepinfra',
  'elevenlabs',
  'empower',
  'featherless_ai',
  'friendliai',
  'galadriel',
  'gigachat',
  'github',
  'github_copilot',
  'gradient_ai',
  'heroku',
  'huggingface',
  'hyperbolic',
  'infinity',
  'jina_ai',
  'lambda_ai',
  'lemonade',
  'meta_llama',
  'morph',
  'nebius',
  'nlp_cloud',
  'novita',
  'nscale',
  'oci',
  'oobabooga',
  'ovhcloud',
  'palm',
  'perplexity',
  'petals',
  'predibase',
  'recraft',
  'replicate',
  'snowflake',
  'text-completion-codestral',
  'text-completion-openai',
  'topaz',
  'triton',
  'v0',
  'vercel_ai_gateway',
  'vllm',
  'volcengine',
  'voyage',
  'wandb',
  'watsonx',
  'watsonx_text',
  'zai',
] as const;

/** What `litellm_params.model` names: a provider that becomes a backend, one that cannot, or none that is known. */
export type Naming =
  | { readonly known: true; readonly name: string; readonly provider: Provider; readonly upstream: string }
  | { readonly known: false; readonly name: string | null; readonly help: string };

/** @param custom `custom_llm_provider`, which goes before the prefix. */
export function readProvider(model: string, custom: string | null): Naming {
  const slash = model.indexOf('/');
  const prefix = slash < 0 ? null : model.slice(0, slash);
  const name = custom ?? (prefix !== null && isProvider(prefix) ? prefix : guessProvider(model));
  if (name === null) {
    return {
      known: false,
      name: null,
      help: 'write the model with its provider, such as `openai/…`, and import again, or write it by hand',
    };
  }
  const upstream = prefix === name ? model.slice(slash + 1) : model;
  if (Object.hasOwn(PROVIDERS, name)) return { known: true, name, provider: PROVIDERS[name], upstream };
  return { known: false, name, help: STRANGERS[familyOf(name)] ?? WRITE_GENERIC };
}

/** `vertex_ai_beta` is Vertex AI. */
function familyOf(name: string): string {
  return /^(azure_ai|azure|bedrock|sagemaker|vertex_ai)(?=_|$)/.exec(name)?.[0] ?? '';
}

function isProvider(word: string): boolean {
  return Object.hasOwn(PROVIDERS, word) || Object.hasOwn(STRANGERS, familyOf(word)) || (OTHERS as readonly string[]).includes(word);
}

/** LiteLLM knows the models of some providers by name alone. */
function guessProvider(model: string): string | null {
  if (/^(gpt-|chatgpt-|o[1-9]|text-embedding-|ft:gpt-)/.test(model)) return 'openai';
  if (/^claude-/.test(model)) return 'anthropic';
  return /^gemini-/.test(model) ? 'vertex_ai' : null;
}
