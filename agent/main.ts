import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import packageJson from '../package.json' with { type: 'json' };
import { seconds } from '../protocol/units.ts';
import { check } from './check/check.ts';
import { systemClock } from './clock.ts';
import { printCost } from './commands/cost.ts';
import { demoConfig } from './commands/demo.ts';
import { runEdge } from './commands/edge.ts';
import { run } from './commands/run.ts';
import type { Surroundings } from './commands/surroundings.ts';
import { makeToken } from './commands/token.ts';
import { parseCredential, secretSchema } from './config/credentials.ts';
import { loadConfig } from './config/load.ts';
import { siteSchema } from './config/schema.ts';
import { DATA_CENTRES } from './cost/prices.ts';
import { BAD_INPUT, messageOf, UserError } from './errors.ts';
import { holdLifeline } from './lifeline.ts';
import { MASK } from './redact/mask.ts';
import { Redactor } from './redact/redactor.ts';
import { endOnUncaught } from './uncaught.ts';

/** The command line. The clock, the environment and the signals of the world come in here and nowhere else. */
const ending = new AbortController();
const redactor = new Redactor();
redactor.add(process.env['FASTLL_SECRET'], process.env['FASTLL_TOKEN']);
endOnUncaught(redactor);
const around: Surroundings = {
  environment: process.env,
  clock: systemClock,
  redactor,
  signal: ending.signal,
  isTerminal: process.stdout.isTTY,
  print: (line) => process.stdout.write(`${line}\n`),
};

holdLifeline();

/** How long the process may go on when its command has ended. */
const LAST_WORDS_MS = 2000;
/** One Ctrl-C comes more than once: from the terminal, from npm, and again from libraries that clean up. */
const SAME_SIGNAL_MS = 500;
let askedAt: number | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    askedAt ??= systemClock.monotonic();
    // The second time means it.
    if (systemClock.monotonic() - askedAt > SAME_SIGNAL_MS) process.exit(1);
    ending.abort();
  });
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535) throw new InvalidArgumentError('expected 0 to 65535');
  return value;
}

/** One more site of an option that takes several. */
function site(text: string, before: readonly string[] | undefined): string[] {
  const parsed = siteSchema.safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError(parsed.error.issues[0]?.message ?? '');
  return [...(before ?? []), parsed.data];
}

/** A number of a command line within bounds. */
const between =
  (least: number, most: number, whole = false) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() !== '' && value >= least && value <= most && !(whole && !Number.isInteger(value))) return value;
    throw new InvalidArgumentError(`expected ${whole ? 'a whole number, ' : ''}${least} to ${most}`);
  };

/** Not by commander, whose message would tell it. @throws UserError */
const secretIn = ({ secret }: { readonly secret?: string | undefined }): string | undefined =>
  secret === undefined ? undefined : parseCredential('--secret', secretSchema, secret);

const verbose = new Option('-v, --verbose', 'log what goes on in detail').default(false);
const json = new Option('--json', 'log JSON lines').default(false);
const host = new Option('--host <address>', 'address to listen on').default('127.0.0.1');
const portOption = new Option('--port <number>', 'port to listen on').argParser(port).default(8000);

