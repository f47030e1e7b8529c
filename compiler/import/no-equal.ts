export type Section = 'litellm_params' | 'model_info' | 'router_settings' | 'litellm_settings' | 'general_settings' | 'top';

interface Reason {
  /** Keys, with spaces between. */
  readonly keys: string;
  readonly message: string;
  readonly help: string;
}

const RETRIES: Reason = {
  keys: 'num_retries max_retries retry_policy retry_after model_group_retry_policy disable_retry_on_max_parallel_request_limit_error',
  message: 'a call is not repeated at the same target: it goes on to the next target of the model, then to its fallbacks',
  help: 'nothing to do; give a model that must not fail a second backend or `fallbacks`',
};
const COOLDOWNS: Reason = {
  keys: 'allowed_fails allowed_fails_policy cooldown_time disable_cooldowns',
  message: 'when a target rests is not set: circuits open by themselves, and a `Retry-After` of the provider is kept',
  help: 'nothing to do; `docs/reference.md` says when',
};
const RATES: Reason = {
  keys: 'rpm tpm itpm otpm default_api_key_rpm_limit default_api_key_tpm_limit',
  message: 'rates are limits of callers here, not of deployments',
  help: "give callers' keys a `rate`, or the backend `max_in_flight`; a provider's 429 sends the call on to the next target",
};
const PARAMETERS: Reason = {
  keys: 'temperature top_p top_k max_tokens max_completion_tokens n stop seed presence_penalty frequency_penalty logit_bias user response_format tools tool_choice reasoning_effort thinking stream stream_options logprobs top_logprobs service_tier parallel_tool_calls default_litellm_params safety_settings num_ctx keep_alive verbosity prompt_id input_type dimensions encoding_format',
  message: 'policyd sends the request as the caller wrote it, and adds no parameters',
  help: 'let callers send it; `max_output_tokens` of a category bounds the length of answers',
};
const HEADERS: Reason = {
  keys: 'extra_headers headers default_headers organization extra_body extra_query additional_drop_params allowed_openai_params drop_params modify_params merge_reasoning_content_in_choices forward_client_headers_to_llm_api forward_openai_org_id add_function_to_prompt',
  message: 'requests are not rewritten by configuration',
  help: 'let callers send what the provider takes; what a backend of another API cannot take is refused or told in `X-Nexus-Warning`',
};
const CALLBACKS: Reason = {
  keys: 'callbacks success_callback failure_callback service_callbacks input_callback turn_off_message_logging redact_user_api_key_info redact_messages_in_exceptions callback_settings json_logs set_verbose debug_level log_raw_request_response logging turn_off_message_logging_in_ui spend_report_frequency alerting alerting_threshold alerting_args alert_types alert_to_webhook_url alerting_config disable_end_user_cost_tracking disable_end_user_cost_tracking_prometheus_only enable_end_user_cost_tracking_prometheus_only custom_prometheus_metadata_labels custom_prometheus_tags prometheus_metrics_config',
  message: 'there are no callbacks and no alerts by mail or chat',
  help: 'metrics, traces and the decision log are in `docs/observability.md`; alert on the metrics',
};
const CACHE: Reason = {
  keys: 'cache cache_params cache_kwargs cache_responses caching caching_groups client_ttl enable_caching_on_provider_specific_optional_params disable_copilot_system_to_assistant',
  message: 'answers are not cached',
  help: "nothing to do; a provider's own prompt cache works, and is priced by `cached_input`",
};
const SWITCHES: Reason = {
  keys: 'enable_pre_call_checks enable_pre_call_check optional_pre_call_checks',
  message: 'whether a prompt fits the context of a target is always looked at before it is asked',
  help: 'nothing to do; give models a `context` where the price table does not know it',
};
const GUARDRAILS: Reason = {
  keys: 'guardrails guardrail_list default_on_guardrails prompts policies policy_attachments policy_templates prompt_directory model_prompts content_policy_fallbacks moderation_model',
  message: 'contents are not judged here',
  help: 'keep them at the caller or the provider; `privacy: restricted` keeps traffic on servers under your control',
};
const TAGS: Reason = {
  keys: 'tags enable_tag_filtering tag_filtering_match_any tag_budget_config access_groups team_id team_public_model_name',
  message: 'who may use what is said of traffic, not of deployments',
  help: 'write a `traffic` policy that matches `team`, `label` or `key`, see `docs/policy.md`',
};
const STRATEGY: Reason = {
  keys: 'routing_strategy routing_strategy_args default_priority polling_interval max_fallbacks ignore_invalid_deployments deployment_affinity_ttl_seconds router_general_settings assistants_config scheduler_cls auto_router_config auto_router_config_path auto_router_default_model auto_router_embedding_model complexity_router_config',
  message:
    'the order of targets is decided otherwise: by priority, load, latency and quality, or by cost or quality where a category says so',
  help: 'set `priority`, `quality` or an `objective`, see `docs/policy.md`; `policyc explain` shows an order with its reasons',
};
const WEIGHTS: Reason = {
  keys: 'weight',
  message: 'weights are not carried over: the targets of a model have equal priority, and load and latency share the calls out',
  help: 'set `priority` of the backends where one must be preferred',
};
const PARALLEL: Reason = {
  keys: 'default_max_parallel_requests max_parallel_requests global_max_parallel_requests',
  message: 'how many requests may run at once is said of a backend, or of policyd',
  help: 'set `max_in_flight` of a backend; `policyd --max-requests` bounds all of them together',
};
const WORDS: Reason = {
  keys: 'id base_model description version metadata tier custom_tokenizer supported_environments created_at updated_at created_by db_model health_check_model health_check_timeout health_check_max_tokens disable_background_health_check litellm_provider supported_openai_params supported_endpoints supports_system_messages supports_parallel_function_calling supports_tool_choice supports_assistant_prefill supports_prompt_caching supports_audio_input supports_audio_output supports_pdf_input supports_web_search supports_native_streaming supports_video_input key direct_access blocked',
  message: 'said about a deployment, without an effect here',
  help: 'nothing to do; a tokenizer follows from the name of the model',
};
const LENGTHS: Reason = {
  keys: 'max_tokens max_output_tokens output_vector_size',
  message: 'how long an answer of a model may be is not declared',
  help: 'nothing to do; `context` counts input and output, `max_output_tokens` of a category bounds answers',
};
const CALLERS: Reason = {
  keys: 'master_key custom_auth custom_sso custom_key_generate enable_jwt_auth litellm_jwtauth enable_oauth2_auth enable_oauth2_proxy_auth oauth2_config_mappings user_header_name user_header_mappings litellm_key_header_name allow_user_auth allow_client_side_credentials service_account_settings key_management_system key_management_settings use_google_kms use_azure_key_vault use_aws_secret_manager key_generation_settings default_team_disabled default_internal_user_params default_team_settings default_team_params default_key_generate_params upperbound_key_generate_params max_internal_user_budget internal_user_budget_duration max_end_user_budget max_end_user_budget_id max_user_budget role_permissions user_api_key_cache_ttl disable_master_key_return disable_adding_master_key_hash_to_db enforce_user_param enforced_params reject_clientside_metadata_tags infer_model_from_keys enable_key_alias_format_validation',
  message: 'callers are written in the policy, by the hash of their key; no key of LiteLLM is carried over',
  help: 'make a key for each caller with `policyc keys new`, with `team`, `scopes` and `rate`, and budgets by `key` or `team`: see `docs/budgets.md`',
};
const DATABASE: Reason = {
  keys: 'database_url database_type database_args database_connection_pool_limit database_connection_timeout database_extra_connection_params allow_requests_on_db_unavailable disable_prisma_schema_update store_model_in_db supported_db_objects disable_spend_logs disable_spend_updates disable_reset_budget store_prompts_in_spend_logs maximum_spend_logs_retention_period maximum_spend_logs_retention_interval proxy_batch_write_at proxy_batch_polling_interval proxy_budget_rescheduler_min_time proxy_budget_rescheduler_max_time use_redis_transaction_buffer',
  message: 'policyd keeps its books itself',
  help: 'nothing to do; `policyd --data` says where, `docs/deploy.md` how several share a database',
};
const SERVER: Reason = {
  keys: 'background_health_checks health_check_interval health_check_details health_check_concurrency public_routes admin_only_routes allowed_routes allowed_ips use_x_forwarded_for max_request_size_mb max_response_size_mb ui_access_mode litellm_license pass_through_endpoints use_client_credentials_pass_through_routes user_mcp_management_mode control_plane_url require_auth_for_metrics_endpoint require_auth_for_public_ai_hub completion_model embedding_model image_generation_model force_ipv4 aiohttp_trust_env ssl_verify ssl_certificate disable_responses_id_security telemetry disable_hf_tokenizer_download enable_json_schema_validation enable_preview_features mcp_aliases public_model_groups public_model_groups_links use_chat_completions_url_for_anthropic_messages disable_add_transform_inline_image_block default_vertex_config use_shared_health_check',
  message: 'how the server runs is no part of a policy',
  help: 'options of policyd are in `docs/reference.md`: host, port, limits, probes of backends',
};
const DEPLOYMENT: Reason = {
  keys: 'api_version region_name mock_response mock_timeout use_in_pass_through use_litellm_proxy use_chat_completions_api configurable_clientside_auth_params litellm_trace_id max_file_size_mb hf_model_name custom_prompt_dict initial_prompt_value roles final_prompt_value bos_token eos_token model_info litellm_system_prompt cache_control_injection_points disable_fallbacks azure_ad_token ssl_verify litellm_embedding_model vector_store_id guardrails max_input_tokens',
  message: 'a setting of LiteLLM without an equal',
  help: 'nothing to do, unless callers rely on it',
};
const ALIAS_MAP: Reason = {
  keys: 'model_alias_map',
  message: 'names of models are other names of `model_list` here',
  help: 'write them under `aliases`',
};
const TOP: readonly Reason[] = [
  {
    keys: 'environment_variables',
    message: 'policyd does not set variables: it reads them from where it is started',
    help: 'set what is still needed there',
  },
  { keys: 'include', message: 'other files are not read', help: 'put them into one file, and import that' },
  {
    keys: 'mcp_servers mcp_tools vector_store_registry search_tools agent_list assistant_settings finetune_settings files_settings default_vertex_config litellm_jwtauth',
    message: 'LiteLLM serves more than chat and embeddings; policyd does not',
    help: 'keep LiteLLM for it, or see `docs/context.md` for search and MCP servers',
  },
];

