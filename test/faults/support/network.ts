import { execa } from 'execa';

/** Why there can be no network namespaces; undefined where there can. */
export const noNetwork: string | undefined = await whyNot();
if (noNetwork !== undefined) console.warn(`skipped what needs a network of its own: ${noNetwork}`);

async function whyNot(): Promise<string | undefined> {
  for (const [command = '', ...args] of [
    ['iptables', '-V'],
    ['ip', 'netns', 'add', 'fast-ll-try'],
  ]) {
    const { failed, shortMessage } = await execa(command, args, { reject: false });
    if (failed) return shortMessage;
  }
  await execa('ip', ['netns', 'del', 'fast-ll-try']);
  return undefined;
}

/**
 * A network namespace with one line out, to this machine: a place with cameras and an uplink that can go away, without
 * a word to either side.
 */
export class Network implements AsyncDisposable {
  readonly name: string;
  /** This machine, as it is reached from there. */
  readonly gateway: string;

  private constructor(name: string, gateway: string) {
    this.name = name;
    this.gateway = gateway;
  }

  static async create(): Promise<Network> {
    const id = Math.floor(Math.random() * 60_000);
    const [name, subnet] = [`fast-ll-${id}`, `10.${200 + (id >> 14)}.${(id >> 6) & 255}.${(id & 63) * 4}`];
    const address = (host: number): string => subnet.replace(/\d+$/, (last) => String(Number(last) + host));
    const [near, far] = [`fll${id}a`, `fll${id}b`];
    await ip(`netns add ${name}`);
    await ip(`link add ${near} type veth peer name ${far} netns ${name}`);
    await ip(`addr add ${address(1)}/30 dev ${near}`);
    await ip(`link set ${near} up`);
    await ip(`-n ${name} addr add ${address(2)}/30 dev ${far}`);
    await ip(`-n ${name} link set ${far} up`);
    await ip(`-n ${name} link set lo up`);
    return new Network(name, address(1));
  }

  /** From now on packets are lost, both ways, and nobody is told. */
  async cut(): Promise<void> {
    for (const chain of ['INPUT', 'OUTPUT']) await this.#iptables(`-A ${chain} -j DROP`);
  }

  async mend(): Promise<void> {
    await this.#iptables('-F');
  }

  async #iptables(args: string): Promise<void> {
    await execa('ip', ['netns', 'exec', this.name, 'iptables', ...args.split(' ')]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await ip(`netns del ${this.name}`);
  }
}

const ip = (args: string): Promise<unknown> => execa('ip', args.split(' '));
