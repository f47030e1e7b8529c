import { NO_EQUAL } from './no-equal.ts';

const READ =
  'model_list model_name litellm_params model_info model api_key api_base base_url custom_llm_provider litellm_credential_name timeout stream_timeout max_parallel_requests order max_budget budget_duration mode max_input_tokens supports_function_calling supports_response_schema supports_reasoning supports_vision input_cost_per_token output_cost_per_token cache_read_input_token_cost router_settings litellm_settings general_settings model_group_alias fallbacks context_window_fallbacks default_fallbacks provider_budget_config request_timeout credential_list credential_name credential_values credential_info';

/** Keys of the format that the import has something to say about; what an unknown one may be a misspelling of. */
export const KNOWN_KEYS: readonly string[] = [
  ...new Set([READ, ...Object.values(NO_EQUAL).flatMap((reasons) => reasons.map(({ keys }) => keys))].flatMap((keys) => keys.split(' '))),
];
