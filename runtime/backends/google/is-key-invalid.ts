/** A key that is not valid is a 400 here, with a reason of its own. Source: https://ai.google.dev/gemini-api/docs/troubleshooting */
export function isKeyInvalid(status: number, body: string): boolean {
  return status === 401 || (status === 400 && body.includes('API_KEY_INVALID'));
}
