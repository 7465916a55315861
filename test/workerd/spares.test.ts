/** Two agents on one camera, one of them a spare: exactly one of them makes each segment. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { VIEWERS_HEADER } from '../../protocol/headers.ts';
import { milliseconds } from '../../protocol/units.ts';
import { arrivalAt } from '../../worker/arrival.ts';
import { MAX_SPARES } from '../../worker/segment/state.ts';
import { Encoder, getOf, insideSegment, pass, PATIENCE, Reader, settled, stopTime } from './encoder.ts';
import { dueSegment, Put, pending, Viewer } from './support.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** Until the object has noticed that nothing has come for so long. */
const silence = (ms: number): Promise<void> => pass(ms * 1.25);

test('the spare waits, unread, and is told that the other one was first, and how many watch', async () => {
  const { path } = await dueSegment();
  const first = new Put(path, 'agent-1');
  await first.write('one ');
  const viewer = await Viewer.open(path);
  const spare = new Put(path, 'agent-2');
  // More than is under way between the two.
  const taken = spare.write(new Uint8Array(1_000_000)).catch(() => {});
  expect(await pending(taken)).toBe(true);
  expect(await pending(spare.response)).toBe(true);
  await first.write('two ');
  expect((await first.end()).status).toBe(201);
  const answer = await spare.response;
  expect(answer.status).toBe(409);
  expect(answer.headers.get(VIEWERS_HEADER)).toBe('1');
  expect(await viewer.whole()).toBe('one two ');
});

test('a spare that comes too late is told so at once, and how many watched', () =>
  insideSegment(async (segment) => {
    const first = new Encoder(segment, 'agent-1');
    first.write('one ');
    await first.end();
    await Reader.open(segment);
    const answer = await new Encoder(segment, 'agent-2').answer;
    expect([answer.status, answer.headers.get(VIEWERS_HEADER)]).toEqual([409, '1']);
  }));

test('a spare that leaves before its turn makes room for another', () =>
  insideSegment(async (segment) => {
    const first = new Encoder(segment, 'agent-1');
    first.write('one ');
    const spares = Array.from(
      { length: MAX_SPARES },
      (_, index) => new Encoder(segment, `spare-${index}`, { call: `call-${index}` }),
    );
    expect((await new Encoder(segment, 'one too many').answer).status).toBe(503);
    segment.leave('call-1');
    expect((await spares[1]!.answer).status).toBe(400);
    const another = new Encoder(segment, 'another');
    await first.end();
    expect((await another.answer).status).toBe(409);
  }));

describe('the spare takes over', () => {
  test("at once when the first one breaks off: who had its bytes fails, who comes gets the spare's", () =>
    insideSegment(async (segment) => {
      const first = new Encoder(segment, 'agent-1');
      const spare = new Encoder(segment, 'agent-2');
      spare.write('eins ');
      first.write('one ');
      const viewer = await Reader.open(segment);
      await settled();
      first.break();
      expect((await first.answer).status).toBe(400);
      expect(await viewer.end).toBe('cut off');
      expect(viewer.text).toBe('one ');
      const second = await Reader.open(segment);
      spare.write('zwei ');
      expect((await spare.end()).status).toBe(201);
      expect([await second.end, second.text]).toEqual(['whole', 'eins zwei ']);
    }));

  test('and the first one, sent again, has to wait in turn', () =>
    insideSegment(async (segment) => {
      const first = new Encoder(segment, 'agent-1');
      const spare = new Encoder(segment, 'agent-2');
      first.write('one ');
      await settled();
      first.break();
      await first.answer;
      const again = new Encoder(segment, 'agent-1');
      again.write('one two ');
      spare.write('eins ');
      await spare.end();
      expect((await again.answer).status).toBe(409);
      expect(await (await getOf(segment)).text()).toBe('eins ');
    }));

  test('when the first one breaks off before its first byte: nobody notices', () =>
    insideSegment(async (segment) => {
      const first = new Encoder(segment, 'agent-1');
      const viewer = await Reader.open(segment);
      const spare = new Encoder(segment, 'agent-2');
      await settled();
      first.break();
      spare.write('eins ');
      await spare.end();
      expect([await viewer.end, viewer.text]).toEqual(['whole', 'eins ']);
    }));

  test('when the first one has sent what can be no segment', () =>
    insideSegment(async (segment) => {
      const first = new Encoder(segment, 'agent-1');
      first.write('one ');
      await settled();
      const again = new Encoder(segment, 'agent-1');
      const spare = new Encoder(segment, 'agent-2');
      again.write('ONE ');
      expect((await again.answer).status).toBe(400);
      spare.write('eins ');
      expect((await spare.end()).status).toBe(201);
      expect(await (await getOf(segment)).text()).toBe('eins ');
    }));

  test('when the first one has fallen silent for longer than encoders that are well do', async () => {
    stopTime();
    await insideSegment(async (segment) => {
      const first = new Encoder(segment, 'agent-1');
      const spare = new Encoder(segment, 'agent-2');
      first.write('one ');
      const viewer = await Reader.open(segment);
      await settled();
      await pass(PATIENCE.withSpare);
      first.write('two ');
      await settled();
      await pass(PATIENCE.withSpare);
      expect(viewer.text).toBe('one two ');
      await silence(PATIENCE.withSpare);
      expect((await first.answer).status).toBe(409);
      expect(await viewer.end).toBe('cut off');
      spare.write('eins ');
      expect((await spare.end()).status).toBe(201);
      expect(await (await getOf(segment)).text()).toBe('eins ');
    });
  });

  test('also of one that was sent again meanwhile', async () => {
    stopTime();
    await insideSegment(async (segment) => {
      const first = new Encoder(segment, 'agent-1');
      const spare = new Encoder(segment, 'agent-2');
      first.write('one ');
      await settled();
      const again = new Encoder(segment, 'agent-1');
      again.write('one ');
      await settled();
      await silence(PATIENCE.withSpare);
      expect((await again.answer).status).toBe(409);
      spare.write('eins ');
      expect((await spare.end()).status).toBe(201);
    });
  });
});

