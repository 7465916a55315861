import packageJson from '../../package.json' with { type: 'json' };
import type { EdgeClock } from '../edge-clock.ts';
import { messageOf } from '../errors.ts';
import { askTime, type EdgeTime } from '../follow-edge.ts';
import type { StreamName } from '../../protocol/names.ts';
import { sighted, type Bounds } from '../../protocol/edge-clock.ts';
import { milliseconds, seconds, type Seconds } from '../../protocol/units.ts';
import { whyTurnedAway } from '../upload/refusal.ts';
import { handshakeWith } from './certificate.ts';
import { clockFinding, differenceOf } from './clock.ts';
import { ask, whyUnreachable, type Asking } from './edge-request.ts';
import { about, type Finding } from './finding.ts';
import { median } from './median.ts';
import { tryPassage } from './passage.ts';
import { passageFinding, verdictOf, type PassageVerdict } from './passage-verdict.ts';
import { checkToken } from './token-check.ts';

const CLOCK_ASKS = 5;
/** A certificate that nobody has renewed by then is forgotten. */
const CERTIFICATE_SOON = seconds(7 * 86_400);

export interface EdgeCheckOptions extends Asking {
  /** This machine's at first, and the edge's when that is known. */
  readonly clock: EdgeClock;
  /** How it comes that it runs; empty where that is not our business. */
  readonly running: '' | 'runs already' | 'started for this check';
  readonly streams: readonly StreamName[];
  /** As it was given; undefined where the agent makes its own. */
  readonly token: string | undefined;
  /** By how much the clock of the edge is meant to be late. */
  readonly timeDisplacement: Seconds;
  /** What else is tried, where the way is good. @param stream one for which the token is good */
  readonly trials?: (stream: StreamName) => Promise<readonly Finding[]>;
}

/** An edge, wherever it is: whether it is there, what its clock says, whom it lets in, and whether bodies stream. */
export async function checkEdge(options: EdgeCheckOptions): Promise<Finding[]> {
  const reached = await reach(options);
  if (reached.some(({ level }) => level === 'broken')) return reached;
  try {
    return [...reached, ...(await checkClock(options)), ...(await checkUse(options))];
  } catch (error) {
    options.signal.throwIfAborted();
    return [...reached, about('edge', 'edge').broken(`${nameOf(options)}: ${whyUnreachable(error)}`)];
  }
}

/** Which version of Fast-ll answers there; undefined when something else does. @throws what undici says, and why not */
export async function versionOf(asking: Asking): Promise<string | undefined> {
  const answer = await ask(asking, '/version');
  const turnedAway = answer.status === 404 ? undefined : whyTurnedAway(answer);
  if (turnedAway !== undefined) throw new Error(turnedAway);
  const { status, text } = answer;
  return status === 200 ? /^\d+\.\d+\.\d+\S*$/.exec(text.trim())?.[0] : undefined;
}

/** As its address is written in the configuration. */
const nameOf = ({ edge }: Asking): string => edge.base.href.replace(/\/$/, '');

async function reach(asking: EdgeCheckOptions): Promise<Finding[]> {
  const name = nameOf(asking);
  const finding = about('edge', 'edge');
  try {
    const version = await versionOf(asking);
    if (version === undefined) {
      return [finding.broken(`${name}: what answers there is not Fast-ll: check the address, and deploy it there`)];
    }
    const findings = [
      await secured(asking, `${name} is Fast-ll ${version}${asking.running === '' ? '' : ` (${asking.running})`}`),
    ];
    if (version !== packageJson.version) {
      const outdated = `${name} runs version ${version}, and this is ${packageJson.version}`;
      findings.push(finding.warning(`${outdated}: deploy the same one (npx wrangler deploy)`));
    }
    return findings;
  } catch (error) {
    asking.signal.throwIfAborted();
    return [finding.broken(`${name}: ${whyUnreachable(error)}`)];
  }
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

async function secured({ edge, clock, signal }: Asking, reached: string): Promise<Finding> {
  const finding = about('edge', 'edge');
  if (edge.base.protocol !== 'https:') {
    return LOOPBACK.test(edge.base.hostname)
      ? finding.fine(reached)
      : finding.warning(
          `${reached}, but without TLS, so that everyone on the way can read token and picture: use https://`,
        );
  }
  const { protocol, ends } = await handshakeWith(edge.base, signal);
  const day = new Date(ends).toISOString().slice(0, 10);
  const figures = { tls: protocol, certificateEnds: new Date(ends).toISOString() };
  return (ends - clock.wall()) / 1000 > CERTIFICATE_SOON
    ? finding.fine(`${reached}, ${protocol}, certificate good until ${day}`, figures)
    : finding.warning(`${reached}, but its TLS certificate ends on ${day}: renew it`, figures);
}

async function checkClock({ edge, clock, signal, timeDisplacement }: EdgeCheckOptions): Promise<Finding[]> {
  const own = milliseconds(clock.wall() - clock.monotonic());
  const times: EdgeTime[] = [];
  let bounds: Bounds | undefined;
  for (let asked = 0; asked < CLOCK_ASKS; asked += 1) {
    const time = await askTime(edge, clock, signal).catch(() => undefined);
    signal.throwIfAborted();
    if (time === undefined) continue;
    times.push(time);
    bounds = sighted(bounds, time.sighting);
    clock.hear(time.sighting);
  }
  if (bounds === undefined) return [about('clock', 'clock').broken('/isotime tells no time: deploy Fast-ll there')];
  const roundTrip = median(times.map(({ sighting }) => sighting.answered - sighting.asked));
  return [
    about('edge', 'edge').fine(`round trip ${Math.round(roundTrip)} ms`, { roundTripMs: Math.round(roundTrip) }),
    clockFinding(differenceOf(bounds, own), times[0]?.displacement, timeDisplacement),
  ];
}

/** What needs a token. */
async function checkUse(options: EdgeCheckOptions): Promise<Finding[]> {
  const { accepted, findings } = await checkToken(options, options.streams, options.token);
  const [stream] = accepted;
  if (stream === undefined) return [...findings];
  // Of its own token the agent need not speak while all is well.
  const worth = options.token === undefined ? findings.filter(({ level }) => level === 'broken') : findings;
  const way = await checkWay(options, stream);
  const more = way.level === 'broken' ? [] : ((await options.trials?.(stream)) ?? []);
  return [...worth, way, ...more];
}

/** One hiccup of the network looks like a buffer; a buffer is there the second time too. */
async function checkWay(options: EdgeCheckOptions, stream: StreamName): Promise<Finding> {
  try {
    const first = verdictOf(await tryPassage(options, stream));
    return passageFinding(
      first.kind === 'streams' ? first : better(first, verdictOf(await tryPassage(options, stream))),
    );
  } catch (error) {
    options.signal.throwIfAborted();
    const why = messageOf(error);
    return about('way', 'way').broken(`a segment sent to the edge and read back at the same time fails: ${why}`);
  }
}

const better = (first: PassageVerdict, second: PassageVerdict): PassageVerdict =>
  second.kind === 'streams' || (first.kind === 'buffered' && second.late < first.late) ? second : first;
