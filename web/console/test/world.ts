/** The real binary: a gateway and an enforcer, with a home each. */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const BINARY = process.env.COUNTERSIGN ?? fileURLToPath(new URL("../../../../target/debug/countersign", import.meta.url));

/** A policy that asks about everything. */
const HOLD_EVERYTHING =
  'version = 1\n\n[[rule]]\nid = "hold-everything"\ndecision = "require_approval"\napprovers = ["anyone"]\n';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs, and what it says. */
export class Process {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #stdout = "";
  #stderr = "";
  readonly #ended: Promise<Ended>;

  constructor(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv) {
    this.#child = spawn(program, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
    const { stdout, stderr } = this.#child;
    if (stdout === null || stderr === null) throw new Error("no pipes");
    stdout.setEncoding("utf8").on("data", (text: string) => (this.#stdout += text));
    stderr.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    this.#ended = new Promise((resolve, reject) => {
      this.#child.on("error", reject);
      this.#child.on("close", (code) => resolve({ code, stdout: this.#stdout, stderr: this.#stderr }));
    });
    this.#ended.catch(() => undefined);
  }

  /** The next line of standard output. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`it ended: ${JSON.stringify(await this.#ended)}`);
    return value;
  }

  /** Waits until it said something, and gives what matched. */
  async says(what: RegExp): Promise<RegExpExecArray> {
    for (let tries = 0; tries < 2_400; tries += 1) {
      const found = what.exec(this.#stdout + this.#stderr);
      if (found !== null) return found;
      await new Promise((done) => setTimeout(done, 25));
    }
    throw new Error(`it never said ${what}: ${this.#stdout}${this.#stderr}`);
  }

  /** What it said on standard output so far. */
  said(): string {
    return this.#stdout;
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** All that it is told: its standard input ends there. */
  tell(text: string): void {
    this.#child.stdin?.end(text);
  }

  end(): Promise<Ended> {
    return this.#ended;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}

/** What a world begins with. */
export interface Opening {
  /** Whether a gateway runs. */
  readonly gateway?: boolean;
  /** A policy that is accepted; without it one that nobody accepted asks about everything. */
  readonly accepted?: string;
}

export class World {
  readonly #folder = mkdtempSync(join(tmpdir(), "countersign-console-"));
  readonly #running = new Set<Process>();
  #gateway: Process | undefined;
  url = "";

  static async open({ gateway = true, accepted }: Opening = {}): Promise<World> {
    const world = new World();
    mkdirSync(world.path("work"));
    if (accepted === undefined) world.enforcer("enforcer");
    else {
      mkdirSync(world.path("enforcer"), { mode: 0o700 });
      await world.#accept(accepted);
    }
    if (gateway) await world.startGateway();
    return world;
  }

  /** A home that asks about everything. */
  enforcer(name: string): string {
    mkdirSync(this.path(name), { mode: 0o700 });
    writeFileSync(this.path(`${name}/policy.toml`), HOLD_EVERYTHING, { mode: 0o600 });
    return name;
  }

  /** Before anybody is paired a home believes its owner. */
  async #accept(policy: string): Promise<void> {
    writeFileSync(this.path("accepted.toml"), policy);
    const { code, stderr } = await this.run("enforcer", "policy", "accept", this.path("accepted.toml"), "--at", "home");
    if (code !== 0) throw new Error(stderr);
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  /** Again at the same address, where it ran before. */
  async startGateway(...more: string[]): Promise<void> {
    const listen = this.url === "" ? "127.0.0.1:0" : this.url.slice("http://".length);
    this.#gateway = this.start("gateway", ["gateway", "--json", "--listen", listen, ...more]);
    this.url = (JSON.parse(await this.#gateway.line()) as { listening: string }).listening;
  }

  async stopGateway(): Promise<void> {
    await this.#gateway?.kill();
  }

  start(party: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): Process {
    return this.#run(BINARY, ["--home", this.path(party), ...args], more);
  }

  /** The same on a terminal of its own. */
  onTerminal(party: string, args: readonly string[]): Process {
    const words = [BINARY, "--home", this.path(party), ...args].map((word) => `'${word}'`);
    return this.#run("script", ["-qefc", words.join(" "), "/dev/null"]);
  }

  run(party: string, ...args: string[]): Promise<Ended> {
    return this.start(party, args).end();
  }

  #run(program: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): Process {
    const known = Object.entries(process.env).filter(([name]) => !/^(COUNTERSIGN|HARP)/.test(name));
    // npm puts directories of this checkout into PATH: where anybody may write there, calls ask as of high risk.
    const own = { PATH: "/usr/local/bin:/usr/bin:/bin", NO_COLOR: "1", TERM: "dumb" };
    const env = { ...Object.fromEntries(known), ...own, ...more };
    const started = new Process(program, args, this.path("work"), env);
    this.#running.add(started);
    return started;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running].map((one) => one.kill().catch(() => undefined)));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
