import { TcpClient } from '../../support/socket-client.ts';
import { ConfinedProcess, type Confinement } from './confined-process.ts';

/** EX_TEMPFAIL: what tells a supervisor to start the program again. */
const RESTART = 75;

/** The commands of operators, run in the image as its user, beside the gateway that runs in it. */
export class OperatorCommands {
  readonly #confinement: Confinement;
  readonly #key: string;
  readonly faults: string[] = [];

  private constructor(confinement: Confinement, key: string) {
    const { env } = confinement;
    const own = {
      GATEHOUSE_API_KEY: key,
      GATEHOUSE_URL: `http://127.0.0.1:${env['PORT']}`,
      GATEHOUSE_MANAGEMENT_URL: `http://127.0.0.1:${env['MANAGEMENT_PORT']}`,
    };
    this.#confinement = { ...confinement, env: { ...env, ...own } };
    this.#key = key;
  }

  /** Makes the first key, on the volume, before anything runs. */
  static async withKey(confinement: Confinement): Promise<OperatorCommands> {
    const args = ['gatehouse', 'keys', 'create', 'operator', '--role', 'admin', '--local', '--json'];
    const creation = new ConfinedProcess(confinement, args);
    const code = await creation.end();
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${creation.output}`);
    return new OperatorCommands(confinement, (JSON.parse(creation.output) as { key: string }).key);
  }

  /** Of a gateway that goes on. */
  async look(): Promise<void> {
    const client = await TcpClient.open(Number(this.#confinement.env['TCP_PORT']), this.#key);
    try {
      await Promise.all([
        this.#expect(['mcp-health', '--json'], '"status": "healthy"'),
        this.#expect(['mcp-connections', '--json'], '"door": "tcp"'),
        this.#expect(['gatehouse', 'keys', 'list', '--json'], '"name": "operator"'),
        this.#expect(['gatehouse', 'doctor', '--json'], '"text": "it runs, and is ready"'),
      ]);
    } finally {
      client.drop();
      await client.over;
    }
  }

  /** Asks the gateway to restart, and starts it again as a supervisor would, once it has ended for that. */
  async restart(gateway: ConfinedProcess, start: () => Promise<ConfinedProcess>): Promise<ConfinedProcess> {
    const asked = this.#expect(['mcp-restart', '--json'], '"restarted": true');
    // A restart that is refused ends nothing.
    await Promise.race([asked, gateway.end()]);
    if (!gateway.hasEnded) return gateway;
    const code = await gateway.end();
    if (code !== RESTART)
      this.faults.push(`mcp-restart ended it with ${code}: ${gateway.output.slice(-500)}`);
    const again = await start();
    await asked;
    await this.#expect(['mcp-security-audit', '--json'], '"event":"gateway_restart"');
    return again;
  }

  async #expect(args: readonly string[], said: string): Promise<void> {
    const command = new ConfinedProcess(this.#confinement, args);
    const code = await command.end();
    if (code !== 0 || !command.output.includes(said))
      this.faults.push(`${args.join(' ')} ended with ${code}: ${command.output.slice(-1_000)}`);
  }
}
