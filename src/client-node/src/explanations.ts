import type { Decision } from './decision.js';
import { ControlZeroError } from './errors.js';
import type { EnforceRequest } from './request.js';

/** Whether an error is about the agent that was named, or was not. */
export function concernsAgent({ code, violations }: ControlZeroError): boolean {
  return code === 'INVALID_ARGUMENT' && violations.some(({ field }) => field === 'agent_id');
}

/** The error when nobody named an agent; it names every place to do so. */
export function agentRequired(cause?: ControlZeroError): ControlZeroError {
  const message = 'no agent is named; name it in the call (`agentId`), in the constructor (option `agentId`), in the environment '
    + '(CONTROLZERO_AGENT_ID), or use an API key that is bound to exactly one agent';
  const violations = cause?.violations ?? [{ field: 'agentId', description: message }];
  return new ControlZeroError('INVALID_ARGUMENT', message, { reason: 'AGENT_REQUIRED', violations, cause });
}

/** What was asked and why it is denied; the server's reason names rule and policy. */
export function denial({ action, resource, candidateResources = [] }: EnforceRequest, { deniedResource, reasonCode, reason }: Decision): string {
  const [first, ...others] = deniedResource === undefined ? [resource, ...candidateResources].filter(Boolean) : [deniedResource];
  const on = first === undefined ? '' : ` on \`${first}\``;
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  return `\`${action}\`${on}${more} is denied (${reasonCode})${reason ? `: ${reason}` : ''}`;
}

/** Says beside the error what somebody who sets up a program can do about it. */
export function withRemedy(error: ControlZeroError, address: string): ControlZeroError {
  const remedies: Partial<Record<ControlZeroError['code'], string>> = {
    UNAVAILABLE: `cannot reach ${address}; start the server, or set the option \`url\` or CONTROLZERO_URL to where it listens`,
    DEADLINE_EXCEEDED: `no answer from ${address} in time; look whether the server is overloaded or behind a firewall, or raise \`timeoutMs\``,
    UNAUTHENTICATED: `${address} refuses the API key; set the option \`apiKey\` or CONTROLZERO_API_KEY to a key that is in force there`,
    PERMISSION_DENIED: `${address} does not let this API key ask; use one with the scope \`enforce\``,
    UNIMPLEMENTED: `${address} is not a Control Zero Cluster; set the option \`url\` or CONTROLZERO_URL to its gRPC port`,
  };
  const remedy = remedies[error.code];
  const { code, message, reason, metadata, violations, cause } = error;
  return remedy === undefined ? error : new ControlZeroError(code, `${remedy} (${message})`, { reason, metadata, violations, cause: cause ?? error });
}
