import { BAD_INPUT, UserError } from '../errors.ts';
import { seconds, type Seconds } from '../../protocol/units.ts';

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** `90s`, `15m`, `1h`, `30d`. @throws UserError */
export function parseLife(text: string): Seconds {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined || Number(amount) <= 0) {
    throw new UserError(`expected a duration like 90s, 15m, 1h or 30d, got "${text}"`, BAD_INPUT);
  }
  return seconds(Number(amount) * UNITS[unit as keyof typeof UNITS]);
}
