import { describe, expect, test } from 'vitest';
import * as address from '../../worker/player/address.ts';

describe.for(['https://edge.example', 'http://192.168.1.5:8000', 'https://example.org/cameras', 'https://a.b/c/d'])(
  'at %s',
  (edge) => {
    test('a player finds the edge, and is who it was', () => {
      const page = address.readAddress(new URL(`${edge}/front-kitchen/?token=a.b%2Bc&target=300`));
      expect(page).toEqual({
        edge: `${edge}/`,
        part: 'front-kitchen',
        stream: 'front',
        token: 'a.b+c',
        targetMs: 300,
      });
      expect(address.manifestUrl(page)).toBe(`${edge}/front-kitchen/manifest.mpd?token=a.b%2Bc`);
      expect(address.streamUrl(page)).toBe(`${edge}/api/streams/front?token=a.b%2Bc`);
      expect(address.wallUrl(page)).toBe(`${edge}/?token=a.b%2Bc`);
      expect(address.clockUrl(page)).toBe(`${edge}/isotime`);
    });

    test('the wall finds the edge, and the players', () => {
      const wall = address.readWallAddress(new URL(`${edge}/?token=`));
      expect(wall).toEqual({ edge: `${edge}/`, token: undefined });
      expect(address.streamsUrl(wall)).toBe(`${edge}/api/streams`);
      expect(address.playerUrl(wall, 'front')).toBe(`${edge}/front/`);
      expect(address.clockUrl(wall)).toBe(`${edge}/isotime`);
    });
  },
);

test.for(['', '19', '60001', 'x', '-5', 'NaN'])('a target of "%s" ms is none', (target) => {
  expect(address.readAddress(new URL(`https://edge/front/?target=${target}`)).targetMs).toBeUndefined();
});
