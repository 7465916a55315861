/** What the isolate asks once for all who want to know. */
import { expect, test, vi } from 'vitest';
import { milliseconds } from '../../protocol/units.ts';
import { Kept } from '../../worker/kept.ts';

const FRESH = milliseconds(1000);
const at = (ms: number) => milliseconds(1e12 + ms);

/** One whose answers are given by hand. */
class Source {
  readonly asked: PromiseWithResolvers<string>[] = [];
  readonly ask = (): Promise<string> => {
    const question = Promise.withResolvers<string>();
    this.asked.push(question);
    return question.promise;
  };
}

test('many at one time are one question', async () => {
  const source = new Source();
  const kept = new Kept<string>(FRESH);
  const all = Promise.all(Array.from({ length: 50 }, () => kept.get(at(0), source.ask)));
  source.asked[0]!.resolve('a');
  expect(new Set(await all)).toEqual(new Set(['a']));
  expect(source.asked).toHaveLength(1);
});

test('an answer serves until it is old, and then who comes first asks again', async () => {
  const source = new Source();
  const kept = new Kept<string>(FRESH);
  const first = kept.get(at(0), source.ask);
  source.asked[0]!.resolve('a');
  expect([await first, await kept.get(at(999), source.ask)]).toEqual(['a', 'a']);
  const second = kept.get(at(1000), source.ask);
  source.asked[1]!.resolve('b');
  expect([await second, await kept.get(at(1001), source.ask)]).toEqual(['b', 'b']);
});

test('a clock that was set back does not make an old answer new', async () => {
  const source = new Source();
  const kept = new Kept<string>(FRESH);
  const first = kept.get(at(60_000), source.ask);
  source.asked[0]!.resolve('a');
  await first;
  void kept.get(at(0), source.ask).catch(() => {});
  expect(source.asked).toHaveLength(2);
});

test('a question that fails fails for who asked, and the next one asks', async () => {
  const source = new Source();
  const kept = new Kept<string>(FRESH);
  const first = kept.get(at(0), source.ask);
  const second = kept.get(at(0), source.ask);
  source.asked[0]!.reject(new Error('overloaded'));
  await expect(first).rejects.toThrow('overloaded');
  await vi.waitFor(() => expect(source.asked).toHaveLength(2));
  source.asked[1]!.resolve('b');
  expect(await second).toBe('b');
});

test('who asked may go away, and is not waited for for ever', async () => {
  const wait = vi.spyOn(scheduler, 'wait').mockImplementation(async () => {});
  const source = new Source();
  const kept = new Kept<string>(FRESH);
  void kept.get(at(0), source.ask);
  const others = Promise.all(Array.from({ length: 5 }, () => kept.get(at(10), source.ask)));
  while (source.asked.length < 2) await Promise.resolve();
  source.asked[1]!.resolve('b');
  expect(new Set(await others)).toEqual(new Set(['b']));
  expect(source.asked).toHaveLength(2);
  wait.mockRestore();
});

test('it is told what was known before', async () => {
  const kept = new Kept<number>(FRESH);
  const count = (before: number | undefined): Promise<number> => Promise.resolve((before ?? 0) + 1);
  expect(await kept.get(at(0), count)).toBe(1);
  expect(await kept.get(at(2000), count)).toBe(2);
});
