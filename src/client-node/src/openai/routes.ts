/** What the wrapper does with an HTTP request: asks first, refuses it, or lets it pass. */
export type Route =
  | { readonly kind: 'governed'; readonly action: string }
  | { readonly kind: 'refused'; readonly path: string }
  | { readonly kind: 'passed' };

const passed: Route = { kind: 'passed' };

/** Methods that never make a model work. Everything else is looked at, whatever its name. */
const readingMethods = new Set(['get', 'head', 'options', 'delete']);

/** Paths that run the model the body names, by how they end. */
const governedEndings: readonly (readonly [ending: string, action: string])[] = [
  ['completions', 'llm.generate'], // chat/completions, and the older completions
  ['responses', 'llm.generate'],
  ['responses/compact', 'llm.generate'],
  ['decisions', 'llm.generate'],
  ['messages', 'llm.generate'], // Anthropic's form, which OpenRouter speaks too
  ['embeddings', 'embedding.generate'],
];

/** Paths that run a model the request does not name: the folder they are under, and how they end. */
const refusedEndings: readonly (readonly [folder: string, endings: readonly string[]])[] = [
  ['batches', ['batches']],
  ['threads', ['runs', 'submit_tool_outputs']],
  ['evals', ['runs']],
  ['graders', ['run']],
  ['realtime', ['sessions', 'client_secrets', 'calls', 'accept']],
  ['live', ['sessions', 'accept', 'fork']],
  ['agents', ['sessions', 'events', 'invocations']],
  ['chatkit', ['sessions']],
];

/** Sorts one request. Looks at the address as the server will read it: decoded, without empty segments, in lower case. */
export function routeOf(method: string | undefined, url: string): Route {
  if (readingMethods.has((method ?? 'get').toLowerCase())) {
    return passed;
  }
  const segments = segmentsOf(url).map((segment) => segment.toLowerCase());
  const path = `/${segments.join('/')}`;
  const last = segments.at(-1) ?? '';
  if (refusedEndings.some(([folder, endings]) => segments.includes(folder) && endings.includes(last))) {
    return { kind: 'refused', path };
  }
  if (last === 'messages' && segments.includes('threads')) {
    return passed; // stores a message and runs nothing
  }
  const governed = governedEndings.find(([ending]) => path.endsWith(`/${ending}`));
  return governed === undefined ? passed : { kind: 'governed', action: governed[1] };
}

/** The models that `/deployments/NAME/` in the address chooses, as Azure has it. */
export function deploymentsOf(url: string): string[] {
  return segmentsOf(url).filter((_, index, segments) => segments[index - 1]?.toLowerCase() === 'deployments');
}

function segmentsOf(url: string): string[] {
  const { pathname } = new URL(url);
  return decoded(pathname).split(/[/\\]/).filter((segment) => segment !== '' && segment !== '.');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
