import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';

/** As much of `node-llama-cpp` as is used: https://node-llama-cpp.withcat.ai/guide/low-level-api */
interface LlamaModel {
  readonly tokens: { readonly bos: number };
  tokenize(text: string): number[];
  detokenize(tokens: readonly number[]): string;
  createContext(options: { readonly contextSize: number; readonly threads: number }): Promise<{ getSequence(): Sequence }>;
  dispose(): Promise<void>;
}
interface Sequence {
  readonly nextTokenIndex: number;
  clearHistory(): Promise<void>;
  evaluate(tokens: readonly number[], options: object): AsyncGenerator<number>;
}
interface Library {
  getLlama(options: object): Promise<{ loadModel(options: { readonly modelPath: string }): Promise<LlamaModel> }>;
}

interface ChatRequest {
  readonly model: string;
  readonly stream?: boolean;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly options?: { readonly num_predict?: number; readonly num_ctx?: number; readonly seed?: number };
}

const NAME = 'random:latest';

/** A real model in memory, on the processor, behind the HTTP of Ollama. One answer at a time, as a small server has it. */
export class LocalOllama {
  /** Tokens that were computed for answers, in all. */
  computed = 0;
  /** Answers whose caller left before their end. */
  abandoned = 0;
  /** What was asked for. */
  readonly asked: ChatRequest[] = [];
  readonly #server: Server;
  readonly #model: LlamaModel;
  readonly #sequence: Sequence;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(model: LlamaModel, sequence: Sequence) {
    this.#model = model;
    this.#sequence = sequence;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /** @param folder where `node-llama-cpp` is installed. */
  static async start(folder: string, modelPath: string): Promise<LocalOllama> {
    const entry = createRequire(`${folder}/`).resolve('node-llama-cpp');
    const { getLlama } = (await import(pathToFileURL(entry).href)) as Library;
    const llama = await getLlama({ gpu: false, build: 'never', logLevel: 'error' });
    const model = await llama.loadModel({ modelPath });
    // More threads wait for each other longer than so small a model computes.
    const context = await model.createContext({ contextSize: 2048, threads: 1 });
    const local = new LocalOllama(model, context.getSequence());
    await new Promise<void>((resolve) => local.#server.listen(0, '127.0.0.1', resolve));
    return local;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await this.#turn;
    await this.#model.dispose();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/api/tags' || request.url === '/api/ps') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ models: [{ name: NAME, model: NAME }] }));
      return;
    }
    if (request.url !== '/api/chat') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found');
      return;
    }
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const asked = JSON.parse(Buffer.concat(parts).toString()) as ChatRequest;
    this.asked.push(asked);
    const turn = this.#turn.then(() => this.#answer(asked, response));
    this.#turn = turn.catch(() => {});
    await turn;
  }

  async #answer(asked: ChatRequest, response: ServerResponse): Promise<void> {
    let isGone = response.destroyed;
    response.on('close', () => {
      isGone ||= !response.writableFinished;
    });
    const streams = asked.stream !== false;
    const prompt = [this.#model.tokens.bos, ...this.#model.tokenize(asked.messages.map(({ content }) => content).join('\n'))];
    if (prompt.length > (asked.options?.num_ctx ?? 2048)) {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: 'the input length exceeds the context length' }));
      return;
    }
    response.writeHead(200, { 'content-type': streams ? 'application/x-ndjson' : 'application/json; charset=utf-8' });
    const most = asked.options?.num_predict ?? 128;
    const tokens: number[] = [];
    let said = '';
    await this.#sequence.clearHistory();
    for await (const token of this.#sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
      this.computed++;
      tokens.push(token);
      if (isGone) {
        this.abandoned++;
        return;
      }
      const text = this.#model.detokenize(tokens);
      // A character of several bytes is said when it is whole.
      if (streams && !text.endsWith('\ufffd')) {
        response.write(`${JSON.stringify(this.#wrap(asked, text.slice(said.length)))}\n`);
        said = text;
      }
      if (tokens.length >= most) break;
    }
    const last = {
      ...this.#wrap(asked, this.#model.detokenize(tokens).slice(said.length)),
      ...{ done: true, done_reason: tokens.length >= most ? 'length' : 'stop' },
      ...{ prompt_eval_count: prompt.length, eval_count: tokens.length },
    };
    response.end(`${JSON.stringify(last)}\n`);
  }

  #wrap({ model }: ChatRequest, content: string): object {
    return { model, created_at: new Date().toISOString(), message: { role: 'assistant', content }, done: false };
  }
}
