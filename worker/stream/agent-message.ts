import { agentMessageSchema, MAX_MESSAGE_BYTES, type AgentMessage } from '../../protocol/control.ts';

/** @returns what is wrong with it, where it is no agent message */
export function parseAgentMessage(data: string | ArrayBuffer): AgentMessage | string {
  if (typeof data !== 'string') return 'expected text, got bytes';
  if (data.length > MAX_MESSAGE_BYTES) return `expected at most ${MAX_MESSAGE_BYTES} characters, got ${data.length}`;
  const message = agentMessageSchema.safeParse(parseJson(data));
  if (message.success) return message.data;
  const [issue] = message.error.issues;
  const where = issue?.path.join('.') ?? '';
  return `expected an agent message: ${where === '' ? '' : `${where}: `}${issue?.message}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
