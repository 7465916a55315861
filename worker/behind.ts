/**
 * Lets a request do what its answer does not wait for. Where that fails nothing is said: what comes next asks the same
 * object, and is told.
 */
export const behind = (context: Pick<ExecutionContext, 'waitUntil'>, work: Promise<unknown>): void =>
  context.waitUntil(work.catch(() => {}));
