import { DIALECTS } from '../../runtime/backends/dialects.ts';
import { openMeter } from '../../runtime/backends/meter/open-meter.ts';
import { UsageDropper } from '../../runtime/backends/meter/usage-dropper.ts';
import { readRetryAfter } from '../../runtime/backends/read-retry-after.ts';
import { readAskedEmbeddings } from '../../runtime/backends/translate/read-asked-embeddings.ts';
import type { Asked } from '../../runtime/backends/translate/translator.ts';
import { readRequestBody } from '../../runtime/intent/request-body.ts';
import type { TargetConfig } from '../../schema/manifest.ts';
import type { Usage } from '../../schema/usage.ts';
import type { BackendType } from '../../schema/vocabulary.ts';
import { buildTarget } from '../unit/dialects/google-wire.ts';

/** Models as the types' servers call them. */
const MODELS: Readonly<Partial<Record<BackendType, string>>> = { anthropic: 'claude-sonnet-4-5', google: 'gemini-2.5-flash' };

/** An answer as a caller gets it. */
export interface Heard {
  readonly status: number;
  readonly text: string;
  readonly usage: Usage | null;
  /** Seconds. */
  readonly retryAfter: number | null;
}

export interface Sent {
  readonly path: string;
  readonly headers: readonly string[];
  readonly text: string;
  readonly warnings: readonly string[];
}

/** A dialect as a gateway uses it: what passes through is metered, what is translated tells its own usage. */
export class Candidate {
  readonly type: BackendType;
  readonly passes: boolean;
  readonly target: TargetConfig;

  constructor(type: BackendType) {
    this.type = type;
    this.passes = DIALECTS[type].chat === null;
    this.target = buildTarget(MODELS[type] ?? 'served');
  }

  send(endpoint: 'chat' | 'embeddings', body: object, cap: number | null = null): Sent {
    const request = readRequestBody(endpoint, Buffer.from(JSON.stringify({ model: 'named', ...body })));
    const call = DIALECTS[this.type].write(endpoint, request, this.target, cap, true);
    return { path: call.path, headers: call.headers, text: call.body.toString(), warnings: call.warnings };
  }

  hearWhole(bytes: Buffer): Heard {
    const { chat } = DIALECTS[this.type];
    if (chat !== null) {
      const { status, body, usage, retryAfter } = chat.readAnswer(bytes, ask(false));
      return { status, text: body.toString(), usage, retryAfter };
    }
    const meter = openMeter('chat', false);
    meter.see(bytes);
    meter.end();
    return { status: 200, text: bytes.toString(), usage: meter.usage, retryAfter: null };
  }

  /** @throws TranslationError for a stream that fails; where bytes pass through, the relay judges that. */
  hearStream(pieces: readonly Buffer[], includeUsage: boolean): Heard {
    const { chat } = DIALECTS[this.type];
    const out: Buffer[] = [];
    if (chat !== null) {
      const stream = chat.openStream(ask(includeUsage));
      for (const piece of pieces) out.push(Buffer.from(stream.push(piece)));
      out.push(stream.end());
      return { status: 200, text: Buffer.concat(out).toString(), usage: stream.usage, retryAfter: null };
    }
    const meter = openMeter('chat', true);
    const dropper = includeUsage ? null : new UsageDropper();
    for (const piece of pieces) {
      meter.see(piece);
      out.push(Buffer.from(dropper === null ? piece : dropper.push(piece)));
    }
    meter.end();
    if (dropper !== null) out.push(dropper.end());
    return { status: 200, text: Buffer.concat(out).toString(), usage: meter.usage, retryAfter: null };
  }

  hearError(status: number, headers: Readonly<Record<string, string>>, bytes: Buffer): Heard {
    const { chat } = DIALECTS[this.type];
    if (chat !== null) {
      const answer = chat.readError(status, headers, bytes);
      return { ...answer, text: answer.body.toString() };
    }
    const wait = readRetryAfter(headers);
    return { status, text: bytes.toString(), usage: null, retryAfter: wait === null ? null : Math.ceil(wait / 1e3) };
  }

  hearEmbeddings(bytes: Buffer, body: object): Heard {
    const { embeddings } = DIALECTS[this.type];
    if (embeddings !== null) {
      const answer = embeddings.readAnswer(bytes, readAskedEmbeddings({ model: 'named', ...body }, 5));
      return { ...answer, text: answer.body.toString() };
    }
    const meter = openMeter('embeddings', false);
    meter.see(bytes);
    meter.end();
    return { status: 200, text: bytes.toString(), usage: meter.usage, retryAfter: null };
  }
}

function ask(includeUsage: boolean): Asked {
  return { model: 'named', id: 'chatcmpl-exam', created: 1_790_000_000, includeUsage };
}
