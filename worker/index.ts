import { routes } from './routes.ts';

export { Directory } from './directory.ts';
export { Segment } from './segment/object.ts';
export { Stream } from './stream/object.ts';

export default routes;
