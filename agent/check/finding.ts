/** What a check has found: one thing, in a sentence. */
export interface Finding {
  readonly topic: Topic;
  /** Whose it is, for people: the stream's name, or what the topic is called. */
  readonly subject: string;
  readonly level: Level;
  /** Of a problem it says what to do, after a colon. */
  readonly message: string;
  /** What was measured, for machines. */
  readonly figures?: Figures;
}

export type Topic = 'configuration' | 'ffmpeg' | 'camera' | 'edge' | 'clock' | 'token' | 'way' | 'trial';
/** `warning`: it works, but not as well as it could. `broken`: with this no picture comes, or none that is live. */
export type Level = 'fine' | 'warning' | 'broken';
export type Figures = Readonly<Record<string, string | number | boolean | readonly number[]>>;

/** Makes findings about one thing. */
export function about(topic: Topic, subject: string): Record<Level, (message: string, figures?: Figures) => Finding> {
  const at = (level: Level) => (message: string, figures?: Figures) => ({
    topic,
    subject,
    level,
    message,
    ...(figures === undefined ? {} : { figures }),
  });
  return { fine: at('fine'), warning: at('warning'), broken: at('broken') };
}
