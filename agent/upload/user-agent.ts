import type { Dispatcher } from 'undici';
import packageJson from '../../package.json' with { type: 'json' };

/** Who asks (RFC 9110, 10.1.5): what has no name is taken for a robot by what stands before many an edge. */
export const USER_AGENT = `fast-ll/${packageJson.version}`;

/** Says so with every request, WebSockets' included, whatever they say themselves. */
export const withUserAgent: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) =>
  dispatch({ ...options, headers: named(options.headers) }, handler);

function named(headers: Dispatcher.DispatchOptions['headers']): Record<string, string | string[] | undefined> {
  const others = Object.entries((headers ?? {}) as Record<string, string | string[] | undefined>);
  return Object.fromEntries([
    ...others.filter(([name]) => name.toLowerCase() !== 'user-agent'),
    ['user-agent', USER_AGENT],
  ]);
}
