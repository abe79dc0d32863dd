// Asks over one stream of the Node client: `node stream.mjs CLIENT-DIRECTORY WHAT …`. Prints JSON, and with `open` before it a line `asked` when the first answer is there.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [directory, what, ...args] = process.argv.slice(2);
const { ControlZero } = await import(pathToFileURL(join(directory, 'dist', 'index.js')));
const cz = new ControlZero({ timeoutMs: 60_000, maxAttempts: 10, onUnavailable: 'allow' }); // no test waits for a busy machine
const gpt = { action: 'llm.generate', resource: 'model/openai/gpt-4' };
const numbers = (count) => Array.from({ length: count }, (_, number) => number);
const outcomeOf = (promise) => promise.catch((error) => ({ code: error.code, reasonCode: error.reasonCode }));

const programs = {
  /** 30 at once hold 10 tokens each; half of them are settled with 7, the others given back. */
  async limits(model) {
    const stream = cz.openStream();
    const question = { action: 'llm.generate', resource: `model/${model}`, estimate: { inputTokens: 3, maxOutputTokens: 7 } };
    const usage = { inputTokens: 3, outputTokens: 4 };
    const held = await Promise.all(numbers(30).map(() => stream.enforce(question)));
    const tokens = held.map(({ reservation }) => reservation.token);
    const ended = await Promise.all(tokens.map((token, number) => (number % 2 === 0 ? stream.settle({ token, usage }) : stream.cancel({ token }))));
    const again = await stream.settle({ token: tokens[0], usage });
    const other = await outcomeOf(stream.settle({ token: tokens[0], usage: { ...usage, outputTokens: 5 } }));
    const denied = await outcomeOf(stream.enforce({ ...question, estimate: { inputTokens: 900 } }));
    const wrong = ended.filter(({ late, replayed, overrun }) => late || replayed || overrun).length;
    const result = { wrong, replayed: again.replayed, other: other.code, denied: denied.reasonCode, isOpen: stream.isOpen };
    await stream.close();
    return result;
  },

  /** Far more at once than a server takes; every tenth is asked by somebody who goes at once. */
  async many(count) {
    const stream = cz.openStream();
    const answers = await Promise.all(numbers(Number(count)).map(async (number) => {
      const gone = new AbortController();
      const asked = stream.check({ ...gpt, action: number % 2 ? 'llm.generate' : 'db.drop', requestId: `id-${number}` }, { signal: gone.signal });
      if (number % 10 === 0) {
        gone.abort();
      }
      const { code, requestId, allowed, source } = await outcomeOf(asked);
      return code ?? (requestId === `id-${number}` && allowed === (number % 2 === 1) && source === 'server' ? 'right' : 'wrong');
    }));
    const result = { right: 0, wrong: 0, CANCELLED: 0, isOpen: stream.isOpen };
    answers.forEach((answer) => result[answer]++);
    await stream.close();
    return result;
  },

  /** Asks until there is no decision, and says why. */
  async untilRefused() {
    const stream = cz.openStream();
    for (let asked = 0; ; asked++) {
      const { allowed, source, code } = await outcomeOf(stream.check(gpt));
      if (!allowed || source !== 'server') {
        return { code, source, asked: asked > 0, isOpen: stream.isOpen };
      }
      if (asked === 0) {
        console.log('asked');
      }
    }
  },

  /** Eight ask until the stream is over, and a hundred times more. */
  async untilOver() {
    const stream = cz.openStream();
    let [right, left] = [0, 100];
    const wrong = [];
    await Promise.all(numbers(8).map(async (caller) => {
      while (left > 0) {
        const decision = await outcomeOf(stream.check({ ...gpt, agentId: `caller-${caller}` }));
        if (decision.allowed && decision.source === 'server') {
          right++;
        } else {
          wrong.push(decision.reason ?? decision.code);
        }
        if (right === 8) {
          console.log('asked');
        }
        left -= stream.isOpen ? 0 : 1;
      }
    }));
    return { wrong: wrong.slice(0, 5), isOpen: stream.isOpen };
  },
};

console.log(JSON.stringify(await programs[what](...args)));
await cz.close();
