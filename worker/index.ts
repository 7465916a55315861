import { routes } from './routes.ts';

export { Directory } from './directory.ts';
export { Segment } from './segment/object.ts';
export { Shield } from './shield/entrypoint.ts';
export { Stream } from './stream/object.ts';

/** Nothing but `fetch`: whatever else a default export has can be called through a service binding. */
export default { fetch: routes.fetch };
