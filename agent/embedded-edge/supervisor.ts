import { request } from 'undici';
import { segmentNumber, type StreamName } from '../../protocol/names.ts';
import { PROBE_REPRESENTATION } from '../../protocol/probe.ts';
import { milliseconds } from '../../protocol/units.ts';
import type { Clock } from '../clock.ts';
import { codeOf, messageOf } from '../errors.ts';
import { authorization, mediaUrl, type Edge } from '../upload/edge.ts';
import { Health, type Pulse } from './health.ts';
import type { Runtime } from './runtime.ts';

const INTERVAL = milliseconds(3000);
const ANSWER_MS = 3000;
/** Nobody's, and no name that people would choose. */
const STREAM = '_health' as StreamName;

export interface SupervisorOptions {
  readonly edge: Edge;
  readonly clock: Clock;
  /** Starts another run at the same address. */
  readonly restart: () => Promise<Runtime>;
  readonly onNotice: (sentence: string) => void;
  readonly onError: (message: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Keeps an embedded edge going: asks it again and again for what it must be able to do, a new segment, and starts it anew
 * when it isn't for a while, whatever the reason. Agents and viewers come back by themselves; what was pushed is there
 * with the encoder's next manifest.
 *
 * @returns the run that was the last, once `signal` is aborted
 */
export async function supervise(first: Runtime, options: SupervisorOptions): Promise<Runtime | undefined> {
  const { clock, signal, onNotice, onError } = options;
  const health = new Health();
  const notices = new Set<string>();
  /** Once, however often it happens until it is over. */
  const say = (what: string): void => {
    if (notices.has(what)) onError(what);
    else onNotice(what);
    notices.add(what);
  };
  let runtime: Runtime | undefined = first;
  for (;;) {
    await clock.sleep(INTERVAL, signal);
    if (signal.aborted) return runtime;
    const { pulse, detail } = runtime === undefined ? NOT_RUNNING : await pulseOf(options);
    if (signal.aborted) return runtime;
    const isToRestart = health.note(pulse, clock.monotonic());
    if (notices.size > 0 && pulse === 'well') {
      if (health.restarts === 0) notices.clear();
      else say('the embedded edge answers again');
    }
    if (!isToRestart) continue;
    say(`the embedded edge fails: ${detail}; starting it anew`);
    await runtime?.close();
    runtime = undefined;
    if (signal.aborted) return undefined;
    runtime = await options.restart().catch((error: unknown) => {
      say(messageOf(error));
      return undefined;
    });
  }
}

interface Examination {
  readonly pulse: Pulse;
  /** For people. */
  readonly detail: string;
}

const NOT_RUNNING: Examination = { pulse: 'failed', detail: 'it does not run' };

/** Asks for a segment that nobody else wants: that needs an object, as all that is new does. */
async function pulseOf({ edge, clock, signal }: SupervisorOptions): Promise<Examination> {
  const object = {
    kind: 'segment',
    representation: PROBE_REPRESENTATION,
    number: segmentNumber(clock.wall()),
  } as const;
  try {
    const answer = await request(mediaUrl(edge, STREAM, object), {
      method: 'PUT',
      dispatcher: edge.dispatcher,
      headers: await authorization(edge),
      body: 'whether it is well',
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    });
    await answer.body.dump();
    if (answer.statusCode < 500) return { pulse: 'well', detail: '' };
    return { pulse: 'failed', detail: `it answers ${answer.statusCode}` };
  } catch (error) {
    // Aborted, for want of an answer.
    if (codeOf(error) === undefined) return { pulse: 'silent', detail: 'it does not answer' };
    return { pulse: 'failed', detail: messageOf(error) };
  }
}
