import type { StreamConfig } from '../config/schema.ts';
import { HARDWARE, NAMES, type Hardware } from '../encoders/encoder.ts';
import { Encoders, textOf } from '../encoders/encoders.ts';
import type { Trial, TrialOptions } from '../encoders/trial.ts';
import { about, type Finding } from './finding.ts';

/** What comes of trying each encoder there may be, with the devices that streams name. */
export async function encoderFindings(streams: readonly StreamConfig[], options: TrialOptions): Promise<Finding[]> {
  const encoders = new Encoders(options);
  const named = streams.flatMap(({ device }) => (device === undefined ? [] : [device]));
  const devices = [undefined, ...new Set(named)];
  const trials = new Set<Trial>();
  const findings: Finding[] = [];
  for (const kind of HARDWARE) {
    for (const device of devices) {
      const trial = await encoders.trial(kind, device);
      options.signal.throwIfAborted();
      if (trials.has(trial)) continue;
      trials.add(trial);
      const users = streams.filter((stream) => stream.encoder === kind && stream.device === device);
      findings.push(
        encoderFinding(
          kind,
          trial,
          users.map(({ stream }) => stream),
        ),
      );
    }
  }
  return findings;
}

/** Pure. @param users streams that name it */
export function encoderFinding(kind: Hardware, { encoder, verdict }: Trial, users: readonly string[]): Finding {
  const finding = about('ffmpeg', kind);
  const on = encoder?.device === undefined ? '' : ` on ${encoder.device}`;
  const figures = {
    encoder: kind,
    verdict: verdict.kind,
    ...(encoder?.device === undefined ? {} : { device: encoder.device }),
  };
  switch (verdict.kind) {
    case 'fits':
      return finding.fine(`${NAMES[kind]}${on} can encode: ${textOf(verdict)}`, figures);
    case 'late': {
      const text = `${NAMES[kind]}${on} can encode, but ${textOf(verdict)}: "auto" leaves it out`;
      return users.length === 0 ? finding.fine(text, figures) : finding.warning(text, figures);
    }
    case 'unfit': {
      const text = `${NAMES[kind]}${on} can't encode: ${textOf(verdict)}`;
      if (users.length === 0) return finding.fine(text, figures);
      return finding.warning(`${text}; software encodes ${users.join(', ')} instead`, figures);
    }
  }
}
