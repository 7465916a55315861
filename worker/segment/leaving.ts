import { behind, type Behind } from '../behind.ts';

/** What of a Segment object is told that somebody has left. */
export interface Left {
  readonly leave: (call: string) => Promise<void>;
}

/**
 * Makes a call that may wait in a Segment object, and tells the object when whoever it is for has gone meanwhile: by
 * itself it notices that only when there is something to be sent. Not all who go are noticed: one who closes a connection
 * to workerd looks like one who has nothing more to say.
 *
 * @param call is told a name for it, by which the object knows it
 */
export async function whileThere<T>(
  segment: Left,
  { signal }: Request,
  context: Behind,
  call: (name: string, leave: () => void) => Promise<T>,
): Promise<T> {
  const name = crypto.randomUUID();
  const leave = (): void => behind(context, segment.leave(name));
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await call(name, leave);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