/** Keys of the format that have no equal here, why, and what to do (docs.litellm.ai/docs/proxy/config_settings, read 2026-11-20). */
export const NO_EQUAL: Readonly<Record<Section, readonly Reason[]>> = {
  litellm_params: [RETRIES, COOLDOWNS, RATES, PARAMETERS, HEADERS, CACHE, TAGS, WEIGHTS, CALLBACKS, DEPLOYMENT, STRATEGY],
  model_info: [WORDS, LENGTHS, TAGS],
  router_settings: [RETRIES, COOLDOWNS, STRATEGY, SWITCHES, GUARDRAILS, TAGS, PARALLEL, PARAMETERS, CACHE, CALLBACKS],
  litellm_settings: [
    RETRIES,
    COOLDOWNS,
    STRATEGY,
    SWITCHES,
    HEADERS,
    GUARDRAILS,
    CACHE,
    CALLBACKS,
    CALLERS,
    PARALLEL,
    SERVER,
    DATABASE,
    ALIAS_MAP,
    PARAMETERS,
    TAGS,
  ],
  general_settings: [CALLERS, DATABASE, SERVER, PARALLEL, CALLBACKS, RETRIES, GUARDRAILS, HEADERS, CACHE],
  top: [...TOP, GUARDRAILS, CALLBACKS],
};