describe('of several spares', () => {
  test('exactly one wins', () =>
    insideSegment(async (segment) => {
      const first = new Encoder(segment, 'agent-1');
      const spares = ['agent-2', 'agent-3', 'agent-4'].map((writer) => new Encoder(segment, writer));
      first.write('one ');
      await settled();
      first.break();
      for (const [index, spare] of spares.entries()) spare.write(`spare ${index} `);
      await settled();
      const viewer = await Reader.open(segment);
      const answers = await Promise.all(spares.map((spare) => spare.end()));
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409]);
      const winner = answers.findIndex(({ status }) => status === 201);
      expect([await viewer.end, viewer.text]).toEqual(['whole', `spare ${winner} `]);
    }));

  test('one that is gone does not win: the next one does', () =>
    insideSegment(async (segment) => {
      const first = new Encoder(segment, 'agent-1');
      const gone = new Encoder(segment, 'agent-2');
      const spare = new Encoder(segment, 'agent-3');
      first.write('one ');
      gone.write('half a ');
      await settled();
      gone.break();
      first.break();
      spare.write('eins ');
      expect((await gone.answer).status).toBe(400);
      expect((await spare.end()).status).toBe(201);
      expect(await (await getOf(segment)).text()).toBe('eins ');
    }));

  test('one that says nothing when its turn has come does not keep it', async () => {
    stopTime();
    await insideSegment(async (segment) => {
      const first = new Encoder(segment, 'agent-1');
      const silent = new Encoder(segment, 'agent-2');
      const spare = new Encoder(segment, 'agent-3');
      first.write('one ');
      await settled();
      first.break();
      await settled();
      await silence(PATIENCE.withSpare);
      expect((await silent.answer).status).toBe(409);
      spare.write('eins ');
      expect((await spare.end()).status).toBe(201);
    });
  });

  test(`${MAX_SPARES} may wait, one more is refused`, () =>
    insideSegment(async (segment) => {
      const first = new Encoder(segment, 'agent-1');
      const spares = Array.from({ length: MAX_SPARES }, (_, index) => new Encoder(segment, `spare-${index}`));
      await settled();
      const refused = await new Encoder(segment, 'one-more').answer;
      expect(refused.status).toBe(503);
      expect(await refused.json()).toEqual({
        error: "expected at most 4 encoders that wait for another one's segment, got one more",
      });
      await first.end();
      for (const spare of spares) expect((await spare.answer).status).toBe(409);
    }));
});

test('where the last one wins, nobody waits', () =>
  insideSegment(async (segment) => {
    const first = new Encoder(segment, 'run-1', { precedence: 'last wins' });
    first.write('one ');
    await settled();
    const second = new Encoder(segment, 'run-2', { precedence: 'last wins' });
    expect((await first.answer).status).toBe(409);
    second.write('eins ');
    await second.end();
    expect(await (await getOf(segment)).text()).toBe('eins ');
  }));

test.for(['', 'one '])('a segment that is deleted is there for the spare to make: of "%s"', (sent) =>
  insideSegment(async (segment) => {
    const first = new Encoder(segment, 'agent-1');
    const spare = new Encoder(segment, 'agent-2');
    if (sent !== '') first.write(sent);
    const viewer = await Reader.open(segment);
    await settled();
    segment.remove(arrivalAt(milliseconds(Date.now())));
    expect((await first.answer).status).toBe(409);
    expect(await viewer.end).toBe('cut off');
    spare.write('eins ');
    expect((await spare.end()).status).toBe(201);
  }),
);
