/**
 * Prices and limits of Cloudflare's platform in US dollars, as its documentation gave them in November 2026. «Month» is 30
 * days. What it does not bill is traffic: there is no charge for egress or bandwidth.
 *
 * - Workers: developers.cloudflare.com/workers/platform/pricing and …/limits
 * - Durable Objects: developers.cloudflare.com/durable-objects/platform/pricing and …/limits
 * - Workers Cache: developers.cloudflare.com/workers/cache
 */
export interface Rate {
  /** A month, in the plan's price. */
  readonly included: number;
  readonly perMillion: number;
}

/** What is metered. */
export interface Usage {
  /** Inbound requests to the Worker. */
  readonly workerRequests: number;
  readonly cpuMilliseconds: number;
  /** HTTP requests, RPC sessions, and WebSocket messages to an object at 20 to 1. */
  readonly objectRequests: number;
  /** Wall clock of objects that are active, 128 MB each whatever they use. */
  readonly gigabyteSeconds: number;
  readonly rowsRead: number;
}

export const PAID_PLAN: { readonly month: number; readonly rates: Readonly<Record<keyof Usage, Rate>> } = {
  month: 5,
  rates: {
    workerRequests: { included: 10e6, perMillion: 0.3 },
    cpuMilliseconds: { included: 30e6, perMillion: 0.02 },
    objectRequests: { included: 1e6, perMillion: 0.15 },
    gigabyteSeconds: { included: 400_000, perMillion: 12.5 },
    rowsRead: { included: 25e9, perMillion: 0.001 },
  },
};

/** Workers Logs: developers.cloudflare.com/workers/observability/logs/workers-logs */
export const LOG_EVENTS: Rate = { included: 20e6, perMillion: 0.6 };

/** A day; past any of them the platform answers with errors. Processor time is 10 ms a request instead. */
export const FREE_PLAN: Readonly<Record<Exclude<keyof Usage, 'cpuMilliseconds'>, number>> = {
  workerRequests: 100_000,
  objectRequests: 100_000,
  gigabyteSeconds: 13_000,
  rowsRead: 5e6,
};

/** One object is billed for this, in GB, also where several share an isolate. */
export const OBJECT_GIGABYTES = 0.128;
/** Incoming WebSocket messages that count as one request. */
export const MESSAGES_PER_REQUEST = 20;

/** Of one object, a second; soft: past it requests queue, then fail as «overloaded». */
export const OBJECT_REQUESTS_PER_SECOND = 1000;
/** Of one isolate, in bytes; objects of one class may share one, and going past it resets them all. */
export const ISOLATE_BYTES = 128e6;
/** Cities with a data centre of Cloudflare, about. */
export const DATA_CENTRES = 330;
