import { windowAfterEnd } from '../../protocol/epoch.ts';
import { cameraHours, viewerHours, viewersPerCamera, type Deployment, type Way } from './deployment.ts';
import { MESSAGES_PER_REQUEST, OBJECT_GIGABYTES, type Usage } from './prices.ts';

/** What a deployment uses: counted from what the edge does for each segment, manifest and control connection. */

/** In seconds, how often a player asks for its manifest: `minimumUpdatePeriod`. */
const MANIFEST_PERIOD = 10;
/** In seconds, how long an isolate takes a stream to be as it was before it asks the Stream object again. */
const SNAPSHOT_PERIOD = 1;
/** In seconds, between an agent's pings. */
const PING_PERIOD = 10;
/** The PUT, and the call that makes an object that is needed later. */
const OBJECT_REQUESTS_PER_PUT = 2;
/** In seconds: a PUT is opened a fragment before its segment begins, which is where its object begins to be active. */
const OPENED_AHEAD = 0.1;
/** For each segment that an isolate has viewers of it touches the next one's object, before they ask for it. */
const TOUCHES_PER_SEGMENT = 1;
/** In seconds: what the Stream object is active for a question; else it hibernates. */
const QUESTION_SECONDS = 0.005;
/** Description, state, override, manifest. */
const ROWS_PER_QUESTION = 4;
/** Not the body, which passes by the runtime: all that workerd took for a GET was 0.6 to 0.9 ms of a slow core, its share of the object included. */
const CPU_MS_PER_REQUEST = 1;
/** A second, that one isolate of the Worker takes; more of them are started for more. */
const REQUESTS_PER_ISOLATE = 500;
/** The platform bills a request to an entrypoint with a cache, hit or miss, and does not say that calls of its own are not. */
const REQUESTS_PER_SHARED_ANSWER = 1;

const SECONDS_PER_HOUR = 3600;

/** Isolates that viewers of one camera keep busy: one in each data centre, more where the requests are too many. */
const isolatesOf = (deployment: Deployment): number =>
  Math.max(sharersOf(deployment), viewersPerCamera(deployment) / deployment.segmentDuration / REQUESTS_PER_ISOLATE);

/** Who asks an object for one segment, or for one manifest at one time, through the cache: each data centre once. */
const sharersOf = (deployment: Deployment): number => Math.min(viewersPerCamera(deployment), deployment.dataCentres);

/** GETs of one segment that reach its object. */
export const readersOf = (deployment: Deployment, way: Way): number =>
  way === 'direct' ? viewersPerCamera(deployment) : sharersOf(deployment);

/** How often isolates that viewers of one camera keep busy want to know how it is, a second. */
const snapshotsOf = (deployment: Deployment): number =>
  isolatesOf(deployment) / Math.max(SNAPSHOT_PERIOD, deployment.segmentDuration);

/** Questions that viewers of one camera have for its Stream object, a second: through the cache one a data centre each. */
export function questionsOf(deployment: Deployment, way: Way): number {
  const asked = [viewersPerCamera(deployment) / MANIFEST_PERIOD, snapshotsOf(deployment)];
  return asked
    .map((questions) => (way === 'direct' ? questions : Math.min(questions, sharersOf(deployment))))
    .reduce((sum, questions) => sum + questions);
}

/** How often objects of segments are touched before they are asked for, a second. */
const touchesOf = (deployment: Deployment, way: Way): number =>
  ((way === 'direct' ? isolatesOf(deployment) : sharersOf(deployment)) * TOUCHES_PER_SEGMENT) /
  deployment.segmentDuration;

/** What one camera uses in an hour that it runs. */
export function cameraHour({ qualities, segmentDuration, timeShift }: Deployment): Usage {
  const puts = (qualities / segmentDuration) * SECONDS_PER_HOUR;
  const snapshots = Math.min(puts, SECONDS_PER_HOUR / SNAPSHOT_PERIOD);
  const pings = SECONDS_PER_HOUR / PING_PERIOD / MESSAGES_PER_REQUEST;
  // The timer that keeps it ends with the window; what has none is not paid for, also while it is still in memory.
  const segmentSeconds = OPENED_AHEAD + segmentDuration + windowAfterEnd(timeShift);
  const active = puts * segmentSeconds + snapshots * QUESTION_SECONDS;
  return {
    workerRequests: puts,
    cpuMilliseconds: puts * CPU_MS_PER_REQUEST,
    objectRequests: puts * OBJECT_REQUESTS_PER_PUT + snapshots + pings,
    gigabyteSeconds: active * OBJECT_GIGABYTES,
    rowsRead: snapshots * ROWS_PER_QUESTION,
  };
}

/** What all viewers of one camera use in an hour. Those who read a segment read it while its camera pays for the object. */
export function audienceHour(deployment: Deployment, way: Way): Usage {
  const { segmentDuration } = deployment;
  const requests = viewersPerCamera(deployment) * (1 / segmentDuration + 1 / MANIFEST_PERIOD) * SECONDS_PER_HOUR;
  const shared = requests + snapshotsOf(deployment) * SECONDS_PER_HOUR;
  const questions = questionsOf(deployment, way) * SECONDS_PER_HOUR;
  const reads = (readersOf(deployment, way) / segmentDuration) * SECONDS_PER_HOUR;
  return {
    workerRequests: way === 'direct' ? requests : requests + shared * REQUESTS_PER_SHARED_ANSWER,
    cpuMilliseconds: requests * CPU_MS_PER_REQUEST,
    objectRequests: reads + touchesOf(deployment, way) * SECONDS_PER_HOUR + questions,
    gigabyteSeconds: questions * QUESTION_SECONDS * OBJECT_GIGABYTES,
    rowsRead: questions * ROWS_PER_QUESTION,
  };
}

/** What the whole deployment uses in a day. */
export function dailyUsage(deployment: Deployment, way: Way): Usage {
  const perCamera = viewersPerCamera(deployment);
  const audiences = perCamera === 0 ? 0 : viewerHours(deployment) / perCamera;
  return sum(times(cameraHour(deployment), cameraHours(deployment)), times(audienceHour(deployment, way), audiences));
}

const sum = (a: Usage, b: Usage): Usage => ({
  workerRequests: a.workerRequests + b.workerRequests,
  cpuMilliseconds: a.cpuMilliseconds + b.cpuMilliseconds,
  objectRequests: a.objectRequests + b.objectRequests,
  gigabyteSeconds: a.gigabyteSeconds + b.gigabyteSeconds,
  rowsRead: a.rowsRead + b.rowsRead,
});

export const times = (usage: Usage, factor: number): Usage => ({
  workerRequests: usage.workerRequests * factor,
  cpuMilliseconds: usage.cpuMilliseconds * factor,
  objectRequests: usage.objectRequests * factor,
  gigabyteSeconds: usage.gigabyteSeconds * factor,
  rowsRead: usage.rowsRead * factor,
});
