/**
 * Units as types, so that a duration in seconds can't be passed where ticks are meant.
 * Converters stand beside the unit they make.
 */
declare const unit: unique symbol;
type Unit<Name extends string> = number & { readonly [unit]: Name };

/** Seconds; as a point in time, seconds since 1970-01-01T00:00:00Z. */
export type Seconds = Unit<'seconds'>;

/** Milliseconds; as a point in time, milliseconds since 1970-01-01T00:00:00Z. */
export type Milliseconds = Unit<'milliseconds'>;

/** Ticks of the media timescale, {@link TIMESCALE} a second. An epoch time in ticks is exact up to the year 5138. */
export type Ticks = Unit<'ticks'>;

/** Media timescale of every track: divides evenly by the usual frame rates and by a millisecond. */
export const TIMESCALE = 90_000;

export const seconds = (value: number): Seconds => value as Seconds;
export const milliseconds = (value: number): Milliseconds => value as Milliseconds;
export const ticks = (value: number): Ticks => value as Ticks;

export const secondsOfMilliseconds = (value: Milliseconds): Seconds => seconds(value / 1000);
export const millisecondsOfSeconds = (value: Seconds): Milliseconds => milliseconds(value * 1000);
export const ticksOfSeconds = (value: Seconds): Ticks => ticks(Math.round(value * TIMESCALE));
export const ticksOfMilliseconds = (value: Milliseconds): Ticks => ticks(Math.round(value * (TIMESCALE / 1000)));
export const millisecondsOfTicks = (value: Ticks): Milliseconds => milliseconds(value / (TIMESCALE / 1000));
export const secondsOfTicks = (value: Ticks): Seconds => seconds(value / TIMESCALE);
