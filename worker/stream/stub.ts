import type { StreamName } from '../../protocol/names.ts';
import type { Env } from '../env.ts';
import type { Stream } from './object.ts';

/** The object of one stream. */
export const streamOf = (env: Env, stream: StreamName): DurableObjectStub<Stream> => env.STREAM.getByName(stream);
