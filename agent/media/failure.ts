/**
 * Why a camera, or what decodes it, can't go on: data, that whoever has to decide can switch over. `message` is for
 * people: a sentence that says what to do, and holds no URL and no credentials.
 */
export interface Failure {
  readonly kind:
    /** User name or password are refused, or may not see this: trying again soon won't help, and cameras lock out who does. */
    | 'credentials'
    /** It doesn't answer, or is not there. */
    | 'unreachable'
    /** It serves as many as it can (RTSP 453, 503). */
    | 'busy'
    /** It has no such path. */
    | 'absent'
    /** It sends nothing, or nothing more. */
    | 'silent'
    /** What was opened has come to its end: a file, or a program that sent. */
    | 'ended'
    /** What it says can't be understood, or can't be used this way: another way may do. */
    | 'unusable'
    /** Times of frames went astray, or this machine's clock was set: nothing is wrong with it, it is to be started anew. */
    | 'clock'
    /** The program that decodes or encodes. */
    | 'encoder'
    | 'other';
  readonly message: string;
}
