/**
 * Rendezvous hashing: every client ranks the same addresses for an agent in the same order without talking to another, and when one
 * is added or taken away only the agents it is first for move. The C# client computes the same order; a spec of each holds the same list.
 */

/** What an address or an agent stands for in the ranking: FNV-1a of its UTF-8, then mixed. */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of utf8.encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return mix(hash);
}

/** How high an address ranks for an agent; the highest is asked first. */
export function score(addressSeed: number, agentSeed: number): number {
  return mix(addressSeed ^ agentSeed);
}

const utf8 = new TextEncoder();

/** The finalizer of MurmurHash3: without it the last characters of an id would hardly count. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
