import type { Socket } from 'node:net';
import type { Gateway } from '../gateway/gateway.ts';

const ANSWERS: Readonly<Record<string, readonly [string, string, string]>> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'headers_too_large',
    'the headers are larger than 16 KiB [header-limit] help: send less',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'request_timeout', 'the request took too long to arrive [request-timeout] help: retry'],
};

/** What arrived is not HTTP, or too much of it: answered on the bare socket, since there is no request yet. */
export function answerClientError(gateway: Gateway, error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, code, message] = ANSWERS[error.code ?? ''] ?? [
    '400 Bad Request',
    'bad_request',
    'this is no HTTP request [http] help: correct it',
  ];
  if (code === 'headers_too_large') {
    const nobody = { caller: null, subject: null, trace: null, request: '' };
    gateway.orchestrator.audit.add({ ...nobody, action: 'unread request', outcome: 'refused', status: 431, code, detail: message });
  }
  const body = JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code } });
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
