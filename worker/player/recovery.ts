/**
 * When to do what, so that a stream comes back from every fault by itself. Pure: {@link step} takes what happened and
 * returns the next state and what to do; live-video.ts does it. Times are milliseconds of one monotonic clock.
 *
 *                 attach                 moves
 *     detached ──────────▶ starting ───────────────▶ playing ──┐ stands still for 1.5 s, or a segment is lost:
 *        ▲                    │  ▲                    │  ▲  └────┘ nudge = seek to the live edge
 *        │ detach (from any)  │  │ the knock finds    │  │  (the edge's clock was set back, sound is left out or
 *        │                    │  │                    │  │  taken in again: attach anew)
 *        │                    ▼  │ the stream open    ▼  │ moves after all
 *        └───────────────── lost: knock at the manifest until it opens, after 0.5, 1, 2, 4, 5, 5 … s
 *
 * dash.js stays attached while we knock, so that the last picture stays, and so that it may recover after all.
 */
export type Recovery =
  | { readonly phase: 'detached' }
  | { readonly phase: 'starting'; readonly since: number; readonly patience: number; readonly attempt: number }
  | {
      readonly phase: 'playing';
      readonly since: number;
      readonly movedAt: number;
      readonly nudgedAt: number;
      readonly attempt: number;
    }
  | { readonly phase: 'lost'; readonly knockAt: number; readonly attempt: number; readonly dead: boolean }
  | { readonly phase: 'knocking'; readonly attempt: number; readonly dead: boolean };

export type Happening =
  | 'attach'
  | 'detach'
  /** dash.js has its manifest and starts to ask for segments. */
  | 'manifest loaded'
  /** Media time goes forward. */
  | 'moves'
  /** Nothing in particular, some time has passed. */
  | 'tick'
  /** It stands still and may: paused, or not looked at. */
  | 'rests'
  /** dash.js gave a segment up. It asks for none any more until it is made to seek. */
  | 'segment lost'
  /** dash.js gave all up. */
  | 'fatal'
  | 'found open'
  | 'found shut'
  /** The picture has waited for sound that doesn't come, or goes on without and could have it again. */
  | 'sound changed'
  /** The picture is of a time that has not come: somebody has set the edge's clock back. */
  | 'clock set back'
  /** A reason to think that it might work now, for example that the network is back. */
  | 'hope';

export type Action = 'attach' | 'detach' | 'nudge' | 'knock' | 'nothing';

export interface Step {
  readonly next: Recovery;
  readonly action: Action;
}

/** Standing still for less is a stall to sit out. */
const NUDGE_AFTER = 1500;
/** Standing still for this long, nudges have not helped. */
const LOST_AFTER = 5000;
/** To load a manifest: the edge holds it for up to 10 s while a camera starts. */
const MANIFEST_PATIENCE = 16_000;
/** From the manifest to the first picture: a segment is held for its duration and 2 s. */
const PICTURE_PATIENCE = 8000;
/** Having played for this long, the next fault is a new one. */
const STEADY_AFTER = 10_000;
const FIRST_DELAY = 500;
const LONGEST_DELAY = 5000;

export const detached: Recovery = { phase: 'detached' };

export function step(state: Recovery, happening: Happening, now: number): Step {
  if (happening === 'detach') return { next: detached, action: state.phase === 'detached' ? 'nothing' : 'detach' };
  switch (state.phase) {
    case 'detached':
      return happening === 'attach' ? attach(now, 0) : stay(state);
    case 'starting':
      return starting(state, happening, now);
    case 'playing':
      return playing(state, happening, now);
    case 'lost':
    case 'knocking':
      return shut(state, happening, now);
  }
}

function starting(state: Recovery & { phase: 'starting' }, happening: Happening, now: number): Step {
  if (happening === 'manifest loaded') return stay({ ...state, since: now, patience: PICTURE_PATIENCE });
  if (happening === 'moves') return stay(play(now, state.attempt));
  if (happening === 'rests') return stay({ ...state, since: now });
  if (happening === 'segment lost') return lose(now, state.attempt, false);
  if (happening === 'fatal') return lose(now, state.attempt, true);
  if (happening === 'sound changed') return attach(now, state.attempt);
  if (happening === 'tick' && now - state.since >= state.patience) return lose(now, state.attempt, false);
  return stay(state);
}

function playing(state: Recovery & { phase: 'playing' }, happening: Happening, now: number): Step {
  if (happening === 'moves') {
    return stay({ ...state, movedAt: now, attempt: now - state.since < STEADY_AFTER ? state.attempt : 0 });
  }
  if (happening === 'rests') return stay({ ...state, movedAt: now });
  if (happening === 'fatal') return lose(now, state.attempt, true);
  if (happening === 'sound changed') return attach(now, state.attempt);
  if (happening === 'clock set back') return state.attempt === 0 ? attach(now, 1) : lose(now, state.attempt, false);
  if (happening === 'segment lost') {
    return now - state.nudgedAt >= NUDGE_AFTER ? nudge(state, now) : lose(now, state.attempt, false);
  }
  if (happening === 'tick') {
    if (now - state.movedAt >= LOST_AFTER) return lose(now, state.attempt, false);
    if (now - Math.max(state.movedAt, state.nudgedAt) >= NUDGE_AFTER) return nudge(state, now);
  }
  return stay(state);
}

function shut(state: Recovery & { phase: 'lost' | 'knocking' }, happening: Happening, now: number): Step {
  if (happening === 'fatal') return stay({ ...state, dead: true });
  if (happening === 'moves') return stay(state.dead ? state : play(now, state.attempt));
  if (state.phase === 'knocking') {
    if (happening === 'found open') return attach(now, state.attempt);
    return happening === 'found shut' ? lose(now, state.attempt, state.dead) : stay(state);
  }
  if (happening === 'hope') return stay({ ...state, knockAt: now });
  if (happening !== 'tick' || now < state.knockAt) return stay(state);
  return { next: { phase: 'knocking', attempt: state.attempt + 1, dead: state.dead }, action: 'knock' };
}

const stay = (next: Recovery): Step => ({ next, action: 'nothing' });

const attach = (now: number, attempt: number): Step => ({
  next: { phase: 'starting', since: now, patience: MANIFEST_PATIENCE, attempt },
  action: 'attach',
});

const play = (now: number, attempt: number): Recovery => ({
  phase: 'playing',
  since: now,
  movedAt: now,
  nudgedAt: -Infinity,
  attempt,
});

const nudge = (state: Recovery & { phase: 'playing' }, now: number): Step => ({
  next: { ...state, nudgedAt: now },
  action: 'nudge',
});

/** The first knock comes at once. */
const lose = (now: number, attempt: number, dead: boolean): Step => ({
  next: { phase: 'lost', knockAt: now + (attempt === 0 ? 0 : delayBefore(attempt)), attempt, dead },
  action: 'nothing',
});

const delayBefore = (attempt: number): number => Math.min(FIRST_DELAY * 2 ** (attempt - 1), LONGEST_DELAY);
