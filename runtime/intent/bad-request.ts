/**
 * The caller's mistake in a request body, to be answered with status 400 and OpenAI's error envelope
 * `{"error":{message, type, param, code}}`. Where OpenAI has words for a mistake, `message` and `code` are those.
 */
export class BadRequest extends Error {
  readonly status = 400;
  readonly type = 'invalid_request_error';
  /** Top-level field at fault; null where the body as a whole is. */
  readonly param: string | null;
  readonly code: string | null;

  constructor(message: string, param: string | null, code: string | null) {
    super(message);
    this.name = 'BadRequest';
    this.param = param;
    this.code = code;
  }
}
