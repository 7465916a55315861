import type { Env as Bindings } from '../../worker/env.ts';
import type * as worker from '../../worker/index.ts';

/** What `cloudflare:workers` hands the tests: the Worker's own exports, and what wrangler.toml binds. */
declare global {
  namespace Cloudflare {
    interface GlobalProps {
      mainModule: typeof worker;
    }
    interface Env extends Bindings {}
  }
}
