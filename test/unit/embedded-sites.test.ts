import { describe, expect, test } from 'vitest';
import { configSchema } from '../../agent/config/schema.ts';
import { siteBindings, type SiteOptions } from '../../agent/embedded-edge/sites.ts';

const NEAR: SiteOptions = { host: '127.0.0.1', port: 8000, https: undefined, playback: 'open' };

test.for<[what: string, options: Partial<SiteOptions>, expected: Record<string, string>]>([
  ['everyone on this machine', {}, { ORIGINS: '', DIRECT_PORT: '8000' }],
  ['the same, under its name', { host: 'localhost' }, { ORIGINS: '', DIRECT_PORT: '8000' }],
  ['the same, on a port that is free', { host: '::1', port: 0 }, { ORIGINS: '', DIRECT_PORT: 'any' }],
  ['everyone on this network', { host: '0.0.0.0' }, { ORIGINS: '' }],
  ['everyone, by a name that has a certificate', { https: {} }, { ORIGINS: '' }],
  ['who has a token', { playback: 'token' }, { ORIGINS: '*' }],
  [
    'who has a token, on some sites',
    { playback: 'token', origins: ['https://a.example'] },
    { ORIGINS: 'https://a.example' },
  ],
  [
    'everyone on this machine, and on some sites',
    { origins: ['https://a.example', 'http://b.example:81'] },
    { ORIGINS: 'https://a.example http://b.example:81', DIRECT_PORT: '8000' },
  ],
  ['everyone, on any site', { origins: ['*'] }, { ORIGINS: '*' }],
])('open to %s', ([, options, expected]) => {
  expect(siteBindings({ ...NEAR, ...options })).toEqual(expected);
});

describe('"origins"', () => {
  const parse = (site: unknown) => configSchema.safeParse({ host: 'h', port: 1, streams: 's', origins: [site] });

  test.for([
    ['*', '*'],
    ['https://player.example', 'https://player.example'],
    ['https://PLAYER.example:443/', 'https://player.example'],
    ['http://192.168.1.9:3000', 'http://192.168.1.9:3000'],
    ['http://[::1]:3000', 'http://[::1]:3000'],
  ])('may be %s', ([site, origin]) => {
    expect(parse(site).data?.origins).toEqual([origin]);
  });

  test.for([
    '',
    'player.example',
    'null',
    'https://',
    'https://a.example/player',
    'https://a b',
    'ftp://a',
    5,
    'https://u@a',
  ])('may not be %s', (site) => {
    const { error } = parse(site);
    expect(error?.issues[0]?.path).toEqual(['origins', 0]);
    if (typeof site === 'string') expect(error?.issues[0]?.message).toMatch(/^expected "\*" or a site like https:/);
  });
});
