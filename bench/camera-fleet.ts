import { startCamera } from '../test/fixtures/camera/camera.ts';

/**
 * Many cameras in a process of their own, so that what they cost is nobody else's: `node bench/camera-fleet.ts FILE COUNT
 * FPS` prints the URLs of so many that show the FLV file again and again, as a line of JSON.
 */
const [file = '', count = '', fps = ''] = process.argv.slice(2);
const cameras = Array.from({ length: Number(count) }, () => startCamera({ recorded: file, fps: Number(fps) }));
const urls = (await Promise.all(cameras)).map(({ url }) => url);
process.stdout.write(`${JSON.stringify(urls)}\n`);
