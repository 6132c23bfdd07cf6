/** How much work something is, whatever else the machine does meanwhile. */

/** The processor's own time of this process, in milliseconds: a wait for the processor is not in it. */
export function workOf(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
