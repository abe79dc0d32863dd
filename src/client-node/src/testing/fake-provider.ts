import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What a provider was asked. */
export interface ProviderRequest {
  readonly method: string;
  readonly path: string;
  readonly body: Record<string, unknown>;
}

const completionUsage = {
  prompt_tokens: 11, completion_tokens: 3, total_tokens: 14, prompt_tokens_details: { cached_tokens: 4 }, completion_tokens_details: { reasoning_tokens: 2 },
};
const responseUsage = { input_tokens: 12, output_tokens: 5, total_tokens: 17, input_tokens_details: { cached_tokens: 0 }, output_tokens_details: { reasoning_tokens: 1 } };

const words = ['may', ' ', 'I'];

/** An OpenAI-compatible server on a free port: chat completions, responses, embeddings, models, JSON and streams. */
export class FakeProvider {
  readonly requests: ProviderRequest[] = [];
  url = '';
  /** Streams wait for this before their last word. Default: they do not wait. */
  lastWord: Promise<void> = Promise.resolve();
  /** Status codes of the answers to come, before everything else is 200. */
  readonly failures: number[] = [];
  /** Called when a client leaves before its answer is complete. */
  abandoned: () => void = () => undefined;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  async start(): Promise<this> {
    await new Promise<void>((resolve) => void this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
    return this;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** The models that were asked for, in order. */
  get models(): unknown[] {
    return this.requests.map(({ body }) => body['model']);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sent = await text(request);
    const path = (request.url ?? '').replace(/\?.*$/, '').replace(/^\/v1/, '');
    const body = (request.headers['content-type']?.includes('json') && sent !== '' ? JSON.parse(sent) : {}) as Record<string, unknown>;
    this.requests.push({ method: request.method ?? '', path, body });
    response.on('close', () => response.writableFinished || this.abandoned());
    const failure = this.failures.shift();
    if (failure !== undefined) {
      json(response, { error: { message: 'not now' } }, failure);
    } else if (body['stream'] === true) {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': 'req_1' });
      const events = path.endsWith('/responses') ? responseEvents(body) : completionEvents(body);
      for (const [index, event] of events.entries()) {
        await (index === words.length - 1 ? this.lastWord : undefined);
        response.write(event);
      }
      response.end();
    } else {
      json(response, answerTo(path, body));
    }
  }
}

function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'req_1' }).end(JSON.stringify(body));
}

function answerTo(path: string, body: Record<string, unknown>): unknown {
  if (path.endsWith('/models')) {
    return { object: 'list', data: [{ id: 'openai/gpt-4', object: 'model' }, { id: 'google/gemini-pro', object: 'model' }] };
  }
  if (path.endsWith('/embeddings')) {
    const numbers = [0.5, -1];
    const embedding = body['encoding_format'] === 'base64' ? Buffer.from(Float32Array.from(numbers).buffer).toString('base64') : numbers;
    return { object: 'list', model: body['model'], data: [{ object: 'embedding', index: 0, embedding }], usage: { prompt_tokens: 1, total_tokens: 1 } };
  }
  return path.endsWith('/responses') ? response(body, 'completed') : completion(body);
}

/** Calls the first tool once; says its words when that is done, in JSON when a schema is asked for. */
function completion(body: Record<string, unknown>): unknown {
  const messages = body['messages'] as { role: string }[] | undefined;
  const tool = (body['tools'] as { function: { name: string } }[] | undefined)?.[0];
  const calls = tool && !messages?.some(({ role }) => role === 'tool');
  const content = body['response_format'] ? '{"answer":42}' : words.join('');
  const message = calls
    ? { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name: tool.function.name, arguments: '{}' } }] }
    : { role: 'assistant', content, refusal: null };
  const choices = [{ index: 0, finish_reason: calls ? 'tool_calls' : 'stop', message, logprobs: null }];
  return { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: body['model'], choices, usage: completionUsage };
}

function completionEvents(body: Record<string, unknown>): string[] {
  const chunk = (delta: object, finish: string | null): string =>
    event({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: body['model'], choices: [{ index: 0, delta, finish_reason: finish }] });
  const asked = (body['stream_options'] as { include_usage?: boolean } | undefined)?.include_usage === true;
  const usage = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: body['model'], choices: [], usage: completionUsage };
  return [...words.map((content) => chunk({ role: 'assistant', content }, null)), chunk({}, 'stop'), ...(asked ? [event(usage)] : []), 'data: [DONE]\n\n'];
}

function response(body: Record<string, unknown>, status: string): unknown {
  const text = body['text'] ? '{"answer":42}' : words.join('');
  const output = [{ id: 'msg_1', type: 'message', role: 'assistant', status, content: [{ type: 'output_text', text, annotations: [] }] }];
  return { id: 'resp_1', object: 'response', created_at: 1, model: body['model'], status, output: status === 'completed' ? output : [], usage: status === 'completed' ? responseUsage : null };
}

function responseEvents(body: Record<string, unknown>): string[] {
  const at = { item_id: 'msg_1', output_index: 0, content_index: 0 };
  const item = { id: 'msg_1', type: 'message', role: 'assistant', status: 'in_progress', content: [] };
  return [
    { type: 'response.created', response: response(body, 'in_progress') },
    { type: 'response.output_item.added', output_index: 0, item },
    { type: 'response.content_part.added', ...at, part: { type: 'output_text', text: '', annotations: [] } },
    ...words.map((delta) => ({ type: 'response.output_text.delta', ...at, delta })),
    { type: 'response.completed', response: response(body, 'completed') },
  ].map((data, index) => `event: ${data.type}\n${event({ ...data, sequence_number: index })}`);
}

function event(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}
