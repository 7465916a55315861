import * as z from 'zod';
import { streamDescriptionSchema } from './description.ts';
import { representationIdSchema } from './names.ts';
import { milliseconds } from './units.ts';

/**
 * Messages on the WebSocket between the agent of a stream and its Stream object. The agent dials, so that it may sit
 * behind NAT. Both sides say how things are, never what has changed: a lost message is mended by the next one.
 *
 *     agent → edge   announce   on connecting, and whenever the description changes
 *     agent → edge   state      on connecting, and whenever it changes
 *     edge → agent   wanted     somebody wants to watch: on each request for a manifest, at most once a second; or wants a
 *                               representation that is made on demand: while nobody makes it, at most once a second
 */

/** How the camera of a stream is doing, in the words of the agent's state machine. */
export const cameraStateSchema = z.enum(['idle', 'starting', 'live', 'waiting']);
export type CameraState = z.infer<typeof cameraStateSchema>;

export const agentMessageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('announce'), description: streamDescriptionSchema }),
  z.object({
    type: z.literal('state'),
    state: cameraStateSchema,
    /** Why it waits, in a sentence for people, free of credentials. */
    detail: z.string().max(500).optional(),
  }),
]);
export type AgentMessage = z.infer<typeof agentMessageSchema>;

export const edgeMessageSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('wanted'),
    /** One that is made on demand. */
    representation: representationIdSchema.optional(),
  }),
]);
export type EdgeMessage = z.infer<typeof edgeMessageSchema>;

/** Largest message either side accepts, in bytes. */
export const MAX_MESSAGE_BYTES = 64 * 1024;

/** Keep-alive of the connection: answered by the platform itself, so that a hibernating object is not woken. */
export const PING = 'ping';
export const PONG = 'pong';
/** How often. The edge takes an agent of which it has heard nothing for some of them for gone. */
export const PING_INTERVAL = milliseconds(10_000);
