/** Of an execution context. */
export interface Behind {
  readonly waitUntil: (promise: Promise<unknown>) => void;
}

/**
 * Lets a request do what its answer does not wait for. Where that fails nothing is said: what comes next asks the same
 * object, and is told.
 */
export const behind = (context: Behind, work: Promise<unknown>): void => context.waitUntil(work.catch(() => {}));
