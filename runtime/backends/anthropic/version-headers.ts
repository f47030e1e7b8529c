/** The version of the API that every call has to name. https://platform.claude.com/docs/en/api/versioning */
export const VERSION_HEADERS = ['anthropic-version', '2023-06-01'] as const;
