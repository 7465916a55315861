import type { Context } from 'hono';
import type { Directory } from './directory.ts';
import type { Segment } from './segment/object.ts';
import type { Stream } from './stream/object.ts';

/** What wrangler.toml binds. */
export interface Env {
  readonly SEGMENT: DurableObjectNamespace<Segment>;
  readonly STREAM: DurableObjectNamespace<Stream>;
  readonly DIRECTORY: DurableObjectNamespace<Directory>;
  readonly ASSETS: Fetcher;
  /** Signs tokens; a secret, so absent until somebody has put it. */
  readonly FASTLL_SECRET?: string;
  /** Still good while tokens are exchanged for new ones. */
  readonly FASTLL_SECRET_PREVIOUS?: string;
  readonly PLAYBACK: string;
  /** Sites whose pages may read what the edge answers, with spaces between; `*` for any. */
  readonly ORIGINS: string;
  /** Where the edge listens on loopback for everyone there: the port on which browsers reach it themselves, or `any`. */
  readonly DIRECT_PORT?: string;
  readonly WAIT_FOR_ABSENT_SEGMENT: string;
  readonly TIME_DISPLACEMENT: string;
  /** `cache`: what viewers share is asked through the cached entrypoint; anything else: each asks the object. */
  readonly FAN_OUT: string;
  /** In which whatever stands in front says from where a viewer asks; empty where there is nothing. */
  readonly VIEWER_ADDRESS_HEADER: string;
}

/** A request on its way through the routes. */
export type EdgeContext = Context<{ Bindings: Env }>;