const program = new Command('fast-ll')
  .description('RTSP cameras as live video in any browser, a fraction of a second behind reality.')
  .version(packageJson.version)
  .usage('[run] -c config.json | <command> [options]')
  .configureOutput({ outputError: (text, write) => write(text.replace(/(unknown option '[^=']+=).*'/, `$1${MASK}'`)) })
  .showHelpAfterError('(see --help)')
  .exitOverride((error) => {
    throw error.exitCode === 0 ? error : new UserError('', BAD_INPUT);
  });

program
  .command('run', { isDefault: true })
  .description('run the streams of a configuration')
  .requiredOption('-c, --config <file>', 'configuration of Fast-ll')
  .addOption(verbose)
  .addOption(json)
  .action(async (options) => run(await loadConfig(options.config), options, around));

program
  .command('check')
  .description('try what a configuration needs: FFmpeg, the cameras, the edge and the way to it')
  .requiredOption('-c, --config <file>', 'configuration of Fast-ll')
  .option(
    '--thorough',
    'try an edge elsewhere for a minute: long bodies, cut ones, many viewers, how long segments stay',
    false,
  )
  .option('--json', 'print one JSON document', false)
  .action(async (options) => {
    process.exitCode = await check(await loadConfig(options.config), options, around);
  });

program
  .command('demo')
  .description('run one generated camera on this machine')
  .addOption(host)
  .addOption(portOption)
  .addOption(verbose)
  .addOption(json)
  .action((options) => run(demoConfig(options), options, around));

program
  .command('edge')
  .description('run the embedded edge alone')
  .addOption(host)
  .addOption(portOption)
  .option('--secret <text>', 'signs tokens (default: FASTLL_SECRET, or one made for this run)')
  .addOption(
    new Option('--playback <who>', 'who may play').choices(['open', 'token'] as const).default('open' as const),
  )
  .addOption(
    new Option('--origin <site...>', 'other sites whose pages may read what it answers, "*" for any').argParser(site),
  )
  .addOption(verbose)
  .addOption(json)
  .action((options) => runEdge({ ...options, secret: secretIn(options) }, around));

program
  .command('token')
  .description('print a token')
  .requiredOption('--stream <name>', 'the stream it is for, or "*" for all')
  .option('--play', 'to watch')
  .option('--publish', 'to publish (and watch)')
  .option('--expires <duration>', 'how long it is good, like 90s, 15m, 1h or 30d', '1h')
  .option('--secret <text>', "the edge's secret (default: FASTLL_SECRET)")
  .action((options) => makeToken({ ...options, secret: secretIn(options) }, around));

program
  .command('cost')
  .description('print what a deployment at Cloudflare would cost, and where its limits are')
  .addOption(new Option('--cameras <number>', 'how many').argParser(between(1, 1e6, true)).makeOptionMandatory())
  .addOption(new Option('--viewers <number>', 'at one time').argParser(between(0, 1e9, true)).makeOptionMandatory())
  .addOption(new Option('--hours <number>', 'a day that they watch').argParser(between(0, 24)).default(24))
  .addOption(
    new Option('--watched <share>', 'of the cameras in those hours, 0 to 1').argParser(between(1e-6, 1)).default(1),
  )
  .option('--always-on', 'cameras run while nobody watches, too', false)
  .addOption(new Option('--qualities <number>', 'of each camera').argParser(between(1, 10, true)).default(1))
  .addOption(new Option('--bitrate <kbit/s>', 'of each quality').argParser(between(1, 100_000)).default(2000))
  .addOption(new Option('--segment <seconds>', 'segmentDuration').argParser(between(0.1, 60)).default(1))
  .addOption(new Option('--time-shift <seconds>', 'timeShift').argParser(between(0, 3600)).default(30))
  .addOption(
    new Option('--data-centres <number>', 'that viewers come in through, at most')
      .argParser(between(1, 10_000, true))
      .default(DATA_CENTRES),
  )
  .option('--json', 'print one JSON document', false)
  .action(({ segment, timeShift, ...options }) => {
    printCost({ ...options, segmentDuration: seconds(segment), timeShift: seconds(timeShift) }, around);
  });

try {
  await program.parseAsync();
} catch (error) {
  const known = error instanceof UserError;
  const help = error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');
  const message = help ? '' : redactor.redact(messageOf(error));
  if (message !== '') process.stderr.write(`fast-ll: ${message}\n`);
  process.exitCode = help ? 0 : known ? error.exitCode : 1;
}
// It has done what it was asked for: whatever is left must not keep it, but may write its last words.
setTimeout(() => process.exit(), LAST_WORDS_MS).unref();
