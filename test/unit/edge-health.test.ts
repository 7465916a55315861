import { describe, expect, it } from 'vitest';
import { Health, type Pulse } from '../../agent/embedded-edge/health.ts';
import { milliseconds } from '../../protocol/units.ts';

/** When an edge is started anew that answers so, each second. */
function restartsOf(pulses: readonly Pulse[]): number[] {
  const health = new Health();
  return pulses.flatMap((pulse, second) => (health.note(pulse, milliseconds(1000 * second)) ? [second] : []));
}

const for_ = (seconds: number, pulse: Pulse): Pulse[] => Array.from({ length: seconds }, () => pulse);

describe('an embedded edge', () => {
  it('that fails is started anew after 10 s, then after twice as long, and so on up to 5 minutes', () => {
    expect(restartsOf(for_(1300, 'failed'))).toEqual([10, 30, 70, 150, 310, 610, 910, 1210]);
  });

  it('that says nothing has twice as long', () => {
    expect(restartsOf(for_(61, 'silent'))).toEqual([20, 60]);
  });

  it('that answers now and then is left alone', () => {
    expect(restartsOf([...for_(10, 'failed'), 'well', ...for_(10, 'failed'), 'well', ...for_(10, 'silent')])).toEqual(
      [],
    );
  });

  it('that fails again soon after a restart has to wait, unless it was well for a minute', () => {
    expect(restartsOf([...for_(11, 'failed'), ...for_(30, 'well'), ...for_(21, 'failed')])).toEqual([10, 61]);
    expect(restartsOf([...for_(11, 'failed'), ...for_(61, 'well'), ...for_(21, 'failed')])).toEqual([10, 82]);
  });
});
